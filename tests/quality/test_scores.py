"""Scores say over how many rows; no data is not 100 %."""

import numpy as np
import pytest

from quality.parting import Findings, Parting
from quality.scores import RuleScore, dimension_scores, mean, overall, rule_scores
from registries.departments import load_catalogue


def score(rule_id: str, dimension: str, checked: int, failed: int) -> RuleScore:
    return RuleScore(rule_id, "1", dimension, "0302", 1, checked, failed)


def test_no_data_is_no_score() -> None:
    empty = [score("a", "accuracy", 0, 0)]
    assert empty[0].score is None
    assert dimension_scores(empty)[0].score is None
    assert overall(empty) is None
    assert overall([]) is None
    assert mean([None, None]) is None


def test_dimensions_pool_rows_and_the_whole_is_the_mean_of_those_with_data() -> None:
    rules = [score("a", "accuracy", 100, 10), score("b", "accuracy", 300, 10), score("c", "completeness", 50, 25)]
    rules.append(score("d", "timeliness", 0, 0))
    found = {dimension.dimension: dimension.score for dimension in dimension_scores(rules)}
    assert found == {"accuracy": 0.95, "completeness": 0.5, "timeliness": None}
    assert overall(rules) == pytest.approx(0.725)
    assert mean([overall(rules), None, 1.0]) == pytest.approx(0.8625)


def test_every_rule_about_rows_has_a_score_even_if_nothing_was_judged() -> None:
    residents = load_catalogue().dataset("public_security.residents")
    findings = Findings()
    findings.add("name-required", 1, np.array([3, 9]), checked=10)
    findings.add("name-required", 1, np.array([12]), checked=10)
    scores = {found.rule_id: found for found in rule_scores(residents, findings)}
    assert set(scores) == {rule.id for rule in residents.rules if rule.kind != "batch"}
    assert (scores["name-required"].checked, scores["name-required"].failed) == (20, 3)
    assert scores["sex-agrees"].score is None


def test_findings_refuse_by_level_one_only_and_count_a_row_once() -> None:
    findings = Findings()
    findings.add("a", 1, np.array([5, 2]), checked=9)
    findings.add("b", 1, np.array([2]), checked=9)
    findings.add("c", 2, np.array([7]), checked=9)
    assert findings.refused().tolist() == [2, 5]
    assert {rule: rows.tolist() for rule, _, rows in findings} == {"a": [2, 5], "b": [2], "c": [7]}
    assert findings.of("never").tolist() == []
    assert Parting(10, findings.refused()).accepted == 8
