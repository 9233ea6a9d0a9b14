"""批量核验: up to 1,000 questions under one signature, each with an answer that stands alone.

    {"purpose": "年度复核", "service_item": "食品经营许可延续", "case": "ST-2026-0001", "questions": [
        {"certificate_type": "…", "certificate_number": "…", "holder_name": "…", "holder_code": "…",
         "holder_code_type": "001", "case": "…", "as_of": "2026-03-02"}, …]}

Why it is asked is said once; a question may have a case or a day of its own. All look-ups are one statement. The
receipt holds the root over the answers and how many there are of each verdict; the answers travel beside it, each with
its path (`certificates.batches`). Sources that are asked at the moment of a question are not asked for a batch: such
certificates are `unavailable` here, with the advice to ask for them one by one.
"""

import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from certificates import batches, compact
from certificates.answer_texts import joined, json_text
from certificates.receipts import SALT_LENGTH
from certificates.records import LookUp, MalformedQuestion, Question
from certificates.told_verdicts import verdict_texts
from certificates.verdicts import RefusalReason, Verdict, VerdictCode, refuse
from exchange_api.acts.act import Act, Answered, Asked, Subject
from exchange_api.acts.verification import Verification, subject_of
from exchange_api.transactions import Transaction
from registries.store import certificates
from registries.store.certificates import Sought
from registries.store.grants import Claimant, Grant, Wish

BATCH_PATH: Final = "/v1/verifications/batch"
LONGEST: Final = 1_048_576
"""Characters of a signed batch: 1,000 questions of 700 bytes."""

_WHY: Final = ("purpose", "service_item", "case")
_ANSWERED: Final = {
    "code": "answered",
    "zh": "已逐条核验,结论见各条。",
    "en": "Each question was answered; see the answers.",
    "next": {
        "zh": "请逐条查看结论;单条应答连同其路径和本回执即可单独归档。",
        "en": "Read each answer; an answer with its path and this receipt can be kept alone.",
    },
}


@dataclass(frozen=True)
class Batch:
    """Questions that are asked together, for one reason."""

    purpose: str
    service_item: str
    case: str
    questions: tuple[Question, ...]

    def to_json(self) -> Mapping[str, Any]:
        """As it was asked; each question whole."""
        why = {name: getattr(self, name) for name in _WHY}
        return {**why, "questions": [question.to_json() for question in self.questions]}


class BatchVerification(Act[Batch]):
    """The act of verifying many certificates at once: rights, look-ups and judgement are those of `verification`."""

    name = "verification"
    path = BATCH_PATH
    member = "verifications"

    def __init__(self, verification: Verification) -> None:
        self._one = verification

    def parse(self, content: Mapping[str, object]) -> Batch:
        """Read a batch strictly.

        Raises:
            MalformedQuestion: names the member at fault, in a question as `questions[3].holder_code`.
        """
        if not {*_WHY, "questions"} >= content.keys():
            raise MalformedQuestion("", "含有未知成员", "has a member that is not known")
        given = content.get("questions")
        if not isinstance(given, list) or not 0 < len(given) <= batches.MOST:
            raise MalformedQuestion("questions", "应为 1 至 1000 条", "has to be a list of 1 to 1,000")
        why = {name: content.get(name) for name in _WHY}
        questions = tuple(_question(place, one, why) for place, one in enumerate(given))
        first = questions[0]
        case = why["case"] if isinstance(why["case"], str) else first.case
        return Batch(first.purpose, first.service_item, case.strip(), questions)

    def wishes(self, question: Batch) -> tuple[Wish, ...]:
        """To verify certificates of each type that occurs."""
        return tuple(dict.fromkeys(wish for each in question.questions for wish in self._one.wishes(each)))

    def shown(self, question: Batch, today: date) -> Mapping[str, Any]:
        """How many were asked, of which types."""
        types = sorted({each.certificate_type for each in question.questions})
        return {"count": len(question.questions), "certificate_types": types, "as_of": today.isoformat()}

    def about(self, question: Batch) -> tuple[Subject, ...]:
        """Every holder that is named."""
        return tuple({subject_of(each): None for each in question.questions})

    def count(self, question: Batch) -> int:
        """Each that it holds."""
        return len(question.questions)

    def answer(self, work: Transaction, asked: Sequence[Asked[Batch]], today: date, now: datetime) -> list[Answered]:
        """Each batch by one statement."""
        return [self._answer_batch(work, each, today, now) for each in asked]

    def _answer_batch(self, work: Transaction, asked: Asked[Batch], today: date, now: datetime) -> Answered:
        questions = asked.question.questions
        grants = dict(zip(self.wishes(asked.question), asked.grants, strict=True))
        verdicts = list(self._verdicts(work, asked, grants, today, now))
        bundle = batches.bundle_of(
            [_content(question, verdict, today) for question, (verdict, _) in zip(questions, verdicts, strict=True)]
        )
        tally = Counter(verdict.code.value for verdict, _ in verdicts)
        known = [look_up.source.data_as_of for _, look_up in verdicts if look_up and look_up.source.data_as_of]
        return Answered(
            {**_ANSWERED, "root": bundle.root, "size": len(questions), "tally": dict(sorted(tally.items()))},
            min(known, default=None),
            misses=tally[VerdictCode.NO_MATCH],
            beside=bundle.text(),
        )

    def _verdicts(
        self,
        work: Transaction,
        asked: Asked[Batch],
        grants: Mapping[Wish, Grant | None],
        today: date,
        now: datetime,
    ) -> Iterator[tuple[Verdict, LookUp | None]]:
        """The verdict on each question, in order; those without a grant are refused before anything is looked up."""
        who = Claimant(asked.department, asked.asker)
        covered = [(question, grants[self._one.wishes(question)[0]]) for question in asked.question.questions]
        sought = [Sought(question, grant, who) for question, grant in covered if grant is not None]
        look_ups = iter(certificates.find_certificates(work.conn, sought, now, today) if sought else ())
        judged = self._one.judging(today)
        for question, grant in covered:
            if grant is None:
                yield refuse(RefusalReason.NO_GRANT), None
            else:
                look_up = next(look_ups)
                yield judged(question, look_up), look_up


def _question(place: int, given: object, why: Mapping[str, object]) -> Question:
    try:
        return Question.parse({**why, **given} if isinstance(given, Mapping) else given)
    except MalformedQuestion as fault:
        raise fault.inside(f"questions[{place}]") from None


def _content(question: Question, verdict: Verdict, today: date) -> str:
    """One answer as a text, with what of the question is not the holder's; never the same twice."""
    asked = {
        "certificate_type": question.certificate_type,
        "as_of": (question.as_of or today).isoformat(),
        "case": question.case,
    }
    salt = compact.encode(secrets.token_bytes(SALT_LENGTH))
    return joined({**verdict_texts(verdict), "asked": json_text(asked), "salt": f'"{salt}"'})
