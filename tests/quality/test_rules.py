"""Contracts are compiled before a row is read, and what can't be executed is refused by name."""

import dataclasses
from datetime import date

import pytest

from quality.errors import RuleMisconfigured, UnknownRule
from quality.reasons import reasons_of
from quality.rules import compile_rules
from registries.contracts.model import Dataset, RuleSpec
from registries.departments import load_catalogue

TODAY = date(2026, 3, 1)


@pytest.fixture(scope="module")
def residents() -> Dataset:
    return load_catalogue().dataset("public_security.residents")


def with_rule(dataset: Dataset, **changes: object) -> Dataset:
    spec = RuleSpec(
        "r", 1, "accuracy", "0302", "row", "mianzheng:date", {"column": "name"}, ("name",), "错", "bad", "1"
    )
    return dataclasses.replace(dataset, rules=(dataclasses.replace(spec, **changes),))  # type: ignore[arg-type]  # any field


def test_every_rule_of_every_built_in_contract_is_compiled_once() -> None:
    for dataset in load_catalogue().datasets:
        rules = compile_rules(dataset, TODAY)
        compiled = [rule.rule_id for rule in rules.row]
        compiled += [rule.id for rule in (*rules.unique, *rules.reference, *rules.batch)]
        compiled += [rule.spec.id for rule in rules.whole]
        assert sorted(compiled) == sorted(rule.id for rule in dataset.rules)


def test_rules_about_today_get_the_day(residents: Dataset) -> None:
    rules = {rule.rule_id: rule for rule in compile_rules(residents, TODAY).row}
    assert rules["birth_date-in_future"].arguments["today"] == "2026-03-01"
    assert "today" not in rules["birth_date-format"].arguments


@pytest.mark.parametrize(
    "changes",
    [
        {"expectation": "mianzheng:dates"},
        {"expectation": "expect_column_values_to_be_nice"},
        {"kind": "unique"},
        {"kind": "batch"},
        {"kind": "reference"},
    ],
)
def test_unknown_rules_are_refused(residents: Dataset, changes: dict[str, object]) -> None:
    with pytest.raises(UnknownRule) as refusal:
        compile_rules(with_rule(residents, **changes), TODAY)
    assert refusal.value.rule_id == "r"


@pytest.mark.parametrize(
    "changes",
    [{"arguments": {}}, {"kind": "unique", "expectation": "mianzheng:unique", "columns": ()}],
)
def test_wrong_arguments_are_refused(residents: Dataset, changes: dict[str, object]) -> None:
    with pytest.raises(RuleMisconfigured):
        compile_rules(with_rule(residents, **changes), TODAY)


def test_reasons_come_in_the_contract_s_order_and_former_rules_say_so(residents: Dataset) -> None:
    found = reasons_of(residents, ["sex-agrees", "gone", "citizen_number-required"])
    assert [reason.rule_id for reason in found] == ["citizen_number-required", "sex-agrees", "gone"]
    assert "必填" in found[0].zh
    assert "gone" in found[2].en
