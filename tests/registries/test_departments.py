"""Departments and the catalogue: what ships is whole, and what does not fit together is said."""

import datetime as dt
import shutil
from pathlib import Path

import pytest

from registries.contracts.loading import ContractFaults
from registries.departments import BUILT_IN, Catalogue, Department, load_catalogue, load_department

HERE = Path(__file__).parent
BAD = sorted((HERE / "bad" / "departments").iterdir())


@pytest.mark.parametrize("folder", BAD, ids=lambda folder: folder.name)
def test_a_fault_of_a_department_names_line_and_cause(folder: Path) -> None:
    path = folder / "department.yaml"
    line, _, cause = path.read_text("utf-8").splitlines()[0].removeprefix("# line ").partition(": ")
    with pytest.raises(ContractFaults) as caught:
        load_department(path)
    assert [(fault.line, fault.cause_en) for fault in caught.value.faults] == [(int(line), cause)]


def test_what_ships_is_a_whole_catalogue() -> None:
    catalogue = load_catalogue()
    assert {register.id for register in catalogue.registers} >= {
        *("population", "legal_entities", "certificates", "geography", "macro_economy", "public_credit"),
    }
    assert [dataset.department for dataset in catalogue.of_register("geography")] == [
        "civil_affairs",
        "statistics_bureau",
        "standards_administration",
    ]
    assert len(catalogue.of_department("market_regulation")) == 2
    assert catalogue.department("public_security").area_code == "440500"
    assert "public_security.residents" in catalogue


def test_datasets_come_after_what_their_rules_refer_to() -> None:
    order = [dataset.name for dataset in load_catalogue().in_order_of_references()]
    assert order.index("civil_affairs.divisions") < order.index("statistics_bureau.divisions")
    assert order.index("statistics_bureau.divisions") < order.index("public_security.residents")
    assert order.index("public_security.residents") < order.index("market_regulation.enterprises")
    assert order.index("market_regulation.enterprises") < order.index("market_regulation.business_licences")


def copied(tmp_path: Path, *departments: str) -> Path:
    for department in departments:
        shutil.copytree(BUILT_IN / department, tmp_path / department)
    return tmp_path


def divisions(tmp_path: Path, *departments: str) -> Path:
    """Departments with what they say about divisions only, so that they need no others."""
    folder = copied(tmp_path, *departments)
    for contract in folder.glob("*/*.odcs.yaml"):
        if contract.name not in {"divisions.odcs.yaml", "geography.register.odcs.yaml"}:
            contract.unlink()
    return folder


def faults_of(*folders: Path) -> list[str]:
    with pytest.raises(ContractFaults) as caught:
        load_catalogue(folders)
    return [fault.en for fault in caught.value.faults]


def test_a_reference_to_nothing_is_a_fault(tmp_path: Path) -> None:
    faults = faults_of(copied(tmp_path, "public_security"))
    assert len(faults) == 1
    assert "rule division_code-reference refers to geography.code, which is not there" in faults[0]


def test_a_contract_of_another_department_is_a_fault(tmp_path: Path) -> None:
    folder = divisions(tmp_path, "civil_affairs", "statistics_bureau")
    shutil.copy(folder / "civil_affairs" / "divisions.odcs.yaml", folder / "statistics_bureau" / "more.odcs.yaml")
    assert "domain is not its department statistics_bureau" in faults_of(folder)[0]


def test_two_first_authorities_are_a_fault(tmp_path: Path) -> None:
    folder = divisions(tmp_path, "civil_affairs", "statistics_bureau")
    contract = folder / "statistics_bureau" / "divisions.odcs.yaml"
    contract.write_text(contract.read_text("utf-8").replace("precedence: 2", "precedence: 1"), "utf-8")
    assert "same precedence 1 as civil_affairs.divisions for name of register geography" in faults_of(folder)[0]


def test_an_operators_department_replaces_the_built_in_one(tmp_path: Path) -> None:
    folder = copied(tmp_path, "statistics_bureau")
    (folder / "statistics_bureau" / "divisions.odcs.yaml").unlink()
    catalogue = load_catalogue([BUILT_IN, folder])
    assert "statistics_bureau.divisions" not in catalogue
    assert [register.id for register in catalogue.registers].count("macro_economy") == 1


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("register: geography", "register: geografie", "register geografie, which is not there"),
        ("{name: name, level: level", "{nam: name, level: level", "attribute nam, unknown to register geography"),
    ],
)
def test_a_role_in_a_register_that_lacks_it_is_a_fault(tmp_path: Path, old: str, new: str, fault: str) -> None:
    folder = divisions(tmp_path, "civil_affairs", "statistics_bureau")
    contract = folder / "statistics_bureau" / "divisions.odcs.yaml"
    contract.write_text(contract.read_text("utf-8").replace(old, new), "utf-8")
    assert any(fault in each for each in faults_of(folder))


def test_a_successor_that_nobody_described_is_a_fault(tmp_path: Path) -> None:
    folder = divisions(tmp_path, "civil_affairs")
    described = folder / "civil_affairs" / "department.yaml"
    described.write_text(described.read_text("utf-8") + "successors: [social_affairs]\n", "utf-8")
    assert any("names social_affairs as predecessor or successor" in each for each in faults_of(folder))


def department(name: str, until: dt.date | None = None, **more: tuple[str, ...]) -> Department:
    return Department(name, name, name, "440500", "市", dt.date(2000, 1, 1), until, **more)


def test_successors_answer_for_what_a_former_department_did() -> None:
    industry = department("industry", dt.date(2014, 6, 30), successors=("market",))
    quality = department("quality", dt.date(2014, 6, 30))
    market = department("market", dt.date(2018, 12, 31), predecessors=("quality",))
    regulation = department("regulation", predecessors=("market",))
    catalogue = Catalogue((industry, quality, market, regulation), ())
    for former in ("industry", "quality"):
        assert [heir.id for heir in catalogue.successors_of(former, dt.date(2014, 6, 30))] == [former]
        assert [heir.id for heir in catalogue.successors_of(former, dt.date(2018, 12, 31))] == ["market"]
        assert [heir.id for heir in catalogue.successors_of(former, dt.date(2019, 1, 1))] == ["regulation"]


def test_departments_that_name_each_other_as_successors_come_to_an_end() -> None:
    ended = dt.date(2010, 1, 1)
    circle = Catalogue((department("a", ended, successors=("b",)), department("b", ended, successors=("a",))), ())
    assert circle.successors_of("a", dt.date(2020, 1, 1)) == ()


def test_faults_of_all_departments_come_at_once(tmp_path: Path) -> None:
    folder = divisions(tmp_path, "civil_affairs", "standards_administration")
    for department in ("civil_affairs", "standards_administration"):
        contract = folder / department / "divisions.odcs.yaml"
        contract.write_text(contract.read_text("utf-8").replace("trustLevel, value: ", "trustLevel, value: Z"), "utf-8")
    assert len(faults_of(folder)) == 2
