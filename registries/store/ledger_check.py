"""Replays the whole ledger: leaves from bodies, nodes, checkpoints, cosignatures; names the place of each fault.

    report = ledger.check(conn)
    for place, what in report.faults: ...

Memory stays bounded: rows are streamed in the order of the tree, level by level.
"""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence

import sqlalchemy as sa

from certificates import merkle
from certificates.checkpoints import BadCheckpoint, open_checkpoint
from certificates.cosignatures import BadVerifier, parse_verifier, verify_cosignatures
from certificates.jose import Key
from registries.store import time_stamps
from registries.store.ledger_rows import (
    Cosignature,
    LedgerReport,
    body_digest,
    checkpoint_digest,
    cosignature_digest,
    entry_digest,
)
from registries.store.ledger_tables import checkpoint, cosignature, ledger_node

Fault = tuple[int | None, str]
_CHUNK = 5_000
_MOST_IN_A_GAP = 1_000
_NUMBER = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)

_ROWS = sa.text(
    """
    SELECT s.index AS place, e.id AS entry_id, e.kind, e.issuer, e.jti, e.leaf, e.made_at, e.row_digest,
           b.entry_id AS body_id, b.payload, b.request_digest, b.row_digest AS body_row_digest, n.hash AS node
      FROM hub.ledger_sequence s
      LEFT JOIN hub.ledger_entry e ON e.id = s.entry_id
      LEFT JOIN hub.ledger_body b ON b.entry_id = e.id
      LEFT JOIN hub.ledger_node n ON n.level = 0 AND n.index = s.index
     ORDER BY s.index
    """
)
_UNPLACED = sa.text(
    """
    SELECT e.id AS entry_id, e.kind, e.issuer, e.jti, e.leaf, e.made_at, e.row_digest,
           b.entry_id AS body_id, b.payload, b.request_digest, b.row_digest AS body_row_digest,
           w.entry_id IS NOT NULL OR e.id > (SELECT COALESCE(max(entry_id), 0) FROM hub.ledger_sequence) AS waiting
      FROM hub.ledger_entry e
      LEFT JOIN hub.ledger_body b ON b.entry_id = e.id
      LEFT JOIN hub.ledger_waiting w ON w.entry_id = e.id
     WHERE NOT EXISTS (SELECT FROM hub.ledger_sequence s WHERE s.entry_id = e.id)
     ORDER BY e.id
    """
)
_ORPHANS = sa.text(
    """
    SELECT b.entry_id, b.payload FROM hub.ledger_body b
     WHERE NOT EXISTS (SELECT FROM hub.ledger_entry e WHERE e.id = b.entry_id)
    """
)
_WAITING = sa.text(
    """
    SELECT w.entry_id FROM hub.ledger_waiting w
     WHERE NOT EXISTS (SELECT FROM hub.ledger_entry e WHERE e.id = w.entry_id)
        OR EXISTS (SELECT FROM hub.ledger_sequence s WHERE s.entry_id = w.entry_id)
    """
)
_OWNERS = sa.text(
    """
    SELECT s.index AS place, e.leaf FROM hub.ledger_entry e LEFT JOIN hub.ledger_sequence s ON s.entry_id = e.id
     WHERE e.leaf = ANY(CAST(:leaves AS bytea[]))
    """
)
_LEVEL = sa.text(
    """
    SELECT p.index AS place, p.hash, l.hash AS left_hash, r.hash AS right_hash
      FROM hub.ledger_node p
      LEFT JOIN hub.ledger_node l ON l.level = p.level - 1 AND l.index = 2 * p.index
      LEFT JOIN hub.ledger_node r ON r.level = p.level - 1 AND r.index = 2 * p.index + 1
     WHERE p.level = :level ORDER BY p.index
    """
)


