r"""A whole PostgreSQL table, column by column: the server joins each column's texts, a thousand pages at a time.

    for batch in whole(opened, dataset): ...

Rows that are sent one by one cost the hub as much to take apart as the server to put together: 1.4 CPU seconds each for
a million rows of twelve columns. Joined by U+001F, with U+001E for what is absent, and days and moments as numbers,
they cost 0.5 here and 0.8 there. Where one of these characters is part of a value it is found out, as texts and nulls
are counted, and those pages are read row by row. So are views, partitioned tables, and whatever else is no plain table.

    >>> taken_apart(pa.py_buffer(b"a\x1fbc\x1f\x1e\x1f"), 4).to_pylist()
    ['a', 'bc', None, '']
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from psycopg import sql

from registries.connectors.postgres_moments import sent_as, texts_of
from registries.connectors.postgres_reading import (
    PLAIN,
    Kinds,
    Opened,
    answer_or_none,
    as_texts,
    asked,
    kinds_of,
    streamed,
    table_of,
    table_text,
    text_of,
)
from registries.connectors.rows import sliced
from registries.contracts.model import Column, Dataset

PAGES: Final = 1_000
"""Pages of 8 KB that are asked for at once."""

_END: Final = "\x1f"
_ABSENT: Final = "\x1e"
_ALL: Final = sql.SQL("true")
_IS_PLAIN: Final = sql.SQL("""
SELECT 1 FROM pg_class AS kept JOIN pg_am AS storage ON storage.oid = kept.relam
WHERE kept.oid = {table}::regclass AND {plain} AND current_setting('server_version_num')::integer >= 140000
    AND (kept.reltoastrelid = 0 OR pg_relation_size(kept.reltoastrelid) = 0)
""")
_SIZE: Final = sql.SQL("SELECT pg_relation_size({table}::regclass) / current_setting('block_size')::integer")


def whole(opened: Opened, dataset: Dataset, condition: sql.Composable = _ALL) -> Iterator[pa.RecordBatch]:
    """The rows that fulfil the condition, in the order in which the table holds them; at most ROWS in a batch.

    Args:
        opened: opens a connection for reading, as often as needed.
        dataset: of kind `database`.
        condition: on the table's columns.
    """
    plain = answer_or_none(opened, lambda cursor: _is_plain(cursor, dataset))
    with opened() as cursor:
        if plain:
            yield from _by_columns(cursor, dataset, condition)
        else:
            texts = as_texts(dataset, kinds_of(cursor, dataset))
            yield from streamed(cursor, sql.SQL("{} WHERE {}").format(texts, condition))


def _is_plain(cursor: Any, dataset: Dataset) -> bool:  # noqa: ANN401 - ADBC ships no types
    """Whether it is a table of pages, with all values in them, on a server that finds pages without reading the others.

    Values that are kept out of line would make a thousand pages of any size.
    """
    return asked(cursor, _IS_PLAIN.format(table=table_text(dataset), plain=PLAIN)) is not None


def _by_columns(
    cursor: Any,  # noqa: ANN401 - ADBC ships no types
    dataset: Dataset,
    condition: sql.Composable,
) -> Iterator[pa.RecordBatch]:
    """The server joins the next pages while these are taken apart."""
    (pages,) = asked(cursor, _SIZE.format(table=table_text(dataset)))
    kinds = kinds_of(cursor, dataset)
    with ThreadPoolExecutor(1, "pull") as thread:
        table = _Pages(cursor, dataset, condition, kinds, thread)
        coming = table.joined(0)
        for first in range(0, pages, PAGES):
            joined = coming.result()
            if first + PAGES < pages:
                coming = table.joined(first + PAGES)
            rows = _rows(dataset, kinds, joined)
            if rows is None or not table.confirms(first, rows):
                rows = table.row_by_row(first)
            for batch in rows.to_batches():
                yield from sliced(batch)


def taken_apart(text: pa.Buffer, count: int) -> pa.Array | None:
    """The `count` texts that were joined; None if they are not so many."""
    data = np.frombuffer(text, np.uint8)
    ends = data == ord(_END)
    if np.count_nonzero(ends) != count - 1:
        return None
    if ord(_ABSENT) in data:
        return _with_nulls(data, ends, count)
    width, rest = divmod(len(data) + 1, count)
    if rest == 0 and ends[width - 1 :: width].all():
        return _of_one_width(data, width, count)
    return _texts(data, ends, count)


@dataclass(frozen=True)
class _Pages:
    """A table's pages, in ranges that begin at `first`; one question at a time, as a connection answers no more."""

    cursor: Any
    dataset: Dataset
    condition: sql.Composable
    kinds: Kinds
    thread: ThreadPoolExecutor

    def joined(self, first: int) -> Future[pa.Table]:
        """One row: how many rows there are, and the texts of each column."""
        texts = (_sent(column, kind) for column, kind in zip(self.dataset.columns, self.kinds, strict=True))
        return self._answer(
            sql.SQL("SELECT count(*), {} FROM {}").format(_listed(texts), table_of(self.dataset)), first
        )

    def confirms(self, first: int, rows: pa.Table) -> bool:
        """Whether the columns have as many nulls as were taken for nulls."""
        found = [column.null_count for column in rows.columns]
        if not any(found):
            return True
        nulls = (
            sql.SQL("count(*) - count({})").format(sql.Identifier(column.source)) for column in self.dataset.columns
        )
        counted = self._answer(
            sql.SQL("SELECT {} FROM {}").format(_listed(nulls), table_of(self.dataset)), first
        ).result()
        return found == [column[0].as_py() for column in counted.columns]

    def row_by_row(self, first: int) -> pa.Table:
        """The rows, as any table's."""
        return self._answer(as_texts(self.dataset, self.kinds), first).result()

    def _answer(self, query: sql.Composable, first: int) -> Future[pa.Table]:
        bounds = [sql.Literal(f"({page},0)") for page in (first, first + PAGES)]
        within = sql.SQL(" WHERE ctid >= {}::tid AND ctid < {}::tid AND ({})").format(*bounds, self.condition)
        return self.thread.submit(_answered, self.cursor, (query + within).as_string(None))


