"""People and client systems from the command line: the operator does what a hub administrator does at the pages.

    with managing(home, clock) as (people, clients):
        first = people.add(OPERATOR, NewAccount("li", "李", "data_bureau", frozenset({"hub_administrator"})))

It works with the owner's role of the store, so that it works when nobody can sign in any more.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from exchange_api.errors import ExchangeApiError
from exchange_api.people.accounts import People
from exchange_api.people.clients import Clients
from exchange_api.people.roles import Role
from exchange_api.people.signed_in import OPERATOR_ID, Session
from mianzheng.errors import MianzhengError
from registries.home import HubHome
from registries.home import Role as StoreRole
from registries.operators.folders import Contracts
from registries.store import accounts
from registries.store.engine import Store

OPERATOR = Session(OPERATOR_ID, "operator", "operator", "", frozenset({Role.HUB_ADMINISTRATOR.value}))


@contextmanager
def managing(home: HubHome, clock: Callable[[], datetime], audience: str = "") -> Iterator[tuple[People, Clients]]:
    """The use cases, with the owner's role; their errors come out as this room's.

    Raises:
        MianzhengError: what was asked can't be done, with cause and next step.
    """
    contracts = Contracts(home)
    with Store(home.store_url(StoreRole.OWNER)) as store:
        departments = frozenset(one.id for one in contracts.catalogue().departments)
        try:
            yield People(store, clock, lambda: departments), Clients(store, clock, audience)
        except ExchangeApiError as error:
            raise MianzhengError(error.zh, error.en) from error


def number_of(home: HubHome, login: str) -> int:
    """The number of the account with this login.

    Raises:
        MianzhengError: there is none.
    """
    with Store(home.store_url(StoreRole.OWNER)) as store, store.begin() as conn:
        account = accounts.account_by_login(conn, login)
    if account is None:
        raise MianzhengError(
            "没有这个账号。用 mianzheng account list 查看。", "There is no such account; see mianzheng account list."
        )
    return account.id
