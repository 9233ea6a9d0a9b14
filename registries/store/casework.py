"""What people do with cases, as the store takes it: raise, assign, stop and resume the clock, remind, escalate, settle.

    made = casework.raise_case(conn, Raised("objection", "verification", dataset, keys=(key,)), now, due)
    made = casework.raise_on_rows(conn, Raised("steward", "rectification", dataset), {"code": "1"}, None, now, due)
    casework.stop(conn, found, now); casework.resume(conn, found, days, due, now)
    casework.settle(conn, 17, "found_right", now)     # only what one proposed and others approved

Every function changes rows only; who may do what, and the step that goes with it, is the work of the use case
(`exchange_api.casework`), in the same transaction.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple

import sqlalchemy as sa

from registries.store.cases import Case, Kind
from registries.store.casework_tables import case, case_evidence
from registries.store.engine import written

_RAISE = sa.text("SELECT * FROM hub.raise_case(CAST(:given AS jsonb), :at, CAST(:due AS date))")
_RAISE_ON_ROWS = sa.text("SELECT * FROM hub.raise_on_rows(CAST(:given AS jsonb), :at, CAST(:due AS date))")
_LOCK = sa.text("SELECT pg_advisory_xact_lock(6024, CAST(:number AS integer))")
_SETTLE = sa.text("SELECT hub.settle_case(:number, :how, :at)")
Settlement = Literal["found_right", "beyond_mending", "withdrawn"]


@dataclass(frozen=True)
class Raised:
    """A case that somebody raises; at least one row of any of the three ways to name rows.

    Attributes:
        keys: keys of rows of the dataset, in the order of its key's columns, as its canonical text.
        subjects: keys of subjects of `register`, where no row's key is known.
        refused: batch and row number of rows that were refused.
        certificate_number: where the rows are those of one certificate, so that its verdict tells of the case.
        attribute: the column, or the register's attribute, that is doubted; or `rule_id`.
    """

    cause: Literal["steward", "objection"]
    kind: Kind
    dataset: str
    rule_id: str | None = None
    register: str | None = None
    attribute: str | None = None
    keys: tuple[tuple[str, ...], ...] = ()
    subjects: tuple[str, ...] = ()
    refused: tuple[tuple[int, int], ...] = ()
    certificate_number: str | None = None


class RaisedCase(NamedTuple):
    """The case that it became, or that was open about the same already."""

    number: int
    is_new: bool
    due_on: date


def raise_case(conn: sa.Connection, raised: Raised, now: datetime, due: date) -> RaisedCase | None:
    """Open a case about rows that somebody names, or find the one that is open; None if no row is known."""
    given = {
        "cause": raised.cause,
        "kind": raised.kind,
        "dataset": raised.dataset,
        "rule_id": raised.rule_id,
        "register": raised.register,
        "attribute": raised.attribute,
        "keys": [list(key) for key in raised.keys],
        "subjects": list(raised.subjects),
        "refused": [{"batch": batch, "row_number": row} for batch, row in raised.refused],
        "certificate_number": raised.certificate_number,
    }
    parameters = {"given": json.dumps(given, ensure_ascii=False), "at": now, "due": due}
    row = conn.execute(_RAISE, parameters).first()
    return None if row is None else RaisedCase(row.number, row.is_new, row.due_on)


class RaisedOnRows(NamedTuple):
    """The case about rows that stand, and these rows as they are now: column -> value, masked by the database."""

    case: RaisedCase
    rows: tuple[Mapping[str, str | None], ...]


def raise_on_rows(
    conn: sa.Connection, raised: Raised, named: Mapping[str, str], number_column: str | None, now: datetime, due: date
) -> RaisedOnRows | None:
    """Open a steward's case about the current rows that have these values; None if there is none.

    Args:
        conn: of the role hub_page.
        raised: its dataset, its rule or attribute; it names no rows.
        named: column -> value as its canonical text; at most a hundred rows are meant.
        number_column: of a certificate's number: its verdict tells of the case.
        now: for the record.
        due: the last day of the answer.
    """
    given: dict[str, object] = {
        "cause": raised.cause,
        "kind": raised.kind,
        "dataset": raised.dataset,
        "rule_id": raised.rule_id,
        "attribute": raised.attribute,
        "subjects": [],
        "refused": [],
        "where": dict(named),
        "number_column": number_column or "",
    }
    parameters = {"given": json.dumps(given, ensure_ascii=False), "at": now, "due": due}
    row = conn.execute(_RAISE_ON_ROWS, parameters).first()
    return None if row is None else RaisedOnRows(RaisedCase(row.number, row.is_new, row.due_on), tuple(row.shown))


def lock(conn: sa.Connection, number: int) -> None:
    """Let nobody else work on a case until the transaction ends."""
    conn.execute(
        sa.text("SELECT pg_advisory_xact_lock(6024, CAST(:number AS integer))"), {"number": number % (1 << 31)}
    )


def assign(conn: sa.Connection, number: int, login: str | None) -> bool:
    """Give an open case to a person, or to nobody; False if it is not open."""
    return _change(conn, number, assigned_to=login)


def stop(conn: sa.Connection, number: int, now: datetime) -> bool:
    """Stop the clock of an open case; False if it is not open, or stands already."""
    mine = [case.c.number == number, case.c.state == "open", case.c.stopped_at.is_(None)]
    return bool(written(conn, sa.update(case).where(*mine).values(stopped_at=now)))


def resume(conn: sa.Connection, found: Case, days: int, due: date) -> bool:
    """Let the clock run again: it stood for so many working days, and the last day is another one now."""
    mine = [case.c.number == found.number, case.c.stopped_at == found.stopped_at]
    values = {"stopped_at": None, "stopped_days": case.c.stopped_days + days, "due_on": due}
    return bool(written(conn, sa.update(case).where(*mine).values(values)))


def remind(conn: sa.Connection, number: int) -> bool:
    """Count a letter of reminder; False if the case is not open."""
    return _change(conn, number, reminders=case.c.reminders + 1)


def escalate(conn: sa.Connection, number: int, to: Literal["administrator", "authority"], now: datetime) -> bool:
    """Hand an overdue case one step up; False if it is not open."""
    return _change(conn, number, escalated_to=to, escalated_at=now)


def overdue(conn: sa.Connection, today: date, *, limit: int = 1_000) -> Sequence[Case]:
    """Open cases whose clock runs after their last day and that are not with the authority yet, the oldest first."""
    late = [case.c.state == "open", case.c.stopped_at.is_(None), case.c.due_on < today]
    wanted = sa.select(*case.c).where(*late, case.c.escalated_to.is_distinct_from("authority"))
    return [Case(*row) for row in conn.execute(wanted.order_by(case.c.due_on, case.c.number).limit(limit))]


def settle(conn: sa.Connection, number: int, how: Settlement, now: datetime) -> int:
    """Settle all open rows of a case and close it; how many rows. StoreError if nobody proposed and approved it."""
    return int(conn.execute(_SETTLE, {"number": number, "how": how, "at": now}).scalar_one())


class NewEvidence(NamedTuple):
    """A file that was sealed: SHA-256 of its bytes, what it is, how many bytes, and where."""

    digest: bytes
    media_type: str
    size: int
    path: str


def add_evidence(conn: sa.Connection, number: int, file: NewEvidence, by: str, now: datetime) -> bool:
    """Note a file that speaks for the ending of a case; False if it is there already."""
    known = sa.exists().where(case_evidence.c.case_number == number, case_evidence.c.digest == file.digest)
    if conn.execute(sa.select(known)).scalar_one():
        return False
    conn.execute(sa.insert(case_evidence).values(case_number=number, **file._asdict(), by=by, landed_at=now))
    return True


def _change(conn: sa.Connection, number: int, **values: object) -> bool:
    mine = sa.update(case).where(case.c.number == number, case.c.state == "open")
    return bool(written(conn, mine.values(**values)))
