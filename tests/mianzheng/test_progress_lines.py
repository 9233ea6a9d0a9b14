"""Lines as wide as they may be, in cells of a terminal, whatever it takes ambiguous characters for."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mianzheng.progress_lines import bar_line, clock_time, plain_line, short
from mianzheng.progress_measure import Total
from mianzheng.progress_way import STEPS, Look, Work
from quality.intake import Step

HALF = Look("public_security.residents", STEPS["check"], 4_300_000, Total(10_000_000), 0.43, 312_000.0, 18.0, 25.0)
GUESS = Look(HALF.name, STEPS["pull"], 4_300_000, Total(10_000_000, exact=False), 0.43, 312_000.0, 18.0, 25.0)
COUNT = Look(HALF.name, STEPS["pull"], 4_300_000, None, None, 312_000.0, None, 25.0)
SILENT = Look(HALF.name, STEPS["take_over"], None, Total(10_000_000), None, None, None, 3_725.0)


def cells(line: str) -> int:
    """By the standard's table, ambiguous characters as Chinese terminals take them: two cells."""
    return sum(2 if unicodedata.east_asian_width(character) in "WFA" else 1 for character in line)


def words(line: str) -> str:
    """Without the bar and with one blank between two words."""
    return " ".join(line.replace("╍", "").replace("╌", "").split())


def test_every_step_has_its_words() -> None:
    assert list(STEPS) == [step.value for step in Step]
    assert [work.place for work in STEPS.values()] == [f"{number}/{len(Step)}" for number in range(1, len(Step) + 1)]


def test_a_wide_line() -> None:
    line = bar_line(HALF, "3/17", 160).plain
    assert line.startswith("3/17  public_security.residents  检查 check 4/7  ╍")
    assert line.endswith("43%   4,300,000 / 10,000,000 行 rows    312,000/s  剩余 left  0:18")
    assert (line.count("╍"), line.count("╌")) == (13, 19)


def test_eighty_columns_keep_both_languages() -> None:
    line = bar_line(HALF, "3/17", 79).plain
    assert words(line) == "residents 检查 check 4/7 43% 4.30M/10.0M 312k/s 剩余 left 0:18"
    assert cells(line) == 79


def test_narrow_lines_say_the_most_important() -> None:
    assert words(bar_line(HALF, "3/17", 40).plain) == "residents 检查 4/7 43% 剩余 0:18"
    assert words(bar_line(HALF, "3/17", 16).plain) == "检查 4/7 43%"
    assert bar_line(HALF, "3/17", 5).plain == "检查"
    assert bar_line(HALF, "3/17", 1).plain == ""


def test_a_guess_says_that_it_is_one() -> None:
    assert "4,300,000 / 约10,000,000" in bar_line(GUESS, "", 160).plain
    assert "约 43%" in bar_line(GUESS, "", 40).plain


def test_no_bar_without_a_total() -> None:
    for look in (COUNT, SILENT):
        assert not {"╍", "╌", "%"} & set(bar_line(look, "", 160).plain)
    assert bar_line(COUNT, "", 160).plain.endswith("4,300,000 行 rows    312,000/s  已用 elapsed  0:25")
    assert bar_line(SILENT, "", 160).plain.endswith("10,000,000 行 rows  已用 elapsed 1:02:05")


def test_plain_lines() -> None:
    assert plain_line(HALF, "3/17") == (
        "3/17  public_security.residents  检查 check 4/7  43%  "
        "4,300,000 / 10,000,000 行 rows  312,000/s  剩余 left 0:18"
    )
    assert plain_line(SILENT, "") == (
        "public_security.residents  入库 take over 6/7  10,000,000 行 rows  已用 elapsed 1:02:05"
    )


def test_a_work_that_is_no_step() -> None:
    look = Look("", Work("生成居民", "residents"), 500, Total(1_000), 0.5, 100.0, 5.0, 5.0)
    assert words(bar_line(look, "", 120).plain) == "生成居民 residents 50% 500 / 1,000 行 rows 100/s 剩余 left 0:05"


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (950, "950"), (1_000, "1.00k"), (12_345, "12.3k"), (312_000, "312k"), (4_300_000, "4.30M")],
)
def test_short_numbers(number: int, text: str) -> None:
    assert short(number) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.9, "0:00"), (65, "1:05"), (7_209, "2:00:09")])
def test_times(seconds: float, text: str) -> None:
    assert clock_time(seconds) == text


@settings(max_examples=300, deadline=None)
@given(
    look=st.builds(
        Look,
        name=st.sampled_from(["a.b", "disabled_persons_federation.disability_certificates", "城市.人口"]),
        work=st.sampled_from(list(STEPS.values())),
        rows=st.none() | st.integers(0, 10**8),
        total=st.none() | st.builds(Total, st.integers(0, 10**8), st.booleans()),
        share=st.none() | st.floats(0, 1),
        rate=st.none() | st.floats(0.01, 10**7),
        left=st.none() | st.floats(0, 10**6),
        elapsed=st.floats(0, 10**6),
    ),
    width=st.integers(1, 220),
)
def test_no_line_is_wider_than_the_terminal(look: Look, width: int) -> None:
    line = bar_line(look, "12/17", width).plain
    assert cells(line) <= width
    assert "\n" not in line
    if width >= 12:
        assert look.work.zh in line
