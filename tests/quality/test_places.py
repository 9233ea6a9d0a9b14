"""Places say what the regular expression says, of every value; patterns of another kind have none."""

import re

import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from quality.errors import RuleMisconfigured
from quality.expectations import check_rule, evaluate
from quality.places import places_of
from quality.row_rules import RowRule
from registries.departments import load_catalogue
from registries.text_columns import TextColumn

SETS = st.sampled_from(
    ["[0-9]", "[1-4]", "[A-Z]", "[A-HJ-NP-Z0-9]", "[0-9X]", "[-0-9]", "[A-Z0-9_-]", "a", r"\-", r"\.", "[. /]"]
)
COUNTS = st.sampled_from(["", "", "{2}", "{1,3}", "{3,3}"])
ALTERNATIVES = st.lists(st.builds("".join, st.tuples(SETS, COUNTS)), min_size=1, max_size=4).map("".join)
PATTERNS = st.lists(ALTERNATIVES, min_size=1, max_size=3).map(lambda parts: f"^(?:{'|'.join(parts)})$")


@settings(max_examples=200, deadline=None)
@given(PATTERNS, st.data(), st.lists(st.none() | st.text("019AXa-_. /é\n", max_size=8), max_size=20))
def test_places_fit_what_the_pattern_matches(pattern: str, data: st.DataObject, others: list[str | None]) -> None:
    places = places_of(pattern)
    assume(places is not None)
    assert places is not None
    alike = data.draw(
        st.lists(st.from_regex(pattern.replace("$", r"\Z"), alphabet=st.characters(max_codepoint=126)), max_size=10)
    )
    values = [*others, *alike]
    wanted = [value is None or re.fullmatch(pattern[1:-1], value) is not None for value in values]
    assert places.fit(TextColumn.of(pa.array(values, pa.string()))).tolist() == wanted
    assert places.fit(TextColumn.of(pa.array([None, *values], pa.string()).slice(1))).tolist() == wanted


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            "[0-9]{6}",
            "^(?:[0-9]+)$",
            "^(?:[0-9]*)$",
            "^(?:)$",
            "^(?:a|)$",
            "^(?:[^0-9])$",
            r"^(?:\d{6})$",
            "^(?:.)$",
            "(",
        ),
        *(
            "^(?:[甲-乙])$",
            "^(?:[_-a])$",
            "^(?:[9-0])$",
            "^(?:a{2,1})$",
            "^(?:a?)$",
            "^(?:(a))$",
            "^(?:[0-9]{1,2}a{1,2})$",
        ),
        *("^(?:a{0,2})$", "^(?:[0-9]{6})", "(?:a)$", "^(?i:a)$", "^(?:[+-9])$", "^(?:[a--])$", "^(?:[0-9]{900})$"),
    ],
)
def test_what_is_of_another_kind_has_no_places(pattern: str) -> None:
    assert places_of(pattern) is None


def test_most_patterns_of_the_departments_have_places() -> None:
    patterns = {column.pattern for dataset in load_catalogue().datasets for column in dataset.columns if column.pattern}
    assert {pattern for pattern in patterns if places_of(f"^(?:{pattern})$") is None} < patterns


@settings(deadline=None)
@given(
    st.lists(st.none() | st.text("aé甲𠮷", max_size=7), max_size=20),
    st.none() | st.integers(0, 6),
    st.none() | st.integers(0, 6),
    st.booleans(),
)
def test_lengths_are_in_characters(texts: list[str | None], least: int | None, most: int | None, strict: bool) -> None:
    assume(least is not None or most is not None)
    arguments = {"column": "a", "min_value": least, "max_value": most, "strict_min": strict, "strict_max": strict}
    rule = RowRule("length", "expect_column_value_lengths_to_be_between", arguments, ("a",))
    found = evaluate(pa.table({"a": pa.array(texts, pa.string())}), [rule])["length"]

    def fits(length: int) -> bool:
        low = least is None or length > least or (length == least and not strict)
        return low and (most is None or length < most or (length == most and not strict))

    assert found.positions.tolist() == [at for at, text in enumerate(texts) if text is not None and not fits(len(text))]


@pytest.mark.parametrize(
    ("expectation", "arguments"),
    [
        ("expect_column_value_lengths_to_be_between", {"column": "a", "max_valu": 3}),
        ("expect_column_value_lengths_to_be_between", {"column": "a", "max_value": "many"}),
        ("expect_column_value_lengths_to_equal", {"column": "a", "value": "many"}),
        ("expect_column_values_to_match_regex", {"column": "a", "regex": "^(?:[0-9]{6})$", "further": 1}),
    ],
)
def test_arguments_are_judged_as_they_are_written(expectation: str, arguments: dict[str, object]) -> None:
    with pytest.raises(RuleMisconfigured):
        check_rule(RowRule("r", expectation, arguments, ("a",)))
