"""The certificate look-up: composed from merged tables, asked through one function that shows no more than it must.

    certificates.compose_look_ups(conn, dataset, batch, types[dataset.certificate.type_code])       # hub_load
    look_ups = certificates.find_certificates(conn, [(question, grant), ...], now, today)           # hub_api

`hub.find_certificates` demands number, holder and grant. Number and holder are hashed together into one index probe,
so that "no such number" and "another holder" are the same miss, by the same statement and the same hashing.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert

from certificates.identifiers import CertificateIdentifier, MalformedIdentifier
from certificates.records import CertificateRecord, Holder, LookUp, Question, SourceState, StatusEvent
from certificates.status import Status
from certificates.types import CertificateType
from registries.contract_model import CertificateMapping, Dataset
from registries.errors import NotGranted
from registries.store import digests
from registries.store.batches import Batch
from registries.store.engine import written
from registries.store.grants import Grant
from registries.store.shapes import current_table
from registries.store.tables import Word, certificate, certificate_holder, certificate_status_event

_FIND = sa.text("SELECT * FROM hub.find_certificates(CAST(:questions AS jsonb), :asked_at, :asked_on)")
_FOREIGN_CODE = "999"  # 其他自然人有效证件: a holder whose code type the contract does not tell


def find_certificates(
    conn: sa.Connection, asked: Sequence[tuple[Question, Grant]], now: datetime, today: date
) -> list[LookUp]:
    """Look up questions, each under the grant that covers it, in their order, by one statement.

    Args:
        conn: of the role hub_api.
        asked: questions with their grants.
        now: against which the freshness of sources is judged.
        today: the day in China, on which the grants must be in force.

    Raises:
        NotGranted: a grant does not cover its question; nothing was looked up for it.
    """
    questions = [_wanted(question, grant) for question, grant in asked]
    parameters = {"questions": json.dumps(questions, ensure_ascii=False), "asked_at": now, "asked_on": today}
    rows = conn.execute(_FIND, parameters).all()
    refused = [row.position - 1 for row in rows if not row.granted]
    if refused:
        raise NotGranted(refused)
    return [_look_up(row) for row in rows]


def _wanted(question: Question, grant: Grant) -> dict[str, object]:
    return {
        "grant": grant.id,
        "certificate_type": question.certificate_type,
        "certificate_number": question.certificate_number,
        "holder_name": question.holder_name,
        "holder_code": question.holder_code,
        "holder_code_type": question.holder_code_type,
        "purpose": question.purpose,
        "service_item": question.service_item,
    }


def _look_up(row: sa.Row[*tuple[Any, ...]]) -> LookUp:
    source = SourceState(row.covered, row.data_as_of, row.fresh, row.score)
    if row.record is not None and row.record["status"] is None:  # a code of the source that no table knows
        return LookUp(None, being_checked=True, source=source)
    record = None if row.record is None else _record(row.record)
    return LookUp(record, being_checked=row.being_checked, source=source)


def _record(found: Mapping[str, Any]) -> CertificateRecord:
    identifier = found["identifier"]
    return CertificateRecord(
        type_code=found["type_code"],
        number=found["number"],
        identifier=identifier,
        identifier_ok=_identifier_ok(identifier),
        issuing_authority_name=found["issuing_authority_name"] or "",
        issuing_authority_code=found["issuing_authority_code"] or "",
        issued_on=_day(found["issued_on"]),
        valid_from=_day(found["valid_from"]),
        valid_until=_day(found["valid_until"]),
        long_term=found["long_term"],
        status=Status(found["status"]),
        events=tuple(
            StatusEvent(Status(event["status"]), _day(event["since"]), event["reason"] or "")
            for event in found["events"] or ()
        ),
        holders=tuple(Holder(one["name"], one["code"], one["code_type"], one["role"]) for one in found["holders"]),
        mark=found["mark"],
        digest_ok=found["digest_ok"],
        trust_level=found["trust_level"],
        dataset=found["dataset"],
    )


def _identifier_ok(identifier: str | None) -> bool | None:
    if identifier is None:
        return None
    try:
        return CertificateIdentifier.parse(identifier).check_ok
    except MalformedIdentifier:
        return False


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


# --- composing


def compose_look_ups(conn: sa.Connection, dataset: Dataset, batch: Batch, certificate_type: CertificateType) -> int:
    """Carry the dataset's merged rows into the look-up, set-based, in the merge's transaction.

    New and changed certificates get their holder and, if their status moved, a status event; marks follow the
    current table. Returns how many certificates were new or changed.
    """
    mapping = dataset.certificate
    if mapping is None:
        return 0
    rows = _rows(dataset, mapping, certificate_type, batch)
    composed = _write_certificates(conn, rows)
    _write_holders(conn, dataset, mapping, batch)
    _write_events(conn, dataset, batch)
    _carry_marks(conn, dataset, mapping)
    return composed


def _rows(
    dataset: Dataset, mapping: CertificateMapping, kind: CertificateType, batch: Batch
) -> sa.Select[*tuple[Any, ...]]:
    """The look-up's columns of the rows that this batch wrote, one for each number (the highest version)."""
    current = current_table(dataset)
    values = _values(current, dataset, mapping, kind)
    holder = sa.func.concat_ws(chr(29), *_holder(current, mapping))
    digest = digests.digest("certificate", [*values.values(), holder])
    version = values["version"]
    return (
        sa.select(
            *(value.label(name) for name, value in values.items()),
            current.c.mark,
            digest.label("digest"),
            sa.literal(batch.number).label("since_batch"),
        )
        .where(current.c.since_batch == batch.number, current.c[mapping.number].is_not(None))
        .ext(distinct_on(current.c[mapping.number]))
        .order_by(current.c[mapping.number], version.desc().nulls_last())
    )


