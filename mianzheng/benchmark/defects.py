"""Planted defects: which people's rows are wrong, how, and which rules must say so; the truth is kept apart, by key.

Each kind has a span of ordinals of its own, so that no row has two; the ordinals are shuffled before they become rows.

    town = Town(rows=3_000, seed=1)
    rows = town.rows_of(ordinals)       # defects included
    town.truth()                        # {"name-required": Arrow array of the keys of rows that break it, ...}
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mianzheng.benchmark.people import COLUMNS, Ordinals, births, citizen_numbers, people

Texts = Any  # a pyarrow string array; pyarrow ships no types
Columns = dict[str, Texts]

SHARE: Final = 0.0005
"""Of all rows, for each kind; at least two rows."""

_TOO_LATE: Final = np.timedelta64(42_000, "D")
"""From 1935 to 2050: later than the contract's range."""


@dataclass(frozen=True)
class Kind:
    """One kind of defect.

    Attributes:
        rules: those that must refuse or report each such row, and no others.
        spoil: changes the columns of rows of which all are to be so.
    """

    rules: tuple[str, ...]
    spoil: Callable[[Columns, Ordinals, int], None]


def _none(column: str) -> Callable[[Columns, Ordinals, int], None]:
    return _filled(column, None)


def _filled(column: str, value: str | None) -> Callable[[Columns, Ordinals, int], None]:
    def spoil(columns: Columns, ordinals: Ordinals, _seed: int) -> None:
        columns[column] = pa.array([value], pa.string()).take(pa.array(np.zeros(len(ordinals), np.int64)))

    return spoil


def _wrong_check(columns: Columns, _ordinals: Ordinals, _seed: int) -> None:
    numbers = columns["citizen_number"]
    wrong = pc.if_else(pc.ends_with(numbers, "1"), "2", "1")
    columns["citizen_number"] = pc.binary_join_element_wise(pc.utf8_slice_codeunits(numbers, 0, 17), wrong, "")


def _rounded(columns: Columns, _ordinals: Ordinals, _seed: int) -> None:
    numbers = columns["citizen_number"]
    first, rest = pc.utf8_slice_codeunits(numbers, 0, 1), pc.utf8_slice_codeunits(numbers, 1, 15)
    columns["citizen_number"] = pc.binary_join_element_wise(first, ".", rest, "E+17", "")


def _other_sex(columns: Columns, _ordinals: Ordinals, _seed: int) -> None:
    columns["sex"] = pc.if_else(pc.equal(columns["sex"], "1"), "2", "1")


def _other_birth(columns: Columns, ordinals: Ordinals, _seed: int) -> None:
    columns["birth_date"] = pa.array(births(ordinals) + np.timedelta64(1, "D")).cast(pa.string())


def _late_birth(columns: Columns, ordinals: Ordinals, seed: int) -> None:
    born = births(ordinals) + _TOO_LATE
    columns["citizen_number"] = citizen_numbers(ordinals, born, seed)
    columns["birth_date"] = pa.array(born).cast(pa.string())


def _invisible(columns: Columns, _ordinals: Ordinals, _seed: int) -> None:
    names = columns["name"]
    first, rest = pc.utf8_slice_codeunits(names, 0, 1), pc.utf8_slice_codeunits(names, 1)
    columns["name"] = pc.binary_join_element_wise(first, rest, "\u200b")


def _as_they_are(_columns: Columns, _ordinals: Ordinals, _seed: int) -> None:
    """Two rows of one number differ already in name and address."""


KINDS: Final[Mapping[str, Kind]] = {
    "number_check": Kind(("citizen_number-citizen_number",), _wrong_check),
    "number_rounded": Kind(("citizen_number-not_rounded", "citizen_number-citizen_number"), _rounded),
    "number_missing": Kind(("citizen_number-required",), _none("citizen_number")),
    "number_twice": Kind(("key-unique",), _as_they_are),
    "name_missing": Kind(("name-required",), _none("name")),
    "name_invisible": Kind(("name-readable_text",), _invisible),
    "sex_disagrees": Kind(("sex-agrees",), _other_sex),
    "date_impossible": Kind(("birth_date-format",), _filled("birth_date", "1990-02-30")),
    "date_disagrees": Kind(("birth_date-agrees",), _other_birth),
    "date_late": Kind(("birth_date-in_range",), _late_birth),
    "ethnicity_unknown": Kind(("ethnicity-pattern",), _filled("ethnicity", "99")),
    "address_long": Kind(("address-length",), _filled("address", "址" * 201)),
    "marital_unknown": Kind(("marital_status-code_table",), _filled("marital_status", "77")),
}
_TWICE: Final = "number_twice"


@dataclass(frozen=True)
class Town:
    """`rows` rows of people, the planted defects among them; the same for the same seed."""

    rows: int
    seed: int

    @cached_property
    def _each(self) -> int:
        return max(2, round(self.rows * SHARE))

    def span(self, kind: str) -> range:
        """The ordinals of a kind's rows; those of `number_twice` are followed by as many that have the same numbers."""
        place = list(KINDS).index(kind)
        first = (place + (place > list(KINDS).index(_TWICE))) * self._each
        return range(first, first + self._each * (2 if kind == _TWICE else 1))

    @property
    def first_good(self) -> int:
        """From this ordinal on all rows are good."""
        return self.span(list(KINDS)[-1]).stop

    def rows_of(self, ordinals: Ordinals) -> pa.RecordBatch:
        """One row per ordinal, in their order."""
        batch = people(ordinals, self.seed, self._personas(ordinals))
        if ordinals.min(initial=self.first_good) >= self.first_good:
            return batch
        columns = {name: batch.column(name) for name in COLUMNS}
        for name, kind in KINDS.items():
            self._spoil(columns, ordinals, self.span(name), kind)
        return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))

    def twice(self) -> pa.RecordBatch:
        """The rows whose number stands in two rows."""
        return self.rows_of(np.array(self.span(_TWICE), np.int64))

    def truth(self) -> dict[str, Texts]:
        """Rule -> the keys of the rows that break it, as they stand in the rows (None where the key is missing)."""
        found: dict[str, list[Texts]] = {}
        for name, kind in KINDS.items():
            keys = self.rows_of(np.array(self.span(name), np.int64)).column("citizen_number")
            for rule in kind.rules:
                found.setdefault(rule, []).append(keys)
        return {rule: pa.concat_arrays(keys) for rule, keys in found.items()}

    def _personas(self, ordinals: Ordinals) -> Ordinals:
        twice = self.span(_TWICE)
        second = (ordinals >= twice.start + self._each) & (ordinals < twice.stop)
        return np.where(second, ordinals - self._each, ordinals)

    def _spoil(self, columns: Columns, ordinals: Ordinals, span: range, kind: Kind) -> None:
        places = np.flatnonzero((ordinals >= span.start) & (ordinals < span.stop))
        if not len(places):
            return
        good = {name: column.take(pa.array(places)) for name, column in columns.items()}
        spoilt = dict(good)
        kind.spoil(spoilt, ordinals[places], self.seed)
        here = np.zeros(len(ordinals), np.bool_)
        here[places] = True
        for name in (name for name, column in spoilt.items() if column is not good[name]):
            column = spoilt[name]
            columns[name] = pc.replace_with_mask(columns[name], pa.array(here), column)
