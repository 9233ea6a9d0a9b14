"""A register that the project has never seen, dropped into a running hub: checked, loaded, scored, listed and shown.

The web process, the intake worker and Dagster's daemon are real processes, started and renewed as the supervisor does;
not a line of code knows trees.
"""

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from exchange_api.passwords import hash_password
from mianzheng.dagster_renewal import DAEMON, DagsterRenewal
from mianzheng.embedded_postgres import free_port
from mianzheng.processes import Children
from mianzheng.supervisor import child_environment
from registries.home import Role
from registries.operators.folders import operators_folder
from registries.store import accounts, registers
from tests.conftest import PASSWORD, Hub
from tests.made_contracts import ROWS, TREES, with_girth, write_department, write_trees

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journey"), pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
WORKSPACE = ROOT / "workspace.yaml"
GOOD = [f"GS{number},樟树,1,1900-01-01" for number in range(1000, 1030)]
SECONDS = 240


@dataclass
class RunningHub:
    """A hub whose processes run, as somebody sees it who may look at its pages and its folders."""

    hub: Hub
    http: httpx.Client
    drop: Path
    renewal: DagsterRenewal
    renewed: int = 0

    def until(self, wanted: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever is waited for
        """What `wanted` gives as soon as it gives something; the supervisor's watch goes on meanwhile."""
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            self.renewed += self.renewal.look()
            if found := wanted():
                return found
            time.sleep(0.5)
        pytest.fail("it never came\n" + self.logs())

    def logs(self) -> str:
        files = self.hub.home.logs.glob("*.log")
        return "\n".join(f"--- {file.name}\n{file.read_text()[-4000:]}" for file in files)

    def trees(self) -> dict[str, Any] | None:
        """The dataset in the catalogue, once it is there."""
        datasets = self.http.get("/v1/catalogue").json()["datasets"]
        return next((each for each in datasets if each["name"] == "forestry.trees"), None)

    def rows(self) -> list[Any]:
        """Batches that were taken over: (pulled, accepted, quarantined, held)."""
        asked = (
            "SELECT pulled, accepted, quarantined, held FROM hub.batch "
            "WHERE dataset = 'forestry.trees' AND state = 'done' ORDER BY number"
        )
        with self.hub.store(Role.OWNER).begin() as conn:
            return [tuple(row) for row in conn.execute(sa.text(asked))]

    def at(self, version: str) -> bool:
        return (self.trees() or {"contract": {}})["contract"].get("version") == version


@pytest.fixture
def running(hub: Hub, tmp_path: Path) -> Iterator[RunningHub]:
    """Web, worker and Dagster's daemon over an empty hub, with a steward who is signed in."""
    with hub.store(Role.OWNER).begin() as conn:
        accounts.add_account(
            conn, "steward", hash_password(PASSWORD), "黄敏", "forestry", frozenset({"steward", "publisher"})
        )
    children = Children(hub.home.logs, child_environment(hub.home))
    port = free_port()
    try:
        children.start("web", "-m", "mianzheng", "serve", "--host", "127.0.0.1", "--port", str(port))
        children.start("worker", "-m", "mianzheng", "work")
        children.start(DAEMON, "-m", "dagster._daemon", "run", "-w", str(WORKSPACE))
        renewal = DagsterRenewal(hub.home, children)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as http:
            one = RunningHub(hub, http, tmp_path / "forestry", renewal)
            one.until(lambda: lives(http))
            sign_in(http)
            yield one
    finally:
        children.stop()


def lives(http: httpx.Client) -> bool:
    try:
        return http.get("/health/live").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def sign_in(http: httpx.Client) -> None:
    token = re.search(r'name="csrf_token" value="([^"]+)"', http.get("/sign-in").text)
    assert token is not None
    form = {"login": "steward", "password": PASSWORD, "csrf_token": token[1]}
    assert http.post("/sign-in", data=form, headers={"origin": str(http.base_url)}).status_code == 303


def test_a_register_that_nobody_has_seen_is_taken_up_while_the_hub_runs(running: RunningHub) -> None:
    assert running.trees() is None
    drop_the_folder(running)
    loaded_and_scored(running)
    shown_and_readable(running)
    changed_and_taken_up(running)
    broken_and_refused(running)


def drop_the_folder(running: RunningHub) -> None:
    """Where its files come from, a first file, and the contracts: all that an engineer gives."""
    home = running.hub.home
    (home.path / "sources.json").write_text(json.dumps({"forestry_drop": str(running.drop)}), "utf-8")
    write_trees(running.drop, "trees_20261101.csv", ROWS + GOOD)
    write_department(operators_folder(home))
    found = running.until(running.trees)
    assert found["quality"]["score"] is None, "listed before anything was loaded"


def loaded_and_scored(running: RunningHub) -> None:
    running.until(running.rows)
    assert running.renewed == 1
    assert running.rows() == [(36, 33, 3, 0)]
    quality = running.until(lambda: (running.trees() or {})["quality"])
    assert quality["checked"] > quality["failed"] > 0
    assert 0.9 < quality["score"] < 1
    with running.hub.store(Role.OWNER).begin() as conn:
        asked = "SELECT row_number, rule_id FROM hub.finding WHERE level = 1 ORDER BY row_number"
        refused = [tuple(row) for row in conn.execute(sa.text(asked))]
    assert sorted(refused) == [
        (4, "protection-code_table"),
        (5, "tree_number-pattern"),
        (6, "planted_on-format"),
        (6, "species-required"),
    ]


def shown_and_readable(running: RunningHub) -> None:
    dataset = running.http.get("/catalogue/datasets/forestry.trees").text
    assert all(told in dataset for told in ("古树名木普查信息", "保护等级", "一级", "完整性"))
    register = running.http.get("/catalogue/registers/ancient_trees").text
    assert "林业局：古树名木普查信息" in register
    assert "树木 tree" in register
    assert "古树名木普查信息" in running.http.get("/catalogue", params={"text": "古树"}).text
    assert "forestry.trees" in running.http.get("/steward").text
    from registries.operators.folders import Contracts

    view = registers.view("ancient_trees", Contracts(running.hub.home).catalogue())
    with running.hub.store(Role.LOAD).begin() as conn:
        row = conn.execute(sa.select(view).where(view.c.subject_key == "GS0003")).one()
    assert (row.species, row.protection, row.dataset) == ("荔枝", "3", "forestry.trees")


def changed_and_taken_up(running: RunningHub) -> None:
    """A column more, a version higher, and a file that has it."""
    write_department(operators_folder(running.hub.home), trees=with_girth())
    running.until(lambda: running.at("1.1.0"))
    rows = [f"{row},{12.5}" for row in GOOD] + [f"GS0001,樟树,1,1723-03-01,{430}"]
    write_trees(running.drop, "trees_20261102.csv", rows, extra=",胸围")
    running.until(lambda: girth(running) == 430)
    assert "胸围" in running.http.get("/catalogue/datasets/forestry.trees").text
    earlier = running.http.get("/publisher/batches/1")
    assert (earlier.status_code, "木棉" in earlier.text) == (200, True), "rows refused under the former contract"


def girth(running: RunningHub) -> float | None:
    asked = "SELECT girth FROM data.forestry__trees WHERE tree_number = 'GS0001'"
    with running.hub.store(Role.OWNER).begin() as conn:
        found: float | None = conn.execute(sa.text(asked)).scalar()
    return found


def broken_and_refused(running: RunningHub) -> None:
    """The folder is refused with reasons; the version before it goes on, and takes in what comes."""
    wrong = TREES.replace('version: "1.0.0"', 'version: "2.0.0"').replace("logicalType: date", "logicalType: day")
    write_department(operators_folder(running.hub.home), trees=wrong)
    page = running.until(lambda: told(running.http.get("/steward").text))
    assert "forestry/trees.odcs.yaml" in page
    assert "day" in page
    assert running.at("1.1.0")
    rows = [f"{row},{13}" for row in GOOD] + [f"GS0001,樟树,1,1723-03-01,{431}"]
    write_trees(running.drop, "trees_20261103.csv", rows, extra=",胸围")
    running.until(lambda: girth(running) == 431)
    assert running.renewed == 2


def told(page: str) -> str | None:
    return page if "未接受的数据契约" in page else None
