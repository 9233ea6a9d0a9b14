"""Relying systems and their public keys, registered by value; nothing is ever fetched from an address.

client = clients.client_with_keys(conn, "440500-approval")
client.keys["<thumbprint>"]      # its JWK; only keys in use
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from certificates.jose import key_from_jwk
from registries.store.people_tables import key_challenge
from registries.store.tables import client, client_key

USES_APART = timedelta(minutes=1)
"""How often a key's last use is written down."""


@dataclass(frozen=True)
class Client:
    """A relying system.

    Attributes:
        keys: RFC 7638 thumbprint (the `kid` it signs with) -> public JWK; revoked keys are absent.
    """

    id: str
    department: str
    name: str
    state: Literal["active", "suspended", "revoked"]
    keys: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class KeyLine:
    """One key of a client as its department sees it: revoked ones too."""

    thumbprint: str
    algorithm: str
    state: Literal["active", "revoked"]
    added_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True)
class ClientLine:
    """A client as its department sees it, with its keys, the latest first."""

    id: str
    department: str
    name: str
    state: Literal["active", "suspended", "revoked"]
    suspended_because: str | None
    made_at: datetime | None
    keys: tuple[KeyLine, ...]

    @property
    def last_used_at(self) -> datetime | None:
        """When one of its keys was used last, to the minute."""
        return max((key.last_used_at for key in self.keys if key.last_used_at), default=None)


def client_with_keys(conn: sa.Connection, client_id: str) -> Client | None:
    """A client with its keys in use, by one query; None if there is none. Suspended ones are given too."""
    return clients_with_keys(conn, [client_id]).get(client_id)


def clients_with_keys(conn: sa.Connection, client_ids: Sequence[str]) -> dict[str, Client]:
    """As `client_with_keys`, for several by id; ids that nobody has are absent."""
    found: dict[str, tuple[sa.Row[*tuple[Any, ...]], dict[str, Mapping[str, Any]]]] = {}
    for row in conn.execute(_WITH_KEYS, {"ids": list(client_ids)}):
        _, keys = found.setdefault(row.id, (row, {}))
        if row.thumbprint is not None:
            keys[row.thumbprint] = row.jwk
    return {name: Client(name, row.department, row.name, row.state, keys) for name, (row, keys) in found.items()}


_WITH_KEYS = (
    sa.select(
        client.c.id, client.c.department, client.c.name, client.c.state, client_key.c.thumbprint, client_key.c.jwk
    )
    .outerjoin(client_key, sa.and_(client_key.c.client_id == client.c.id, client_key.c.state == "active"))
    .where(client.c.id == sa.any_(sa.bindparam("ids", type_=sa.ARRAY(sa.Text))))
)


def add_client(conn_owner: sa.Connection, client_id: str, department: str, name: str) -> None:
    """Add a client, or give the one of that id these values and make it active. By the owner only."""
    values = {"department": department, "name": name, "state": "active", "suspended_because": None}
    new = insert(client).values(id=client_id, **values)
    conn_owner.execute(new.on_conflict_do_update(index_elements=[client.c.id], set_=values))


def suspend_client(conn_owner: sa.Connection, client_id: str) -> None:
    """Suspend a client: its requests are refused from now on. By the owner only."""
    conn_owner.execute(sa.update(client).where(client.c.id == client_id).values(state="suspended"))


def add_client_key(conn_owner: sa.Connection, client_id: str, jwk: Mapping[str, Any]) -> None:
    """Register a public key; a key that is known stays as it is, revoked or not. By the owner only.

    Raises:
        certificates.jose.BadKey: it is not a public key that the hub accepts.
    """
    kid = key_from_jwk(jwk).kid
    new = insert(client_key).values(thumbprint=kid, client_id=client_id, jwk=dict(jwk), state="active")
    conn_owner.execute(new.on_conflict_do_nothing())


def revoke_client_key(conn_owner: sa.Connection, thumbprint: str) -> None:
    """Revoke a key for good. By the owner only."""
    conn_owner.execute(sa.update(client_key).where(client_key.c.thumbprint == thumbprint).values(state="revoked"))


def list_clients(conn: sa.Connection, department: str | None, *, after: str = "", limit: int = 50) -> list[ClientLine]:
    """Clients of a department, or of all, by id after `after`, with all their keys, by one query."""
    wanted = sa.select(client.c.id).where(client.c.id > after).order_by(client.c.id).limit(limit)
    if department is not None:
        wanted = wanted.where(client.c.department == department)
    return _lines(conn, client.c.id.in_(wanted.scalar_subquery()))


