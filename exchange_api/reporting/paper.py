"""A report as PDF: A4, the hub's typeface, tables with bars; laid out as PDF/A-3, the same bytes for the same report.

Example:
    >>> from datetime import UTC, datetime
    >>> from exchange_api.reporting.sections import Report
    >>> report = Report("r", "月报", "Report", (), ("没有数据",), (), datetime(2026, 11, 1, tzinfo=UTC))
    >>> as_pdf(report, {})[:8]
    b'%PDF-1.7'
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Final

from certificates.china_time import CHINA
from certificates.documents.drawing import A4, POINT, Attachment, Box, Colour, Document, Page, Text
from certificates.documents.flow import LEADING, Flow
from certificates.documents.pdf import write_pdf
from certificates.documents.typeface import Typeface, load_typeface
from exchange_api.reporting.sections import Cell, Column, Report, Section, shown
from quality.grades import Band, band_of

AUTHOR: Final = "免证 Mianzheng"
_MARGIN: Final = 15.0
_TOP: Final = 24.0
_SIZE: Final = 8.0
_PAD: Final = 1.2
_GREY: Final[Colour] = (90, 90, 90)
_TINT: Final[Colour] = (240, 243, 248)
_LINE: Final[Colour] = (217, 217, 217)
_TRACK: Final[Colour] = (232, 232, 232)
_BAR_HEIGHT: Final = 2.4
_WORDS_BESIDE: Final = 23.0
"""Millimetres that a bar leaves for its points and its band's name."""
_COLOURS: Final[Mapping[Band, Colour]] = {
    "red": (207, 19, 34),
    "orange": (212, 107, 8),
    "yellow": (212, 177, 6),
    "green": (56, 158, 13),
}


def as_pdf(report: Report, evidence: Mapping[str, object]) -> bytes:
    """The file. `evidence` is attached as JSON: what the figures were closed with.

    Raises:
        DocumentsMissing: the extra `documents` is not installed.
    """
    face = load_typeface()
    flow = Flow(A4, face, margin=_MARGIN, top=_TOP)
    _head(flow, report)
    for section in report.sections:
        _section(flow, section)
    for number, page in enumerate(flow.pages, start=1):
        _frame(page, flow, report, f"{number} / {len(flow.pages)}")
    told = json.dumps(evidence, ensure_ascii=False, sort_keys=True, indent=1).encode()
    attached = Attachment("figures.json", "application/json", "封存依据 what the figures were closed with", told)
    document = Document(
        title=report.zh,
        author=AUTHOR,
        subject=report.en,
        made_at=int(report.made_at.timestamp()),
        identity=hashlib.sha256(report.name.encode() + told).hexdigest()[:32],
        pages=flow.pages,
        attachments=(attached,),
    )
    return write_pdf(document, face)


def _head(flow: Flow, report: Report) -> None:
    flow.paragraph(report.zh, 16, bold=True)
    flow.paragraph(report.en, 9, colour=_GREY)
    flow.space(2.0)
    top, page = flow.y, flow.pages[-1]
    place = len(page.items)
    flow.space(1.8)
    for number, line in enumerate(report.lead):
        flow.paragraph(line, 9.5 if number else 18, bold=not number, indent=4)
    flow.space(1.4)
    page.items[place:place] = [
        Box(flow.margin, top, flow.width, flow.y - top, _TINT),
        Box(flow.margin, top, 1.4, flow.y - top, (22, 119, 255)),
    ]
    flow.space(2.5)
    for label, value in report.about:
        flow.row(((34.0, label), (flow.width - 34.0, value)), 8.5)
    flow.space(2.0)


def _section(flow: Flow, section: Section) -> None:
    flow.heading(f"{section.zh}  {section.en}", 11, below=16)
    flow.space(1.0)
    widths = _widths(flow, section.columns)
    _heads(flow, section.columns, widths)
    for row in section.rows:
        _row(flow, section.columns, widths, row)
    if not section.rows:
        flow.paragraph("无 none", _SIZE, colour=_GREY, indent=_PAD)
    if section.note:
        flow.paragraph(section.note, 7.5, colour=_GREY)
    flow.space(3.5)