def _values(
    current: sa.Table, dataset: Dataset, mapping: CertificateMapping, kind: CertificateType
) -> dict[str, sa.ColumnElement[Any]]:
    """Column of the look-up -> value, in the order in which hub.find_certificates hashes them."""
    end = _text(current, mapping.valid_until)
    sentinel = end.in_(list(kind.sentinels))
    code = _text(current, mapping.status)
    known = {source: status.value for source, status in kind.status_map.items()}
    status = sa.case(*((code == source, sa.literal(value, Word)) for source, value in known.items()), else_=None)
    return {
        "dataset": sa.literal(dataset.name, Word),
        "type_code": sa.literal(mapping.type_code, Word),
        "number": _text(current, mapping.number),
        "identifier": _text(current, mapping.identifier),
        "issuing_authority_name": _text(current, mapping.issuing_authority_name),
        "issuing_authority_code": _text(current, mapping.issuing_authority_code),
        "area_code": _text(current, dataset.area_column),
        "issued_on": _date(current, mapping.issued_on),
        "valid_from": _date(current, mapping.valid_from),
        "valid_until": sa.case((sentinel, None), else_=_date(current, mapping.valid_until)),
        "long_term": sa.func.coalesce(sentinel, sa.false()),
        "status": status if known else sa.cast(sa.null(), Word),
        "status_code": code,
        "status_since": _date(current, mapping.status_since),
        "status_reason": _text(current, mapping.status_reason),
        "trust_level": sa.literal(dataset.trust_level, Word),
        "version": _text(current, mapping.version),
    }


def _text(current: sa.Table, name: str | None) -> sa.ColumnElement[Any]:
    return sa.cast(sa.null(), Word) if name is None else sa.cast(current.c[name], Word)


def _date(current: sa.Table, name: str | None) -> sa.ColumnElement[Any]:
    return sa.cast(sa.null(), sa.Date) if name is None else sa.cast(current.c[name], sa.Date)


