"""What the pages of signing in, of one's own account, of accounts and of clients show."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from exchange_api.pages.views.frame import Option, Words


class ProviderLink(NamedTuple):
    """Another provider to sign in at."""

    href: str
    words: Words


class OfferView(NamedTuple):
    """A secret for an authenticator: to scan, to type, and sealed for the form."""

    text: str
    image: str
    sealed: str


@dataclass(frozen=True)
class StepView:
    """A step of signing in."""

    step: str
    words: Words
    next: str
    fault: Words | None
    offer: OfferView | None


class SessionRow(NamedTuple):
    """One session of an account."""

    id: int
    label: str
    made_at: datetime
    last_seen_at: datetime
    this: bool


@dataclass(frozen=True)
class AccountView:
    """One's own account."""

    login: str
    roles: tuple[Words, ...]
    sessions: tuple[SessionRow, ...]
    second_factor: bool
    recovery_codes_left: int
    issuers: tuple[str, ...]
    password: bool
    shortest: int
    fault: Words | None = None
    done: Words | None = None


class RoleChoice(NamedTuple):
    """A role that may be ticked, or not."""

    value: str
    words: Words
    may: Words
    ticked: bool
    allowed: bool


class AccountRow(NamedTuple):
    """One account in the list."""

    id: int
    login: str
    name: str
    department: str
    roles: tuple[Words, ...]
    state: Words
    tone: str
    second_factor: bool
    last_sign_in_at: datetime | None


@dataclass(frozen=True)
class AccountsView:
    """A page of accounts, and the form for a new one."""

    rows: tuple[AccountRow, ...]
    older: str | None
    text: str
    departments: tuple[Option, ...]
    roles: tuple[RoleChoice, ...]
    may_change: bool
    given: dict[str, str]
    fault: Words | None = None
    first: tuple[str, str] | None = None


@dataclass(frozen=True)
class OneAccountView:
    """One account, for who manages it."""

    row: AccountRow
    roles: tuple[RoleChoice, ...]
    issuers: tuple[str, ...]
    providers: tuple[Option, ...]
    state: str
    oneself: bool
    fault: Words | None = None
    first: tuple[str, str] | None = None


class ActRow(NamedTuple):
    """Something that was done to an account or a client."""

    id: int
    at: datetime | None
    words: Words
    by_whom: str
    department: str
    what: str
    details: str


@dataclass(frozen=True)
class ActsView:
    """A page of acts."""

    rows: tuple[ActRow, ...]
    older: int | None


class KeyRow(NamedTuple):
    """A key of a client."""

    thumbprint: str
    algorithm: str
    active: bool
    added_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class ClientRow(NamedTuple):
    """A client in the list."""

    id: str
    name: str
    department: str
    state: Words
    tone: str
    keys: int
    last_used_at: datetime | None


@dataclass(frozen=True)
class ClientsView:
    """A page of clients, and the form for a new one."""

    rows: tuple[ClientRow, ...]
    older: str | None
    may_change: bool
    given: dict[str, str]
    fault: Words | None = None


@dataclass(frozen=True)
class ClientView:
    """One client, its keys, and a challenge for a new one."""

    row: ClientRow
    state: str
    liftable: bool
    keys: tuple[KeyRow, ...]
    audience: str
    challenge: str
    may_change: bool
    fault: Words | None = None
