"""Working days: the announced holidays, shifted days, and an operator's own years."""

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registries.home import HubHome
from registries.working_days import FILE, CalendarRefused, shipped, working_days

DAYS = st.dates(dt.date(2025, 1, 1), dt.date(2026, 12, 31))


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("from_day", "count", "due"),
    [
        ("2026-03-02", 10, "2026-03-16"),  # two ordinary weeks
        ("2026-02-13", 1, "2026-02-14"),  # a Saturday that is worked
        ("2026-02-14", 1, "2026-02-24"),  # over 春节
        ("2026-02-13", 10, "2026-03-05"),  # and Saturday 28 February is worked, too
        ("2025-12-31", 1, "2026-01-04"),  # over 元旦 to a Sunday that is worked
        ("2025-09-26", 10, "2025-10-16"),  # 28 to 30 September, 9 to 11 and 13 to 16 October
        ("2027-10-01", 1, "2027-10-04"),  # not announced: Monday to Friday
    ],
)
def test_due_days(from_day: str, count: int, due: str) -> None:
    assert shipped().after(day(from_day), count) == day(due)


def test_the_years_have_as_many_days_off_as_was_announced() -> None:
    days = shipped()
    assert [sum(one.year == year for one in days.off) for year in (2025, 2026)] == [28, 33]
    assert all(one.weekday() >= 5 for one in days.on)
    assert not set(days.off) & days.on


@given(DAYS, st.integers(0, 30))
def test_what_comes_after_lies_so_many_days_between(start: dt.date, count: int) -> None:
    days = shipped()
    end = days.after(start, count)
    assert days.between(start, end) == count
    assert days.between(end, start) == -count
    assert count == 0 or days.is_working(end)


def test_an_operators_years_replace_the_shipped_ones(tmp_path: Path) -> None:
    home = HubHome(tmp_path)
    assert working_days(home) is shipped()
    own = "2026:\n  holidays: [[2026-03-03, 2026-03-03, 建城日]]\n2027:\n  worked: [2027-01-02]\n"
    (tmp_path / FILE).write_text(own, "utf-8")
    days = working_days(home)
    assert not days.is_working(day("2026-03-03"))
    assert days.is_working(day("2026-10-01"))
    assert not days.is_working(day("2025-10-01"))
    assert days.is_working(day("2027-01-02"))
    assert days.years == {2025, 2026, 2027}


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "2026: []",
        "2026: {holidays: [[2026-01-01, 2025-12-31, 元旦]]}",
        "2026: {holidays: [[2026-01-01]]}",
        "2026: {worked: [2025-01-04]}",
        "2026: {worked: 2026-01-04}",
        "2026: {holiday: []}",
        "2026: {holidays: [[2026-01-01, 2026-12-31, 元旦]]}",
        "x: {",
    ],
)
def test_a_calendar_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text, "utf-8")
    with pytest.raises(CalendarRefused):
        working_days(HubHome(tmp_path))
