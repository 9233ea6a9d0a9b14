"""登记收件: that an office has received a material, so that nobody asks for it again; and why, if it was needless.

    ReceiveMaterial(item_of).answer(work, asked, today, now)[0].content["code"]      # "received"

It needs no grant, as nothing of anybody is told. Whether the hub could have answered is what its last check of the case
said, whatever the office says; such paper needs a reason, and is counted by item and department.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from exchange_api.acts.act import Act, Answered, Asked, Subject
from exchange_api.acts.case_questions import ItemOf, ReceivedQuestion
from exchange_api.transactions import Transaction
from registries.store import case_checks
from registries.store.case_checks import Received, ReceivedNow
from registries.store.grants import Wish

RECEIVED_PATH: Final = "/v1/case-checks/received"

PAPER_REASON_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "applicant_wishes": ("申请人自愿提交", "the applicant wished to hand it in"),
    "original_by_law": ("法律法规要求核对原件", "law asks for the original"),
    "data_disputed": ("数据有误，已提出或拟提出校核", "the data is wrong; a check was or will be filed"),
    "hub_did_not_answer": ("枢纽当时未能应答", "the hub did not answer at that time"),
    "office_system_down": ("本单位系统故障", "the office's own system was down"),
    "urgent": ("情况紧急", "it was urgent"),
}

_SAID: Final[Mapping[str, tuple[str, str, str, str]]] = {
    "received": (
        "已登记收件。",
        "It is written down as received.",
        "后续环节和本部门今后的办件不再要求提交。",
        "Later steps, and later cases of this department, need not ask for it again.",
    ),
    "known": (
        "本办件此前已登记收取该材料。",
        "It was written down as received before, in this case.",
        "不得要求重复提交。",
        "Do not ask for it again.",
    ),
    "reason_missing": (
        "枢纽已能回答该材料，未登记收件：请说明收取纸质材料的理由。",
        "The hub had answered for this material; nothing was written down without a reason.",
        "请从理由清单中选择后重新登记；没有理由的，请将材料退还申请人。",
        "Choose a reason and send it again; without one give the paper back.",
    ),
}


class ReceiveMaterial(Act[ReceivedQuestion]):
    """The act of writing down that a material was received.

    Args:
        item_of: the service item of a code, as in force now.
    """

    name = "verification"
    path = RECEIVED_PATH
    member = "case_check"

    def __init__(self, item_of: ItemOf) -> None:
        self._item_of = item_of

    def parse(self, content: Mapping[str, object]) -> ReceivedQuestion:
        """Raises certificates.records.MalformedQuestion."""
        return ReceivedQuestion.parse(content, self._item_of)

    def wishes(self, question: ReceivedQuestion) -> tuple[Wish, ...]:  # noqa: ARG002 - of the act's form
        """None: nothing of anybody is told."""
        return ()

    def shown(self, question: ReceivedQuestion, today: date) -> Mapping[str, Any]:  # noqa: ARG002 - of the act's form
        """The item, and which of its materials."""
        return {
            "item": question.item.code,
            "item_version": question.item.version,
            "material": question.material.id,
            "form": question.form,
            "reason": question.reason or None,
        }

    def about(self, question: ReceivedQuestion) -> tuple[Subject, ...]:
        """Who handed it in."""
        return (Subject(question.subject.kind, question.subject.code),)

    def answer(
        self,
        work: Transaction,
        asked: Sequence[Asked[ReceivedQuestion]],
        today: date,  # noqa: ARG002 - of the act's form
        now: datetime,
    ) -> list[Answered]:
        """Each by itself: an office notes one material at a time."""
        return [_answered(each, case_checks.note_received(work.conn, _received(each), now)) for each in asked]


def _received(asked: Asked[ReceivedQuestion]) -> Received:
    question = asked.question
    return Received(
        question.item.code,
        question.material.id,
        question.material.kept_as,
        asked.department,
        question.case,
        question.subject.kind,
        question.subject.code,
        question.form,
        question.reason or None,
        question.file_digest,
    )


def _answered(asked: Asked[ReceivedQuestion], now: ReceivedNow) -> Answered:
    zh, en, next_zh, next_en = _SAID[now.outcome]
    material = asked.question.material
    content = {
        "code": now.outcome,
        "zh": zh,
        "en": en,
        "next": {"zh": next_zh, "en": next_en},
        "material": {"id": material.id, "zh": material.name_zh, "en": material.name_en},
        "hub_could_answer": now.could_have,
        "received_at": None if now.received_at is None else int(now.received_at.timestamp()),
    }
    return Answered(content, None)
