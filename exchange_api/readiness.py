"""Whether the hub can answer: signs and verifies a canary, looks at its own rights and at the ledger's head.

Health that says 200 while signing is impossible is the classic failure of such systems, so nothing is assumed here.

    for fault in readiness.faults(): print(fault.en)
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from certificates.errors import CertificatesError
from certificates.jose import sign, signing_input, verify
from certificates.keys import KeyPurpose, KeyRing
from exchange_api.answering import Answering
from exchange_api.transactions import Transaction
from registries.errors import RegistriesError
from registries.home import Role
from registries.store import roles
from registries.store.engine import Store

TYP_CANARY = "hub-canary+jwt"
"""A type of its own: a canary can never pass for a receipt."""


@dataclass(frozen=True)
class Fault:
    """Why the hub is not ready, and what to do."""

    zh: str
    en: str


class Readiness:
    """The checks of one API process."""

    def __init__(self, store: Store, keys: KeyRing, answering: Answering, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._keys = keys
        self._answering = answering
        self._clock = clock

    def faults(self) -> list[Fault]:
        """All reasons not to be ready; empty if all is well."""
        return [*self._of_signing(), *self._of_the_committer(), *self._of_the_store()]

    def _of_signing(self) -> list[Fault]:
        """Sign and verify a canary with the key that signs receipts."""
        try:
            self._keys.refresh()
            key = self._keys.active(KeyPurpose.RECEIPT)
            canary = {"canary": secrets.token_hex(16), "iat": int(self._clock().timestamp())}
            token = sign(signing_input(canary, key, TYP_CANARY), key)
            verify(token, self._keys.public_keys(KeyPurpose.RECEIPT), TYP_CANARY)
        except CertificatesError as error:
            return [Fault(error.zh, error.en)]
        return []

    def _of_the_committer(self) -> list[Fault]:
        if self._answering.alive:
            return []
        return [Fault("作答线程已停止,请重启服务", "the answering thread has stopped; restart the service")]

    def _of_the_store(self) -> list[Fault]:
        """No right beyond those that answering needs, and a ledger that is no older than its own checkpoints."""
        try:
            with Transaction(self._store) as work:
                excess = roles.privilege_faults(work.conn, Role.API)
                self._answering.ledger_head.check(work)
        except RegistriesError as error:
            return [Fault(error.zh, error.en)]
        return [
            Fault(f"数据库权限过大: {line}。请收回该权限", f"a right too many: {line}; revoke it") for line in excess
        ]
