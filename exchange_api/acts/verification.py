"""核验: a verdict on one certificate, by number and holder.

    Verification(types, issuers, live).answer(work, asked, today, now)[0].content["code"]     # "valid"

A question whose source hands over no data is answered when that source has been asked.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal

from certificates.holder_codes import subject_kind
from certificates.issuers import Issuer
from certificates.records import LookUp, Question
from certificates.told_verdicts import told_verdict
from certificates.types import CertificateType
from certificates.verdicts import Verdict, VerdictCode, judge
from exchange_api.acts.act import Act, Answered, Asked, AskSource, Subject
from exchange_api.live_sources import LiveSources
from exchange_api.transactions import Transaction
from registries.live_records import not_told, together
from registries.store import certificates
from registries.store.certificates import Sought
from registries.store.grants import Claimant, Wish

VERIFICATIONS_PATH = "/v1/verifications"


class Verification(Act[Question]):
    """The act of asking whether a certificate is valid.

    Args:
        types: certificate types by code.
        issuers: the issuing authorities of a day.
        live: sources that are asked at the moment of a question.
        granted_as: the act that grants name: a copy of a certificate's record is found and judged likewise.
    """

    name = "verification"
    path = VERIFICATIONS_PATH
    member = "verification"

    def __init__(
        self,
        types: Mapping[str, CertificateType],
        issuers: Callable[[date], Mapping[str, Issuer]],
        live: LiveSources,
        granted_as: Literal["verification", "retrieval"] = "verification",
    ) -> None:
        self._granted_as = granted_as
        self._types = types
        self._issuers = issuers
        self._live = live

    def parse(self, content: Mapping[str, object]) -> Question:
        """Raises certificates.records.MalformedQuestion."""
        return Question.parse(content)

    def wishes(self, question: Question) -> tuple[Wish, ...]:
        """To verify certificates of this type."""
        return (Wish(self._granted_as, question.purpose, question.service_item, question.certificate_type),)

    def shown(self, question: Question, today: date) -> Mapping[str, Any]:
        """The type and the day that was asked for."""
        return {
            "certificate_type": question.certificate_type,
            "as_of": (question.as_of or today).isoformat(),
        }

    def about(self, question: Question) -> tuple[Subject, ...]:
        """The holder that it names."""
        return (subject_of(question),)

    def answer(
        self, work: Transaction, asked: Sequence[Asked[Question]], today: date, now: datetime
    ) -> list[Answered | AskSource]:
        """Records, quarantined and held keys of all questions in one statement; each judged for itself."""
        granted = [
            Sought(each.question, each.grants[0], Claimant(each.department, each.asker), self._granted_as)
            for each in asked
            if each.grants[0] is not None
        ]
        look_ups = certificates.find_certificates(work.conn, granted, now, today)
        issuers = self._issuers(today)
        serves = {kind: self._live.serves(kind) for kind in {each.question.certificate_type for each in granted}}
        return [
            AskSource(each.question)
            if look_up.record is None and serves[each.question.certificate_type] and each.finding is None
            else self._judge(each, look_up, today, issuers)
            for each, look_up in zip(asked, look_ups, strict=True)
        ]

    def judging(self, today: date) -> Callable[[Question, LookUp], Verdict]:
        """How questions of a day are judged where no source can be asked: what only a source knows is unavailable."""
        issuers = self._issuers(today)

        def judged(question: Question, look_up: LookUp) -> Verdict:
            if look_up.record is None and self._live.serves(question.certificate_type):
                look_up = together(look_up, not_told())
            return judge(question, look_up, today, self._types, issuers)

        return judged

    def _judge(self, asked: Asked[Question], look_up: LookUp, today: date, issuers: Mapping[str, Issuer]) -> Answered:
        if asked.finding is not None:
            look_up = together(look_up, asked.finding.look_up)
        verdict = judge(asked.question, look_up, today, self._types, issuers)
        told = told_verdict(verdict)
        return Answered(
            told if asked.finding is None else told.beside("upstream", dict(asked.finding.upstream)),
            look_up.source.data_as_of,
            misses=int(verdict.code == VerdictCode.NO_MATCH),
        )


def subject_of(question: Question) -> Subject:
    """The holder that a question names, with the type of certificate it is about."""
    return Subject(subject_kind(question.holder_code_type), question.holder_code, question.certificate_type)
