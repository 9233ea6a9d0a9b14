"""The real division lists, taken in by the hub: conflicts, their cases, abolished codes, counted otherwise."""

import csv
import json
import shutil
from collections import Counter
from dataclasses import dataclass
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


OPEN_CASES = sa.text(
    """
    SELECT c.dataset, c.department, c.attribute, c.against, r.subject_digest
      FROM hub."case" c JOIN hub.case_row r ON r.case_number = c.number
     WHERE c.cause = 'conflict' AND c.kind = 'verification' AND c.register = 'geography'
       AND c.state = 'open' AND r.state = 'open'
    """
)
DIGEST = sa.text(
    """
    SELECT code, hub.digest(hub.digest_key('key'), ARRAY['register_geography', code])
      FROM unnest(CAST(:codes AS text[])) code
    """
)
CIVIL, STATISTICS, STANDARDS = (f"{name}.divisions" for name in DROPS)


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


@dataclass(frozen=True)
class Lists:
    """The three lists as their publishers give them, read without the hub."""

    counted: list[dict[str, str]]

    @property
    def civil(self) -> dict[str, dict[str, str]]:
        return {row["code"]: row for row in rows("2026") if row["code"].isdigit()}

    @property
    def statistics(self) -> dict[str, dict[str, str]]:
        codes = Counter(row["code"] for row in self.counted)
        return {row["code"]: row for row in self.counted if codes[row["code"]] == 1}

    @property
    def listed(self) -> dict[str, str]:
        return {row["code"]: row["name"] for row in rows("1980_2019") if not row["first_missing"]}

    def conflicts(self) -> set[tuple[str, str, str, str]]:
        """Dataset, attribute, the department that decides, and code."""
        civil, statistics, listed = self.civil, self.statistics, self.listed
        found = {
            (STATISTICS, column, "civil_affairs", code)
            for code in civil.keys() & statistics.keys()
            for column in ("name", "level", "parent")
            if civil[code][column] and statistics[code][column] and civil[code][column] != statistics[code][column]
        }
        deciding = {code: ("statistics_bureau", row["name"]) for code, row in statistics.items()}
        deciding |= {code: ("civil_affairs", row["name"]) for code, row in civil.items()}
        return found | {
            (STANDARDS, "name", deciding[code][0], code)
            for code in listed.keys() & deciding.keys()
            if listed[code] != deciding[code][1]
        }


def told_by_cases(hub: Hub, lists: Lists) -> set[tuple[str, str, str, str]]:
    """The open cases' rows, by code again; each case names both departments."""
    codes = [row["code"] for row in lists.counted] + list(lists.civil) + list(lists.listed)
    with hub.store(Role.OWNER).begin() as conn:
        known = {digest: code for code, digest in conn.execute(DIGEST, {"codes": codes})}
        open_rows = conn.execute(OPEN_CASES).all()
    assert {department for _, department, *_ in open_rows} <= {"statistics_bureau", "standards_administration"}
    return {(dataset, attribute, against, known[digest]) for dataset, _, attribute, against, digest in open_rows}


def newer(lists: Lists) -> list[dict[str, str]]:
    """The statistics' list of a later year, which has what civil affairs says of the codes that both have."""
    civil = lists.civil
    names = ("code", "name", "level", "parent")
    return [{name: civil.get(row["code"], row)[name] or row[name] for name in names} for row in lists.counted]


def test_open_cases_are_the_true_conflicts_and_close_with_the_newer_list(loaded: Hub, tmp_path: Path) -> None:
    before = Lists(rows("2023"))
    assert told_by_cases(loaded, before) == before.conflicts()
    after = Lists(newer(before))
    with (tmp_path / "statistics_bureau" / "divisions_2026.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ("code", "name", "level", "parent"))
        writer.writeheader()
        writer.writerows(after.counted)
    with Intake.open(loaded.home, lambda: datetime(2026, 11, 22, tzinfo=UTC)) as intake:
        assert intake.take_in(STATISTICS).state == "done"
    assert told_by_cases(loaded, after) == after.conflicts()
    settled = before.conflicts() - after.conflicts()
    assert len(settled) > 50
    assert {dataset for dataset, *_ in after.conflicts()} == {STANDARDS}, "the statistics agree now"


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
