"""The process that asks witnesses for cosignatures, beside the web process and off the way of any question."""

import time
from collections.abc import Callable
from datetime import datetime

import httpx

from certificates.keys import KeyPurpose
from registries.cosigning import Cosigner, Outcome, read_witnesses
from registries.errors import RegistriesError
from registries.home import HubHome, Role
from registries.hub_keys import open_keys
from registries.ledger_memory import LedgerMemory
from registries.store.engine import Store

EVERY_SECONDS = 30.0


def ask_once(home: HubHome, clock: Callable[[], datetime]) -> list[Outcome]:
    """Ask every witness about the latest checkpoint."""
    keys = list(open_keys(home, clock()).public_keys(KeyPurpose.CHECKPOINT).values())
    # no proxy of the environment, no redirects: the addresses are the operator's, and answers are small
    with (
        Store(home.store_url(Role.API), pool_size=1) as store,
        httpx.Client(trust_env=False, follow_redirects=False) as http,
    ):
        return Cosigner(store, LedgerMemory.of(home), read_witnesses(home.path), keys, http).ask_all(clock())


def ask_for_ever(home: HubHome, clock: Callable[[], datetime], wait: Callable[[float], None] = time.sleep) -> None:
    """Ask again and again; a store or witness that is down is asked later."""
    while True:
        try:
            ask_once(home, clock)
        except RegistriesError as error:
            print(error.en, flush=True)  # noqa: T201 - the process's log
        wait(EVERY_SECONDS)
