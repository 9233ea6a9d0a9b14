"""Budgets: how often may be asked, per grant, officer, client and purpose; and the alarm that ends who guesses.

    refused = budgets.take(conn, [Spend("client:approval-1", "civil_affairs", "行政许可审批", (7,)), ...], now)
    refused.get(0)        # why the first question is refused before any look-up; None: it may be asked
    ended = budgets.note(conn, [Miss("client:approval-1", place=3), ...], now)
    ended[0].after        # what this asker asked after that place is not told       (both: role hub_api)

Hours and days are the clock's, in China; misses count for ten minutes from each. Both are done in the transaction that
answers, by one statement for all questions of a group; `take` needs a second one where something does not fit.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from certificates.china_time import CHINA
from certificates.verdicts import RefusalReason
from registries.store import ledger
from registries.store.budget_tables import budget_limit

Scope = Literal["client", "officer", "grant", "purpose", "unmasking", "telling"]
SCOPES: Final[tuple[Scope, ...]] = ("client", "officer", "purpose", "unmasking", "telling")
"""What has limits of its own; those of grants stand with them. The id `*` is for all that have none of their own."""

KIND, ISSUER = "alarm", "inspection"
_ROUNDS = 4


class Key(NamedTuple):
    """One budget: of a client's id, an account's number, a grant's, or `department/purpose`."""

    scope: Scope
    id: str


class Spend(NamedTuple):
    """What one question, or `questions` of them, would take.

    Attributes:
        asker: `client:<id>` or `officer:<account>`.
        department: the asker's; budgets of purposes are a department's.
        grants: ids of the grants that cover it.
    """

    asker: str
    department: str
    purpose: str
    grants: tuple[int, ...] = ()
    questions: int = 1

    def budgets(self) -> tuple[Key, ...]:
        """The budgets that it is taken from."""
        purpose = Key("purpose", f"{self.department}/{self.purpose}")
        return (asker_key(self.asker), purpose, *(Key("grant", str(grant)) for grant in dict.fromkeys(self.grants)))


@dataclass(frozen=True)
class Exhausted:
    """Why a question is refused before any look-up.

    Attributes:
        reason: `budget_spent`, or `too_many_misses` for an asker that was ended.
        scope: whose budget it is.
        again_at: when its hour or day ends; None: an inspector has to lift it.
    """

    reason: RefusalReason
    scope: Scope
    again_at: datetime | None


@dataclass(frozen=True)
class Miss:
    """Look-ups of one question that found nothing; `place` is the question's in its group."""

    asker: str
    place: int = 0
    count: int = 1


@dataclass(frozen=True)
class Ended:
    """An asker that guessed too often: it is closed from this transaction on.

    Attributes:
        after: nothing that it asked at a later place may be told; -1: nothing at all.
        told: of the question at `after`, so many misses may be told (all, unless it holds many look-ups).
    """

    asker: str
    after: int
    told: int


@dataclass(frozen=True)
class Limit:
    """How often one may ask; None: without limit, or as for all (`misses`)."""

    per_hour: int | None
    per_day: int | None
    misses: int | None = None


@dataclass(frozen=True)
class Standing:
    """What is left of one budget; None where there is no limit."""

    key: Key
    limit: Limit
    hour_left: int | None
    day_left: int | None
    stopped: bool


def asker_key(asker: str) -> Key:
    """The budget of an asker, by its name in the ledger."""
    scope, _, number = asker.partition(":")
    return Key("client" if scope == "client" else "officer", number)


def take(conn: sa.Connection, spends: Sequence[Spend], now: datetime) -> dict[int, Exhausted]:
    """Take what questions need from their budgets, the first ones first; by index, those that may not be asked.

    What may not be asked takes nothing, from none of its budgets.
    """
    refused: dict[int, Exhausted] = {}
    for _ in range(_ROUNDS):
        wanted = _wanted(spends, refused)
        if not wanted:
            return refused
        left = {Key(row.scope, row.id): row for row in conn.execute(_TAKE, _arrays(wanted, now))}
        if not left:
            return refused
        refused |= _that_do_not_fit(spends, refused, left, now)
    # others took at the same time what had been left, again and again
    return {place: refused.get(place) or _spent(asker_key(spend.asker), now) for place, spend in enumerate(spends)}


def note(conn: sa.Connection, misses: Sequence[Miss], now: datetime) -> list[Ended]:
    """Note look-ups that found nothing; who reaches 50 in ten minutes is closed, and that stands in the ledger.

    A client is suspended; an officer's sessions end, and the account is closed. Only an inspector opens them again
    (`inspections.lift`).
    """
    counts: Counter[str] = Counter()
    for miss in misses:
        counts[miss.asker] += miss.count
    if not counts:
        return []
    askers = sorted(counts)
    given = {"askers": askers, "counts": [counts[asker] for asker in askers], "now": now}
    rows = conn.execute(_NOTE, given).all()
    new = [_entry(row, now) for row in rows if row.stop_id is not None]
    if new:
        ledger.append(conn, new, now)
    return [_ended(row.asker, row.room, misses) for row in rows]


def standing(conn: sa.Connection, keys: Sequence[Key], now: datetime) -> list[Standing]:
    """What is left of budgets; those that have no limit are absent."""
    given = {"scopes": [key.scope for key in keys], "ids": [key.id for key in keys], "now": now}
    return [
        Standing(Key(row.scope, row.id), Limit(row.per_hour, row.per_day), row.hour_left, row.day_left, row.stopped)
        for row in conn.execute(_STANDING, given)
    ]


