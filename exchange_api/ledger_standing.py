"""How the ledger stands, for everybody to see: its head, who cosigned it, what was lost, and whether it is signed now.

standing(parts.store_api, parts.answering.ledger_head).refusal      # None: all is well
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from exchange_api.ledger_head import LedgerHead
from exchange_api.transactions import Transaction
from registries.errors import LedgerDamaged
from registries.ledger_loss import losses
from registries.store import cosignatures, ledger
from registries.store.engine import Store


@dataclass(frozen=True)
class Standing:
    """The ledger as it stands.

    Attributes:
        head: the latest checkpoint; None while the ledger is empty.
        witnesses: name, size of the largest checkpoint cosigned, when that was kept.
        losses: what was accepted as lost, as the ledger has it, oldest first.
        refusal: why nothing is signed now; None if all is well.
    """

    origin: str
    head: ledger.Checkpoint | None
    witnesses: list[tuple[str, int, datetime]]
    losses: list[dict[str, Any]]
    refusal: LedgerDamaged | None


def standing(store: Store, head: LedgerHead) -> Standing:
    """Look at the ledger; nothing is changed."""
    with Transaction(store) as work:
        try:
            head.check(work)
            refusal = None
        except LedgerDamaged as error:
            refusal = error
        latest = ledger.latest_checkpoint(work.conn)
        witnesses, lost = cosignatures.by_witness(work.conn), losses(work.conn)
    return Standing(head.origin, latest, witnesses, lost, refusal)
