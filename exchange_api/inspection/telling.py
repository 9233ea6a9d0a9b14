"""Who asked about me: told to a citizen at a counter, once the identity document was shown; printed on A4.

    told = Telling(parts.store_page, parts.clock).tell(session, register, number, "居民身份证")

What the law withholds is left out, and which law that is stands there instead.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from exchange_api.people.signed_in import Session
from exchange_api.transactions import Transaction
from registries.contracts.model import Register
from registries.store import inspections, tellings
from registries.store.engine import Store
from registries.store.tellings import Shown, Told

DOCUMENTS: Final = ("居民身份证", "营业执照及经办人身份证", "其他有效证件")
"""What may have been shown; which of them is kept, never its number."""
_ROUNDS: Final = 50


@dataclass(frozen=True)
class Telling:
    """The counter where people are told who asked about them."""

    store_page: Store
    clock: Callable[[], datetime]

    def tell(self, session: Session, register: Register, key: str, document: str) -> Told:
        """Everything that may be told, up to now.

        Raises:
            InspectionRefused: no document, no readable key, or the account's budget is spent.
        """
        self._catch_up()
        shown = Shown(session.login, session.account_id, document if document in DOCUMENTS else "", self.clock())
        with Transaction(self.store_page) as work:
            return tellings.tell(work.conn, register, key, shown)

    def _catch_up(self) -> None:
        for _ in range(_ROUNDS):
            with Transaction(self.store_page) as work:
                if inspections.catch_up(work.conn) < inspections.AT_ONCE:
                    return
