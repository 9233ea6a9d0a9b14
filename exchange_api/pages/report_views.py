"""From reports to what pages show of them: the same sections as in the files.

>>> share_cell(Fraction(99, 100)).zh, share_cell(None).share
('绿', None)
"""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from exchange_api.pages.views.frame import Words
from exchange_api.pages.views.reports import (
    CardView,
    DepartmentRow,
    ReportsView,
    ShareCell,
    ShownCell,
    ShownSection,
)
from exchange_api.reporting.figures import MonthFigures
from exchange_api.reporting.naming import Names
from exchange_api.reporting.periods import ranking
from exchange_api.reporting.scorecard import METHOD
from exchange_api.reporting.sections import BANDS, NOTHING, Cell, Column, Report, Section, shown
from quality.grades import band_of, rank_of

NO_SHARE = ShareCell(None)


def share_cell(share: Fraction | None) -> ShareCell:
    """A share with its band."""
    if share is None:
        return NO_SHARE
    band = band_of(share)
    return ShareCell(share, band, *BANDS[band])


def reports_view(
    month: MonthFigures | None, months: Sequence[date], waiting: Sequence[date], names: Names
) -> ReportsView:
    """All departments of a month; None while no month is closed."""
    told = tuple(map(code, months))
    over = tuple(map(code, waiting))
    if month is None:
        return ReportsView("", told, "", (), over)
    ranked = ranking([month])
    totals = [total for _, total in ranked if total is not None]
    rows = tuple(
        DepartmentRow(
            name,
            names.department(name),
            names.department_en(name),
            NOTHING if total is None else str(rank_of(total, totals)),
            share_cell(total),
            NOTHING if total is None else f"{month.departments[name].grade.maturity} / 3",
            month.departments[name].sum_of("cases_overdue"),
        )
        for name, total in ranked
    )
    return ReportsView(code(month.month), told, quarter_of(month.month, months), rows, over)


def card_view(report: Report, month: date, months: Sequence[date], place: str) -> CardView:
    """A department's card."""
    sections = tuple(_section(f"s{number}", section) for number, section in enumerate(report.sections))
    return CardView(code(month), tuple(map(code, months)), place, report.lead, sections, METHOD)


def code(month: date) -> str:
    """`2026-10`."""
    return f"{month:%Y-%m}"


def quarter_of(month: date, months: Sequence[date]) -> str:
    """`2026-Q3` if this month ends a quarter and all of its months are closed; "" otherwise."""
    if month.month % 3:
        return ""
    own = {month.replace(month=month.month - before) for before in range(3)}
    return f"{month:%Y}-Q{month.month // 3}" if own <= set(months) else ""


def _section(name: str, section: Section) -> ShownSection:
    heads = tuple((Words(column.zh, column.en), column.kind == "count") for column in section.columns)
    rows = tuple(
        tuple(_cell(column, cell) for column, cell in zip(section.columns, row, strict=True)) for row in section.rows
    )
    return ShownSection(name, Words(section.zh, section.en), heads, rows, section.note)


def _cell(column: Column, cell: Cell) -> ShownCell:
    share = cell if isinstance(cell, Fraction) else None
    return ShownCell(column.kind, shown(cell), share_cell(share))
