"""Floating-point numbers as text: what was typed, as far as it is still there, and never digits that are gone.

A number of 16 digits and more has lost some when it was kept as floating point: in a column of texts it becomes its
scientific form, which the rules refuse by name, so that nobody takes it for a certificate number.

    >>> number_text(440507.0, numeric=False), number_text(12.5, numeric=False), number_text(0.1 + 0.2, numeric=False)
    ('440507', '12.5', '0.3')
    >>> number_text(440507199003071234.0, numeric=False), number_text(4405071990030712.0, numeric=True)
    ('4.405071990030712E+17', '4405071990030712')
"""

import math
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

Array = Any  # pyarrow ships no types

WHOLE: Final = 1e15
"""From here on a floating-point number no longer holds every digit that a spreadsheet showed."""


def number_text(value: float, *, numeric: bool) -> str | None:
    """One number; None for not-a-number. `numeric`: its column holds numbers, and wants its size, not its digits."""
    if math.isnan(value):
        return None
    if math.isinf(value):
        return str(value)
    if abs(value) < WHOLE:
        return plain(format(value, ".15g"))
    return plain(repr(value)).removesuffix(".0") if numeric else f"{Decimal(repr(value)):E}"


def number_texts(values: Array, *, numeric: bool) -> Array:
    """The same for an Arrow array of floating-point numbers."""
    numbers = values.cast(pa.float64())
    small = pc.and_(pc.less(pc.abs(numbers), WHOLE), pc.equal(numbers, pc.trunc(numbers)))
    whole = pc.if_else(small, numbers, pa.scalar(None, pa.float64())).cast(pa.int64()).cast(pa.string())
    rest = pc.if_else(pc.fill_null(small, fill_value=False), pa.scalar(None, pa.float64()), numbers).dictionary_encode()
    texts = pa.array([number_text(one, numeric=numeric) for one in rest.dictionary.to_pylist()], pa.string())
    return pc.coalesce(whole, texts.take(rest.indices))


def plain(text: str) -> str:
    """A decimal number without an exponent; -0 is 0."""
    number = Decimal(text)
    return format(number or abs(number), "f")
