"""Sessions of people at pages: opened by login and password, kept by digest, ended by rest or by age.

The cookie holds 256 random bits; the store holds only their SHA-256, so that a copy of the store opens nothing.

    opened = sessions.open(SignIn("zhang", "…", address="10.0.0.7"))
    sessions.session(opened.token)     # its Session, until 30 minutes of rest or 10 hours of age

A session may have a step left (a one-time code, a new password, a second factor to set up): until that is done it
opens nothing but the pages of signing in, which find it by `begun`.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from exchange_api.errors import SignInRefused
from exchange_api.passwords import hash_password, is_outdated, password_fits
from exchange_api.people.devices import device_cookie, known_device
from exchange_api.people.errors import AccountLocked
from exchange_api.people.roles import roles_of
from exchange_api.people.signed_in import Session, Step
from exchange_api.throttle import Throttle
from exchange_api.transactions import Transaction
from registries.store import accounts
from registries.store.engine import Store

__all__ = ["ABSOLUTE_LIFE", "IDLE_LIFE", "Opened", "Session", "Sessions", "SignIn", "Step", "csrf_from"]

IDLE_LIFE = timedelta(minutes=30)
ABSOLUTE_LIFE = timedelta(hours=10)
STEP_LIFE = timedelta(minutes=10)
"""How long somebody may take for the steps of signing in."""
SEEN_EVERY = timedelta(minutes=1)
"""How often a session's last use is written down; more often would be a write for every page."""

LONGEST_LOGIN = 128


@dataclass(frozen=True)
class SignIn:
    """A try to sign in.

    Attributes:
        device: the browser's cookie from an earlier time, if it has one.
        label: what the browser calls itself, in a few words.
    """

    login: str
    password: str
    address: str
    device: str = ""
    label: str = ""


@dataclass(frozen=True)
class Opened:
    """A new session: the cookie's token, and the cookie by which this browser is known again."""

    token: str
    session: Session
    device: str


class Sessions:
    """Opens, finds and ends sessions; all of it in the store, so that every API process knows them."""

    def __init__(
        self, store: Store, clock: Callable[[], datetime], key: bytes, second_factor_for: frozenset[str] = frozenset()
    ) -> None:
        self._store = store
        self._clock = clock
        self._key = key
        self._second_factor_for = second_factor_for
        self.throttle = Throttle(store)

    def open(self, given: SignIn) -> Opened:
        """A new session.

        Raises:
            TooManyTries: failures for this login or from this address have to wait.
            SignInRefused: login and password don't fit, or the account is closed.
            AccountLocked: they fit, and the account is locked for inspection.
        """
        now = self._clock()
        if len(given.login) > LONGEST_LOGIN or not given.login.isprintable():
            raise SignInRefused
        keys = self.throttle.keys(given.login, given.address, known_device(self._key, given.login, given.device))
        self.throttle.refuse_haste(keys, now)
        with Transaction(self._store) as work:
            account = accounts.account_by_login(work.conn, given.login)
        kept = account.password_hash if account is not None and account.state != "closed" else None
        if not password_fits(kept, given.password) or account is None:
            self.throttle.failed(keys, now)
            raise SignInRefused
        self.throttle.succeeded(keys)
        if is_outdated(account.password_hash):
            with Transaction(self._store) as work:
                accounts.change_account(work.conn, account.id, password_hash=hash_password(given.password))
        return self.open_for(account, given.label)

    def open_for(self, account: accounts.Account, label: str, *, second_factor: bool = False) -> Opened:
        """A session for an account whose person is known: by password, or by a provider that saw a second factor, too.

        Raises:
            AccountLocked: the account is locked for inspection.
        """
        if account.state == "locked":
            raise AccountLocked
        now, token = self._clock(), secrets.token_urlsafe(32)
        code_at = now if second_factor else None
        digests = (token_digest(token), account.id, _csrf_digest(token))
        with Transaction(self._store) as work:
            accounts.open_session(work.conn, *digests, now, now + ABSOLUTE_LIFE, label=label or None, code_at=code_at)
            accounts.change_account(work.conn, account.id, last_sign_in_at=now)
            stored = accounts.session_by_digest(work.conn, digests[0])
        if stored is None:  # nobody else knows the token
            raise SignInRefused
        return Opened(token, self._session(stored), device_cookie(self._key, account.login))

    def session(self, token: str) -> Session | None:
        """The session that a cookie opens; None if it is unknown, at its end, not whole, or its account was closed."""
        found = self.begun(token)
        return found if found is not None and found.step is None else None

    def begun(self, token: str) -> Session | None:
        """As `session`; one with a step left, too. Only the pages of signing in may use it."""
        now, digest = self._clock(), token_digest(token)
        with Transaction(self._store) as work:
            stored = accounts.session_by_digest(work.conn, digest)
            if stored is None or stored.account.state != "open" or now >= stored.expires_at:
                return None
            found = self._session(stored)
            resting = now - stored.last_seen_at >= IDLE_LIFE
            if resting or (found.step is not None and now - stored.made_at >= STEP_LIFE):
                accounts.end_session(work.conn, digest)
                return None
            if now - stored.last_seen_at >= SEEN_EVERY:
                accounts.touch_session(work.conn, digest, now)
        return found

    def renew(self, session: Session, *, code: bool = False) -> str:
        """A new token for a session that has just become more than it was; `code`: its second factor was given."""
        now, token = self._clock(), secrets.token_urlsafe(32)
        changed = {"token_digest": token_digest(token), "csrf_digest": _csrf_digest(token), "confirmed_at": now}
        with Transaction(self._store) as work:
            accounts.change_session(work.conn, session.digest, **changed, **({"code_at": now} if code else {}))
        return token

    def end(self, token: str) -> None:
        """End a session; no error if there is none."""
        with Transaction(self._store) as work:
            accounts.end_session(work.conn, token_digest(token))

    def _session(self, stored: accounts.StoredSession) -> Session:
        account = stored.account
        roles = roles_of(account.roles)
        return Session(
            account.id,
            account.login,
            account.name,
            account.department,
            roles,
            stored.token_digest,
            stored.confirmed_at,
            self._step(stored, roles),
        )

    def _step(self, stored: accounts.StoredSession, roles: frozenset[str]) -> Step | None:
        if stored.code_at is None and stored.account.code_sealed is not None:
            return Step.CODE
        if stored.account.must_change:
            return Step.PASSWORD
        if stored.code_at is None and not roles.isdisjoint(self._second_factor_for):
            return Step.ENROL
        return None


def csrf_from(seed: str) -> str:
    """The forms' token of a cookie: only the hub and who holds the cookie can make it; pages never show the cookie."""
    return hmac.new(seed.encode("utf-8", "replace"), b"mianzheng csrf", hashlib.sha256).hexdigest()


def token_digest(token: str) -> bytes:
    """What the store keeps of a session's token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _csrf_digest(token: str) -> bytes:
    return hashlib.sha256(csrf_from(token).encode()).digest()
