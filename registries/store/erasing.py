"""Erasing a subject (PIPL, article 47): the one transaction in which what may go, goes.

    found = erasure_plans.plan(conn_owner, catalogue, subject)
    found.refusals or erasing.erase(conn_owner, found, why)

What goes: rows, current, former and tombstones; look-ups, conflicts, references of quarantine and closed cases; and,
where nothing of the subject is left, its joined keys, who looked at it, and the bodies of answers about it, whose
proofs stay. Keyed digests of the erased keys remain, so that the rows do not come back (`erasures`).
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from registries.contracts.model import Dataset
from registries.store import asked, digests, holdings, ledger, window_erasing
from registries.store.access_tables import subject_access
from registries.store.casework_tables import case, case_row
from registries.store.engine import written
from registries.store.erasure_plans import Plan, key_digests, rows_of_cases
from registries.store.holdings import Place, Subject
from registries.store.keeping_tables import erased_file, erased_key, erasure, expiry, ledger_asked
from registries.store.ledger_tables import ledger_body, ledger_entry
from registries.store.life_tables import certificate_event
from registries.store.shapes import current_table, deleted_table, history_table, keeps_deleted
from registries.store.tables import (
    Word,
    batch,
    certificate,
    certificate_holder,
    certificate_object,
    conflict,
    finding,
    refused_row,
    subject_alias,
    subject_join,
    subject_proposal,
)

KIND = ISSUER = "erasure"
Ground = Literal["purpose", "period", "consent", "unlawful", "other"]
GROUNDS: Final[dict[Ground, tuple[str, str]]] = {
    "purpose": ("处理目的已实现、无法实现或不再必要", "the purpose is fulfilled, can't be, or needs the data no more"),
    "period": ("停止提供服务, 或保存期限已届满", "the service ended, or the period of keeping did"),
    "consent": ("个人撤回同意", "consent was withdrawn"),
    "unlawful": ("违反法律、行政法规或约定处理", "processing was against the law or what was agreed"),
    "other": ("法律、行政法规规定的其他情形", "another case that the law names"),
}
"""PIPL, article 47, paragraph 1: its five numbers, in their order."""

_AT_ONCE = 500


@dataclass(frozen=True)
class Why:
    """For the record: the ground of article 47, the reason in words, by whom and when."""

    ground: Ground
    reason: str
    by: str
    now: datetime


@dataclass
class Erased:
    """What went: counts only."""

    number: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)  # beside the landed ones: removed after the commit

    def add(self, what: str, count: int) -> None:
        """So many more."""
        if count:
            self.counts[what] = self.counts.get(what, 0) + count


def erase(conn: sa.Connection, found: Plan, why: Why) -> Erased:
    """Erase what a plan says, in the caller's transaction, and write it down.

    Args:
        conn: of the owner; the plan was made in this transaction.
        found: a plan without refusals.
        why: for the record; no personal data.
    """
    erased = Erased(_record(conn, found, why))
    _unlink_cases(conn, found, erased)
    for place in found.scope:
        for some in _parts(sorted(found.rows.get(place.dataset.name, ()))):
            _erase_rows(conn, place, found.subject, some, erased)
    _erase_subject(conn, found, erased)
    _erase_bodies(conn, found, erased)
    _plan_files(conn, found, erased)
    conn.execute(sa.update(erasure).where(erasure.c.id == erased.number).values(counts=erased.counts))
    _write_down(conn, found, why, erased)
    return erased


def _record(conn: sa.Connection, found: Plan, why: Why) -> int:
    new = sa.insert(erasure).values(
        subject_kind=found.subject.kind,
        ground=why.ground,
        reason=why.reason,
        erased_by=why.by,
        erased_at=why.now,
        datasets=sorted(found.rows),
        counts={},
    )
    return int(conn.execute(new.returning(erasure.c.id)).scalar_one())


def _parts(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (items[first : first + _AT_ONCE] for first in range(0, len(items), _AT_ONCE))


def _erase_rows(
    conn: sa.Connection, place: Place, subject: Subject, keys: Sequence[tuple[str, ...]], erased: Erased
) -> None:
    """Rows of these keys that are the subject's: a number that somebody else has by now stays with them."""
    dataset = place.dataset
    current, history = current_table(dataset), history_table(dataset)
    numbers = _numbers(conn, dataset, keys)
    for what, table in (("rows", current), ("former_rows", history)):
        mine = holdings.holds(table, (*place.own, *place.holders), subject.keys)
        erased.add(what, written(conn, sa.delete(table).where(_has_key(table, dataset, keys), mine)))
    if keeps_deleted(dataset):
        gone = deleted_table(dataset)
        erased.add("tombstones", written(conn, sa.delete(gone).where(_has_key(gone, dataset, keys))))
    erased.files += window_erasing.objections(conn, dataset.name, key_digests(dataset, keys))
    _keep_away(conn, dataset, keys, erased)
    _erase_quarantine(conn, dataset, keys, numbers, erased)
    _erase_certificates(conn, dataset, numbers, erased)


