"""The offline verifier takes documents and packages, by their commands and by what they look like."""

import json
from pathlib import Path

import pytest

from certificates.documents.making import make_document
from certificates.evidence.recognising import recognise
from certificates.offline_command import GENUINE, REFUSED, main
from tests.certificates.documents.made_receipts import NOW, MadeHub


@pytest.fixture
def keys(made_hub: MadeHub, tmp_path: Path) -> Path:
    file = tmp_path / "keys.jwks"
    file.write_text(json.dumps(made_hub.ring.jwks()))
    return file


@pytest.mark.parametrize("kind", ["pdf", "ofd"])
def test_a_copy_is_verified_until_it_expires(
    made_hub: MadeHub, keys: Path, tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / f"copy.{kind}"
    file.write_bytes(made_hub.copy(kind, made_hub.evidence()))
    assert main(["document", str(file), "--keys", str(keys)], now=NOW) == GENUINE
    shown = capsys.readouterr().out
    assert "加注件 / marked copy" in shown
    assert "办理食品经营许可" in shown
    assert main(["verify", str(file), "--keys", str(keys), "--at", "2026-04-02T00:00:00Z"]) == REFUSED
    assert "加注件已过有效期" in capsys.readouterr().out


def test_a_package_is_verified(
    made_hub: MadeHub, keys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "case.zip"
    file.write_bytes(made_hub.package(made_hub.evidence()))
    assert main(["package", str(file), "--keys", str(keys), "--json"], now=NOW) == GENUINE
    assert json.loads(capsys.readouterr().out)["case"] == "ST-2026-0001"


def test_each_kind_is_recognised(made_hub: MadeHub) -> None:
    evidence = made_hub.evidence()
    kinds = {
        "pdf": recognise(make_document(evidence, "pdf")),
        "ofd": recognise(make_document(evidence, "ofd")),
        "zip": recognise(made_hub.package(evidence)),
        "scan": recognise(b"%PDF-1.4\n% of a scanner"),
    }
    assert kinds == {"pdf": "document", "ofd": "document", "zip": "package", "scan": "code"}