def check(conn: sa.Connection, keys: Sequence[Key] = ()) -> LedgerReport:
    """Recompute the ledger from its bodies up; the report names every place where something was touched.

    With the ledger's public `keys`, every checkpoint's signature is verified too.
    """
    faults: list[Fault] = []
    strays: dict[bytes, int] = {}
    size = erased = 0
    for row in _streamed(conn, _ROWS):
        if row.place != size:
            faults += _out_of_order(row.place, size)
        faults += ((row.place, what) for what in _row_faults(row, placed=True))
        strays |= _stray(row)
        erased += row.body_id is None and row.entry_id is not None
        size = row.place + 1
    waiting = 0
    for row in _streamed(conn, _UNPLACED):
        waiting += 1
        faults += ((None, f"entry {row.entry_id}: {what}") for what in _row_faults(row, placed=False))
        strays |= _stray(row)
    for body in conn.execute(_ORPHANS):
        faults.append((None, f"body of entry {body.entry_id}: its entry is missing"))
        strays[hashlib.sha256(body.payload).digest()] = body.entry_id
    faults += (
        (None, f"entry {one} waits for a place, and has one or is not there")
        for one in conn.execute(_WAITING).scalars()
    )
    faults += _stray_faults(conn, strays)
    faults += _node_faults(conn, size)
    faults += _checkpoint_faults(conn, size, keys)
    faults += _cosignature_faults(conn)
    faults += ((place - 1, f"the time stamp over {place} entries was changed") for place in time_stamps.faults(conn))
    return LedgerReport(size, sorted(set(faults), key=_by_place), erased, waiting)


def _by_place(fault: Fault) -> tuple[bool, int, str]:
    place, what = fault
    return (place is None, place or 0, what)


def _streamed(conn: sa.Connection, statement: sa.TextClause) -> Iterator[sa.Row[*tuple[object, ...]]]:
    with conn.execute(statement, execution_options={"yield_per": _CHUNK}) as rows:
        yield from rows


def _row_faults(row: sa.Row[*tuple[object, ...]], *, placed: bool) -> Iterator[str]:
    if row.entry_id is None:
        yield "ledger_entry is missing"
        return
    if entry_digest(row.kind, row.issuer, row.jti, row.leaf, row.made_at) != row.row_digest:
        yield "ledger_entry was changed"
    if row.body_id is not None:
        if body_digest(row.payload, row.request_digest) != row.body_row_digest:
            yield "ledger_body was changed"
        if hashlib.sha256(row.payload).digest() != row.leaf:
            yield "the leaf is not the payload's SHA-256"
    if placed and row.node != merkle.leaf_hash(row.leaf):
        yield "ledger_node at level 0 is not the leaf's hash"
    if not placed and not row.waiting:
        yield "has no place, and does not wait for one"


def _out_of_order(place: int, expected: int) -> Iterator[Fault]:
    if place < expected:
        yield (place, f"place {place} is given twice in ledger_sequence or ledger_body")
    for missing in range(expected, min(place, expected + _MOST_IN_A_GAP)):
        yield (missing, f"places {expected} to {place - 1} are missing from ledger_sequence")


def _stray(row: sa.Row[*tuple[object, ...]]) -> dict[bytes, int]:
    """A body that is not its entry's: the leaf that it belongs to, and where it stands."""
    if row.body_id is None:
        return {}
    leaf = hashlib.sha256(row.payload).digest()
    return {} if leaf == row.leaf else {leaf: row.entry_id}


def _stray_faults(conn: sa.Connection, strays: Mapping[bytes, int]) -> Iterator[Fault]:
    if strays:
        for row in conn.execute(_OWNERS, {"leaves": list(strays)}):
            yield (row.place, f"its ledger_body stands at entry {strays[bytes(row.leaf)]}")


def _node_faults(conn: sa.Connection, size: int) -> Iterator[Fault]:
    for level in range(max(size.bit_length(), _levels(conn))):
        expected = 0
        for row in _streamed(conn, _LEVEL.bindparams(level=level)):
            yield from _missing_nodes(level, expected, row.place)
            if row.place >= size >> level:
                yield (row.place << level, f"ledger_node {level}/{row.place} is beyond the tree")
            elif level and not _is_parent(row):
                yield (row.place << level, f"ledger_node {level}/{row.place} is not the hash of its children")
            expected = row.place + 1
        yield from _missing_nodes(level, expected, size >> level)


