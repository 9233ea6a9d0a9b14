"""Bring a PostgreSQL database to the state the hub needs: roles, schema `hub`, tables from contracts, addresses kept.

Operators' contracts in HUB_HOME/contracts are judged first, so that a hub starts with what lies there.

    catalogue = set_up_store(home, "postgresql://hub_owner:…@127.0.0.1:5432/hub")

Safe to call at every start: what is there already stays as it is.
"""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote, urlsplit, urlunsplit

from mianzheng.terminal import clock as system_clock
from registries.departments import Catalogue
from registries.home import HubHome, Role
from registries.operators.folders import Contracts
from registries.operators.take_up import take_up
from registries.store import roles, schema
from registries.store.engine import Store

DRIVER = "postgresql+psycopg"
SERVED = (Role.LOAD, Role.API, Role.PAGE)


def set_up_store(home: HubHome, owner_url: str, clock: Callable[[], datetime] = system_clock) -> Catalogue:
    """Migrate, create the roles and plan the data tables; keeps each role's address in the hub's secrets.

    Args:
        home: a prepared HUB_HOME.
        owner_url: a libpq URL whose user owns the database and may create roles.
        clock: the time at which contracts were accepted or refused.

    Raises:
        registries.errors.RegistriesError: the server can't be reached, or the user lacks a right.
    """
    passwords = {role: home.secret_or_new(f"password_{role.value}") for role in SERVED}
    keep_addresses(home, owner_url, passwords)
    home.secret_or_new("landing_key")
    with Store(home.store_url(Role.OWNER)) as owner:
        roles.create_roles(owner, passwords)
        schema.migrate(owner)
    with Store(home.store_url(Role.LOAD)) as load:
        take_up(home, load, clock())
    return Contracts(home).catalogue()


def keep_addresses(home: HubHome, owner_url: str, passwords: dict[Role, str]) -> None:
    """Write the store's address of every role into the hub's secrets."""
    parts = urlsplit(owner_url)
    place = (parts.hostname or "127.0.0.1") + (f":{parts.port}" if parts.port else "")
    home.keep_store_url(Role.OWNER, urlunsplit(parts._replace(scheme=DRIVER)))
    for role, password in passwords.items():
        login = f"{role.value}:{quote(password, safe='')}@{place}"
        home.keep_store_url(role, urlunsplit(parts._replace(scheme=DRIVER, netloc=login)))
