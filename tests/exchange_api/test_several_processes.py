"""Two processes of the hub on one port and one database: copies of one request get one answer, whoever is killed."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from mianzheng.embedded_postgres import free_port
from mianzheng.processes import Children
from mianzheng.supervisor import child_environment, wait_until_live
from registries.home import Role
from tests.exchange_api.conftest import Asking, Certificates, Clock, Hub, signed_content

COPIES = 50
NUMBER = "440500000000001"


class RealTime(Clock):
    """The processes' own time."""

    def __call__(self) -> datetime:
        return datetime.now(UTC)


@pytest.fixture
def clock() -> Clock:
    return RealTime()


@pytest.fixture
def address(hub: Hub, certificates: Certificates) -> Iterator[tuple[str, Children]]:
    """Where both processes listen."""
    certificates.add(NUMBER)
    port = free_port()
    children = Children(_logs(hub), child_environment(hub.home))
    try:
        for name in ("web", "web-2"):
            children.start(name, "-m", "mianzheng", "serve", "--port", str(port), "--shared")
        wait_until_live(children, hub.home, f"http://127.0.0.1:{port}")
        _wait_for_both(port)
        yield f"http://127.0.0.1:{port}", children
    finally:
        children.stop()


def test_fifty_copies_of_one_request_get_one_answer_across_a_restart(
    address: tuple[str, Children], asking: Asking, hub: Hub
) -> None:
    url, children = address
    token = asking.token(url, asking.question(NUMBER))
    first = copies(url, token)
    assert len(first) == 1
    assert next(iter(first))[0] == 200
    kill_one(children)
    children.revive()
    wait_until_live(children, hub.home, url)
    assert {status for status, _ in copies(url, token)} == {200}
    assert copies(url, token) == first  # byte for byte what was signed first
    with hub.store(Role.OWNER).begin() as conn:
        assert conn.execute(sa.text("SELECT count(*) FROM hub.ledger_entry WHERE kind = 'answer'")).scalar() == 1


def test_killed_in_the_middle_nothing_is_answered_twice(
    address: tuple[str, Children], asking: Asking, hub: Hub
) -> None:
    url, children = address
    tokens = [asking.token(url, asking.question(NUMBER)) for _ in range(COPIES)]
    with ThreadPoolExecutor(COPIES) as pool:
        asked = [pool.submit(_until_answered, url, token) for token in tokens for _ in range(2)]
        kill_one(children)
        children.revive()
        receipts = [one.result() for one in asked]
    assert receipts[::2] == receipts[1::2]
    assert len(set(receipts)) == COPIES
    with hub.store(Role.OWNER).begin() as conn:
        assert conn.execute(sa.text("SELECT count(*) FROM hub.ledger_entry WHERE kind = 'answer'")).scalar() == COPIES


def copies(url: str, token: str) -> set[tuple[int, str]]:
    """Status and what was signed, of as many copies as are sent at once, each over a connection of its own."""
    with ThreadPoolExecutor(COPIES) as pool:
        answered = list(pool.map(lambda _: _send(url, token), range(COPIES)))
    return {(one.status_code, signed_content(one.json()["receipt"])) for one in answered}


def kill_one(children: Children) -> None:
    """End the first process at once, as a crash does."""
    process = children._children[0].process
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def _send(url: str, token: str) -> httpx.Response:
    headers = {"content-type": "application/jwt"}
    return httpx.post(f"{url}/v1/verifications", content=token, headers=headers, timeout=60, trust_env=False)


def _until_answered(url: str, token: str) -> str:
    """The receipt, as a client gets it that sends the same request again when a connection breaks."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            answer = _send(url, token)
        except httpx.TransportError:
            time.sleep(0.05)
            continue
        if answer.status_code == 200:
            return signed_content(answer.json()["receipt"])
        assert answer.status_code == 503, answer.text
    raise TimeoutError


def _logs(hub: Hub) -> Path:
    hub.home.logs.mkdir(parents=True, exist_ok=True)
    return hub.home.logs


def _wait_for_both(port: int) -> None:
    """Until Linux shows two sockets that listen on the port."""
    wanted = f":{port:04X} "
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        lines = Path("/proc/net/tcp").read_text().splitlines()
        if sum(wanted in line.split("00000000:0000", maxsplit=1)[0] for line in lines if " 0A " in line) == 2:
            return
        time.sleep(0.1)
    raise TimeoutError
