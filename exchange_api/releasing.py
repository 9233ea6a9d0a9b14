"""Held batches as stewards and their departments see them, and the decision: release it, or return it with a reason.

    releasing.listed(department=None)                              # a steward: everybody's; a publisher: its own
    found = releasing.one(7)                                       # what holds it, its volume before, its rows masked
    releasing.decide(session, 7, "release", "planned_change", "机构合并，名单减少属实")

Deciding writes down what is wanted and wakes the intake worker, which carries it out; the ledger keeps both.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import ClassVar, Final

from exchange_api.errors import ExchangeApiError, Kind, NotFound
from exchange_api.people.signed_in import Session
from exchange_api.sealed_words import SealedWords
from exchange_api.transactions import Transaction
from registries.departments import Catalogue
from registries.store import held_batches, quarantine
from registries.store.engine import Store
from registries.store.held_batches import FAR, Act, Held, Line, New
from registries.store.quarantine import Reason
from registries.store.window_tables import RELEASE_REASONS, RETURN_REASONS

LONGEST_NOTE: Final = 1000
REASONS: Final[dict[Act, tuple[str, ...]]] = {"release": RELEASE_REASONS, "return": RETURN_REASONS}
REASON_WORDS: Final = {
    "checked_with_source": ("已与报送部门核实，数据属实", "checked with its department; the data is right"),
    "planned_change": ("计划内的业务变化（机构调整、批量注销等）", "a planned change, such as a merger"),
    "rule_does_not_fit": ("触发的规则不适用于本批", "the rule does not fit this batch"),
    "urgent": ("业务急需，先行入库，问题另行整改", "needed at once; what is wrong is mended afterwards"),
    "incomplete_export": ("导出不完整，数量异常减少", "the export is not complete"),
    "wrong_file": ("报送了错误的文件或时段", "the wrong file, or of the wrong time"),
    "faulty_values": ("数据错误过多，需改正后重新报送", "too many faulty values; mend and deliver again"),
    "no_explanation": ("报送部门未在期限内说明", "its department has not explained it in time"),
    "not_wanted": ("报送部门要求撤回", "its department wants it back"),
}


class ReleasingError(ExchangeApiError):
    """The root of what can go wrong in deciding about held batches: raised only through its children."""


class DecisionIncomplete(ReleasingError):
    """Raised when a decision lacks its reason, or its note is too long."""

    kind: ClassVar[Kind | None] = Kind(
        "held-decision-incomplete", HTTPStatus.UNPROCESSABLE_ENTITY, "处置不完整", "Decision not complete"
    )

    def __init__(self) -> None:
        super().__init__(
            f"请选择放行或退回，并从列表中选择理由；补充说明不超过 {LONGEST_NOTE} 字",
            f"choose to release or return it, and a reason of the list; a note has at most {LONGEST_NOTE} characters",
        )


class DecidedAlready(ReleasingError):
    """Raised when somebody else has decided about the batch, or a later one has taken its place."""

    kind: ClassVar[Kind | None] = Kind("held-batch-decided", HTTPStatus.CONFLICT, "该批次已处置", "Decided already")

    def __init__(self) -> None:
        super().__init__(
            "该批次已有处置，或已有较新的批次入库。请刷新页面查看",
            "somebody has decided about this batch, or a later one was taken over; reload the page",
        )


@dataclass(frozen=True)
class HeldBatch:
    """A held batch with what a steward has to know.

    Attributes:
        held: by which rules, and the volume before; None of batches held before this was written down.
        reasons: of its refused rows, most frequent first.
        note: of the decision, opened.
    """

    line: Line
    held: Held | None
    reasons: tuple[Reason, ...]
    note: str


class Releasing:
    """What can be known and decided of held batches."""

    def __init__(
        self, store_page: Store, catalogue: Callable[[], Catalogue], words: SealedWords, clock: Callable[[], datetime]
    ) -> None:
        self._store_page = store_page
        self._catalogue = catalogue
        self._words = words
        self._clock = clock

    def listed(self, department: str | None = None, before: int | None = None, limit: int = 25) -> Sequence[Line]:
        """Batches that are or were held, of a department or of all, latest first."""
        with Transaction(self._store_page) as work:
            return held_batches.listed(work.conn, department=department, before=before or FAR, limit=limit)

    def one(self, batch: int, department: str | None = None) -> HeldBatch:
        """A held batch. NotFound for one that never was held, or of another department than the one named."""
        with Transaction(self._store_page) as work:
            found = held_batches.listed(work.conn, department=department, batch=batch, limit=1)
            held = held_batches.held(work.conn, batch)
            reasons = tuple(quarantine.reasons_of(work.conn, batch))
        if not found or found[0].batch.dataset not in self._catalogue():
            raise NotFound("挂起的批次", "held batch")
        decision = found[0].decision
        return HeldBatch(found[0], held, reasons, self._words.opened(decision.note if decision else None))

    def decide(self, session: Session, batch: int, act: str, reason: str, note: str) -> None:
        """Write a decision down, for the intake worker to carry out.

        Raises:
            DecisionIncomplete, DecidedAlready
            NotFound: it is not held.
        """
        wanted: Act = "return" if act == "return" else "release"
        if act not in REASONS or reason not in REASONS[wanted] or len(note.strip()) > LONGEST_NOTE:
            raise DecisionIncomplete
        found = self.one(batch).line
        sealed = self._words.sealed(note.strip()) if note.strip() else None
        new = New(batch, found.batch.dataset, wanted, reason, sealed, session.login)
        if found.standing == "overtaken" and wanted == "release":
            raise DecidedAlready
        with Transaction(self._store_page) as work:
            if held_batches.decide(work.conn, new, self._clock()) is None:
                raise DecidedAlready
