"""What was erased stays away: which rows of a delivery have keys that were erased.

erased = suppressed(conn, dataset)               # None where nothing of the dataset was erased
if erased: erased.positions(canonical_rows)       # the rows that must not come back
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from numpy.typing import NDArray

from registries.compare.keyed_digests import KeyedDigests, key_texts
from registries.contracts.model import Dataset
from registries.store import erasures


@dataclass(frozen=True)
class Suppressed:
    """The erased keys of a dataset."""

    dataset: Dataset
    digest: KeyedDigests
    erased: frozenset[bytes]

    def positions(self, rows: pa.Table) -> NDArray[np.int64]:
        """Places, from 0, of the canonical rows whose keys were erased."""
        found = self.digest.of(key_texts(self.dataset, rows), self.dataset.name, self.dataset.key)
        known = pc.is_in(found, value_set=pa.array(sorted(digest.hex() for digest in self.erased), pa.string()))
        return np.flatnonzero(known.to_numpy(zero_copy_only=False)).astype(np.int64)


def suppressed(conn: sa.Connection, dataset: Dataset) -> Suppressed | None:
    """The dataset's erased keys; None if there are none, so that nothing is asked of its rows."""
    found = erasures.erased_digests(conn, dataset)
    return Suppressed(dataset, keyed(conn, "key"), found) if found else None


def keyed(conn: sa.Connection, kind: str) -> KeyedDigests:
    """What makes digests of a kind; its key can make that kind only."""
    return KeyedDigests(erasures.digest_key(conn, kind))
