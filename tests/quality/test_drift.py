"""Volume and distribution beside a dataset's own history: what is ordinary is never found, what changed is."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.drift import LEAST_HISTORY, shift, volume, with_missing

FIRST = dt.date(2026, 1, 5)  # a Monday
SCORE, SNAPSHOT, CHANGES, LEAST = 6.0, 0.1, 0.5, 0.15


def monthly(*rows: int) -> list[tuple[dt.date, int]]:
    return [(FIRST + dt.timedelta(days=30 * place), size) for place, size in enumerate(rows)]


def snapshot_drifts(*rows: int) -> bool | None:
    *before, now = monthly(*rows)
    found = volume(before, now, trend=True)
    return None if found is None else found.drifted(SCORE, SNAPSHOT)


def test_too_little_history_says_nothing() -> None:
    assert snapshot_drifts(*[1000] * LEAST_HISTORY) is None
    assert snapshot_drifts(*[1000] * (LEAST_HISTORY + 1)) is False
    assert shift([{"a": 50}] * (LEAST_HISTORY - 1), {"b": 50}, LEAST) is None
    assert volume(monthly(3, 3, 3, 3, 3), (FIRST, 9), trend=True) is None, "few rows say nothing"


@pytest.mark.parametrize("last", [600, 1500, 0, 3000])
def test_a_snapshot_that_shrinks_or_grows_suddenly_drifts(last: int) -> None:
    assert snapshot_drifts(1000, 1003, 1001, 1005, 1002, 1004, last) is True


def test_what_grows_steadily_may_go_on_growing_and_standing_still_is_the_drift() -> None:
    sizes = [round(1000 * 1.2**place) for place in range(9)]
    assert snapshot_drifts(*sizes) is False
    assert snapshot_drifts(*sizes[:-1], sizes[3]) is True


def test_one_odd_batch_in_the_history_sways_nothing() -> None:
    assert snapshot_drifts(1000, 1003, 20, 1005, 1002, 1004, 1001) is False
    assert snapshot_drifts(1000, 1003, 20, 1005, 1002, 1004, 600) is True


def test_change_sets_are_compared_with_those_of_their_weekday() -> None:
    days = [FIRST + dt.timedelta(days=place) for place in range(49)]
    sizes = [(day, 40 if day.weekday() >= 5 else 2_000) for day in days]
    monday, saturday = dt.date(2026, 2, 23), dt.date(2026, 2, 28)
    for day, rows, drifted in (
        (monday, 2_100, False),
        (monday, 60, True),
        (saturday, 45, False),
        (saturday, 900, True),
    ):
        found = volume(sizes, (day, rows), trend=False)
        assert found is not None
        assert found.drifted(SCORE, CHANGES) is drifted, (day, rows)


@given(st.integers(0, 2**32 - 1), st.integers(200, 100_000), st.floats(0.0, 0.03))
@settings(max_examples=60, deadline=None)
def test_ordinary_months_never_drift(seed: int, rows: int, noise: float) -> None:
    draw = np.random.default_rng(seed)
    sizes = (rows * (1 + draw.normal(0, noise, 13).clip(-2 * noise, 2 * noise))).round().astype(int)
    assert snapshot_drifts(*sizes.tolist()) is False


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(30, 20_000))
@settings(max_examples=60, deadline=None)
def test_samples_of_one_population_never_drift(seed: int, cells: int, rows: int) -> None:
    draw = np.random.default_rng(seed)
    shares = draw.dirichlet(np.ones(cells))
    *before, now = (
        {str(cell): int(times) for cell, times in enumerate(draw.multinomial(rows, shares))} for _ in range(13)
    )
    found = shift(before, now, LEAST)
    assert found is not None
    assert not found.drifted


def test_other_shares_new_codes_and_missing_values_drift() -> None:
    before = [with_missing({"1": 900 + place, "2": 100 - place}, 1000, 0) for place in range(8)]
    for now in (
        with_missing({"1": 600, "2": 400}, 1000, 0),
        with_missing({"1": 850, "2": 90, "?": 60}, 1000, 0),
        with_missing({"1": 820, "2": 100}, 1000, 80),
    ):
        found = shift(before, now, LEAST)
        assert found is not None
        assert found.drifted
        assert 0 < found.bound < found.distance <= 1


def test_a_column_without_codes_is_judged_by_what_is_missing() -> None:
    before = [with_missing(None, 1000, 10 + place) for place in range(6)]
    usual, empty = (shift(before, with_missing(None, 1000, nulls), LEAST) for nulls in (14, 300))
    assert usual is not None
    assert empty is not None
    assert (usual.drifted, empty.drifted) == (False, True)


def test_a_column_that_is_always_the_same_is_no_drift() -> None:
    found = shift([{"1": 100}] * 6, {"1": 200}, LEAST)
    assert found is not None
    assert (found.distance, found.drifted) == (0.0, False)
