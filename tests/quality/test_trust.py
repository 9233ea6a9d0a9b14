"""Levels that differ by a row's trust level, and how much rows are trusted."""

import datetime as dt
from dataclasses import replace

import pyarrow as pa
import pytest

from quality.judging import GivenChunk, Judge
from quality.rules import compile_rules
from quality.trust import rows_of_trust
from registries.contracts.model import Dataset
from registries.departments import load_catalogue

DAY = dt.date(2026, 3, 2)


@pytest.fixture(scope="module")
def permits() -> Dataset:
    return load_catalogue().dataset("transport.driver_permits")


def table(dataset: Dataset, *rows: dict[str, str | None]) -> pa.Table:
    names = [column.name for column in dataset.columns]
    return pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in names})


def test_rows_without_a_holders_number_are_of_the_paper_era(permits: Dataset) -> None:
    rows = table(permits, {"holder_code": "x"}, {"holder_code": None}, {"holder_code": ""})
    assert rows_of_trust(permits, rows, "D").tolist() == [False, True, True]
    assert rows_of_trust(permits, rows, "A").tolist() == [True, False, False]


def test_a_rows_own_trust_level_counts_if_it_is_one(permits: Dataset) -> None:
    assert permits.certificate is not None
    told = replace(permits, certificate=replace(permits.certificate, trust_level="category_code"), trust_level="B")
    rows = table(
        told,
        {"holder_code": "x", "category_code": "D"},
        {"holder_code": "x", "category_code": "?"},
        {"holder_code": "x", "category_code": None},
        {"holder_code": None, "category_code": "C"},
    )
    assert rows_of_trust(told, rows, "D").tolist() == [True, False, False, True]
    assert rows_of_trust(told, rows, "B").tolist() == [False, True, True, False]
    assert rows_of_trust(told, rows, "C").tolist() == [False, False, False, False]


def test_a_rule_refuses_by_the_level_that_it_has_for_a_row(permits: Dataset) -> None:
    rule = replace(permits.rule("category_code-code_table"), level=1, levels_by_trust={"D": 3, "C": 2})
    only = replace(permits, rules=(rule,))
    rows = table(only, {"holder_code": "x", "category_code": "?"}, {"holder_code": None, "category_code": "?"})
    chunk = GivenChunk(11, tuple(rows.to_batches()))
    judged = Judge(only, compile_rules(only, DAY))(chunk)
    assert judged.refused.tolist() == [True, False]
    assert judged.looked_at.tolist() == [True, False]
    assert {trust: rows.tolist() for trust, rows in judged.of_trust.items()} == {"C": [], "D": [12]}
    assert [said.rows.tolist() for said in judged.said] == [[11, 12]], "both count against the score"
