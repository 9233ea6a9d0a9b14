"""What is derived from a column is derived once for a chunk: several rules read the same digits and days.

    with one_chunk():
        iso_days(birth_dates)    # read from the text
        iso_days(birth_dates)    # the same arrays again

Outside of `one_chunk` everything is derived anew. What was derived, and the column it came from, is let go at the
chunk's end, and each thread has its own. Nobody may write into a derived array.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, TypeVar

from registries.coded_texts import CodedTexts
from registries.text_columns import TextColumn, one_array

Derived = TypeVar("Derived")
Columns = TypeVar("Columns", bound=tuple[Any, ...])

_known: ContextVar[dict[tuple[object, ...], tuple[object, object]] | None] = ContextVar("known", default=None)
_coded: ContextVar[Mapping[int, CodedTexts] | None] = ContextVar("coded", default=None)


@contextmanager
def one_chunk(coded: Iterable[tuple[Any, CodedTexts]] = ()) -> Iterator[None]:
    """Remembers while it lasts; `coded` are whole columns, as predicates get them, with the values they repeat."""
    by_place = ((_data(one_array(texts)), values) for texts, values in coded if values.few)
    tokens = _known.set({}), _coded.set({place: values for place, values in by_place if place is not None})
    try:
        yield
    finally:
        _known.reset(tokens[0])
        _coded.reset(tokens[1])


def coded_of(values: Any) -> CodedTexts | None:  # noqa: ANN401 - pyarrow ships no types
    """What the rows of a column's part repeat, if that is known, and few; None: it isn't."""
    known = _coded.get()
    if not known:
        return None
    array = one_array(values)
    at = _data(array)
    return known[at].rows(array.offset, len(array)) if at is not None and at in known else None


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


def once_each(derive: Callable[[TextColumn], Columns]) -> Callable[[Any], Columns]:
    """The same of a function that gives columns, one entry a row: of values that repeat they are derived once each."""
    of_whole = once(derive)

    @wraps(derive)
    def derived(values: Any) -> Columns:  # noqa: ANN401 - pyarrow ships no types
        coded = coded_of(values)
        if coded is None:
            return of_whole(values)
        found: Any = tuple(coded.spread(column) for column in of_whole(coded.values))
        return found  # type: ignore[no-any-return] # as many columns as the function gives

    return derived


def _data(array: Any) -> int | None:  # noqa: ANN401 - as above
    """Where the bytes of its values begin, if it has any: no two living arrays of text begin at one place."""
    data = array.buffers()[-1]
    return int(data.address) if data is not None and data.size else None


def _place(array: Any) -> tuple[object, ...]:  # noqa: ANN401 - as above
    """Where in memory its values stand: two arrays of one place have the same values."""
    buffers = array.buffers()
    return (array.type, array.offset, len(array), *(None if one is None else one.address for one in buffers))


@once
def text_of(text: TextColumn) -> TextColumn:
    """The column's bytes."""
    return text
