"""A small TrueType font with a document's own characters, written byte for byte alike wherever it is written.

Tables: OS/2, cmap (formats 4 and 12), glyf, head, hhea, hmtx, loca, maxp, name and post, as OpenType describes them.
No hinting, no layout: documents place their glyphs themselves.

Example:
    >>> box = Glyph(600, 0, (0, 0, 0, 0), b"")
    >>> write_font([box, box], {65: 1}, 880, -120)[:4].hex()
    '00010000'
"""

import struct
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

UNITS: Final = 1000
"""Font units in an em."""

FAMILY: Final = "MianzhengDocument"

_BMP: Final = 0xFFFF
_CHECKSUM: Final = 0xB1B0AFBA
_WORDS: Final = 2**32
_REGULAR: Final = 0x0040
_DELTA_STEPS: Final = 65_536


class Glyph(NamedTuple):
    """One glyph: advance and left bearing in font units, its box (xMin, yMin, xMax, yMax), its entry in `glyf`."""

    advance: int
    bearing: int
    box: tuple[int, int, int, int]
    outline: bytes


def write_font(glyphs: Sequence[Glyph], characters: Mapping[int, int], ascent: int, descent: int) -> bytes:
    """A font file.

    Args:
        glyphs: By glyph number; number 0 stands for what is missing.
        characters: Code points to glyph numbers.
        ascent: In font units.
        descent: In font units, negative.
    """
    outlines = [glyph.outline + b"\0" * (-len(glyph.outline) % 4) for glyph in glyphs]
    offsets = [0]
    for outline in outlines:
        offsets.append(offsets[-1] + len(outline))
    box = _whole_box(glyphs)
    return _assemble(
        {
            b"OS/2": _os2(characters, ascent, descent),
            b"cmap": _cmap(characters),
            b"glyf": b"".join(outlines),
            b"head": _head(box),
            b"hhea": _hhea(glyphs, box, ascent, descent),
            b"hmtx": b"".join(struct.pack(">Hh", glyph.advance, glyph.bearing) for glyph in glyphs),
            b"loca": struct.pack(f">{len(offsets)}I", *offsets),
            b"maxp": _maxp(glyphs),
            b"name": _name(),
            b"post": struct.pack(">IIhhIIIII", 0x00030000, 0, -100, 50, 0, 0, 0, 0, 0),
        }
    )


def _assemble(tables: Mapping[bytes, bytes]) -> bytes:
    """The table directory and the tables; the checksum of the whole stands in `head` (OpenType, font file)."""
    count = len(tables)
    exponent = count.bit_length() - 1
    search = 16 << exponent
    directory = struct.pack(">IHHHH", 0x00010000, count, search, exponent, count * 16 - search)
    place, head_at, body = len(directory) + 16 * count, 0, b""
    for tag, data in sorted(tables.items()):
        head_at = place if tag == b"head" else head_at
        directory += tag + struct.pack(">III", _checksum(data), place, len(data))
        padded = data + b"\0" * (-len(data) % 4)
        body += padded
        place += len(padded)
    whole = directory + body
    adjustment = (_CHECKSUM - _checksum(whole)) % _WORDS
    return whole[: head_at + 8] + struct.pack(">I", adjustment) + whole[head_at + 12 :]


def _checksum(data: bytes) -> int:
    padded = data + b"\0" * (-len(data) % 4)
    words: tuple[int, ...] = struct.unpack(f">{len(padded) // 4}I", padded)
    return sum(words) % _WORDS


def _whole_box(glyphs: Sequence[Glyph]) -> tuple[int, int, int, int]:
    drawn = [glyph.box for glyph in glyphs if glyph.outline] or [(0, 0, 0, 0)]
    low, high = zip(*((box[:2], box[2:]) for box in drawn), strict=True)
    return (min(x for x, _ in low), min(y for _, y in low), max(x for x, _ in high), max(y for _, y in high))


def _head(box: tuple[int, int, int, int]) -> bytes:
    """Dates are zero: the same characters make the same bytes on any day."""
    return struct.pack(
        ">IIIIHHqqhhhhHHhhh", 0x00010000, 0x00010000, 0, 0x5F0F3CF5, 0x0003, UNITS, 0, 0, *box, 0, 6, 2, 1, 0
    )


