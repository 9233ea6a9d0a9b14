"""What whole tables and change sets of a PostgreSQL database share: their names, and how they are opened.

class DatabaseTable(PostgresTable): ...
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from registries.connectors.postgres_reading import check_columns, libpq, reading
from registries.contracts.model import Dataset, Delivery


class PostgresTable:
    """One table or view of a PostgreSQL database; `url` may name SQLAlchemy's driver.

    `secret("password")` is asked where the address holds none.
    """

    def __init__(self, dataset: Dataset, url: str, secret: Callable[[str], str | None] = lambda _: None) -> None:
        self._dataset = dataset
        self._url = libpq(url, secret("password"))

    @property
    def description(self) -> str:
        """Server and table as the contract names them; never the address."""
        return f"{self._dataset.server.name}/{self._dataset.server.table}"

    @property
    def delivery(self) -> Delivery:
        """As the contract says."""
        return self._dataset.delivery

    @property
    def position(self) -> str | None:
        """None: deliveries count in the order in which they come."""
        return None

    def original(self) -> None:
        """A database has no bytes of its own to land: the Parquet is the original."""

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Any]:
        """An ADBC cursor, once the table was seen to have the contract's columns."""
        with reading(self._url, self.description) as cursor:
            check_columns(cursor, self._dataset, self.description)
            yield cursor
