"""What changed in a department's contracts, what a draft would change, and whom either breaks, by name.

    changes = ContractChanges(store_page, contracts, clock)
    changes.accepted(session)                        # of the versions that the hub still keeps, the newest first
    changes.proposed(session, "births.odcs.yaml", content)

Whom a change concerns is read from what is in force now: the service items whose materials need the column, and the
grants that name it.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from certificates.china_time import CHINA
from exchange_api.sessions import Session
from exchange_api.transactions import Transaction
from registries.contract_diff.diff import Part, compare, load_part
from registries.contract_diff.difference import Difference
from registries.contracts.faults import ContractFaults, Fault
from registries.contracts.model import Dataset
from registries.departments import Catalogue
from registries.operators.folders import Contracts, version_folder
from registries.service_items.model import CertificateWay, MatchWay, QueryWay, ServiceItem, Way
from registries.store import grant_readers
from registries.store.engine import Store
from registries.store.grant_readers import Reader

LARGEST: Final = 1 << 20
"""Bytes of a draft; contracts are pages, not books."""


@dataclass(frozen=True)
class Broken:
    """A difference, and by name whom it concerns; nobody where it breaks nothing."""

    difference: Difference
    items: tuple[ServiceItem, ...]
    readers: tuple[Reader, ...]


@dataclass(frozen=True)
class Changed:
    """One change of contracts.

    Attributes:
        version: of the hub's catalogue in which it came; None: a draft.
        told: the contracts' versions, old and new, and whether the step is enough.
        faults: why a draft can't be used at all; it has no differences then.
    """

    version: int | None
    differences: tuple[Broken, ...]
    told: tuple[tuple[str, str], ...]
    faults: tuple[Fault, ...] = ()

    @property
    def breaking(self) -> bool:
        """Whether anything breaks for anybody."""
        return any(each.difference.breaking for each in self.differences)


class ContractChanges:
    """Compares contracts; `store_page` knows who is granted what."""

    def __init__(self, store_page: Store, contracts: Contracts, clock: Callable[[], datetime]) -> None:
        self._store = store_page
        self._contracts = contracts
        self._clock = clock

    def accepted(self, session: Session) -> list[Changed]:
        """Changes of the department's contracts that were accepted, as far as their versions are kept."""
        newest = self._contracts.number()
        return list(self._between_versions(session.department, newest))

    def proposed(self, session: Session, file_name: str, content: bytes) -> Changed:
        """What a draft would change against the contract in force that it would take the place of; nothing is kept."""
        try:
            draft = _read(content[: LARGEST + 1])
        except ContractFaults as found:
            return Changed(None, (), (), found.faults)
        if len(content) > LARGEST or {each.department for each in draft.datasets} != {session.department}:
            return Changed(None, (), (), (_not_ours(file_name),))
        contract_ids = {each.contract_id for each in draft.datasets}
        in_force = self._contracts.catalogue().datasets
        own = [each for each in in_force if each.department == session.department]
        before = Part(tuple(each for each in own if each.contract_id in contract_ids))
        return self._changed(None, before, Part(draft.datasets))

    def _between_versions(self, department: str, newest: int) -> Iterator[Changed]:
        for number in range(newest, 1, -1):
            old, new = (version_folder(self._contracts.home, each) / department for each in (number - 1, number))
            if not old.is_dir() or not new.is_dir():
                continue
            try:
                found = self._changed(number, load_part(old), load_part(new))
            except ContractFaults:
                continue  # accepted by an earlier hub: nothing to compare with
            if found.differences:
                yield found

    def _changed(self, version: int | None, old: Part, new: Part) -> Changed:
        found = compare(old, new)
        datasets = {each.name: each for each in (*new.datasets, *old.datasets)}
        readers = self._readers(datasets.values())
        catalogue = self._contracts.catalogue()
        broken = tuple(_broken(each, datasets, catalogue, readers) for each in found.differences)
        return Changed(version, broken, tuple((step.zh, step.en) for step in found.steps))

    def _readers(self, datasets: Iterable[Dataset]) -> dict[str, list[Reader]]:
        today = self._clock().astimezone(CHINA).date()
        with Transaction(self._store) as work:
            return {
                each.name: grant_readers.readers_of(
                    work.conn, each.name, each.certificate.type_code if each.certificate else None, today
                )
                for each in datasets
            }


def _broken(
    each: Difference, datasets: dict[str, Dataset], catalogue: Catalogue, readers: dict[str, list[Reader]]
) -> Broken:
    """Only of what breaks it is asked for whom."""
    dataset, column = _place(each.where, datasets)
    if dataset is None or not each.breaking:
        return Broken(each, (), ())
    verdicts = any(party.kind == "relying_systems" for party in each.whom)
    items = tuple(item for item in catalogue.items if _uses(item, dataset, column, verdicts=verdicts))
    named = tuple(one for one in readers[dataset.name] if _is_read(one, dataset, column, verdicts=verdicts))
    return Broken(each, items, named)


def _place(where: str, datasets: dict[str, Dataset]) -> tuple[Dataset | None, str | None]:
    """`health.births.name` -> the dataset and its column; no column where the whole dataset is meant."""
    name, _, column = where.rpartition(".")
    if name in datasets:
        return datasets[name], column
    return datasets.get(where), None


def _uses(item: ServiceItem, dataset: Dataset, column: str | None, *, verdicts: bool) -> bool:
    return any(_needs(way, dataset, column, verdicts=verdicts) for material in item.materials for way in material.ways)


def _needs(way: Way, dataset: Dataset, column: str | None, *, verdicts: bool) -> bool:
    if isinstance(way, MatchWay | QueryWay):
        return way.dataset == dataset.name and (column is None or column in way.columns)
    if isinstance(way, CertificateWay) and dataset.certificate is not None:
        return verdicts and dataset.certificate.type_code in way.types
    return False


def _is_read(reader: Reader, dataset: Dataset, column: str | None, *, verdicts: bool) -> bool:
    if reader.certificate_type is not None and dataset.certificate is not None and not reader.fields:
        return verdicts
    return column is None or column in reader.fields


def _read(content: bytes) -> Part:
    with tempfile.TemporaryDirectory(prefix="mianzheng-draft-") as folder:
        path = Path(folder) / "draft.odcs.yaml"
        path.write_bytes(content)
        return load_part(path)


def _not_ours(file_name: str) -> Fault:
    return Fault(
        file_name,
        1,
        "不是本部门的数据契约",
        "it is no contract of your department",
        "domain 应为本部门编号, 文件不超过 1 MB",
        "its domain should be your department's id, and the file at most 1 MB",
    )
