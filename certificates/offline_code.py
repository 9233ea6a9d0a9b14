"""The offline code (离线码): a receipt and its proof as QR codes, so that the printed paper can be checked by itself.

It holds both files whole, byte for byte, and no network address. Format ``MZ1``:

1. Each file, receipt then proof, is folded: every run of 22 or more base64 or base64url characters in its one
   canonical spelling becomes the bytes that it stands for (the three parts of a JWS, hashes, signatures).
2. What came out is compressed: raw DEFLATE (RFC 1951) with the preset dictionary ``offline_code_1.txt``, which holds
   the texts that receipts are made of and never changes under this version.
3. The result is cut into the fewest parts of at most ``PART`` bytes, and each part becomes one line, which is one QR
   code: ``MZ1:<set>:<part>:<parts>:<Base45 of the bytes>:``. The set is the first 4 bytes, in hex, of the SHA-256 of
   the whole.

Lines may come in any order, twice, and mixed with those of other receipts.

Example:
    >>> lines = pages("eyJhbGciOiJFUzI1NiJ9.e30.AAAA", "c2sp.org/tlog-proof@v1")
    >>> join(lines)[0]
    OfflineCode(receipt='eyJhbGciOiJFUzI1NiJ9.e30.AAAA', proof='c2sp.org/tlog-proof@v1')
"""

import base64
import binascii
import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from certificates import base45
from certificates.base45 import NotBase45
from certificates.errors import CertificatesError

VERSION: Final = "MZ1"

PART: Final = 450
"""Bytes in one QR code: version 16 at most with error correction M, which a phone and a 200 dpi scan read at 30 mm."""

MOST_PARTS: Final = 16
MOST_BYTES: Final = 262_144
"""Of both files together, unfolded; nothing larger is inflated."""

DICTIONARY_DIGEST: Final = "cb8eb08a298ef1d9118d7f59a2f20053f34f694bd76f7756f39066f6007150e6"
"""SHA-256 of the preset dictionary."""

_LINE = re.compile(r"MZ1:([0-9A-F]{8}):([1-9][0-9]?):([1-9][0-9]?):([0-9A-Z $%*+\-./:]+):", re.ASCII)
_RUN = re.compile(r"[A-Za-z0-9_+/-]{22,}={0,2}", re.ASCII)
_PLAIN, _URL, _STANDARD = 0, 1, 2


