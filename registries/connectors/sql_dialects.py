"""How a department's database is opened for reading: its driver, its snapshot, its time-outs, and its own texts.

    with reading("mysql+pymysql://reader@10.0.0.9/exchange", password, "hr/exchange") as conn: ...

Every statement of a pull sees one state of the database, and none can write. PostgreSQL and MySQL give numbers and
times as the texts that they send themselves, so that what Python can't hold ('0000-00-00', infinity) arrives as it is.
"""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

import psycopg
import sqlalchemy as sa
from psycopg.types.string import TextLoader
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import NullPool

from registries.connectors.faults import AddressUnusable, SourceDown
from registries.connectors.remote_faults import DriverMissing

CONNECT_SECONDS: Final = 10
STATEMENT_SECONDS: Final = 3_600
"""How long one statement may run, its rows' way included."""

SILENCE_SECONDS: Final = 600
"""How long the server may take between two answers, and the hub between two rows."""

_DRIVERS: Final = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql"}
_OPENINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "postgresql": (
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        f"SET LOCAL statement_timeout = '{STATEMENT_SECONDS}s'",
        "SET LOCAL synchronize_seqscans = off",
    ),
    "mariadb": (
        f"SET SESSION max_statement_time = {STATEMENT_SECONDS}",
        f"SET SESSION net_write_timeout = {SILENCE_SECONDS}",
        "SET SESSION time_zone = '+00:00'",
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    ),
    "mysql": (
        f"SET SESSION max_execution_time = {STATEMENT_SECONDS * 1000}",
        f"SET SESSION net_write_timeout = {SILENCE_SECONDS}",
        "SET SESSION time_zone = '+00:00'",
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    ),
    "oracle": ("SET TRANSACTION READ ONLY",),  # one snapshot for all statements
    "dm": ("SET TRANSACTION READ ONLY",),
}
_OWN_TEXTS: Final = ("date", "timestamp", "timestamptz", "time", "timetz", "interval", "numeric", "uuid")
"""PostgreSQL's types that are taken as the texts it sends."""


@contextlib.contextmanager
def reading(address: str, password: str | None, source: str) -> Iterator[sa.Connection]:
    """A connection in a read-only transaction, closed at the end; whoever stops half way closes it at once.

    Args:
        address: a URL as SQLAlchemy reads it; without a driver, the one that the hub brings is taken.
        password: where the address holds none.
        source: what errors call it.

    Raises:
        SourceDown: it can't be reached, or ended the connection, or refused a statement.
        AddressUnusable, DriverMissing: the address can't be used here.
    """
    engine = _engine(_url(address, password, source), source)
    try:
        with _connected(engine, source) as conn, _closed_at_once(conn):
            for statement in _opening(conn.dialect):
                conn.execute(sa.text(statement))
            yield conn
    except sa.exc.DBAPIError as error:  # its text may quote the address or a row
        raise SourceDown(source, _code(error.orig)) from None
    except sa.exc.SQLAlchemyError as error:
        raise SourceDown(source, type(error).__name__) from None
    except UnicodeError:
        raise SourceDown(source, "character set") from None
    finally:
        engine.dispose()


def compares_texts(conn: sa.Connection) -> bool:
    """Whether the server reads a text that is compared with a column as that column's type (PostgreSQL does)."""
    return conn.dialect.driver == "psycopg"


def ignores_case(conn: sa.Connection) -> bool:
    """Whether names of columns that differ in case only are one."""
    return conn.dialect.name != "postgresql"


def _url(address: str, password: str | None, source: str) -> URL:
    try:
        url = make_url(address)
    except (sa.exc.ArgumentError, ValueError):
        raise AddressUnusable(source, "dialect+driver://user@host/database") from None
    url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
    return url if password is None or url.password else url.set(password=password)


def _engine(url: URL, source: str) -> sa.Engine:
    try:
        engine = sa.create_engine(
            url, poolclass=NullPool, hide_parameters=True, connect_args=_connect_arguments(url.drivername)
        )
    except (sa.exc.NoSuchModuleError, ImportError):
        raise DriverMissing(source, url.drivername) from None
    except (sa.exc.ArgumentError, TypeError, ValueError):
        raise AddressUnusable(source, "dialect+driver://user@host/database") from None
    event.listen(engine, "invalidate", _forget_rows)
    if engine.driver == "psycopg":
        event.listen(engine, "connect", _as_own_texts)
    return engine


def _connect_arguments(driver: str) -> dict[str, Any]:
    backend, _, name = driver.partition("+")
    if name == "pymysql":
        times = {"connect_timeout": CONNECT_SECONDS, "read_timeout": SILENCE_SECONDS}
        return {**times, "charset": "utf8mb4", "conv": _mysql_texts()}
    if backend == "postgresql":
        return {"connect_timeout": CONNECT_SECONDS, "options": "-c timezone=UTC -c datestyle=ISO,YMD"}
    return {}


def _mysql_texts() -> dict[Any, Any]:
    """PyMySQL's conversions, without those that lose something: what has none stays the text that the server sent."""
    from pymysql.constants import FIELD_TYPE
    from pymysql.converters import conversions

    kept = {kind: how for kind, how in conversions.items() if not isinstance(kind, int)}  # of parameters
    numbers = {FIELD_TYPE.FLOAT: float, FIELD_TYPE.DOUBLE: float}
    return {**kept, **numbers, FIELD_TYPE.TIMESTAMP: _mysql_moment, FIELD_TYPE.BIT: _mysql_bits}


def _mysql_moment(text: str) -> str:
    """TIMESTAMP is a moment, shown in the session's zone, which is UTC; DATETIME has no zone, and gets none."""
    return text if text.startswith("0000") else f"{text}+00"


def _mysql_bits(data: bytes) -> str:
    return str(int.from_bytes(data, "big"))


def _as_own_texts(connection: psycopg.Connection[Any], _record: object) -> None:
    for name in _OWN_TEXTS:
        connection.adapters.register_loader(name, TextLoader)


def _opening(dialect: sa.Dialect) -> tuple[str, ...]:
    name = "mariadb" if getattr(dialect, "is_mariadb", False) else dialect.name
    return _OPENINGS.get(name, ())


def _connected(engine: sa.Engine, source: str) -> sa.Connection:
    try:
        return engine.connect()
    except (TypeError, ValueError):  # an option in the address that the driver does not know
        raise AddressUnusable(source, "dialect+driver://user@host/database") from None


@contextlib.contextmanager
def _closed_at_once(conn: sa.Connection) -> Iterator[None]:
    """Cut the connection when a pull stops half way: the drivers would read all other rows first to close it."""
    try:
        yield
    except BaseException:  # whatever stops the stream leaves rows on the line: the connection is not used again
        conn.invalidate()
        raise


def _forget_rows(connection: object, _record: object, _error: object) -> None:
    """PyMySQL would read the rows that are left whenever its objects are collected; nothing public stops it."""
    result = getattr(connection, "_result", None)
    if result is not None and getattr(result, "unbuffered_active", False):
        result.unbuffered_active = False


def _code(error: BaseException | None) -> str:
    """The driver's number or the SQLSTATE; never its text."""
    number = error.args[0] if error is not None and error.args else None
    return str(number if isinstance(number, int) else getattr(error, "sqlstate", None) or "connection")
