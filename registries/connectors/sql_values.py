r"""What database drivers give, as text: exactly, in one form, whatever the driver's type.

true, false; numbers without exponent; 2026-01-31; 2026-01-31 08:00:00.5; moments with a zone in UTC, with +00

>>> import datetime as dt, decimal
>>> from registries.contracts.model import Column
>>> texts([decimal.Decimal("1E+2"), None, True], Column("a", "甲"), "s").to_pylist()
['100', None, 'true']
>>> texts([1, b"\x00", "0"], Column("a", "甲", "boolean"), "s").to_pylist()
['true', 'false', 'false']
"""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa

from registries.connectors.remote_faults import UnreadableColumn
from registries.contracts.model import Column

_TRUTH: Final[Mapping[object, str]] = {"1": "true", "0": "false", b"\x01": "true", b"\x00": "false"}
_NOTHING: Final = type(None)
_PLAIN: Final = frozenset({str, _NOTHING})


def texts(values: Sequence[object], column: Column, source: str) -> Any:  # noqa: ANN401 - pyarrow ships no types
    """One column's values as a pyarrow string array; `source` names the table in a fault.

    Raises:
        UnreadableColumn: a value is bytes, an array or a document.
    """
    truth = column.logical_type == "boolean"
    kinds = frozenset(map(type, values))
    if kinds <= _PLAIN and not truth:
        return pa.array(values, pa.string())
    strange = sorted(kind.__name__ for kind in kinds if kind not in _FORMS and not (truth and kind is bytes))
    if strange:
        raise UnreadableColumn(source, column.source, strange[0])
    return pa.array([_truth(value, column, source) if truth else _text(value) for value in values], pa.string())


def _text(value: object) -> str | None:
    return _FORMS[type(value)](value)


def _truth(value: object, column: Column, source: str) -> str | None:
    """Of 1 and 0, however they are stored; what is neither stays as it is, and a rule names it."""
    if isinstance(value, bytes) and value not in _TRUTH:
        raise UnreadableColumn(source, column.source, "bytes")
    text = value if isinstance(value, bytes) else _text(value)
    return _TRUTH.get(text, text if isinstance(text, str) else None)


def _moment(value: dt.datetime) -> str:
    zone = ""
    if value.tzinfo is not None:
        value, zone = value.astimezone(dt.UTC).replace(tzinfo=None), "+00"
    return _short_fraction(value.isoformat(sep=" ")) + zone


def _short_fraction(text: str) -> str:
    return text.rstrip("0") if "." in text else text


def _duration(value: dt.timedelta) -> str:
    """A time of day, or a span, as HH:MM:SS; MySQL's TIME comes as one."""
    sign, whole = ("-", -value) if value < dt.timedelta() else ("", value)
    seconds = whole.days * 86_400 + whole.seconds
    fraction = _short_fraction(f".{whole.microseconds:06}") if whole.microseconds else ""
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{fraction}"


_FORMS: Final[Mapping[type, Callable[[Any], str | None]]] = {
    _NOTHING: lambda _: None,
    str: str,
    bool: lambda value: "true" if value else "false",
    int: str,
    float: lambda value: format(Decimal(repr(value)), "f"),
    Decimal: lambda value: format(value, "f"),
    dt.datetime: _moment,
    dt.date: dt.date.isoformat,
    dt.time: lambda value: _short_fraction(value.isoformat()),
    dt.timedelta: _duration,
    uuid.UUID: str,
}
