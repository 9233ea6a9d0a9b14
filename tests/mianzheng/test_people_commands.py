"""Accounts and clients from the command line: the first administrator, and proving a key where a system runs."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from typer.testing import CliRunner

from certificates.jose import ES256, key_from_jwk, new_key
from certificates.key_proofs import check_key_proof
from mianzheng.cli import app
from mianzheng.errors import MianzhengError
from mianzheng.settings import Settings
from mianzheng.terminal import clock
from tests.conftest import Hub


def run(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == code, result.output
    return result.output


def test_the_first_administrator_is_made_here(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_HOME", str(hub.home.path))
    words = ("--name", "李明", "--department", "data_administration", "--role", "hub_administrator", "--json")
    made = json.loads(run("account", "add", "li", *words))
    assert made["login"] == "li"
    assert len(made["first_password"]) == 23
    listed = json.loads(run("account", "list", "--json"))
    assert [(one["login"], one["roles"]) for one in listed] == [("li", ["hub_administrator"])]
    assert "李明" not in run("account", "list")
    run("account", "add", "li", *words, code=2)
    run("account", "close", "li", code=2)  # the last one
    run("account", "password", "nobody", code=2)


def test_a_key_is_proved_where_the_system_runs(tmp_path: Path) -> None:
    key, file = new_key(ES256), tmp_path / "key.pem"
    file.write_bytes(key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    words = ("--key", str(file), "--hub", "https://hub.example/", "--challenge", "c" * 43, "--json")
    told = json.loads(run("client", "prove", "approval-1", *words))
    place = {"client": "approval-1", "audience": "https://hub.example", "now": clock()}
    assert check_key_proof(told["proof"], key_from_jwk(told["jwk"]), **place) == "c" * 43
    assert "d" not in told["jwk"]


def test_roles_that_need_codes_are_roles(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "auditor" in Settings().second_factor_roles()
    monkeypatch.setenv("HUB_SECOND_FACTOR_FOR", "")
    assert Settings().second_factor_roles() == frozenset()
    monkeypatch.setenv("HUB_SECOND_FACTOR_FOR", "auditor, king")
    with pytest.raises(MianzhengError):
        Settings().second_factor_roles()
