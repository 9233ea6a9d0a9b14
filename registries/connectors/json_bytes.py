r"""Blocks of JSON Lines as columns of bytes: numbers and booleans are put into quotation marks, structure is checked.

    >>> with_quoted_values(b'{"code": 440507199003071234, "ok": true, "end": null}\n')
    (b'{"code": "440507199003071234", "ok": "true", "end": null}\n', 1)

Each step works on all bytes of a block at once. What this lets pass is one object without anything nested on each
line that is not blank; whether it is well-formed otherwise, the parser behind it says.

Source of the idea: Langdale and Lemire, Parsing Gigabytes of JSON per Second, 2019 (the first of its two stages).
"""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

_QUOTE, _BACKSLASH, _LF, _COLON = b'"\\\n:'
_SPACE, _LINE, _OBJECT, _END, _NESTED, _MARK, _BARE, _TEXT = range(8)
_SCALAR: Final = r"^(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null)$"


class Malformed(Exception):
    """Raised for a block that is not one flat object a line; which line, json_faults finds."""


def with_quoted_values(block: bytes) -> tuple[bytes, int]:
    """The block, of whole lines in UTF-8, with every bare value but null in quotation marks; how many objects it has.

    Raises:
        Malformed: it is no block of flat objects.
    """
    data = np.frombuffer(block, np.uint8)
    kinds = _kinds(data, block)
    _check_structure(kinds)
    objects = int(np.count_nonzero(kinds == _OBJECT))
    bare = kinds == _BARE
    edges = np.flatnonzero(np.diff(bare, prepend=False, append=False))
    starts, ends = edges[::2], edges[1::2]
    if not len(starts):
        return block, objects
    _check_places(data, kinds, starts)
    wanted = _not_null(data[bare], ends - starts)
    return np.insert(data, np.concatenate((starts[wanted], ends[wanted])), _QUOTE).tobytes(), objects


def _kinds(data: Bytes, block: bytes) -> Bytes:
    """What each byte is; the marks around texts belong to them."""
    marks = data == _QUOTE
    if b"\\" in block:
        marks[_escaped(data)] = False
    inside = np.bitwise_xor.accumulate(marks.view(np.uint8))
    if inside[-1] or np.any(inside[data == _LF]):
        raise Malformed  # a text that does not end on its line
    kinds = np.frombuffer(block.translate(_KINDS), np.uint8)
    return np.where(marks | inside.view(bool), np.uint8(_TEXT), kinds)


def _escaped(data: Bytes) -> NDArray[np.intp]:
    """Places behind a backslash that is not itself behind one."""
    slashes = np.flatnonzero(data == _BACKSLASH)
    first = np.append(True, np.diff(slashes) != 1)
    run_starts = slashes[first][np.cumsum(first) - 1]
    places: NDArray[np.intp] = slashes[(slashes - run_starts) % 2 == 0] + 1
    return np.compress(places < len(data), places)


def _check_structure(kinds: Bytes) -> None:
    """Each line that is not blank is one object, and none holds a list."""
    found = kinds[(kinds >= _LINE) & (kinds <= _NESTED)]
    before = np.append(np.uint8(_LINE), found[:-1])
    wanted = np.array([0, 0, _LINE, _OBJECT, 255], np.uint8)[found]  # before an object a line's end, before its end it
    fits = np.where(found == _LINE, before != _OBJECT, before == wanted)
    if not fits.all():
        raise Malformed


def _check_places(data: Bytes, kinds: Bytes, starts: NDArray[np.intp]) -> None:
    """A bare value stands behind a colon: what stands elsewhere must not become a text."""
    places = starts - 1
    while len(blank := np.flatnonzero(kinds[places] == _SPACE)):
        places[blank] -= 1
    if np.any(places < 0) or not np.all(data[places] == _COLON) or not np.all(kinds[places] == _MARK):
        raise Malformed


def _not_null(values: Bytes, lengths: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which of the bare values are not null; Malformed if one is no JSON value at all."""
    offsets = np.append(np.int32(0), np.cumsum(lengths, dtype=np.int32))
    texts = pa.StringArray.from_buffers(len(lengths), pa.py_buffer(offsets), pa.py_buffer(values))
    if not pc.all(pc.match_substring_regex(texts, _SCALAR)).as_py():
        raise Malformed
    return np.asarray(pc.not_equal(texts, "null").to_numpy(zero_copy_only=False), bool)


def _table_of_kinds() -> bytes:
    kinds = bytearray([_BARE]) * 256
    for kind, characters in (
        (_SPACE, b" \t\r"),
        (_LINE, b"\n"),
        (_OBJECT, b"{"),
        (_END, b"}"),
        (_NESTED, b"[]"),
        (_MARK, b":,"),
    ):
        for character in characters:
            kinds[character] = kind
    return bytes(kinds)


_KINDS: Final = _table_of_kinds()
