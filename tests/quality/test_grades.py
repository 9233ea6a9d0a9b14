"""Grades: exact sums, bands at their very edges, maturity level by level."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.grades import BANDS, Cell, band_of, department_grade, grade_of, mean, median, rank_of
from quality.scores import RuleScore, overall

cells = st.builds(
    lambda dimension, level, checked, share: Cell(dimension, level, checked, checked * share // 100),
    st.sampled_from(["accuracy", "completeness", "timeliness"]),
    st.sampled_from([1, 2, 3]),
    st.integers(0, 10_000),
    st.integers(0, 100),
)


@pytest.mark.parametrize(
    ("failed", "band"),
    [
        *((0, "green"), (1_999, "green"), (2_000, "yellow"), (4_999, "yellow")),
        *((5_000, "orange"), (9_999, "orange"), (10_000, "red"), (100_000, "red")),
    ],
)
def test_a_band_reaches_up_to_its_edge_and_not_a_row_further(failed: int, band: str) -> None:
    assert band_of(Fraction(100_000 - failed, 100_000)) == band


def test_a_mean_that_floats_would_miss_is_exact() -> None:
    thirds = [Cell("accuracy", 1, 10, 1), Cell("completeness", 1, 10, 1), Cell("timeliness", 1, 10, 1)]
    grade = grade_of(thirds)
    assert grade.total == Fraction(9, 10)
    assert grade.band == "red"  # 0.9 exactly: `up to 90` includes it


@pytest.mark.parametrize(
    ("failed", "maturity"), [((0, 0, 0), 3), ((0, 0, 1), 2), ((0, 1, 0), 1), ((1, 0, 0), 0), ((1, 1, 1), 0)]
)
def test_maturity_is_the_highest_level_met_with_all_below(failed: tuple[int, ...], maturity: int) -> None:
    levels = [Cell("accuracy", level, 10, count) for level, count in enumerate(failed, start=1)]
    assert grade_of(levels).maturity == maturity


def test_no_data_is_no_grade_and_no_maturity() -> None:
    empty = grade_of([Cell("accuracy", 1, 0, 0)])
    assert (empty.total, empty.band, empty.maturity, empty.criteria) == (None, None, 0, {})
    assert department_grade([[], []]).total is None


def test_a_department_is_the_mean_of_its_datasets_whatever_their_size() -> None:
    small, large = [Cell("accuracy", 1, 10, 5)], [Cell("accuracy", 1, 1_000_000, 0)]
    grade = department_grade([small, large, []])
    assert grade.total == Fraction(3, 4)
    assert grade.criteria["accuracy"].failed == 5
    assert grade_of([Cell("accuracy", 1, 10, 0, 7)]).beyond_mending == 7


@given(st.lists(cells, max_size=8))
@settings(max_examples=60, deadline=None)
def test_a_grade_agrees_with_the_score_that_answers_show(found: list[Cell]) -> None:
    rules = [
        RuleScore(str(n), "1", one.dimension, "", one.level, one.checked, one.failed) for n, one in enumerate(found)
    ]
    total, shown = grade_of(found).total, overall(rules)
    assert (total is None) == (shown is None)
    if total is not None and shown is not None:
        assert float(total) == pytest.approx(shown)
        assert total <= dict(BANDS)[band_of(total)]


@given(st.lists(st.fractions(0, 1), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_rank_median_and_mean_keep_their_bounds(totals: list[Fraction]) -> None:
    assert rank_of(max(totals), totals) == 1
    assert rank_of(min(totals), totals) <= len(totals)
    middle, average = median(totals), mean(totals)
    assert middle is not None
    assert average is not None
    assert min(totals) <= middle <= max(totals)
    assert min(totals) <= average <= max(totals)
    assert sum(total < middle for total in totals) <= len(totals) / 2
