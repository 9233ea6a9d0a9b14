"""What somebody does with its own account: codes, password, second factor, sessions.

    own.give_code(session, "123456")        # raises WrongCode
    own.change_password(session, "old", "new sentence", "new sentence")

Who may do it is who holds the session; each change but a code given is written down.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from certificates.sealing import SealBroken
from exchange_api.errors import SignInNeeded, SignInRefused
from exchange_api.passwords import SHORTEST, hash_password, is_strong, password_fits
from exchange_api.people import one_time_codes as codes
from exchange_api.people.errors import PasswordsDiffer, WeakPassword, WrongCode
from exchange_api.people.signed_in import Session, Step
from exchange_api.throttle import Throttle
from exchange_api.transactions import Transaction
from registries.store import accounts, people_acts, sign_ins
from registries.store.accounts import Account, StoredSession
from registries.store.engine import Store
from registries.store.people_acts import Act


@dataclass(frozen=True)
class Standing:
    """How an account stands, for its owner."""

    account: Account
    sessions: tuple[StoredSession, ...]
    recovery_codes_left: int
    issuers: tuple[str, ...]


@dataclass(frozen=True)
class Offer:
    """A secret for an authenticator that does not count yet; the page carries it, sealed, until a code proves it."""

    text: str
    address: str
    sealed: str


class OwnAccount:
    """The use cases of one's own account.

    `key` seals secrets (32 bytes).
    """

    def __init__(self, store: Store, clock: Callable[[], datetime], key: bytes) -> None:
        self._store = store
        self._clock = clock
        self._key = key
        self._throttle = Throttle(store)

    def standing(self, session: Session) -> Standing:
        """The account, its sessions and its second factor."""
        with Transaction(self._store) as work:
            return Standing(
                self._account(work, session),
                tuple(accounts.sessions_of(work.conn, session.account_id)),
                sign_ins.recovery_codes_left(work.conn, session.account_id),
                sign_ins.issuers_of(work.conn, [session.account_id]).get(session.account_id, ()),
            )

    def give_code(self, session: Session, code: str) -> None:
        """Take a one-time code, or a recovery code, which is used up by it.

        Raises:
            WrongCode: it is neither, or counted before.
            TooManyTries: wrong ones have to wait.
        """
        now, keys = self._clock(), self._throttle.code_keys(session.account_id)
        self._throttle.refuse_haste(keys, now)
        with Transaction(self._store) as work:
            right = self._takes(work, self._account(work, session), code, now)
        if not right:
            self._throttle.failed(keys, now)
            raise WrongCode
        self._throttle.succeeded(keys)

    def confirm(self, session: Session, given: str) -> None:
        """Know the session's person for certain: by a one-time code where there is a second factor, else by password.

        Raises:
            WrongCode, SignInRefused: it is not right.
            TooManyTries: wrong ones have to wait.
        """
        with Transaction(self._store) as work:
            account = self._account(work, session)
        if account.code_sealed is not None:
            self.give_code(session, given)
        else:
            self._password(account, given)

    def change_password(self, session: Session, old: str, new: str, again: str) -> None:
        """Give the account another password; its other sessions end.

        Raises:
            SignInRefused: the old one is not right. TooManyTries: wrong ones have to wait.
            WeakPassword, PasswordsDiffer: the new one can't be used.
        """
        with Transaction(self._store) as work:
            account = self._account(work, session)
        self._password(account, old)
        self._give_password(session, account, new, again)

    def choose_password(self, session: Session, new: str, again: str) -> None:
        """Give the account its first own password, right after signing in with one that somebody else knows.

        Raises:
            SignInNeeded: that is not the session's step.
            WeakPassword, PasswordsDiffer: the new one can't be used.
        """
        if session.step is not Step.PASSWORD:
            raise SignInNeeded("")
        with Transaction(self._store) as work:
            account = self._account(work, session)
        self._give_password(session, account, new, again)

    def _give_password(self, session: Session, account: Account, new: str, again: str) -> None:
        if new != again:
            raise PasswordsDiffer
        if not is_strong(new, account.login) or password_fits(account.password_hash, new):
            raise WeakPassword(SHORTEST)
        kept = hash_password(new)
        with Transaction(self._store) as work:
            accounts.change_account(work.conn, account.id, password_hash=kept, must_change=False)
            accounts.end_sessions(work.conn, account.id, but=session.digest)
            self._write(work, session, "password-changed", self._clock())

    def offer_second_factor(self, session: Session) -> Offer:
        """A new secret to show; nothing changes until `enrol`."""
        secret = codes.new_secret()
        text = codes.sealed(secret, self._key).hex()
        return Offer(codes.as_text(secret), codes.as_address(secret, session.login), text)

    def offered(self, session: Session, sealed: str) -> Offer:
        """An offer again, after a wrong code.

        Raises:
            WrongCode: it is no offer of ours.
        """
        secret = self._unsealed(sealed)
        return Offer(codes.as_text(secret), codes.as_address(secret, session.login), sealed)

    def enrol(self, session: Session, sealed: str, code: str) -> list[str]:
        """Let an offered secret count, now that a code shows that the authenticator has it; the recovery codes, once.

        Raises:
            WrongCode: the code is not of this secret.
        """
        now, secret = self._clock(), self._unsealed(sealed)
        step, recovery = codes.step_of_code(secret, code.strip(), now), codes.new_recovery_codes()
        if step is None:
            raise WrongCode
        with Transaction(self._store) as work:
            kept = codes.sealed(secret, self._key)
            accounts.change_account(work.conn, session.account_id, code_sealed=kept, code_step=step)
            sign_ins.keep_recovery_codes(work.conn, session.account_id, list(map(codes.recovery_digest, recovery)))
            accounts.end_sessions(work.conn, session.account_id, but=session.digest)
            self._write(work, session, "second-factor-set", now)
        return recovery

    def end_session(self, session: Session, number: int) -> None:
        """End one of the account's sessions."""
        with Transaction(self._store) as work:
            accounts.end_sessions(work.conn, session.account_id, only=number)

    def end_other_sessions(self, session: Session) -> int:
        """End all of the account's sessions but this one; how many."""
        with Transaction(self._store) as work:
            ended = accounts.end_sessions(work.conn, session.account_id, but=session.digest)
            self._write(work, session, "signed-out-elsewhere", self._clock())
        return ended

    def _password(self, account: Account, given: str) -> None:
        now, keys = self._clock(), self._throttle.code_keys(account.id)
        self._throttle.refuse_haste(keys, now)
        if not password_fits(account.password_hash, given):
            self._throttle.failed(keys, now)
            raise SignInRefused
        self._throttle.succeeded(keys)

    def _takes(self, work: Transaction, account: Account, code: str, now: datetime) -> bool:
        if account.code_sealed is None:
            return False
        secret, given = codes.unsealed(account.code_sealed, self._key), "".join(code.split())
        step = codes.step_of_code(secret, given, now)
        if step is not None:
            return accounts.take_code_step(work.conn, account.id, step)
        return sign_ins.take_recovery_code(work.conn, account.id, codes.recovery_digest(given))

    def _unsealed(self, sealed: str) -> bytes:
        try:
            secret = codes.unsealed(bytes.fromhex(sealed), self._key)
        except (ValueError, SealBroken):
            raise WrongCode from None
        return secret

    def _account(self, work: Transaction, session: Session) -> Account:
        account = accounts.account_by_id(work.conn, session.account_id)
        if account is None:
            raise SignInNeeded("")
        return account

    def _write(self, work: Transaction, session: Session, act: str, now: datetime) -> None:
        told = Act(act, session.actor, session.department, account_id=session.account_id)
        people_acts.write(work.conn, told, now)
