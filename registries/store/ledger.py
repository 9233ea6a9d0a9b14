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
from registries.store import packed
from registries.store.ledger_check import check, root_at
from registries.store.ledger_rows import (
    Appended,
    Checkpoint,
    Grown,
    LedgerReport,
    NewEntry,
    Stored,
    TreeHead,
    beside_digest,
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
    "settle",
    "stored",
]

IN_ORDER = "answer"
_LOCK = 6_010
_HASH = packed.DIGEST_LENGTH

_INSERT = sa.text(
    """
    WITH locked AS MATERIALIZED (
        SELECT pg_advisory_xact_lock(:lock) WHERE :in_order = ANY (string_to_array(:kinds, chr(31)))
    ), given AS MATERIALIZED (
        SELECT * FROM unnest(string_to_array(:kinds, chr(31)), string_to_array(:issuers, chr(31)),
                             string_to_array(:jtis, chr(31)), CAST(:starts AS integer[]), CAST(:lengths AS integer[]),
                             CAST(:request_starts AS integer[]), CAST(:request_lengths AS integer[]),
                             CAST(:beside_starts AS integer[]), CAST(:beside_lengths AS integer[]))
            WITH ORDINALITY AS n(kind, issuer, jti, start, length, request_start, request_length, beside_start,
                                 beside_length, place)
         WHERE (SELECT count(*) FROM locked) < 2  -- the lock first: ids come in the order of those who hold it
    ), made AS (
        INSERT INTO hub.ledger_entry (kind, issuer, jti, leaf, made_at, row_digest)
        SELECT kind, issuer, jti, substr(CAST(:leaves AS bytea), CAST(32 * place - 31 AS integer), 32), :now,
               substr(CAST(:digests AS bytea), CAST(32 * place - 31 AS integer), 32)
          FROM given ORDER BY place
        ON CONFLICT (issuer, jti) DO NOTHING
        RETURNING id, issuer, jti
    ), placed AS MATERIALIZED (
        SELECT made.id, given.* FROM made JOIN given ON given.issuer = made.issuer AND given.jti = made.jti
    ), bodies AS (
        INSERT INTO hub.ledger_body (entry_id, payload, request_digest, row_digest)
        SELECT id, substr(CAST(:payloads AS bytea), start, length),
               substr(CAST(:requests AS bytea), request_start, request_length),
               substr(CAST(:body_digests AS bytea), CAST(32 * place - 31 AS integer), 32)
          FROM placed
    ), besides AS (
        INSERT INTO hub.ledger_beside (entry_id, content, row_digest)
        SELECT id, substr(CAST(:besides AS bytea), beside_start, beside_length),
               substr(CAST(:beside_digests AS bytea), CAST(32 * place - 31 AS integer), 32)
          FROM placed WHERE beside_length > 0
    ), late AS (
        INSERT INTO hub.ledger_waiting SELECT id FROM placed WHERE kind <> :in_order
    )
    SELECT id, place FROM placed
    """
)
_STORED = sa.text(
    """
    SELECT e.issuer, e.jti, e.id, b.payload, b.request_digest, s.content AS beside
      FROM unnest(string_to_array(:issuers, chr(31)), string_to_array(:jtis, chr(31))) AS n(issuer, jti)
      JOIN hub.ledger_entry e ON e.issuer = n.issuer AND e.jti = n.jti
      LEFT JOIN hub.ledger_body b ON b.entry_id = e.id
      LEFT JOIN hub.ledger_beside s ON s.entry_id = e.id
    """
)
_COLUMNS = "s.size, n.levels, n.hashes, k.size AS kept_size, k.root, k.note, k.made_at"
_STOOD = """
      FROM (SELECT COALESCE(max(index) + 1, 0) AS size FROM hub.ledger_sequence) AS s
     CROSS JOIN LATERAL (
           SELECT array_agg(n.level ORDER BY n.level) AS levels,
                  string_agg(n.hash, CAST('' AS bytea) ORDER BY n.level) AS hashes
             FROM generate_series(0, 62) AS l(level)
             JOIN hub.ledger_node n ON n.level = l.level AND n.index = (s.size >> l.level) - 1
            WHERE (s.size >> l.level) & 1 = 1) AS n
      LEFT JOIN LATERAL (SELECT c.size, c.root, c.note, c.made_at FROM hub.checkpoint c
                          ORDER BY c.size DESC LIMIT 1) AS k ON true
    """
