"""The scripted year's data: every month's truth follows from how each department behaves."""

from collections import Counter
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from sample_city import year
from sample_city.city import City
from sample_city.drops import folder_of
from sample_city.errors import NoCityError, YearOverError
from sample_city.scripts import IGNORES, MENDS_ALL, MENDS_HALF, MONTHS, Conduct, month_after
from sample_city.year_events import EVENTS, IN_BUSINESS, STATE

SEED = 2016
PEOPLE = 2000


def kinds(planted: Counter[year.Planted], dataset: str) -> Counter[str]:
    """How many keys of each kind."""
    return Counter(kind for name, _, kind in planted if name == dataset)


@pytest.mark.parametrize("conduct", [MENDS_ALL, MENDS_HALF, IGNORES])
def test_what_is_mended_stays_mended_and_what_comes_is_new(conduct: Conduct) -> None:
    windows = [conduct.window(month) for month in range(MONTHS)]
    for month, (first, end) in enumerate(windows[1:], 1):
        before = conduct.window(month - 1, afterwards=True)
        assert (first, end) == (before[0], before[1] + conduct.a_month)


def test_half_is_mended_each_month_and_nothing_by_who_ignores_it() -> None:
    sizes = [
        [end - first for first, end in (MENDS_HALF.window(month), MENDS_HALF.window(month, afterwards=True))]
        for month in range(MONTHS)
    ]
    assert sizes == [[4, 2]] * MONTHS
    assert [IGNORES.window(month) for month in (0, MONTHS - 1)] == [(0, 2), (0, 13)]
    assert MENDS_ALL.window(3) == (6, 8)


def test_months_follow_one_another_over_the_year_s_end() -> None:
    days = [month_after(date(2025, 12, 5), month) for month in range(MONTHS)]
    assert (days[0], days[1], days[-1]) == (date(2025, 12, 5), date(2026, 1, 5), date(2026, 11, 5))


def test_a_year_passes(city_database: str, tmp_path: Path) -> None:
    """Twelve deliveries: the same defects as the conduct says, and each event in its month and no other."""
    city = tmp_path / "city"
    with pytest.raises(NoCityError):
        year.clerk_mends(city)
    year.begin(city, city_database, PEOPLE, SEED)
    truths, mended = [year.truth_of(city, 0)], []
    for month in range(MONTHS):
        if month:
            year.next_month(city, city_database)
            truths.append(year.truth_of(city, month))
        year.clerk_mends(city)
        mended.append(year.truth_of(city, month, mended=True))
    with pytest.raises(YearOverError):
        year.next_month(city, city_database)
    the_clerk(truths, mended)
    who_ignores(truths)
    the_others(truths)
    the_events(city)


def the_clerk(truths: list[Counter[year.Planted]], mended: list[Counter[year.Planted]]) -> None:
    name = "transport.driver_permits"
    for month in range(MONTHS):
        before, after = (kinds(found[month], name) for found in (truths, mended))
        assert all(count == 4 for count in before.values())
        assert all(count == 2 for count in after.values())
        assert before.keys() == after.keys() == set(City(PEOPLE, SEED, year.FIRST_DAY).driver_permits.plan.kinds)
        assert {one for one in mended[month] if one[0] == name} <= set(truths[month])


def who_ignores(truths: list[Counter[year.Planted]]) -> None:
    for month, truth in enumerate(truths):
        assert set(kinds(truth, "human_resources.qualifications").values()) == {2 + month}
    conflicts = [{key for name, key, kind in truth if kind == "name_disagrees"} for truth in truths]
    assert all(before <= after for before, after in pairwise(conflicts))


def the_others(truths: list[Counter[year.Planted]]) -> None:
    for name in ("public_security.residents", "natural_resources.real_estate_certificates"):
        for before, after in pairwise(truths):
            assert not {one for one in before if one[0] == name} & {one for one in after if one[0] == name}


def the_events(city: Path) -> None:
    months = {event: month_after(year.FIRST_DAY, month) for event, (month, _) in EVENTS.items()}
    enterprises = {path.name: path for path in folder_of(city, "market_regulation").glob("enterprises_*.csv")}
    assert len(enterprises) == MONTHS
    drifted = [name for name, path in enterprises.items() if IN_BUSINESS not in path.read_text("gb18030")]
    assert STATE in next(iter(enterprises.values())).read_text("gb18030")
    assert drifted == [f"enterprises_{months['drift']:%Y%m%d}.csv"]
    births = sorted(path.name for path in (city / "sftp" / "health").glob("birth_certificates_*.csv"))
    assert len(births) == MONTHS - 1
    assert f"birth_certificates_{months['late']:%Y%m%d}.csv" not in births
    workbooks = list(folder_of(city, "transport").glob("driver_permits_*.xlsx"))
    assert len(workbooks) == 2 * MONTHS
    lists = sorted(path.name for path in folder_of(city, "statistics_bureau").glob("divisions_*.csv"))
    assert lists == ["divisions_2023.csv", "divisions_2026.csv"]
    header = (folder_of(city, "statistics_bureau") / "divisions_2026.csv").read_text("utf-8").splitlines()[0]
    assert header == "code,name,level,parent"
