"""What breaks for whom between two versions of a contract, and the version step that it needs."""

from dataclasses import fields
from pathlib import Path

import pytest

from registries import contract_diff
from registries.contract_diff.diff import Comparison, compare, load_part, next_version, part_of
from registries.contract_diff.difference import Step
from registries.contracts.faults import ContractFaults
from registries.contracts.model import Code, Column, Dataset, RegisterRole, Server, Sharing, Sla
from registries.departments import BUILT_IN, load_catalogue
from tests.made_contracts import DEPARTMENT, REGISTER, TREES, with_girth, write_department

AREA = "      - {name: area, businessName: 面积, classification: public}\n"
SHOPS = (Path(__file__).parent / "good" / "shops.odcs.yaml").read_text("utf-8").replace("slaProp", AREA + "slaProp")
FILES = "      - {property: kind, value: files}\n"
STALLS = SHOPS[SHOPS.index("  - name: stalls") : SHOPS.index("slaProperties")]
VALIDITY = """        customProperties:
          - {property: codeValidity, value: {"1": {until: 2025-12-31}}}
"""
CODES = """        enum:
          - {value: "1", label: 营业}
          - {value: "2", label: 停业}
"""
UNITS = SHOPS.replace("unit: d,", "unit: wd,").replace("unit: d}", "unit: wd}")
ROLES = SHOPS + "roles:\n  - {role: clerk, access: read}\n"


def compared(tmp_path: Path, old: str, new: str) -> Comparison:
    files = []
    for name, text in (("old", old), ("new", new)):
        files.append(tmp_path / name / "shops.odcs.yaml")
        files[-1].parent.mkdir()
        files[-1].write_text(text, "utf-8")
    return compare(load_part(files[0]), load_part(files[1]))


# (what changes, from, to, kind of difference, step, who is concerned)
CHANGES: list[tuple[str, str, str, str, Step, str]] = [
    ("a column gone", AREA, "", "column_removed", "major", "readers"),
    ("a column renamed", "name: area", "name: surface", "column_renamed", "major", "readers"),
    ("a column narrowed", "maxLength: 20", "maxLength: 10", "length_narrowed", "major", "publishers"),
    ("a column widened", "maxLength: 20", "maxLength: 30", "length_widened", "minor", "readers"),
    ("another pattern", '"[一-龥]+"', '"[一-龥]{2,}"', "pattern_changed", "major", "publishers"),
    ("another type", "businessName: 停业日期\n        logicalType: date",
     "businessName: 停业日期\n        logicalType: timestamp", "type_changed", "major", "readers"),
    ("another key", "businessName: 状态\n", "businessName: 状态\n        primaryKey: true\n",
     "key_changed", "major", "publishers"),
    ("required", "businessName: 状态\n", "businessName: 状态\n        required: true\n",
     "required_added", "major", "publishers"),
    ("not required", "        required: true\n", "", "required_dropped", "minor", "readers"),
    ("a code gone", '          - {value: "2", label: 停业}\n', "", "code_removed", "major", "publishers"),
    ("a code more", '{value: "2", label: 停业}', '{value: "2", label: 停业}\n          - {value: "3", label: 注销}',
     "code_added", "minor", "readers"),
    ("a code for a shorter time", CODES, VALIDITY + CODES, "code_validity_shortened", "major", "publishers"),
    ("no code table", CODES, "", "code_table_removed", "major", "readers"),
    ("a weaker classification", "primaryKeyPosition: 2, classification: internal",
     "primaryKeyPosition: 2, classification: public", "classification_weaker", "major", "data_subjects"),
    ("a stronger classification", "primaryKeyPosition: 2, classification: internal",
     "primaryKeyPosition: 2, classification: sensitive", "classification_stronger", "minor", "readers"),
    ("another meaning", "semantic, value: uscc}\n", "semantic, value: code}\n", "semantic_changed", "major", "readers"),
    ("a rule's level raised", 'property: level, value: "2"', 'property: level, value: "1"', "rule_raised", "major",
     "publishers"),
    ("a derived rule's level raised", "{semantic: 2}", "{semantic: 1}", "rule_raised", "major", "publishers"),
    ("a reference's level raised", 'property: level, value: "3"', 'property: level, value: "2"', "rule_raised", "major",
     "stewards"),
    ("a rule's level lowered", 'property: level, value: "2"', 'property: level, value: "3"', "rule_lowered", "minor",
     "stewards"),
    ("another rule", "kwargs: {column_A: closed_on, column_B: opened_on}",
     "kwargs: {column_A: opened_on, column_B: closed_on}", "rule_changed", "major", "publishers"),
    ("other words", "业早于开业, 请更正", "业日期早于开业, 请更正", "rule_reworded", "patch", ""),
    ("shared less", "value: {class: 无条件共享}", "value: {class: 有条件共享, conditions: 只用于核验}",
     "sharing_narrowed", "major", "register_readers"),
    ("shared more", "value: {class: 有条件共享, conditions: 只用于核验}", "value: {class: 无条件共享}",
     "sharing_widened", "major", "data_subjects"),
    ("other conditions", "conditions: 只用于核验", "conditions: 只用于审批", "conditions_changed", "minor", "readers"),
    ("later data", "latency, value: 3,", "latency, value: 4,", "sla_longer", "major", "relying_systems"),
    ("fresher data", "latency, value: 3,", "latency, value: 2,", "sla_changed", "minor", "publishers"),
    ("rarer deliveries", "frequency, value: 1,", "frequency, value: 2,", "sla_longer", "major", "readers"),
    ("an attribute gone", "attributes: {name: name}", "attributes: {}", "attribute_removed", "major",
     "register_readers"),
    ("an attribute more", "attributes: {name: name}", "attributes: {name: name, status: status}", "attribute_added",
     "minor", "register_readers"),
    ("another authority", "precedence: 2", "precedence: 1", "authority_changed", "major", "register_readers"),
    ("other rows", "where: {closed_on: null}", "where: {status: null}", "register_rows_changed", "major",
     "data_subjects"),
    ("another register", "register: legal_entities,", "register: public_credit,", "register_left", "major",
     "register_readers"),
    ("another certificate column", "holderName: name,", "holderName: status,", "certificate_mapping_changed", "major",
     "relying_systems"),
    ("a certificate's member more", "status: status}", "status: status, issuedOn: opened_on}",
     "certificate_member_added", "minor", "relying_systems"),
    ("another certificate type", "11100000MB0143028R001", "11100000MB0143028R002", "certificate_removed", "major",
     "relying_systems"),
    ("change sets", "{property: areaColumn", "{property: delivery, value: changes}\n      - {property: areaColumn",
     "delivery_changed", "major", "publishers"),
    ("another file name", "shops_*.csv", "stores_*.csv", "source_changed", "major", "publishers"),
    ("another encoding", "GB18030", "UTF-8", "encoding_changed", "major", "publishers"),
    ("less trust", "{property: areaColumn", "{property: trustLevel, value: D}\n      - {property: areaColumn",
     "trust_changed", "major", "relying_systems"),
    ("valid time told", "{property: areaColumn",
     "{property: validTime, value: {from: opened_on}}\n      - {property: areaColumn", "valid_time_added", "minor",
     "readers"),
    ("another title", "businessName: 店铺", "businessName: 商铺", "wording_changed", "patch", ""),
    ("a table gone", STALLS, "", "dataset_removed", "major", "publishers"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "step"), [("", "out", "minor"), ("out", "back", "major"), ("out", "", "major")])
