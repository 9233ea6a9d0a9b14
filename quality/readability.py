r"""Text that came through a wrong encoding, keyboard or spreadsheet, told over whole columns.

Only traces that a good name or address does not have count: full-width brackets are usual in Chinese, full-width
digits and letters are not. UTF-8 that was read as GBK looks like rare characters, so values that begin with one of the
few that such text begins with are read back one by one; all else is one regular expression, asked of the few values
that have a byte which every trace has.

    >>> import pyarrow as pa
    >>> readable_text(pa.array(["汕头市（金平区）1 号", "１号", "张\u200b三", "锟斤拷", "å¼\xa0ä¸‰", None])).tolist()
    [True, False, False, False, False, True]
    >>> readable_text(pa.array(["张三路".encode().decode("gb18030", "replace")])).tolist()
    [False]
"""

import codecs
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from quality.identifiers import citizen_number, uscc
from quality.remembered import text_of
from registries.text_columns import Bools, Bytes, Numbers, TextColumn

_FULL_WIDTH: Final = r"\x{FF10}-\x{FF19}\x{FF21}-\x{FF3A}\x{FF41}-\x{FF5A}"
_INVISIBLE: Final = (
    r"\x{0000}-\x{001F}\x{007F}-\x{009F}\x{00AD}\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}-\x{2064}\x{FEFF}"
)
_LOST: Final = r"\x{FFFD}"
_KNOWN: Final = "锟斤拷|斤拷锟|烫烫|屯屯|锘匡|ï»¿|Ã.?[Â¤¶¼©¨]|â€"
_UTF8_AS_LATIN: Final = (
    r"[\x{00E0}-\x{00EF}][\x{0080}-\x{00BF}\x{0152}-\x{017E}\x{0192}\x{02C6}\x{02DC}\x{2013}-\x{203A}\x{20AC}"
    r"\x{2122}]{1,2}"
)
_TRACES: Final = f"[{_FULL_WIDTH}{_INVISIBLE}{_LOST}]|{_KNOWN}|{_UTF8_AS_LATIN}"

_THREE_BYTES: Final = 0xE0
_KEPT_DIGITS: Final = 15
_SCIENTIFIC: Final = r"\A[0-9](?:\.[0-9]+)?[Ee]\+[0-9]{1,2}\z"
_ZEROS: Final = r"\A[1-9][0-9]{14}0{1,5}\z"
"""A spreadsheet's cell keeps 15 digits of a number: those after them are zeros."""


_TRACE_BYTES: Final = (0x7F, 0xC2, 0xC3, 0xE2, 0xEF)
"""Every trace of characters that are no ideographs has one of these, or is below a blank."""

_TRACE_PAIRS: Final = np.frombuffer("锟锘烫屯".encode(), np.uint8).reshape(4, 3)[:, 1:].copy().view(np.uint16).ravel()
"""The last two bytes of those ideographs of which one stands in each of the known traces."""


def _first_characters() -> Bools:
    """By code point what UTF-8 of Chinese text begins with when it is read as GBK: two bytes E4 to E9, 80 to BF."""
    pairs = (bytes([lead, trail]) for lead in range(0xE4, 0xEA) for trail in range(0x80, 0xC0))
    found = np.zeros(1 << 16, np.bool_)
    found[[ord(pair.decode("gb18030")) for pair in pairs]] = True
    return found


_UTF8_AS_GBK: Final = _first_characters()


def readable_text(values: Any) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    """No full-width digit or letter, no invisible character, no mojibake."""
    text = text_of(values)
    marked = _found_among(values, np.flatnonzero(text.rows_at(_trace_bytes(text.own))), _TRACES)
    suspects = np.flatnonzero(_begins_as_misread(text) & ~marked)
    if len(suspects):
        texts = values.take(pa.array(suspects)).to_pylist()
        marked[suspects] = [_is_misread(text) for text in texts]
    return ~marked


def _trace_bytes(own: Bytes) -> Numbers:
    """Places of bytes of which each trace has one, and others too: usually there are none at all."""
    pairs = [own[start : start + (len(own) - start) // 2 * 2].view(np.uint16) for start in range(2)]
    found = [np.flatnonzero(own < ord(" "))] if len(own) and own.min() < ord(" ") else []
    found += [np.flatnonzero(own == byte) for byte in _TRACE_BYTES]
    found += [2 * np.flatnonzero(pairs[start] == pair) + start for start in range(2) for pair in _TRACE_PAIRS]
    return np.concatenate(found)


def _begins_as_misread(text: TextColumn) -> Bools:
    """Whether the first character is one that UTF-8 of Chinese begins with when it is read as GBK."""
    if text.is_ascii:
        return np.zeros(len(text), np.bool_)
    first, second, third = (text.bytes_at(text.starts + place).astype(np.uint16) for place in range(3))
    code = (first & 0xF) << 12 | (second & 0x3F) << 6 | third & 0x3F
    begins: Bools = (text.lengths > 2) & (first >= _THREE_BYTES) & _UTF8_AS_GBK[code]  # noqa: PLR2004 - bytes of one
    return begins


def not_rounded(values: Any, *, zeros: bool = True) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    """Not in scientific notation; and not 16 to 20 digits with zeros past the 15th, unless the number is good so."""
    text = text_of(values)
    rounded = _found_among(values, np.flatnonzero(text.rows_with(text.own == ord("+"))), _SCIENTIFIC)
    if zeros:
        cut = np.flatnonzero(_found_among(values, _with_zeros(text), _ZEROS))
        if len(cut):
            numbers = values.take(pa.array(cut))
            rounded[cut] |= ~(citizen_number(numbers) | uscc(numbers))
    return ~rounded


def _with_zeros(text: TextColumn) -> Numbers:
    """Positions of the values that have noughts at the 16th and at the last place."""
    long = np.flatnonzero(text.lengths > _KEPT_DIGITS)
    starts = text.starts[long]
    last = text.bytes_at(starts + text.lengths[long] - 1) == ord("0")
    places: Numbers = long[last & (text.bytes_at(starts + _KEPT_DIGITS) == ord("0"))]
    return places


def _is_misread(text: str) -> bool:
    """Whether the bytes that GBK has for a text are UTF-8 of Chinese, but for an end that was cut."""
    try:
        raw = text.rstrip("?").encode("gb18030")
        read = codecs.getincrementaldecoder("utf-8")().decode(raw)
    except UnicodeError:
        return False
    return len(read) > 1 and any("一" <= character <= "鿿" for character in read)


def _found_among(values: Any, places: Numbers, pattern: str) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    """One boolean per value, which may be written to: whether it stands at one of the places and has the pattern."""
    found = np.zeros(len(values), np.bool_)
    if len(places):
        chosen = pc.match_substring_regex(values.take(pa.array(places)), pattern)
        found[places] = pc.fill_null(chosen, False).to_numpy(zero_copy_only=False)
    return found
