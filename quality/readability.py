r"""Text that came through a wrong encoding, keyboard or spreadsheet, told over whole columns.

Only traces that a good name or address does not have count: full-width brackets are usual in Chinese, full-width
digits and letters are not. UTF-8 that was read as GBK looks like rare characters, so values that begin with one of the
few that such text begins with are read back one by one; all else is one regular expression for a column.

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

from quality.code_points import Bools
from quality.identifiers import citizen_number, uscc

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

_SCIENTIFIC: Final = r"\A[0-9](?:\.[0-9]+)?[Ee]\+[0-9]{1,2}\z"
_ZEROS: Final = r"\A[1-9][0-9]{14}0{1,5}\z"
"""A spreadsheet's cell keeps 15 digits of a number: those after them are zeros."""


def _first_characters() -> str:
    """What UTF-8 of Chinese text begins with when it is read as GBK: two bytes E4 to E9, 80 to BF."""
    pairs = (bytes([lead, trail]) for lead in range(0xE4, 0xEA) for trail in range(0x80, 0xC0))
    return "".join(pair.decode("gb18030") for pair in pairs)


_UTF8_AS_GBK: Final = rf"\A[{_first_characters()}]"


def readable_text(values: Any) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    """No full-width digit or letter, no invisible character, no mojibake."""
    marked = _found(values, _TRACES)
    suspects = np.flatnonzero(_found(values, _UTF8_AS_GBK) & ~marked)
    if len(suspects):
        texts = values.take(pa.array(suspects)).to_pylist()
        marked[suspects] = [_is_misread(text) for text in texts]
    return ~marked


def not_rounded(values: Any, *, zeros: bool = True) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    """Not in scientific notation; and not 16 to 20 digits with zeros past the 15th, unless the number is good so."""
    # Few values have a plus or end in a nought, and finding those costs a tenth of the regular expressions.
    rounded = _found_among(values, pc.match_substring(values, "+"), _SCIENTIFIC)
    if zeros:
        cut = _found_among(values, pc.ends_with(values, "0"), _ZEROS)
        if cut.any():
            rounded |= cut & ~(citizen_number(values) | uscc(values))
    return ~rounded


def _is_misread(text: str) -> bool:
    """Whether the bytes that GBK has for a text are UTF-8 of Chinese, but for an end that was cut."""
    try:
        raw = text.rstrip("?").encode("gb18030")
        read = codecs.getincrementaldecoder("utf-8")().decode(raw)
    except UnicodeError:
        return False
    return len(read) > 1 and any("一" <= character <= "鿿" for character in read)


def _found_among(values: Any, suspects: Any, pattern: str) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    found = np.zeros(len(values), np.bool_)
    places = np.flatnonzero(pc.fill_null(suspects, False).to_numpy(zero_copy_only=False))
    if len(places):
        found[places] = _found(values.take(pa.array(places)), pattern)
    return found


def _found(values: Any, pattern: str) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    found = pc.fill_null(pc.match_substring_regex(values, pattern), False)
    return np.array(found.to_numpy(zero_copy_only=False), dtype=np.bool_)
