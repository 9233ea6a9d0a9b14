"""Looks for a text through every table of a hub's store, and through every landed file: for tests of erasure."""

import base64
import binascii
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow.parquet as pq
import sqlalchemy as sa

from certificates.sealing import SealedReader, sealing_key
from registries.home import HubHome

_COLUMNS = sa.text(
    "SELECT c.table_schema, c.table_name, c.column_name FROM information_schema.columns c"
    " JOIN information_schema.tables t USING (table_schema, table_name)"
    " WHERE c.table_schema IN ('hub', 'data', 'stage') AND t.table_type = 'BASE TABLE'"
)


def in_tables(conn: sa.Connection, words: Sequence[str | bytes]) -> list[tuple[str, str]]:
    """Table and column of every value that holds one of the words, as text or as bytes, decoded where it is base64."""
    found = []
    for schema, table, column in conn.execute(_COLUMNS).all():
        values = sa.select(sa.column(column)).select_from(sa.table(table, schema=schema))
        if any(_holds(value, words) for value in conn.execute(values).scalars()):
            found.append((f"{schema}.{table}", str(column)))
    return sorted(set(found))


def _holds(value: object, words: Sequence[str | bytes]) -> bool:
    whole = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
    forms = [whole, *_decoded(whole)]
    needles = [word.encode() if isinstance(word, str) else word for word in words]
    return any(needle in form for needle in needles for form in forms)


def _decoded(value: bytes) -> Iterator[bytes]:
    for part in value.split(b"."):
        try:
            yield base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))
        except (binascii.Error, ValueError):
            continue


def in_landed(home: HubHome, words: Sequence[str]) -> list[str]:
    """The names of landed files, uploads among them, in which one of the words stands."""
    return sorted(path.name for path in home.landed.rglob("*") if path.is_file() and _in_file(home, path, words))


def _in_file(home: HubHome, path: Path, words: Sequence[str]) -> bool:
    with path.open("rb") as file, SealedReader(file, sealing_key(home.secret("landing_key"))) as source:
        if path.suffix != ".parquet":
            content = source.read()
            return any(word.encode(codec) in content for word in words for codec in ("utf-8", "gb18030"))
        return any(word in str(pq.read_table(source).to_pydict()) for word in words)