_STANDING = sa.text(f"SELECT {_COLUMNS} {_STOOD}")
"""All that growing the tree begins with: its size, the roots of its complete subtrees, the latest checkpoint."""

_GROWING = sa.text(
    f"""
    WITH late AS (DELETE FROM hub.ledger_waiting RETURNING entry_id),
    new AS (
        SELECT e.id, e.leaf FROM hub.ledger_entry e
         WHERE e.id > (SELECT COALESCE(max(entry_id), 0) FROM hub.ledger_sequence)
        UNION
        SELECT e.id, e.leaf FROM late JOIN hub.ledger_entry e ON e.id = late.entry_id)
    SELECT {_COLUMNS}, w.ids, w.leaves {_STOOD}
     CROSS JOIN (SELECT array_agg(new.id ORDER BY new.id) AS ids,
                        string_agg(new.leaf, CAST('' AS bytea) ORDER BY new.id) AS leaves FROM new) AS w
    """  # noqa: S608 - parts of this file
)
"""The same, and what has no place yet."""

_PLACE = sa.text(
    """
    WITH placed AS (
        INSERT INTO hub.ledger_sequence (index, entry_id)
        SELECT :size + place - 1, id FROM unnest(CAST(:ids AS bigint[])) WITH ORDINALITY AS n(id, place)
    ), kept AS (
        INSERT INTO hub.checkpoint (size, root, note, made_at, row_digest)
        SELECT :new_size, :root, CAST(:note AS text), CAST(:now AS timestamptz), CAST(:row_digest AS bytea)
         WHERE CAST(:note AS text) IS NOT NULL
        ON CONFLICT DO NOTHING
    )
    INSERT INTO hub.ledger_node (level, index, hash)
    SELECT level, index, substr(CAST(:hashes AS bytea), CAST(32 * place - 31 AS integer), 32)
      FROM unnest(CAST(:levels AS smallint[]), CAST(:indexes AS bigint[])) WITH ORDINALITY AS n(level, index, place)
    """
)


def append(conn: sa.Connection, entries: Sequence[NewEntry], now: datetime) -> list[Appended | Stored]:
    """Write entries down; per entry, in order, the new entry's id or what was stored for its issuer and jti before.

    Waits for a concurrent transaction that is writing the same issuer and jti.
    """
    made = _insert(conn, entries, now)
    pairs = [(entry.issuer, entry.jti) for entry in entries]
    before = stored(conn, _repeated(pairs, made))
    return [Appended(made.pop(pair)) if pair in made else before[pair] for pair in pairs]


def stored(conn: sa.Connection, requests: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Stored]:
    """What the ledger holds for (issuer, jti) pairs; pairs it does not know are absent."""
    wanted = list(requests)
    if not wanted:
        return {}
    parameters = {
        "issuers": packed.texts(issuer for issuer, _ in wanted),
        "jtis": packed.texts(jti for _, jti in wanted),
    }
    return {
        (row.issuer, row.jti): Stored(row.id, row.payload, row.request_digest, row.beside)
        for row in conn.execute(_STORED, parameters)
    }


def sequence(conn: sa.Connection) -> TreeHead:
    """Give places to all entries that have none, in the order of their ids; commit soon, the ledger's lock is held.

    Raises:
        LedgerDamaged: stored nodes are missing.
    """
    grown = grow(conn)
    settle(conn, grown)
    return grown.head


def grow(conn: sa.Connection, *, locked: bool = False) -> Grown:
    """The tree as it will be with all entries that have no place; `settle` gives them theirs, in this transaction.

    Args:
        conn: in a transaction that ends soon, as the ledger's lock is held.
        locked: this transaction has appended answers, and holds the lock by that.

    Raises:
        LedgerDamaged: stored nodes are missing.
    """
    if not locked:
        _lock(conn)  # by itself: what the next statement sees begins after it
    row = conn.execute(_GROWING).one()
    size, nodes, kept = _stood(row)
    before = TreeHead(size, merkle.root(size, lambda level, index: nodes[level, index]))
    if not row.ids:
        return Grown(before, before, {}, nodes, kept)
    leaves = [merkle.leaf_hash(row.leaves[start : start + _HASH]) for start in range(0, len(row.leaves), _HASH)]
    made = merkle.new_nodes(size, leaves, lambda level, index: nodes[level, index])
    nodes.update({(level, index): value for level, index, value in made})
    total = size + len(leaves)
    head = TreeHead(total, merkle.root(total, lambda level, index: nodes[level, index]))
    return Grown(before, head, {entry: size + place for place, entry in enumerate(row.ids)}, nodes, kept, made)


