"""What was erased stays away: keyed digests of the keys of erased rows, asked when a source delivers them again.

    erased = erasures.suppressed(conn, dataset)               # None where nothing of the dataset was erased
    if erased: erased.positions(canonical_rows)                # the rows that must not come back
    cases.open_from_erased(conn, batch, dataset, erasures.RULE_ID, now)     # their source is told, once

Nobody can read from the digests whose rows they were; who delivers such a row says it himself.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from numpy.typing import NDArray

from registries.compare.keyed_digests import KeyedDigests, key_texts
from registries.contracts.model import Dataset
from registries.store.keeping_tables import erased_key

RULE_ID: Final = "erased"
"""Why such a row is refused: no contract's rule."""


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
    found = erased_digests(conn, dataset)
    return Suppressed(dataset, keyed(conn, "key"), found) if found else None


def erased_digests(conn: sa.Connection, dataset: Dataset) -> frozenset[bytes]:
    """The digests of the dataset's erased keys, as `digests.current_key` makes them."""
    wanted = sa.select(erased_key.c.key_digest).where(erased_key.c.dataset == dataset.name)
    return frozenset(bytes(digest) for digest in conn.execute(wanted).scalars())


def keyed(conn: sa.Connection, kind: str) -> KeyedDigests:
    """What makes digests of a kind; its key can make that kind only."""
    return KeyedDigests(bytes(conn.execute(sa.select(sa.func.hub.digest_key(kind))).scalar_one()))