def _missing_nodes(level: int, expected: int, place: int) -> Iterator[Fault]:
    for missing in range(expected, min(place, expected + _MOST_IN_A_GAP)):
        yield (missing << level, f"ledger_node {level}/{missing} is missing")


def _levels(conn: sa.Connection) -> int:
    return int(conn.execute(sa.select(sa.func.coalesce(sa.func.max(ledger_node.c.level) + 1, 0))).scalar_one())


def _is_parent(row: sa.Row[*tuple[object, ...]]) -> bool:
    if row.left_hash is None or row.right_hash is None:
        return False
    return bool(merkle.node_hash(row.left_hash, row.right_hash) == row.hash)


def _checkpoint_faults(conn: sa.Connection, size: int, keys: Sequence[Key]) -> Iterator[Fault]:
    for row in conn.execute(sa.select(checkpoint).order_by(checkpoint.c.size)).all():
        place = max(row.size - 1, 0)
        told = row.note.split("\n")[1:3]
        if told and told[0] != str(row.size) and _NUMBER.fullmatch(told[0]):
            yield (int(told[0]) - 1, f"checkpoint {row.size}: its note is that of checkpoint {told[0]}")
        if checkpoint_digest(row.size, row.root, row.note, row.made_at) != row.row_digest:
            yield (place, f"checkpoint {row.size} was changed")
        if row.size > size:
            yield (place, f"checkpoint {row.size} is over a larger tree than there is")
        elif root_at(conn, row.size) != row.root:
            yield (place, f"checkpoint {row.size} has another root than the tree")
        if told != [str(row.size), base64.b64encode(row.root).decode()]:
            yield (place, f"checkpoint {row.size}: the note says something else than its columns")
        if keys and not _is_signed(row.note, keys):
            yield (place, f"checkpoint {row.size}: no key of the ledger signed its note")


def _is_signed(note: str, keys: Sequence[Key]) -> bool:
    try:
        open_checkpoint(note, keys)
    except BadCheckpoint:
        return False
    return True


def _cosignature_faults(conn: sa.Connection) -> Iterator[Fault]:
    notes = sa.select(cosignature, checkpoint.c.note).outerjoin(checkpoint, checkpoint.c.size == cosignature.c.size)
    for row in conn.execute(notes.order_by(cosignature.c.size, cosignature.c.witness)):
        place = max(row.size - 1, 0)
        told = Cosignature(row.size, row.witness, row.verifier, row.line)
        if cosignature_digest(told, row.made_at) != row.row_digest:
            yield (place, f"cosignature of {row.size} was changed")
        if row.note is None:
            yield (place, f"cosignature of {row.size}: its checkpoint is missing")
        elif not _is_cosigned(row.note, told):
            yield (place, f"cosignature of {row.size} does not verify")


def _is_cosigned(note: str, told: Cosignature) -> bool:
    try:
        witness = parse_verifier(told.verifier)
    except BadVerifier:
        return False
    return witness.name == told.witness and bool(verify_cosignatures(note + told.line, [witness]))


def root_at(conn: sa.Connection, size: int) -> bytes | None:
    """Root of the tree of the first `size` leaves, from the stored nodes; None if one of those is missing."""
    wanted = merkle.nodes_of(lambda read: merkle.root(size, read)) if size else []
    nodes = stored_nodes(conn, wanted)
    if len(nodes) < len(wanted):
        return None
    return merkle.root(size, lambda level, index: nodes[level, index])


def stored_nodes(conn: sa.Connection, places: Sequence[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
    """The stored nodes among those asked for, by level and index."""
    columns = (ledger_node.c.level, ledger_node.c.index.label("place"), ledger_node.c.hash)
    wanted = sa.select(*columns).where(sa.tuple_(ledger_node.c.level, ledger_node.c.index).in_(places))
    return {(row.level, row.place): bytes(row.hash) for row in conn.execute(wanted)}
