"""Paper-era certificates without a holder's number, completed by a window: two people type alike, the issuer confirms.

filed = completions.file(conn, {...}, today, now)                       # hub_page, under a grant; typed words sealed
completions.second(conn, {...}); completions.decide(conn, {...})        # another person; the issuer's department
with completions.kept(conn, dataset, batch, now):                       # hub_load, around the composing of look-ups
    certificates.compose_look_ups(...)                                  # a source's own number ends a completion

Numbers and names stand in the look-up alone, as everybody's do. What was typed is compared by digests.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal, NamedTuple

import sqlalchemy as sa
from sqlalchemy.schema import CreateTable, DropTable

from registries.contracts.model import Dataset
from registries.store import ledger
from registries.store.batches import Batch
from registries.store.ledger_rows import NewEntry
from registries.store.tables import certificate, certificate_holder
from registries.store.window_tables import completion, completion_step

State = Literal["filed", "seconded", "in_force", "refused", "withdrawn", "replaced", "ended"]
KIND: Final = "completion"
ISSUER: Final = "completions"
HUB: Final = "hub"
FAR: Final = 1 << 62


class Filed(NamedTuple):
    """What came of filing: `filed`, `not_granted`, `nothing_to_complete` or `under_way`; and who has to confirm it."""

    outcome: str
    id: int | None
    dataset: str | None
    provider: str | None


class Moved(NamedTuple):
    """What came of a step: the state that it led to, or why it could not be taken; `gone`: it is not there to take."""

    outcome: str
    id: int | None


@dataclass(frozen=True)
class Completion:
    """A completion; `holder` is sealed, and so is the scan at `scan_path`."""

    id: int
    reference: str
    certificate_id: int
    ordinal: int
    dataset: str
    certificate_type: str
    provider: str
    department: str
    filed_by: str
    seconded_by: str | None
    decided_by: str | None
    holder: bytes
    scan_digest: bytes
    scan_media_type: str
    scan_size: int
    scan_path: str
    state: State
    refusal: str | None
    differed: int
    case_number: int | None
    filed_at: datetime
    due_on: date
    ended_batch: int | None


class Step(NamedTuple):
    """Something that was done about one."""

    at: datetime
    act: str
    by: str
    department: str
    reason: str | None
    batch: int | None


class NewStep(NamedTuple):
    """Something that is done about one, to be written down."""

    completion_id: int
    act: str
    by: str
    department: str
    reason: str | None = None
    batch: int | None = None


_SHOWN = tuple(column for column in completion.c if column.name not in {"match_digest", "subject_digest"})
_FILE = sa.text("SELECT * FROM hub.file_completion(CAST(:given AS jsonb), :today, :now)")
_SECOND = sa.text("SELECT * FROM hub.second_completion(CAST(:given AS jsonb))")
_DECIDE = sa.text("SELECT * FROM hub.decide_completion(CAST(:given AS jsonb))")
_END = sa.text("SELECT * FROM hub.end_completion(CAST(:given AS jsonb))")


# --- the steps of people


def file(conn: sa.Connection, given: Mapping[str, str | int], sealed: bytes, today: date, now: datetime) -> Filed:
    """File one, under any grant of its department to verify such certificates.

    Args:
        conn: of the role hub_page.
        given: reference, department, asker, login; certificate_type and certificate_number, holder_name, holder_code,
            holder_code_type and subject_kind; scan_digest (hex), scan_media_type, scan_size, scan_path; due_on.
        sealed: what was typed, for those who check it.
        today: by which grants count.
        now: for the record.
    """
    told = {**given, "sealed": base64.b64encode(sealed).decode("ascii")}
    row = conn.execute(_FILE, {"given": json.dumps(told, ensure_ascii=False), "today": today, "now": now}).one()
    return Filed(row.outcome, row.completion_id, row.dataset, row.provider)


def second(conn: sa.Connection, given: Mapping[str, str]) -> Moved:
    """What a second person typed: `seconded`, `differs`, `refused` after the third that differs, or `same_person`."""
    return _moved(conn, _SECOND, given)


def decide(conn: sa.Connection, given: Mapping[str, str | None]) -> Moved:
    """The issuer's word: `in_force`, `refused`, or `replaced` if the source has given a number meanwhile."""
    return _moved(conn, _DECIDE, given)


def end(conn: sa.Connection, given: Mapping[str, str]) -> Moved:
    """Take it back: the issuer one in force (`ended`), who filed it one that is not (`withdrawn`)."""
    return _moved(conn, _END, given)


def _moved(conn: sa.Connection, statement: sa.TextClause, given: Mapping[str, str | None]) -> Moved:
    row = conn.execute(statement, {"given": json.dumps(dict(given), ensure_ascii=False)}).one()
    return Moved(row.outcome, row.completion_id)


def note(conn: sa.Connection, steps: Sequence[NewStep], now: datetime) -> None:
    """Write steps down, here and in the ledger, which keeps of who took them a salted digest only."""
    for step in steps:
        told = {**step._asdict(), "at": now}
        number = conn.execute(sa.insert(completion_step).values(told).returning(completion_step.c.id)).scalar_one()
        ledger.append(conn, [_entry(step, number, now)], now)


def _entry(step: NewStep, number: int, now: datetime) -> NewEntry:
    salt = secrets.token_hex(16)
    told = {
        "act": step.act,
        "completion": step.completion_id,
        "by": step.by if step.by == HUB else hashlib.sha256((salt + step.by).encode()).hexdigest(),
        "department": step.department,
        "reason": step.reason,
        "batch": step.batch,
        "at": now.isoformat(),
        "salt": salt,
    }
    said = {name: value for name, value in told.items() if value is not None}
    body = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return NewEntry(KIND, ISSUER, f"completion-step-{number:012}", hashlib.sha256(body).digest(), body)


