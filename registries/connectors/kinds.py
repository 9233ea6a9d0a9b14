"""The kinds of sources: one file each, chosen by a contract's `kind`.

connector = connector_for(dataset, home.sources())
connector.identity()
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Protocol

import pyarrow as pa

from registries.connectors.csv_file import CsvFile, newest_drop
from registries.connectors.faults import SourceUnknown
from registries.contract_model import Dataset, Delivery


class Connector(Protocol):
    """What the hub asks of a source; every method may raise a SourceFault."""

    @property
    def description(self) -> str:
        """The source for humans, without secrets."""

    @property
    def delivery(self) -> Delivery:
        """Whether it gives all rows, or those that changed."""

    @property
    def position(self) -> str | None:
        """Where this delivery stands among the dataset's: texts that sort in their order; None: in order of arrival."""

    def identity(self) -> str:
        """Equal identities mean that there is nothing new to pull."""

    def original(self) -> BinaryIO | None:
        """The bytes to land as they came; None for databases, whose Parquet is the original."""

    def chunks(self) -> Iterator[pa.RecordBatch]:
        """Text columns named as the contract's, at most 50,000 rows a batch, in an order that does not change."""


def connector_for(dataset: Dataset, sources: Mapping[str, str]) -> Connector:
    """The connector of a dataset's kind; a SourceFault if nobody said where its server is, or nothing is there.

    Args:
        dataset: which one.
        sources: server name of a contract -> database address or drop folder (HUB_HOME/sources.json).
    """
    place = sources.get(dataset.server.name)
    if not place:
        raise SourceUnknown(dataset.server.name)
    if dataset.server.kind == "database":
        from registries.connectors.database import DatabaseTable  # its driver imports pandas: two seconds

        return DatabaseTable(dataset, place)
    return newest_drop(dataset, Path(place))


def upload_connector(dataset: Dataset, name: str, open_file: Callable[[], BinaryIO]) -> CsvFile:
    """A connector for a file that a publisher uploaded, whatever the kind of the dataset's own source.

    Its columns are asked for by the names that the contract gives to the source's.
    """
    return CsvFile(dataset, name, open_file)
