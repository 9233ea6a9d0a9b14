"""Narrow rows: of every row of a batch its number and a few hashes, so that ten million of them fit into memory.

    shape = Shape.of(dataset)
    narrow_rows = shape.narrow(first_row_number, canonical_table)

`key` stands for the key, `content` for all stored columns, `unique_0` … for what a rule says is unique, `refers_0` …
for what must be known elsewhere; beside them stand the key's own texts. Hashes are DuckDB's, 63 bits, NULL where a part
is absent. They decide nothing: they say which rows must be looked at closely, and PostgreSQL looks. Two equal hashes of
unequal values make it look at a row more; that a changed row keeps its hash, and is passed over, has a chance of 2^-63.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import duckdb
import numpy as np
import pyarrow as pa

from registries.contracts.model import Dataset

HASHED_BY: Final = f"duckdb {duckdb.__version__}"
"""Images made by another version are made anew."""

_OWN = threading.local()


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

    def narrow(self, first: int, rows: pa.Table) -> pa.Table:
        """Canonical rows to narrow ones, in their order.

        Args:
            first: the number of the first row.
            rows: text columns named as the contract's.
        """
        wanted = {"key": self._together(self.key), "content": _hash(map(_name, self.content))}
        wanted |= {f"unique_{place}": self._together(names) for place, names in enumerate(self.unique)}
        wanted |= {f"refers_{place}": self._together((name,)) for place, name in enumerate(self.refers)}
        hashes = _asked(", ".join(f"{expression} AS {name}" for name, expression in wanted.items()), rows)
        numbers = pa.array(np.arange(first, first + rows.num_rows))
        texts = {f"text_{place}": rows.column(name) for place, name in enumerate(self.key)}
        return pa.table({"row_number": numbers} | dict(zip(wanted, hashes.columns, strict=True)) | texts)

    def _together(self, names: Sequence[str]) -> str:
        there = " AND ".join(f"{_name(name)} IS NOT NULL" for name in names)
        return f"CASE WHEN {there} THEN {_hash(map(self._value, names))} END"

    def _value(self, name: str) -> str:
        """Whole numbers by value: 01 and 1 are one."""
        text = _name(name)
        return f"coalesce(TRY_CAST({text} AS BIGINT)::VARCHAR, {text})" if name in self.numeric else text


def values(texts: pa.Array) -> pa.Array:
    """The hashes of single texts, as `refers_…` has them."""
    hashes = _asked(f"{_hash(['value'])} AS value", pa.table({"value": texts}))
    return hashes.column(0).combine_chunks()


def _hash(names: "Sequence[str] | map[str]") -> str:
    return f"(hash({', '.join(names)}) >> 1)::BIGINT"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _asked(wanted: str, rows: pa.Table) -> pa.Table:
    connection = getattr(_OWN, "connection", None)
    if connection is None:
        connection = _OWN.connection = duckdb.connect(config={"threads": 1, "temp_directory": ""})
    connection.register("narrowed", rows)
    try:
        return connection.sql(f"SELECT {wanted} FROM narrowed").to_arrow_table()  # noqa: S608 - names are quoted above
    finally:
        connection.unregister("narrowed")
