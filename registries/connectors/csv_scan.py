r"""A first look at a CSV file's bytes: its encoding, decided strictly, and whether its quotation marks pair up.

A parser that meets an unclosed quotation mark swallows the rows behind it in silence, so that the marks are
checked here, on the bytes, before anything is parsed: none of `"`, `,`, CR and LF is ever a part of a longer
character, neither in UTF-8 nor in GB18030.

    >>> import io
    >>> scan(io.BytesIO("名称\n汕头".encode("gb18030")), "x.csv", "UTF-8", ["名称"])
    'gb18030'

Standards: RFC 4180; GB 18030-2022 as Python's codec has it.
"""

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from registries.connectors.faults import NotCsv, StrayQuote, WrongEncoding

_BLOCK: Final = 1 << 20
_QUOTE, _COMMA, _LF, _CR = b'",\n\r'
_BINARY: Final = (
    (b"PK\x03\x04", "Excel 工作簿或压缩包", "a workbook or an archive"),
    (b"\xd0\xcf\x11\xe0", "旧版 Excel 工作簿", "an old workbook"),
    (b"\x1f\x8b", "压缩文件", "a compressed file"),
    (b"\xff\xfe", "UTF-16 文本", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 文本", "UTF-16 text"),
)
_CODECS: Final = {"UTF-8": "utf-8", "GB18030": "gb18030"}


def scan(file: BinaryIO, source: str, agreed: str, headers: Sequence[str]) -> str:
    """Read all of a file once and name the codec to decode it with: `utf-8`, `utf-8-sig` or `gb18030`.

    A byte order mark decides; then what decodes strictly; then, for a file that decodes as both, the one in which
    the contract's headers are found; then the encoding agreed in the contract.

    Raises:
        NotCsv: A workbook, UTF-16, or bytes that no text has.
        WrongEncoding: Neither UTF-8 nor GB18030.
        StrayQuote: Quotation marks that don't pair up.
    """
    first = file.read(_BLOCK)
    for magic, zh, en in _BINARY:
        if first.startswith(magic):
            raise NotCsv(source, zh, en)
    candidates = ["utf-8-sig"] if first.startswith(codecs.BOM_UTF8) else ["utf-8", "gb18030"]
    decoding = _Decoding(candidates, source)
    quotes = _Quotes(source)
    for block in _blocks(first, file):
        if b"\0" in block:
            raise NotCsv(source, "含有二进制内容", "it holds binary content")
        decoding.feed(block)
        quotes.feed(block)
    decoding.finish()
    quotes.finish()
    return _chosen(decoding.alive, first, agreed, headers)


def header_of(file: BinaryIO, codec: str) -> list[str]:
    """The cells of the first row, without blanks around them; empty for an empty file."""
    text = io.TextIOWrapper(file, encoding=codec, newline="")
    row = next((cells for cells in csv.reader(text) if cells), [])
    text.detach()
    return [cell.strip() for cell in row]


def _blocks(first: bytes, file: BinaryIO) -> Iterator[bytes]:
    block = first
    while block:
        yield block
        block = file.read(_BLOCK)


def _chosen(alive: Sequence[str], first: bytes, agreed: str, headers: Sequence[str]) -> str:
    if len(alive) == 1:
        return alive[0]
    line = first.partition(b"\n")[0]
    known = [codec for codec in alive if any(name in line.decode(codec, "replace") for name in headers)]
    return known[0] if len(known) == 1 else _CODECS[agreed]


class _Decoding:
    """Decodes with every candidate at once, and drops those that fail."""

    def __init__(self, codecs_: Sequence[str], source: str) -> None:
        self._decoders = {codec: codecs.getincrementaldecoder(codec)() for codec in codecs_}
        self._source = source
        self._lines = 1

    @property
    def alive(self) -> list[str]:
        return list(self._decoders)

    def feed(self, block: bytes, *, final: bool = False) -> None:
        failed: list[tuple[str, int]] = []
        for codec, decoder in self._decoders.items():
            try:
                decoder.decode(block, final)
            except UnicodeDecodeError as error:
                failed.append((codec, block[: max(error.start, 0)].count(b"\n")))
        if len(failed) == len(self._decoders):
            raise WrongEncoding(self._source, self._lines + max(line for _, line in failed)) from None
        for codec, _ in failed:
            del self._decoders[codec]
        self._lines += block.count(b"\n")

    def finish(self) -> None:
        self.feed(b"", final=True)


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
