"""Arithmetic on the SM2 curve (GB/T 32918.5) over Python's integers: fixed patterns for secrets, speed for the rest.

A secret multiple of the base point runs through the same number of additions whatever the number is: 32 of them, from
tables made once, none left out for a zero. Its starting point is blinded by a random factor, so that the intermediate
values of two runs differ. Python's integers are no constant-time arithmetic: in production, and where others share the
processor with the hub, keys belong in a certified module.

Example:
    >>> point_times_base(1) == BASE, point_times_base(ORDER - 1) == (BASE[0], FIELD - BASE[1])
    (True, True)
"""

import secrets
from functools import cache
from typing import Final

FIELD: Final = 0xFFFFFFFE_FFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFF_00000000_FFFFFFFF_FFFFFFFF
ORDER: Final = 0xFFFFFFFE_FFFFFFFF_FFFFFFFF_FFFFFFFF_7203DF6B_21C6052B_53BBF409_39D54123
A: Final = FIELD - 3
B: Final = 0x28E9FA9E_9D9F5E34_4D5A9E4B_CF6509A7_F39789F5_15AB8F92_DDBCBD41_4D940E93
BASE: Final = (
    0x32C4AE2C_1F198119_5F990446_6A39C994_8FE30BBF_F2660BE1_715A4589_334C74C7,
    0xBC3736A2_F4F6779C_59BDCEE3_6B692153_D0A9877C_C62A4740_02DF32E5_2139F0A0,
)

Point = tuple[int, int]
"""Affine coordinates."""

_Jacobian = tuple[int, int, int]
"""X, Y, Z with x = X/Z², y = Y/Z³; Z = 0 is the point at infinity."""

_INFINITY: Final[_Jacobian] = (1, 1, 0)
_BYTE: Final = 256
_WINDOW: Final = 5
_SHIFT: Final = (1 << 200) + 1


def is_on_curve(point: Point) -> bool:
    """Whether these are the coordinates, in their one form, of a point of the curve (which has no small subgroup)."""
    x, y = point
    return 0 <= x < FIELD and 0 <= y < FIELD and (y * y - (x * x + A) * x - B) % FIELD == 0


def point_times_base(secret: int) -> Point:
    """A secret multiple, 1 to ``ORDER`` - 1, of the base point: the same steps for every number."""
    (x, y), blind = _offset(), secrets.randbelow(FIELD - 1) + 1
    sum_ = (x * blind * blind % FIELD, y * blind**3 % FIELD, blind)
    for table, digit in zip(_shifted_tables(), secret.to_bytes(32, "big"), strict=True):
        sum_ = _add_affine(sum_, table[digit])
    return _affine(sum_)


def sum_of_multiples(of_base: int, of_point: int, point: Point) -> Point | None:
    """``of_base``·BASE + ``of_point``·point for public numbers; None at infinity."""
    sum_ = _INFINITY
    odd = _odd_multiples(point)
    for digit in _signed_digits(of_point):
        sum_ = _double(sum_)
        if digit:
            x, y = odd[abs(digit) >> 1]
            sum_ = _add_affine(sum_, (x, y) if digit > 0 else (x, FIELD - y))
    for row, digit in zip(_plain_tables(), of_base.to_bytes(32, "big"), strict=True):
        if digit:
            sum_ = _add_affine(sum_, row[digit - 1])
    return None if sum_[2] == 0 else _affine(sum_)


def _double(point: _Jacobian) -> _Jacobian:
    """2·P for a = -3."""
    x, y, z = point
    if not z:
        return point
    delta, gamma = z * z % FIELD, y * y % FIELD
    beta = x * gamma % FIELD
    alpha = 3 * (x - delta) * (x + delta) % FIELD
    x3 = (alpha * alpha - 8 * beta) % FIELD
    return x3, (alpha * (4 * beta - x3) - 8 * gamma * gamma) % FIELD, 2 * y * z % FIELD


