"""The kinds of sources: one file each, chosen by a contract's `kind`.

connector = connector_for(dataset, home.sources(), home.secret_or_none, batches.taken(conn, dataset.name))
if connector is not None: connector.identity()
"""

from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO, Protocol

import pyarrow as pa

from registries.connectors.arrivals import delivery_of
from registries.connectors.delivered_file import DeliveredFile
from registries.connectors.faults import NotPulled, SourceUnknown
from registries.connectors.files import FilesSeen, Trial, files_seen, next_file, place_of, trials_of
from registries.connectors.place import Place
from registries.connectors.taken import NOTHING_TAKEN, Taken
from registries.contracts.model import Dataset, Delivery

__all__ = [
    "NOTHING_TAKEN",
    "Connector",
    "FilesSeen",
    "Secrets",
    "Taken",
    "Trial",
    "arrived",
    "connector_for",
    "no_secrets",
    "reply_place",
    "trials",
    "upload_connector",
]

Secrets = Callable[[str], str | None]
"""Name of a secret, `source_<server>.<what>` -> its value; None: there is none."""


class Connector(Protocol):
    """What the hub asks of a source: one delivery, read as often as needed; every method may raise a SourceFault."""

    @property
    def description(self) -> str:
        """The source for humans, without secrets."""

    @property
    def delivery(self) -> Delivery:
        """Whether it gives all rows, or those that changed."""

    @property
    def position(self) -> str | None:
        """Where it stands among the dataset's: texts that sort, by code point, in their order; None: as they arrive."""

    def identity(self) -> str:
        """Equal identities mean that there is nothing new to pull."""

    def original(self) -> BinaryIO | None:
        """The bytes to land as they came; None for databases, whose Parquet is the original."""

    def chunks(self) -> Iterator[pa.RecordBatch]:
        """Text columns named as the contract's, at most 50,000 rows a batch, in an order that does not change."""

    def watermark(self) -> str | None:
        """The greatest watermark among its rows, where they were asked for by watermark; None otherwise."""


def no_secrets(_name: str) -> None:
    """The secrets of sources that need none."""


def connector_for(
    dataset: Dataset, sources: Mapping[str, str], secrets: Secrets = no_secrets, before: Taken = NOTHING_TAKEN
) -> Connector | None:
    """The next delivery to take in, by the dataset's kind; None: everything that is there has been taken.

    Args:
        dataset: which one.
        sources: server name of a contract -> its address (HUB_HOME/sources.json).
        secrets: passwords, keys and tokens that don't stand in the address.
        before: what has been taken so far.

    Raises:
        SourceUnknown: nobody said where its server is.
        NotPulled: it is pushed, or asked at the moment of a question.
        SourceFault: nothing has ever arrived, or it can't be reached.
    """
    server = dataset.server
    if server.kind in {"push", "live_query"}:
        raise NotPulled(server.name, server.kind)
    return _of_kind(dataset, _address(dataset, sources), _secret_of(dataset, secrets), before)


def arrived(dataset: Dataset, sources: Mapping[str, str], secrets: Secrets = no_secrets) -> FilesSeen | None:
    """What a look at the place of a dataset that comes as files shows, without reading any; None: no complete file.

    Raises:
        SourceUnknown: nobody said where its server is.
        SourceFault: it can't be reached.
    """
    return files_seen(dataset, _address(dataset, sources), _secret_of(dataset, secrets))


def trials(dataset: Dataset, sources: Mapping[str, str], secrets: Secrets = no_secrets) -> list[Trial]:
    """The files of a dataset that came to be tried only; errors as `arrived`."""
    return trials_of(dataset, _address(dataset, sources), _secret_of(dataset, secrets))


def reply_place(dataset: Dataset, sources: Mapping[str, str], secrets: Secrets = no_secrets) -> Place:
    """Where a dataset's files come from, to write replies to; errors as `arrived`."""
    return place_of(dataset.server.name, _address(dataset, sources), _secret_of(dataset, secrets))


def _address(dataset: Dataset, sources: Mapping[str, str]) -> str:
    found = sources.get(dataset.server.name)
    if not found:
        raise SourceUnknown(dataset.server.name)
    return found


def _secret_of(dataset: Dataset, secrets: Secrets) -> Secrets:
    """The secrets of the dataset's own server, by what they are."""
    return lambda what: secrets(f"source_{dataset.server.name}.{what}")


def _of_kind(dataset: Dataset, place: str, secret: Secrets, before: Taken) -> Connector | None:
    match dataset.server.kind:  # each imports what it needs when it is needed: drivers take seconds
        case "database" if dataset.delivery == "changes" and dataset.watermark:
            from registries.connectors.database_changes import DatabaseChanges

            return DatabaseChanges.next_of(dataset, place, before, secret)
        case "database":
            from registries.connectors.database import DatabaseTable

            return DatabaseTable(dataset, place, secret)
        case "sql_database":
            from registries.connectors.sql_database import SqlTable

            return SqlTable.next_of(dataset, place, before, secret)
        case "http_api":
            from registries.connectors.http_api import HttpApi

            return HttpApi(dataset, place, secret)
        case _:
            return next_file(dataset, place, secret, before)


def upload_connector(dataset: Dataset, name: str, open_file: Callable[[], BinaryIO]) -> DeliveredFile:
    """A connector for a file that a publisher uploaded, whatever the kind of the dataset's own source.

    Its format is what the file itself says. Its columns are asked for by the names that the contract gives to the
    source's. It counts in the order in which it comes, whatever its name.
    """
    return DeliveredFile(dataset, name, open_file, delivery=delivery_of(dataset, name))
