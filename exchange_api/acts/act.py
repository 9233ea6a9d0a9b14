"""What can be asked: the four acts 核验, 比对, 查询, 调阅, and bundles of them, as the way of a question sees them.

An act reads its questions, names the rights that they need, and answers those that have them; everything else (who
asks, grants and budgets, ledger, signature) is the way's (`exchange_api.answering`), and the same for all.

    class Matching(Act[Comparison]):
        name, path, member = "matching", "/v1/matches", "matching"
        def parse(self, content): ...
        def wishes(self, question): ...
        def shown(self, question, today): ...
        def about(self, question): ...
        def answer(self, work, asked, today, now): ...

    answer = answering.ask(parse_request(token, MATCHING)).result()
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from certificates.records import Question
from exchange_api.live_sources import Finding
from exchange_api.transactions import Transaction
from registries.store.grants import Grant, Wish


class Questioned(Protocol):
    """A question of any act, read and found to be well formed. Why it is asked is mandatory everywhere."""

    @property
    def purpose(self) -> str:
        """使用事由."""

    @property
    def service_item(self) -> str:
        """事项."""

    @property
    def case(self) -> str:
        """办件编号."""

    def to_json(self) -> Mapping[str, Any]:
        """The question's JSON members; two questions are the same if these are."""


AnyQuestion = TypeVar("AnyQuestion", bound=Questioned)


class Subject(NamedTuple):
    """Of whom an answer speaks: a kind (`natural_person`, `legal_entity`) and the code, and what it was about."""

    kind: str
    key: str
    certificate_type: str | None = None


@dataclass(frozen=True)
class Asked(Generic[AnyQuestion]):
    """A question that may be answered.

    Attributes:
        question: as the act read it.
        asker: under which name the asker stands in the ledger, `client:<id>` or `officer:<account>`.
        department: the asker's.
        grants: one for each of the act's wishes, in order; None where no grant covers it, never all of them.
        finding: what the source said that was asked at the moment of the question.
    """

    question: AnyQuestion
    asker: str
    department: str
    grants: tuple[Grant | None, ...]
    finding: Finding | None = None


@dataclass(frozen=True)
class Answered:
    """What the receipt will say.

    Attributes:
        content: the receipt's nested member: `code`, `zh`, `en` and `next` (zh, en) at least, JSON throughout.
        data_as_of: time of the oldest delivery that the answer rests on.
        misses: how many of its look-ups found nothing, for the alarm on guessing.
        beside: what travels beside the receipt and is kept with it; None: nothing.
    """

    content: Mapping[str, Any]
    data_as_of: datetime | None
    misses: int = 0
    beside: bytes | None = None


@dataclass(frozen=True)
class AskSource:
    """Instead of an answer: a source has to be asked this first; the question comes again with its finding."""

    question: Question


class Act(Protocol[AnyQuestion]):
    """One thing that can be asked.

    Attributes:
        name: the act that grants are for in the first place: `verification`, `matching`, `query` or `retrieval`.
        path: the place below the hub's address where clients ask it; their requests are signed for it.
        member: the name of the receipt's nested member.
    """

    name: str
    path: str
    member: str

    def parse(self, content: Mapping[str, object]) -> AnyQuestion:
        """Read a question strictly. Raises certificates.records.MalformedQuestion, which names the member at fault."""

    def wishes(self, question: AnyQuestion) -> tuple[Wish, ...]:
        """The rights that the question needs; one without any wish needs none."""

    def shown(self, question: AnyQuestion, today: date) -> Mapping[str, Any]:
        """What the receipt says of the question beside purpose, item and case: nothing that is the subject's."""

    def about(self, question: AnyQuestion) -> tuple[Subject, ...]:
        """Whose data are asked for: they can be told who asked, and was refused."""

    def count(self, question: AnyQuestion) -> int:  # noqa: ARG002 - what holds many counts them
        """How many questions it is to budgets."""
        return 1

    def answer(
        self, work: Transaction, asked: Sequence[Asked[AnyQuestion]], today: date, now: datetime
    ) -> Sequence[Answered | AskSource]:
        """Steps 4 and 5 for questions that arrived together, in their order; set-based.

        Args:
            work: the transaction in which the answers will be written down.
            asked: questions of this act.
            today: the day in China.
            now: with time zone.
        """
