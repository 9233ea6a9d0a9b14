"""The sheet 校验结果 of an annotated workbook: what became of its rows, and why, the most frequent cause first.

summary = Summary(story, causes)
shell.made(summary)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from quality.workbooks.words import LEVELS, TEXT

SHEET: Final = "校验结果"
FIRST_ROWS: Final = 5
_FONT: Final = {"font_name": "等线", "font_size": 11, "valign": "top", "text_wrap": True}
_COUNTS: Final[Mapping[str, tuple[str, str]]] = {
    "pulled": ("报送行数", "rows delivered"),
    "accepted": ("接收", "accepted"),
    "quarantined": ("未接收", "refused"),
    "held": ("挂起", "held"),
    "new": ("其中新增", "of these new"),
    "changed": ("其中变更", "changed"),
    "unchanged": ("其中与库中相同, 无须重复入库", "the same as before: nothing to take in"),
    "deleted": ("其中删除", "deleted"),
    "repeated": ("其中重复行", "repeated"),
}
_HEADS: Final = (
    "原因与改法",
    "What is wrong and how to mend it",
    "级别 Level",
    "涉及列 Columns",
    "行数 Rows",
    "占比 Share",
)
_WIDTHS: Final = (56, 56, 22, 24, 12, 10, *[10] * FIRST_ROWS)


@dataclass(frozen=True)
class Story:
    """What a delivery was, and what became of it.

    Attributes:
        file_name: as it came.
        became: `试跑 dry run`, or which batch it became; in one line for both languages.
        at: when it was judged, as the page shows times.
        counts: of rows, by the names of a batch's counts; those that are unknown are left out.
        held_by: the rules that hold it as a whole, in words.
    """

    file_name: str
    became: str
    at: str
    counts: Mapping[str, int] = field(default_factory=dict)
    held_by: Sequence[str] = ()

    @property
    def rows(self) -> int:
        """How many rows were delivered."""
        return self.counts.get("pulled", 0)


@dataclass(frozen=True)
class Cause:
    """One rule that failed; `rows` of the delivery, the first of which are `first`, from 1 without the header."""

    zh: str
    en: str
    level: int
    columns: tuple[str, ...]
    rows: int
    first: tuple[int, ...]


@dataclass(frozen=True)
class Summary:
    """Fills the sheet; row numbers lead to their rows."""

    story: Story
    causes: Sequence[Cause]

    def __call__(self, book: Any, table: str) -> None:  # noqa: ANN401 - XlsxWriter's
        """Add the sheet to a workbook whose table's sheet has the name `table`."""
        sheet, text = book.add_worksheet(SHEET), book.add_format({**_FONT, "num_format": TEXT})
        bold = book.add_format({**_FONT, "bold": True})
        sheet.write_string(0, 0, "校验结果 What came of it", book.add_format({**_FONT, "bold": True, "font_size": 14}))
        facts = [("文件 File", self.story.file_name), ("去向 Became", self.story.became), ("时间 Time", self.story.at)]
        facts += [("整批挂起 Held whole", words) for words in self.story.held_by]
        for row, (name, value) in enumerate(facts, start=1):
            sheet.write_string(row, 0, name, bold)
            sheet.write_string(row, 1, value, text)
        row = self._counts(sheet, len(facts) + 2, book.add_format({**_FONT, "num_format": "#,##0"}), text)
        self._causes(book, sheet, row + 1, table)
        for place, width in enumerate(_WIDTHS):
            sheet.set_column(place, place, width)

    def _counts(self, sheet: Any, row: int, number: Any, text: Any) -> int:  # noqa: ANN401 - XlsxWriter's
        for name, (zh, en) in _COUNTS.items():
            if name in self.story.counts:
                sheet.write_string(row, 0, f"{zh} {en}", text)
                sheet.write_number(row, 1, self.story.counts[name], number)
                row += 1
        return row

    def _causes(self, book: Any, sheet: Any, row: int, table: str) -> None:  # noqa: ANN401 - XlsxWriter's
        bold, text = (book.add_format({**_FONT, "bold": True, **more}) for more in ({}, {"bold": False}))
        share, link = book.add_format({**_FONT, "num_format": "0.0%"}), book.add_format({**_FONT, "font_color": "blue"})
        for place, head in enumerate((*_HEADS, "首批行 First rows")):
            sheet.write_string(row, place, head, bold)
        for number, cause in enumerate(self.causes, start=row + 1):
            cells = (cause.zh, cause.en, " ".join(LEVELS[cause.level]), "、".join(cause.columns))
            for place, cell in enumerate(cells):
                sheet.write_string(number, place, cell, text)
            sheet.write_number(number, 4, cause.rows, text)
            sheet.write_number(number, 5, cause.rows / max(1, self.story.rows), share)
            for place, first in enumerate(cause.first[:FIRST_ROWS], start=6):
                sheet.write_url(number, place, f"internal:'{table}'!A{first + 1}", link, str(first))
