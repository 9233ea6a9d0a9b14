"""Cases from the command line: the operator does there what a steward does at the pages.

with working_on_cases(home, clock) as desk:
    desk.stop(OPERATOR, 17, "system_move", "")
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from certificates.sealing import sealing_key
from exchange_api.casework.acting import Casework
from exchange_api.errors import ExchangeApiError
from exchange_api.people.roles import Role
from exchange_api.people.signed_in import OPERATOR_ID, Session
from exchange_api.sealed_files import SealedFiles
from exchange_api.sealed_words import SealedWords
from mianzheng.errors import MianzhengError
from registries.home import HubHome
from registries.home import Role as StoreRole
from registries.landing import Landing
from registries.store.engine import Store
from registries.working_days import working_days

OPERATOR = Session(OPERATOR_ID, "operator", "operator", "", frozenset({Role.STEWARD.value}))


@contextmanager
def working_on_cases(home: HubHome, clock: Callable[[], datetime]) -> Iterator[Casework]:
    """The use cases, with the roles that pages have; their errors come out as this room's.

    Raises:
        MianzhengError: what was asked can't be done, with cause and next step.
    """
    key = sealing_key(home.secret("landing_key"))
    files = SealedFiles(Landing(home.landed / "cases", key))
    page, api = Store(home.store_url(StoreRole.PAGE)), Store(home.store_url(StoreRole.API))
    with page, api:
        try:
            yield Casework(page, api, files, SealedWords(key), clock, lambda: working_days(home))
        except ExchangeApiError as error:
            raise MianzhengError(error.zh, error.en) from error