def client_line(conn: sa.Connection, client_id: str, *, lock: bool = False) -> ClientLine | None:
    """One client with all its keys; `lock`: nobody else changes it until the transaction ends."""
    if lock:
        conn.execute(sa.select(client.c.id).where(client.c.id == client_id).with_for_update())
    return next(iter(_lines(conn, client.c.id == client_id)), None)


def new_client(conn: sa.Connection, client_id: str, department: str, name: str, now: datetime) -> bool:
    """Register a client without a key; False where that id is taken, by whomever."""
    new = insert(client).values(id=client_id, department=department, name=name, state="active", made_at=now)
    return conn.execute(new.on_conflict_do_nothing().returning(client.c.id)).first() is not None


def set_client_state(conn: sa.Connection, client_id: str, state: str, because: str | None = None) -> None:
    """Suspend a client (`because` is a code such as `department` or `inspection`), let it ask again, or revoke it."""
    values = {"state": state, "suspended_because": because}
    conn.execute(sa.update(client).where(client.c.id == client_id).values(**values))


def new_client_key(conn: sa.Connection, client_id: str, jwk: Mapping[str, Any], now: datetime) -> str | None:
    """Register a public key; its thumbprint, or None where it is known, as anybody's key, in use or revoked.

    Raises:
        certificates.jose.BadKey: it is not a public key that the hub accepts.
    """
    kid = key_from_jwk(jwk).kid
    new = insert(client_key).values(thumbprint=kid, client_id=client_id, jwk=dict(jwk), state="active", added_at=now)
    return conn.execute(new.on_conflict_do_nothing().returning(client_key.c.thumbprint)).scalar()


def end_client_key(conn: sa.Connection, client_id: str, thumbprint: str, now: datetime) -> bool:
    """Revoke a client's key for good; False if it has no such key in use."""
    known = sa.update(client_key).where(client_key.c.client_id == client_id, client_key.c.thumbprint == thumbprint)
    return (
        conn.execute(known.where(client_key.c.state == "active").values(state="revoked", revoked_at=now)).rowcount > 0
    )


def note_key_uses(conn: sa.Connection, thumbprints: Iterable[str], now: datetime) -> None:
    """Write down that keys were used, to the minute; waits for nobody: whoever writes the same row does it for us."""
    old = sa.or_(client_key.c.last_used_at.is_(None), client_key.c.last_used_at <= now - USES_APART)
    due = sa.select(client_key.c.thumbprint).where(client_key.c.thumbprint.in_(sorted(thumbprints)), old)
    locked = due.with_for_update(skip_locked=True).cte("due")
    used = sa.update(client_key).where(client_key.c.thumbprint.in_(sa.select(locked.c.thumbprint)))
    conn.execute(used.values(last_used_at=now))


def keep_challenge(conn: sa.Connection, digest: bytes, client_id: str, account_id: int, until: datetime) -> None:
    """Keep what a new key of this client has to sign, by digest."""
    values = {"digest": digest, "client_id": client_id, "account_id": account_id, "until": until}
    conn.execute(sa.insert(key_challenge).values(**values))


def take_challenge(conn: sa.Connection, digest: bytes, client_id: str, account_id: int, now: datetime) -> bool:
    """Use a challenge up; False if it is not this client's and this account's, was used, or is past its time."""
    conn.execute(sa.delete(key_challenge).where(key_challenge.c.until < now))
    of_this = (key_challenge.c.client_id == client_id, key_challenge.c.account_id == account_id)
    return conn.execute(sa.delete(key_challenge).where(key_challenge.c.digest == digest, *of_this)).rowcount > 0


def _lines(conn: sa.Connection, which: sa.ColumnElement[bool]) -> list[ClientLine]:
    key_state = client_key.c.state.label("key_state")
    keys = (client_key.c.thumbprint, client_key.c.jwk, key_state, client_key.c.added_at, client_key.c.revoked_at)
    wanted = sa.select(client, *keys, client_key.c.last_used_at).outerjoin(client_key).where(which)
    order = (client.c.id, client_key.c.added_at.desc().nulls_last(), client_key.c.thumbprint)
    rows = conn.execute(wanted.order_by(*order)).all()
    return [_line(list(of_one)) for _, of_one in groupby(rows, key=lambda row: row.id)]


def _line(rows: list[sa.Row[*tuple[Any, ...]]]) -> ClientLine:
    one = rows[0]
    keys = tuple(
        KeyLine(
            row.thumbprint,
            str(row.jwk.get("alg") or row.jwk.get("crv")),
            row.key_state,
            row.added_at,
            row.revoked_at,
            row.last_used_at,
        )
        for row in rows
        if row.thumbprint is not None
    )
    return ClientLine(one.id, one.department, one.name, one.state, one.suspended_because, one.made_at, keys)
