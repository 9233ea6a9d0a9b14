"""The workbook of a dataset without its rows: headers with notes, drop-downs, formats, the guide, the code tables.

    content = Shell(dataset, columns).made()

A template is a shell as it is; an annotated workbook is a shell whose table gets rows while it is sent. XlsxWriter
makes it in memory: it holds nothing of any row, and a few hundred kilobytes at most. No cell is ever a formula.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

import xlsxwriter

from quality.workbooks import guide, words
from quality.workbooks.words import TEXT
from registries.connectors.rows import OUR_COLUMNS
from registries.connectors.workbook_faults import ROWS
from registries.connectors.workbook_marks import MARKS, Form
from registries.contracts.model import Column, Dataset

Book = Any  # xlsxwriter ships no types
Sheet = Any

CODES: Final = "代码表"
GUIDE: Final = "填表说明"
LAST_ROW: Final = ROWS
"""Of the table, from 0: the header is row 0."""

_SHEET_NAME: Final = 31
_FORBIDDEN: Final = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
_TITLE, _PROMPT = 32, 255
_WIDEST, _NARROWEST = 40, 12
_OURS_WIDTH: Final = 60
_CREATED: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - a constant, so that equal contracts give equal bytes
_FIRST_DAY: Final = date(1900, 1, 1)
_LAST_DAY: Final = date(9999, 12, 31)
_SAFE_INTEGER: Final = 2**53 - 1
_FONT: Final = {"font_name": "等线", "font_size": 11, "valign": "vcenter"}
_FORMATS: Final[Mapping[str, str]] = {"date": "yyyy-mm-dd", "timestamp": "yyyy-mm-dd hh:mm:ss"}
MARKS_OF: Final[Mapping[str, Mapping[str, object]]] = {
    "plain": {},
    "red": {"bg_color": "#FFC7CE", "font_color": "#9C0006"},
    "amber": {"bg_color": "#FFEB9C", "font_color": "#7F6000"},
}
"""How a cell is marked: not at all, as a reason why its row was refused, as something to be mended."""

NOTE: Final[Mapping[str, object]] = {"bg_color": "#FFF7CC", "text_wrap": True, "num_format": TEXT}


def sheet_name(dataset: Dataset) -> str:
    """What the table's sheet is called: as the contract says, else as the dataset is."""
    return (
        dataset.server.sheet
        or dataset.title_zh.translate(_FORBIDDEN)[:_SHEET_NAME].strip()
        or dataset.name[:_SHEET_NAME]
    )


