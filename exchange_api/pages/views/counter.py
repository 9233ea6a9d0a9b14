"""What the pages around the counter show: today's answers, a spreadsheet's form, the panel inside another system."""

from dataclasses import dataclass
from typing import NamedTuple

from exchange_api.pages.views.frame import Words
from exchange_api.pages.views.officer import ReceiptRow, ReceiptView, VerifyForm


class Count(NamedTuple):
    """How many of today's answers were of one kind."""

    code: str
    tone: str
    icon: str
    words: Words
    number: int


@dataclass(frozen=True)
class TodayView:
    """Today's answers.

    Attributes:
        day: as people write it.
        counts: by verdict, the most frequent first.
        chosen: the verdict that is shown alone; "" for all.
        cut: there were more than the page holds.
    """

    day: str
    total: int
    counts: tuple[Count, ...]
    receipts: tuple[ReceiptRow, ...]
    chosen: str = ""
    cut: bool = False


@dataclass(frozen=True)
class SheetView:
    """The form for a spreadsheet: what rows leave out, and what was wrong with a file."""

    form: VerifyForm
    columns: tuple[str, ...]
    most_rows: int
    fault: Words | None = None


@dataclass(frozen=True)
class PanelView:
    """The panel inside a hall's own system.

    Attributes:
        origin: of the page that frames it, and that is told the verdict's code.
        form: for the next question; None: nobody is signed in.
        here: the panel's own address.
    """

    origin: str
    here: str
    form: VerifyForm | None = None
    receipt: ReceiptView | None = None
    verdict: str = ""
    fault: Words | None = None
