"""The server as a process of its own: it comes up, answers, and ends cleanly when told to."""

import signal
import subprocess
import sys
import time

import httpx
import pytest

from tests.exchange_api.conftest import Certificates, Hub, listening

SERVE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from exchange_api.parts import ApiSettings
from exchange_api.server import serve
from registries.home import HubHome
home, port = HubHome(Path(sys.argv[1])), int(sys.argv[2])
serve(home, "127.0.0.1", port, lambda: datetime.now(UTC), ApiSettings(issuer=f"http://127.0.0.1:{port}"))
print("closed")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_and_ends_by_a_signal(hub: Hub, certificates: Certificates, number: signal.Signals) -> None:
    assert certificates
    with listening() as (_, url):
        port = url.rpartition(":")[2]
    command = [sys.executable, "-c", SERVE, str(hub.home.path), port]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        wait_for(f"{url}/health/ready", process)
        httpx.get(f"{url}/v1/nothing?number=440500000000001")
        process.send_signal(number)
        out, log = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, out) == (0, "closed\n"), log
    assert '"route": "/health/ready"' in log
    assert "440500000000001" not in log


def wait_for(place: str, process: subprocess.Popen[str]) -> None:
    """Until the place answers 200; fails at once if the process has ended."""
    for _ in range(600):
        assert process.poll() is None, process.communicate()[1]
        try:
            if httpx.get(place).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    pytest.fail("the server did not come up")
