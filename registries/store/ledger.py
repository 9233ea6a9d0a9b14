"""The ledger (存证日志): append in any transaction, give out places in short ones, prove, check.

    with store.begin() as conn:                         # one commit for many answers
        outcomes = ledger.append(conn, entries, now)    # Appended, or Stored for a replay
        head = ledger.sequence(conn)                    # places for all that is new; root over all of it

Answers are appended in the order of the tree: the advisory lock is held from their `append` to the commit, which
therefore comes soon. Entries of other kinds (a batch's, inside a long merge) take no lock: they wait in
`ledger_waiting` until the next `sequence`, so that a merge never blocks an answer.
"""

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from certificates import merkle
from registries.errors import LedgerDamaged
from registries.store.ledger_check import check, root_at, stored_nodes
from registries.store.ledger_rows import (
    Appended,
    Checkpoint,
    LedgerReport,
    NewEntry,
    Stored,
    TreeHead,
    body_digest,
    checkpoint_digest,
    entry_digest,
)
from registries.store.ledger_tables import checkpoint, ledger_body, ledger_entry, ledger_node, ledger_sequence

__all__ = [
    "Appended",
    "Checkpoint",
    "LedgerReport",
    "NewEntry",
    "Stored",
    "TreeHead",
    "append",
    "check",
    "erase_body",
    "grow",
    "head",
    "keep_checkpoint",
    "latest_checkpoint",
    "node_reader",
    "position",
    "positions",
    "root_at",
    "sequence",
    "stored",
]

IN_ORDER = "answer"
_LOCK = 6_010

_INSERT = sa.text(
    """
    INSERT INTO hub.ledger_entry (kind, issuer, jti, leaf, made_at, row_digest)
    SELECT kind, issuer, jti, leaf, :now, row_digest
      FROM unnest(CAST(:kind AS text[]), CAST(:issuer AS text[]), CAST(:jti AS text[]), CAST(:leaf AS bytea[]),
                  CAST(:row_digest AS bytea[])) WITH ORDINALITY AS n(kind, issuer, jti, leaf, row_digest, place)
     ORDER BY place
    ON CONFLICT (issuer, jti) DO NOTHING
    RETURNING id, issuer, jti
    """
)
_INSERT_BODIES = sa.text(
    """
    INSERT INTO hub.ledger_body (entry_id, payload, request_digest, row_digest)
    SELECT * FROM unnest(CAST(:entry_id AS bigint[]), CAST(:payload AS bytea[]), CAST(:request_digest AS bytea[]),
                         CAST(:row_digest AS bytea[]))
    """
)
_STORED = sa.text(
    """
    SELECT e.issuer, e.jti, e.id, b.payload, b.request_digest
      FROM unnest(CAST(:issuer AS text[]), CAST(:jti AS text[])) AS n(issuer, jti)
      JOIN hub.ledger_entry e ON e.issuer = n.issuer AND e.jti = n.jti
      LEFT JOIN hub.ledger_body b ON b.entry_id = e.id
    """
)
_NEW_IN_ORDER = sa.text(
    """
    WITH late AS (DELETE FROM hub.ledger_waiting RETURNING entry_id)
    SELECT id, leaf FROM (
        SELECT e.id, e.leaf FROM hub.ledger_entry e
         WHERE e.id > (SELECT COALESCE(max(entry_id), 0) FROM hub.ledger_sequence)
        UNION
        SELECT e.id, e.leaf FROM late JOIN hub.ledger_entry e ON e.id = late.entry_id) AS new
     ORDER BY id
    """
)
_PLACE = sa.text(
    """
    INSERT INTO hub.ledger_sequence (index, entry_id)
    SELECT :size + place - 1, id FROM unnest(CAST(:ids AS bigint[])) WITH ORDINALITY AS n(id, place)
    """
)
_ADD_NODES = sa.text(
    """
    INSERT INTO hub.ledger_node (level, index, hash)
    SELECT * FROM unnest(CAST(:level AS smallint[]), CAST(:index AS bigint[]), CAST(:hash AS bytea[]))
    """
)


def append(conn: sa.Connection, entries: Sequence[NewEntry], now: datetime) -> list[Appended | Stored]:
    """Write entries down; per entry, in order, the new entry's id or what was stored for its issuer and jti before.

    Waits for a concurrent transaction that is writing the same issuer and jti.
    """
    if any(entry.kind == IN_ORDER for entry in entries):
        _lock(conn)
    made = _insert(conn, entries, now)
    pairs = [(entry.issuer, entry.jti) for entry in entries]
    before = stored(conn, _repeated(pairs, made))
    return [Appended(made.pop(pair)) if pair in made else before[pair] for pair in pairs]


def stored(conn: sa.Connection, requests: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Stored]:
    """What the ledger holds for (issuer, jti) pairs; pairs it does not know are absent."""
    wanted = list(requests)
    if not wanted:
        return {}
    parameters = {"issuer": [issuer for issuer, _ in wanted], "jti": [jti for _, jti in wanted]}
    return {
        (row.issuer, row.jti): Stored(row.id, row.payload, row.request_digest)
        for row in conn.execute(_STORED, parameters)
    }


def sequence(conn: sa.Connection) -> TreeHead:
    """Give places to all entries that have none, in the order of their ids; commit soon, the ledger's lock is held.

    Raises:
        LedgerDamaged: stored nodes are missing.
    """
    return grow(conn)[1]