def _answered(cursor: Any, query: str) -> pa.Table:  # noqa: ANN401 - ADBC ships no types
    cursor.execute(query)
    return cursor.fetch_arrow_table()


def _sent(column: Column, kind: pa.DataType) -> sql.Composed:
    """How the server joins a column's values."""
    binary = sent_as(kind)
    if binary is not None:
        return binary.format(sql.Identifier(column.source))
    joined = sql.SQL("string_agg(coalesce({}, {}), {})")
    return joined.format(text_of(column, kind), sql.Literal(_ABSENT), sql.Literal(_END))


def _listed(parts: Iterable[sql.Composable]) -> sql.Composed:
    return sql.SQL(", ").join(parts)


def _rows(dataset: Dataset, kinds: Kinds, joined: pa.Table) -> pa.Table | None:
    """The rows of an answer to `joined`; None if a text holds what ends texts, or a moment is out of the ordinary."""
    count = joined.column(0)[0].as_py()
    if count == 0:
        return pa.schema([(column.name, pa.string()) for column in dataset.columns]).empty_table()
    arrays: list[pa.Array] = []
    for position, kind in enumerate(kinds, start=1):
        sent = joined.column(position)[0].as_buffer()
        array = taken_apart(sent, count) if sent_as(kind) is None else texts_of(kind, sent, count)
        if array is None:
            return None
        arrays.append(array)
    return pa.Table.from_arrays(arrays, names=[column.name for column in dataset.columns])


def _of_one_width(data: npt.NDArray[np.uint8], width: int, count: int) -> pa.Array:
    ended = np.empty((count, width), np.uint8)
    ended.reshape(-1)[:-1] = data
    offsets = (
        np.arange(0, count * (width - 1) + 1, width - 1, dtype=np.int32) if width > 1 else np.zeros(count + 1, "i4")
    )
    return _array(count, offsets, np.ascontiguousarray(ended[:, :-1]))


def _texts(data: npt.NDArray[np.uint8], ends: npt.NDArray[np.bool_], count: int) -> pa.Array:
    return _array(count, _offsets(ends, count), data[~ends])


def _with_nulls(data: npt.NDArray[np.uint8], ends: npt.NDArray[np.bool_], count: int) -> pa.Array:
    """What stands for an absent value stays as the bytes under its null."""
    offsets, kept = _offsets(ends, count), data[~ends]
    starts = offsets[:-1]
    alone = np.diff(offsets) == 1
    alone[alone] = kept[starts[alone]] == ord(_ABSENT)
    return _array(count, offsets, kept, pa.array(~alone).buffers()[1])


def _offsets(ends: npt.NDArray[np.bool_], count: int) -> npt.NDArray[np.int32]:
    offsets = np.zeros(count + 1, np.int32)
    offsets[1:-1] = np.flatnonzero(ends) - np.arange(count - 1)
    offsets[-1] = len(ends) - (count - 1)
    return offsets


def _array(
    count: int, offsets: npt.NDArray[np.int32], data: npt.NDArray[np.uint8], valid: pa.Buffer | None = None
) -> pa.Array:
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(data), valid)
