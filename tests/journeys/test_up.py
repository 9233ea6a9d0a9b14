"""The README's first command as someone new runs it: everything comes up, proves itself, and goes away again."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest

from mianzheng.embedded_postgres import Cluster, closed_to
from registries.home import HubHome
from tests.conftest import OWNER, PASSWORD, short_lived_folder

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journey"), pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
ALONE = Path(__file__).with_name("alone.py")
PEOPLE = "1000"
STORE_FOLDERS = {"postgres", "landed", "spill", "out", "sample_city", "binaries"}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    place = short_lived_folder()
    yield place
    shutil.rmtree(place)


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Only what a fresh shell has, with temporary files in a folder that the test can search."""
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    temporary.chmod(0o1777)
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    settings = {"HUB_HOME": str(folder / "hub"), "HUB_SAMPLE_PEOPLE": PEOPLE, "HUB_PORT": "0", "HUB_DAGSTER_PORT": "0"}
    return kept | settings | {"TMPDIR": str(temporary), "HOME": str(temporary), "PYTHONDONTWRITEBYTECODE": "1"} | more


def up_once(folder: Path, user: str | None = None, before: Sequence[str] = (), **settings: str) -> dict[str, Any]:
    """`mianzheng up --once --json`; fails with everything that was printed."""
    identity = {"user": user, "group": "nogroup", "extra_groups": []} if user else {}
    done = subprocess.run(
        [*before, sys.executable, "-m", "mianzheng", "up", "--once", "--json"],
        cwd=ROOT, env=environment(folder, **settings), capture_output=True, text=True, check=False, timeout=600,
        **identity,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr + logs(folder)
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def logs(folder: Path) -> str:
    return "\n".join(f"--- {file.name}\n{file.read_text()}" for file in (folder / "hub" / "logs").glob("*.log"))


def assert_proved(report: dict[str, Any]) -> None:
    verdicts = [(one["expected"], one["verdict"]) for one in report["asked"]]
    assert [expected for expected, _ in verdicts] == ["valid", "revoked_penalty", "pending_check", *["valid"] * 5]
    assert all(expected == verdict for expected, verdict in verdicts)
    assert [one["dataset"] for one in report["sources"] if not one["up"]] == []
    assert {one["how"] for one in report["sources"]} == {"pulled", "pushed", "asked live"}
    assert all(one["accepted"] for one in report["sources"] if one["how"] == "pushed")
    assert all(one["genuine"] for one in report["asked"])
    assert report["conserved"]
    assert report["ledger_faults"] == 0


@pytest.fixture(scope="module")
def first(folder: Path) -> dict[str, Any]:
    """The first cycle, without any network but loopback where the tests may cut it off."""
    return up_once(folder, before=cut_off(folder))


def cut_off(folder: Path) -> list[str]:
    """What to put before a command so that it runs alone; nothing where that is not allowed."""
    alone = ["unshare", "--net", sys.executable, str(ALONE), str(folder / "left")]
    allowed = subprocess.run([*alone, "true"], capture_output=True, check=False).returncode == 0
    return alone if allowed else []


@pytest.mark.usefixtures("first")
def test_nothing_is_sent_out(folder: Path) -> None:
    if not cut_off(folder / "hub"):
        pytest.skip("network namespaces need root here")
    assert (folder / "left").read_text() == "0"


def test_one_cycle_verifies_its_numbers_and_receipts(first: dict[str, Any]) -> None:
    assert_proved(first)
    assert first["rows"] > int(PEOPLE)


def test_a_second_start_loads_only_what_changed(folder: Path, first: dict[str, Any]) -> None:
    again = up_once(folder)
    assert_proved(again)
    assert again["rows"] == 0
    assert again["ledger_size"] == first["ledger_size"] + len(first["asked"])


def test_nothing_listens_beyond_loopback_and_departments_end_with_a_killed_hub(
    folder: Path, first: dict[str, Any]
) -> None:
    del first
    hub = subprocess.Popen(
        [sys.executable, "-m", "mianzheng", "up"],
        cwd=ROOT, env=environment(folder), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        wait_for(hub, "Ctrl-C")
        mine = [number for number, values in running() if f"HUB_HOME={folder / 'hub'}" in values]
        assert len(mine) >= 6  # four departments, web and worker
        assert {place.rsplit(":", 1)[0] for place in listening(mine)} == {"127.0.0.1"}
    finally:
        hub.kill()
        hub.communicate()
    deadline = time.monotonic() + 30
    while (left := [number for number in mine if Path(f"/proc/{number}").exists()]) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert left == []


def running() -> Iterator[tuple[int, str]]:
    """Number and environment of each process of this machine."""
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            yield int(entry.parent.name), entry.read_bytes().decode(errors="replace")
        except OSError:
            continue


def listening(processes: Sequence[int]) -> set[str]:
    """The addresses on which these processes listen for TCP, as `127.0.0.1:80` or `[::]:80`."""
    sockets = set()
    for number in processes:
        for link in Path(f"/proc/{number}/fd").iterdir():
            with contextlib.suppress(OSError):
                sockets.add(str(link.readlink()).removeprefix("socket:[").removesuffix("]"))
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and words[9] in sockets:
                address, port = words[1].split(":")
                readable = socket.inet_ntoa(bytes.fromhex(address)[::-1]) if table == "tcp" else "[::]"
                found.add(f"{readable}:{int(port, 16)}")
    return found


@pytest.mark.usefixtures("first")
def test_no_personal_data_outside_the_store(folder: Path) -> None:
    names, numbers = people(folder / "hub")
    secrets = {file.name: file.read_bytes() for file in (folder / "hub" / "secrets").iterdir()}
    assert len(secrets) >= 8
    assert len(numbers) > int(PEOPLE) * 0.9
    searched = 0
    for file in outside_the_store(folder):
        content = file.read_bytes()
        searched += len(content)
        found = {match.decode() for match in re.findall(rb"(?<!\d)\d{17}[\dX](?!\d)", content)} & numbers
        assert not found, f"{file} holds {len(found)} citizen numbers"
        if file.parent.name != "secrets" and file.name != "sources.json":
            assert not [name for name, value in secrets.items() if value in content], file
        for encoding in ("utf-8", "gb18030"):
            shown = [name for name in names if name.encode(encoding) in content]
            assert not shown, f"{file} holds {len(shown)} names"
    assert searched > 0


def outside_the_store(folder: Path) -> Iterator[Path]:
    for file in folder.rglob("*"):
        inside = file.relative_to(folder).parts
        if file.is_file() and not (inside[0] == "hub" and inside[1] in STORE_FOLDERS):
            yield file


def people(home: Path) -> tuple[set[str], set[str]]:
    """Names of three characters and citizen numbers, as the department's own system has them."""
    password = HubHome(home).secret("password_sample_city")
    city = Cluster(home / "sample_city" / "postgres", binaries=home / "binaries")
    city.start(password)
    try:
        with psycopg.connect(city.url("public_security", password, "public_security")) as connection:
            rows = connection.execute("SELECT name, citizen_number FROM residents").fetchall()
    finally:
        city.stop()
    return {name for name, _ in rows if name and len(name) > 2}, {number for _, number in rows if number}


def test_ctrl_c_stops_everything(folder: Path, first: dict[str, Any]) -> None:
    del first
    hub = subprocess.Popen(
        [sys.executable, "-m", "mianzheng", "up"],
        cwd=ROOT, env=environment(folder), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        output = wait_for(hub, "Ctrl-C")
        port = int(re.findall(r"http://127\.0\.0\.1:(\d+)", output)[0])
        hub.send_signal(signal.SIGINT)
        rest, _ = hub.communicate(timeout=60)
    finally:
        hub.kill()
    assert hub.returncode == 0, output + rest
    assert "Traceback" not in output + rest
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert not list((folder / "hub").rglob("postmaster.pid"))
    assert not [line for line in processes() if str(folder) in line]


def wait_for(process: subprocess.Popen[str], text: str) -> str:
    """Everything printed up to and with the line that has `text`."""
    assert process.stdout is not None
    deadline = time.monotonic() + 400
    output = ""
    while text not in output and time.monotonic() < deadline and (line := process.stdout.readline()):
        output += line
    assert text in output, output
    return output


def processes() -> list[str]:
    """What runs on this machine, with the environment variable that names the hub's folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            found.append(entry.read_bytes().decode(errors="replace"))
        except OSError:
            continue
    return found


def test_another_server(cluster: Cluster, folder: Path) -> None:
    """A server of its own: roles belong to a whole server, and setting a hub up gives them new passwords."""
    place = folder / "elsewhere"
    place.mkdir(mode=0o711)
    server = Cluster(place / "server", binaries=cluster.folder / "binaries")
    server.start(PASSWORD)
    try:
        server.create_database("elsewhere", OWNER, PASSWORD, PASSWORD)
        assert_proved(up_once(place, HUB_DATABASE_URL=server.url(OWNER, PASSWORD, "elsewhere")))
        assert not (place / "hub" / "postgres").exists()
    finally:
        server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="the tests themselves run as an ordinary user: all others show it")
def test_as_an_ordinary_user(folder: Path) -> None:
    if closed_to("nobody", ROOT) or closed_to("nobody", Path(sys.executable).resolve().parent):
        pytest.skip("user nobody can't read this checkout")
    place = folder / "ordinary"
    place.mkdir()
    shutil.chown(place, "nobody", "nogroup")
    assert_proved(up_once(place, user="nobody"))
