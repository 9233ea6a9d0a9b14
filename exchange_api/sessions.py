"""Sessions of people at pages: opened by login and password, kept by digest, ended by rest or by age.

The cookie holds 256 random bits; the store holds only their SHA-256, so that a copy of the store opens nothing.

    token, session = sessions.open("zhang", "…", address="10.0.0.7")
    sessions.session(token)        # the same Session, until 30 minutes of rest or 10 hours of age
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from exchange_api.errors import SignInRefused, TooManyTries
from exchange_api.passwords import password_fits
from exchange_api.throttle import Throttle
from registries.store import accounts
from registries.store.engine import Store

IDLE_LIFE = timedelta(minutes=30)
ABSOLUTE_LIFE = timedelta(hours=10)
SEEN_EVERY = timedelta(minutes=1)
"""How often a session's last use is written down; more often would be a write for every page."""

LONGEST_LOGIN = 128
FREE_TRIES_OF_ADDRESS, LONGEST_WAIT_OF_ADDRESS = 50, 10
"""An office sits behind one address, so an address gets more tries than a login, and waits for seconds only."""
LOOPBACK = ("127.", "::1")
"""Behind a proxy on the same machine everybody has this address: it can't tell one visitor from another."""


@dataclass(frozen=True)
class Session:
    """A signed-in account: what pages and use cases may know of it."""

    account_id: int
    login: str
    name: str
    department: str
    roles: frozenset[str]


class Sessions:
    """Opens, finds and ends sessions; all of it in the store, so that every API process knows them."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._of_login = Throttle()
        self._of_address = Throttle(FREE_TRIES_OF_ADDRESS, LONGEST_WAIT_OF_ADDRESS)

    def open(self, login: str, password: str, address: str) -> tuple[str, Session]:
        """A new session's token and the session.

        Raises:
            TooManyTries: failures for this login or from this address have to wait.
            SignInRefused: login and password don't fit, or the account is closed.
        """
        now = self._clock()
        if len(login) > LONGEST_LOGIN or not login.isprintable():
            raise SignInRefused
        self._refuse_haste(login, address, now)
        with self._store.begin() as conn:
            account = accounts.account_by_login(conn, login)
        kept = account.password_hash if account is not None and account.state == "open" else None
        if not password_fits(kept, password) or account is None:
            self._of_login.failed(login, now)
            if not address.startswith(LOOPBACK):
                self._of_address.failed(address, now)
            raise SignInRefused
        self._of_login.succeeded(login)
        return self._opened(account, now)

    def session(self, token: str) -> Session | None:
        """The session that a cookie opens; None if it is unknown, at its end, or its account was closed."""
        now, digest = self._clock(), _digest(token)
        with self._store.begin() as conn:
            stored = accounts.session_by_digest(conn, digest)
            if stored is None or stored.account.state != "open" or now >= stored.expires_at:
                return None
            if now - stored.last_seen_at >= IDLE_LIFE:
                accounts.end_session(conn, digest)
                return None
            if now - stored.last_seen_at >= SEEN_EVERY:
                accounts.touch_session(conn, digest, now)
        return _session(stored.account)

    def end(self, token: str) -> None:
        """End a session; no error if there is none."""
        with self._store.begin() as conn:
            accounts.end_session(conn, _digest(token))

    def _opened(self, account: accounts.Account, now: datetime) -> tuple[str, Session]:
        token = secrets.token_urlsafe(32)
        csrf = hashlib.sha256(csrf_from(token).encode()).digest()
        with self._store.begin() as conn:
            accounts.open_session(conn, _digest(token), account.id, csrf, now, now + ABSOLUTE_LIFE)
        return token, _session(account)

    def _refuse_haste(self, login: str, address: str, now: datetime) -> None:
        wait = max(self._of_login.seconds_to_wait(login, now), self._of_address.seconds_to_wait(address, now))
        if wait:
            raise TooManyTries(wait)


def csrf_from(seed: str) -> str:
    """The forms' token of a cookie: only the hub and who holds the cookie can make it; pages never show the cookie."""
    return hmac.new(seed.encode("utf-8", "replace"), b"mianzheng csrf", hashlib.sha256).hexdigest()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _session(account: accounts.Account) -> Session:
    return Session(account.id, account.login, account.name, account.department, account.roles)
