"""A hub's folder without a store, and Dagster's instance in it."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from pipelines.dagster_home import open_instance
from registries.home import HubHome


@pytest.fixture
def home(tmp_path: Path) -> HubHome:
    """A hub's folder without a store."""
    made = HubHome(tmp_path / "hub")
    made.prepare()
    return made


@pytest.fixture
def instance(home: HubHome) -> Iterator[dg.DagsterInstance]:
    """Dagster's instance in that folder."""
    with open_instance(home) as opened:
        yield opened
