"""Keyed digests of the keys of erased rows: what remains of them, so that they stay away (`compare.suppressed`).

    erasures.erased_digests(conn, dataset)                                       # empty where nothing was erased
    case_opening.open_from_erased(conn, batch, dataset, erasures.RULE_ID, now)    # their source is told, once

Nobody can read from the digests whose rows they were; who delivers such a row says it himself.
"""

from typing import Final

import sqlalchemy as sa

from registries.contracts.model import Dataset
from registries.store.keeping_tables import erased_key

RULE_ID: Final = "erased"
"""Why such a row is refused: no contract's rule."""


def erased_digests(conn: sa.Connection, dataset: Dataset) -> frozenset[bytes]:
    """The digests of the dataset's erased keys, as `digests.current_key` makes them."""
    wanted = sa.select(erased_key.c.key_digest).where(erased_key.c.dataset == dataset.name)
    return frozenset(bytes(digest) for digest in conn.execute(wanted).scalars())


def digest_key(conn: sa.Connection, kind: str) -> bytes:
    """The secret with which digests of that kind are made, and no other."""
    return bytes(conn.execute(sa.select(sa.func.hub.digest_key(kind))).scalar_one())
