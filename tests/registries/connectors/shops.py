"""The small dataset of these tests, in every format."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from registries.connectors.delivered_file import DeliveredFile
from registries.contracts.loading import load_contract
from registries.contracts.model import Dataset, FileFormat

SHOPS = load_contract(Path(__file__).parent.parent / "good" / "shops.odcs.yaml")[0]
NAMES = [column.source for column in SHOPS.columns]
HEADER = ",".join(NAMES)
ROW = "91110000600037341L,示例店,440507,1,2020-01-01,"


def shops_as(file_format: FileFormat, pattern: str = "shops_*.csv", dataset: Dataset = SHOPS) -> Dataset:
    """The dataset as if its contract named another format."""
    return dataclasses.replace(dataset, server=dataclasses.replace(dataset.server, format=file_format, pattern=pattern))


def rows_of(connector: DeliveredFile) -> list[dict[str, str | None]]:
    """All rows of a delivery."""
    return [row for batch in connector.chunks() for row in batch.to_pylist()]


def delivered(
    open_file: Callable[[], BinaryIO], file_format: FileFormat, name: str = "shops", dataset: Dataset = SHOPS
) -> DeliveredFile:
    """One file of the dataset, in a format that is told."""
    return DeliveredFile(dataset, name, open_file, file_format=file_format)


def csv_of(rows: Sequence[str] = (ROW,), encoding: str = "utf-8") -> bytes:
    """A CSV file of the dataset."""
    return "".join(f"{line}\n" for line in (HEADER, *rows)).encode(encoding)
