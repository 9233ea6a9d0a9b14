"""The ledger's head as the API moves it: places for new entries, a signed checkpoint over them, proofs under it.

    with Transaction(store) as work:
        moved = head.move(work, now)          # the ledger's lock is held until the commit: commit soon
        proofs = head.prove(work, moved.checkpoint, places, moved.nodes)

A checkpoint is signed and kept in the transaction that grows the tree, and leaves the hub only after its commit: there
is none that the store does not know. What was signed last is remembered outside the database too, after the commit and
before anything leaves; a ledger that does not go on from there (an older backup, a fork) gets no signature.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from certificates import merkle
from certificates.checkpoints import Checkpoint, proof_texts, sign_checkpoint
from certificates.keys import KeyRing
from certificates.tiles import parse_path
from exchange_api.errors import NotFound
from exchange_api.transactions import Transaction
from registries.errors import LedgerDamaged, LedgerSetBack
from registries.ledger_memory import LedgerMemory, Remembered
from registries.store import cosignatures, ledger, ledger_tiles, time_stamps
from registries.store.engine import Store
from registries.store.ledger_check import stored_nodes

NO_NODES: Mapping[tuple[int, int], bytes] = {}


@dataclass(frozen=True)
class Moved:
    """The head where it is now.

    Attributes:
        checkpoint: over all entries.
        places: of the entries that got one just now, by entry id.
        nodes: of the tree, at least those on the paths of these entries.
    """

    checkpoint: ledger.Checkpoint
    places: Mapping[int, int]
    nodes: Mapping[tuple[int, int], bytes]


class LedgerHead:
    """Moves the head of one ledger; `origin` is the name under which its checkpoints are signed."""

    def __init__(self, store: Store, keys: KeyRing, origin: str, memory: LedgerMemory) -> None:
        self._store = store
        self._keys = keys
        self._origin = origin
        self._memory = memory

    @property
    def origin(self) -> str:
        """The ledger's name, as it stands in its checkpoints."""
        return self._origin

    def move(self, work: Transaction, now: datetime, *, locked: bool = False) -> Moved:
        """Give every entry its place; the checkpoint over all of them, signed if the tree grew.

        Args:
            work: committed soon.
            now: when it is signed.
            locked: answers were appended in this transaction, so that it holds the ledger's lock.

        Raises:
            LedgerDamaged: the tree is smaller than a checkpoint says, or has another root.
            LedgerSetBack: it is not the one that was signed last (an older backup, a fork), or somebody doubts it.
        """
        grown = ledger.grow(work.conn, locked=locked)
        head, kept = grown.head, grown.kept
        self._goes_on(work, grown.before, kept, self._memory.recall())
        if kept is not None and kept.size == head.size:
            return Moved(kept, grown.places, grown.nodes)
        checkpoint = Checkpoint(self._origin, head.size, head.root)
        note = sign_checkpoint(checkpoint, *self._keys.checkpoint_keys())
        ledger.settle(work.conn, grown, note, now)
        work.afterwards(lambda: self._memory.remember(Remembered(head.size, head.root, note)))
        return Moved(ledger.Checkpoint(head.size, head.root, note, now), grown.places, grown.nodes)

    def check(self, work: Transaction) -> None:
        """Compare the head with what was signed. Raises LedgerDamaged as `move`."""
        known = self._memory.recall()  # before the others: they only grow meanwhile
        kept = ledger.latest_checkpoint(work.conn)
        self._goes_on(work, ledger.head(work.conn), kept, known)

    def _goes_on(
        self, work: Transaction, head: ledger.TreeHead, kept: ledger.Checkpoint | None, known: Remembered | None
    ) -> None:
        if kept is not None and _root(work, head, kept.size) != kept.root:
            raise LedgerDamaged(head.size)
        if known is None:
            return
        if known.doubt:
            raise LedgerSetBack(known.doubt, head.size)
        if known.size > (kept.size if kept is not None else 0):
            raise LedgerSetBack("behind", head.size)
        if _root(work, head, known.size) != known.root:
            raise LedgerSetBack("forked", head.size)

    def checkpoint(self) -> str:
        """The latest checkpoint as a signed note, with whatever cosignatures it has. NotFound while there is none."""
        with Transaction(self._store) as work:
            kept = self._latest(work)
            return kept.note + cosignatures.lines(work.conn, kept.size)

    def witnessed(self) -> str:
        """The latest checkpoint that a witness cosigned. NotFound while there is none."""
        with Transaction(self._store) as work:
            kept = cosignatures.witnessed(work.conn)
        if kept is None:
            raise NotFound("经见证的检查点", "cosigned checkpoint")
        return kept.note

    def tile(self, path: str) -> bytes | None:
        """A tile or a bundle of entries, by its path below the log's prefix; None where the checkpoint has none."""
        place = parse_path(path)
        if place is None:
            return None
        with Transaction(self._store) as work:
            kept = ledger.latest_checkpoint(work.conn)
            covered = kept is not None and place.within(kept.size)
            return ledger_tiles.content(work.conn, place) if covered else None

    def proof(self, place: int) -> str:
        """The tlog-proof file of the entry at `place`. NotFound if no checkpoint covers it."""
        with Transaction(self._store) as work:
            return self.proof_in(work, place)

    def proof_in(self, work: Transaction, place: int) -> str:
        """As `proof`, in a transaction that is under way: under the latest cosigned checkpoint if one covers it."""
        under = cosignatures.witnessed(work.conn, covering=place) or self._latest(work)
        return self.prove(work, under, [place])[place]

    def proofs_in(self, work: Transaction, places: Sequence[int]) -> Mapping[int, str]:
        """Proofs of several entries, by place, all under one checkpoint.

        If they cover the entries: the latest that a time authority stamped, otherwise the latest that is cosigned.
        """
        stamped = time_stamps.latest(work.conn, covering=max(places))
        under = stamped.checkpoint if stamped else cosignatures.witnessed(work.conn, covering=max(places))
        return self.prove(work, under or self._latest(work), places)

    def prove(
        self,
        work: Transaction,
        under: ledger.Checkpoint,
        places: Sequence[int],
        known: Mapping[tuple[int, int], bytes] = NO_NODES,
    ) -> Mapping[int, str]:
        """The tlog-proof files of entries at these places, by place; nodes that are not known come by one statement.

        Raises:
            NotFound: a place lies beyond the checkpoint.
            LedgerDamaged: a node is missing.
        """
        if any(place >= under.size for place in places):
            raise NotFound("存证条目", "ledger entry")
        try:
            return self._proofs(under, places, known)
        except KeyError:
            return self._proofs(under, places, {**known, **_nodes(work, places, under.size, known)})

    def _proofs(
        self, under: ledger.Checkpoint, places: Sequence[int], nodes: Mapping[tuple[int, int], bytes]
    ) -> Mapping[int, str]:
        checkpoint = Checkpoint(self._origin, under.size, under.root)

        def read(level: int, index: int) -> bytes:
            return nodes[level, index]

        return proof_texts(places, checkpoint, under.note, read)

    @staticmethod
    def _latest(work: Transaction) -> ledger.Checkpoint:
        kept = ledger.latest_checkpoint(work.conn)
        if kept is None:
            raise NotFound("检查点", "checkpoint")
        return kept


def _root(work: Transaction, head: ledger.TreeHead, size: int) -> bytes | None:
    """Root of the tree as it was at a size; None if it never was so large, or is damaged."""
    if size >= head.size:
        return head.root if size == head.size else None
    return ledger.root_at(work.conn, size)


def _nodes(
    work: Transaction, places: Sequence[int], size: int, known: Mapping[tuple[int, int], bytes]
) -> Mapping[tuple[int, int], bytes]:
    """The stored nodes on the paths of these places that are not known."""
    wanted = {node for place in places for node in _nodes_for(place, size)} - known.keys()
    nodes = stored_nodes(work.conn, sorted(wanted))
    if len(nodes) != len(wanted):
        raise LedgerDamaged(size)
    return nodes


def _nodes_for(place: int, size: int) -> list[tuple[int, int]]:
    return merkle.nodes_of(lambda read: merkle.inclusion_proof(place, size, read))
