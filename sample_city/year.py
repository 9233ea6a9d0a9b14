"""The scripted year: twelve monthly deliveries of one city, in which each department behaves in its own way.

    begin(Path("city"), "postgresql://...", people=2000, seed=1)      # the delivery of 2025-12-05
    clerk_mends(Path("city"))                                         # transport's workbook again, a week later
    next_month(Path("city"), "postgresql://...")                      # the delivery of 2026-01-05; eleven times

What stands wrong is kept for each month in `year/truth_<month>.jsonl`, and `_mended` once the clerk has been there; who
behaves how stands in `sample_city.scripts`, and what happens once in `sample_city.year_events`. Human resources'
exchange table stands in the residents' database.
"""

import json
import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

from sample_city.build import CityReport, build, next_day
from sample_city.city import City, found
from sample_city.deliveries import write_workbooks
from sample_city.errors import NoCityError, YearOverError
from sample_city.holdings import Holding
from sample_city.scripts import MONTHS
from sample_city.truth import FILE, Truth

FIRST_DAY = date(2025, 12, 5)
WITHIN = timedelta(days=7)  # the clerk needs a week
FOLDER = "year"
ON_PAPER = 4  # for so many of human resources' certificates one more that is on paper alone
Planted = tuple[str, str, str]
"""Dataset, key and kind."""


def begin(home: Path, database_url: str, people: int, seed: int, first_day: date = FIRST_DAY) -> CityReport:
    """Build the city of the year's first delivery; errors as `build` raises them."""
    report = build(home, database_url, people, seed, first_day, year=True)
    _keep_truth(home, 0)
    return report


def next_month(home: Path, database_url: str) -> CityReport:
    """The next month's delivery: what was mended by then is mended, and something else is wrong.

    Raises:
        NoCityError: no year was begun in `home`.
        YearOverError: all twelve months have been delivered.
    """
    city = _city(home)
    if city.days + 1 >= MONTHS:
        raise YearOverError(MONTHS)
    report = next_day(home, database_url)
    _keep_truth(home, city.days + 1)
    return report


def clerk_mends(home: Path) -> date:
    """Transport's clerk has mended half of his drivers' rows and hands that workbook in again; the day of it.

    Raises:
        NoCityError: no year was begun in `home`.
    """
    city = _city(home)
    day, mended = city.day + WITHIN, afterwards(city.driver_permits)
    with Truth(home) as truth:
        truth.copy(_truth_file(home, city.days), but={mended.dataset})
        write_workbooks(home, day, [mended], city.days, truth)
    _keep_truth(home, city.days, "_mended")
    return day


def afterwards(holding: Holding) -> Holding:
    """The same certificates once the clerk has mended his share of the month's."""
    return replace(holding, script=replace(holding.script, afterwards=True) if holding.script else None)


def issued(home: Path) -> Mapping[tuple[str, int], int]:
    """What departments would declare at the year's end: dataset and year of issue -> certificates issued in it.

    Human resources says more than its table holds: one in five it still issues on paper alone.

    Raises:
        NoCityError: no year was begun in `home`.
    """
    city, told = _city(home), dict[tuple[str, int], int]()
    for holding, column in ((city.driver_permits, "发证日期"), (city.operation_permits, "发证日期"),
                            (city.marriages, "registeredOn"), (city.qualifications, "issued_on")):  # fmt: skip
        years = Counter[int]()
        for rows in holding.snapshot(city.days):
            keys, days = rows[holding.key[0]].to_pylist(), rows[column].to_pylist()
            years.update(int(day[:4]) for day in dict(zip(keys, days, strict=True)).values())
        on_paper = holding.dataset == city.qualifications.dataset
        for year in (city.day.year - 1, city.day.year):
            told[holding.dataset, year] = years[year] + (years[year] // ON_PAPER if on_paper else 0)
    return told


def truth_of(home: Path, month: int, *, mended: bool = False) -> Counter[Planted]:
    """What stands wrong after a month's delivery, or after the clerk has mended, and how many rows of each key."""
    lines = _truth_file(home, month, "_mended" if mended else "").read_text(encoding="utf-8").splitlines()
    return Counter((line["dataset"], line["key"], line["kind"]) for line in map(json.loads, lines))


def delivered_at(city: City) -> datetime:
    """When the month's deliveries are there: at nine in the morning of the city's day."""
    return datetime.combine(city.day, datetime.min.time()).replace(hour=9)


def _city(home: Path) -> City:
    city = found(home)
    if city is None or not city.year:
        raise NoCityError
    return city


def _truth_file(home: Path, month: int, more: str = "") -> Path:
    return home / FOLDER / f"truth_{month:02d}{more}.jsonl"


def _keep_truth(home: Path, month: int, more: str = "") -> None:
    path = _truth_file(home, month, more)
    path.parent.mkdir(exist_ok=True)
    shutil.copyfile(home / FILE, path)
