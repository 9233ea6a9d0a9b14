"""Subjects whose number was corrected: a former key and a present one are joined, with a reason, and can be separated.

    join_id = subjects.join(conn, catalogue.register("population"), former, present, why)       # hub_page, or the owner
    subjects.separate(conn, join_id, why)
    subjects.take_changed(conn, "natural_person")       # hub_load: joins and separations that nobody has looked at yet

Nothing joins by itself: likely pairs are found by `proposals`, for a steward. Register views and conflicts show the
subject under its present key, and a certificate is found by either. The history of joins is kept for ever, and each of
them, and each separation, is an entry of the ledger, with digests of the keys. Lists show masked keys: the views mask,
not the pages.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
import pyarrow as pa
import sqlalchemy as sa

from certificates.identifiers import check_citizen_number, check_uscc
from registries.canonical import canonical_column
from registries.contracts.model import Register
from registries.errors import SubjectRefused
from registries.store.ledger_rows import body_digest, entry_digest
from registries.store.tables import subject_join, subject_proposal

KIND, ISSUER = "subject", "subjects"
_ENOUGH = 2  # attributes that must agree before two keys are proposed as one subject
_CHECKS: Mapping[str | None, Callable[[str], bool]] = {"citizen_number": check_citizen_number, "uscc": check_uscc}


@dataclass(frozen=True)
class Why:
    """For the record of a join or a separation: why, by whom (account or command line), when, and the case if any."""

    reason: str
    by: str
    now: datetime
    case_number: str | None = None


@dataclass(frozen=True)
class SubjectJoin:
    """A join, in force or separated again; its keys are masked."""

    id: int
    subject_kind: str
    former_key: str
    present_key: str
    reason: str
    case_number: str | None
    joined_by: str
    joined_at: datetime
    separated_by: str | None
    separated_at: datetime | None
    separation_reason: str | None


@dataclass(frozen=True)
class Proposal:
    """Two keys that may be one subject: `batch` closed one and opened the other with equal attributes. Masked."""

    id: int
    subject_kind: str
    former_key: str
    present_key: str
    dataset: str
    batch: int


def join(conn: sa.Connection, register: Register, former: str, present: str, why: Why) -> int:
    """Say that a former and a present key of a register are one subject; returns the join's id.

    Keys are brought into the form of the register's key first. What had been joined to the former key goes with it.

    Raises:
        SubjectRefused: the keys are equal, the present one is no right number, the former is joined already, they
            would join in a circle, or the subject would have more than four keys.
    """
    keys = [_key_form(register, key) for key in (former, present)]
    check = _CHECKS.get(register.key.semantic)
    if not keys[0] or not keys[1] or keys[0] == keys[1] or (check is not None and not check(keys[1])):
        raise SubjectRefused("keys")
    _reasoned(why)
    return _act(conn, "join", _JOIN, why, {"kind": register.subject_kind.id, "former": keys[0], "present": keys[1]})


def join_proposed(conn: sa.Connection, proposal: int, why: Why) -> int:
    """Join the two keys of a proposal; returns the join's id. Errors as `join`, and if there is no such proposal."""
    _reasoned(why)
    return _act(conn, "join", _JOIN_PROPOSED, why, {"proposal": proposal})


def separate(conn: sa.Connection, join_id: int, why: Why) -> None:
    """End a join: from now on they are two subjects again, each with what was joined to it.

    Raises:
        SubjectRefused: there is no such join in force.
    """
    _reasoned(why)
    _act(conn, "separate", _SEPARATE, why, {"wanted": join_id})