def _widths(flow: Flow, columns: Sequence[Column]) -> list[float]:
    whole = sum(column.width for column in columns)
    return [column.width * flow.width / whole for column in columns]


def _heads(flow: Flow, columns: Sequence[Column], widths: Sequence[float]) -> None:
    lines = [
        [*flow.lines(column.zh, _SIZE, width - 2 * _PAD), *flow.lines(column.en, 6.5, width - 2 * _PAD)]
        for column, width in zip(columns, widths, strict=True)
    ]
    height = _SIZE * POINT * LEADING * max(map(len, lines)) + 1.0
    flow.add(Box(flow.margin, flow.y, flow.width, height, _TINT))
    left = flow.margin
    for column, width, texts in zip(columns, widths, lines, strict=True):
        for number, text in enumerate(texts):
            size = _SIZE if text in flow.lines(column.zh, _SIZE, width - 2 * _PAD) else 6.5
            _put(flow, column, (left, width), number, text, size, bold=size == _SIZE)
        left += width
    flow.space(height)


def _row(flow: Flow, columns: Sequence[Column], widths: Sequence[float], row: Sequence[Cell]) -> None:
    texts = [
        [shown(cell)] if column.kind == "share" else flow.lines(shown(cell), _SIZE, width - 2 * _PAD)
        for column, width, cell in zip(columns, widths, row, strict=True)
    ]
    height = _SIZE * POINT * LEADING * max(map(len, texts)) + 1.2
    pages = len(flow.pages)
    flow.room(height)
    if len(flow.pages) != pages:
        _heads(flow, columns, widths)
    left = flow.margin
    for column, width, cell, lines in zip(columns, widths, row, texts, strict=True):
        if column.kind == "share":
            _share(flow, left, width, cell)
        else:
            for number, text in enumerate(lines):
                _put(flow, column, (left, width), number, text, _SIZE)
        left += width
    flow.space(height)
    flow.add(Box(flow.margin, flow.y - 0.15, flow.width, 0.15, _LINE))


def _put(
    flow: Flow, column: Column, place: tuple[float, float], line: int, text: str, size: float, *, bold: bool = False
) -> None:
    """A line of a cell; counts end where their column ends."""
    left, width = place
    x = left + _PAD
    if column.kind == "count":
        x = left + width - _PAD - flow.face.width(text, size) * POINT
    flow.add(Text(x, flow.y + 0.6 + _SIZE * POINT * (LEADING * line + 1), size, text, bold=bold))


def _share(flow: Flow, left: float, width: float, cell: Cell) -> None:
    """A bar as long as the share, its points and the name of its band beside it."""
    room = width - 2 * _PAD - _WORDS_BESIDE
    x, text = left + _PAD, flow.face.readable(shown(cell))
    if isinstance(cell, Fraction) and room > 0:
        y = flow.y + 1.0
        flow.add(Box(x, y, room, _BAR_HEIGHT, _TRACK))
        flow.add(Box(x, y, max(room * float(cell), 0.2), _BAR_HEIGHT, _COLOURS[band_of(cell)]))
    x += max(room, 0) + (1.0 if room > 0 else 0)
    flow.add(Text(x, flow.y + 0.6 + _SIZE * POINT, _SIZE, text))


def _frame(page: Page, flow: Flow, report: Report, place: str) -> None:
    """Head and foot of a page."""
    for item in _frame_items(page, flow.face, report, place):
        page.add(item)


def _frame_items(page: Page, face: Typeface, report: Report, place: str) -> Iterator[Text | Box]:
    name = face.readable(f"{report.zh}")
    yield Text(_MARGIN, 13.0, 8, name, _GREY)
    yield Text(page.width - _MARGIN - face.width(AUTHOR, 8) * POINT, 13.0, 8, AUTHOR, _GREY)
    yield Box(_MARGIN, 15.0, page.width - 2 * _MARGIN, 0.3, _LINE)
    closed = f"封存于 closed as of {report.made_at.astimezone(CHINA):%Y-%m-%d} · {report.name}"
    yield Text(_MARGIN, page.height - 9.0, 7, face.readable(closed), _GREY)
    yield Text(page.width - _MARGIN - face.width(place, 7) * POINT, page.height - 9.0, 7, place, _GREY)
