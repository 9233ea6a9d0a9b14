"""The store's keyed digests, of whole columns, outside PostgreSQL: for rows that it does not hold.

    digest = KeyedDigests(key)                        # hub.digest_key('key') of the store
    digest.of(table, "market_regulation.shops", ["uscc"])     # hexadecimal; NULL where a part is absent

The same bytes as `hub.digest(key, ARRAY[first, part, ...])`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from registries.compare.own_duckdb import own_connection
from registries.contracts.model import Dataset

Texts = Any  # a pyarrow string array; pyarrow ships no types


@dataclass(frozen=True)
class KeyedDigests:
    """Digests of one kind; `key` is secret, and never shown."""

    key: bytes = field(repr=False)

    def of(self, rows: pa.Table, first: str, parts: Sequence[str], *, folded: bool = False) -> Texts:
        """The digests of `first` and the rows' texts in the columns `parts`; `folded`: trimmed, in upper case."""
        values = [f"upper(trim({_name(part)}))" if folded else _name(part) for part in parts]
        there = " AND ".join(f"{_name(part)} IS NOT NULL" for part in parts)
        words = f"encode(concat_ws(chr(31), CAST($first AS VARCHAR), {', '.join(values)}))"
        wanted = f"CASE WHEN {there} THEN sha256(CAST($key AS BLOB) || {words}) END"
        return _asked(wanted, rows, {"first": first, "key": self.key})


def key_texts(dataset: Dataset, rows: pa.Table) -> pa.Table:
    """The key's columns as the store writes them: whole numbers by value, everything else as its canonical text."""
    whole = {name for name in dataset.key if dataset.column(name).logical_type == "integer"}
    by_value = {
        name: _asked(f"coalesce(TRY_CAST({_name(name)} AS BIGINT)::VARCHAR, {_name(name)})", rows, {}) for name in whole
    }
    return pa.table({name: by_value.get(name, rows.column(name)) for name in dataset.key})


def _asked(wanted: str, rows: pa.Table, parameters: Mapping[str, object]) -> Texts:
    connection = own_connection()
    connection.register("digested", rows)
    asked = f"SELECT {wanted} FROM digested"  # noqa: S608 - names are quoted, values bound
    try:
        return connection.sql(asked, params=dict(parameters)).to_arrow_table().column(0).combine_chunks()
    finally:
        connection.unregister("digested")


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