def _hhea(glyphs: Sequence[Glyph], box: tuple[int, int, int, int], ascent: int, descent: int) -> bytes:
    widest = max(glyph.advance for glyph in glyphs)
    left = min(glyph.bearing for glyph in glyphs)
    right = min(glyph.advance - glyph.box[2] for glyph in glyphs)
    return struct.pack(
        ">IhhhHhhhhhhhhhhhH",
        *(0x00010000, ascent, descent, 0, widest, left, right, box[2], 1),
        *(0, 0, 0, 0, 0, 0, 0, len(glyphs)),
    )


def _maxp(glyphs: Sequence[Glyph]) -> bytes:
    contours, points = 0, 0
    for glyph in glyphs:
        if glyph.outline:
            count = struct.unpack(">h", glyph.outline[:2])[0]
            last = struct.unpack(">H", glyph.outline[10 + 2 * (count - 1) : 10 + 2 * count])[0]
            contours, points = max(contours, count), max(points, last + 1)
    return struct.pack(">IH13H", 0x00010000, len(glyphs), points, contours, *(0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0))


def _os2(characters: Mapping[int, int], ascent: int, descent: int) -> bytes:
    first, last = min(characters, default=0), max(characters, default=0)
    return struct.pack(
        ">HhHHHhhhhhhhhhhh10sIIII4sHHHhhhHH",
        *(3, UNITS, 400, 5, 0, 650, 600, 0, 75, 650, 600, 0, 350, 50, 300, 0),
        *(bytes(10), 0, 0, 0, 0, b"NONE", _REGULAR, min(first, _BMP), min(last, _BMP)),
        *(ascent, descent, 0, ascent, -descent),
    ) + struct.pack(">IIhhHHH", 0, 0, 500, 700, 0, 32, 1)


def _name() -> bytes:
    texts = {1: FAMILY, 2: "Regular", 4: FAMILY, 6: FAMILY}
    records, strings = b"", b""
    for number, text in texts.items():
        encoded = text.encode("utf-16-be")
        records += struct.pack(">6H", 3, 1, 0x0409, number, len(encoded), len(strings))
        strings += encoded
    return struct.pack(">3H", 0, len(texts), 6 + len(records)) + records + strings


def _cmap(characters: Mapping[int, int]) -> bytes:
    whole, basic = _format_12(characters), _format_4({code: n for code, n in characters.items() if code < _BMP})
    header = struct.pack(">HHHHIHHI", 0, 2, 3, 1, 20, 3, 10, 20 + len(basic))
    return header + basic + whole


def _format_12(characters: Mapping[int, int]) -> bytes:
    groups = _runs(characters)
    packed = b"".join(struct.pack(">III", first, last, glyph) for first, last, glyph in groups)
    return struct.pack(">HHIII", 12, 0, 16 + len(packed), 0, len(groups)) + packed


def _format_4(characters: Mapping[int, int]) -> bytes:
    runs = [*_runs(characters), (_BMP, _BMP, 0)]
    count = len(runs)
    ends = struct.pack(f">{count}H", *(last for _, last, _ in runs))
    starts = struct.pack(f">{count}H", *(first for first, _, _ in runs))
    deltas = struct.pack(f">{count}H", *((glyph - first) % _DELTA_STEPS for first, _, glyph in runs[:-1]), 1)
    exponent = count.bit_length() - 1
    search = 2 << exponent
    head = struct.pack(">7H", 4, 16 + 8 * count, 0, 2 * count, search, exponent, 2 * count - search)
    return head + ends + bytes(2) + starts + deltas + bytes(2 * count)


def _runs(characters: Mapping[int, int]) -> list[tuple[int, int, int]]:
    """Characters in a row whose glyphs are in a row, too: first and last code point, first glyph."""
    runs: list[tuple[int, int, int]] = []
    for code, glyph in sorted(characters.items()):
        if runs and (code, glyph) == (runs[-1][1] + 1, runs[-1][2] + code - runs[-1][0]):
            runs[-1] = (runs[-1][0], code, runs[-1][2])
        else:
            runs.append((code, code, glyph))
    return runs
