"""The kind `files`: the address decides the place, the contract the format, names the order.

    delivery = next_file(dataset, "/srv/drop/shops", secret, before)
    seen = files_seen(dataset, "/srv/drop/shops", secret)     # cheap: lists, reads nothing

Addresses: a folder's path, `sftp://user@host:port/folder`, `s3://bucket/prefix?endpoint=http://host:port&region=...`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from registries.connectors.arrivals import Arrival, arrivals, arrivals_digest, next_arrival, trial_arrivals
from registries.connectors.delivered_file import DeliveredFile
from registries.connectors.faults import AddressUnusable
from registries.connectors.folder import Folder
from registries.connectors.manifest import Manifest, read_manifest
from registries.connectors.place import Entry, Place
from registries.connectors.taken import Taken
from registries.contracts.model import Dataset

_FORMS: Final = "/folder, sftp://user@host:port/folder, s3://bucket/prefix?endpoint=https://host:port"


@dataclass(frozen=True)
class FilesSeen:
    """What is there of a dataset, without having read it.

    Attributes:
        digest: differs as soon as a file has come or was written anew: SHA-256, 32 hex digits.
        changed_at: when the newest of them got its place, in seconds since 1970.
    """

    digest: str
    changed_at: float


def next_file(
    dataset: Dataset, address: str, secret: Callable[[str], str | None], before: Taken
) -> DeliveredFile | None:
    """The dataset's next delivery; None: all that is there has been taken. SourceFault if nothing ever came."""
    place = place_of(dataset.server.name, address, secret)
    arrival = next_arrival(dataset, place.entries(), before)
    return None if arrival is None else _delivered(dataset, place, arrival)


def files_seen(dataset: Dataset, address: str, secret: Callable[[str], str | None]) -> FilesSeen | None:
    """What a look at the place shows of the dataset; None: no complete file."""
    entries = place_of(dataset.server.name, address, secret).entries()
    everything = [*arrivals(dataset, entries), *trial_arrivals(dataset, entries)]
    changes = [one.entry.changed_at for one in everything]
    return FilesSeen(arrivals_digest(dataset, entries), max(changes)) if changes else None


@dataclass(frozen=True)
class Trial:
    """A file that is only to be tried.

    Attributes:
        name: as it lies there, `.dry` included.
        identity: differs as soon as it was written anew: SHA-256, in hex. Nothing was read for it.
        delivery: the file, as if it had come to be taken in.
    """

    name: str
    identity: str
    delivery: DeliveredFile


def trials_of(dataset: Dataset, address: str, secret: Callable[[str], str | None]) -> list[Trial]:
    """The files of a dataset that are only to be tried, by name."""
    place = place_of(dataset.server.name, address, secret)
    found = sorted(trial_arrivals(dataset, place.entries()), key=lambda one: one.entry.name)
    return [Trial(one.entry.name, one.identity, _delivered(dataset, place, one)) for one in found]


def place_of(server: str, address: str, secret: Callable[[str], str | None]) -> Place:
    """The place that an address means; AddressUnusable if it means none."""
    scheme = address.partition("://")[0] if "://" in address else ""
    match scheme:
        case "":
            return Folder(server, Path(address))
        case "sftp":
            from registries.connectors.sftp_folder import SftpFolder  # paramiko takes a moment

            return SftpFolder.of_address(server, address, secret)
        case "s3":
            from registries.connectors.s3_bucket import S3Bucket  # so does the client for S3

            return S3Bucket.of_address(server, address, secret)
        case _:
            raise AddressUnusable(server, _FORMS)


def _delivered(dataset: Dataset, place: Place, arrival: Arrival) -> DeliveredFile:
    entry = arrival.entry
    return DeliveredFile(
        dataset,
        entry.name,
        lambda: place.open(entry),
        lambda: place.unchanged(entry),
        file_format=dataset.server.format,
        position=arrival.position,
        delivery=arrival.delivery,
        late=arrival.late,
        manifest=lambda: _manifest(place, arrival.manifest),
    )


def _manifest(place: Place, entry: Entry | None) -> Manifest | None:
    if entry is None:
        return None
    with place.open(entry) as file:
        return read_manifest(entry.name, file)
