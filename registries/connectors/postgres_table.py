"""What whole tables and change sets of a PostgreSQL database share: their names, and how they are opened.

class DatabaseTable(PostgresTable): ...
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from registries.connectors.postgres_reading import check_columns, libpq, reading
from registries.connectors.unqueued_sources import DatabaseSource
from registries.contracts.model import Dataset


class PostgresTable(DatabaseSource):
    """One table or view of a PostgreSQL database; `url` may name SQLAlchemy's driver.

    `secret("password")` is asked where the address holds none.
    """

    def __init__(self, dataset: Dataset, url: str, secret: Callable[[str], str | None] = lambda _: None) -> None:
        self._dataset = dataset
        self._url = libpq(url, secret("password"))

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Any]:
        """An ADBC cursor, once the table was seen to have the contract's columns."""
        with reading(self._url, self.description) as cursor:
            check_columns(cursor, self._dataset, self.description)
            yield cursor