def stopped(conn: sa.Connection) -> int:
    """How many askers are closed because they guessed; for readiness and metrics."""
    return int(conn.execute(_STOPPED).scalar_one())


def set_limit(conn_owner: sa.Connection, key: Key, limit: Limit, by: str) -> None:
    """Give a budget another limit, or with the id `*` all that have none of their own. By the owner only."""
    values = {"per_hour": limit.per_hour, "per_day": limit.per_day, "misses": limit.misses, "set_by": by}
    new = insert(budget_limit).values(scope=key.scope, id=key.id, **values)
    conn_owner.execute(new.on_conflict_do_update(index_elements=["scope", "id"], set_=values))


def limits(conn_owner: sa.Connection) -> dict[Key, Limit]:
    """All limits but those of grants, which stand with them. By the owner only."""
    rows = conn_owner.execute(sa.select(budget_limit).order_by(budget_limit.c.scope, budget_limit.c.id))
    return {Key(row.scope, row.id): Limit(row.per_hour, row.per_day, row.misses) for row in rows}


def window_end(now: datetime, *, of_day: bool) -> datetime:
    """When this hour, or this day in China, ends."""
    local = now.astimezone(CHINA).replace(minute=0, second=0, microsecond=0)
    return local.replace(hour=0) + timedelta(days=1) if of_day else local + timedelta(hours=1)


_TAKE = sa.text(
    "SELECT * FROM hub.take_budgets(CAST(:scopes AS text[]), CAST(:ids AS text[]), CAST(:counts AS bigint[]), :now)"
)
_NOTE = sa.text("SELECT * FROM hub.note_misses(CAST(:askers AS text[]), CAST(:counts AS integer[]), :now)")
_STANDING = sa.text("SELECT * FROM hub.budgets_of(CAST(:scopes AS text[]), CAST(:ids AS text[]), :now)")
_STOPPED = sa.text("SELECT hub.count_stopped()")


def _wanted(spends: Sequence[Spend], refused: Container[int]) -> Counter[Key]:
    """What is wanted of each budget; most questions of a group are alike, and each kind is looked at once."""
    wanted: Counter[Key] = Counter()
    for spend, times in Counter(one for place, one in enumerate(spends) if place not in refused).items():
        for key in spend.budgets():
            wanted[key] += spend.questions * times
    return wanted


def _arrays(wanted: Mapping[Key, int], now: datetime) -> dict[str, Any]:
    keys = sorted(wanted)
    counts = [wanted[key] for key in keys]
    return {"scopes": [key.scope for key in keys], "ids": [key.id for key in keys], "counts": counts, "now": now}


def _that_do_not_fit(
    spends: Sequence[Spend], refused: Mapping[int, Exhausted], left: Mapping[Key, sa.Row[Any]], now: datetime
) -> dict[int, Exhausted]:
    """Who comes first is served first; what does not fit leaves room for what does."""
    hours = {key: row.hour_left for key, row in left.items() if row.hour_left is not None}
    days = {key: row.day_left for key, row in left.items() if row.day_left is not None}
    found = {}
    for place, spend in enumerate(spends):
        if place in refused:
            continue
        keys = spend.budgets()
        why = _why(spend, keys, left, hours, days, now)
        if why is not None:
            found[place] = why
            continue
        for key in keys:
            for one in (hours, days):
                if key in one:
                    one[key] -= spend.questions
    return found


def _why(
    spend: Spend,
    keys: Sequence[Key],
    left: Mapping[Key, sa.Row[Any]],
    hours: Mapping[Key, int],
    days: Mapping[Key, int],
    now: datetime,
) -> Exhausted | None:
    if keys[0] in left and left[keys[0]].stopped:
        return Exhausted(RefusalReason.TOO_MANY_MISSES, keys[0].scope, None)
    for key in keys:
        if days.get(key, spend.questions) < spend.questions:
            return _spent(key, now, of_day=True)
        if hours.get(key, spend.questions) < spend.questions:
            return _spent(key, now)
    return None


def _spent(key: Key, now: datetime, *, of_day: bool = False) -> Exhausted:
    return Exhausted(RefusalReason.BUDGET_SPENT, key.scope, window_end(now, of_day=of_day))


def _ended(asker: str, room: int, misses: Sequence[Miss]) -> Ended:
    """At which of the group's questions the last miss that may be told stands."""
    left = room
    after = Ended(asker, -1, 0)
    for miss in sorted((one for one in misses if one.asker == asker), key=lambda one: one.place):
        if left <= 0:
            break
        after = Ended(asker, miss.place, min(left, miss.count))
        left -= miss.count
    return after


def _entry(row: sa.Row[Any], now: datetime) -> ledger.NewEntry:
    """The alarm as the ledger keeps it: who was ended, when, and how many misses led to it."""
    members = {
        "act": "stop",
        "stop": row.stop_id,
        "asker": row.asker,
        "misses": row.misses,
        "first_miss_at": row.first_miss_at.isoformat(),
        "at": now.isoformat(),
    }
    body = json.dumps(members, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return ledger.NewEntry(KIND, ISSUER, f"stop:{row.stop_id}", hashlib.sha256(body).digest(), body)
