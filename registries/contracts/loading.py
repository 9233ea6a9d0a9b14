"""Data contracts: reading an ODCS YAML into datasets, with every fault at once.

    load_contract(Path("registries/departments/public_security/residents.odcs.yaml"))[0].key
    -> ('citizen_number',)

Standard: Open Data Contract Standard 3.x; what it lacks stands in custom properties, described in
departments/README.md. Nothing that a contract names is ever fetched.
"""

from collections.abc import Sequence
from pathlib import Path

from registries.contracts.datasets import datasets_of
from registries.contracts.faults import ContractFaults, Fault
from registries.contracts.model import (
    CertificateMapping,
    Code,
    Column,
    Dataset,
    Register,
    RegisterRole,
    RuleSpec,
    Server,
    Sharing,
    Sla,
)
from registries.contracts.odcs import read_odcs
from registries.contracts.registers import SUFFIX, register_of
from registries.contracts.yaml_page import read_yaml

__all__ = [
    "CertificateMapping",
    "Code",
    "Column",
    "ContractFaults",
    "Dataset",
    "Fault",
    "Register",
    "RegisterRole",
    "RuleSpec",
    "Server",
    "Sharing",
    "Sla",
    "check_contracts",
    "load_contract",
    "load_register",
]


def load_contract(path: Path) -> tuple[Dataset, ...]:
    """The datasets of one contract file; ContractFaults with all of its faults."""
    page = read_yaml(path)
    datasets = datasets_of(page, read_odcs(page))
    page.stop_if_faulty()
    return datasets


def load_register(path: Path) -> Register:
    """The register of a `*.register.odcs.yaml`; ContractFaults with all of its faults."""
    page = read_yaml(path)
    register = register_of(page, read_odcs(page))
    page.stop_if_faulty()
    if register is None:
        raise AssertionError("a contract without faults has a register")
    return register


def check_contracts(paths: Sequence[Path]) -> list[Fault]:
    """The faults of contract files, each looked at alone, in the order of the paths; empty if all can be used."""
    faults: list[Fault] = []
    for path in paths:
        try:
            load_register(path) if path.name.endswith(SUFFIX) else load_contract(path)
        except ContractFaults as found:
            faults += found.faults
    return faults
