"""The commands for integrators as they are used: a sandbox, the acceptance of a client, an agent beside a system."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from mianzheng.errors import MianzhengError
from mianzheng.integrating import AgentSettings, client_key, run_agent
from mianzheng.terminal import clock
from registries.home import HubHome

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "mianzheng", *arguments]


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "HUB_HOME": str(home)}


def ran(home: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command(*arguments), cwd=ROOT, env=environment(home), capture_output=True, check=False)


@contextmanager
def running(home: Path, port: int, *arguments: str) -> Iterator[str]:
    """A command that serves, until it answers; ended by SIGTERM, and well."""
    serving = command(*arguments, "--port", str(port))
    with subprocess.Popen(serving, cwd=ROOT, env=environment(home), stdout=subprocess.DEVNULL) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline and process.poll() is None:
                try:
                    httpx.get(address + "/", timeout=5)
                    break
                except httpx.TransportError:
                    time.sleep(0.05)
            yield address
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0


def test_a_sandbox_accepts_a_client_and_an_agent_asks_it(tmp_path: Path) -> None:
    home, page = tmp_path / "home", tmp_path / "report.html"
    with running(home, free_port(), "sandbox") as sandbox:
        report = json.loads(ran(home, "conform", sandbox, "--sandbox", "--json", "--out", str(page)).stdout)
        assert report["passed"] is True
        assert "every-verdict" in page.read_text(encoding="utf-8")
        question = httpx.get(sandbox + "/sandbox/numbers").json()["tries"][0]["question"]
        with running(home, free_port(), "agent", sandbox, "--sandbox") as agent:
            token = (home / "secrets" / "agent_access_token").read_text(encoding="utf-8").strip()
            data = {
                "certTypeCode": question["certificate_type"],
                "certNo": question["certificate_number"],
                "holderName": question["holder_name"],
                "holderCode": question["holder_code"],
                "holderTypeCode": question["holder_code_type"],
                "useCause": "联调",
                "itemCode": "SANDBOX",
                "businessCode": "SBX-1",
            }
            call = {"head": {"accessId": "agent", "accessToken": token}, "data": data}
            answer = httpx.post(agent + "/verifyCertInfo", json=call, timeout=30).json()
            assert (answer["head"]["status"], answer["data"]["certState"]) == (0, "valid")
    failed = ran(home, "conform", sandbox, "--sandbox")
    assert failed.returncode == 2
    assert "沙箱".encode() in failed.stderr


def test_an_agent_listens_where_nobody_else_comes(tmp_path: Path) -> None:
    settings = AgentSettings("https://hub.example", "hall-1", host="0.0.0.0")  # noqa: S104 - which is refused
    with pytest.raises(MianzhengError, match="loopback"):
        run_agent(HubHome(tmp_path), settings, clock)


def test_a_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    file = tmp_path / "client.pem"
    with pytest.raises(MianzhengError, match="can't be read"):
        client_key(file)
    file.write_text("no key")
    file.chmod(0o644)
    with pytest.raises(MianzhengError, match="chmod 600"):
        client_key(file)