def test_receipts_in_another_folder_are_told(tmp_path: Path, old: str, new: str, step: Step) -> None:
    assert FILES in SHOPS

    def written(answers: str) -> str:
        line = f"      - {{property: answers, value: {answers}}}\n" if answers else ""
        return SHOPS.replace(FILES, FILES + line)

    found = compared(tmp_path, written(old), written(new)).differences
    assert [each.step for each in found if each.what == "answers_changed"] == [step, step]  # both datasets


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change[0].replace(" ", "_"))
def test_a_change_is_told_with_its_step_and_whom_it_concerns(
    tmp_path: Path, change: tuple[str, str, str, str, Step, str]
) -> None:
    _, old, new, what, step, whom = change
    assert old in SHOPS
    changed = SHOPS.replace(old, new, 1)
    if what == "dataset_removed":
        changed = changed.replace("  - {property: latency, value: 30, unit: d, element: stalls}\n", "")
    found = compared(tmp_path, SHOPS, changed)
    told = [each for each in found.differences if each.what == what]
    assert [each.step for each in told[:1]] == [step], [each.en for each in found.differences]
    assert not whom or whom in {party.kind for each in told for party in each.whom}
    assert found.breaking == any(each.breaking for each in found.differences)
    assert told[0].breaking == (step == "major")
    (version,) = found.steps
    assert (version.old, version.new, version.enough) == ("1.0.0", "1.0.0", False)
    assert found.breaking == (version.needed == "major")
    assert next_version("1.0.0", version.needed) in version.en


def test_equal_contracts_need_nothing(tmp_path: Path) -> None:
    found = compared(tmp_path, SHOPS, SHOPS + "\n# a remark\n")
    assert (found.differences, found.steps, found.breaking) == ((), (), False)


def test_working_days_are_longer_than_days(tmp_path: Path) -> None:
    found = compared(tmp_path, SHOPS, UNITS)
    assert {each.what for each in found.differences if each.breaking} == {"sla_longer"}


