"""A dashboard's table as a file: CSV in UTF-8 with its mark, or a workbook; no cell is ever a formula.

A column of scores becomes three: the points of a hundred, what was checked, and what failed.
"""

import csv
import datetime as dt
import io
from collections.abc import Iterator
from typing import Final

import xlsxwriter

from exchange_api.pages.views.board import Board, Cell, Head, Row, Value

CSV_TYPE: Final = "text/csv; charset=utf-8"
XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_WIDEST: Final = 60


def heads_of(board: Board) -> list[str]:
    """The columns' names, in both languages."""
    return [name for head in board.heads for name in _head(head)]


def lines_of(board: Board) -> Iterator[list[Value]]:
    """The table's rows as values."""
    for row in board.rows:
        yield _line(row, board.heads)


def as_csv(board: Board) -> bytes:
    """The table as CSV."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(heads_of(board))
    for line in lines_of(board):
        writer.writerow([_plain(value) for value in line])
    return file.getvalue().encode("utf-8-sig")


def as_xlsx(board: Board) -> bytes:
    """The table as a workbook: texts are texts, counts are numbers, the first row stays in sight."""
    file = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet(board.title.zh[:31])
        bold, day = book.add_format({"bold": True, "bottom": 1}), book.add_format({"num_format": "yyyy-mm-dd"})
        heads = heads_of(board)
        for column, name in enumerate(heads):
            sheet.write_string(0, column, name, bold)
            sheet.set_column(column, column, min(_WIDEST, max(12, 2 * len(name))))
        for number, line in enumerate(lines_of(board), 1):
            for column, value in enumerate(line):
                if isinstance(value, dt.date):
                    sheet.write_datetime(number, column, dt.datetime(value.year, value.month, value.day), day)  # noqa: DTZ001 - a day of a spreadsheet has no zone
                elif isinstance(value, int | float):
                    sheet.write_number(number, column, value)
                elif value is not None:
                    sheet.write_string(number, column, value)
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, max(1, len(board.rows)), max(0, len(heads) - 1))
    return file.getvalue()


def _head(head: Head) -> list[str]:
    name = f"{head.words.zh} {head.words.en}".strip()
    return [name] if head.kind != "score" else [f"{name} 分 score", f"{name} 已检查 checked", f"{name} 不符 failed"]


def _line(row: Row, heads: tuple[Head, ...]) -> list[Value]:
    return [value for head, cell in zip(heads, row.cells, strict=True) for value in _values(head, cell)]


def _values(head: Head, cell: Cell) -> list[Value]:
    if head.kind != "score":
        return [cell.value]
    score = cell.score
    if score is None or not score.checked:
        return [cell.value, None, None]
    return [cell.value, score.checked, score.checked - score.passed]


def _plain(value: Value) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text
