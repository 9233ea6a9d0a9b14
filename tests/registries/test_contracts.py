"""Contracts: each fault has a small wrong file whose first line says which line and which cause is to be named."""

import json
import re
from importlib import resources
from pathlib import Path

import jsonschema
import pytest
import yaml

from registries.contracts.derived import derived
from registries.contracts.expectations import EXPECTATIONS
from registries.contracts.loading import ContractFaults, Dataset, check_contracts, load_contract, load_register
from registries.contracts.model import Column, Sla
from registries.contracts.vocabulary import INDICATORS
from registries.departments import BUILT_IN

HERE = Path(__file__).parent
GOOD = HERE / "good" / "shops.odcs.yaml"
BAD = sorted((HERE / "bad" / "contracts").glob("*.odcs.yaml"))
SHIPPED = sorted(BUILT_IN.glob("*/*.odcs.yaml"))
REGISTERS = [path for path in SHIPPED if path.name.endswith(".register.odcs.yaml")]
DATASETS = [path for path in SHIPPED if path not in REGISTERS]
CHINESE = re.compile("[一-龥]")


def shops() -> Dataset:
    return load_contract(GOOD)[0]


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.name.partition(".")[0])
def test_a_fault_names_line_cause_and_mend(path: Path) -> None:
    line, _, cause = path.read_bytes().splitlines()[0].decode().removeprefix("# line ").partition(": ")
    with pytest.raises(ContractFaults) as caught:
        load_contract(path)
    named = [(fault.line, f"{fault.cause_en}; {fault.mend_en}") for fault in caught.value.faults]
    assert any(number == int(line) and cause in text for number, text in named), named
    for fault in caught.value.faults:
        assert fault.file == f"contracts/{path.name}"
        assert CHINESE.search(fault.cause_zh)
        assert CHINESE.search(fault.mend_zh)
        assert fault.mend_en


def test_an_identifier_with_a_wrong_check_character_is_a_finding_and_refuses_no_row() -> None:
    levels = {
        rule.level
        for path in DATASETS
        for dataset in load_contract(path)
        for rule in dataset.rules
        if rule.expectation == "mianzheng:certificate_identifier"
    }
    assert levels == {2}
    (plain,) = (
        rule for rule in derived(Column("a", "标识", semantic="certificate_identifier")) if rule[0] == "semantic"
    )
    assert plain[1].level == 2


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.odcs.yaml"
    text = GOOD.read_text("utf-8")
    text = text.replace("logicalType: date", "logicalType: dat").replace("precedence: 2", "precedence: 0")
    path.write_text(text.replace("metric: rowCount", "metric: rows"), "utf-8")
    assert len(check_contracts([path])) == 4
    assert check_contracts([GOOD]) == []


def test_a_contract_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    assert "can't be read" in check_contracts([tmp_path / "none.odcs.yaml"])[0].en


def test_a_contract_of_a_megabyte_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "a.odcs.yaml"
    path.write_bytes(b"#" * 1_000_001)
    assert "larger than 1 MB" in check_contracts([path])[0].en


def test_deep_nesting_is_a_fault_and_no_crash(tmp_path: Path) -> None:
    path = tmp_path / "a.odcs.yaml"
    path.write_text("a: " + "[" * 5000 + "]" * 5000, "utf-8")
    assert len(check_contracts([path])) == 1


def test_datasets_carry_what_the_contract_says() -> None:
    shops, stalls = load_contract(GOOD)
    assert (shops.name, shops.table_name) == ("market_regulation.shops", "market_regulation__shops")
    assert (shops.server.kind, shops.server.pattern, shops.encoding) == ("files", "shops_*.csv", "GB18030")
    assert shops.register is not None
    assert (shops.register.precedence, shops.register.where) == (2, (("closed_on", None),))
    assert shops.certificate is not None
    assert (shops.certificate.type_code, shops.certificate.holder_name) == ("11100000MB0143028R001", "name")
    assert (shops.sla.update_every_days, shops.sla.fresh_for_days, shops.sla.cron) == (1, 3, "0 1 * * *")
    assert shops.column("status").codes == ("1", "2")
    assert stalls.key == ("market", "number")
    assert stalls.sla.fresh_for_days == 30
    assert stalls.sharing.conditions == "只用于核验"


