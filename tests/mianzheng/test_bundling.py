"""`mianzheng bundle`, as it is typed: a file that an office with only the trust root's fingerprint can verify."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from certificates.bundles import open_bundle
from certificates.offline_command import main
from mianzheng.cli import app
from tests.conftest import Hub

DAYS = 3


def test_a_bundle_from_the_command(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HUB_HOME", str(hub.home.path))
    file = tmp_path / "bundle.json"
    done = CliRunner().invoke(app, ["bundle", "--out", str(file), "--days", str(DAYS), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    bundle = open_bundle(file.read_bytes(), root=told["trust_root"], at=int(datetime.now(UTC).timestamp()) + 60)
    assert bundle.expires - bundle.issued_at == DAYS * 86_400
    assert main(["bundle", str(file), "--root", told["trust_root"]]) == 0
    refused = CliRunner().invoke(app, ["bundle", "--out", str(tmp_path / "no folder" / "x.json")])
    assert refused.exit_code == 2
    assert CliRunner().invoke(app, ["bundle", "--out", str(file), "--days", "8"]).exit_code == 2
