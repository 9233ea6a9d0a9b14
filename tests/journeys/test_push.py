"""A department's system pushes to real processes, and what it pushed can be verified seconds later, whatever dies."""

import dataclasses
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from certificates.jose import ES256, Key, new_key
from mianzheng.asking import Client, ask
from mianzheng.embedded_postgres import free_port
from mianzheng.errors import MianzhengError
from mianzheng.publishers import register_publisher
from mianzheng.pushing import Publisher
from registries.home import Role
from registries.store import clients, grants
from tests.conftest import Hub
from tests.pushed_contracts import DEED_TYPE, DEEDS, OWNER, deed, write_contracts

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journey"), pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
README = ROOT / "registries" / "departments" / "README.md"
PURPOSE, ITEM = "行政许可审批", "440500-demo-0001"


def clock() -> datetime:
    return datetime.now(UTC)


@dataclasses.dataclass
class Processes:
    """The hub's web process and its worker, which a test may kill."""

    hub: Hub
    port: int
    running: dict[str, subprocess.Popen[bytes]] = dataclasses.field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, name: str) -> None:
        arguments = {"web": ["serve", "--port", str(self.port)], "worker": ["work"]}[name]
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        with (self.hub.home.logs / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", "mianzheng", *arguments],
                cwd=ROOT, env=kept | {"HUB_HOME": str(self.hub.home.path)}, stdout=log, stderr=log,
            )  # fmt: skip
        if name == "web":
            until(lambda: alive(self.address))

    def end(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        process = self.running.pop(name)
        process.send_signal(how)
        process.wait(30)


def alive(address: str) -> bool:
    try:
        return httpx.get(f"{address}/health/live", trust_env=False).is_success
    except httpx.TransportError:
        return False


def until(come: Callable[[], bool], seconds: float = 60) -> float:
    """Wait for something to come true; how many seconds that took."""
    begun = time.monotonic()
    while not come():
        assert time.monotonic() - begun < seconds
        time.sleep(0.05)
    return time.monotonic() - begun


@pytest.fixture
def processes(hub: Hub) -> Iterator[Processes]:
    """Web and worker, warm, with the department's contracts among the operator's."""
    started = Processes(hub, free_port())
    write_contracts(hub.home)
    try:
        for name in ("worker", "web"):
            started.start(name)
        until((hub.home.path / "catalogue" / "current.json").exists)
        yield started
    finally:
        for name in list(started.running):
            started.end(name)


@pytest.fixture
def key() -> Key:
    return new_key(ES256)


@pytest.fixture
def publisher(processes: Processes, key: Key) -> Publisher:
    register_publisher(
        processes.hub.home, "deeds-system", "housing", "登记系统", key.to_jwk(), by="市数据局", now=clock()
    )
    return Publisher(processes.address, Client("deeds-system", key), clock)


@pytest.fixture
def asking(hub: Hub) -> Client:
    client = Client("approval-system", new_key(ES256))
    with hub.store(Role.OWNER).begin() as conn:
        clients.add_client(conn, client.name, "civil_affairs", "审批系统")
        clients.add_client_key(conn, client.name, client.key.to_jwk())
        since = clock().date() - timedelta(days=1)
        grants.add_grant(conn, "civil_affairs", "verification", PURPOSE, "市政数局", since, certificate_type=DEED_TYPE)
    return client


def rows_in(folder: Path, *numbers: str, **more: str) -> Path:
    file = folder / f"{secrets.token_hex(4)}.ndjson"
    rows = (json.dumps(deed(number, **more), ensure_ascii=False) for number in numbers)
    file.write_text("".join(f"{row}\n" for row in rows), "utf-8")
    return file


def verdict(address: str, client: Client, number: str) -> str:
    owner, code, code_type = OWNER
    question = {
        "certificate_type": DEED_TYPE,
        "certificate_number": number,
        "holder_name": owner,
        "holder_code": code,
        "holder_code_type": code_type,
        "purpose": PURPOSE,
        "service_item": ITEM,
        "case": "ST-2026-0001",
    }
    return str(ask(address, client, question, clock()).verdict["code"])


def stored(hub: Hub) -> tuple[int, int, int]:
    """Finished batches, rows, and batches that don't add up."""
    with hub.store(Role.OWNER).begin() as conn:
        found = conn.execute(
            sa.text(
                "SELECT (SELECT count(*) FROM hub.batch WHERE state = 'done'),"
                " (SELECT count(*) FROM data.housing__deeds),"
                " (SELECT count(*) FROM hub.batch WHERE state = 'done' AND (pulled <> accepted + quarantined + held"
                " OR accepted <> new + changed + unchanged + deleted + repeated))"
            )
        ).one()
    return found[0], found[1], found[2]


def test_a_pushed_certificate_is_verifiable(
    processes: Processes, publisher: Publisher, asking: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verdict(processes.address, asking, "粤0000") == "not_covered"
    warm = publisher.wait(publisher.push(DEEDS, publisher.next_sequence(DEEDS), rows_in(tmp_path, "粤0001")), 60)
    assert warm["state"] == "done"
    begun = time.monotonic()
    answer = publisher.push(DEEDS, warm["next_sequence"], rows_in(tmp_path, "粤0002"))
    answered = time.monotonic() - begun
    until(lambda: verdict(processes.address, asking, "粤0002") == "valid", 30)
    with capsys.disabled():
        verified = time.monotonic() - begun
        sys.stdout.write(f"\n1 row: answered after {answered:.2f} s, verified after {verified:.2f} s\n")
    assert publisher.wait(answer, 30)["counts"]["new"] == 1
    cancelled = rows_in(tmp_path, "粤0002", status="cancelled", changed_at="2026-04-01 08:00:00")
    assert publisher.wait(publisher.push(DEEDS, 9, cancelled), 30)["counts"]["changed"] == 1
    assert verdict(processes.address, asking, "粤0002") == "cancelled"


def test_the_command_line_pushes(processes: Processes, publisher: Publisher, key: Key, tmp_path: Path) -> None:
    assert publisher
    pem = tmp_path / "key.pem"
    pem.write_bytes(private_pem(key))
    command = [sys.executable, "-m", "mianzheng", "push", DEEDS, "--json", "--client", "deeds-system"]
    command += ["--key", str(pem), "--hub", processes.address]
    environment = {"HUB_HOME": str(processes.hub.home.path), "PATH": os.environ["PATH"]}

    def push(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )

    done = push(str(rows_in(tmp_path, "粤0001", "粤0002")))
    assert done.returncode == 0, done.stderr
    assert [row["result"] for row in json.loads(done.stdout)["rows"]] == ["accepted", "accepted"]
    refused = push(str(rows_in(tmp_path, "粤0003", status="sold")))
    assert refused.returncode == 1
    assert json.loads(refused.stdout)["rows"][0]["reasons"][0]["rule"] == "status-code_table"
    again = push(str(rows_in(tmp_path, "粤0004")), "--sequence", "1")
    assert again.returncode == 2
    assert "sequence 3" in again.stderr


def private_pem(key: Key) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    assert key.private is not None
    return key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_what_landed_outlives_every_process(processes: Processes, publisher: Publisher, tmp_path: Path) -> None:
    processes.end("worker")
    waiting = publisher.push(DEEDS, 1, rows_in(tmp_path, "粤0001"))
    assert waiting["state"] == "waiting"
    processes.end("web")
    processes.start("web")
    processes.start("worker")
    answer = publisher.wait(waiting, 60)
    assert (answer["state"], answer["counts"]["new"]) == ("done", 1)
    assert publisher.push(DEEDS, 1, rows_in(tmp_path, "粤0001")) == answer


def test_a_worker_that_is_killed_at_any_moment_loses_and_doubles_nothing(
    processes: Processes, publisher: Publisher, tmp_path: Path
) -> None:
    kills, each = 6, 400
    files = [rows_in(tmp_path, *(f"粤{number:02}{row:04}" for row in range(each))) for number in range(1, kills + 1)]
    with ThreadPoolExecutor(1) as sending:
        for number, file in enumerate(files, start=1):
            coming = sending.submit(publisher.push, DEEDS, number, file)
            time.sleep(0.12 * number)
            processes.end("worker")
            processes.start("worker")
            answer = publisher.wait(coming.result(), 90)
            assert (answer["state"], answer["counts"]["new"]) == ("done", each)
    assert stored(processes.hub) == (kills, kills * each, 0)


def test_a_web_process_that_is_killed_while_it_receives_keeps_nothing_half(
    processes: Processes, publisher: Publisher, tmp_path: Path
) -> None:
    large = rows_in(tmp_path, *(f"粤{row:06}" for row in range(100_000)))
    with ThreadPoolExecutor(1) as sending:
        coming = sending.submit(publisher.push, DEEDS, 1, large)
        time.sleep(0.3)
        processes.end("web")
        with pytest.raises(MianzhengError):
            coming.result()
    processes.start("web")
    answer = publisher.wait(publisher.push(DEEDS, 1, large), 120)
    assert (answer["state"], answer["counts"]["new"]) == ("done", 100_000)
    assert stored(processes.hub) == (1, 100_000, 0)


def documented() -> Mapping[str, str]:
    """The README's example: shell commands and the script."""
    section = README.read_text("utf-8").partition("\n## Push")[2]
    return {kind: section.partition(f"```{kind}\n")[2].partition("```")[0] for kind in ("sh", "python")}


def test_the_documented_example_runs_with_python_and_openssl_alone(
    processes: Processes, publisher: Publisher, tmp_path: Path
) -> None:
    assert publisher
    example = documented()
    (tmp_path / "push.py").write_text(example["python"], "utf-8")
    rows = rows_in(tmp_path, "粤0001", "粤0002")
    environment = {"PATH": os.environ["PATH"], "HUB": processes.address}

    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("sh", "-ec", example["sh"])
    jwk = json.loads(run(sys.executable, "-I", "push.py", "jwk"))
    register_publisher(processes.hub.home, "my-system", "housing", "", jwk, by="市数据局", now=clock())
    answer: dict[str, Any] = json.loads(run(sys.executable, "-I", "push.py", DEEDS, "7", rows.name))
    assert (answer["sequence"], answer["next_sequence"]) == (7, 8)
    assert [row["result"] for row in answer["rows"]] == ["accepted", "accepted"]
