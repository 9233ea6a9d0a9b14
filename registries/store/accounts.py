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

AccountState = Literal["open", "closed"]


@dataclass(frozen=True)
class Account:
    """A person who signs in. `password_hash` is an argon2 string, made by the caller."""

    id: int
    login: str
    password_hash: str
    name: str
    department: str
    roles: frozenset[str]
    state: AccountState


@dataclass(frozen=True)
class StoredSession:
    """A session by its token's digest (32 bytes), with the account it belongs to."""

    token_digest: bytes
    account: Account
    csrf_digest: bytes
    made_at: datetime
    expires_at: datetime
    last_seen_at: datetime


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


def open_session(
    conn: sa.Connection, token_digest: bytes, account_id: int, csrf_digest: bytes, now: datetime, expires_at: datetime
) -> None:
    """Keep a new session, by digests; sessions that are past their end go."""
    conn.execute(sa.delete(session).where(session.c.expires_at < now))
    moments = {"made_at": now, "last_seen_at": now, "expires_at": expires_at}
    conn.execute(
        sa.insert(session).values(token_digest=token_digest, account_id=account_id, csrf_digest=csrf_digest, **moments)
    )


def session_by_digest(conn: sa.Connection, token_digest: bytes) -> StoredSession | None:
    """The session of a token and its account; the caller judges expiry, rest and the account's state."""
    joined = sa.select(session, account).join_from(session, account).where(session.c.token_digest == token_digest)
    row = conn.execute(joined).first()
    found = _account(row)
    if row is None or found is None:
        return None
    return StoredSession(
        bytes(row.token_digest), found, bytes(row.csrf_digest), row.made_at, row.expires_at, row.last_seen_at
    )


def touch_session(conn: sa.Connection, token_digest: bytes, now: datetime) -> None:
    """Write down that the session was used."""
    conn.execute(sa.update(session).where(session.c.token_digest == token_digest).values(last_seen_at=now))


def end_session(conn: sa.Connection, token_digest: bytes) -> None:
    """End a session; ending one that is gone is no fault."""
    conn.execute(sa.delete(session).where(session.c.token_digest == token_digest))


def _account(row: sa.Row[*tuple[object, ...]] | None) -> Account | None:
    if row is None:
        return None
    return Account(row.id, row.login, row.password_hash, row.name, row.department, frozenset(row.roles), row.state)
