"""Objections (异议) that a window or a hotline takes from people: about which record, under which slip, in which case.

made = objections.file(conn, {...}, sealed, now)              # hub_page; the record by a digest of the store's own
objections.note_case(conn, made, 17); objections.listed(conn, department="civil_affairs")
objections.standing(conn, slip)                               # how its case stands, for whoever has the slip
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from registries.store.casework_tables import case
from registries.store.window_tables import objection, objection_evidence

FAR: Final = 1 << 62


@dataclass(frozen=True)
class Objection:
    """One objection; `statement` is sealed: who it is from, about which record, and what is said."""

    id: int
    slip: str
    dataset: str
    attribute: str
    provider: str
    department: str
    filed_by: str
    channel: str
    statement: bytes
    case_number: int | None
    filed_at: datetime
    due_on: date


class Evidence(NamedTuple):
    """A file that speaks for one, sealed at `path`."""

    digest: bytes
    media_type: str
    size: int
    path: str


class Standing(NamedTuple):
    """How an objection stands: of its case, nothing of whom it is about."""

    objection: Objection
    state: str | None
    ending: str | None
    due_on: date | None
    stopped: bool
    closed_at: datetime | None


_SHOWN = tuple(column for column in objection.c if column.name != "subject_digest")
_FILE = sa.text("SELECT id FROM hub.file_objection(CAST(:given AS jsonb), :now)")


def file(conn: sa.Connection, given: Mapping[str, str], sealed: bytes, now: datetime) -> int:
    """Write one down; its number.

    Args:
        conn: of the role hub_page.
        given: slip, dataset, attribute, provider, department, login, channel, subject_key, due_on.
        sealed: what was said.
        now: for the record.
    """
    told = {**given, "statement": base64.b64encode(sealed).decode("ascii")}
    return int(conn.execute(_FILE, {"given": json.dumps(told, ensure_ascii=False), "now": now}).scalar_one())


def keep_evidence(conn: sa.Connection, number: int, files: Sequence[Evidence]) -> None:
    """Note the files that speak for one."""
    if files:
        rows = [{"objection_id": number, **each._asdict()} for each in files]
        conn.execute(sa.insert(objection_evidence), rows)


def note_case(conn: sa.Connection, number: int, case_number: int) -> None:
    """The case in which it is checked."""
    conn.execute(sa.update(objection).where(objection.c.id == number).values(case_number=case_number))


def listed(
    conn: sa.Connection,
    *,
    department: str | None = None,
    provider: str | None = None,
    before: int = FAR,
    limit: int = 25,
) -> list[Standing]:
    """Objections with how they stand, latest first: those that a department took, or that it has to check."""
    wanted = _standings().where(objection.c.id < before).order_by(objection.c.id.desc()).limit(limit)
    for column, value in ((objection.c.department, department), (objection.c.provider, provider)):
        if value is not None:
            wanted = wanted.where(column == value)
    return [_standing(row) for row in conn.execute(wanted)]


def standing(conn: sa.Connection, slip: str) -> Standing | None:
    """How the objection of a slip stands; None if there is no such slip."""
    row = conn.execute(_standings().where(objection.c.slip == slip)).first()
    return None if row is None else _standing(row)


def evidence_of(conn: sa.Connection, number: int) -> list[Evidence]:
    """The files that speak for one."""
    found = objection_evidence.c
    wanted = sa.select(found.digest, found.media_type, found.size, found.path).where(found.objection_id == number)
    return [Evidence(bytes(row.digest), *row[1:]) for row in conn.execute(wanted.order_by(found.digest))]


def _standings() -> sa.Select[*tuple[Any, ...]]:
    of_case = (case.c.state, case.c.ending, case.c.due_on.label("case_due_on"), case.c.stopped_at, case.c.closed_at)
    return sa.select(*_SHOWN, *of_case).outerjoin_from(objection, case, case.c.number == objection.c.case_number)


def _standing(row: sa.Row[*tuple[Any, ...]]) -> Standing:
    own, (state, ending, due_on, stopped_at, closed_at) = row[: len(_SHOWN)], row[len(_SHOWN) :]
    return Standing(Objection(*own), state, ending, due_on, stopped_at is not None, closed_at)
