"""What a batch's columns look like, counted while its rows are judged: missing values of all, codes of some.

    profile = BatchProfile(dataset)
    profile.add(profile_of(dataset, table))       # chunk after chunk
    profile.columns()                             # for quality.drift, and to be kept

Nothing that could name somebody is counted: only codes of a code table (others stand together as `?`), and values of
columns that are public or internal and have few. Whatever is rarer than RARE in a column of people, or in one without
a code table, stands together as `*`.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from registries.coded_texts import CodedTexts
from registries.contracts.model import Column, Dataset
from registries.store.profiles import ColumnProfile

MOST_VALUES: Final = 64
"""A column without a code table that has more values than these is none of codes."""

RARE: Final = 5
OTHERS, UNKNOWN = "*", "?"
_LOOK_FIRST: Final = 2_000
_COUNTED_SEMANTICS: Final = frozenset({None, "code", "division_code"})
_COUNTED_TYPES: Final = frozenset({"string", "boolean"})


@dataclass(frozen=True)
class ColumnCounts:
    """One column of one chunk; `values` is None where it turned out to have too many."""

    nulls: int
    values: Mapping[str, int] | None


@dataclass(frozen=True)
class ChunkProfile:
    """A chunk of `rows` rows, by column."""

    rows: int
    columns: Mapping[str, ColumnCounts]


def profile_of(
    dataset: Dataset, table: pa.Table, coded: Mapping[str, CodedTexts] = MappingProxyType({})
) -> ChunkProfile:
    """Count a chunk's canonical text columns, of which some are known as `coded` too."""
    columns = {
        column.name: ColumnCounts(
            table.column(column.name).null_count, _values(column, table.column(column.name), coded.get(column.name))
        )
        for column in dataset.columns
    }
    return ChunkProfile(table.num_rows, columns)


# As everywhere, pyarrow ships no types.
def _values(column: Column, cells: Any, coded: CodedTexts | None) -> Mapping[str, int] | None:  # noqa: ANN401
    if not _is_counted(column) or (not column.code_table and _are_many(cells.slice(0, _LOOK_FIRST))):
        return None
    found: Counter[str] = Counter()
    known = frozenset(column.codes)
    for value, times in _times(cells) if coded is None else _times_of_coded(coded):
        if value is not None:
            found[value if not known or value in known else UNKNOWN] += times
    return found if known or len(found) <= MOST_VALUES else None


def _times(cells: Any) -> Iterator[tuple[str | None, int]]:  # noqa: ANN401 - pyarrow ships no types
    counted = pc.value_counts(cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells)
    return zip(counted.field(0).to_pylist(), counted.field(1).to_pylist(), strict=True)


def _times_of_coded(coded: CodedTexts) -> Iterator[tuple[str | None, int]]:
    times = np.bincount(coded.places, minlength=len(coded.values))
    there = np.flatnonzero(times)
    return zip(coded.values.take(pa.array(there)).to_pylist(), times[there].tolist(), strict=True)


def _is_counted(column: Column) -> bool:
    if column.code_table:
        return True
    plain = not column.personal and not column.key and column.logical_type in _COUNTED_TYPES
    return plain and column.semantic in _COUNTED_SEMANTICS


def _are_many(cells: Any) -> bool:  # noqa: ANN401 - pyarrow ships no types
    return bool(pc.count_distinct(cells).as_py() > MOST_VALUES)


class BatchProfile:
    """A batch's columns, put together from its chunks."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._rows = 0
        self._nulls: Counter[str] = Counter()
        self._values: dict[str, Counter[str]] = {c.name: Counter() for c in dataset.columns if _is_counted(c)}

    def add(self, chunk: ChunkProfile) -> None:
        """Add a chunk's counts; a column that has too many values anywhere is not counted any more."""
        self._rows += chunk.rows
        for name, counts in chunk.columns.items():
            self._nulls[name] += counts.nulls
            if name not in self._values:
                continue
            if counts.values is None:
                del self._values[name]
            else:
                self._values[name].update(counts.values)

    def columns(self) -> list[ColumnProfile]:
        """Each column as it may be kept; of an empty batch nothing is said."""
        if not self._rows:
            return []
        return [
            ColumnProfile(column.name, self._rows, self._nulls[column.name], self._kept(column))
            for column in self._dataset.columns
        ]

    def _kept(self, column: Column) -> Mapping[str, int] | None:
        values = self._values.get(column.name)
        if values is None or (not column.code_table and len(values) > MOST_VALUES):
            return None
        if column.code_table and not column.personal:
            return dict(values)
        kept = Counter({value: times for value, times in values.items() if times >= RARE})
        rare = values.total() - kept.total()
        return {**kept, OTHERS: rare} if rare else dict(kept)
