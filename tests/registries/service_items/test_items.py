"""Service items: read from YAML with every fault at once, judged with what they refer to, and proofs nobody needs."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from certificates.types import load_types
from registries.contracts.faults import ContractFaults
from registries.departments import BUILT_IN, Catalogue, load_catalogue
from registries.operators.snapshots import copy_folder
from registries.service_items import judging
from registries.service_items.loading import item_files, load_item
from registries.service_items.model import ServiceItem, item_of, items_using, service_items

RESTAURANT = BUILT_IN / "market_regulation/service_items/food_business_permit.yaml"
LICENCE = "11100000MB0143028R001"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def written(tmp_path: Path, **changes: object) -> ServiceItem:
    """The restaurant's item with members replaced; None takes one away."""
    content = yaml.safe_load(RESTAURANT.read_text("utf-8")) | changes
    path = tmp_path / "item.yaml"
    kept = {name: value for name, value in content.items() if value is not None}
    path.write_text(json.dumps(kept, default=str), "utf-8")  # which is YAML, too
    return load_item(path, "market_regulation")


def faults(tmp_path: Path, **changes: object) -> str:
    with pytest.raises(ContractFaults) as refused:
        written(tmp_path, **changes)
    return "\n".join(fault.en for fault in refused.value.faults)


def materials(**changes: object) -> list[dict[str, object]]:
    one: dict[str, object] = {
        "id": "one",
        "nameZh": "材料一",
        "nameEn": "one",
        "metBy": [{"earlier": {"withinDays": 10}}],
    }
    return [one | changes]


def test_the_built_in_items_can_be_used(catalogue: Catalogue) -> None:
    names = [department.id for department in catalogue.departments]
    assert len(service_items(catalogue)) >= 3
    assert list(judging.item_faults(catalogue.items, names, catalogue.datasets)) == []
    assert list(judging.unknown_types(catalogue.items, load_types())) == []
    assert list(judging.findings(catalogue.items, catalogue.datasets)) == []


def test_items_say_what_they_use(catalogue: Catalogue) -> None:
    item = item_of(catalogue, "440500-SAMPLE-0101")
    assert item is not None
    assert item in items_using(catalogue, LICENCE)
    assert {"market_regulation.enterprises", "public_security.residents"} <= set(item.datasets())
    assert item.file == "market_regulation/service_items/food_business_permit.yaml"


def test_every_fault_of_form_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    told = faults(tmp_path, code="x y", areaCode=440500, colour="red", steps=None, validFrom="2024-02-30")
    for part in ("colour", "steps is missing", '"x y"', "type string", '"2024-02-30" is no date'):
        assert part in told
    assert str(tmp_path) not in told


PAPER = {"paper": {"becauseZh": "惯例", "becauseEn": "always done so"}}
AGED = {"column": "born_on", "operation": "age_at_least", "values": ["old"]}
WRONG = {
    "one stands twice": materials() * 2,
    "unknown step nowhere": materials(step="nowhere"),
    "unknown party nobody": materials(about="nobody"),
    "unknown field guess": materials(metBy=[{"guess": {}}]),
    "nothing but `paper`": materials(metBy=[PAPER, {"earlier": {"withinDays": 1}}]),
    "unknown source": materials(metBy=[{"match": {"dataset": "a.b", "columns": {"c": "claim.d"}}}]),
    "has not the values": materials(metBy=[{"query": {"dataset": "a.b", "zh": "甲", "en": "a", "conditions": [AGED]}}]),
}


@pytest.mark.parametrize("part", WRONG)
def test_what_the_schema_can_not_say_is_checked(tmp_path: Path, part: str) -> None:
    assert part in faults(tmp_path, materials=WRONG[part])


def test_references_are_judged_where_all_is_known(catalogue: Catalogue, tmp_path: Path) -> None:
    item = written(
        tmp_path,
        materials=materials(
            issuedBy="nobody_knows",
            metBy=[
                {"match": {"dataset": "market_regulation.enterprises", "columns": {"shoe_size": "applicant.name"}}},
                {"match": {"dataset": "market_regulation.nothing", "columns": {"name": "applicant.name"}}},
                {
                    "match": {
                        "dataset": "market_regulation.business_licences",
                        "columns": {"holder_name": "applicant.name"},
                    }
                },
                {"certificate": {"types": ["0" * 21]}},
            ],
        ),
    )
    names = [department.id for department in catalogue.departments]
    told = "\n".join(
        fault.en
        for fault in (
            *judging.item_faults([item, item], names, catalogue.datasets),
            *judging.unknown_types([item], load_types()),
        )
    )
    for part in (
        "nobody_knows",
        "shoe_size",
        "market_regulation.nothing",
        "no register a subject",
        "given twice",
        "0" * 21,
    ):
        assert part in told


def test_proofs_that_nobody_needs_are_found(catalogue: Catalogue, tmp_path: Path) -> None:
    needless = written(tmp_path, materials=materials(issuedBy="market_regulation", metBy=[PAPER]))
    held = written(tmp_path, materials=materials(issuedBy="health", basis=["某条例第一条"], metBy=[PAPER]))
    found = {finding.kind for finding in judging.findings([needless, held], catalogue.datasets)}
    assert found == {"no_basis", "own_proof", "held_by_hub"}


def test_items_that_wait_for_each_other_are_a_circle(catalogue: Catalogue, tmp_path: Path) -> None:
    first, second = "1" * 21, "2" * 21

    def needing(code: str, needed: str, result: str) -> ServiceItem:
        way = [{"certificate": {"types": [needed]}}]
        item = written(tmp_path, results=[result], materials=materials(basis=["某条例第一条"], metBy=way))
        return replace(item, code=code, name_en=code)

    circle = [needing("A-1", second, first), needing("B-2", first, second)]
    (found,) = judging.findings(circle, catalogue.datasets)
    assert found.kind == "circle"
    assert {"A-1", "B-2"} <= set(found.en.replace(";", "").split())
    renewal = needing("C-3", first, first)
    assert list(judging.findings([renewal], catalogue.datasets)) == []


def test_operators_items_are_copied_and_digested_with_their_folder(tmp_path: Path) -> None:
    folder = tmp_path / "market_regulation"
    (folder / "service_items").mkdir(parents=True)
    (folder / "department.yaml").write_text((RESTAURANT.parent.parent / "department.yaml").read_text("utf-8"), "utf-8")
    before, _ = copy_folder(folder, tmp_path / "one")
    (folder / "service_items/a.yaml").write_text(RESTAURANT.read_text("utf-8"), "utf-8")
    after, found = copy_folder(folder, tmp_path / "two")
    assert (found, before == after) == ((), False)
    assert [path.name for path in item_files(tmp_path / "two")] == ["a.yaml"]
