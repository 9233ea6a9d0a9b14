"""The colour space of screens, sRGB, as a small ICC profile (ICC.1:2001): a PDF for archives says what its colours are.

A matrix profile with one curve value, gamma 2.2, for all three colours; primaries are those of IEC 61966-2-1, adapted
to D50.

Example:
    >>> profile = srgb_profile()
    >>> profile[36:40], int.from_bytes(profile[:4]) == len(profile)
    (b'acsp', True)
"""

import struct
from collections.abc import Sequence

_D50 = (0.9642, 1.0, 0.8249)
_PRIMARIES = {
    b"rXYZ": (0.4360, 0.2225, 0.0139),
    b"gXYZ": (0.3851, 0.7169, 0.0971),
    b"bXYZ": (0.1431, 0.0606, 0.7141),
}
_HEADER = 128


def srgb_profile() -> bytes:
    """The profile's bytes."""
    curve = b"curv" + struct.pack(">IIHxx", 0, 1, round(2.2 * 256))
    tags = {
        b"desc": _description("sRGB"),
        b"cprt": b"text" + bytes(4) + b"no copyright\0",
        b"wtpt": _colour(_D50),
        **{name: _colour(value) for name, value in _PRIMARIES.items()},
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve),
    }
    table, body = b"", b""
    start = _HEADER + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    size = start + len(body)
    return _header(size) + struct.pack(">I", len(tags)) + table + body


def _header(size: int) -> bytes:
    """A display's profile, version 2.1, of the first moment of 2000."""
    return (
        struct.pack(">I4sI4s4s4s", size, bytes(4), 0x02100000, b"mntr", b"RGB ", b"XYZ ")
        + struct.pack(">6H", 2000, 1, 1, 0, 0, 0)
        + b"acsp"
        + bytes(24)
        + bytes(4)
        + b"".join(_fixed(value) for value in _D50)
        + bytes(48)
    )


def _colour(value: Sequence[float]) -> bytes:
    return b"XYZ " + bytes(4) + b"".join(_fixed(one) for one in value)


def _fixed(value: float) -> bytes:
    """s15Fixed16."""
    return struct.pack(">i", round(value * 65536))


def _description(name: str) -> bytes:
    """textDescriptionType: ASCII, no Unicode, no script code."""
    return b"desc" + struct.pack(">II", 0, len(name) + 1) + name.encode() + b"\0" + bytes(8) + bytes(3) + bytes(67)
