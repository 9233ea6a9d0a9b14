r"""The encoding of a text file: decided strictly, from all of its bytes, never guessed from some of them.

    >>> import io
    >>> told_codec(io.BytesIO("名称\n汕头".encode("gb18030")), "x.csv", "UTF-8", ["名称"])
    'gb18030'

Standard: GB 18030-2022 as Python's codec has it.
"""

import codecs
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, Final

from registries.connectors.faults import WrongEncoding

_BLOCK: Final = 1 << 20
_BINARY: Final = (
    (b"PK\x03\x04", "Excel 工作簿或压缩包", "a workbook or an archive"),
    (b"\xd0\xcf\x11\xe0", "旧版或加密的 Excel 工作簿", "an old or encrypted workbook"),
    (b"\x1f\x8b", "压缩文件", "a compressed file"),
    (b"PAR1", "Parquet 文件", "a Parquet file"),
    (b"\xff\xfe", "UTF-16 文本", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 文本", "UTF-16 text"),
    (b"%PDF", "PDF 文件", "a PDF"),
    (b"Rar!", "RAR 压缩包", "a RAR archive"),
    (b"7z\xbc\xaf", "7z 压缩包", "a 7z archive"),
    (b"\x89PNG", "图片", "a picture"),
    (b"\xff\xd8\xff", "图片", "a picture"),
)
_MARKUP: Final = ("网页或 XML", "a web page or XML")
_CODECS: Final = {"UTF-8": "utf-8", "GB18030": "gb18030"}


class NotText(Exception):
    """Raised for bytes that are no text; each format makes its own fault of it."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def told_codec(
    file: BinaryIO, source: str, agreed: str, words: Sequence[str], each: Callable[[bytes], None] = lambda _: None
) -> str:
    """Read all of a file once and name the codec to decode it with: `utf-8`, `utf-8-sig` or `gb18030`.

    A byte order mark decides; then what decodes strictly; then, for a file that decodes as both, the one in which
    more of the words are found in the first line; then the encoding agreed in the contract.

    Args:
        file: from its start.
        source: what faults call it.
        agreed: UTF-8 or GB18030.
        words: the names of columns that the first line may have.
        each: is given every block of bytes, for checks of its own.

    Raises:
        NotText: A workbook, UTF-16, or bytes that no text has.
        WrongEncoding: Neither UTF-8 nor GB18030.
    """
    first = file.read(_BLOCK)
    for magic, zh, en in _BINARY:
        if first.startswith(magic):
            raise NotText(zh, en)
    if first.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"<"):
        raise NotText(*_MARKUP)
    candidates = ["utf-8-sig"] if first.startswith(codecs.BOM_UTF8) else ["utf-8", "gb18030"]
    decoding = _Decoding(candidates, source)
    for block in _blocks(first, file):
        if b"\0" in block:
            raise NotText("含有二进制内容", "it holds binary content")
        decoding.feed(block)
        each(block)
    decoding.finish()
    return _chosen(decoding.alive, first, agreed, words)


def _blocks(first: bytes, file: BinaryIO) -> Iterator[bytes]:
    block = first
    while block:
        yield block
        block = file.read(_BLOCK)


def _chosen(alive: Sequence[str], first: bytes, agreed: str, words: Sequence[str]) -> str:
    if len(alive) == 1:
        return alive[0]
    line = first.partition(b"\n")[0]
    found = {codec: sum(word in line.decode(codec, "replace") for word in words) for codec in alive}
    best = [codec for codec in alive if found[codec] == max(found.values())]
    return best[0] if len(best) == 1 else _CODECS[agreed]


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