@dataclass
class Shell:
    """A workbook in the making.

    Attributes:
        dataset: whose workbook it is.
        columns: in the order in which they are to stand.
        ours: headers of the hub's own columns behind them.
        rows: of the table that the filter spans; 0: no filter.
    """

    dataset: Dataset
    columns: Sequence[Column]
    ours: Sequence[str] = ()
    rows: int = 0
    _styles: dict[tuple[str, str], Any] = field(default_factory=dict)

    def made(self, summary: Any = None) -> bytes:  # noqa: ANN401 - a function of book and sheet, see summary.py
        """The file.

        Args:
            summary: fills one more sheet, which stands behind the table.
        """
        sink = io.BytesIO()
        with xlsxwriter.Workbook(
            sink, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        ) as book:
            book.set_properties({"created": _CREATED, "title": self.dataset.title_zh})
            table = book.add_worksheet(sheet_name(self.dataset))
            if summary is not None:
                summary(book, sheet_name(self.dataset))
            guide.write(book, book.add_worksheet(GUIDE), self.dataset, self.columns)
            codes = self._codes(book)
            self._table(book, table, codes)
            self._marks(book)
        return sink.getvalue()

    def style(self, book: Book, kind: str, mark: str) -> Any:  # noqa: ANN401 - XlsxWriter's
        """The format of cells of one kind of column, marked or not; one object each."""
        if (kind, mark) not in self._styles:
            look = {**_FONT, "num_format": _FORMATS.get(kind, TEXT if kind == "text" else "General")}
            self._styles[kind, mark] = book.add_format({**look, **MARKS_OF[mark]})
        return self._styles[kind, mark]

    def _table(self, book: Book, sheet: Sheet, codes: Mapping[str, str]) -> None:
        heads = {required: book.add_format(_head(required=required)) for required in (True, False)}
        for place, column in enumerate(self.columns):
            sheet.write_string(0, place, column.source, heads[column.required])
            _comment(sheet, place, words.note(self.dataset, column))
            plain = self.style(book, kind_of(column), "plain")
            sheet.set_column(place, place, _width(column), plain)
            sheet.data_validation(1, place, LAST_ROW, place, _validation(column, codes.get(column.name)))
        self._own_columns(book, sheet)
        sheet.freeze_panes(1, 0)
        sheet.set_row(0, 24)
        sheet.ignore_errors({"number_stored_as_text": f"A2:XFD{LAST_ROW + 1}"})

    def _own_columns(self, book: Book, sheet: Sheet) -> None:
        if not self.ours:
            return
        first, last = len(self.columns), len(self.columns) + len(self.ours) - 1
        head, note = (
            book.add_format(_head(required=False) | {"bg_color": "#D48806"}),
            book.add_format({**_FONT, **NOTE}),
        )
        for place, name in enumerate(self.ours, start=first):
            sheet.write_string(0, place, name, head)
        sheet.set_column(first, first, _NARROWEST, note)
        sheet.set_column(first + 1, last, _OURS_WIDTH, note)
        self._probes(book, sheet, note)
        if self.rows:
            sheet.autofilter(0, 0, self.rows, last)

    def _probes(self, book: Book, sheet: Sheet, note: Any) -> None:  # noqa: ANN401 - XlsxWriter's
        """One empty cell in row 2 for each style: whoever writes the rows learns its number there."""
        for place, (kind, mark) in enumerate(probes()):
            sheet.write_blank(1, place, None, self.style(book, kind, mark))
        sheet.write_blank(1, len(probes()), None, note)

    def _codes(self, book: Book) -> Mapping[str, str]:
        """The code tables on a sheet of their own; column -> where its codes stand."""
        coded = [column for column in self.columns if column.code_table]
        if not coded:
            return {}
        sheet, places, row = book.add_worksheet(CODES), {}, 1
        bold, text = book.add_format({**_FONT, "bold": True}), book.add_format({**_FONT, "num_format": TEXT})
        sheet.write_row(0, 0, [OUR_COLUMNS + name for name in ("列名", "代码", "名称", "English")], bold)
        for column in coded:
            places[column.name] = f"='{CODES}'!$B${row + 1}:$B${row + len(column.codes)}"
            for code in column.code_table or ():
                for place, cell in enumerate((column.source, code.value, code.zh, code.en)):
                    sheet.write_string(row, place, cell, text)
                row += 1
        sheet.set_column(0, 3, 24)
        sheet.freeze_panes(1, 0)
        return places

    def _marks(self, book: Book) -> None:
        """By which the hub knows the workbook when it comes back."""
        sheet = book.add_worksheet(MARKS)
        for row, cells in enumerate(Form(self.dataset.name, self.dataset.contract_version).rows()):
            for place, cell in enumerate(cells):
                sheet.write_string(row, place, cell)
        sheet.very_hidden()


def kind_of(column: Column) -> str:
    """What a column's cells are formatted as: numbers that are names, such as certificates', stay text."""
    if column.logical_type in {"date", "timestamp"}:
        return column.logical_type
    return "number" if column.logical_type in {"integer", "number"} else "text"


def probes() -> list[tuple[str, str]]:
    """The styles of a table's cells, in the order of the cells that show their numbers."""
    return [(kind, mark) for kind in ("text", "number", *_FORMATS) for mark in MARKS_OF]


def _head(*, required: bool) -> dict[str, object]:
    return {
        **_FONT,
        "bold": True,
        "font_color": "#FFFFFF",
        "bg_color": "#1677FF" if required else "#8C8C8C",
        "border": 1,
    }


def _comment(sheet: Sheet, place: int, note: str) -> None:
    lines = sum(1 + len(line) // 40 for line in note.split("\n"))
    sheet.write_comment(0, place, note, {"author": "", "width": 420, "height": 24 + 18 * lines, "font_size": 9})


def _width(column: Column) -> int:
    wanted = max(2 * len(column.source) + 4, column.max_length or 0)
    return max(_NARROWEST, min(_WIDEST, wanted))


def _validation(column: Column, codes: str | None) -> dict[str, object]:
    """A drop-down where there is a code table; otherwise a bound that warns and lets pass: the rules decide."""
    told = {"input_title": column.title_zh[:_TITLE], "input_message": words.prompt(column)[:_PROMPT]}
    if codes is not None:
        wrong = {"error_title": "不在代码表中", "error_message": "请从下拉列表中选择 / choose from the list"}
        return {"validate": "list", "source": codes, **wrong, **told}
    return {**_bounds(column), "error_type": "warning", **told}


def _bounds(column: Column) -> dict[str, object]:
    match column.logical_type:
        case "boolean":
            return {"validate": "list", "source": ["true", "false"]}
        case "date":
            return {"validate": "date", "criteria": "between", "minimum": _FIRST_DAY, "maximum": _LAST_DAY}
        case "integer":
            bounds = {"minimum": -_SAFE_INTEGER, "maximum": _SAFE_INTEGER}
            return {"validate": "integer", "criteria": "between", **bounds}
        case "number":
            return {"validate": "decimal", "criteria": "between", "minimum": -1e300, "maximum": 1e300}
        case "string" if column.max_length is not None:
            return {"validate": "length", "criteria": "<=", "value": column.max_length}
        case _:
            return {"validate": "any"}
