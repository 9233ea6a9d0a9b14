"""Offline bundles, made: published keys, the latest checkpoint and every status list, for an office without network.

content = make(store, keys, lists, "https://hub.example", clock(), days=1)

Nothing in it is not public already; its manifest says that it is whole, and until when it counts.
"""

from datetime import datetime
from typing import Final

from certificates.bundles import make_bundle
from certificates.keys import KeyPurpose, KeyRing
from exchange_api.status_lists import StatusLists
from exchange_api.transactions import Transaction
from registries.store import ledger
from registries.store.engine import Store

MOST_DAYS: Final = 7
"""What a bundle does not know of may have happened since: after a week it is history."""

_SECONDS = 86_400


def make(store: Store, keys: KeyRing, lists: StatusLists, issuer: str, now: datetime, days: int = 1) -> bytes:
    """A bundle that counts for 1 to MOST_DAYS days from now on."""
    if not 1 <= days <= MOST_DAYS:
        raise ValueError("a bundle counts for 1 to 7 days")
    lifetime, issued = days * _SECONDS, int(now.timestamp())
    tokens = lists.everything(lifetime)
    with Transaction(store) as work:
        latest = ledger.latest_checkpoint(work.conn)
    note = None if latest is None else latest.note
    key = keys.active(KeyPurpose.STATUS)
    return make_bundle(issuer, keys.jwks(), note, tokens, key, now=issued, expires=issued + lifetime)
