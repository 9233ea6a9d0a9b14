"""The store's doors: connections of one role, transactions that their caller commits, errors without values.

    store = Store(home.store_url(Role.LOAD))
    with store.begin() as conn:          # commits at the end, rolls back on an error
        batches.list_batches(conn, ...)

PostgreSQL's messages may quote rows ("Key (citizen_number)=(...) already exists"), so that no message of its own
leaves this file: a `StoreError` names the SQLSTATE and, where PostgreSQL names them apart, table and constraint.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

import psycopg
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.engine import make_url

from registries.errors import StoreDown, StoreError

_DIALECT = "postgresql+psycopg"
_OUTAGES = ("08", "57P", "53")  # SQLSTATE classes: connection, shutdown, resources


class Store:
    """One role's view of the store.

    Args:
        url: `postgresql+psycopg://role:password@host:port/database`; plain `postgresql://` is read as the same.
        pool_size: connections kept open; as many again may be opened under load.
    """

    def __init__(self, url: str, *, pool_size: int = 5) -> None:
        self._engine = sa.create_engine(
            make_url(url).set(drivername=_DIALECT),
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={"options": "-c timezone=UTC -c datestyle=ISO,YMD", "connect_timeout": 10},
        )

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """A connection in a transaction: committed when the block ends, rolled back when it raises.

        Raises:
            StoreDown: PostgreSQL can't be reached.
            StoreError: PostgreSQL refused a statement.
        """
        with _scrubbed(), self._engine.begin() as conn:
            yield conn

    @contextmanager
    def connect(self) -> Iterator[sa.Connection]:
        """A connection whose transactions the caller ends; what isn't committed is rolled back. Errors as `begin`."""
        with _scrubbed(), self._engine.connect() as conn:
            yield conn

    @contextmanager
    def autocommit(self) -> Iterator[sa.Connection]:
        """A connection on which every statement stands alone (session locks, LISTEN). Errors as `begin`."""
        with _scrubbed(), self._engine.connect() as conn:
            yield conn.execution_options(isolation_level="AUTOCOMMIT")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.dispose()

    def dispose(self) -> None:
        """Close all idle connections."""
        self._engine.dispose()


def driver(conn: sa.Connection) -> psycopg.Connection[tuple[object, ...]]:
    """The psycopg connection under `conn`, in the same transaction: for COPY, NOTIFY and binary answers."""
    found = conn.connection.driver_connection
    if not isinstance(found, psycopg.Connection):
        raise StoreError("存储只支持 psycopg 连接", "the store works on psycopg connections only")
    return found


def written(conn: sa.Connection, statement: sa.Executable) -> int:
    """Execute a statement that writes; how many rows it wrote (SQLAlchemy forgets an INSERT's unless it is asked)."""
    return conn.execute(statement, execution_options={"preserve_rowcount": True}).rowcount


def analyse(conn: sa.Connection, table: sa.Table) -> None:
    """Let PostgreSQL's planner know a table's size: joins over millions of rows need it."""
    name = sql.Identifier(*(part for part in (table.schema, table.name) if part))
    driver(conn).execute(sql.SQL("ANALYZE {}").format(name))


@contextmanager
def _scrubbed() -> Iterator[None]:
    try:
        yield
    except sa.exc.DBAPIError as error:
        raise _told(error.orig) from None  # the chain would carry PostgreSQL's DETAIL into logs
    except psycopg.Error as error:
        raise _told(error) from None
    except sa.exc.TimeoutError:
        raise StoreDown("数据库连接已用尽,请稍后再试", "all database connections are in use; try again soon") from None


def _told(error: BaseException | None) -> StoreError:
    state = getattr(error, "sqlstate", None)
    if state is None or state.startswith(_OUTAGES):
        return StoreDown(
            f"数据库不可用 (SQLSTATE {state})。请检查 PostgreSQL 是否在运行、磁盘是否已满",
            f"the database is not available (SQLSTATE {state}); check that PostgreSQL runs and its disk is not full",
            state,
        )
    diagnosis = error.diag if isinstance(error, psycopg.Error) else None
    names = (getattr(diagnosis, part, None) for part in ("schema_name", "table_name", "column_name", "constraint_name"))
    place = ".".join(name for name in names if name)
    what = ", ".join(word for word in (type(error).__name__, f"SQLSTATE {state}", place) if word)
    return StoreError(
        f"数据库拒绝了一条语句 ({what})。请将此信息告知运维人员",
        f"the database refused a statement ({what}); tell the operator",
        state,
    )