def _holder(current: sa.Table, mapping: CertificateMapping) -> list[sa.ColumnElement[Any]]:
    """Name, code, code type and role of the row's holder; never null, so that every certificate can be found."""
    code_type = (
        _text(current, mapping.holder_code_type) if mapping.holder_code_type else sa.literal(_FOREIGN_CODE, Word)
    )
    return [
        sa.func.coalesce(_text(current, mapping.holder_name), ""),
        sa.func.coalesce(_text(current, mapping.holder_code), ""),
        sa.func.coalesce(code_type, _FOREIGN_CODE),
        sa.literal("", Word),
    ]


def _write_certificates(conn: sa.Connection, rows: sa.Select[*tuple[Any, ...]]) -> int:
    names = [column.name for column in rows.subquery().c]
    new = insert(certificate).from_select(names, rows)
    differs = sa.or_(
        certificate.c.digest != new.excluded.digest, certificate.c.mark.is_distinct_from(new.excluded.mark)
    )
    return written(
        conn,
        new.on_conflict_do_update(
            index_elements=[certificate.c.dataset, certificate.c.number],
            set_={name: new.excluded[name] for name in names if name not in {"dataset", "number"}},
            where=differs,
        ),
    )


def _write_holders(conn: sa.Connection, dataset: Dataset, mapping: CertificateMapping, batch: Batch) -> None:
    current = current_table(dataset)
    name, code, code_type, role = _holder(current, mapping)
    number = _text(current, mapping.number)
    holder = (code_type, digests.form(code), sa.func.hub.name_form(name))
    match = digests.digest("match", [sa.literal(mapping.type_code), digests.form(number), *holder])
    rows = (
        sa.select(certificate.c.id, sa.literal(1), name, code, code_type, role, match)
        .join_from(certificate, current, certificate.c.number == number)
        .where(certificate.c.dataset == dataset.name, *_written_by(batch, current))
        .ext(distinct_on(certificate.c.id))
        .order_by(certificate.c.id, _text(current, mapping.version).desc().nulls_last())
    )
    columns = ["certificate_id", "ordinal", "name", "code", "code_type", "role", "match_digest"]
    new = insert(certificate_holder).from_select(columns, rows)
    conn.execute(
        new.on_conflict_do_update(
            index_elements=[certificate_holder.c.certificate_id, certificate_holder.c.ordinal],
            set_={column: new.excluded[column] for column in columns[2:]},
            where=certificate_holder.c.match_digest != new.excluded.match_digest,
        )
    )


def _written_by(batch: Batch, current: sa.Table) -> list[sa.ColumnElement[bool]]:
    return [certificate.c.since_batch == batch.number, current.c.since_batch == batch.number]


def _write_events(conn: sa.Connection, dataset: Dataset, batch: Batch) -> None:
    event = certificate_status_event
    last = (
        sa.select(event.c.status, event.c.since, event.c.reason)
        .where(event.c.certificate_id == certificate.c.id)
        .order_by(event.c.batch.desc())
        .limit(1)
        .lateral()
    )
    told = (certificate.c.status, certificate.c.status_since, certificate.c.status_reason)
    moved = sa.or_(*(mine.is_distinct_from(theirs) for mine, theirs in zip(told, last.c, strict=True)))
    rows = (
        sa.select(certificate.c.id, sa.literal(batch.number), *told)
        .select_from(certificate.outerjoin(last, sa.true()))
        .where(certificate.c.dataset == dataset.name, certificate.c.since_batch == batch.number)
        .where(certificate.c.status.is_not(None), moved)
    )
    conn.execute(insert(event).from_select(["certificate_id", "batch", "status", "since", "reason"], rows))


def _carry_marks(conn: sa.Connection, dataset: Dataset, mapping: CertificateMapping) -> None:
    current = current_table(dataset)
    conn.execute(
        sa.update(certificate)
        .where(
            certificate.c.dataset == dataset.name,
            certificate.c.number == _text(current, mapping.number),
            certificate.c.mark.is_distinct_from(current.c.mark),
        )
        .values(mark=current.c.mark)
    )
