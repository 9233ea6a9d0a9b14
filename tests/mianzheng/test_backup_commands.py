"""`mianzheng backup` and `restore` as an operator runs them: own servers, started for the while, in two folders."""

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mianzheng.cli import app
from mianzheng.embedded_postgres import Cluster
from mianzheng.settings import Settings
from mianzheng.store_set_up import SERVED, keep_addresses, set_up_store
from mianzheng.supervisor import hub_database
from registries.home import HubHome, Role
from registries.store import ledger
from registries.store.engine import Store
from tests.conftest import short_lived_folder
from tests.registries.store.test_ledger import fill


@pytest.fixture
def places(cluster: Cluster) -> Iterator[Path]:
    """A folder for two hubs and their backups; both find the server's programs there."""
    folder = short_lived_folder()
    for name in ("one", "two"):
        home = HubHome(folder / name)
        home.prepare()
        shutil.copytree(cluster.folder / "binaries", home.path / "binaries", symlinks=True)
    yield folder
    shutil.rmtree(folder)


def run(home: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Any:  # noqa: ANN401 - JSON
    monkeypatch.setenv("HUB_HOME", str(home))
    done = CliRunner().invoke(app, [*arguments, "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_hub_is_backed_up_and_restored_by_commands(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = HubHome(places / "one"), HubHome(places / "two")
    with contextlib.ExitStack() as stack:
        set_up_store(one, hub_database(Settings(home=one.path), one, stack))
        with Store(one.store_url(Role.API)) as store:
            fill(store, 3, note=False)
    made = run(one.path, monkeypatch, "backup", str(places / "backups"))
    assert made["key_is_new"]
    shutil.copy(one.path / "secrets" / "backup_key", places / "key")
    told = ("restore", made["folder"], "--key-file", str(places / "key"))
    checked = run(two.path, monkeypatch, *told, "--check")
    assert [part["name"] for part in checked["parts"]] == ["database.sealed", "files.sealed"]
    restored = run(two.path, monkeypatch, *told)
    assert (restored["ledger_size"], restored["signs"]) == (3, False)
    again = run(two.path, monkeypatch, *told)  # the first one is set aside, not lost
    assert again["aside"].startswith("hub_before_")
    with contextlib.ExitStack() as stack:
        owner_url = hub_database(Settings(home=two.path), two, stack)
        keep_addresses(two, owner_url, {role: two.secret(f"password_{role.value}") for role in SERVED})
        accepted = run(two.path, monkeypatch, "ledger", "accept-loss", "--reason", "drill", "--by", "tests")
        assert accepted["why"] == "restored"
        with Store(two.store_url(Role.OWNER)) as store, store.begin() as conn:
            assert ledger.check(conn).faults == []
            assert ledger.head(conn).size == 4


def test_a_wrong_key_is_told_and_touches_nothing(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (places / "key").write_text("A" * 43)
    (places / "backup").mkdir()
    monkeypatch.setenv("HUB_HOME", str(places / "two"))
    done = CliRunner().invoke(app, ["restore", str(places / "backup"), "--key-file", str(places / "key")])
    assert done.exit_code == 2
    assert "备份不可用" in done.output
    assert not (places / "two" / "restoring").exists()
