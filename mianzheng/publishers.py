"""Departments' systems that push: registered with a public key, given by value, and the right to push.

    register_publisher(home, "natural_resources-deeds", "natural_resources", "不动产登记系统", jwk, by="…", now=now)
    client = demonstration_publisher(home, "natural_resources", now)     # one of the sample city's, with its own key

A publisher may push what its own department publishes, and nothing else.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from certificates.keys import KeyPurpose, KeyRing
from mianzheng.asking import Client
from mianzheng.errors import MianzhengError
from registries.home import HubHome, Role
from registries.store import clients, pushes
from registries.store.engine import Store

GRANTED_BY = "示例城市数据主管部门"


def register_publisher(
    home: HubHome, client_id: str, department: str, name: str, jwk: Mapping[str, Any], *, by: str, now: datetime
) -> None:
    """Make a client of a department known by its public key and let it push; safe to call at every start.

    Args:
        home: the hub's folder; its owner's address is used.
        client_id: what it signs as, `iss`; a client of another department keeps its name for itself.
        department: whose datasets it may push.
        name: for humans.
        jwk: its public key (P-256 or Ed25519).
        by: who gives the right, for the record.
        now: the right begins on this day.

    Raises:
        certificates.jose.BadKey: the key can't be used.
        MianzhengError: a client of another department has that name.
    """
    with Store(home.store_url(Role.OWNER)) as store, store.begin() as connection:
        known = clients.client_with_keys(connection, client_id)
        if known is not None and known.department != department:
            raise MianzhengError(
                f"客户端编号 {client_id} 已属于另一部门。请换一个编号。",
                f"Client {client_id} belongs to another department. Choose another name.",
            )
        if known is None:
            clients.add_client(connection, client_id, department, name)
            pushes.give_right(connection, client_id, by, now.date(), None)
        clients.add_client_key(connection, client_id, jwk)


def demonstration_publisher(home: HubHome, department: str, now: datetime) -> Client:
    """A system of the sample city that pushes for `department`, registered, with the key in its own folder."""
    folder = home.path / "sample_city" / "publishers" / department
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    ring = KeyRing.open(folder, home.secret_or_new("demo_publisher_passphrase"), now=now)
    client = Client(f"demo-{department.replace('_', '-')}", ring.active(KeyPurpose.CLIENT))
    register_publisher(home, client.name, department, "示例推送系统", client.key.to_jwk(), by=GRANTED_BY, now=now)
    return client
