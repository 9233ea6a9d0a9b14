"""The real lists of divisions: what the contracts' rules find in them is true of them, to the row."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from quality.expectations import evaluate
from quality.rules import compile_rules
from registries.canonical import canonical
from registries.connectors.kinds import connector_for
from registries.departments import load_catalogue

LISTS = Path(__file__).parents[2] / "sample_city" / "divisions"
FILES = {
    "civil_affairs.divisions": "divisions_2026.csv",
    "statistics_bureau.divisions": "divisions_2023.csv",
    "standards_administration.divisions": "divisions_1980_2019.csv",
}


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pa.Table]:
    """The three lists in canonical form, taken from drop folders as the hub takes them."""
    tables = {}
    for name, file in FILES.items():
        dataset = load_catalogue().dataset(name)
        folder = tmp_path_factory.mktemp(dataset.department)
        (folder / file).write_bytes((LISTS / file).read_bytes())
        batches = connector_for(dataset, {dataset.server.name: str(folder)}).chunks()
        tables[name] = pa.Table.from_batches([canonical(batch, dataset) for batch in batches])
    return tables


def findings(name: str, table: pa.Table) -> dict[str, int]:
    """Rule -> how many rows fail it, of the rules that judge single rows and find something."""
    judged = evaluate(table.combine_chunks(), compile_rules(load_catalogue().dataset(name), date(2026, 11, 21)).row)
    return {rule: len(found.positions) for rule, found in judged.items() if len(found.positions)}


def doubles(table: pa.Table, columns: Sequence[str]) -> Counter[tuple[str, ...]]:
    counts = Counter(zip(*(table.column(column).to_pylist() for column in columns), strict=True))
    return Counter({key: count for key, count in counts.items() if count > 1})


def codes(table: pa.Table) -> set[str]:
    return set(table.column("code").to_pylist())


def test_civil_affairs_has_one_row_that_is_no_division(lists: dict[str, pa.Table]) -> None:
    name = "civil_affairs.divisions"
    table = lists[name]
    assert findings(name, table) == {
        "code-pattern": 1,
        "level-prefecture_code": 1,
        "type-prefecture": 1,
        "parent-given": 1,
    }
    wrong = table.filter(pc.invert(pc.match_substring_regex(table.column("code"), "^[0-9]{6}$"))).to_pylist()
    assert wrong == [{"code": "资料暂缺00", "name": "台湾省", "level": "prefecture", "type": "省", "parent": None}]
    assert doubles(table, ["code"]) == {}


def test_statistics_lists_three_cities_twice_and_headings_as_divisions(lists: dict[str, pa.Table]) -> None:
    name = "statistics_bureau.divisions"
    table = lists[name]
    assert findings(name, table) == {"level-county_code": 3, "name-heading": 9}
    assert doubles(table, ["code"]) == {("441900",): 2, ("442000",): 2, ("460400",): 2}
    assert len(codes(table) - codes(lists["civil_affairs.divisions"])) == 144


def test_the_history_has_gaps_but_each_code_one_name_at_a_time(lists: dict[str, pa.Table]) -> None:
    name = "standards_administration.divisions"
    table = lists[name]
    assert findings(name, table) == {}
    assert doubles(table, ["code", "name", "first_listed"]) == {}
    gaps = doubles(table, ["code", "name"])
    assert gaps[("440501", "市辖区")] == 7
    assert ("440507", "龙湖区") not in gaps
    listed = table.filter(pc.is_null(table.column("first_missing")))
    assert doubles(listed, ["code"]) == {}
    assert "710000" in codes(listed), "what civil affairs can't say, the standard still lists"


def test_the_register_has_every_code_of_the_sample_city_and_none_that_was_never_given(
    lists: dict[str, pa.Table],
) -> None:
    known = codes(lists["civil_affairs.divisions"])
    assert {"440507", "440511", "440512", "440513", "440514", "440515", "440523"} <= known
    history = lists["standards_administration.divisions"]
    listed = history.filter(pc.is_null(history.column("first_missing")))
    everywhere = known | codes(lists["statistics_bureau.divisions"]) | codes(listed)
    assert "440516" not in everywhere
    assert "440583" not in everywhere, "澄海市 ended in 2003"
