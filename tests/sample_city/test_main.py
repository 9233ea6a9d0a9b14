"""The sample city's command line, as a person runs it."""

import json
import subprocess
import sys
from pathlib import Path


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sample_city", *words], capture_output=True, text=True, encoding="utf-8", check=False
    )


def test_build_then_a_day(tmp_path: Path, city_database: str) -> None:
    where = ("--home", str(tmp_path), "--database-url", city_database)
    built = run("build", *where, "--people", "500", "--seed", "2", "--day", "2026-06-30", "--json")
    assert json.loads(built.stdout)["people"] == 500
    passed = run("next-day", *where, "--json")
    assert json.loads(passed.stdout)["day"] == "2026-07-01"
    again = run("build", *where, "--people", "500", "--seed", "2", "--day", "2026-06-30")
    assert again.stdout.startswith("未改动 unchanged: 503 人 people")


def test_mistakes_are_explained_in_both_languages(tmp_path: Path) -> None:
    tiny = run("build", "--home", str(tmp_path), "--database-url", "postgresql://127.0.0.1:1/x", "--people", "3")
    assert tiny.returncode == 1
    assert "请换一个数" in tiny.stderr
    assert "choose a number" in tiny.stderr
    down = run("next-day", "--home", str(tmp_path), "--database-url", "postgresql://127.0.0.1:1/x")
    assert "build first" in down.stderr
