"""Rows that a rule found, masked, and one of them with everything that rules say about it: the end of the way down."""

from collections.abc import Sequence

from exchange_api.pages import words
from exchange_api.pages.boards.asked import BOARDS, Asked
from exchange_api.pages.boards.setting import Setting
from exchange_api.pages.quality_views import rule_words
from exchange_api.pages.views.board import Board, BoardTab, Cell, Head, Row, RowView
from exchange_api.pages.views.frame import Words
from quality.refused_rows.reading import RefusedRow
from registries.contracts.model import Dataset

__all__ = ["RefusedRow", "row_view", "rows_board"]


def rows_board(
    dataset: Dataset, batch: int, rows: Sequence[RefusedRow], asked: Asked, setting: Setting, page: int
) -> Board:
    """The rows; `page` at most are on one."""
    said = rule_words(dataset.name, asked.rule, setting.catalogue)
    up = Asked(by="rule", dataset=dataset.name).to("scores")
    department = Asked(by="dataset", department=dataset.department).to("scores")
    steps = (
        (Words("全市", "City"), Asked().to("scores")),
        (setting.department(dataset.department), department),
        (setting.dataset(dataset.name), up),
    )
    columns = (Head(Words(one.title_zh, one.name)) for one in dataset.columns)
    return Board(
        name="scores",
        title=Words("不符的行", "Rows found"),
        lede=Words(f"{said.zh}。第 {batch} 批，敏感信息已脱敏。", f"{said.en}. Batch {batch}, masked."),
        heads=(Head(Words("行号", "Row"), "number"), Head(Words("去向", "Outcome"), "tag"), *columns),
        rows=tuple(_row(dataset, batch, row) for row in rows),
        steps=steps,
        query=asked.query,
        downloads=False,
        next_page=asked.to("rows", after=rows[-1].number) if len(rows) == page else "",
        empty=Words("最近一批没有这样的行。", "The latest batch has no such row."),
    )


def _row(dataset: Dataset, batch: int, row: RefusedRow) -> Row:
    tone, outcome = words.ROW_OUTCOMES[row.outcome]
    href = f"{BOARDS}/rows/{dataset.name}/{batch}/{row.number}"
    cells = (Cell("—" if text is None else text, value=text) for text in row.cells)
    first = Cell(f"{row.number}", value=row.number, href=href)
    return Row(f"{row.number}", (first, Cell(outcome.zh, outcome.en, outcome.zh, tone=tone), *cells), href)


def row_view(dataset: Dataset, batch: int, row: RefusedRow, tabs: tuple[BoardTab, ...]) -> RowView:
    """One row: what rules say of it, and its cells, those that they speak of first in sight."""
    tone, outcome = words.ROW_OUTCOMES[row.outcome]
    touched = {column for reason in row.reasons for column in reason.columns}
    cells = zip(dataset.columns, row.cells, strict=True)
    return RowView(
        dataset=dataset.name,
        batch=batch,
        number=row.number,
        tone=tone,
        outcome=outcome,
        reasons=tuple((reason.rule_id, Words(reason.zh, reason.en)) for reason in row.reasons),
        cells=tuple((column.name, column.title_zh, text, column.name in touched) for column, text in cells),
        tabs=tabs,
    )
