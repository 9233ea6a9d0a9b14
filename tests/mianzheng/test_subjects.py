"""The commands `subject join`, `list` and `separate`, on a real store."""

import json
from typing import Protocol

import pytest
from typer.testing import CliRunner

from mianzheng.cli import app
from registries.home import HubHome

WRONG, RIGHT = "110105194912310021", "11010519491231002X"


class Hub(Protocol):
    """What these tests need of the fixture `hub`."""

    home: HubHome


def run(hub: Hub, monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, str]:
    monkeypatch.setenv("HUB_HOME", str(hub.home.path))
    done = CliRunner().invoke(app, ["subject", *words])
    return done.exit_code, done.output


def test_a_join_is_listed_masked_and_separated(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    code, said = run(hub, monkeypatch, "join", WRONG, "110105 491231002", "--reason", "户籍档案更正", "--json")
    assert (code, json.loads(said)) == (0, {"join": 1})
    _, shown = run(hub, monkeypatch, "list", "--json")
    (join,) = json.loads(shown)["joins"]
    assert (join["former_key"], join["present_key"]) == ("1101**********0021", "1101**********002X")
    assert (join["reason"], join["joined_by"], join["separated_at"]) == ("户籍档案更正", "command line", None)
    assert run(hub, monkeypatch, "separate", "1", "--reason", "误合并")[0] == 0
    assert "误合并" in run(hub, monkeypatch, "list")[1]


@pytest.mark.parametrize(
    "words",
    [
        ("join", WRONG, RIGHT),  # no reason
        ("join", RIGHT, WRONG, "--reason", "x"),
        ("join", WRONG, RIGHT, "--reason", "x", "--register", "certificates"),
        ("join", "x", "--proposal", "--reason", "x"),
        ("join", "9", "--proposal", "--reason", "x"),
        ("separate", "9", "--reason", "x"),
    ],
)
def test_what_can_not_be_is_explained(hub: Hub, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
    code, said = run(hub, monkeypatch, *words)
    assert code == 2
    assert WRONG not in said
    assert RIGHT not in said


def test_erasing_is_looked_at_first_and_refused_with_the_reason(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    code, said = run(hub, monkeypatch, "erase", RIGHT, "--dry-run", "--json")
    told = json.loads(said)
    assert (code, told["dry_run"], [each["what"] for each in told["refusals"]]) == (0, True, ["nothing"])
    for words in (("--reason", "x"), ("--ground", "x"), ("--register", "x"), ("--dataset", "x", "--reason", "x")):
        code, said = run(hub, monkeypatch, "erase", RIGHT, *words)
        assert code == 2
        assert RIGHT not in said


def test_nothing_held_is_told_as_such(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    code, said = run(hub, monkeypatch, "export", RIGHT, "--json")
    assert (code, json.loads(said)["held"]) == (0, [])
    assert run(hub, monkeypatch, "export", "x", "--register", "certificates")[0] == 2
    assert run(hub, monkeypatch, "withhold", "9")[0] == 2