def grow(conn: sa.Connection) -> tuple[TreeHead, TreeHead]:
    """As `sequence`; the head as it was before, too, so that whoever signs can see that the tree only grew."""
    _lock(conn)
    size = _size(conn)
    new = conn.execute(_NEW_IN_ORDER).all()
    nodes = _frontier(conn, size)
    before = TreeHead(size, merkle.root(size, lambda level, index: nodes[level, index]))
    if new:
        leaves = [merkle.leaf_hash(row.leaf) for row in new]
        made = merkle.new_nodes(size, leaves, lambda level, index: nodes[level, index])
        conn.execute(_PLACE, {"size": size, "ids": [row.id for row in new]})
        levels, indexes, hashes = zip(*made, strict=True)
        conn.execute(_ADD_NODES, {"level": list(levels), "index": list(indexes), "hash": list(hashes)})
        nodes.update({(level, index): value for level, index, value in made})
    total = size + len(new)
    return before, TreeHead(total, merkle.root(total, lambda level, index: nodes[level, index]))


def head(conn: sa.Connection) -> TreeHead:
    """Size and root of what has a place now. Raises LedgerDamaged."""
    size = _size(conn)
    nodes = _frontier(conn, size)
    return TreeHead(size, merkle.root(size, lambda level, index: nodes[level, index]))


def position(conn: sa.Connection, entry_id: int) -> int | None:
    """An entry's place in the tree, from 0; None if it has none yet."""
    return positions(conn, [entry_id]).get(entry_id)


def positions(conn: sa.Connection, entry_ids: Sequence[int]) -> dict[int, int]:
    """Places of entries by entry id; entries without a place are absent."""
    wanted = sa.select(ledger_sequence.c.entry_id, ledger_sequence.c.index.label("place")).where(
        ledger_sequence.c.entry_id == sa.any_(sa.bindparam("ids", list(entry_ids), sa.ARRAY(sa.BigInteger)))
    )
    return {row.entry_id: row.place for row in conn.execute(wanted)}


def node_reader(conn: sa.Connection) -> merkle.NodeReader:
    """A reader of stored nodes for `certificates.merkle`. It raises LedgerDamaged for a node that is missing."""

    def read(level: int, index: int) -> bytes:
        found = conn.execute(
            sa.select(ledger_node.c.hash).where(ledger_node.c.level == level, ledger_node.c.index == index)
        ).scalar()
        if found is None:
            raise LedgerDamaged(index << level)
        return bytes(found)

    return read


def keep_checkpoint(conn: sa.Connection, size: int, root: bytes, note: str, now: datetime) -> None:
    """Keep a signed note over a tree head; the first one for a size stays."""
    values = {"size": size, "root": root, "note": note, "made_at": now}
    row = insert(checkpoint).values(**values, row_digest=checkpoint_digest(size, root, note, now))
    conn.execute(row.on_conflict_do_nothing())


def latest_checkpoint(conn: sa.Connection) -> Checkpoint | None:
    """The checkpoint of the largest tree; None before the first."""
    row = conn.execute(sa.select(checkpoint).order_by(checkpoint.c.size.desc()).limit(1)).first()
    return None if row is None else Checkpoint(row.size, row.root, row.note, row.made_at)


def erase_body(conn_owner: sa.Connection, issuer: str, jti: str) -> bool:
    """Erase an entry's body, by the owner only; leaf and proofs stay valid. Returns whether there was one."""
    entry = sa.select(ledger_entry.c.id).where(ledger_entry.c.issuer == issuer, ledger_entry.c.jti == jti)
    return (
        conn_owner.execute(sa.delete(ledger_body).where(ledger_body.c.entry_id == entry.scalar_subquery())).rowcount > 0
    )


def _lock(conn: sa.Connection) -> None:
    conn.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


def _insert(conn: sa.Connection, entries: Sequence[NewEntry], now: datetime) -> dict[tuple[str, str], int]:
    parameters: dict[str, Any] = {
        name: [getattr(entry, name) for entry in entries] for name in ("kind", "issuer", "jti", "leaf")
    }
    digests = [entry_digest(entry.kind, entry.issuer, entry.jti, entry.leaf, now) for entry in entries]
    rows = conn.execute(_INSERT, {**parameters, "row_digest": digests, "now": now})
    made = {(row.issuer, row.jti): int(row.id) for row in rows}
    first = {(entry.issuer, entry.jti): entry for entry in reversed(entries)}
    new = [(entry_id, first[name]) for name, entry_id in made.items()]
    bodies = {
        "entry_id": [entry_id for entry_id, _ in new],
        "payload": [entry.payload for _, entry in new],
        "request_digest": [entry.request_digest for _, entry in new],
        "row_digest": [body_digest(entry.payload, entry.request_digest) for _, entry in new],
    }
    conn.execute(_INSERT_BODIES, bodies)
    late = [entry_id for entry_id, entry in new if entry.kind != IN_ORDER]
    if late:
        waiting = sa.text("INSERT INTO hub.ledger_waiting SELECT unnest(CAST(:ids AS bigint[]))")
        conn.execute(waiting, {"ids": late})
    return made


def _repeated(pairs: Iterable[tuple[str, str]], made: Container[tuple[str, str]]) -> set[tuple[str, str]]:
    """Pairs that were there before, or that stand twice among those that are new."""
    times = Counter(pairs)
    return {pair for pair, count in times.items() if pair not in made or count > 1}


def _size(conn: sa.Connection) -> int:
    return int(conn.execute(sa.select(sa.func.coalesce(sa.func.max(ledger_sequence.c.index) + 1, 0))).scalar_one())


def _frontier(conn: sa.Connection, size: int) -> dict[tuple[int, int], bytes]:
    """The roots of the complete subtrees that a tree of `size` leaves falls into: all that growing it can need."""
    places = [(level, (size >> level) - 1) for level in range(size.bit_length()) if size >> level & 1]
    nodes = stored_nodes(conn, places)
    if len(nodes) != len(places):
        raise LedgerDamaged(size)
    return nodes
