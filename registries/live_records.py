"""From a live source's row to what the store's look-up would have brought, by the same forms and the same matching.

    look_up = look_up_of(dataset, types[type_code], row, question, now)

"No such number" and "another holder" are one answer here too: without a matched holder nothing of the row is used. A
matched row that the contract's own types and code tables refuse would have gone to quarantine: it is being checked.
"""

import datetime as dt
import unicodedata
from collections.abc import Mapping
from dataclasses import replace

import pyarrow as pa

from certificates.holder_codes import normal_holder_code
from certificates.names import name_form
from certificates.records import (
    CertificateObject,
    CertificateRecord,
    Holder,
    LookUp,
    Question,
    SourceState,
    StatusEvent,
)
from certificates.types import CertificateType
from registries.canonical import canonical
from registries.contracts.model import CertificateMapping, Column, Dataset, HolderMapping
from registries.store.certificate_rows import OTHER_PAPER, PAPER_ERA, TRUST_LEVELS, told_code_type
from registries.store.certificates import identifier_ok

Row = Mapping[str, str | None]


def look_up_of(
    dataset: Dataset, kind: CertificateType, row: Row | None, question: Question, now: dt.datetime
) -> LookUp:
    """What a source told about a question.

    Args:
        dataset: of the kind live_query, with its certificate mapping.
        kind: of the mapping's certificate type.
        row: text by column name; None where the source has no such record.
        question: which was asked.
        now: when.
    """
    source = SourceState(covered=True, data_as_of=now, fresh=True, score=None, live=True)
    mapping = dataset.certificate
    if row is None or mapping is None:
        return LookUp(None, being_checked=False, source=source)
    values = _canonical(dataset, row)
    holders = _holders(dataset, mapping, values, question)
    if not any(holder.asked for holder in holders) or _form(values[mapping.number]) != _form(
        question.certificate_number
    ):
        return LookUp(None, being_checked=False, source=source)
    record = _record(dataset, mapping, kind, values, holders) if _is_well_formed(dataset, values) else None
    return LookUp(record, being_checked=record is None, source=source)


def not_told(now: dt.datetime | None = None) -> LookUp:
    """A source that did not answer: nobody's fault but the hub's and the source's."""
    source = SourceState(covered=True, data_as_of=now, fresh=False, score=None, live=True)
    return LookUp(None, being_checked=False, source=source)


def together(stored: LookUp, live: LookUp) -> LookUp:
    """Of a type that the store and a live source both hold: a record of either counts, an absence only of both."""
    if stored.record is not None:
        return stored
    fresh = live.source.fresh and (stored.source.fresh or not stored.source.covered)
    checked = live.being_checked or stored.being_checked
    return LookUp(
        live.record, being_checked=checked, source=replace(live.source, fresh=fresh), disputed=stored.disputed
    )


def _form(code: str | None) -> str:
    """A number as matching takes it, equal to what the store hashes of what came in canonical form."""
    return unicodedata.normalize("NFKC", code or "").strip().upper()


def _canonical(dataset: Dataset, row: Row) -> Row:
    names = [column.name for column in dataset.columns]
    batch = pa.RecordBatch.from_pydict({name: pa.array([row.get(name)], pa.string()) for name in names})
    (values,) = canonical(batch, dataset).to_pylist()
    return dict(values)


def _holders(dataset: Dataset, mapping: CertificateMapping, row: Row, question: Question) -> tuple[Holder, ...]:
    found = [_holder(dataset, one, row) for one in mapping.holders]
    return tuple(replace(one, asked=_is_asked(one, question)) for one in found if one.name or one.code)


def _holder(dataset: Dataset, mapping: HolderMapping, row: Row) -> Holder:
    code_type = row[mapping.code_type] or OTHER_PAPER if mapping.code_type else told_code_type(dataset, mapping)
    code = normal_holder_code(code_type, row[mapping.code] or "")
    return Holder(row[mapping.name] or "", code, code_type, mapping.role)


def _is_asked(holder: Holder, question: Question) -> bool:
    theirs = (holder.code_type, _form(holder.code), name_form(holder.name))
    return theirs == (question.holder_code_type, _form(question.holder_code), name_form(question.holder_name))


def _is_well_formed(dataset: Dataset, row: Row) -> bool:
    """Whether required values are there, codes are in their tables, and dates in the calendar."""
    return all(_is_value(dataset, column, row[column.name]) for column in dataset.columns)


def _is_value(dataset: Dataset, column: Column, value: str | None) -> bool:
    if value is None:
        return not (column.required or column.key)
    if column.code_table is not None and value not in column.codes:
        return False
    return column.logical_type != "date" or _is_sentinel(dataset, column.name) or _day(value) is not None


def _is_sentinel(dataset: Dataset, name: str) -> bool:
    """The end of validity is judged with the type's sentinels."""
    return dataset.certificate is not None and name == dataset.certificate.valid_until


def _record(
    dataset: Dataset, mapping: CertificateMapping, kind: CertificateType, row: Row, holders: tuple[Holder, ...]
) -> CertificateRecord | None:
    """The record; None where its status or its end has no meaning that the hub knows."""

    def text(name: str | None) -> str | None:
        return row[name] if name else None

    status = kind.status_of(text(mapping.status) or "")
    end = text(mapping.valid_until)
    long_term = end is not None and kind.means_long_term(end)
    if status is None or (end is not None and not long_term and _day(end) is None):
        return None
    identifier = text(mapping.identifier)
    return CertificateRecord(
        type_code=mapping.type_code,
        number=text(mapping.number) or "",
        identifier=identifier,
        identifier_ok=identifier_ok(identifier),
        issuing_authority_name=text(mapping.issuing_authority_name) or "",
        issuing_authority_code=text(mapping.issuing_authority_code) or "",
        issued_on=_day(text(mapping.issued_on)),
        valid_from=_day(text(mapping.valid_from)),
        valid_until=None if long_term else _day(end),
        long_term=long_term,
        status=status,
        events=(StatusEvent(status, _day(text(mapping.status_since)), text(mapping.status_reason) or ""),),
        holders=holders,
        mark=None,
        digest_ok=True,
        trust_level=_trust_level(dataset, text(mapping.trust_level)) if text(mapping.holder_code) else PAPER_ERA,
        dataset=dataset.name,
        objects=tuple(
            CertificateObject(one.kind, row[one.number] or "", (row[one.name] if one.name else None) or "")
            for one in mapping.objects
            if row[one.number]
        ),
        principal=text(mapping.principal) or "",
        renewal_applied_on=_day(text(mapping.renewal_applied_on)),
    )


def _trust_level(dataset: Dataset, own: str | None) -> str:
    """The row's own trust level where a column tells it, else the dataset's."""
    return own if own in TRUST_LEVELS else dataset.trust_level


def _day(text: str | None) -> dt.date | None:
    try:
        return None if text is None else dt.date.fromisoformat(text)
    except ValueError:
        return None
