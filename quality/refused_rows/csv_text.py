"""Refused rows as a CSV that a clerk can open, mend and send again: the columns as delivered, and why beside them.

The file has the delivery's own encoding. A cell that a spreadsheet program would take for a formula gets an
apostrophe in front, headers too: what a department delivers is opened by others.

    >>> safe("=HYPERLINK(1)"), safe("-5"), safe("汕头"), safe(None)
    ("'=HYPERLINK(1)", "'-5", '汕头', '')
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from registries.connectors.rows import OUR_COLUMNS

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
ROWS_AT_A_TIME = 1_000
REASON_HEADERS = tuple(OUR_COLUMNS + name for name in ("行号", "处理", "原因", "reasons"))
"""Headers of the added columns; the prefix tells them from the department's own."""


def safe(cell: str | None) -> str:
    """The cell's text, with an apostrophe before what would be read as a formula."""
    text = cell or ""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def refused_csv(headers: Sequence[str], rows: Iterable[Sequence[str | None]], encoding: str) -> Iterator[bytes]:
    """The file, piece by piece: a header line, then the rows.

    Args:
        headers: the department's own columns and REASON_HEADERS.
        rows: cells in the order of the headers.
        encoding: `utf-8`, `utf-8-sig` or `gb18030`; each holds all of Unicode.
    """
    codec = "utf-8" if encoding == "utf-8-sig" else encoding
    if encoding == "utf-8-sig":
        yield b"\xef\xbb\xbf"
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([safe(header) for header in headers])
    for number, row in enumerate(rows, start=1):
        writer.writerow([safe(cell) for cell in row])
        if number % ROWS_AT_A_TIME == 0:
            yield _taken(buffer, codec)
    yield _taken(buffer, codec)


def _taken(buffer: io.StringIO, codec: str) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode(codec)
