"""Accounts of people, and their sessions: tokens are kept by digest only.

account = accounts.account_by_login(conn, "zhang")
accounts.open_session(conn, token_digest, account.id, csrf_digest, now, now + ten_hours)
found = accounts.session_by_digest(conn, token_digest)      # with its account
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from registries.store.tables import account, session

AccountState = Literal["open", "closed", "locked"]


@dataclass(frozen=True)
class Account:
    """A person who signs in.

    Attributes:
        password_hash: an argon2 string, made by the caller; empty for who signs in elsewhere only.
        must_change: whether somebody else knows the password, so that it counts for one sign-in.
        code_sealed: the sealed secret of one-time codes (RFC 6238); None: no second factor.
        code_step: of the last code that counted.
        locked_because: why it is locked, a code; only an inspector unlocks what was locked for inspection.
    """

    id: int
    login: str
    password_hash: str
    name: str
    department: str
    roles: frozenset[str]
    state: AccountState
    must_change: bool = False
    code_sealed: bytes | None = None
    code_step: int | None = None
    locked_because: str | None = None
    last_sign_in_at: datetime | None = None


@dataclass(frozen=True)
class StoredSession:
    """A session by its token's digest (32 bytes), with the account it belongs to.

    Attributes:
        code_at: when the second factor was given; None: not yet.
        confirmed_at: when its person was last known for certain, by password or code.
    """

    token_digest: bytes
    account: Account
    csrf_digest: bytes
    made_at: datetime
    expires_at: datetime
    last_seen_at: datetime
    id: int = 0
    label: str | None = None
    code_at: datetime | None = None
    confirmed_at: datetime | None = None


def add_account(
    conn_owner: sa.Connection, login: str, password_hash: str, name: str, department: str, roles: Iterable[str]
) -> int:
    """Add an account, or give the one of that login these values and open it; its id. By the owner only."""
    values = {"password_hash": password_hash, "name": name, "department": department, "roles": sorted(roles)}
    new = insert(account).values(login=login, state="open", **values)
    known = new.on_conflict_do_update(index_elements=[account.c.login], set_={**values, "state": "open"})
    return int(conn_owner.execute(known.returning(account.c.id)).scalar_one())


def close_account(conn_owner: sa.Connection, login: str) -> None:
    """Close an account; its sessions end with it. By the owner only."""
    closed = sa.update(account).where(account.c.login == login).values(state="closed").returning(account.c.id)
    conn_owner.execute(sa.delete(session).where(session.c.account_id.in_(sa.select(closed.cte().c.id))))


def account_by_login(conn: sa.Connection, login: str) -> Account | None:
    """The account of a login, closed ones too; None if there is none."""
    return _account(conn.execute(sa.select(account).where(account.c.login == login)).first())


def account_by_id(conn: sa.Connection, account_id: int, *, lock: bool = False) -> Account | None:
    """The account of a number; `lock`: nobody else changes it until the transaction ends."""
    wanted = sa.select(account).where(account.c.id == account_id)
    return _account(conn.execute(wanted.with_for_update() if lock else wanted).first())


def list_accounts(
    conn: sa.Connection, department: str | None, *, after: str = "", text: str = "", limit: int = 50
) -> list[Account]:
    """Accounts of a department, or of all, by login after `after`; `text` is part of login or name."""
    wanted = sa.select(account).where(account.c.login > after).order_by(account.c.login).limit(limit)
    if department is not None:
        wanted = wanted.where(account.c.department == department)
    if text:
        holds = (column.icontains(text, autoescape=True) for column in (account.c.login, account.c.name))
        wanted = wanted.where(sa.or_(*holds))
    return [found for row in conn.execute(wanted) if (found := _account(row)) is not None]


def new_account(
    conn: sa.Connection, login: str, password_hash: str, name: str, department: str, roles: Iterable[str], now: datetime
) -> int | None:
    """Add an account whose first password has to be changed; its id, or None where that login is taken."""
    values = {"login": login, "password_hash": password_hash, "name": name, "department": department}
    new = insert(account).values(**values, roles=sorted(roles), state="open", must_change=True, made_at=now)
    return conn.execute(new.on_conflict_do_nothing().returning(account.c.id)).scalar()


def change_account(conn: sa.Connection, account_id: int, **values: object) -> None:
    """Give an account other values, by column: `roles`, `state`, `password_hash`, `must_change`, `code_sealed`."""
    conn.execute(sa.update(account).where(account.c.id == account_id).values(**values))


def lock_account(conn: sa.Connection, account_id: int, because: str) -> bool:
    """Lock an account and end its sessions; `because` is a code such as `inspection`. Whether it was open."""
    known = sa.update(account).where(account.c.id == account_id, account.c.state == "open")
    locked = conn.execute(known.values(state="locked", locked_because=because)).rowcount > 0
    end_sessions(conn, account_id)
    return locked


def unlock_account(conn: sa.Connection, account_id: int) -> bool:
    """Let a locked account in again; whether it was locked. Who may is for the caller to know."""
    known = sa.update(account).where(account.c.id == account_id, account.c.state == "locked")
    return conn.execute(known.values(state="open", locked_because=None)).rowcount > 0


def take_code_step(conn: sa.Connection, account_id: int, step: int) -> bool:
    """Let a one-time code count; False if this one or a later one has counted before."""
    unused = sa.or_(account.c.code_step.is_(None), account.c.code_step < step)
    return (
        conn.execute(sa.update(account).where(account.c.id == account_id, unused).values(code_step=step)).rowcount > 0
    )


def others_open_with_role(conn: sa.Connection, role: str, but: int) -> int:
    """How many open accounts besides `but` have a role."""
    wanted = sa.select(sa.func.count()).where(account.c.state == "open", account.c.id != but)
    return int(conn.execute(wanted.where(sa.literal(role) == sa.any_(account.c.roles))).scalar_one())


def open_session(
    conn: sa.Connection,
    token_digest: bytes,
    account_id: int,
    csrf_digest: bytes,
    now: datetime,
    expires_at: datetime,
    *,
    label: str | None = None,
    code_at: datetime | None = None,
) -> None:
    """Keep a new session, by digests; sessions that are past their end go."""
    conn.execute(sa.delete(session).where(session.c.expires_at < now))
    moments = {"made_at": now, "last_seen_at": now, "expires_at": expires_at, "confirmed_at": now, "code_at": code_at}
    named = {"token_digest": token_digest, "account_id": account_id, "csrf_digest": csrf_digest, "label": label}
    conn.execute(sa.insert(session).values(**named, **moments))


def session_by_digest(conn: sa.Connection, token_digest: bytes) -> StoredSession | None:
    """The session of a token and its account; the caller judges expiry, rest and the account's state."""
    row = conn.execute(_SESSIONS.where(session.c.token_digest == token_digest)).first()
    found = _account(row)
    if row is None or found is None:
        return None
    return _session(row, found)


