"""Time stamps over the ledger's checkpoints, as they are handed out: by themselves, and inside proofs.

stamps.proof(17)      # tlog-proof under the earliest stamped checkpoint, the stamp in its `extra` line
stamps.token(300)     # the RFC 3161 token over the checkpoint of 300 entries, DER
"""

from dataclasses import dataclass

from certificates.proven_times import with_token
from exchange_api.errors import NotFound
from exchange_api.ledger_head import LedgerHead
from exchange_api.transactions import Transaction
from registries.store import time_stamps
from registries.store.engine import Store
from registries.store.time_stamps import Stamped


@dataclass(frozen=True)
class StampedProofs:
    """Reads stamps; having checkpoints stamped is the loader's work (`registries.time_authority`)."""

    store: Store
    head: LedgerHead

    def proof(self, place: int) -> str:
        """The proof of the entry at a place: with a time stamp if there is one over it, plain otherwise.

        Raises:
            NotFound: no checkpoint covers it.
        """
        with Transaction(self.store) as work:
            found = time_stamps.stamped(work.conn, covering=place)
            if found is None:
                return self.head.proof_in(work, place)
            return with_token(self.head.prove(work, found.checkpoint, [place])[place], found.token)

    def token(self, size: int) -> bytes:
        """The token over the checkpoint of this size.

        Raises:
            NotFound: it has none.
        """
        with Transaction(self.store) as work:
            found = time_stamps.of_size(work.conn, size)
        return _there(found).token

    def checkpoint(self, size: int) -> str:
        """The stamped checkpoint of this size, as it was signed and stamped.

        Raises:
            NotFound: it has no stamp.
        """
        with Transaction(self.store) as work:
            found = time_stamps.of_size(work.conn, size)
        return _there(found).checkpoint.note

    def latest(self) -> Stamped | None:
        """The latest stamped checkpoint; None before the first."""
        with Transaction(self.store) as work:
            return time_stamps.latest(work.conn)


def _there(found: Stamped | None) -> Stamped:
    if found is None:
        raise NotFound("时间戳", "time stamp")
    return found
