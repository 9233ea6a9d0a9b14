"""What an administrator sees of watches: what is on its way to clients' systems, what never arrived; sending it again.

    standing = Overseeing(store_page, clock).standing(session)
    Overseeing(store_page, clock).resend(session, [("approval-1", 7)])

A department's administrator reaches the department's own clients, the hub's administrators and auditors those of all.
Nobody sees here which certificate a watch is about.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from exchange_api.people.roles import Role
from exchange_api.people.signed_in import Session
from exchange_api.transactions import Transaction
from registries.store import watch_deliveries, watches
from registries.store.engine import Store
from registries.store.watch_deliveries import Delivery, DeliveryState

A_PAGE: Final = 50
_EVERYWHERE: Final = frozenset({Role.HUB_ADMINISTRATOR, Role.AUDITOR})


@dataclass(frozen=True)
class Standing:
    """How things stand.

    Attributes:
        counts: of deliveries, by state.
        open_watches: by client.
        late: what waits although it was tried, those that are due last first.
        dead: a page of what was given up.
        older: where the next page begins; None after the last.
    """

    counts: Mapping[DeliveryState, int]
    open_watches: Mapping[str, int]
    late: Sequence[Delivery]
    dead: Sequence[Delivery]
    older: tuple[str, int] | None


@dataclass(frozen=True)
class Overseeing:
    """Shows deliveries, and sends dead letters again."""

    store: Store
    clock: Callable[[], datetime]

    def standing(self, session: Session, before: tuple[str, int] | None = None) -> Standing:
        """What this person reaches; dead letters behind `before`, by client and sequence."""
        reach = _reach(session)
        with Transaction(self.store) as work:
            waiting = watch_deliveries.list_deliveries(work.conn, "waiting", department=reach, limit=A_PAGE)
            dead = watch_deliveries.list_deliveries(
                work.conn, "dead", department=reach, before=before, limit=A_PAGE + 1
            )
            counts = watch_deliveries.counts(work.conn, reach)
            open_watches = watches.open_by_client(work.conn, reach)
        shown = dead[:A_PAGE]
        older = (shown[-1].event.client_id, shown[-1].event.place) if len(dead) > A_PAGE else None
        return Standing(counts, open_watches, [one for one in waiting if one.fault], shown, older)

    def resend(self, session: Session, places: Sequence[tuple[str, int]]) -> int:
        """Try dead letters again, by client and sequence, those that this person reaches; how many."""
        with Transaction(self.store) as work:
            return watch_deliveries.resend(work.conn, places, self.clock(), _reach(session))


def _reach(session: Session) -> str | None:
    """Whose clients; None: of every department."""
    return session.department if _EVERYWHERE.isdisjoint(session.roles) else None
