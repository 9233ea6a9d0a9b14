"""A shell's table filled with rows while it is sent: every cell an inline text, none of them in memory or on disk.

filled = Filling(shell_content, kinds=["text", "date"], ours=3)
for piece in filled.pieces(rows): ...            # rows: cells, and how some of them are marked

Standard: ISO/IEC 29500-1 (SpreadsheetML), inline strings.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from quality.refused_rows.workbook import Pieces, escaped
from quality.workbooks.shell import probes

TABLE: Final = "xl/worksheets/sheet1.xml"
"""The table's sheet is a shell's first one."""

ROWS_AT_A_TIME: Final = 500
Row = tuple[Sequence[str | None], Mapping[int, str]]
"""Cells, and of those that are marked how: place -> red or amber."""

_DATA: Final = re.compile(r"<sheetData>(.*?</row>)(.*)</sheetData>", re.DOTALL)
_STYLE: Final = re.compile(r'<c r="[A-Z]+2" s="([0-9]+)"/>')
_DIMENSION: Final = re.compile(r'<dimension ref="[^"]*"/>')
_UNUSUAL: Final = re.compile(r"[\x00-\x1f\x7f<>&\ufffe\uffff]|_x|(?:^|\|)\s|\s(?:\||$)")
_SHORT: Final = 4_000
_LEVEL: Final = 1
"""Of compression: a second for 2 million cells, where the usual level takes four and saves a fifth."""


class Filling:
    """Writes rows into a shell's table.

    Args:
        shell: the workbook, whose table has a header and one row of probes.
        kinds: of the department's columns, in their order.
        ours: how many columns of the hub's own stand behind them.
    """

    def __init__(self, shell: bytes, kinds: Sequence[str], ours: int) -> None:
        self._shell = shell
        with zipfile.ZipFile(io.BytesIO(shell)) as archive:
            text = archive.read(TABLE).decode()
        found = _DATA.search(text)
        if found is None:
            raise ValueError("not a shell")
        self._before = _DIMENSION.sub("", text[: found.start()]) + "<sheetData>" + found[1]
        self._after = "</sheetData>" + text[found.end() :]
        numbers = _STYLE.findall(found[2])
        styles = dict(zip(probes(), numbers, strict=False))
        self._plain = [_written(styles[kind, "plain"]) for kind in kinds] + [_written(numbers[-1])] * ours
        self._marked = {
            mark: [_written(styles[kind, mark]) for kind in kinds] for mark in {mark for _, mark in probes()}
        }

    def pieces(self, rows: Iterable[Row]) -> Iterator[bytes]:
        """The workbook, piece by piece."""
        sink = Pieces()
        with (
            zipfile.ZipFile(io.BytesIO(self._shell)) as shell,
            zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive,
        ):
            for one in shell.infolist():
                if one.filename != TABLE:
                    archive.writestr(one, shell.read(one), zipfile.ZIP_DEFLATED)
            with archive.open(TABLE, "w") as part:
                part.write(self._before.encode())
                numbered = enumerate(rows, start=2)
                while some := list(islice(numbered, ROWS_AT_A_TIME)):
                    part.write("".join([self._row(number, *row) for number, row in some]).encode())
                    yield sink.taken()
                part.write(self._after.encode())
        yield sink.taken()

    def _row(self, number: int, cells: Sequence[str | None], marks: Mapping[int, str]) -> str:
        styles = self._plain
        if marks:
            styles = [*self._plain]
            for place, mark in marks.items():
                styles[place] = self._marked[mark][place]
        text = _escaped if _unusual(cells) else _as_it_is
        written = [
            f"{start}{text(cell)}</t></is></c>" if cell else blank
            for cell, (start, blank) in zip(cells, styles, strict=True)
        ]
        return f'<row r="{number}">{"".join(written)}</row>'


def _written(style: str) -> tuple[str, str]:
    """How a cell begins that has a text, and all of one that has none."""
    return f'<c s="{style}" t="inlineStr"><is><t', f'<c s="{style}"/>'


def _unusual(cells: Sequence[str | None]) -> bool:
    """Whether any cell of a row has to be escaped: one look at all of them costs a fifth of escaping each."""
    together = "|".join(filter(None, cells))
    return len(together) > _SHORT or _UNUSUAL.search(together) is not None


def _as_it_is(cell: str) -> str:
    return f">{cell}"


def _escaped(cell: str) -> str:
    return f' xml:space="preserve">{escaped(cell)}'
