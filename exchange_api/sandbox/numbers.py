"""The sandbox's fixed numbers: what each look-up brings, for the hub's own rules to judge.

found = load_numbers()
judge(question, found.look_up(question, today), today, types).code      # "suspended" for SBX-SUSPENDED
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from certificates.records import CertificateRecord, Holder, LookUp, Question, SourceState
from certificates.status import Status, StatusEvent
from certificates.verdicts import RefusalReason

_FILE: Final = Path(__file__).with_name("numbers.yaml")
_DATASET: Final = "sandbox.certificates"
_ISSUED, _FROM, _UNTIL = -400, -365, 365


@dataclass(frozen=True)
class FixedAnswer:
    """One number, or one service item, and the answer it leads to.

    Attributes:
        question: the members that lead there, beside purpose and case.
        code: of the answer.
        busy: how often the hub says 503 before it answers.
    """

    question: Mapping[str, str]
    code: str
    zh: str
    en: str
    busy: int = 0


class Numbers:
    """What the sandbox knows."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self._content = content
        holder = content["holder"]
        self._holder = Holder(holder["name"], holder["code"], holder["code_type"], asked=True)
        self._rows = {row["number"]: row for row in content["numbers"]}
        self._items = {row["service_item"]: row for row in content["items"]}

    def answers(self) -> list[FixedAnswer]:
        """Everything that can be tried, in the order of the file."""
        by_number = [self._answer(row, self._content["service_item"]) for row in self._content["numbers"]]
        unknown = {"number": "SBX-UNKNOWN", "code": "no_match", "zh": "编号不存在", "en": "there is no such number"}
        first = self._content["numbers"][0]["number"]
        by_item = [self._answer({"number": first, **row}, row["service_item"]) for row in self._content["items"]]
        return [*by_number, self._answer(unknown, self._content["service_item"]), *by_item]

    def refusal(self, question: Question) -> RefusalReason | None:
        """Why a question is refused before any look-up, by its service item."""
        reason = self._items.get(question.service_item, {}).get("reason")
        return None if reason is None else RefusalReason(reason)

    def busy(self, question: Question) -> int:
        """How often this question meets 503 before it is answered."""
        return int(self._items.get(question.service_item, {}).get("busy", 0))

    def look_up(self, question: Question, today: date) -> LookUp:
        """As the store would find it: a record only for its own number, type and holder."""
        row = self._rows.get(question.certificate_number)
        told = "" if row is None else row.get("source", "")
        at = datetime.combine(today - timedelta(days=1 if told != "stale" else 60), time(2), UTC)
        source = SourceState(covered=told != "not_covered", data_as_of=at, fresh=told != "stale", score=0.997)
        found = row is not None and not told and self._is_of(row, question)
        return LookUp(
            self._record(row, today) if row is not None and found else None, being_checked=False, source=source
        )

    def _is_of(self, row: Mapping[str, Any], question: Question) -> bool:
        asked = (question.certificate_type, question.holder_name, question.holder_code, question.holder_code_type)
        return asked == (self._type(row), self._holder.name, self._holder.code, self._holder.code_type)

    def _type(self, row: Mapping[str, Any]) -> str:
        return str(row.get("type", self._content["type"]))

    def _record(self, row: Mapping[str, Any], today: date) -> CertificateRecord:
        issuer, until = self._content["issuer"], row.get("until", _UNTIL)
        first, status = today + timedelta(days=row.get("from", _FROM)), Status(row.get("status", "valid"))
        began = StatusEvent(Status.VALID, first)
        moved = () if status == Status.VALID else (StatusEvent(status, today - timedelta(days=10)),)
        return CertificateRecord(
            type_code=self._type(row),
            number=row["number"],
            identifier=None,
            identifier_ok=None,
            issuing_authority_name=issuer["name"],
            issuing_authority_code=issuer["code"],
            issued_on=min(first, today + timedelta(days=_ISSUED)),
            valid_from=first,
            valid_until=None if until == "long_term" else today + timedelta(days=until),
            long_term=until == "long_term",
            status=status,
            events=(began, *moved),
            holders=(self._holder,),
            mark=row.get("mark"),
            digest_ok=True,
            trust_level="A",
            dataset=_DATASET,
        )

    def _answer(self, row: Mapping[str, Any], service_item: str) -> FixedAnswer:
        question = {
            "certificate_type": self._type(row),
            "certificate_number": row["number"],
            "holder_name": self._holder.name,
            "holder_code": self._holder.code,
            "holder_code_type": self._holder.code_type,
            "purpose": self._content["purpose"],
            "service_item": service_item,
        }
        return FixedAnswer(question, row["code"], row["zh"], row["en"], row.get("busy", 0))


@cache
def load_numbers() -> Numbers:
    """The numbers that ship with the hub."""
    return Numbers(yaml.safe_load(_FILE.read_text(encoding="utf-8")))
