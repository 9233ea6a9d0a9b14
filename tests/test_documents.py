"""What the documents claim: every file they name is there, every command and target too."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mianzheng.cli import app

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("README.md", "TRACE.md", "SECURITY.md", "DECISIONS.md")
FILE = re.compile(r"`([a-z_]+/[\w./-]*)`")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_is_named_exists(document: str) -> None:
    named = {name for name in FILE.findall((ROOT / document).read_text()) if not name.startswith("hub-home")}
    missing = sorted(name for name in named if not (ROOT / name).exists())
    assert not missing


def test_every_core_row_of_the_requirements_is_traced() -> None:
    rows = [line for line in (ROOT / "TRACE.md").read_text().splitlines() if re.match(r"\| \d+ \|", line)]
    assert [int(row.split("|")[1]) for row in rows] == list(range(1, len(rows) + 1))
    for row in rows:
        assert "tests/" in row or "open" in row, row


def test_every_command_in_the_readme_exists() -> None:
    listed = re.search(r"lists them: ([^.]+)\.", (ROOT / "README.md").read_text().replace("\n", " "))
    assert listed is not None
    for command in re.findall(r"`([a-z ]+)`", listed[1]):
        shown = CliRunner().invoke(app, [*command.split(), "--help"])
        assert shown.exit_code == 0
        assert "--json" in shown.stdout


def test_every_make_target_in_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"make ([a-z]+)", (ROOT / "README.md").read_text())) <= targets