def _keep_away(conn: sa.Connection, dataset: Dataset, keys: Sequence[tuple[str, ...]], erased: Erased) -> None:
    """The digests of keys that nobody has any more: what comes with one of them is the erased row again."""
    current, given = current_table(dataset), key_digests(dataset, keys).subquery()
    left = sa.select(digests.current_key(dataset, current)).where(_has_key(current, dataset, keys))
    rows = sa.select(sa.literal(dataset.name), given.c.digest, sa.literal(erased.number))
    away = insert(erased_key).from_select(["dataset", "key_digest", "erasure"], rows.where(given.c.digest.not_in(left)))
    conn.execute(away.on_conflict_do_nothing())


def _has_key(table: sa.Table, dataset: Dataset, keys: Sequence[tuple[str, ...]]) -> sa.ColumnElement[bool]:
    columns = [table.c[name] if _is_text(dataset, name) else sa.cast(table.c[name], Word) for name in dataset.key]
    return sa.tuple_(*columns).in_(keys)


def _is_text(dataset: Dataset, name: str) -> bool:
    return dataset.column(name).logical_type == "string"


def _numbers(conn: sa.Connection, dataset: Dataset, keys: Sequence[tuple[str, ...]]) -> list[str]:
    """The certificate numbers of the rows."""
    mapping = dataset.certificate
    if mapping is None:
        return []
    found: set[str] = set()
    for table in (current_table(dataset), history_table(dataset)):
        wanted = sa.select(sa.cast(table.c[mapping.number], Word)).where(_has_key(table, dataset, keys))
        found |= {number for number in conn.execute(wanted).scalars() if number is not None}
    return sorted(found)


def _erase_quarantine(
    conn: sa.Connection, dataset: Dataset, keys: Sequence[tuple[str, ...]], numbers: Sequence[str], erased: Erased
) -> None:
    """References to refused rows of these keys, and of their certificates' numbers; the batches' counts stay."""
    of_rows: sa.ColumnElement[bool] = refused_row.c.key_digest.in_(key_digests(dataset, keys))
    if numbers and dataset.certificate is not None:
        given = sa.values(sa.column("number", sa.Text), name="numbers").data([(number,) for number in numbers])
        kind = sa.literal(dataset.certificate.type_code)
        of_numbers = sa.select(digests.digest("number", [kind, digests.form(given.c.number)]))
        of_rows = sa.or_(of_rows, refused_row.c.number_digest.in_(of_numbers))
    mine = sa.and_(refused_row.c.dataset == dataset.name, of_rows)
    same = sa.and_(finding.c.batch == refused_row.c.batch, finding.c.row_number == refused_row.c.row_number)
    conn.execute(sa.delete(finding).where(sa.exists().where(same, mine)))
    erased.add("refused_rows", written(conn, sa.delete(refused_row).where(mine)))


def _erase_certificates(conn: sa.Connection, dataset: Dataset, numbers: Sequence[str], erased: Erased) -> None:
    """Look-ups of which no row is left."""
    if dataset.certificate is None or not numbers:
        return
    current = current_table(dataset)
    left = sa.exists().where(sa.cast(current.c[dataset.certificate.number], Word) == certificate.c.number)
    mine = sa.and_(certificate.c.dataset == dataset.name, certificate.c.number.in_(numbers), ~left)
    for parts in (certificate_holder, certificate_object, certificate_event):
        conn.execute(sa.delete(parts).where(parts.c.certificate_id == certificate.c.id, mine))
    erased.add("certificates", written(conn, sa.delete(certificate).where(mine)))


def _unlink_cases(conn: sa.Connection, found: Plan, erased: Erased) -> None:
    """Cases stay as counts: whom they were about, and which row, goes with each row that is settled."""
    settled = [case_row.c.case_number == case.c.number, case_row.c.state != "open", rows_of_cases(found)]
    erased.add("cases", written(conn, sa.delete(case_row).where(*settled)))


