"""Rules of every kind over one delivery, on a real store: which rows are refused, what holds the batch, the scores."""

import dataclasses
from collections.abc import Sequence

import pytest

from quality.checking import Checked, check
from quality.dry_runs import dry_run
from quality.judging import given_chunks
from quality.rules import day_of
from quality.scores import rule_scores
from registries.compare.engines import LocalEngine
from registries.compare.placing import WholeStage
from registries.contracts.expectations import EXPECTATIONS
from registries.contracts.model import Dataset, RuleSpec
from registries.home import Role
from registries.store import batches
from registries.store.stage import Stage
from registries.working_days import shipped
from tests.conftest import Hub
from tests.quality.conftest import NOW, NUMBERS, RESIDENTS, Delivery, resident

ROWS = [
    resident(NUMBERS[0], name="张三"),
    resident(NUMBERS[1], name="李四", address="１号"),
    resident(NUMBERS[2], name="张三", ethnicity=None),
    resident(NUMBERS[3], name="王五", division_code="x"),
]


def rule(rule_id: str, expectation: str, level: int, columns: Sequence[str] = (), /, **arguments: object) -> RuleSpec:
    kind = EXPECTATIONS[expectation].kind
    zh, en = f"{rule_id} 有误", f"{rule_id} is wrong"
    return RuleSpec(
        rule_id,
        level,
        "accuracy",
        "0301",
        kind,
        expectation,
        arguments,
        tuple(columns),
        zh,
        en,
        "1",  # type: ignore[arg-type] # 1 to 3
    )


def share(rule_id: str, level: int, **bounds: object) -> RuleSpec:
    arguments = {"column": "ethnicity"}
    return rule(
        rule_id,
        "mianzheng:share",
        level,
        ("ethnicity",),
        expectation="expect_column_values_to_not_be_null",
        arguments=arguments,
        unit="percent",
        bounds=bounds,
    )


def with_rules(hub: Hub, *rules: RuleSpec) -> Dataset:
    residents = hub.catalogue.dataset(RESIDENTS)
    kept = [spec for spec in residents.rules if spec.kind == "batch" and spec.expectation == "mianzheng:volume_drop"]
    return dataclasses.replace(residents, rules=(*kept, *rules))


def checked(hub: Hub, dataset: Dataset) -> Checked:
    """What checking finds; nothing is kept."""
    delivery = Delivery(dataset, ROWS, "first")
    with hub.store(Role.LOAD).connect() as conn, LocalEngine() as engine:
        batch = batches.open_batch(conn, dataset, "a test", "first", "test", NOW)
        placing = WholeStage(conn, Stage(conn, dataset, batch))
        found = check(engine, dataset, given_chunks(delivery.chunks()), placing, day_of(NOW), lambda _: None)
        conn.rollback()
    return found


def held_by(hub: Hub, dataset: Dataset) -> list[str]:
    delivery = Delivery(dataset, ROWS, "first")
    with LocalEngine() as engine:
        run = dry_run(hub.store(Role.LOAD), engine, hub.catalogue, dataset, delivery, NOW, shipped())
    return [words.partition(" ")[0] for words in run.held_by]


def test_rows_are_refused_by_rules_that_see_all_rows(hub: Hub) -> None:
    dataset = with_rules(hub, rule("name-unique", "expect_column_values_to_be_unique", 1, ["name"], column="name"))
    found = checked(hub, dataset)
    assert found.findings.refused().tolist() == [1, 3]
    assert [(s.rule_id, s.checked, s.failed) for s in rule_scores(dataset, found.findings)] == [("name-unique", 4, 2)]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (share("a", 1, mustBeLessThan=30), []),
        (share("a", 1, mustBeLessThan=25), ["a"]),
        (share("a", 2, mustBeLessThan=25), []),
        (rule("b", "mianzheng:sql", 1, query='SELECT COUNT(*) FROM "residents"', bounds={"mustBe": 4}), []),
        (rule("b", "mianzheng:sql", 1, query='SELECT COUNT(*) FROM "residents"', bounds={"mustBe": 5}), ["b"]),
        (rule("b", "mianzheng:sql", 3, query='SELECT COUNT(*) FROM "residents"', bounds={"mustBe": 5}), []),
        (rule("c", "mianzheng:sql", 1, query='SELECT MAX(name)::INT FROM "residents"', bounds={"mustBe": 5}), ["规则"]),
        (rule("d", "expect_column_max_to_be_between", 1, column="birth_date", max_value="1900-01-01"), ["d"]),
        (rule("e", "expect_column_to_exist", 1, column="name", column_index=1), []),
        (rule("e", "expect_table_column_count_to_equal", 1, value=3), ["e"]),
        (rule("f", "expect_table_row_count_to_be_between", 1, min_value=5), ["f"]),
        (
            rule("f", "expect_table_row_count_to_be_between", 1, max_value=1, row_condition='col("name") == "张三"'),
            ["f"],
        ),
    ],
)
def test_rules_of_level_1_about_the_batch_hold_it(hub: Hub, spec: RuleSpec, expected: list[str]) -> None:
    assert held_by(hub, with_rules(hub, spec)) == expected


def test_shares_are_scored_over_rows_and_become_cases_only_if_they_fail_at_level_2(hub: Hub) -> None:
    many, few = share("many", 2, mustBeLessThan=25), share("few", 2, mustBeLessThan=50)
    total = rule("total", "mianzheng:row_count", 2, bounds={"mustBeGreaterThan": 9})
    broken = rule("broken", "mianzheng:sql", 2, query='SELECT SUM(NULL::INT) FROM "residents"', bounds={"mustBe": 0})
    dataset = with_rules(hub, many, few, total, broken)
    findings = checked(hub, dataset).findings
    assert findings.refused().tolist() == []
    assert (findings.of("many").tolist(), findings.of("few").tolist()) == ([3], [])
    scores = {score.rule_id: (score.checked, score.failed, score.score) for score in rule_scores(dataset, findings)}
    assert scores == {"many": (4, 1, 0.75), "few": (4, 1, 0.75), "total": (1, 1, 0.0), "broken": (0, 0, None)}


def test_derived_rules_name_what_a_clerk_has_to_mend(hub: Hub) -> None:
    dataset = hub.catalogue.dataset(RESIDENTS)
    with LocalEngine() as engine:
        run = dry_run(
            hub.store(Role.LOAD), engine, hub.catalogue, dataset, Delivery(dataset, ROWS, "first"), NOW, shipped()
        )
    found = {reason.rule_id: reason for reason in run.reasons}
    assert found["address-readable_text"].first_rows == (2,)
    assert "全角" in found["address-readable_text"].zh
