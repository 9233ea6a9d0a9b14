"""What is derived from a column is derived once for a chunk: several rules read the same digits and days.

    with one_chunk():
        iso_days(birth_dates)    # read from the text
        iso_days(birth_dates)    # the same arrays again

Outside of `one_chunk` everything is derived anew. What was derived, and the column it came from, is let go at the
chunk's end, and each thread has its own. Nobody may write into a derived array.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, TypeVar

from registries.text_columns import TextColumn, one_array

Derived = TypeVar("Derived")

_known: ContextVar[dict[tuple[object, ...], tuple[object, object]] | None] = ContextVar("known", default=None)


@contextmanager
def one_chunk() -> Iterator[None]:
    """Remembers while it lasts."""
    token = _known.set({})
    try:
        yield
    finally:
        _known.reset(token)


def once(derive: Callable[[TextColumn], Derived]) -> Callable[[Any], Derived]:
    """A function of one text column, asked with any pyarrow array of text, that is called once for each chunk."""

    @wraps(derive)
    def derived(values: Any) -> Derived:  # noqa: ANN401 - pyarrow ships no types
        known, array = _known.get(), one_array(values)
        if known is None:
            return derive(TextColumn.of(array))
        place = (derive, *_place(array))
        if place not in known:
            # The array is kept beside: as long as it lives, nothing else can stand in its place.
            known[place] = (array, derive(TextColumn.of(array)))
        found: Any = known[place][1]
        return found  # type: ignore[no-any-return] # what this very function derived

    return derived


def _place(array: Any) -> tuple[object, ...]:  # noqa: ANN401 - as above
    """Where in memory its values stand: two arrays of one place have the same values."""
    buffers = array.buffers()
    return (array.type, array.offset, len(array), *(None if one is None else one.address for one in buffers))


@once
def text_of(text: TextColumn) -> TextColumn:
    """The column's bytes."""
    return text