def _erase_subject(conn: sa.Connection, found: Plan, erased: Erased) -> None:
    """Conflicts of what went; and, if nothing stays, every table that knows the subject by its keys."""
    keys, kind, names = found.subject.keys, found.subject.kind, sorted(found.rows)
    of_rows = sa.or_(conflict.c.dataset.in_(names), conflict.c.authority.in_(names))
    mine = sa.and_(conflict.c.subject_key.in_(keys), sa.true() if found.whole else of_rows)
    erased.add("conflicts", written(conn, sa.delete(conflict).where(mine)))
    erased.files += window_erasing.completions(conn, asked.digests(kind, keys), None if found.whole else names)
    if not found.whole:
        return
    joins = sa.and_(
        subject_join.c.subject_kind == kind,
        sa.or_(subject_join.c.former_key.in_(keys), subject_join.c.present_key.in_(keys)),
    )
    numbers = conn.execute(sa.select(subject_join.c.id).where(joins)).scalars().all()
    entries = [f"{act}:{number}" for number in numbers for act in ("join", "separate")]
    told = sa.select(ledger_entry.c.id).where(ledger_entry.c.issuer == "subjects", ledger_entry.c.jti.in_(entries))
    erased.add("bodies", written(conn, sa.delete(ledger_body).where(ledger_body.c.entry_id.in_(told))))
    erased.add("joins", written(conn, sa.delete(subject_join).where(joins)))
    conn.execute(sa.delete(subject_alias).where(subject_alias.c.subject_kind == kind, _either(subject_alias.c, keys)))
    pairs = (subject_proposal.c.former_key, subject_proposal.c.present_key)
    conn.execute(sa.delete(subject_proposal).where(sa.or_(*(column.in_(keys) for column in pairs))))
    looked = subject_access.c.subject_digest.in_(asked.digests(kind, keys))
    erased.add("accesses", written(conn, sa.delete(subject_access).where(looked)))


def _either(columns: Any, keys: Sequence[str]) -> sa.ColumnElement[bool]:  # noqa: ANN401 - SQLAlchemy's collection
    return sa.or_(columns.alias.in_(keys), columns.subject_key.in_(keys))


def _erase_bodies(conn: sa.Connection, found: Plan, erased: Erased) -> None:
    """Answers about the certificates that went; all that speaks of the subject, if nothing of it stays."""
    kinds = {place.dataset.certificate.type_code for place in found.scope if place.dataset.certificate is not None}
    of_types = sa.true() if found.whole else ledger_asked.c.certificate_type.in_(sorted(kinds))
    digest = ledger_asked.c.subject_digest.in_(asked.digests(found.subject.kind, found.subject.keys))
    chosen = list(conn.execute(sa.select(ledger_asked.c.entry_id).where(digest, of_types)).scalars())
    for some in _parts(chosen):
        conn.execute(sa.delete(ledger_asked).where(ledger_asked.c.entry_id.in_(some)))
        erased.add("bodies", written(conn, sa.delete(ledger_body).where(ledger_body.c.entry_id.in_(some))))


def _plan_files(conn: sa.Connection, found: Plan, erased: Erased) -> None:
    """Every landed file of the datasets in question that is still there has to be gone through."""
    subject_digests = list(conn.execute(asked.digests(found.subject.kind, found.subject.keys)).scalars())
    gone = sa.exists().where(expiry.c.what == "landed", expiry.c.batch == batch.c.number, expiry.c.state == "done")
    rows = sa.select(
        sa.literal(erased.number),
        batch.c.number,
        batch.c.dataset,
        sa.bindparam("subject_digests", subject_digests, sa.ARRAY(sa.LargeBinary)),
        sa.literal("planned"),
    ).where(batch.c.dataset.in_([place.dataset.name for place in found.scope]), batch.c.landed.is_not(None), ~gone)
    names = ["erasure", "batch", "dataset", "subject_digests", "state"]
    erased.add("files", written(conn, insert(erased_file).from_select(names, rows)))


def _write_down(conn: sa.Connection, found: Plan, why: Why, erased: Erased) -> None:
    """The ledger's entry: the ground and the reason, counts and datasets; nothing that leads to the subject."""
    members = {
        "act": "erase",
        "erasure": erased.number,
        "subject_kind": found.subject.kind,
        "ground": why.ground,
        "reason": why.reason,
        "by": why.by,
        "at": why.now.isoformat(),
        "datasets": sorted(found.rows),
        "kept": sorted({each.what for each in found.kept}),
        "counts": erased.counts,
        "salt": base64.urlsafe_b64encode(secrets.token_bytes(16)).rstrip(b"=").decode(),
    }
    body = json.dumps(members, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    entry = ledger.NewEntry(KIND, ISSUER, f"erase:{erased.number}", hashlib.sha256(body).digest(), body)
    ledger.append(conn, [entry], why.now)
