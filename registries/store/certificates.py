"""The certificate look-up: composed from merged tables, asked through one function that shows no more than it must.

    certificates.compose_look_ups(conn, dataset, batch, types[dataset.certificate.type_code])       # hub_load
    look_ups = certificates.find_certificates(conn, [Sought(question, grant, claimant), ...], now, today)     # hub_api

`hub.find_certificates` demands number, holder, grant and who asks, and finds nothing that the grant does not cover for
a client or an account in order. Number and holder are hashed together into one index probe, so that "no such number"
and "another holder" are the same miss, by the same statement and the same hashing. A holder whose number was corrected
is found by the former and by the present one; that takes no other work than any question. Who is named by one of the
names that a register records for the code, is found by the others, too.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa

from certificates.holder_codes import subject_kind
from certificates.identifiers import CertificateIdentifier, MalformedIdentifier
from certificates.life import Move
from certificates.records import (
    CertificateObject,
    CertificateRecord,
    Holder,
    LookUp,
    Question,
    SourceState,
    StatusEvent,
)
from certificates.status import Status
from certificates.terms import Term
from certificates.types import CertificateType, Validity
from registries.contracts.model import Dataset
from registries.errors import NotGranted
from registries.store.batches import Batch
from registries.store.certificate_composing import Moved, compose_several_rows, compose_single_rows
from registries.store.certificate_moves import write_events
from registries.store.certificate_rows import CertificateRows
from registries.store.grants import Claimant, Grant
from registries.store.shapes import current_table

_FIND = sa.text("SELECT * FROM hub.find_certificates(CAST(:questions AS jsonb), :asked_at, :asked_on)")


class Sought(NamedTuple):
    """A question, the grant that covers it, and who asks; for a verdict, or for a copy of the certificate's record."""

    question: Question
    grant: Grant
    claimant: Claimant
    act: Literal["verification", "retrieval"] = "verification"


def find_certificates(conn: sa.Connection, asked: Sequence[Sought], now: datetime, today: date) -> list[LookUp]:
    """Look up questions, each under the grant that covers it, in their order, by one statement.

    Args:
        conn: of the role hub_api.
        asked: questions with their grants.
        now: against which the freshness of sources is judged.
        today: the day in China, on which the grants must be in force.

    Raises:
        NotGranted: a grant does not cover its question; nothing was looked up for it.
    """
    questions = [wanted(*each) for each in asked]
    parameters = {"questions": json.dumps(questions, ensure_ascii=False), "asked_at": now, "asked_on": today}
    rows = conn.execute(_FIND, parameters).all()
    refused = [row.position - 1 for row in rows if not row.granted]
    if refused:
        raise NotGranted(refused)
    return [_look_up(row) for row in rows]


def wanted(question: Question, grant: Grant, claimant: Claimant, act: str = "verification") -> dict[str, object]:
    """A question as `hub.find_certificates` and other functions of the store read it."""
    return {
        "grant": grant.id,
        "act": act,
        "department": claimant.department,
        "asker": claimant.asker,
        "certificate_type": question.certificate_type,
        "certificate_number": question.certificate_number,
        "holder_name": question.holder_name,
        "holder_code": question.holder_code,
        "holder_code_type": question.holder_code_type,
        "subject_kind": subject_kind(question.holder_code_type),
        "purpose": question.purpose,
        "service_item": question.service_item,
    }


def _look_up(row: sa.Row[*tuple[Any, ...]]) -> LookUp:
    source = SourceState(row.covered, row.data_as_of, row.fresh, row.score)
    if row.record is not None and row.record["status"] is None:  # a code of the source that no table knows
        return LookUp(None, being_checked=True, source=source, disputed=row.disputed, unchecked=row.unchecked)
    record = None if row.record is None else _record(row.record)
    about = {"being_checked": row.being_checked, "disputed": row.disputed, "unchecked": row.unchecked}
    return LookUp(record, source=source, in_case=record is not None and row.record["in_case"], **about)


def _record(found: Mapping[str, Any]) -> CertificateRecord:
    identifier = found["identifier"]
    return CertificateRecord(
        type_code=found["type_code"],
        number=found["number"],
        identifier=identifier,
        identifier_ok=identifier_ok(identifier),
        issuing_authority_name=found["issuing_authority_name"] or "",
        issuing_authority_code=found["issuing_authority_code"] or "",
        issued_on=_day(found["issued_on"]),
        valid_from=_day(found["valid_from"]),
        valid_until=_day(found["valid_until"]),
        long_term=found["long_term"],
        status=Status(found["status"]),
        events=tuple(_event(event) for event in found["events"] or ()),
        holders=tuple(Holder(**one) for one in found["holders"]),
        mark=found["mark"],
        digest_ok=found["digest_ok"],
        trust_level=found["trust_level"],
        dataset=found["dataset"],
        objects=tuple(CertificateObject(**one) for one in found["objects"] or ()),
        principal=found["principal"] or "",
        renewal_applied_on=_day(found["renewal_applied_on"]),
        internal_id=found["internal_id"] or "",
    )


_RENEWALS = frozenset({Move.RENEW, Move.ENDORSE})


def _event(found: Mapping[str, Any]) -> StatusEvent:
    dates = (_day(found["valid_from"]), _day(found["valid_until"]), found["long_term"])
    return StatusEvent(
        Status(found["status"]),
        _day(found["since"]),
        found["reason"] or "",
        _day(found["learnt_on"]),
        found["lawful"],
        Term(*dates, renewal=found["move"] in _RENEWALS),
    )


def identifier_ok(identifier: str | None) -> bool | None:
    """Whether the check character is right; None without an identifier, False for what is none."""
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

    New and changed certificates get their holders and objects and, if their status moved, a status event; marks follow
    the current table. Where several rows make one certificate (co-owners), it is composed of all that count whenever
    one of them came, changed, went or was marked: a holder leaves with the row, the certificate stays with the others.
    Returns how many certificates were new or changed.
    """
    mapping = dataset.certificate
    if mapping is None:
        return 0
    compose = compose_single_rows if dataset.key == (mapping.number,) else compose_several_rows
    moved = Moved.of(conn, dataset, mapping, batch)
    composed = compose(conn, CertificateRows(dataset, mapping, certificate_type, current_table(dataset)), moved)
    endorsed = certificate_type.validity == Validity.ENDORSEMENT
    write_events(conn, moved.composed, batch.number, first=moved.first, endorsed=endorsed)
    moved.forget(conn)
    return composed
