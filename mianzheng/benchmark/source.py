"""The source of the benchmark: a department's table in a database of its own, and the floor, a plain COPY of its rows.

The table has no key, as old systems have it, and an index on the time of change, without which nobody hands over
changes. psycopg is used here and not the store's doors: this is the department's side, and what the hub is compared
with.

    source = Source(url)
    source.fill(town)
    source.write_floor(path)          # the same rows, once each, as COPY writes them
    seconds = source.floor(path)
    source.change(town)
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.csv as pa_csv
from psycopg import sql

from mianzheng.benchmark.defects import Town
from mianzheng.benchmark.people import CHANGED_AT, COLUMNS, Ordinals, addresses

CHUNK: Final = 100_000
CHANGED: Final = 0.009
BORN: Final = 0.001
"""Shares of the rows: together a delta is 1 %."""

_BLOCK: Final = 1 << 20
_TABLE: Final = sql.Identifier("residents")
_FLOOR: Final = sql.Identifier("floor")
_CHANGES: Final = sql.Identifier("changed")
_MENDED: Final = ("address", "phone", "marital_status", "updated_at")


@dataclass(frozen=True)
class Floor:
    """What a plain COPY came to."""

    rows: int
    seconds: float


class Source:
    """A database that is the department's; `url` is libpq's, of a user that owns it."""

    def __init__(self, url: str) -> None:
        self._url = url

    def fill(self, town: Town) -> None:
        """Make the table anew, settled as one that nobody changed lately: rows frozen, statistics taken."""
        with self._connected() as connection:
            connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(_TABLE))
            _create(connection, _TABLE)
            _copy_in(connection, _TABLE, _shuffled(town))
            connection.execute(sql.SQL("CREATE INDEX ON {} (updated_at)").format(_TABLE))
        self._settle()

    def change(self, town: Town) -> int:
        """A day's work: 0.9 % of the rows get other values and a later time of change, 0.1 % are new; how many."""
        changed, born = _spans(town)
        with self._connected() as connection:
            connection.execute(sql.SQL("CREATE TEMPORARY TABLE {} (LIKE {})").format(_CHANGES, _TABLE))
            _copy_in(connection, _CHANGES, (_changed(town, part) for part in _parts(changed)))
            settings = [sql.SQL("{0} = new.{0}").format(sql.Identifier(name)) for name in _MENDED]
            connection.execute(
                sql.SQL("UPDATE {0} SET {1} FROM {2} AS new WHERE {0}.citizen_number = new.citizen_number").format(
                    _TABLE, sql.SQL(", ").join(settings), _CHANGES
                )
            )
            _copy_in(connection, _TABLE, (_changed(town, part) for part in _parts(born)))
        self._settle()
        return len(changed) + len(born)

    def write_floor(self, path: Path, town: Town) -> None:
        """Write the rows as COPY's text, without those whose key a primary key refuses (missing, or twice)."""
        query = sql.SQL(
            "COPY (SELECT * FROM {0} WHERE citizen_number IS NOT NULL AND citizen_number NOT IN"
            " (SELECT citizen_number FROM {1})) TO STDOUT"
        )
        with self._connected() as connection, path.open("wb") as file:
            path.chmod(0o600)
            connection.execute(sql.SQL("CREATE TEMPORARY TABLE {} (LIKE {})").format(_CHANGES, _TABLE))
            _copy_in(connection, _CHANGES, [town.twice()])
            with connection.cursor().copy(query.format(_TABLE, _CHANGES)) as copy:
                for block in copy:
                    file.write(block)

    def floor(self, path: Path) -> Floor:
        """COPY the file into an empty logged table with the same primary key, which was committed before."""
        with self._connected() as connection:
            _create(connection, _FLOOR, key=True)
        self.checkpoint()
        with self._connected() as connection, path.open("rb") as file:
            started = time.monotonic()
            with connection.cursor() as cursor:
                with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(_FLOOR)) as copy:
                    while block := file.read(_BLOCK):
                        copy.write(block)
                rows = cursor.rowcount
            connection.commit()
            seconds = time.monotonic() - started
        with self._connected() as connection:
            connection.execute(sql.SQL("DROP TABLE {}").format(_FLOOR))
        return Floor(rows, seconds)

    def checkpoint(self) -> None:
        """Let the server write what it has, so that no part pays for the one before."""
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute("CHECKPOINT")

    def settings(self, *names: str) -> dict[str, str]:
        """The server's settings, as it tells them."""
        with self._connected() as connection:
            found = [connection.execute(sql.SQL("SHOW {}").format(sql.Identifier(name))).fetchone() for name in names]
        return {name: str(row[0]) for name, row in zip(names, found, strict=True) if row is not None}

    def _settle(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(sql.SQL("VACUUM (FREEZE, ANALYZE) {}").format(_TABLE))

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection]:
        with psycopg.connect(self._url) as connection:
            yield connection


def _create(connection: psycopg.Connection, table: sql.Identifier, *, key: bool = False) -> None:
    """Texts and one time; with the primary key as the hub's own tables have it."""
    text, of_key = sql.SQL("text"), sql.SQL('text COLLATE "C" PRIMARY KEY')
    kinds = {"citizen_number": of_key if key else text, "updated_at": sql.SQL("timestamp(0)")}
    columns = [sql.SQL("{} {}").format(sql.Identifier(name), kinds.get(name, text)) for name in COLUMNS]
    connection.execute(sql.SQL("CREATE TABLE {} ({})").format(table, sql.SQL(", ").join(columns)))


def _copy_in(
    connection: psycopg.Connection, table: sql.Identifier, batches: Iterator[pa.RecordBatch] | list[pa.RecordBatch]
) -> None:
    statement = sql.SQL("COPY {} FROM STDIN (FORMAT csv)").format(table)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for batch in batches:
            lines = BytesIO()
            pa_csv.write_csv(batch, lines, pa_csv.WriteOptions(include_header=False))
            copy.write(lines.getbuffer())


def _shuffled(town: Town) -> Iterator[pa.RecordBatch]:
    """All rows, in an order that has nothing to do with their keys: that of their registration."""
    order = np.random.default_rng(town.seed).permutation(town.rows)
    for start in range(0, town.rows, CHUNK):
        yield town.rows_of(order[start : start + CHUNK])


def _spans(town: Town) -> tuple[range, range]:
    """The ordinals that change, all good ones, and those that are new."""
    changed, born = (max(1, round(town.rows * share)) for share in (CHANGED, BORN))
    return range(town.first_good, town.first_good + changed), range(town.rows, town.rows + born)


def _parts(span: range) -> Iterator[Ordinals]:
    for start in range(span.start, span.stop, CHUNK):
        yield np.arange(start, min(start + CHUNK, span.stop))


def _changed(town: Town, ordinals: Ordinals) -> pa.RecordBatch:
    """Another address, telephone and marital status, and the day's time."""
    batch = town.rows_of(ordinals)
    columns = {name: batch.column(name) for name in COLUMNS}
    columns["address"] = addresses(ordinals, town.seed + 1)
    columns["phone"] = pa.array(ordinals + 15_000_000_000).cast(pa.string())
    columns["marital_status"] = pa.array(["20"]).take(pa.array(np.zeros(len(ordinals), np.int64)))
    columns["updated_at"] = pa.array(CHANGED_AT + ordinals % 36_000)
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
