"""What a department's own system pushed: NDJSON that has landed already, as one delivery among others.

connector = PushedRows(dataset, "deeds-system", 7, body_digest, lambda: landing.open_upload(path))
intake.take_in(dataset.name, connector=connector, deliverer="client deeds-system")
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import BinaryIO

import pyarrow as pa

from registries.connectors.delivered_file import DeliveredFile
from registries.connectors.faults import SourceChangedShape, SourceFault
from registries.connectors.file_faults import NotJsonLines
from registries.connectors.rows import sources
from registries.contracts.model import Dataset

_DIGITS = 16
"""Of the greatest sequence, 2**53 - 1: positions sort as texts."""


class PushedRows(DeliveredFile):
    """One pushed delivery.

    Args:
        client: who pushed it.
        sequence: its place in the publisher's order.
        body_digest: SHA-256 of the bytes, as the publisher signed it and the hub found it.
        open_body: opens the landed bytes from their start.
    """

    def __init__(
        self, dataset: Dataset, client: str, sequence: int, body_digest: bytes, open_body: Callable[[], BinaryIO]
    ) -> None:
        position = f"{sequence:0{_DIGITS}}"
        super().__init__(dataset, f"push #{sequence}", open_body, file_format="json_lines", position=position)
        self._members = frozenset(sources(dataset))
        self._open_body = open_body
        self._own = f"{client}\n{sequence}\n{body_digest.hex()}"

    def identity(self) -> str:
        """By client and sequence: equal rows under a new sequence are a new delivery."""
        return hashlib.sha256(self._own.encode()).hexdigest()

    def chunks(self) -> Iterator[pa.RecordBatch]:
        """As any file's; an unknown member is named with its row, too."""
        try:
            yield from super().chunks()
        except SourceChangedShape as fault:
            raise self._with_row(fault) from None

    def _with_row(self, fault: SourceChangedShape) -> SourceFault:
        with self._open_body() as body:
            for number, line in enumerate(body, start=1):
                unknown = sorted(_members_of(line) - self._members)
                if unknown:
                    names = ", ".join(unknown)
                    zh, en = f"有契约中没有的成员 {names}", f"has members that the contract lacks: {names}"
                    return NotJsonLines(fault.source, number, zh, en)
        return fault


def _members_of(line: bytes) -> frozenset[str]:
    """The names in one line; none where it is blank or in another encoding."""
    try:
        return frozenset(json.loads(line))
    except ValueError:
        return frozenset()
