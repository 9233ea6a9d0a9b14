"""The ledger's tiles and bundles of entries, from its stored nodes and leaves, by one statement each.

    ledger_tiles.content(conn, Tile(0, 0, 44))       # 44 hashes

Only what a checkpoint covers may leave the hub: the caller looks with `Tile.within`.
"""

import sqlalchemy as sa

from certificates.tiles import ENTRIES, HEIGHT, WIDTH, Tile, bundle
from registries.errors import LedgerDamaged
from registries.store.ledger_tables import ledger_entry, ledger_node, ledger_sequence


def content(conn: sa.Connection, tile: Tile) -> bytes:
    """The bytes of a tile or a bundle.

    Raises:
        LedgerDamaged: some of its hashes or entries are not there.
    """
    first = tile.index * WIDTH
    found = _leaves(conn, first, tile.width) if tile.level == ENTRIES else _hashes(conn, tile, first)
    if len(found) != tile.width:
        raise LedgerDamaged(tile.start)
    return bundle(found) if tile.level == ENTRIES else b"".join(found)


def _hashes(conn: sa.Connection, tile: Tile, first: int) -> list[bytes]:
    wanted = (
        sa.select(ledger_node.c.hash)
        .where(ledger_node.c.level == tile.level * HEIGHT, ledger_node.c.index.between(first, first + tile.width - 1))
        .order_by(ledger_node.c.index)
    )
    return [bytes(value) for value in conn.execute(wanted).scalars()]


def _leaves(conn: sa.Connection, first: int, width: int) -> list[bytes]:
    wanted = (
        sa.select(ledger_entry.c.leaf)
        .join(ledger_sequence, ledger_sequence.c.entry_id == ledger_entry.c.id)
        .where(ledger_sequence.c.index.between(first, first + width - 1))
        .order_by(ledger_sequence.c.index)
    )
    return [bytes(value) for value in conn.execute(wanted).scalars()]
