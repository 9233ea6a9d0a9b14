"""Rates and times left, against what a person with a stopwatch would say."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mianzheng.progress_measure import WINDOW_SECONDS, Measure, Total
from mianzheng.progress_way import Way
from quality.intake import Step


def test_rate_and_time_left() -> None:
    measure = Measure(0.0, Total(1_000))
    assert (measure.rate(0.0), measure.left(0.0), measure.share) == (None, None, None)
    measure.seen(200, 2.0)
    assert measure.rate(2.0) == pytest.approx(100)
    assert measure.left(2.0) == pytest.approx(8)
    assert measure.left(3.5) == pytest.approx(6.5)  # it counts down between two chunks
    assert measure.share == pytest.approx(0.2)


def test_only_the_last_seconds_count() -> None:
    measure = Measure(0.0, Total(100_000))
    for second in range(1, 61):
        measure.seen(second * 10, float(second))  # a slow minute
    for second in range(61, 73):
        measure.seen(600 + (second - 60) * 1_000, float(second))
    assert measure.rate(72.0) == pytest.approx(1_000)


def test_a_standstill_shows() -> None:
    measure = Measure(0.0, Total(1_000))
    measure.seen(500, 5.0)
    assert measure.rate(100.0) == pytest.approx(5)
    assert measure.left(100.0) == pytest.approx(100)


def test_chunks_that_take_longer_than_the_window() -> None:
    measure = Measure(0.0, Total(1_000))
    for second in (30, 60, 90):
        measure.seen(second * 10, float(second))
    assert measure.rate(90.0) == pytest.approx(10)


def test_a_refuted_guess_is_no_total_any_more() -> None:
    measure = Measure(0.0, Total(100, exact=False))
    measure.seen(100, 1.0)
    assert measure.total == Total(100, exact=False)
    measure.seen(101, 2.0)
    assert (measure.total, measure.share, measure.left(2.0)) == (None, None, None)


@settings(max_examples=200, deadline=None)
@given(
    steps=st.lists(st.tuples(st.floats(0, 30), st.integers(0, 300_000)), max_size=40),
    total=st.none() | st.builds(Total, st.integers(0, 5_000_000), st.booleans()),
    later=st.floats(0, 100),
)
def test_never_negative_and_never_more_than_all(
    steps: list[tuple[float, int]], total: Total | None, later: float
) -> None:
    measure, now, rows = Measure(0.0, total), 0.0, 0
    for seconds, more in steps:
        now, rows = now + seconds, rows + more
        measure.seen(rows, now)
    rate, left = measure.rate(now + later), measure.left(now + later)
    assert rate is None or rate > 0
    assert left is None or left >= 0
    assert measure.share is None or 0 <= measure.share <= 1
    assert later < WINDOW_SECONDS or rate is None or rate <= rows / later  # nothing came since


def told(*words: tuple[Step, int]) -> Way:
    """A dataset of about 900 rows, told a word a second."""
    way = Way("a.b", lambda _: Total(900, exact=False), 0.0)
    for second, (step, rows) in enumerate(words):
        way.told(step, rows, float(second))
    return way


def test_totals_of_the_steps() -> None:
    words = [(Step.OPEN, 0), (Step.PULL, 0), (Step.PULL, 400), (Step.LAND, 1_000), (Step.CHECK, 0), (Step.CHECK, 250)]
    words += [(Step.PART, 1_000), (Step.TAKE_OVER, 990), (Step.TAKE_OVER, 330)]
    looks = [told(*words[: end + 1]).look(float(end)) for end in range(len(words))]
    assert [(look.rows, look.total) for look in looks if look is not None] == [
        (None, None),
        (None, Total(900, exact=False)),
        (400, Total(900, exact=False)),
        (None, Total(1_000)),
        (None, Total(1_000)),
        (250, Total(1_000)),
        (None, Total(1_000)),
        (None, Total(990)),
        (330, Total(990)),
    ]
    assert Way("a.b", lambda _: None, 0.0).look(1.0) is None


def test_the_next_file_of_a_queue_begins_anew() -> None:
    first = [(Step.PULL, 0), (Step.LAND, 50), (Step.CHECK, 50), (Step.TELL, 50)]
    look = told(*first, (Step.PULL, 0), (Step.PULL, 20)).look(6.0)
    assert look is not None
    assert (look.rows, look.total, look.rate) == (20, Total(900, exact=False), pytest.approx(20))
    failed = told((Step.PULL, 0), (Step.PULL, 20), (Step.PULL, 0)).look(5.0)
    assert failed is not None
    assert (failed.rows, failed.elapsed) == (None, pytest.approx(3))


def test_a_resumed_batch_asks_how_many_it_landed() -> None:
    look = told((Step.OPEN, 0), (Step.CHECK, 0), (Step.CHECK, 90)).look(3.0)
    assert look is not None
    assert look.total == Total(900, exact=False)
