"""Sources that give all they have at once: tables of databases, HTTP interfaces. Files wait in a queue; these don't.

class PostgresTable(DatabaseSource): ...
class HttpApi(UnqueuedSource): ...
"""

from registries.contracts.model import Dataset, Delivery


class UnqueuedSource:
    """What it delivers, and in which order, as the contract has it."""

    _dataset: Dataset

    @property
    def delivery(self) -> Delivery:
        """As the contract says."""
        return self._dataset.delivery

    @property
    def position(self) -> str | None:
        """None: deliveries count in the order in which they come."""
        return None


class DatabaseSource(UnqueuedSource):
    """A table of a database, however its rows are pulled."""

    @property
    def description(self) -> str:
        """Server and table as the contract names them; never the address."""
        return f"{self._dataset.server.name}/{self._dataset.server.table}"

    def original(self) -> None:
        """A database has no bytes of its own to land: the Parquet is the original."""
