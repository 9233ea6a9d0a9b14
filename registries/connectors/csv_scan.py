r"""A first look at a CSV file's bytes: its encoding, decided strictly, and whether its quotation marks pair up.

A parser that meets an unclosed quotation mark swallows the rows behind it in silence, so that the marks are
checked here, on the bytes, before anything is parsed: none of `"`, `,`, CR and LF is ever a part of a longer
character, neither in UTF-8 nor in GB18030.

    >>> import io
    >>> scan(io.BytesIO("名称\n汕头".encode("gb18030")), "x.csv", "UTF-8", ["名称"])
    'gb18030'

Standards: RFC 4180; GB 18030-2022 as Python's codec has it.
"""

import csv
import io
from collections.abc import Sequence
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from registries.connectors.faults import NotCsv, StrayQuote
from registries.connectors.text_encoding import NotText, told_codec

_QUOTE, _COMMA, _LF, _CR = b'",\n\r'


def scan(file: BinaryIO, source: str, agreed: str, headers: Sequence[str]) -> str:
    """Read all of a file once and name the codec to decode it with: `utf-8`, `utf-8-sig` or `gb18030`.

    A byte order mark decides; then what decodes strictly; then, for a file that decodes as both, the one in which
    the contract's headers are found; then the encoding agreed in the contract.

    Raises:
        NotCsv: A workbook, UTF-16, or bytes that no text has.
        WrongEncoding: Neither UTF-8 nor GB18030.
        StrayQuote: Quotation marks that don't pair up.
    """
    quotes = _Quotes(source)
    try:
        codec = told_codec(file, source, agreed, headers, quotes.feed)
    except NotText as what:
        raise NotCsv(source, what.zh, what.en) from None
    quotes.finish()
    return codec


def header_of(file: BinaryIO, codec: str) -> list[str]:
    """The cells of the first row, without blanks around them; empty for an empty file."""
    text = io.TextIOWrapper(file, encoding=codec, newline="")
    row = next((cells for cells in csv.reader(text) if cells), [])
    text.detach()
    return [cell.strip() for cell in row]


class _Quotes:
    """RFC 4180: a mark opens at a cell's start, closes at its end, and is doubled inside."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._lines = 1
        self._open = False
        self._opened_at = 1
        self._last = _LF  # the byte before the block: a file begins like a line
        self._pending = False  # the block before ended right behind a mark that closed or doubled

    def feed(self, block: bytes) -> None:
        if self._open or self._pending or b'"' in block:
            self._check(np.frombuffer(block, np.uint8), block)
        self._last = block[-1]
        self._lines += block.count(b"\n")

    def _check(self, data: NDArray[np.uint8], block: bytes) -> None:
        places = np.flatnonzero(data == _QUOTE)
        opening = (np.arange(len(places)) % 2 == 0) ^ self._open
        before = np.where(places > 0, data[places - 1], self._last)
        after = np.append(data, _LF)[places + 1]
        at_start = np.isin(before, (_COMMA, _LF, _CR))
        at_end = np.isin(after, (_COMMA, _LF, _CR))
        good = np.where(opening, at_start | (before == _QUOTE), at_end | (after == _QUOTE))
        if self._pending and data[0] not in (_COMMA, _LF, _CR, _QUOTE):
            raise StrayQuote(self._source, self._lines)
        if not good.all():
            place = int(places[np.argmin(good)])
            raise StrayQuote(self._source, self._lines + block.count(b"\n", 0, place))
        if len(places) % 2:
            self._open = not self._open
        if self._open and len(places):
            self._opened_at = self._lines + block.count(b"\n", 0, int(places[-1]))
        self._pending = not self._open and data[-1] == _QUOTE

    def finish(self) -> None:
        if self._open:
            raise StrayQuote(self._source, self._opened_at)
