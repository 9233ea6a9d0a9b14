r"""Refused rows as a workbook that a clerk can open, mend and send again: the columns as delivered, and why.

Every cell is text and stays text when it is edited: no formula is ever written, and no long number loses its digits.
It is made while it is sent, row by row: nothing of it is kept in memory or on disk.

    >>> escaped("=1+1 & <b>\x07")
    '=1+1 &amp; &lt;b&gt;_x0007_'

Standard: ISO/IEC 29500-1 (SpreadsheetML), inline strings.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

ROWS_AT_A_TIME: Final = 500
_DECLARED: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_UNWRITABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_CELL_LIMIT: Final = 32_767  # characters of a cell
_THEIRS, _HEADER, _OURS = 1, 2, 3  # styles, by their place below
_STYLES: Final = (
    f'<styleSheet xmlns="{_MAIN}">'
    '<fonts count="2"><font><sz val="11"/><name val="等线"/></font>'
    '<font><b/><sz val="11"/><name val="等线"/></font></fonts>'
    '<fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '<fill><patternFill patternType="solid"><fgColor rgb="FFFFF7CC"/></patternFill></fill></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="4"><xf/>'
    '<xf numFmtId="49" applyNumberFormat="1"/>'
    '<xf numFmtId="49" fontId="1" applyNumberFormat="1" applyFont="1"/>'
    '<xf numFmtId="49" fillId="2" applyNumberFormat="1" applyFill="1"/></cellXfs></styleSheet>'
)
_FIXED: Final = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
    ),
    "xl/styles.xml": _STYLES,
}


def refused_xlsx(
    headers: Sequence[str], ours: int, rows: Iterable[Sequence[str | None]], sheet: str
) -> Iterator[bytes]:
    """The workbook, piece by piece: a header row, then the rows.

    Args:
        headers: the department's own columns, then the hub's.
        ours: how many of the last ones are the hub's; they are coloured.
        rows: cells in the order of the headers.
        sheet: the sheet's name.
    """
    sink = Pieces()
    first_of_ours = len(headers) - ours
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {**_FIXED, "xl/workbook.xml": _workbook(sheet)}.items():
            archive.writestr(name, _DECLARED + text)
        with archive.open("xl/worksheets/sheet1.xml", "w") as part:
            part.write(_start(len(headers), first_of_ours).encode())
            numbered = enumerate(chain([headers], rows), start=1)
            while some := list(islice(numbered, ROWS_AT_A_TIME)):
                part.write("".join(_row(number, cells, first_of_ours) for number, cells in some).encode())
                yield sink.taken()
            part.write(b"</sheetData></worksheet>")
    yield sink.taken()


def escaped(text: str) -> str:
    """Text for a cell; characters that XML can't hold as spreadsheets write them: `_x0007_`."""
    cut = _UNWRITABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", text[:_CELL_LIMIT])
    return escape(cut).replace("\r", "_x000D_")


def _workbook(sheet: str) -> str:
    return (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        f'<sheet name={quoteattr(sheet)} sheetId="1" r:id="rId1"/></sheets></workbook>'
    )


def _start(columns: int, first_of_ours: int) -> str:
    """Columns are text also where they are empty; the header stays in sight."""
    theirs = f'<col min="1" max="{first_of_ours}" width="22" style="{_THEIRS}" customWidth="1"/>'
    ours = f'<col min="{first_of_ours + 1}" max="{columns}" width="40" style="{_OURS}" customWidth="1"/>'
    return (
        f'{_DECLARED}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f"<cols>{theirs}{ours}</cols><sheetData>"
    )


def _row(number: int, cells: Sequence[str | None], first_of_ours: int) -> str:
    written = (
        _cell(cell, _HEADER if number == 1 else _THEIRS if place < first_of_ours else _OURS)
        for place, cell in enumerate(cells)
    )
    return f'<row r="{number}">{"".join(written)}</row>'


def _cell(text: str | None, style: int) -> str:
    if not text:
        return f'<c s="{style}"/>'
    return f'<c s="{style}" t="inlineStr"><is><t xml:space="preserve">{escaped(text)}</t></is></c>'


class Pieces(io.RawIOBase):
    """What was written and not taken yet; it can't be sought in, so that the archive is written from front to back."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting = bytearray()

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: "ReadableBuffer", /) -> int:
        """All of it is kept until it is taken."""
        self._waiting += data
        return memoryview(data).nbytes

    def taken(self) -> bytes:
        """What was written since the last time."""
        piece = bytes(self._waiting)
        self._waiting.clear()
        return piece
