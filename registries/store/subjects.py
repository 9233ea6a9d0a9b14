"""Subjects whose number was corrected: a former key and a present one are joined, with a reason, and can be separated.

    join_id = subjects.join(conn, catalogue.register("population"), former, present, why)       # hub_page, or the owner
    subjects.separate(conn, join_id, why)
    subjects.propose(conn, catalogue, dataset)          # hub_load: likely pairs of a batch; nothing joins by itself

Register views and conflicts show the subject under its present key, and a certificate is found by either. The history
of joins is kept for ever, and each of them, and each separation, is an entry of the ledger, with digests of the keys.
Lists show masked keys: the views mask, not the pages.
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
from sqlalchemy.dialects.postgresql import distinct_on, insert

from certificates.identifiers import check_citizen_number, check_uscc
from registries.canonical import canonical_column
from registries.contracts.model import Correction, Dataset, Register
from registries.departments import Catalogue
from registries.errors import SubjectRefused
from registries.store.engine import written
from registries.store.ledger_rows import body_digest, entry_digest
from registries.store.shapes import current_table, history_table
from registries.store.tables import Word, subject_alias, subject_join, subject_proposal

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
    return sa.table(name, *(sa.column(column.name) for column in table.c), schema="hub")


# --- likely pairs


def propose(conn: sa.Connection, catalogue: Catalogue, dataset: Dataset) -> int:
    """Refresh the likely pairs of a dataset; returns how many are new. None is joined, none was separated before.

    Where rows say that a key was corrected, those are the pairs. Of a dataset whose key is a register's subject key a
    pair is a key that a batch closed and one that the same batch opened, with all other required attributes equal (two
    at least), neither of them in any other pair.
    """
    pairs = _pairs_of(dataset, catalogue)
    if pairs is None:
        return 0
    kept = sa.select(pairs.c.former_key, pairs.c.present_key)
    own = subject_proposal.c.dataset == dataset.name
    keys = sa.tuple_(subject_proposal.c.former_key, subject_proposal.c.present_key)
    conn.execute(sa.delete(subject_proposal).where(own, keys.not_in(kept)))
    names = ["subject_kind", "former_key", "present_key", "dataset", "batch"]
    new = insert(subject_proposal).from_select(names, sa.select(*(pairs.c[name] for name in names)))
    return written(conn, new.on_conflict_do_nothing())


def _pairs_of(dataset: Dataset, catalogue: Catalogue) -> sa.Subquery | None:
    """The pairs that a dataset can tell of; None if it tells of none."""
    if dataset.correction is not None:
        return _told_pairs(dataset, dataset.correction, catalogue)
    role = dataset.register
    if role is None or dataset.key != (role.subject_key,) or not catalogue.register(role.register).merged:
        return None
    attributes = [column.name for column in dataset.stored_columns if _identifies(dataset, column.name)]
    if len(attributes) < _ENOUGH:
        return None
    return _pairs(dataset, attributes, catalogue.register(role.register).subject_kind.id)


def _told_pairs(dataset: Dataset, correction: Correction, catalogue: Catalogue) -> sa.Subquery:
    """Pairs that rows of an authority tell: of several rows with one former key the latest."""
    kind, current = catalogue.register(correction.register).subject_kind.id, current_table(dataset)
    former, present = (sa.cast(current.c[name], Word) for name in (correction.former, correction.present))
    keys = [current.c[name] for name in dataset.key]
    return (
        sa.select(
            sa.literal(kind, Word).label("subject_kind"),
            former.label("former_key"),
            present.label("present_key"),
            sa.literal(dataset.name, Word).label("dataset"),
            current.c.since_batch.label("batch"),
        )
        .where(former != present, current.c.mark.is_distinct_from("vanished"), ~_known(kind, former, present))
        .ext(distinct_on(former))
        .order_by(former, current.c.since_batch.desc(), *keys)
        .subquery()
    )


def _identifies(dataset: Dataset, name: str) -> bool:
    column = dataset.column(name)
    return column.required and not column.key and name != dataset.watermark and column.logical_type != "timestamp"


def _pairs(dataset: Dataset, attributes: list[str], kind: str) -> sa.Subquery:
    current, history = current_table(dataset), history_table(dataset)
    (key,) = dataset.key
    former, present = sa.cast(history.c[key], Word), sa.cast(current.c[key], Word)
    still, once = current.alias(), history.alias()
    matched = (
        sa.select(
            sa.literal(kind, Word).label("subject_kind"),
            former.label("former_key"),
            present.label("present_key"),
            sa.literal(dataset.name, Word).label("dataset"),
            history.c.until_batch.label("batch"),
            sa.func.count().over(partition_by=former).label("of_former"),
            sa.func.count().over(partition_by=present).label("of_present"),
        )
        .join_from(history, current, current.c.since_batch == history.c.until_batch)
        .where(*(history.c[name] == current.c[name] for name in attributes), former != present)
        .where(~sa.exists().where(still.c[key] == history.c[key]), ~sa.exists().where(once.c[key] == current.c[key]))
        .where(~_known(kind, former, present))
        .subquery()
    )
    return sa.select(*matched.c).where(matched.c.of_former == 1, matched.c.of_present == 1).subquery()


def _known(kind: str, former: sa.ColumnElement[Any], present: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """The former key is joined already, or these two were separated by somebody who knew better."""
    joined = sa.exists().where(subject_alias.c.subject_kind == kind, subject_alias.c.alias == former)
    parted = sa.exists().where(
        subject_join.c.subject_kind == kind, subject_join.c.former_key == former, subject_join.c.present_key == present
    )
    return sa.or_(joined, parted)
