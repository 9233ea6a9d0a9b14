"""Accounts as administrators manage them: a department's own, or all of them for the data authority.

    first = people.add(session, NewAccount("zhang", "张三", "civil_affairs", frozenset({"window_officer"})))
    people.give_roles(session, account_id, frozenset({"publisher"}))

A department administrator reaches accounts of its own department without roles that only the hub gives; everything
else does not exist for it. Nobody changes itself, and one hub administrator stays. Each act is written down.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from exchange_api.errors import NotFound
from exchange_api.passwords import first_password, hash_password
from exchange_api.people.errors import (
    IdentityTaken,
    LastAdministrator,
    LoginTaken,
    MalformedAccount,
    NotOneself,
    RolesNotYours,
    SuspendedForInspection,
)
from exchange_api.people.roles import GIVEN_BY_THE_HUB, Role, roles_of
from exchange_api.people.signed_in import Session
from exchange_api.transactions import Transaction
from registries.store import accounts, people_acts, sign_ins
from registries.store.accounts import Account
from registries.store.engine import Store
from registries.store.people_acts import Act, WrittenAct

PAGE = 50
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}", re.ASCII)
LONGEST_NAME, LONGEST_SUBJECT = 64, 255


@dataclass(frozen=True)
class NewAccount:
    """What an administrator gives for a new account."""

    login: str
    name: str
    department: str
    roles: frozenset[str]


@dataclass(frozen=True)
class First:
    """A new account, or one with a new password; the password is shown once and kept nowhere."""

    account_id: int
    login: str
    password: str


class People:
    """The use cases of administrators.

    `departments` gives the ids of departments that accounts may be of.
    """

    def __init__(self, store: Store, clock: Callable[[], datetime], departments: Callable[[], frozenset[str]]) -> None:
        self._store = store
        self._clock = clock
        self._departments = departments

    def page(self, session: Session, after: str = "", text: str = "") -> list[Account]:
        """A page of the accounts that this administrator reaches, by login."""
        with Transaction(self._store) as work:
            return accounts.list_accounts(work.conn, bounds(session), after=after, text=text, limit=PAGE)

    def one(self, session: Session, account_id: int) -> tuple[Account, tuple[str, ...]]:
        """An account, and where else it signs in.

        Raises:
            NotFound: there is none, or it is of another department.
        """
        with Transaction(self._store) as work:
            account = _reached(session, accounts.account_by_id(work.conn, account_id))
            return account, sign_ins.issuers_of(work.conn, [account_id]).get(account_id, ())

    def acts(self, session: Session, before: int | None = None) -> list[WrittenAct]:
        """What was done to accounts and clients that this administrator reaches; an auditor reads all."""
        with Transaction(self._store) as work:
            return people_acts.list_acts(work.conn, bounds(session), before=before, limit=PAGE)

    def add(self, session: Session, new: NewAccount) -> First:
        """Add an account, with a first password that it has to change.

        Raises:
            MalformedAccount, LoginTaken, RolesNotYours, NotFound.
        """
        self._check(session, new)
        password, now = first_password(), self._clock()
        kept = hash_password(password)
        with Transaction(self._store) as work:
            made = accounts.new_account(work.conn, new.login, kept, new.name, new.department, new.roles, now)
            if made is None:
                raise LoginTaken
            details = tuple(sorted(new.roles))
            act = Act("account-made", session.actor, new.department, account_id=made, details=details)
            people_acts.write(work.conn, act, now)
        return First(made, new.login, password)

    def give_roles(self, session: Session, account_id: int, roles: frozenset[str]) -> None:
        """Give an account these roles in place of those it has; its sessions end, so that they count at once.

        Raises:
            NotFound, RolesNotYours, NotOneself, LastAdministrator, MalformedAccount.
        """
        if not roles or roles - {role.value for role in Role}:
            raise MalformedAccount("roles")
        with Transaction(self._store) as work:
            account = self._changeable(work, session, account_id, oneself=False)
            _refuse_roles(session, roles ^ roles_of(account.roles))
            if Role.HUB_ADMINISTRATOR not in roles:
                _keep_one_administrator(work, account)
            accounts.change_account(work.conn, account_id, roles=sorted(roles))
            accounts.end_sessions(work.conn, account_id)
            self._write(work, session, account, "roles", *sorted(roles))

    def close(self, session: Session, account_id: int) -> None:
        """Close an account: it signs in no more.

        Raises:
            NotFound, RolesNotYours, NotOneself, LastAdministrator.
        """
        with Transaction(self._store) as work:
            account = self._changeable(work, session, account_id, oneself=False)
            _keep_one_administrator(work, account)
            if account.state == "locked":  # or closing would be a way out of an inspection
                raise SuspendedForInspection
            accounts.change_account(work.conn, account_id, state="closed")
            accounts.end_sessions(work.conn, account_id)
            self._write(work, session, account, "account-closed")

    def reopen(self, session: Session, account_id: int) -> None:
        """Open a closed account again.

        Raises:
            NotFound, RolesNotYours; SuspendedForInspection: it is locked, which an inspector lifts.
        """
        with Transaction(self._store) as work:
            account = self._changeable(work, session, account_id)
            if account.state == "locked":
                raise SuspendedForInspection
            accounts.change_account(work.conn, account_id, state="open")
            self._write(work, session, account, "account-reopened")

    def reset_password(self, session: Session, account_id: int) -> First:
        """Give an account a new first password; its sessions end.

        Raises:
            NotFound, RolesNotYours.
        """
        password = first_password()
        kept = hash_password(password)
        with Transaction(self._store) as work:
            account = self._changeable(work, session, account_id, oneself=False)
            accounts.change_account(work.conn, account_id, password_hash=kept, must_change=True)
            accounts.end_sessions(work.conn, account_id)
            self._write(work, session, account, "password-reset")
        return First(account.id, account.login, password)

    def reset_second_factor(self, session: Session, account_id: int) -> None:
        """Take an account's second factor away, because its owner lost it; its sessions end.

        Raises:
            NotFound, RolesNotYours, NotOneself.
        """
        with Transaction(self._store) as work:
            account = self._changeable(work, session, account_id, oneself=False)
            accounts.change_account(work.conn, account_id, code_sealed=None, code_step=None)
            sign_ins.keep_recovery_codes(work.conn, account_id, ())
            accounts.end_sessions(work.conn, account_id)
            self._write(work, session, account, "second-factor-reset")

    def sign_out(self, session: Session, account_id: int) -> None:
        """End all of an account's sessions.

        Raises:
            NotFound, RolesNotYours.
        """
        with Transaction(self._store) as work:
            account = self._changeable(work, session, account_id)
            accounts.end_sessions(work.conn, account_id)
            self._write(work, session, account, "signed-out")

    def link(self, session: Session, account_id: int, issuer: str, subject: str) -> None:
        """Let somebody whom a provider knows by this subject sign in to the account.

        Raises:
            NotFound, RolesNotYours, MalformedAccount, IdentityTaken.
        """
        now = self._clock()
        if not 0 < len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
            raise MalformedAccount("subject")
        with Transaction(self._store) as work:
            account = self._changeable(work, session, account_id, oneself=False)
            if not sign_ins.link(work.conn, issuer, subject_digest(issuer, subject), account_id, now):
                raise IdentityTaken
            self._write(work, session, account, "identity-linked")

    def unlink(self, session: Session, account_id: int) -> None:
        """Let an account sign in here only.

        Raises:
            NotFound, RolesNotYours.
        """
        with Transaction(self._store) as work:
            account = self._changeable(work, session, account_id)
            sign_ins.unlink(work.conn, account_id)
            accounts.end_sessions(work.conn, account_id)
            self._write(work, session, account, "identity-unlinked")

    def _check(self, session: Session, new: NewAccount) -> None:
        if not _LOGIN.fullmatch(new.login):
            raise MalformedAccount("login")
        if not 0 < len(new.name.strip()) <= LONGEST_NAME or not new.name.isprintable():
            raise MalformedAccount("name")
        if not new.roles or new.roles - {role.value for role in Role}:
            raise MalformedAccount("roles")
        if bounds(session) not in {None, new.department}:
            raise NotFound("部门", "department")
        if new.department not in self._departments() | {session.department}:
            raise MalformedAccount("department")
        _refuse_roles(session, new.roles)

    def _changeable(self, work: Transaction, session: Session, account_id: int, *, oneself: bool = True) -> Account:
        """The account, locked for this transaction, if the administrator may change it."""
        account = _reached(session, accounts.account_by_id(work.conn, account_id, lock=True))
        _refuse_roles(session, roles_of(account.roles))
        if not oneself and account.id == session.account_id:
            raise NotOneself
        return account

    def _write(self, work: Transaction, session: Session, account: Account, act: str, *details: str) -> None:
        told = Act(act, session.actor, account.department, account_id=account.id, details=details)
        people_acts.write(work.conn, told, self._clock())


def bounds(session: Session) -> str | None:
    """The department that somebody manages; None: all of them."""
    everywhere = {Role.HUB_ADMINISTRATOR, Role.AUDITOR}
    return session.department if everywhere.isdisjoint(session.roles) else None


def subject_digest(issuer: str, subject: str) -> bytes:
    """What the store keeps of a subject at a provider."""
    return hashlib.sha256(f"{issuer}\x1f{subject}".encode("utf-8", "surrogatepass")).digest()


def assignable(session: Session) -> Mapping[Role, bool]:
    """Every role, and whether this administrator may give it."""
    all_of_them = Role.HUB_ADMINISTRATOR in session.roles
    return {role: all_of_them or role not in GIVEN_BY_THE_HUB for role in Role}


def _reached(session: Session, account: Account | None) -> Account:
    if account is None or bounds(session) not in {None, account.department}:
        raise NotFound("账号", "account")
    return account


def _refuse_roles(session: Session, roles: frozenset[str]) -> None:
    if Role.HUB_ADMINISTRATOR not in session.roles and not roles.isdisjoint(GIVEN_BY_THE_HUB):
        raise RolesNotYours


def _keep_one_administrator(work: Transaction, account: Account) -> None:
    role = Role.HUB_ADMINISTRATOR.value
    if role in account.roles and not accounts.others_open_with_role(work.conn, role, account.id):
        raise LastAdministrator