def _add_affine(left: _Jacobian, right: Point) -> _Jacobian:
    """P + Q with Q affine, equal and opposite points included."""
    x1, y1, z1 = left
    x2, y2 = right
    if not z1:
        return x2, y2, 1
    z_squared = z1 * z1 % FIELD
    h = (x2 * z_squared - x1) % FIELD
    r = (y2 * z_squared * z1 - y1) % FIELD
    if not h:
        return _INFINITY if r else _double(left)
    h_squared = h * h % FIELD
    h_cubed = h * h_squared % FIELD
    v = x1 * h_squared % FIELD
    x3 = (r * r - h_cubed - 2 * v) % FIELD
    return x3, (r * (v - x3) - y1 * h_cubed) % FIELD, z1 * h % FIELD


def _affine(point: _Jacobian) -> Point:
    inverse = pow(point[2], -1, FIELD)
    squared = inverse * inverse % FIELD
    return point[0] * squared % FIELD, point[1] * squared * inverse % FIELD


def _all_affine(points: list[_Jacobian]) -> list[Point]:
    """Many points by one inversion; none is at infinity."""
    products, total = [], 1
    for _, _, z in points:
        products.append(total)
        total = total * z % FIELD
    inverse, found = pow(total, -1, FIELD), []
    for (x, y, z), product in zip(reversed(points), reversed(products), strict=True):
        own, inverse = inverse * product % FIELD, inverse * z % FIELD
        found.append((x * own * own % FIELD, y * own**3 % FIELD))
    return found[::-1]


@cache
def _plain_tables() -> tuple[tuple[Point, ...], ...]:
    """For each byte of a number, most significant first, 1 to 255 times the base point at that byte's place."""
    bases = [(*BASE, 1)]
    for _ in range(31):
        place = bases[-1]
        for _ in range(8):
            place = _double(place)
        bases.append(place)
    return tuple(tuple(_multiples(base)) for base in reversed(_all_affine(bases)))


def _multiples(base: Point) -> list[Point]:
    multiples = [(*base, 1)]
    while len(multiples) < _BYTE - 1:
        multiples.append(_add_affine(multiples[-1], base))
    return _all_affine(multiples)


@cache
def _shifted_tables() -> tuple[tuple[Point, ...], ...]:
    """As ``_plain_tables``, every entry plus one fixed point, so that the entry for zero is a point like all others."""
    return tuple(_shifted(row) for row in _plain_tables())


def _shifted(row: tuple[Point, ...]) -> tuple[Point, ...]:
    shift = _shift()
    return (shift, *_all_affine([_add_affine((*point, 1), shift) for point in row]))


@cache
def _shift() -> Point:
    """A fixed point, far from every entry of the tables."""
    return _public_multiple(_SHIFT)


@cache
def _offset() -> Point:
    """Minus 32 times the shift, to start from."""
    return _public_multiple(-32 * _SHIFT % ORDER)


def _public_multiple(number: int) -> Point:
    digits, rows = number.to_bytes(32, "big"), _plain_tables()
    sum_ = _INFINITY
    for row, digit in zip(rows, digits, strict=True):
        sum_ = _add_affine(sum_, row[digit - 1]) if digit else sum_
    return _affine(sum_)


def _odd_multiples(point: Point) -> list[Point]:
    """1, 3, 5, ... 15 times a point."""
    twice = _affine(_double((*point, 1)))
    multiples: list[_Jacobian] = [(*point, 1)]
    while len(multiples) < 1 << (_WINDOW - 2):
        multiples.append(_add_affine(multiples[-1], twice))
    return _all_affine(multiples)


def _signed_digits(number: int) -> list[int]:
    """The windowed non-adjacent form of a public number, most significant first: zeros and odd digits below 16."""
    digits = []
    while number:
        digit = 0
        if number & 1:
            digit = number & ((1 << _WINDOW) - 1)
            digit -= (digit >> (_WINDOW - 1)) << _WINDOW
            number -= digit
        digits.append(digit)
        number >>= 1
    return digits[::-1]
