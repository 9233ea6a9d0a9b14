"""DuckDB for the rows in hand: one database of the process, in memory and empty, and a connection for each thread.

    connection = own_connection()
    connection.register("rows", table)

A database that is opened or closed makes the C library give back all memory that lies free, and so does each of its
waiting threads after half a second: the next columns are faulted in again (`freed_memory`). So there is one, and it has
no threads of its own: a query is worked on by the thread that asks.
"""

import threading
from functools import cache

import duckdb

_OWN = threading.local()


def own_connection() -> duckdb.DuckDBPyConnection:
    """This thread's connection; what is registered there nobody else sees."""
    connection: duckdb.DuckDBPyConnection | None = getattr(_OWN, "connection", None)
    if connection is None:
        connection = _OWN.connection = _database().cursor()
    return connection


@cache
def _database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1, "async_threads": 0, "temp_directory": ""})