def sessions_of(conn: sa.Connection, account_id: int) -> list[StoredSession]:
    """An account's sessions, the one used last first."""
    wanted = _SESSIONS.where(session.c.account_id == account_id).order_by(session.c.last_seen_at.desc())
    return [_session(row, found) for row in conn.execute(wanted) if (found := _account(row)) is not None]


def change_session(conn: sa.Connection, token_digest: bytes, /, **values: object) -> None:
    """Give a session other values, by column: `token_digest`, `csrf_digest`, `code_at`, `confirmed_at`."""
    conn.execute(sa.update(session).where(session.c.token_digest == token_digest).values(**values))


def end_sessions(conn: sa.Connection, account_id: int, *, but: bytes = b"", only: int | None = None) -> int:
    """End an account's sessions, all but that of one digest, or only the one of a number; how many there were."""
    ended = sa.delete(session).where(session.c.account_id == account_id, session.c.token_digest != but)
    if only is not None:
        ended = ended.where(session.c.id == only)
    return conn.execute(ended).rowcount


def touch_session(conn: sa.Connection, token_digest: bytes, now: datetime) -> None:
    """Write down that the session was used."""
    conn.execute(sa.update(session).where(session.c.token_digest == token_digest).values(last_seen_at=now))


def end_session(conn: sa.Connection, token_digest: bytes) -> None:
    """End a session; ending one that is gone is no fault."""
    conn.execute(sa.delete(session).where(session.c.token_digest == token_digest))


_SESSIONS = sa.select(
    account, *(column.label(f"session_{column.name}") for column in session.c if column is not session.c.account_id)
).join_from(session, account)


def _account(row: sa.Row[*tuple[object, ...]] | None) -> Account | None:
    if row is None:
        return None
    return Account(
        row.id,
        row.login,
        row.password_hash,
        row.name,
        row.department,
        frozenset(row.roles),
        row.state,
        row.must_change,
        None if row.code_sealed is None else bytes(row.code_sealed),
        row.code_step,
        row.locked_because,
        row.last_sign_in_at,
    )


def _session(row: sa.Row[*tuple[object, ...]], found: Account) -> StoredSession:
    return StoredSession(
        bytes(row.session_token_digest),
        found,
        bytes(row.session_csrf_digest),
        row.session_made_at,
        row.session_expires_at,
        row.session_last_seen_at,
        row.session_id,
        row.session_label,
        row.session_code_at,
        row.session_confirmed_at,
    )
