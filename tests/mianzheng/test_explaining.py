"""The command `explain`, on a store that two divisions' lists were really taken into."""

import json
import shutil
from typing import Any, Protocol

import pytest
from typer.testing import CliRunner

from mianzheng.cli import app
from registries.departments import BUILT_IN
from registries.home import HubHome
from tests.registries.store.random_histories import NUMBERS

LONGHU = "440507"


class Hub(Protocol):
    """What these tests need of the fixture `hub`."""

    home: HubHome


@pytest.fixture
def run(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401 - a function of any words
    """Runs a command on this hub: exit code and what it said."""
    monkeypatch.setenv("HUB_HOME", str(hub.home.path))

    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, list(words))
        return done.exit_code, done.output

    return run


@pytest.fixture
def loaded(run: Any, hub: Hub) -> Any:  # noqa: ANN401 - as above
    """The same, with two lists of divisions taken in that call one district otherwise."""
    for department, file in (("civil_affairs", "divisions_2026.csv"), ("statistics_bureau", "divisions_2023.csv")):
        source = BUILT_IN / department / "samples" / file
        copy = hub.home.path / file
        shutil.copy(source, copy)
        if department == "statistics_bureau":
            copy.write_text(copy.read_text("utf-8").replace("龙湖区", "龙湖旧区"), "utf-8")
        code, said = run("load", str(copy), "--dataset", f"{department}.divisions", "--json")
        assert code == 0, said
    return run


def test_a_value_is_traced_to_its_row(loaded: Any) -> None:  # noqa: ANN401 - as above
    code, said = loaded("explain", LONGHU, "name", "--register", "geography", "--json")
    assert code == 0, said
    found = json.loads(said)
    (decision,) = found["decisions"]
    assert decision["said"]["dataset"] == "civil_affairs.divisions"
    assert [(other["dataset"], other["agrees"]) for other in decision["others"]] == [
        ("statistics_bureau.divisions", False)
    ]
    places = {place["dataset"]: (place["state"], place["row_numbers"]) for place in found["places"]}
    assert places == {"civil_affairs.divisions": ("found", [3]), "statistics_bureau.divisions": ("found", [3])}
    batch = found["batches"][str(decision["said"]["batch"])]
    assert (batch["department"], batch["deliverer"]) == ("civil_affairs", "command line")
    assert "龙湖" not in said  # nobody asked for values
    assert "龙湖旧区" in loaded("explain", LONGHU, "--register", "geography", "--values")[1]


def test_lines_for_people_say_when_the_file_is_gone(loaded: Any, hub: Hub) -> None:  # noqa: ANN401 - as above
    code, said = loaded("explain", LONGHU, "--register", "geography", "--as-of", "2024-01-31")
    assert code == 0, said
    for told in ("第 1 数源", "第 3 行", "不一致", "契约未写明有效期", "本次查看已记入存证日志,编号 1"):
        assert told in said
    for file in hub.home.landed.glob("*.parquet"):
        file.unlink()
    assert "文件已不在 expired" in loaded("explain", LONGHU, "--register", "geography")[1]
    code, said = loaded("explain", LONGHU, "--register", "geography", "--known-at", "2020-01-01T08:00")
    assert code == 1
    assert "此时基础库中没有该主体" in said


@pytest.mark.parametrize(
    "words",
    [
        ("440507",),  # no register has such keys that can be told by their form
        (NUMBERS[1], "--register", "nowhere"),
        (NUMBERS[1], "height"),
        (NUMBERS[1], "--as-of", "yesterday"),
        (NUMBERS[1], "--known-at", "noon"),
    ],
)
def test_what_can_not_be_asked_is_explained(run: Any, words: tuple[str, ...]) -> None:  # noqa: ANN401 - as above
    code, said = run("explain", *words)
    assert code == 2
    assert "Error:" in said
    assert NUMBERS[1] not in said


def test_a_key_tells_its_register(run: Any) -> None:  # noqa: ANN401 - as above
    code, said = run("explain", NUMBERS[1].lower(), "--json")
    assert code == 1
    assert json.loads(said)["register"] == "population"
    assert NUMBERS[1] not in said
