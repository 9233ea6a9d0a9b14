"""What every table of a database has as a source, however its rows are pulled.

class PostgresTable(DatabaseSource): ...
"""

from registries.contracts.model import Dataset, Delivery


class DatabaseSource:
    """Names and delivery as the contract has them; a database has no files and no queue."""

    _dataset: Dataset

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