class BadCode(CertificatesError):
    """Raised when lines of an offline code are damaged, missing, or none of this version.

    Attributes:
        reason: A code for counting and for tests.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            "离线码无法读取：不完整或已损坏。请将同一回执上的全部二维码重新拍摄或扫描后再试。",
            "The offline code cannot be read: incomplete or damaged. Scan all QR codes of the one receipt again.",
        )


@dataclass(frozen=True)
class OfflineCode:
    """What an offline code holds: the compact JWS, and the tlog-proof file (empty if there was none)."""

    receipt: str
    proof: str = ""


def pages(receipt: str, proof: str = "") -> list[str]:
    """The lines of an offline code, one for each QR code, ASCII and in the alphabet of QR's alphanumeric mode.

    Args:
        receipt: Compact JWS.
        proof: Its tlog-proof file, or "".

    Raises:
        BadCode: They are too large for paper.
    """
    packed = _pack(receipt, proof)
    count = -(-len(packed) // PART)
    if count > MOST_PARTS:
        raise BadCode("too large")
    size = -(-len(packed) // count)
    size += size % 2  # whole groups of Base45
    parts = [packed[start : start + size] for start in range(0, len(packed), size)]
    name = _name(packed)
    return [
        f"{VERSION}:{name}:{place}:{len(parts)}:{base45.encode(part)}:" for place, part in enumerate(parts, start=1)
    ]


def looks_like(text: str) -> bool:
    """Whether a text begins as a line of an offline code, of any version."""
    return re.match(r"\s*MZ[0-9]+:", text) is not None


def read(text: str) -> OfflineCode:
    """The one receipt in a text of lines.

    Raises:
        BadCode: There is none, or several, or it is not whole.
    """
    found = join(text.split("\n"))
    if len(found) != 1:
        raise BadCode("several receipts")
    return found[0]


def join(lines: Iterable[str]) -> list[OfflineCode]:
    """The receipts in these lines, in the order in which they first appear; blank lines are left aside.

    Raises:
        BadCode: No line, one that is none of this format, or a set that is not whole.
    """
    sets: dict[tuple[str, int], dict[int, bytes]] = {}
    for line in filter(None, (line.strip("\r\n ") for line in lines)):
        name, place, count, part = _parse(line)
        known = sets.setdefault((name, count), {}).setdefault(place, part)
        if known != part:
            raise BadCode("parts differ")
    if not sets:
        raise BadCode("empty")
    return [_whole(name, count, parts) for (name, count), parts in sets.items()]


def whole(lines: Iterable[str]) -> bool:
    """Whether there are lines of offline codes among these texts, and each of their sets has all of its parts."""
    places: dict[tuple[str, int], set[int]] = {}
    for found in filter(None, map(_LINE.fullmatch, lines)):
        places.setdefault((found[1], int(found[3])), set()).add(int(found[2]))
    return bool(places) and all(len(known) == count for (_, count), known in places.items())


def _parse(line: str) -> tuple[str, int, int, bytes]:
    found = _LINE.fullmatch(line)
    if found is None:
        raise BadCode("form" if line.startswith(f"{VERSION}:") else "version")
    place, count = int(found[2]), int(found[3])
    if not place <= count <= MOST_PARTS:
        raise BadCode("place")
    try:
        return found[1], place, count, base45.decode(found[4])
    except NotBase45:
        raise BadCode("encoding") from None


def _whole(name: str, count: int, parts: dict[int, bytes]) -> OfflineCode:
    if len(parts) != count:
        raise BadCode("parts missing")
    packed = b"".join(parts[place] for place in range(1, count + 1))
    if _name(packed) != name:
        raise BadCode("digest")
    return _unpack(packed)


def _name(packed: bytes) -> str:
    return hashlib.sha256(packed).hexdigest()[:8].upper()


# --- compressing


def _pack(receipt: str, proof: str) -> bytes:
    if len(receipt) + len(proof) > MOST_BYTES // 4:  # a character has four bytes at most
        raise BadCode("too large")
    folded = b"".join(_field(b"".join(_fold(text))) for text in (receipt, proof))
    deflating = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, _dictionary())
    return deflating.compress(folded) + deflating.flush()


def _unpack(packed: bytes) -> OfflineCode:
    inflating = zlib.decompressobj(-15, _dictionary())
    try:
        folded = inflating.decompress(packed, MOST_BYTES)
    except zlib.error:
        raise BadCode("compression") from None
    if not inflating.eof or inflating.unused_data:
        raise BadCode("compression")
    try:
        receipt, proof = (_unfold(field) for field in _fields(folded, 2))
    except (IndexError, ValueError):  # too short, more than two, no text
        raise BadCode("content") from None
    return OfflineCode(receipt, proof)


@cache
def _dictionary() -> bytes:
    return (files("certificates") / "offline_code_1.txt").read_bytes()


# --- folding: a field is pieces, each its kind and length in one number, then its bytes


def _fold(text: str) -> Iterator[bytes]:
    end = 0
    for run in _RUN.finditer(text):
        kind, data = _decoded(run[0])
        if kind != _PLAIN:
            yield from _piece(_PLAIN, text[end : run.start()].encode())
            yield from _piece(kind, data)
            end = run.end()
    yield from _piece(_PLAIN, text[end:].encode())


def _piece(kind: int, data: bytes) -> Iterator[bytes]:
    if data:
        yield _number(len(data) * 3 + kind) + data


def _decoded(run: str) -> tuple[int, bytes]:
    for kind in (_URL, _STANDARD):
        try:
            data = _from_base64(kind, run)
        except binascii.Error:
            continue
        if _to_base64(kind, data) == run:
            return kind, data
    return _PLAIN, b""


def _from_base64(kind: int, run: str) -> bytes:
    if kind == _URL:
        return base64.b64decode(run + "=" * (-len(run) % 4), altchars=b"-_", validate=True)
    return base64.b64decode(run, validate=True)


def _to_base64(kind: int, data: bytes) -> str:
    if kind == _URL:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
    return base64.b64encode(data).decode("ascii")


def _unfold(field: bytes) -> str:
    text, place = "", 0
    while place < len(field):
        tagged, place = _read_number(field, place)
        length, kind = divmod(tagged, 3)
        data = field[place : place + length]
        if len(data) != length:
            raise IndexError
        text += data.decode() if kind == _PLAIN else _to_base64(kind, data)
        place += length
    return text


def _field(data: bytes) -> bytes:
    return _number(len(data)) + data


def _fields(data: bytes, count: int) -> Iterator[bytes]:
    place = 0
    for _ in range(count):
        length, place = _read_number(data, place)
        yield data[place : place + length]
        place += length
    if place != len(data):
        raise IndexError


def _number(value: int) -> bytes:
    """LEB128: seven bits a byte, the lowest first."""
    made = bytearray()
    while value > 0x7F:  # noqa: PLR2004 -- seven bits
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*made, value])


def _read_number(data: bytes, place: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        value |= (data[place] & 0x7F) << shift
        shift += 7
        place += 1
        if not data[place - 1] & 0x80:
            return value, place
        if shift > 28:  # noqa: PLR2004 -- larger than anything that is inflated
            raise ValueError("number")
