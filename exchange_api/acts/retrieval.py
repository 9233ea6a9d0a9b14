"""调阅: what the hub has of a certificate, as a marked copy (加注件) that says for what, by whom and until when.

    Retrieval(verification).answer(work, asked, today, now)[0].content["code"]        # the verdict, as of verifying
    asked.question.mark("approval-1", today)                                           # what the copy will say

The copy is headed 核验件: the hub mints no certificate in an issuer's name. It is made of the receipt.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from certificates.documents.marks import LONGEST, Mark
from certificates.records import MalformedQuestion, Question
from exchange_api.acts.about_certificate import AboutCertificate
from exchange_api.acts.act import Act, Answered, Asked, AskSource, Subject
from exchange_api.acts.subject_questions import text
from exchange_api.acts.verification import Verification
from exchange_api.transactions import Transaction
from registries.store.grants import Wish

RETRIEVALS_PATH: Final = "/v1/retrievals"
_FORMATS: Final = ("pdf", "ofd")
_PAPERS: Final = ("A4", "A5")
_COPY: Final = frozenset({"cause", "purpose", "expires_on", "format", "paper"})


@dataclass(frozen=True)
class CopyQuestion(AboutCertificate):
    """A certificate, and what its copy is for.

    Attributes:
        about: the certificate, as a verification asks for it.
        copy_purpose: what alone the copy may be used for.
        expires_on: the copy's last day.
    """

    cause: str
    copy_purpose: str
    expires_on: date
    format: str
    paper: str

    def mark(self, maker: str, today: date) -> Mark:
        """What is printed over the copy. Raises certificates.documents.errors.BadMark: its last day is out of reach."""
        return Mark.parse(self.cause, self.copy_purpose, maker[: LONGEST["maker"]], self.expires_on, today=today)

    def copy_json(self) -> dict[str, str]:
        """The copy's JSON members."""
        said = {"cause": self.cause, "purpose": self.copy_purpose, "expires_on": self.expires_on.isoformat()}
        return {**said, "format": self.format, "paper": self.paper}

    def to_json(self) -> dict[str, Any]:
        """The question's JSON members."""
        return {**self.about.to_json(), "copy": self.copy_json()}


class Retrieval(Act[CopyQuestion]):
    """The act of asking for a marked copy.

    Args:
        verification: finds and judges, under grants for retrieval.
    """

    name = "retrieval"
    path = RETRIEVALS_PATH
    member = "retrieval"

    def __init__(self, verification: Verification) -> None:
        self._verification = verification

    def parse(self, content: Mapping[str, object]) -> CopyQuestion:
        """Raises certificates.records.MalformedQuestion."""
        copy = content.get("copy")
        if not isinstance(copy, Mapping) or not copy.keys() <= _COPY:
            raise MalformedQuestion("copy", "应含 cause、purpose、expires_on", "has cause, purpose and expires_on")
        about = Question.parse({name: value for name, value in content.items() if name != "copy"})
        cause, purpose = (text(copy, name, LONGEST[name], "copy") for name in ("cause", "purpose"))
        chosen = (_one_of(copy, "format", _FORMATS), _one_of(copy, "paper", _PAPERS))
        return CopyQuestion(about, cause, purpose, _day(copy), *chosen)

    def wishes(self, question: CopyQuestion) -> tuple[Wish, ...]:
        """To retrieve certificates of this type."""
        return self._verification.wishes(question.about)

    def shown(self, question: CopyQuestion, today: date) -> Mapping[str, Any]:
        """The type, the day that was asked for, and what the copy is for."""
        return {**self._verification.shown(question.about, today), "copy": question.copy_json()}

    def about(self, question: CopyQuestion) -> tuple[Subject, ...]:
        """As of a verification."""
        return self._verification.about(question.about)

    def answer(
        self, work: Transaction, asked: Sequence[Asked[CopyQuestion]], today: date, now: datetime
    ) -> list[Answered | AskSource]:
        """As of a verification."""
        about = [_about(each) for each in asked]
        return self._verification.answer(work, about, today, now)


def _about(asked: Asked[CopyQuestion]) -> Asked[Question]:
    return Asked(asked.question.about, asked.asker, asked.department, asked.grants, asked.finding)


def _one_of(copy: Mapping[str, object], member: str, known: tuple[str, ...]) -> str:
    value = copy.get(member, known[0])
    if value not in known:
        raise MalformedQuestion(
            "copy", f"的 {member} 应为 {' 或 '.join(known)}", f"has as {member} one of {', '.join(known)}"
        )
    return str(value)


def _day(copy: Mapping[str, object]) -> date:
    value = copy.get("expires_on")
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise MalformedQuestion(
            "copy", "的 expires_on 不是 YYYY-MM-DD 日期", "has as expires_on a day YYYY-MM-DD"
        ) from None
