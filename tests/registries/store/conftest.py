"""A hub whose store also has the tables of this folder's small catalogue."""

from collections.abc import Callable
from typing import Protocol

import pytest

from registries.home import Role
from registries.store import planner
from registries.store.engine import Store
from tests.registries.store.sample_catalogue import CATALOGUE


class Stores(Protocol):
    """What these tests need of the hub."""

    store: Callable[[Role], Store]


@pytest.fixture
def load(hub: Stores) -> Store:
    """The loader's store, with the small catalogue planned."""
    store = hub.store(Role.LOAD)
    planner.plan(store, CATALOGUE)
    return store


@pytest.fixture
def owner(hub: Stores, load: Store) -> Store:  # noqa: ARG001 - the small catalogue is planned first
    """The owner's store."""
    return hub.store(Role.OWNER)


@pytest.fixture
def api(hub: Stores, load: Store) -> Store:  # noqa: ARG001 - as above
    """The API's store."""
    return hub.store(Role.API)


@pytest.fixture
def page(hub: Stores, load: Store) -> Store:  # noqa: ARG001 - as above
    """The pages' store."""
    return hub.store(Role.PAGE)
