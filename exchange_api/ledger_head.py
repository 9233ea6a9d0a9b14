"""The ledger's head as the API moves it: places for new entries, a signed checkpoint over them, proofs under it.

    with Transaction(store) as work:
        signed = head.move(work, now)          # the ledger's lock is held until the commit: commit soon
        proofs = head.prove(work, signed, entry_ids)

A checkpoint is signed and kept in the transaction that grows the tree, and leaves the hub only after its commit: there
is none that the store does not know.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from certificates import merkle
from certificates.checkpoints import Checkpoint, prove, sign_checkpoint
from certificates.keys import KeyPurpose, KeyRing
from exchange_api.errors import NotFound
from exchange_api.transactions import Transaction
from registries.errors import LedgerDamaged
from registries.store import ledger
from registries.store.engine import Store
from registries.store.ledger_check import stored_nodes


class LedgerHead:
    """Moves the head of one ledger; `origin` is the name under which its checkpoints are signed."""

    def __init__(self, store: Store, keys: KeyRing, origin: str) -> None:
        self._store = store
        self._keys = keys
        self._origin = origin

    def move(self, work: Transaction, now: datetime) -> ledger.Checkpoint:
        """Give every entry its place; the checkpoint over all of them, signed if the tree grew.

        Raises:
            LedgerDamaged: the tree is smaller than a checkpoint says, or has another root (an old backup, a fork).
        """
        head = ledger.sequence(work.conn)
        kept = self._checked(head, ledger.latest_checkpoint(work.conn))
        if kept is not None and kept.size == head.size:
            return kept
        checkpoint = Checkpoint(self._origin, head.size, head.root)
        note = sign_checkpoint(checkpoint, self._keys.active(KeyPurpose.CHECKPOINT))
        ledger.keep_checkpoint(work.conn, head.size, head.root, note, now)
        return ledger.Checkpoint(head.size, head.root, note, now)

    def check(self, work: Transaction) -> None:
        """Compare the head with the latest checkpoint. Raises LedgerDamaged as `move`."""
        self._checked(ledger.head(work.conn), ledger.latest_checkpoint(work.conn))

    def checkpoint(self) -> str:
        """The latest checkpoint as a signed note. NotFound while there is none."""
        with Transaction(self._store) as work:
            return self._latest(work).note

    def proof(self, place: int) -> str:
        """The tlog-proof file of the entry at `place`, under the latest checkpoint. NotFound if it isn't covered."""
        with Transaction(self._store) as work:
            return self.proof_in(work, place)

    def proof_in(self, work: Transaction, place: int) -> str:
        """As `proof`, in a transaction that is under way."""
        return self.prove(work, self._latest(work), [place])[place]

    def prove(self, work: Transaction, under: ledger.Checkpoint, places: Sequence[int]) -> Mapping[int, str]:
        """The tlog-proof files of entries at these places, by place; all nodes come by one statement.

        Raises:
            NotFound: a place lies beyond the checkpoint.
            LedgerDamaged: a node is missing.
        """
        if any(place >= under.size for place in places):
            raise NotFound("存证条目", "ledger entry")
        wanted = {node for place in places for node in _nodes_for(place, under.size)}
        nodes = stored_nodes(work.conn, sorted(wanted))
        if len(nodes) != len(wanted):
            raise LedgerDamaged(under.size)
        checkpoint = Checkpoint(self._origin, under.size, under.root)
        return {
            place: prove(place, checkpoint, under.note, lambda level, index: nodes[level, index]).text()
            for place in places
        }

    @staticmethod
    def _latest(work: Transaction) -> ledger.Checkpoint:
        kept = ledger.latest_checkpoint(work.conn)
        if kept is None:
            raise NotFound("检查点", "checkpoint")
        return kept

    @staticmethod
    def _checked(head: ledger.TreeHead, kept: ledger.Checkpoint | None) -> ledger.Checkpoint | None:
        if kept is not None and (kept.size > head.size or (kept.size == head.size and kept.root != head.root)):
            raise LedgerDamaged(head.size)
        return kept


def _nodes_for(place: int, size: int) -> list[tuple[int, int]]:
    return merkle.nodes_of(lambda read: merkle.inclusion_proof(place, size, read))
