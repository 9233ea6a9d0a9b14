"""The offline verifier takes documents and packages, by their commands and by what they look like."""

import json
from pathlib import Path

import pytest

from certificates.documents.making import make_document
from certificates.evidence.recognising import recognise
from certificates.offline_command import GENUINE, REFUSED, main
from tests.certificates.documents.made_receipts import NOW, MadeHub
from tests.certificates.test_offline_alone import alone, run

__all__ = ["alone"]  # a fixture


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


def test_they_are_verified_with_two_packages_alone(
    made_hub: MadeHub,
    keys: Path,
    tmp_path: Path,
    alone: Path,
) -> None:
    """Everything but the look of a plain document's pages, which is told as open."""
    evidence = made_hub.evidence()
    files = {
        "copy.pdf": made_hub.copy("pdf", evidence),
        "plain.ofd": make_document(evidence, "ofd"),
        "case.zip": made_hub.package(evidence),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    commands = [["verify", str(tmp_path / name), "--keys", str(keys), "--json"] for name in files]
    results, loaded = run(alone, [[*words, "--at", NOW.isoformat()] for words in commands])
    assert [status for status, _ in results] == [GENUINE] * 3
    open_points = [{point["point"] for point in report["not_established"]} for _, report in results]  # type: ignore[attr-defined,index] # JSON
    assert ["pages" in points for points in open_points] == [False, True, False]
    assert not {"fontTools", "segno", "yaml", "PIL"} & set(loaded)
