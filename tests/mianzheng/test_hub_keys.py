"""The operator's commands about keys, as they are typed: each on the hub's own folder."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result
from typer.testing import CliRunner

from certificates.checkpoints import Checkpoint, sign_checkpoint
from certificates.key_states import IN_FILE
from certificates.keys import KeyPurpose, KeyRing
from certificates.trust_root import same_fingerprint, verify_key_set
from mianzheng.cli import app
from registries.errors import HomeError
from registries.home import HubHome, Role
from registries.hub_keys import open_keys
from registries.store import ledger
from registries.store.ledger import NewEntry
from tests.conftest import Hub
from tests.time_authority import TimeAuthority

Run = Callable[..., Result]
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> HubHome:
    """A hub's folder with nothing in it yet."""
    monkeypatch.setenv("HUB_HOME", str(tmp_path))
    made = HubHome(tmp_path)
    made.prepare()
    return made


def run(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["keys", *arguments])
    assert done.exit_code == 0, done.output
    return done.output


def states(purpose: str) -> list[dict[str, Any]]:
    return [state for state in json.loads(run("list", "--json")) if state["purpose"] == purpose]


def test_a_key_is_prepared_and_rotated(home: HubHome) -> None:
    assert home.keys.exists()
    (first,) = states("receipt")
    kid = json.loads(run("prepare", "--json"))["kid"]
    assert [state["status"] for state in states("receipt")] == ["active", "coming"]
    assert kid in run("rotate", "receipt")
    assert [(state["kid"], state["status"]) for state in states("receipt")] == [
        (first["kid"], "verify_only"),
        (kid, "active"),
    ]
    assert "verify_only" in run("list")


def test_a_stolen_key_is_replaced_and_dated(home: HubHome) -> None:
    assert home.keys.exists()
    (first,) = states("receipt")
    new = json.loads(run("compromise", first["kid"], "--since", "2026-01-02", "--json"))["kid"]
    stolen, active = states("receipt")
    assert (stolen["status"], active["kid"]) == ("compromised", new)
    assert datetime.fromtimestamp(stolen["compromised_since"], UTC) == datetime(2026, 1, 1, 16, tzinfo=UTC)
    run("compromise", first["kid"], "--since", "2026-01-01T08:00:00+0800")
    assert states("receipt")[0]["compromised_since"] == int(NOW.timestamp())
    assert "stolen since 2026-01-01" in run("list")


def test_what_cannot_be_stolen_is_explained(home: HubHome) -> None:
    assert home.keys.exists()
    done = CliRunner().invoke(app, ["keys", "compromise", "nobody", "--since", "2026-01-01"])
    assert done.exit_code == 2
    assert "keys list" in done.output
    ahead = CliRunner().invoke(app, ["keys", "compromise", states("status")[0]["kid"], "--since", "2999-01-01"])
    assert ahead.exit_code == 2
    assert "lies ahead" in ahead.output


def test_the_fingerprint_is_the_published_one(home: HubHome) -> None:
    shown = run("fingerprint").strip()
    jwks = open_keys(home, NOW).jwks()
    assert verify_key_set(jwks, shown)
    assert same_fingerprint(json.loads(run("fingerprint", "--json"))["fingerprint"], shown)


def test_alarms_are_listed(home: HubHome) -> None:
    open_keys(home, datetime(2020, 1, 1, tzinfo=UTC))
    assert "overdue" in run("list")
    run("rotate", "receipt")
    assert "The key for receipts" not in run("list")


def test_settings_of_keys(tmp_path: Path) -> None:
    def ring(folder: str, **environment: str) -> KeyRing:
        home = HubHome(tmp_path / folder, environment)
        home.prepare()
        return open_keys(home, NOW)

    (expiry,) = {state.expires_at for state in ring("days", HUB_KEY_DAYS="30").states() if state.purpose != "root"}
    assert expiry == int(NOW.timestamp()) + 30 * 86_400
    for wrong in ({"HUB_KEY_DAYS": "soon"}, {"HUB_KEY_DAYS": "0"}, {"HUB_PKCS11_MODULE": "/x.so"}):
        with pytest.raises(HomeError):
            ring("wrong", **wrong)
    assert {state.place for state in ring("plain").states()} == {IN_FILE}


def test_a_stamp_by_hand(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`mianzheng ledger stamp`, for whoever runs no scheduler."""
    monkeypatch.setenv("HUB_HOME", str(hub.home.path))
    none = CliRunner().invoke(app, ["ledger", "stamp"])
    assert none.exit_code == 2
    assert "HUB_TSA_URL" in none.output
    authority = TimeAuthority.found(tmp_path)
    with authority.serving() as url:
        monkeypatch.setenv("HUB_TSA_URL", url)
        monkeypatch.setenv("HUB_TSA_CERTIFICATE", str(authority.folder / "root.pem"))
        assert json.loads(CliRunner().invoke(app, ["ledger", "stamp", "--json"]).output) is None
        with hub.store(Role.API).begin() as conn:
            ledger.append(
                conn, [NewEntry("answer", "client", "jti", sha256(b"body").digest(), b"body", bytes(32))], NOW
            )
            head = ledger.sequence(conn)
            note = sign_checkpoint(
                Checkpoint("hub.example/ledger", head.size, head.root),
                open_keys(hub.home, NOW).active(KeyPurpose.CHECKPOINT),
            )
            ledger.keep_checkpoint(conn, head.size, head.root, note, NOW)
        assert json.loads(CliRunner().invoke(app, ["ledger", "stamp", "--json"]).output)["size"] == 1
    assert CliRunner().invoke(app, ["ledger", "check"]).exit_code == 0
    ring = open_keys(hub.home, NOW)
    ring.compromise(ring.active(KeyPurpose.CHECKPOINT).kid, NOW, NOW)
    assert CliRunner().invoke(app, ["ledger", "check"]).exit_code == 0  # the ledger itself was not touched
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(sa.text("ALTER TABLE hub.time_stamp DISABLE TRIGGER USER"))
        conn.execute(sa.text("UPDATE hub.time_stamp SET at = at + interval '1 second'"))
    changed = CliRunner().invoke(app, ["ledger", "check"])
    assert changed.exit_code == 1
    assert "#0: the time stamp" in changed.output
