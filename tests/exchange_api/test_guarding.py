"""What a group of questions may spend, and where an asker that guesses is cut off."""

import datetime as dt
from typing import Protocol

from certificates.verdicts import RefusalReason
from exchange_api.inspection.guarding import Asking, Told, cut_off, spend
from exchange_api.transactions import Transaction
from registries.home import Role
from registries.store import budgets
from registries.store.budgets import Key, Limit
from registries.store.engine import Store

NOW = dt.datetime(2026, 3, 2, 2, 0, tzinfo=dt.UTC)


class Hub(Protocol):
    """What this test needs of the fixture `hub`."""

    def store(self, role: Role) -> Store: ...


def test_a_group_is_refused_and_cut_off_by_its_keys(hub: Hub) -> None:
    with hub.store(Role.OWNER).begin() as conn:
        budgets.set_limit(conn, Key("client", "a"), Limit(3, None), "test")
    asked = [Asking(("client:a", str(number)), "client:a", "d", "p", (None,), number) for number in (1, 3, 2)]
    with Transaction(hub.store(Role.API)) as work:
        assert spend(work, [], NOW) == {}
        assert spend(work, asked, NOW) == {("client:a", "3"): RefusalReason.BUDGET_SPENT}
        told = [
            *(Told(("client:a", f"{number:02}"), "client:a", 1) for number in range(49)),
            Told(("client:b", "hit"), "client:b", 0),
            Told(("client:a", "sheet"), "client:a", 20),
            Told(("client:a", "hit"), "client:a", 0),
            Told(("client:b", "miss"), "client:b", 1),
        ]
        assert cut_off(work, told[:10], NOW - dt.timedelta(minutes=11)) == {}
        assert cut_off(work, told, NOW) == {("client:a", "sheet"): 1, ("client:a", "hit"): 0}
        assert spend(work, asked[:1], NOW) == {("client:a", "1"): RefusalReason.TOO_MANY_MISSES}
