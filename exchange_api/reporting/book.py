"""A report as a workbook: a sheet for each section, counts as numbers, shares with their bars; no cell is a formula.

Example:
    >>> from datetime import UTC, datetime
    >>> from exchange_api.reporting.sections import Report
    >>> as_workbook(Report("r", "月报", "Report", (), (), (), datetime(2026, 11, 1, tzinfo=UTC)), {})[:2]
    b'PK'

Standard: ISO/IEC 29500-1 (SpreadsheetML).
"""

import io
import json
import re
from collections.abc import Mapping
from datetime import UTC
from fractions import Fraction
from typing import Final

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from exchange_api.reporting.sections import Cell, Column, Report, Section, graded

_MM_A_CHARACTER: Final = 2.1
_UNNAMEABLE: Final = re.compile(r"[\[\]:*?/\\]")
_SHEET_NAME: Final = 31
_AS_TEXT: Final = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


class _Book:
    """The workbook while it is made, with its formats."""

    def __init__(self, target: io.BytesIO, report: Report) -> None:
        self.book = xlsxwriter.Workbook(target, _AS_TEXT)
        made = report.made_at.astimezone(UTC).replace(tzinfo=None)
        self.book.set_properties({"title": report.zh, "author": "免证 Mianzheng", "created": made})
        self.title = self._format(bold=True, font_size=16)
        self.lead = self._format(bold=True, font_size=13)
        self.head = self._format(bold=True, bg_color="#E6F0FF", border=1, text_wrap=True, valign="top")
        self.text = self._format(num_format="@", text_wrap=True, valign="top", border=1)
        self.count = self._format(num_format="#,##0", valign="top", border=1)
        self.share = self._format(num_format="0.00%", valign="top", border=1)
        self.note = self._format(font_color="#666666", text_wrap=True)

    def _format(self, **properties: object) -> Format:
        return self.book.add_format({"font_name": "等线", "font_size": 11, **properties})


def as_workbook(report: Report, evidence: Mapping[str, object]) -> bytes:
    """The file; `evidence` stands on its last sheet: what the figures were closed with."""
    target = io.BytesIO()
    made = _Book(target, report)
    _front(made, report)
    for section in report.sections:
        _section(made, section)
    _evidence(made, evidence)
    made.book.close()
    return target.getvalue()


def _front(made: _Book, report: Report) -> None:
    sheet = _sheet(made, "概况 Summary")
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 100)
    sheet.write_string(0, 0, report.zh, made.title)
    sheet.write_string(1, 0, report.en, made.note)
    for number, line in enumerate(report.lead):
        sheet.write_string(3 + number, 0, line, made.lead)
    start = 4 + len(report.lead)
    for number, (label, value) in enumerate(report.about):
        sheet.write_string(start + number, 0, label, made.head)
        sheet.write_string(start + number, 1, value, made.text)


def _section(made: _Book, section: Section) -> None:
    sheet = _sheet(made, section.zh)
    place = 0
    for column in section.columns:
        sheet.set_column(place, place, column.width / _MM_A_CHARACTER)
        sheet.write_string(0, place, f"{column.zh}\n{column.en}".strip(), made.head)
        place += 1
        if column.kind == "share":
            sheet.set_column(place, place, 18)
            sheet.write_string(0, place, "等级\nGrade", made.head)
            place += 1
    for number, row in enumerate(section.rows, start=1):
        place = 0
        for column, cell in zip(section.columns, row, strict=True):
            place = _cell(made, sheet, (number, place), column, cell)
    _bars(sheet, section)
    sheet.freeze_panes(1, 1)
    if section.note:
        sheet.write_string(len(section.rows) + 2, 0, section.note, made.note)


def _cell(made: _Book, sheet: Worksheet, at: tuple[int, int], column: Column, cell: Cell) -> int:
    """One cell, or a share with its grade beside it; where the next one stands."""
    row, place = at
    if column.kind != "share":
        if isinstance(cell, int):
            sheet.write_number(row, place, cell, made.count)
        else:
            sheet.write_string(row, place, "—" if cell is None else str(cell), made.text)
        return place + 1
    if isinstance(cell, Fraction):
        sheet.write_number(row, place, int(cell * 10_000) / 10_000, made.share)  # cut, as it is on paper
        sheet.write_string(row, place + 1, graded(cell).partition(" ")[2], made.text)
    else:
        sheet.write_string(row, place, "—", made.text)
        sheet.write_string(row, place + 1, "—", made.text)
    return place + 2


def _bars(sheet: Worksheet, section: Section) -> None:
    """Bars of the spreadsheet's own in columns of shares, from 0 to 100."""
    bar = {"type": "data_bar", "bar_solid": True, "bar_color": "#91CAFF"}
    bounds = {"min_type": "num", "max_type": "num", "min_value": 0, "max_value": 1}
    place = 0
    for column in section.columns:
        if column.kind == "share" and section.rows:
            sheet.conditional_format(1, place, len(section.rows), place, {**bar, **bounds})
        place += 2 if column.kind == "share" else 1


def _evidence(made: _Book, evidence: Mapping[str, object]) -> None:
    sheet = _sheet(made, "封存依据 Evidence")
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 100)
    for number, name in enumerate(sorted(evidence)):
        told = evidence[name]
        sheet.write_string(number, 0, name, made.head)
        sheet.write_string(
            number, 1, told if isinstance(told, str) else json.dumps(told, ensure_ascii=False), made.text
        )


def _sheet(made: _Book, name: str) -> Worksheet:
    sheet = made.book.add_worksheet(_UNNAMEABLE.sub(" ", name)[:_SHEET_NAME])
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    return sheet
