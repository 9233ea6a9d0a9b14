"""The operator's side of watches: commands, the process that posts and survives being killed, the worker's look."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from mianzheng.cli import app
from mianzheng.posting_loop import poster_start
from mianzheng.processes import Children
from registries.home import Role
from registries.store import clients, grants
from registries.webhook_hosts import FILE
from tests.exchange_api.conftest import Hub
from tests.hooks import Hook, Reply, hooks

RUNNER = CliRunner()
WATCH = "0" * 32

# A watch on a certificate that is there, as `hub.open_watches` makes it; how it is opened is shown elsewhere.
MADE = """
    INSERT INTO hub.watch (id, client_id, grant_id, certificate_type, purpose, service_item, case_number, webhook, host,
                           until, state, opened_at)
    SELECT :id, 'approval-1', g.id, '11100000MB0143028R001', '审批', 'item', 'case-1', CAST(:webhook AS text),
           CAST(:host AS text), '2099-01-01', 'open', now() FROM hub.grant_right g;
"""
SUBJECT = """
    INSERT INTO hub.watch_subject (watch_id, match_digest, number_digest, seen_digest, seen_status, seen_checking,
                                   seen_disputed)
    VALUES (:id, '\\x01', '\\x01', '\\x02', 'valid', false, false)
"""


def run(hub: Hub, *words: str, code: int = 0) -> dict:
    done = RUNNER.invoke(app, ["watches", *words, "--json"], env={"HUB_HOME": str(hub.home.path)})
    assert done.exit_code == code, done.output
    return json.loads(done.stdout) if code == 0 else {}


@pytest.fixture
def hook() -> Iterator[Hook]:
    with hooks() as running:
        yield running


@pytest.fixture
def authority(hook: Hook, tmp_path: Path) -> str:
    file = tmp_path / "authority.pem"
    file.write_text(hook.authority)
    return str(file)


def watch(hub: Hub, hook: Hook, watch_id: str) -> None:
    """A watch whose certificate has just gone: the next look tells so."""
    with hub.store(Role.OWNER).begin() as conn:
        if clients.client_with_keys(conn, "approval-1") is None:
            clients.add_client(conn, "approval-1", "office", "审批系统")
            grants.add_grant(conn, "office", "verification", "审批", "me", date(2020, 1, 1))
        conn.execute(sa.text(MADE), {"id": watch_id, "webhook": hook.url, "host": f"approval.test:{hook.port}"})
        conn.execute(sa.text(SUBJECT), {"id": watch_id})


def test_hosts_are_allowed_and_forbidden(hub: Hub, hook: Hook, authority: str) -> None:
    assert run(hub, "hosts") == []
    name = f"approval.test:{hook.port}"
    allowed = run(hub, "allow", name, "--address", "127.0.0.1", "--client", "approval-1", "--authority", authority)
    assert (allowed["addresses"], allowed["clients"]) == (["127.0.0.1"], ["approval-1"])
    assert [one["host"] for one in run(hub, "hosts")] == ["approval.test"]
    run(hub, "allow", "localhost", code=2)  # what resolves to an internal address has to be written down
    for words in (["forbid", name], ["hosts"]):
        assert RUNNER.invoke(app, ["watches", *words], env={"HUB_HOME": str(hub.home.path)}).exit_code == 0
    assert RUNNER.invoke(app, ["watches", "forbid", name], env={"HUB_HOME": str(hub.home.path)}).exit_code == 2


def test_an_operator_sees_what_did_not_arrive_and_sends_it_again(hub: Hub, hook: Hook, authority: str) -> None:
    run(hub, "allow", f"approval.test:{hook.port}", "--address", "127.0.0.1", "--authority", authority)
    watch(hub, hook, WATCH)
    assert run(hub, "look") == {"told": 1}
    hook.behaviour = lambda _: Reply(410)
    assert run(hub, "post") == {"sent": 0, "again": 0, "dead": 1}
    found = run(hub, "deliveries")
    assert found["counts"] == {"waiting": 0, "sent": 0, "dead": 1, "dropped": 0}
    assert [(one["fault"], one["event"]["changed"]) for one in found["deliveries"]] == [("gone", ["gone"])]
    hook.behaviour = lambda _: Reply()
    assert run(hub, "resend", "--client", "approval-1") == {"again": 1}
    assert run(hub, "post") == {"sent": 1, "again": 0, "dead": 0}
    assert [one["state"] for one in run(hub, "list", "--client", "approval-1")] == ["open"]
    assert run(hub, "end", WATCH, "--client", "approval-1") == {"ended": WATCH}
    run(hub, "end", WATCH, "--client", "approval-1", code=2)
    for words in (["list", "--client", "approval-1"], ["deliveries", "--state", "sent"], ["look"], ["post"]):
        assert RUNNER.invoke(app, ["watches", *words], env={"HUB_HOME": str(hub.home.path)}).exit_code == 0


def test_the_process_that_posts_is_killed_in_the_middle_and_another_finishes(
    hub: Hub, hook: Hook, authority: str
) -> None:
    run(hub, "allow", f"approval.test:{hook.port}", "--address", "127.0.0.1", "--authority", authority)
    for number in range(3):
        watch(hub, hook, f"{number:032}")
    assert run(hub, "look") == {"told": 3}
    hook.behaviour = lambda _: Reply(drip=0.2)  # it is being posted for a while
    environment = {**os.environ, "HUB_HOME": str(hub.home.path)}
    command = [sys.executable, "-m", "mianzheng", "watches", "post", "--stay"]
    process = subprocess.Popen(command, env=environment)
    until = time.monotonic() + 120
    while not hook.came and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    hook.behaviour = lambda _: Reply()
    first = len(hook.came)
    assert run(hub, "post") == {"sent": 0, "again": 0, "dead": 0}  # who died still has them
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(sa.text("UPDATE hub.watch_delivery SET lease_until = now() WHERE state = 'waiting'"))
    assert run(hub, "post")["sent"] == 3
    events = [json.loads(came.body)["event"] for came in hook.came]
    assert first >= 1
    assert len(set(events)) == 3
    assert len(events) == first + 3


def test_the_process_starts_when_a_host_is_allowed(hub: Hub, tmp_path: Path) -> None:
    children = Children(tmp_path, {**os.environ, "HUB_HOME": str(tmp_path)})
    start = poster_start(hub.home, children)
    try:
        assert [start.look(), start.look()] == [False, False]
        (hub.home.path / FILE).write_text("[]")
        assert [start.look(), start.look()] == [True, False]
    finally:
        children.stop()