@pytest.mark.parametrize(
    ("new", "what"),
    [
        (ROLES.replace("access: read", "access: write"), "role_widened"),
        (ROLES + "  - {role: bank, access: read}\n", "role_widened"),
        (SHOPS, "role_narrowed"),
    ],
)
def test_a_wider_role_breaks_a_protection(tmp_path: Path, new: str, what: str) -> None:
    found = compared(tmp_path, ROLES, new)
    assert [(each.what, each.breaking) for each in found.differences] == [(what, True)]
    assert found.steps[0].needed == "major"


def test_the_second_number_stands_for_the_first_before_1() -> None:
    assert [next_version("0.3.1", step) for step in ("patch", "minor", "major")] == ["0.3.2", "0.4.0", "0.4.0"]
    assert [next_version("2.3.1", step) for step in ("patch", "minor", "major")] == ["2.3.2", "2.4.0", "3.0.0"]


def test_a_large_enough_step_is_enough(tmp_path: Path) -> None:
    changed = SHOPS.replace("maxLength: 20", "maxLength: 10").replace('version: "1.0.0"', 'version: "2.0.0"')
    (step,) = compared(tmp_path, SHOPS, changed).steps
    assert (step.needed, step.enough) == ("major", True)


@pytest.mark.parametrize(
    ("value", "what"),
    [("", "valid_time_removed"), ("{from: closed_on}", "valid_time_changed"),
     ("{from: opened_on, longTerm: ['2099-12-31']}", "valid_time_changed")],
)  # fmt: skip
def test_valid_time_that_is_told_otherwise_breaks_its_readers(tmp_path: Path, value: str, what: str) -> None:
    def told(valid_time: str) -> str:
        line = f"{{property: validTime, value: {valid_time}}}\n      - " if valid_time else ""
        return SHOPS.replace("{property: areaColumn", f"{line}{{property: areaColumn", 1)

    found = compared(tmp_path, told("{from: opened_on}"), told(value))
    assert [(each.what, each.step, each.whom[0].kind) for each in found.differences] == [(what, "major", "readers")]


def test_departments_are_compared_whole(tmp_path: Path) -> None:
    old = write_department(tmp_path / "old")
    new = write_department(
        tmp_path / "new", trees=with_girth(), register=REGISTER.replace("name: species", "name: kind")
    )
    (new / "department.yaml").write_text(DEPARTMENT + "validUntil: 2027-01-01\n", "utf-8")
    found = compare(load_part(old), load_part(tmp_path / "new"))
    assert {(each.where, each.what) for each in found.differences} == {
        ("forestry", "department_ends"),
        ("ancient_trees", "attribute_removed"),
        ("ancient_trees", "attribute_added"),
        ("forestry.trees.girth", "column_added"),
    }
    assert {(step.contract, step.needed, step.enough) for step in found.steps} == {
        ("forestry-ancient_trees", "major", False),
        ("forestry-trees", "minor", True),
    }


def test_a_register_that_shows_more_is_told(tmp_path: Path) -> None:
    weaker = REGISTER.replace("name: species, businessName: 树种, classification: public", "name: species, businessName: 树种, classification: internal")  # fmt: skip  # noqa: E501 - a line of YAML
    old = write_department(tmp_path / "old", register=weaker)
    found = compare(load_part(old), load_part(write_department(tmp_path / "new")))
    assert [(each.where, each.what) for each in found.differences] == [
        ("ancient_trees.species", "classification_weaker")
    ]


def test_faulty_contracts_are_not_compared(tmp_path: Path) -> None:
    bad = write_department(tmp_path, trees=TREES.replace("logicalType: date", "logicalType: day"))
    with pytest.raises(ContractFaults):
        load_part(bad)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ContractFaults):
        load_part(tmp_path / "empty")


def test_what_ships_equals_itself() -> None:
    assert compare(load_part(BUILT_IN), part_of(load_catalogue())).differences == ()


ELSEWHERE: dict[type, dict[str, str]] = {
    Dataset: {"name": "which it is", "department": "in its name", "contract_version": "what the step is about"},
    Column: {"key": "the dataset's key"},
    Server: {"timeout_seconds": "nobody but the hub waits"},
}
"""Members that a comparison looks at under another name, or rightly passes over."""


@pytest.mark.parametrize("kind", [Dataset, Column, Server, Sla, Sharing, RegisterRole, Code])
def test_no_member_of_the_model_is_forgotten(kind: type) -> None:
    text = "".join(path.read_text("utf-8") for path in Path(contract_diff.__file__).parent.glob("*.py"))
    compared = {each.name for each in fields(kind) if f".{each.name}" in text} | set(ELSEWHERE.get(kind, ()))
    assert compared == {each.name for each in fields(kind)}
