"""Relying systems and their public keys, registered by value; nothing is ever fetched from an address.

client = clients.client_with_keys(conn, "440500-approval")
client.keys["<thumbprint>"]      # its JWK; only keys in use
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from certificates.jose import key_from_jwk
from registries.store.tables import client, client_key


@dataclass(frozen=True)
class Client:
    """A relying system.

    Attributes:
        keys: RFC 7638 thumbprint (the `kid` it signs with) -> public JWK; revoked keys are absent.
    """

    id: str
    department: str
    name: str
    state: Literal["active", "suspended"]
    keys: Mapping[str, Mapping[str, Any]]


def client_with_keys(conn: sa.Connection, client_id: str) -> Client | None:
    """A client with its keys in use, by one query; None if there is none. Suspended ones are given too."""
    in_use = sa.and_(client_key.c.client_id == client.c.id, client_key.c.state == "active")
    wanted = sa.select(client, client_key.c.thumbprint, client_key.c.jwk).outerjoin(client_key, in_use)
    rows = conn.execute(wanted.where(client.c.id == client_id)).all()
    if not rows:
        return None
    first = rows[0]
    keys = {row.thumbprint: row.jwk for row in rows if row.thumbprint is not None}
    return Client(first.id, first.department, first.name, first.state, keys)


def add_client(conn_owner: sa.Connection, client_id: str, department: str, name: str) -> None:
    """Add a client, or give the one of that id these values and make it active. By the owner only."""
    values = {"department": department, "name": name, "state": "active"}
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
