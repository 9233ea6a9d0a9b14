"""The real division lists, taken in as the hub takes them: its conflicts and abolished codes, counted otherwise."""

import csv
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from quality.intake import Intake
from registries.home import Role
from registries.store.tables import conflict
from tests.conftest import Hub

LISTS = Path(__file__).parents[2] / "sample_city" / "divisions"
ABOLISHED = sa.text(
    "SELECT DISTINCT code FROM data.standards_administration__divisions history WHERE NOT EXISTS "
    "(SELECT FROM data.register_geography known WHERE known.subject_key = history.code)"
)
"""Codes that were once given and that no publisher lists any more."""
DROPS = {"civil_affairs": "2026", "statistics_bureau": "2023", "standards_administration": "1980_2019"}


def rows(years: str) -> list[dict[str, str]]:
    with (LISTS / f"divisions_{years}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def loaded(hub: Hub, tmp_path: Path) -> Hub:
    sources = {}
    for department, years in DROPS.items():
        folder = tmp_path / department
        folder.mkdir()
        shutil.copy(LISTS / f"divisions_{years}.csv", folder)
        sources[f"{department}_drop"] = str(folder)
    (hub.home.path / "sources.json").write_text(json.dumps(sources), "utf-8")
    with Intake.open(hub.home, lambda: datetime(2026, 11, 21, tzinfo=UTC)) as intake:
        for department in DROPS:
            assert intake.take_in(f"{department}.divisions").state == "done"
    return hub


def test_conflicts_and_abolished_codes_equal_an_independent_count(loaded: Hub) -> None:
    civil = {row["code"]: row for row in rows("2026") if row["code"].isdigit()}
    counted = [row["code"] for row in rows("2023")]
    statistics = {row["code"]: row for row in rows("2023") if counted.count(row["code"]) == 1}
    history = rows("1980_2019")
    listed = {row["code"]: row["name"] for row in history if not row["first_missing"]}
    expected = {
        (code, column, "statistics_bureau.divisions")
        for code in civil.keys() & statistics.keys()
        for column in ("name", "level", "parent")
        if civil[code][column] and statistics[code][column] and civil[code][column] != statistics[code][column]
    }
    decided = {code: row["name"] for code, row in {**statistics, **civil}.items()}
    expected |= {
        (code, "name", "standards_administration.divisions")
        for code in listed.keys() & decided.keys()
        if listed[code] != decided[code]
    }
    with loaded.store(Role.LOAD).begin() as conn:
        found = conn.execute(sa.select(conflict.c.subject_key, conflict.c.attribute, conflict.c.dataset)).all()
        abolished = set(conn.execute(ABOLISHED).scalars())
    assert {tuple(row) for row in found} == expected
    assert len(expected) > 100
    known = civil.keys() | statistics.keys() | listed.keys()
    assert abolished == {row["code"] for row in history} - known
    assert "440583" in abolished, "澄海市 ended in 2003"
    assert len(abolished) > 500
