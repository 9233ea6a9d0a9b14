"""Defects slide through their lanes, one kind a row; queues strike each once."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sample_city.draws import Shuffle
from sample_city.lanes import CLEAN, DefectPlan, Queue

RATES = (("a", 0.004), ("b", 0.002), ("c", 0.005))


@given(st.integers(60, 4000), st.integers(0, 80))
def test_rows_struck_are_the_rows_found_struck(rows: int, day: int) -> None:
    plan = DefectPlan.of(rows, RATES, key=9)
    kinds = plan.kinds_of(np.arange(rows), day)
    for kind in range(len(RATES)):
        assert sorted(plan.struck(kind, day)) == np.flatnonzero(kinds == kind).tolist()


@given(st.integers(60, 4000), st.integers(1, 80))
def test_changed_are_those_whose_kind_differs_from_yesterday(rows: int, day: int) -> None:
    plan, index = DefectPlan.of(rows, RATES, key=9), np.arange(rows)
    before, after = plan.kinds_of(index, day - 1), plan.kinds_of(index, day)
    assert sorted(plan.changed(day)) == np.flatnonzero(before != after).tolist()
    assert (before != after).any()


def test_small_cities_have_a_handful_of_each_and_later_rows_are_clean() -> None:
    plan = DefectPlan.of(166, RATES, key=1)
    kinds = plan.kinds_of(np.arange(200), 0)
    assert [int((kinds == kind).sum()) for kind in range(3)] == [5, 5, 5]
    assert (kinds[166:] == CLEAN).all()


def test_a_queue_strikes_everybody_once() -> None:
    queue = Queue(Shuffle(4, 10), 3)
    days = [queue.on(day).tolist() for day in range(1, 6)]
    assert sorted(itertools.chain(*days)) == list(range(10))
    assert [queue.day_of(np.array(struck)).tolist() for struck in days[:2]] == [[1, 1, 1], [2, 2, 2]]