def test_rules_are_derived_from_columns() -> None:
    found = {rule.id: (rule.level, rule.kind, rule.indicator, rule.expectation) for rule in shops().rules}
    assert found == {
        "uscc-required": (1, "row", "0201", "expect_column_values_to_not_be_null"),
        "uscc-uscc": (2, "row", "0301", "mianzheng:uscc"),
        "uscc-not_rounded": (1, "row", "0301", "mianzheng:not_rounded"),
        "name-required": (1, "row", "0201", "expect_column_values_to_not_be_null"),
        "name-length": (1, "row", "0101", "expect_column_value_lengths_to_be_between"),
        "name-pattern": (1, "row", "0101", "expect_column_values_to_match_regex"),
        "division_code-reference": (3, "reference", "0105", "mianzheng:reference"),
        "status-code_table": (1, "row", "0105", "expect_column_values_to_be_in_set"),
        "opened_on-format": (1, "row", "0302", "mianzheng:date"),
        "closed_on-format": (1, "row", "0302", "mianzheng:date"),
        "key-unique": (1, "unique", "0304", "mianzheng:unique"),
        "closed-after_opening": (1, "row", "0402", "mianzheng:not_before"),
        "some-rows": (1, "batch", "0202", "expect_table_row_count_to_be_between"),
        "name-placeholder": (2, "row", "0201", "expect_column_values_to_not_be_in_set"),
        "batch-volume_drop": (1, "batch", "0202", "mianzheng:volume_drop"),
        "batch-share_refused": (1, "batch", "0305", "mianzheng:share_refused"),
        "volume-drift": (2, "batch", "0501", "mianzheng:volume_drift"),
        "distribution-drift": (2, "batch", "0501", "mianzheng:distribution_drift"),
        "freshness-in_time": (2, "batch", "0502", "mianzheng:fresh"),
    }
    assert shops().rule("some-rows").arguments == {"min_value": 1}
    assert shops().rule("batch-volume_drop").arguments == {"max_share": 0.5}
    assert shops().rule("division_code-reference").arguments == {
        "column": "division_code",
        "register": "geography",
        "target_column": "code",
    }


def test_a_rules_version_changes_with_what_it_does_and_only_then(tmp_path: Path) -> None:
    before = {rule.id: rule.version for rule in shops().rules}
    changed = tmp_path / "a.odcs.yaml"
    text = GOOD.read_text("utf-8").replace("maxLength: 20", "maxLength: 30").replace('"1.0.0"', '"1.0.1"')
    changed.write_text(text.replace("名称是占位文字", "名称不是真名"), "utf-8")
    after = {rule.id: rule.version for rule in load_contract(changed)[0].rules}
    assert {rule for rule in before if before[rule] != after[rule]} == {"name-length"}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}.{path.name.partition('.')[0]}")
def test_shipped_contracts_follow_the_standards_own_schema(path: Path) -> None:
    schema = json.loads((resources.files("open_data_contract_standard") / "schema.json").read_text("utf-8"))
    validator = jsonschema.Draft201909Validator(schema)
    assert [error.message for error in validator.iter_errors(yaml.safe_load(path.read_text("utf-8")))] == []


@pytest.mark.parametrize("path", DATASETS, ids=lambda path: f"{path.parent.name}.{path.name.partition('.')[0]}")
def test_shipped_rules_speak_to_clerks_in_both_languages(path: Path) -> None:
    for dataset in load_contract(path):
        assert len({rule.id for rule in dataset.rules}) == len(dataset.rules)
        for rule in dataset.rules:
            assert CHINESE.search(rule.zh), rule.id
            assert rule.en.split()[0].isascii(), rule.id
            assert rule.indicator in INDICATORS
            assert rule.kind == EXPECTATIONS[rule.expectation].kind
            assert len(rule.version) == 12


def test_a_register_is_a_contract_with_a_key_and_attributes() -> None:
    register = load_register(BUILT_IN / "public_security" / "population.register.odcs.yaml")
    assert (register.id, register.department, register.merged) == ("population", "public_security", True)
    assert (register.subject_kind.id, register.key.name) == ("natural_person", "citizen_number")
    assert "birth_date" in [attribute.name for attribute in register.attributes]
    assert not load_register(BUILT_IN / "data_administration" / "certificates.register.odcs.yaml").merged


@pytest.mark.parametrize(
    ("old", "new", "line", "cause"),
    [
        ("        primaryKey: true\n", "", 11, "has no key"),
        ("    properties:", "    quality: []\n    properties:", 20, None),
        ("\nschema:", "\nservers:\n  - server: here\n    type: custom\nschema:", 10, "a register has no servers"),
        ("{id: division, zh", "{zh", 17, "subject kind lacks id"),
        ("value: true}", "value: maybe}", 18, "should be true or false"),
    ],
)
def test_a_registers_faults(tmp_path: Path, old: str, new: str, line: int, cause: str | None) -> None:
    text = (BUILT_IN / "civil_affairs" / "geography.register.odcs.yaml").read_text("utf-8")
    assert old in text
    path = tmp_path / "geography.register.odcs.yaml"
    path.write_text(text.replace(old, new), "utf-8")
    faults = [(fault.line, fault.cause_en) for fault in check_contracts([path])]
    assert any(cause in text for _, text in faults) if cause else faults == [], (line, faults)


def test_residents_have_rules_enough() -> None:
    residents = load_contract(BUILT_IN / "public_security" / "residents.odcs.yaml")[0]
    rows = [rule for rule in residents.rules if rule.kind != "batch"]
    assert len(rows) >= 15
    assert {rule.level for rule in rows} == {1, 2, 3}
    assert len({rule.dimension for rule in residents.rules}) == 5  # accessibility is not told by rows


@pytest.mark.parametrize(("days", "most"), [(1, 3), (4, 6), (5, 7), (6, 10), (10, 14)])
def test_working_days_last_over_weekends(days: int, most: int) -> None:
    assert Sla(1, days, "0 1 * * *", working_days=True).fresh_for_calendar_days == most
    assert Sla(1, days, "0 1 * * *").fresh_for_calendar_days == days