def note_case(conn: sa.Connection, number: int, case_number: int) -> None:
    """The case by which the source is asked to mend its row."""
    conn.execute(sa.update(completion).where(completion.c.id == number).values(case_number=case_number))


# --- looking


def listed(
    conn: sa.Connection,
    department: str | None = None,
    provider: str | None = None,
    *,
    states: Sequence[State] = (),
    before: int = FAR,
    limit: int = 25,
) -> list[Completion]:
    """Completions, latest first: those that a department filed, or that a provider has to confirm."""
    wanted = sa.select(*_SHOWN).where(completion.c.id < before).order_by(completion.c.id.desc()).limit(limit)
    for column, value in ((completion.c.department, department), (completion.c.provider, provider)):
        if value is not None:
            wanted = wanted.where(column == value)
    if states:
        wanted = wanted.where(completion.c.state.in_(states))
    return [Completion(*row) for row in conn.execute(wanted)]


def one(conn: sa.Connection, reference: str) -> Completion | None:
    """The completion of a reference."""
    row = conn.execute(sa.select(*_SHOWN).where(completion.c.reference == reference)).first()
    return None if row is None else Completion(*row)


def steps_of(conn: sa.Connection, number: int) -> list[Step]:
    """What was done about one, in order."""
    found = completion_step.c
    wanted = sa.select(found.at, found.act, found.by, found.department, found.reason, found.batch)
    return [Step(*row) for row in conn.execute(wanted.where(found.completion_id == number).order_by(found.id))]


# --- when the source's rows come again


@contextmanager
def kept(conn: sa.Connection, dataset: Dataset, batch: Batch, now: datetime) -> Iterator[None]:
    """Around the composing of a dataset's look-ups: what was completed stays, until the source itself gives a number.

    A row that comes again without a number gets its holder back; one that comes with a number, or with another holder,
    ends the completion, and the ledger says by which batch.
    """
    in_force = sa.and_(completion.c.dataset == dataset.name, completion.c.state == "in_force")
    if not conn.execute(sa.select(sa.exists(completion.c.id).where(in_force))).scalar_one():
        yield
        return
    saved = _saved(conn, in_force)
    yield
    _end_replaced(conn, saved, _put_back(conn, saved), batch, now)
    conn.execute(DropTable(saved))


def _saved(conn: sa.Connection, in_force: sa.ColumnElement[bool]) -> sa.Table:
    """The completed holders as they stand, in a temporary table: few, since people typed each of them."""
    holder = certificate_holder.c
    columns = (completion.c.id, holder.certificate_id, holder.name, holder.code, holder.code_type, holder.match_digest)
    names = ("completion_id", *(column.name for column in columns[1:]))
    made = [sa.Column(name, column.type) for name, column in zip(names, columns, strict=True)]
    table = sa.Table("completed_holders", sa.MetaData(), *made, prefixes=["TEMPORARY"])
    conn.execute(CreateTable(table))
    same = sa.and_(
        holder.certificate_id == completion.c.certificate_id, holder.match_digest == completion.c.match_digest
    )
    rows = sa.select(*columns).join_from(completion, certificate_holder, same).where(in_force)
    conn.execute(sa.insert(table).from_select(names, rows))
    return table


def _put_back(conn: sa.Connection, saved: sa.Table) -> Sequence[int]:
    """Give rows that came again without a number their holder; of which completions."""
    holder = certificate_holder
    blank = sa.func.btrim(holder.c.name) == ""
    name = sa.func.hub.name_form
    found = (
        sa.select(saved.c.completion_id, holder.c.certificate_id, sa.func.min(holder.c.ordinal).label("ordinal"))
        .join_from(saved, holder, holder.c.certificate_id == saved.c.certificate_id)
        .where(sa.func.btrim(holder.c.code) == "", sa.or_(blank, name(holder.c.name) == name(saved.c.name)))
        .group_by(saved.c.completion_id, holder.c.certificate_id)
        .subquery()
    )
    again = (
        sa.update(holder)
        .where(holder.c.certificate_id == found.c.certificate_id, holder.c.ordinal == found.c.ordinal)
        .where(saved.c.completion_id == found.c.completion_id)
        .values(
            name=sa.case((blank, saved.c.name), else_=holder.c.name),
            code=saved.c.code,
            code_type=saved.c.code_type,
            match_digest=saved.c.match_digest,
        )
        .returning(saved.c.completion_id, holder.c.certificate_id)
    )
    rows = conn.execute(again).all()
    mine = certificate.c.id.in_([row.certificate_id for row in rows])
    conn.execute(sa.update(certificate).where(mine, certificate.c.trust_level == "D").values(trust_level="C"))
    conn.execute(sa.update(certificate).where(mine).values(digest=sa.func.hub.certificate_digest(certificate.c.id)))
    return [row.completion_id for row in rows]


def _end_replaced(conn: sa.Connection, saved: sa.Table, again: Sequence[int], batch: Batch, now: datetime) -> None:
    """Completions whose certificate came with a number of its own, came with another holder, or is no more."""
    untouched = sa.exists().where(
        certificate.c.id == completion.c.certificate_id, certificate.c.since_batch != batch.number
    )
    ended = (
        sa.update(completion)
        .where(completion.c.id.in_(sa.select(saved.c.completion_id)), completion.c.id.not_in(again), ~untouched)
        .values(state="replaced", ended_batch=batch.number)
        .returning(completion.c.id, completion.c.provider)
    )
    rows = conn.execute(ended).all()
    note(conn, [NewStep(row.id, "replaced", HUB, row.provider, batch=batch.number) for row in rows], now)
