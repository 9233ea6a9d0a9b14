"""Narrow rows: of every row of a batch its number and a few hashes, so that ten million of them fit into memory.

    shape = Shape.of(dataset)
    narrow_rows = shape.narrow(first_row_number, canonical_table)

`key` stands for the key, `content` for all stored columns, `unique_0` … for what a rule says is unique, `refers_0` …
for what must be known elsewhere; beside them stand the key's own texts. Hashes are DuckDB's, 63 bits, NULL where a part
of a key is absent; a content's is mixed from those of its columns, so that values that repeat are hashed once. They
decide nothing: they say which rows must be looked at closely, and PostgreSQL looks. Two equal hashes of unequal values
make it look at a row more; that a changed row keeps its hash, and is passed over, has a chance of 2^-63.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Self

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from registries.coded_texts import CodedTexts
from registries.compare.own_duckdb import own_connection
from registries.contracts.model import Dataset

HASHED_BY: Final = f"duckdb {duckdb.__version__}, mixed"
"""Images made by another version are made anew."""

Hashes = NDArray[np.uint64]

_MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)
"""Odd, so that nothing of a hash is lost in being multiplied; 2^64 over the golden ratio."""


@dataclass(frozen=True)
class Shape:
    """Which columns the hashes of a dataset's rows are made of.

    Attributes:
        unique: per rule about other columns than the key, those.
        refers: per rule that refers elsewhere the column.
    """

    key: tuple[str, ...]
    numeric: frozenset[str]
    content: tuple[str, ...]
    unique: tuple[tuple[str, ...], ...] = ()
    refers: tuple[str, ...] = ()

    @classmethod
    def of(cls, dataset: Dataset) -> Self:
        """As the dataset's contract says."""
        rules = dataset.rules
        return cls(
            key=dataset.key,
            numeric=frozenset(column.name for column in dataset.columns if column.logical_type == "integer"),
            content=tuple(column.name for column in dataset.stored_columns),
            unique=tuple(rule.columns for rule in rules if rule.kind == "unique" and rule.columns != dataset.key),
            refers=tuple(str(rule.arguments["column"]) for rule in rules if rule.kind == "reference"),
        )

    @property
    def shared_columns(self) -> tuple[str, ...]:
        """The hashes that no two rows should have in common."""
        return ("key", *(f"unique_{place}" for place in range(len(self.unique))))

    def narrow(self, first: int, rows: pa.Table, coded: Mapping[str, CodedTexts] = MappingProxyType({})) -> pa.Table:
        """Canonical rows to narrow ones, in their order.

        Args:
            first: the number of the first row.
            rows: text columns named as the contract's.
            coded: those of them that repeat few values.
        """
        wanted = self._shared()
        wanted |= {f"refers_{place}": self._together((name,)) for place, name in enumerate(self.refers)}
        plain = [name for name in self.content if name not in coded or not coded[name].few]
        hashed = {f"content_{place}": f"hash({_name(name)})" for place, name in enumerate(plain)}
        found = _asked(wanted | hashed, rows)
        contents = dict(zip(plain, (_numbers(found.column(name)) for name in hashed), strict=True))
        contents |= _spread({name: coded[name] for name in self.content if name not in contents})
        columns = {"row_number": _numbered(first, rows)} | {name: found.column(name) for name in wanted}
        columns["content"] = pa.array(_mixed([contents[name] for name in self.content], rows.num_rows))
        columns |= {f"text_{place}": rows.column(name) for place, name in enumerate(self.key)}
        return pa.table(columns)

    def identities(self, first: int, rows: pa.Table) -> pa.Table:
        """The same of `shared_columns` alone; of `rows` only the columns that these are made of are looked at."""
        found = _asked(self._shared(), rows)
        return found.append_column("row_number", _numbered(first, rows))

    def _shared(self) -> dict[str, str]:
        several = (self.key, *self.unique)
        return {name: self._together(names) for name, names in zip(self.shared_columns, several, strict=True)}

    def _together(self, names: Sequence[str]) -> str:
        there = " AND ".join(f"{_name(name)} IS NOT NULL" for name in names)
        return f"CASE WHEN {there} THEN {_hash(map(self._value, names))} END"

    def _value(self, name: str) -> str:
        """Whole numbers by value: 01 and 1 are one."""
        text = _name(name)
        return f"coalesce(TRY_CAST({text} AS BIGINT)::VARCHAR, {text})" if name in self.numeric else text


def values(texts: pa.Array) -> pa.Array:
    """The hashes of single texts, as `refers_…` has them."""
    return _asked({"value": _hash(["value"])}, pa.table({"value": texts})).column(0).combine_chunks()


def _spread(coded: Mapping[str, CodedTexts]) -> dict[str, Hashes]:
    """The hashes of columns that repeat values: each value is hashed once."""
    if not coded:
        return {}
    together = pa.concat_arrays([each.values for each in coded.values()])
    hashes = _numbers(_asked({"value": "hash(value)"}, pa.table({"value": together})).column(0))
    ends = np.cumsum([len(each.values) for each in coded.values()])
    parts = np.split(hashes, ends[:-1])
    return {name: each.spread(part) for (name, each), part in zip(coded.items(), parts, strict=True)}


def _mixed(contents: Sequence[Hashes], rows: int) -> NDArray[np.int64]:
    """One hash of 63 bits for each row, from those of its columns: the same texts at other places make another one."""
    mixed = np.zeros(rows, np.uint64)
    for hashes in contents:
        mixed *= _MULTIPLIER
        mixed += hashes
    mixed >>= np.uint64(1)
    return mixed.view(np.int64)


def _numbered(first: int, rows: pa.Table) -> pa.Array:
    return pa.array(np.arange(first, first + rows.num_rows))


def _numbers(column: pa.ChunkedArray) -> Hashes:
    hashes: Hashes = column.to_numpy()
    return hashes


def _hash(names: "Sequence[str] | map[str]") -> str:
    return f"(hash({', '.join(names)}) >> 1)::BIGINT"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _asked(wanted: Mapping[str, str], rows: pa.Table) -> pa.Table:
    listed = ", ".join(f"{expression} AS {name}" for name, expression in wanted.items())
    connection = own_connection()
    connection.register("narrowed", rows)
    try:
        return connection.sql(f"SELECT {listed} FROM narrowed").to_arrow_table()  # noqa: S608 - names are quoted above
    finally:
        connection.unregister("narrowed")
