"""Dagster loads the definitions anywhere, and its own web pages show them, with nothing set but HUB_HOME."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from pipelines.definitions import compose
from pipelines.resources import catalogue_in_force
from registries.contracts.model import Dataset, Server
from registries.departments import load_catalogue
from registries.home import HubHome
from registries.operators.folders import Accepted, AcceptedFolder, version_folder
from registries.operators.publishing import publish
from tests.made_contracts import write_department
from tests.pipelines.small_contracts import catalogue, dataset

ROOT = Path(__file__).parents[2]
GRAPH = """{ assetNodes { assetKey { path } groupName description jobNames
  assetChecksOrError { ... on AssetChecks { checks { name } } } dependencyKeys { path } } }"""


def repository_of(*datasets: Dataset) -> dg.RepositoryDefinition:
    made = compose(catalogue(*datasets)).get_repository_def()
    made.load_all_definitions()
    return made


def environment(**settings: str) -> dict[str, str]:
    """This process's, without any setting of Dagster's or the hub's but those given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DAGSTER_", "HUB_"))}
    return kept | settings


def test_the_definitions_hold_together() -> None:
    made = compose(catalogue(dataset("a.b"), dataset("a.c", files=True)))
    repository = made.get_repository_def()
    repository.load_all_definitions()
    assert repository.has_job("take_in__a__b")
    assert [sensor.name for sensor in repository.sensor_defs] == ["drop__a__c"]
    assert len(repository.schedule_defs) == 5


def test_what_nobody_pulls_is_shown_and_never_run() -> None:
    pushed = replace(dataset("a.pushed"), server=Server("p", "push"))
    live = replace(dataset("a.live"), server=Server("l", "live_query", path="/q"))
    repository = repository_of(pushed, live, dataset("a.b"))
    assert {job.name for job in repository.get_all_jobs() if job.name.startswith("take_in")} == {"take_in__a__b"}
    assert {one.name for one in repository.schedule_defs} == {
        *("sla__a__b", "housekeeping_nightly", "retention_nightly", "trusted_time"),
    }
    graph = repository.asset_graph
    assert {key.to_user_string() for key in graph.get_all_asset_keys()} == {"a/pushed", "a/live", "a/b"}
    assert {key.to_user_string() for key in graph.executable_asset_keys} == {"a/b"}


def test_the_contracts_of_the_hub_that_hub_home_names_are_loaded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("HUB_HOME", raising=False)
    assert "forestry.trees" not in catalogue_in_force()
    home = HubHome(tmp_path)
    home.prepare()
    write_department(version_folder(home, 1))
    folder = AcceptedFolder("forestry", "digest", datetime(2026, 11, 21, tzinfo=UTC))
    publish(home, Accepted(2, {"forestry": folder}), {"forestry": version_folder(home, 1)})
    monkeypatch.setenv("HUB_HOME", str(tmp_path))
    assert compose(catalogue_in_force()).get_repository_def().has_job("take_in__forestry__trees")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[str]:
    """`dagster dev` as a developer starts it; stopped by Ctrl-C."""
    port = free_port()
    command = [sys.executable, "-m", "dagster", "dev", "-w", "workspace.yaml", "-h", "127.0.0.1", "-p", str(port)]
    with (tmp_path / "dagster-dev.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment(HUB_HOME=str(tmp_path)), stdout=log, stderr=subprocess.STDOUT
        )
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(120)


def answer(address: str, query: str, patience: float = 240) -> dict[str, object]:
    """What the GraphQL endpoint says, once it is there."""
    request = urllib.request.Request(  # noqa: S310 - our own process on 127.0.0.1
        f"{address}/graphql", json.dumps({"query": query}).encode(), {"Content-Type": "application/json"}
    )
    until = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 - as above
                said: dict[str, object] = json.load(response)["data"]
                return said
        except urllib.error.URLError:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)


@pytest.mark.timeout(600)
def test_dagster_dev_shows_every_dataset(pages: str) -> None:
    nodes = answer(pages, GRAPH)["assetNodes"]
    assert isinstance(nodes, list)
    shown = {".".join(node["assetKey"]["path"]): node for node in nodes}
    for each in load_catalogue().datasets:
        node = shown[each.name]
        assert each.title_zh in node["description"]
        assert len(node["assetChecksOrError"]["checks"]) == (len(each.rules) if each.pulled else 0)
        assert (f"take_in__{each.table_name}" in node["jobNames"]) == each.pulled
