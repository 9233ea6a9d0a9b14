"""Which certificates a subject holds, of the types that grants cover: their numbers, to be verified one by one.

    SubjectCertificates(types, key).answer(work, asked, today, now)[0].content["types"][code]["count"]

As with fields, the receipt says how many there are and holds digests; the numbers travel beside it.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final

from certificates.records import MalformedQuestion
from certificates.sd_jwt import SALT_LENGTH, digest, disclose
from certificates.types import CertificateType
from exchange_api.acts.act import Act, Answered, Asked, Subject
from exchange_api.acts.answer_words import outcome, words
from exchange_api.acts.standings import oldest, source
from exchange_api.acts.subject_questions import SubjectQuestion, claimant, read_subject, texts
from exchange_api.acts.values_beside import opened, seal
from exchange_api.transactions import Transaction
from registries.store import granted_reads
from registries.store.granted_reads import AskCertificates, Holding
from registries.store.grants import Wish

SUBJECT_CERTIFICATES_PATH: Final = "/v1/subjects/certificates"


@dataclass(frozen=True)
class CertificatesQuestion(SubjectQuestion):
    """Certificates of which types are asked for."""

    types: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The question's JSON members."""
        return {**super().to_json(), "certificate_types": list(self.types)}


class SubjectCertificates(Act[CertificatesQuestion]):
    """The act of asking which certificates somebody holds.

    Args:
        types: certificate types by code.
        key: 32 bytes; seals the numbers until they leave.
    """

    name = "query"
    path = SUBJECT_CERTIFICATES_PATH
    member = "certificates"

    def __init__(self, types: Mapping[str, CertificateType], key: bytes) -> None:
        self._types = types
        self._key = key

    def parse(self, content: Mapping[str, object]) -> CertificatesQuestion:
        """Raises certificates.records.MalformedQuestion."""
        asked = read_subject(content, frozenset({"certificate_types"}))
        types = texts(content, "certificate_types", 21)
        if not self._types.keys() >= set(types):
            raise MalformedQuestion("certificate_types", "含有未知的证照类型代码", "has a type code that is not known")
        return CertificatesQuestion(**vars(asked), types=types)

    def wishes(self, question: CertificatesQuestion) -> tuple[Wish, ...]:
        """One for each type."""
        return tuple(Wish("query", question.purpose, question.service_item, kind) for kind in question.types)

    def shown(self, question: CertificatesQuestion, today: date) -> Mapping[str, Any]:  # noqa: ARG002 - of the act's form
        """Which types."""
        return {"certificate_types": list(question.types)}

    def about(self, question: CertificatesQuestion) -> tuple[Subject, ...]:
        """The holder, with each type."""
        return tuple(Subject(question.about.kind, question.about.key, kind) for kind in question.types)

    def answer(
        self, work: Transaction, asked: Sequence[Asked[CertificatesQuestion]], today: date, now: datetime
    ) -> list[Answered]:
        """All types of all questions by one statement."""
        found = granted_reads.certificates(work.conn, [_ask(each) for each in asked], now, today)
        return [self._answered(each.question, told) for each, told in zip(asked, found, strict=True)]

    def values_of(self, beside: bytes | None) -> dict[str, str] | None:
        """What travelled beside an answer, as disclosures by name; None where it is not kept any more."""
        return opened(beside, self._key)

    def _answered(self, question: CertificatesQuestion, told: Mapping[str, Holding]) -> Answered:
        codes = {kind: _code(told[kind]) for kind in question.types}
        disclosures = {
            kind: disclose(kind, [asdict(one) for one in told[kind].certificates], secrets.token_bytes(SALT_LENGTH))
            for kind in question.types
            if told[kind].certificates
        }
        content = {
            **words("certificates", _whole(set(codes.values()))),
            "types": {kind: self._type(kind, codes[kind], told[kind]) for kind in question.types},
            "values": {"_sd": sorted(digest(each) for each in disclosures.values())},
        }
        standings = [one.standing for one in told.values() if one.granted]
        missed = int(not any(one.certificates for one in told.values()))
        return Answered(content, oldest(standings), misses=missed, beside=seal(disclosures, self._key))

    def _type(self, kind: str, code: str, told: Holding) -> dict[str, Any]:
        return {
            "name": self._types[kind].name_zh,
            **outcome(code),
            "count": len(told.certificates),
            "more": told.more,
            "source": source(told.standing),
        }


def _ask(asked: Asked[CertificatesQuestion]) -> AskCertificates:
    question = asked.question
    granted = zip(question.types, asked.grants, strict=True)
    types = {kind: grant.id if grant else None for kind, grant in granted}
    return AskCertificates(claimant(asked), question.subject, types, question.purpose, question.service_item)


def _code(one: Holding) -> str:
    if not one.granted:
        return "not_granted"
    if not one.standing.covered:
        return "not_covered"
    return "told" if one.certificates else "not_found"


def _whole(codes: set[str]) -> str:
    if "not_granted" in codes:
        return "refused"
    return "found" if "told" in codes else "not_found"
