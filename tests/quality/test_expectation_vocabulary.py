"""The vocabulary of rules is that of the installed Great Expectations: a new version's new expectation shows here."""

import warnings
from pathlib import Path

import pytest

from registries.contracts.expectations import DECLARABLE, EXPECTATIONS, REFUSED

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from great_expectations.expectations import core
    from great_expectations.expectations.expectation import Expectation
    from great_expectations.expectations.registry import (
        get_expectation_impl,
        list_registered_expectation_implementations,
    )

OWN = {"expect_column_to_hold", "expect_column_pair_to_hold", "expect_columns_to_hold"}
ABOUT_ITSELF = set(Expectation.__fields__) | {"batch_id", "library_metadata"}
NEEDED_HERE = {
    ("expect_column_values_to_match_regex", "regex"),
    ("expect_table_columns_to_match_ordered_list", "column_list"),
    ("expect_table_columns_to_match_set", "column_set"),
}
"""What Great Expectations lets pass, though a rule without it judges nothing."""


def registered() -> set[str]:
    return set(list_registered_expectation_implementations()) - OWN


def test_every_core_expectation_is_judged_or_refused_by_name() -> None:
    files = {path.stem for path in Path(core.__path__[0]).glob("*.py")} - {"__init__"}
    ours = {name for name in EXPECTATIONS if not name.startswith("mianzheng:")}
    assert registered() | files == ours | set(REFUSED)
    assert ours & set(REFUSED) == set()


@pytest.mark.parametrize("name", sorted(set(DECLARABLE) & set(EXPECTATIONS) - {n for n in DECLARABLE if n[0] == "m"}))
def test_arguments_are_those_of_the_installed_version(name: str) -> None:
    fields = {field.name: field.required for field in get_expectation_impl(name).__fields__.values()}
    theirs = {field: needed for field, needed in fields.items() if field not in ABOUT_ITSELF}
    ours = {argument: argument not in EXPECTATIONS[name].optional for argument in EXPECTATIONS[name].arguments}
    assert {a: n for a, n in ours.items() if (name, a) not in NEEDED_HERE} == {
        a: bool(n) for a, n in theirs.items() if (name, a) not in NEEDED_HERE
    }
    assert set(ours) == set(theirs)


def test_refusals_speak_both_languages() -> None:
    for zh, en in REFUSED.values():
        assert any("一" <= character <= "鿿" for character in zh)
        assert en.isascii()
