"""Public security's own database: one plain table, no key, as old systems have it.

Rows go in by COPY; a day's changes are one transaction of absolute statements, so working through a day twice gives
the same table.
"""

import contextlib
from collections.abc import Iterable, Iterator

import numpy as np
import psycopg
from psycopg import sql

from sample_city.columns import Column, Columns, filled, joined
from sample_city.errors import ResidentsDatabaseDownError
from sample_city.residents import NAMES

TABLE = sql.Identifier("residents")
TYPES = {
    "citizen_number": ("varchar(18)", "公民身份号码"),
    "name": ("varchar(100)", "姓名"),
    "sex": ("varchar(1)", "性别：1 男 2 女 9 未说明"),
    "birth_date": ("varchar(10)", "出生日期"),
    "ethnicity": ("varchar(2)", "民族代码 GB/T 3304"),
    "division_code": ("varchar(6)", "户籍所在地行政区划代码"),
    "address": ("varchar(200)", "住址"),
    "household_number": ("varchar(20)", "户号"),
    "marital_status": ("varchar(2)", "婚姻状况代码 GB/T 2261.2"),
    "life_status": ("varchar(1)", "人员状态：1 正常 2 死亡 3 迁出"),
    "registered_on": ("varchar(10)", "登记日期"),
    "updated_at": ("timestamp(0)", "最后更新时间"),
}
NULL = r"\N"


@contextlib.contextmanager
def connected(url: str) -> Iterator[psycopg.Connection]:
    """A connection whose block is one transaction; `url` may name SQLAlchemy's driver (postgresql+psycopg://).

    Raises:
        ResidentsDatabaseDownError: the server can't be reached, or refuses a statement.
    """
    try:
        with psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://", 1)) as connection:
            yield connection
    except psycopg.Error as error:
        raise ResidentsDatabaseDownError(error.sqlstate) from None


def holds(connection: psycopg.Connection, label: str) -> bool:
    """Whether the table is there and was loaded under this label."""
    found = connection.execute("SELECT obj_description(to_regclass('residents'), 'pg_class')").fetchone()
    return found is not None and found[0] == label


def load(connection: psycopg.Connection, label: str, chunks: Iterable[Columns]) -> None:
    """Make the table anew and fill it; its comment is `label`."""
    connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(TABLE))
    _create_table(connection, TABLE)
    with connection.cursor() as cursor, cursor.copy(_copy_into(TABLE)) as copy:
        for columns in chunks:
            copy.write(_lines(columns))
    _comment(connection, label)
    connection.execute(sql.SQL("ANALYZE {}").format(TABLE))


def keep_corrections(connection: psycopg.Connection, columns: Columns) -> None:
    """Make the small table of replaced citizen numbers anew."""
    table = sql.Identifier("number_corrections")
    connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(table))
    fields = [sql.SQL("{} varchar(100)").format(sql.Identifier(name)) for name in columns]
    connection.execute(sql.SQL("CREATE TABLE {} ({})").format(table, sql.SQL(", ").join(fields)))
    with connection.cursor() as cursor, cursor.copy(sql.SQL("COPY {} FROM STDIN").format(table)) as copy:
        copy.write(_lines(columns))


def change(connection: psycopg.Connection, old_numbers: Column, changed: Columns, born: Columns) -> None:
    """Give the rows that now stand under `old_numbers` the values of `changed`, and enter the newborn."""
    stage = sql.Identifier("changed_residents")
    connection.execute(
        sql.SQL("CREATE TEMPORARY TABLE {} (LIKE {}, old_number varchar(18)) ON COMMIT DROP").format(stage, TABLE)
    )
    with connection.cursor() as cursor, cursor.copy(_copy_into(stage, "old_number")) as copy:
        copy.write(_lines(changed | {"old_number": old_numbers}))
    settings = [sql.SQL("{0} = new.{0}").format(sql.Identifier(name)) for name in NAMES]
    connection.execute(
        sql.SQL("UPDATE {} SET {} FROM {} AS new WHERE {}.citizen_number = new.old_number").format(
            TABLE, sql.SQL(", ").join(settings), stage, TABLE
        )
    )
    connection.execute(
        sql.SQL("DELETE FROM {} WHERE citizen_number = ANY(%s)").format(TABLE), [born["citizen_number"].to_pylist()]
    )
    with connection.cursor() as cursor, cursor.copy(_copy_into(TABLE)) as copy:
        copy.write(_lines(born))


def _create_table(connection: psycopg.Connection, table: sql.Identifier) -> None:
    """Make an empty table of residents."""
    columns = [sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, (kind, _) in TYPES.items()]
    connection.execute(sql.SQL("CREATE TABLE {} ({})").format(table, sql.SQL(", ").join(columns)))


def _comment(connection: psycopg.Connection, label: str) -> None:
    connection.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(TABLE, sql.Literal(label)))
    for name, (_, words) in TYPES.items():
        place = sql.SQL("{}.{}").format(TABLE, sql.Identifier(name))
        connection.execute(sql.SQL("COMMENT ON COLUMN {} IS {}").format(place, sql.Literal(words)))


def _copy_into(table: sql.Identifier, *more: str) -> sql.Composed:
    columns = sql.SQL(", ").join(map(sql.Identifier, (*NAMES, *more)))
    return sql.SQL("COPY {} ({}) FROM STDIN").format(table, columns)


def _lines(columns: Columns) -> bytes:
    """The rows in COPY's text form; no value holds a tab, a newline or a backslash."""
    lines = joined(*(filled(column, NULL) for column in columns.values()), between="\t")
    ended = joined(lines, "\n")
    _, offsets, data = ended.buffers()
    size = np.frombuffer(offsets, dtype=np.int32)[len(ended)]
    return bytes(data[:size])