def settle(conn: sa.Connection, grown: Grown, note: str | None = None, now: datetime | None = None) -> None:
    """Give new entries their places in the tree, and keep the signed note over its head, by one statement.

    Args:
        conn: in the transaction in which the tree has grown.
        grown: from `grow`.
        note: over `grown.head`; None: nobody signs now.
        now: when it was signed.
    """
    head = grown.head
    signed = None if note is None or now is None else (note, now)
    if not grown.made:
        if signed:
            keep_checkpoint(conn, head.size, head.root, *signed)
        return
    levels, indexes, hashes = zip(*grown.made, strict=True)
    parameters = {
        "size": grown.before.size,
        "ids": packed.numbers(grown.places),
        "levels": packed.numbers(levels),
        "indexes": packed.numbers(indexes),
        "hashes": packed.digests(hashes),
        "new_size": head.size,
        "root": head.root,
        "note": signed and signed[0],
        "now": signed and signed[1],
        "row_digest": signed and checkpoint_digest(head.size, head.root, *signed),
    }
    conn.execute(_PLACE, parameters)


def head(conn: sa.Connection) -> TreeHead:
    """Size and root of what has a place now. Raises LedgerDamaged."""
    size, nodes, _ = _stood(conn.execute(_STANDING).one())
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
    """The ids of those that are new, by issuer and jti; of two alike the first is written."""
    new = list({(entry.issuer, entry.jti): entry for entry in reversed(entries)}.values())[::-1]
    payloads = packed.pieces([entry.payload for entry in new])
    requests = packed.pieces([entry.request_digest for entry in new])
    besides = packed.pieces([entry.beside for entry in new])
    parameters = {
        "kinds": packed.texts(entry.kind for entry in new),
        "issuers": packed.texts(entry.issuer for entry in new),
        "jtis": packed.texts(entry.jti for entry in new),
        "leaves": packed.digests(entry.leaf for entry in new),
        "digests": packed.digests(entry_digest(one.kind, one.issuer, one.jti, one.leaf, now) for one in new),
        "payloads": payloads.content,
        "starts": payloads.starts,
        "lengths": payloads.lengths,
        "requests": requests.content,
        "request_starts": requests.starts,
        "request_lengths": requests.lengths,
        "besides": besides.content,
        "beside_starts": besides.starts,
        "beside_lengths": besides.lengths,
        "beside_digests": packed.digests(beside_digest(entry.beside) for entry in new),
        "body_digests": packed.digests(body_digest(entry.payload, entry.request_digest) for entry in new),
        "now": now,
        "lock": _LOCK,
        "in_order": IN_ORDER,
    }
    made = [(new[row.place - 1], int(row.id)) for row in conn.execute(_INSERT, parameters)]
    return {(entry.issuer, entry.jti): entry_id for entry, entry_id in made}


def _repeated(pairs: Iterable[tuple[str, str]], made: Container[tuple[str, str]]) -> set[tuple[str, str]]:
    """Pairs that were there before, or that stand twice among those that are new."""
    times = Counter(pairs)
    return {pair for pair, count in times.items() if pair not in made or count > 1}


def _stood(row: sa.Row[Any]) -> tuple[int, dict[tuple[int, int], bytes], Checkpoint | None]:
    """The tree's size, the roots of the complete subtrees that it falls into, and the latest checkpoint.

    These roots are all that growing it can need. Raises LedgerDamaged where one is missing.
    """
    levels = row.levels or []
    hashes = (row.hashes[start : start + _HASH] for start in range(0, _HASH * len(levels), _HASH))
    nodes = {(level, (row.size >> level) - 1): bytes(one) for level, one in zip(levels, hashes, strict=True)}
    if len(nodes) != row.size.bit_count():
        raise LedgerDamaged(row.size)
    kept = None if row.kept_size is None else Checkpoint(row.kept_size, row.root, row.note, row.made_at)
    return row.size, nodes, kept
