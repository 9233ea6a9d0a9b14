"""Status lists in the store: places given out, states of certificates by place, and what was published when.

place = status_lists.take_place(conn, sought, credential_id, candidates, now, today)       # hub_api
for known in status_lists.states(conn, 1): known.place, known.state(today)
status_lists.publish(conn, 1, packed, kid, now)
"""

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from certificates.status import Status, StatusEvent, status_on
from certificates.status_lists import SIZE, State
from registries.store.certificates import Sought, wanted
from registries.store.status_tables import status_list, status_version
from registries.store.tables import batch

ROOM = SIZE // 2
"""Places of a list that are given out: among twice as many, few random numbers find one that is free."""

_LOCK = 6_014
_TAKE = sa.text(
    "SELECT * FROM hub.take_status_place(CAST(:question AS jsonb), :now, :today, :credential,"
    " CAST(:candidates AS integer[]), :room)"
)
_STATES = sa.text("SELECT * FROM hub.status_states(:list)")


@dataclass(frozen=True)
class Place:
    """A place in a list, from 0."""

    list_id: int
    place: int


@dataclass(frozen=True)
class KnownState:
    """What the store knows of a place's certificate.

    Attributes:
        status: As its source gives it; None for a code that no table knows.
        doubtful: It vanished, an update was refused, its row was changed, or it is not there any more.
        events: Statements in the order in which the hub learnt of them.
    """

    place: int
    status: Status | None
    doubtful: bool
    events: tuple[StatusEvent, ...]

    def state(self, today: date) -> State:
        """What a status list says of it."""
        if self.status is None:
            return State.of(None)
        return State.of(status_on(self.status, self.events, today, today=today).status, doubtful=self.doubtful)


@dataclass(frozen=True)
class Published:
    """What a list says from a moment on.

    Attributes:
        number: Grows with each version of any list.
        kid: The key that signed it then.
        data: The packed states.
    """

    number: int
    from_at: datetime
    kid: str
    data: bytes


def take_place(
    conn: sa.Connection,
    sought: Sought,
    credential: str,
    candidates: Sequence[int],
    now: datetime,
    today: date,
) -> Place | None:
    """A place for a new credential about the certificate that the question finds under its grant.

    Args:
        conn: of the role hub_api.
        sought: The question as it was answered, the grant that covers it, and who asks.
        credential: The credential's id; the same one gets the same place again.
        candidates: Random places, of which the first free one is taken.
        now: Time of the look-up.
        today: The day in China, on which the grant must be in force.

    None if there is no such certificate in the store, or it is not valid beyond doubt at present.
    """
    parameters = {
        "question": json.dumps(wanted(*sought), ensure_ascii=False),
        "credential": credential,
        "candidates": list(candidates),
        "now": now,
        "today": today,
        "room": ROOM,
    }
    row = conn.execute(_TAKE, parameters).first()
    return None if row is None else Place(row.list, row.place)


def states(conn: sa.Connection, list_id: int) -> list[KnownState]:
    """Every place of a list that was given out, with what is known of its certificate; by one statement."""
    return [
        KnownState(
            row.place,
            None if row.status is None else Status(row.status),
            row.doubtful,
            tuple(
                StatusEvent(
                    Status(event["status"]),
                    _day(event["since"]),
                    learnt_on=_day(event["learnt_on"]),
                    lawful=event["lawful"],
                )
                for event in row.events or ()
            ),
        )
        for row in conn.execute(_STATES, {"list": list_id})
    ]


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def lists(conn: sa.Connection) -> list[int]:
    """Every list there is, the oldest first."""
    return list(conn.execute(sa.select(status_list.c.id).order_by(status_list.c.id)).scalars())


def mark(conn: sa.Connection) -> tuple[int, int]:
    """What changes when states may have changed: the latest batch taken over, and how many places are given out.

    Joining subjects changes no state; erasing does, and is seen at the next full look.
    """
    taken_over = sa.select(sa.func.max(batch.c.number)).where(batch.c.taken_over_at.is_not(None)).scalar_subquery()
    taken = sa.select(sa.func.sum(status_list.c.taken)).scalar_subquery()
    row = conn.execute(sa.select(sa.func.coalesce(taken_over, 0), sa.func.coalesce(taken, 0))).one()
    return int(row[0]), int(row[1])


def publish(conn: sa.Connection, list_id: int, data: bytes, kid: str, now: datetime) -> bool:
    """Say from now on what a list says, unless that is what it says already; whether it was new.

    One process after the other: the lock is held until the commit.
    """
    conn.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    latest = published(conn, list_id, now)
    if latest is not None and (latest.data, latest.kid) == (data, kid):
        return False
    values = {"list": list_id, "from_at": now, "kid": kid, "states": zlib.compress(data, 9)}
    conn.execute(sa.insert(status_version).values(**values))
    return True


def published(conn: sa.Connection, list_id: int, at: datetime) -> Published | None:
    """What a list said at a moment; None if it did not exist."""
    known = (
        sa.select(status_version)
        .where(status_version.c.list == list_id, status_version.c.from_at <= at)
        .order_by(status_version.c.from_at.desc(), status_version.c.id.desc())
        .limit(1)
    )
    row = conn.execute(known).first()
    return None if row is None else Published(row.id, row.from_at, row.kid, zlib.decompress(row.states))