def list_joins(conn: sa.Connection, before: int | None = None, limit: int = 100) -> list[SubjectJoin]:
    """Joins, the latest first, those before `before`; masked."""
    shown = _masked("subject_join_masked", subject_join)
    wanted = sa.select(*shown.c).order_by(shown.c.id.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(shown.c.id < before)
    return [SubjectJoin(*row) for row in conn.execute(wanted)]


def list_proposals(conn: sa.Connection, limit: int = 100) -> list[Proposal]:
    """Likely pairs, the latest first; masked."""
    shown = _masked("subject_proposal_masked", subject_proposal)
    return [Proposal(*row) for row in conn.execute(sa.select(*shown.c).order_by(shown.c.id.desc()).limit(limit))]


_JOIN = sa.text("SELECT * FROM hub.join_subjects(:kind, :former, :present, :reason, :case_number, :by, :now)")
_JOIN_PROPOSED = sa.text("SELECT * FROM hub.join_proposed(:proposal, :reason, :case_number, :by, :now)")
_SEPARATE = sa.text("SELECT * FROM hub.separate_subjects(:wanted, :reason, :by, :now)")
_APPEND = sa.text("SELECT hub.append_subject_entry(:act, :wanted, :leaf, :entry_digest, :body, :body_digest, :now)")


def _act(conn: sa.Connection, act: str, statement: sa.TextClause, why: Why, given: Mapping[str, object]) -> int:
    parameters = {**given, "reason": why.reason.strip(), "by": why.by, "now": why.now}
    if act == "join":
        parameters["case_number"] = why.case_number
    try:
        row = conn.execute(statement, parameters).one()
    except sa.exc.DBAPIError as error:
        state = error.orig.sqlstate if isinstance(error.orig, psycopg.Error) else None
        if state is not None and state in SubjectRefused.REASONS:
            raise SubjectRefused(state) from None
        raise
    _write_down(conn, act, row, why)
    return int(row.join_id)


def _write_down(conn: sa.Connection, act: str, row: sa.Row[*tuple[Any, ...]], why: Why) -> None:
    """The ledger's entry: what was done to which digests, by whom and when; neither keys nor the reason's words."""
    members = {
        "act": act,
        "join": row.join_id,
        "subject_kind": row.kind,
        "former": _text_of(row.former_digest),
        "present": _text_of(row.present_digest),
        "by": why.by,
        "at": why.now.isoformat(),
    }
    body = json.dumps(members, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    leaf = hashlib.sha256(body).digest()
    jti = f"{act}:{row.join_id}"
    parameters = {
        "act": act,
        "wanted": row.join_id,
        "leaf": leaf,
        "entry_digest": entry_digest(KIND, ISSUER, jti, leaf, why.now),
        "body": body,
        "body_digest": body_digest(body, b""),
        "now": why.now,
    }
    conn.execute(_APPEND, parameters)


def _reasoned(why: Why) -> None:
    if not why.reason.strip():
        raise SubjectRefused("reason")


def _text_of(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _key_form(register: Register, key: str) -> str:
    form: str | None = canonical_column(pa.array([key], pa.string()), register.key)[0].as_py()
    return form or ""


def _masked(name: str, table: sa.Table) -> sa.TableClause:
    return sa.table(name, *(sa.column(column.name) for column in table.c if column.name != "compared"), schema="hub")


# --- what joins change


@dataclass(frozen=True)
class ChangedJoins:
    """Joins and separations since conflicts were compared last: of which keys, and whether any was separated."""

    keys: tuple[str, ...]
    separated: bool


def changed(kind: str) -> sa.Select[str]:
    """A statement that gives the keys of the joins that conflicts have not been compared by yet."""
    waiting = sa.and_(subject_join.c.subject_kind == kind, ~subject_join.c.compared)
    return sa.union_all(*(sa.select(key.label("key")).where(waiting) for key in _KEYS)).subquery().select()


def take_changed(conn: sa.Connection, kind: str) -> ChangedJoins:
    """Take the joins that wait to be compared; they wait no more when the caller commits.

    A join that somebody makes or separates meanwhile waits for the next batch.
    """
    taken = (
        sa.update(subject_join)
        .where(subject_join.c.subject_kind == kind, ~subject_join.c.compared)
        .values(compared=True)
        .returning(*_KEYS, subject_join.c.separated_at.is_not(None))
    )
    rows = conn.execute(taken).all()
    keys = tuple(sorted({key for former, present, _ in rows for key in (former, present)}))
    return ChangedJoins(keys, any(separated for *_, separated in rows))


_KEYS = (subject_join.c.former_key, subject_join.c.present_key)
