"""Great Expectations says what a slow model says, of every row, NULLs included, and lets no value out."""

import logging
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certificates.identifiers import check_citizen_number
from quality.errors import RuleMisconfigured, RulesFailed, UnknownRule
from quality.expectations import check_rule, evaluate
from quality.row_rules import RowRule
from registries.coded_texts import CodedTexts

Model = Callable[[str | None, str | None], bool]
VALUES = st.none() | st.sampled_from(
    ["1", "2", "12", "abc", "", "11010519491231002X", "110101199003072316", "é", "1\n"]
)

RULES: list[tuple[RowRule, Model]] = [
    (RowRule("not_null", "expect_column_values_to_not_be_null", {"column": "a"}, ("a",)), lambda a, _: a is not None),
    (RowRule("null", "expect_column_values_to_be_null", {"column": "b"}, ("b",)), lambda _, b: b is None),
    (
        RowRule("in_set", "expect_column_values_to_be_in_set", {"column": "a", "value_set": ["1", "2"]}, ("a",)),
        lambda a, _: a is None or a in {"1", "2"},
    ),
    (
        RowRule("not_in_set", "expect_column_values_to_not_be_in_set", {"column": "b", "value_set": ["1"]}, ("b",)),
        lambda _, b: b != "1",
    ),
    (
        RowRule("regex", "expect_column_values_to_match_regex", {"column": "a", "regex": r"^(?:[0-9]+)\z"}, ("a",)),
        lambda a, _: a is None or re.fullmatch("[0-9]+", a) is not None,
    ),
    (
        RowRule("not_regex", "expect_column_values_to_not_match_regex", {"column": "b", "regex": "b"}, ("b",)),
        lambda _, b: b is None or "b" not in b,
    ),
    (
        RowRule("length", "expect_column_value_lengths_to_be_between", {"column": "a", "max_value": 2}, ("a",)),
        lambda a, _: a is None or len(a) <= 2,
    ),
    (
        RowRule("equal", "expect_column_pair_values_to_be_equal", {"column_A": "a", "column_B": "b"}, ("a", "b")),
        lambda a, b: a is None or b is None or a == b,
    ),
    (
        RowRule("citizen", "mianzheng:citizen_number", {"column": "b"}, ("b",)),
        lambda _, b: b is None or check_citizen_number(b),
    ),
    (
        RowRule(
            "when",
            "mianzheng:required_when",
            {"column": "a", "when_column": "b", "when_values": ["1"]},
            ("a", "b"),
        ),
        lambda a, b: a is not None or b != "1",
    ),
]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(VALUES, VALUES), max_size=30))
def test_every_rule_judges_as_its_model(rows: list[tuple[str | None, str | None]]) -> None:
    table = pa.table(
        {"a": pa.array([a for a, _ in rows], pa.string()), "b": pa.array([b for _, b in rows], pa.string())}
    )
    found = evaluate(table, [rule for rule, _ in RULES])
    for rule, model in RULES:
        expected = [place for place, (a, b) in enumerate(rows) if not model(a, b)]
        assert found[rule.rule_id].positions.tolist() == expected, rule.rule_id


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=4), st.lists(st.integers(0, 3), min_size=40, max_size=60)
)
def test_values_that_repeat_are_judged_as_their_rows_are(
    values: list[tuple[str | None, str | None]], chosen: list[int]
) -> None:
    rows = [values[number % len(values)] for number in chosen]
    dictionaries = [pa.array([row[place] for row in rows], pa.string()).dictionary_encode() for place in range(2)]
    coded = {
        name: CodedTexts.of(array.dictionary, array.indices) for name, array in zip("ab", dictionaries, strict=True)
    }
    table = pa.table({name: each.texts() for name, each in coded.items()})
    assert all(each.few for each in coded.values())
    plain, judged = (evaluate(table, [rule for rule, _ in RULES], given_as) for given_as in ({}, coded))
    for rule, model in RULES:
        expected = [place for place, (a, b) in enumerate(rows) if not model(a, b)]
        assert judged[rule.rule_id].positions.tolist() == plain[rule.rule_id].positions.tolist() == expected
        assert judged[rule.rule_id].checked == plain[rule.rule_id].checked


def test_more_failures_than_any_cap_are_all_told() -> None:
    table = pa.table({"a": ["x"] * 5_000})
    found = evaluate(table, [RowRule("in_set", "expect_column_values_to_be_in_set", RULES[2][0].arguments, ("a",))])
    assert found["in_set"].positions.tolist() == list(range(5_000))


def test_checked_counts_rows_with_something_to_judge() -> None:
    table = pa.table({"a": pa.array(["1", None, None]), "b": pa.array(["1", "1", None])})
    found = evaluate(table, [rule for rule, _ in RULES])
    assert {name: judgement.checked for name, judgement in found.items()} == {
        "not_null": 3,
        "null": 3,
        "in_set": 1,
        "not_in_set": 2,
        "regex": 1,
        "not_regex": 2,
        "length": 1,
        "equal": 2,
        "citizen": 2,
        "when": 2,
    }


def test_no_rules_no_work() -> None:
    assert evaluate(pa.table({"a": ["1"]}), []) == {}


def test_two_rules_of_one_kind_over_one_column_are_two() -> None:
    rules = [
        RowRule(name, "expect_column_values_to_be_in_set", {"column": "a", "value_set": [name]}, ("a",))
        for name in "xy"
    ]
    found = evaluate(pa.table({"a": ["x", "y"]}), rules)
    assert found["x"].positions.tolist() == [1]
    assert found["y"].positions.tolist() == [0]


@pytest.mark.parametrize(
    "expectation", ["expect_nothing", "mianzheng:nothing", "expect_table_row_count_to_be_between", "mianzheng:unique"]
)
def test_unknown_rules_are_refused_when_compiled(expectation: str) -> None:
    with pytest.raises(UnknownRule) as refusal:
        check_rule(RowRule("r", expectation, {"column": "a"}, ("a",)))
    assert expectation in refusal.value.zh


@pytest.mark.parametrize("arguments", [{}, {"column": "a", "value_set": 3}, {"column": "a", "value_sat": ["1"]}])
def test_wrong_arguments_are_refused_when_compiled(arguments: dict[str, object]) -> None:
    with pytest.raises(RuleMisconfigured):
        check_rule(RowRule("r", "expect_column_values_to_be_in_set", arguments, ("a",)))


def test_a_rule_that_fails_names_itself_and_no_value(caplog: pytest.LogCaptureFixture) -> None:
    rule = RowRule("broken", "expect_column_values_to_match_regex", {"column": "a", "regex": "("}, ("a",))
    with caplog.at_level(logging.DEBUG), pytest.raises(RulesFailed) as failure:
        evaluate(pa.table({"a": ["planted-value-77"]}), [RULES[0][0], rule])
    assert "broken" in failure.value.rule_ids
    assert "planted-value-77" not in f"{failure.value} {caplog.text}"
    assert failure.value.__cause__ is None


def test_chunks_are_judged_side_by_side() -> None:
    texts = ["11010519491231002X", "110105194912310021", None, "1", "12", "é"]
    tables = [pa.table({"a": texts[at:] + texts[:at], "b": texts[at % 3 :] + texts[: at % 3]}) for at in range(6)]
    rules = [rule for rule, _ in RULES]
    alone = [evaluate(table, rules) for table in tables]
    with ThreadPoolExecutor(2) as threads:
        beside = list(threads.map(lambda table: evaluate(table, rules), tables * 5))
    for place, found in enumerate(beside):
        for rule in rules:
            assert found[rule.rule_id].positions.tolist() == alone[place % 6][rule.rule_id].positions.tolist()
            assert found[rule.rule_id].checked == alone[place % 6][rule.rule_id].checked


def test_nothing_is_drawn_on_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    evaluate(pa.table({"a": ["1"]}), [RULES[0][0]])
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")
