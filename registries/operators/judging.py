"""Judging new folders of contracts together with everything in force: which can be used, and why the others can't.

A department is accepted or refused whole. All changes are tried at once, so that new folders may refer to each other;
those that have faults are left out and the rest is tried again; where a fault shows elsewhere (something refers to what
a new version took away), each change is tried alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from certificates.types import load_types
from registries.contract_diff.diff import compare, load_part
from registries.contracts.faults import ContractFaults, Fault
from registries.departments import BUILT_IN, Catalogue, load_catalogue
from registries.errors import PlanRefused
from registries.service_items import judging
from registries.store import planner
from registries.store.engine import Store

Places = Mapping[str, Path]
"""Department -> a folder that holds nothing but the copy of the department's folder."""


@dataclass(frozen=True)
class Verdict:
    """What is to be in force, and what was refused with which faults."""

    accepted: Places
    refused: Mapping[str, tuple[Fault, ...]]


@dataclass(frozen=True)
class Judge:
    """Judges changes against what is in force.

    Attributes:
        in_force: the accepted copies as they are.
        store_load: as the role hub_load: the tables of what is accepted are made and altered.
    """

    in_force: Places
    store_load: Store

    def settle(self, changes: Mapping[str, Path | None]) -> Verdict:
        """The verdict over new copies by department; None stands for a folder that was taken away.

        Raises:
            StoreError: PostgreSQL can't be reached.
        """
        refused: dict[str, tuple[Fault, ...]] = {}
        remaining = dict(changes)
        while True:
            faults = self._faults(_with(self.in_force, remaining))
            if not faults:
                return Verdict(_with(self.in_force, remaining), refused)
            blamed = {name: found for name, found in _by_department(faults).items() if remaining.get(name)}
            if not blamed:
                return self._one_by_one(remaining, refused)
            refused |= blamed
            remaining = {name: place for name, place in remaining.items() if name not in blamed}

    def _one_by_one(self, changes: Mapping[str, Path | None], refused: Mapping[str, tuple[Fault, ...]]) -> Verdict:
        accepted, found = self._still_good()
        found |= refused
        for name, place in sorted(changes.items()):
            trial = _with(accepted, {name: place})
            if faults := self._faults(trial):
                found[name] = tuple(faults)
            else:
                accepted = trial
                found.pop(name, None)
        return Verdict(accepted, found)

    def _still_good(self) -> tuple[dict[str, Path], dict[str, tuple[Fault, ...]]]:
        """What is in force, without the folders that can't be used any more, as after an upgrade of the hub."""
        accepted, dropped = dict(self.in_force), dict[str, tuple[Fault, ...]]()
        while accepted and (faults := self._faults(accepted)):
            blamed = {name: found for name, found in _by_department(faults).items() if name in accepted}
            blamed = blamed or {max(accepted): tuple(faults)}
            dropped |= blamed
            accepted = {name: place for name, place in accepted.items() if name not in blamed}
        return accepted, dropped

    def _faults(self, places: Places) -> list[Fault]:
        """What is wrong with all of it together; if nothing is, its tables are there when this returns."""
        try:
            catalogue = load_catalogue((BUILT_IN, *(places[name] for name in sorted(places))))
        except ContractFaults as found:
            return list(found.faults)
        faults = [*unknown_types(catalogue), *_broken_items(catalogue, places), *self._too_small_steps(places)]
        if not faults:
            try:
                planner.plan(self.store_load, catalogue)
            except PlanRefused as refusal:
                return [_plan_fault(refusal)]
        return faults

    def _too_small_steps(self, places: Places) -> Iterable[Fault]:
        for name, place in places.items():
            before = self.in_force.get(name)
            if before is not None and before != place:
                yield from version_faults(before / name, place / name)


def version_faults(old: Path, new: Path) -> Iterable[Fault]:
    """A changed contract has to say so by its version: batches, scores and readers go by it."""
    try:
        before = load_part(old)
    except ContractFaults:
        return  # accepted by an earlier hub; nothing to compare with
    for step in compare(before, load_part(new)).steps:
        if not step.enough:
            yield Fault(
                f"{step.department}/{step.contract}",
                1,
                f"内容已改而版本号不够: {step.zh}",
                f"its content changed, but not its version: {step.en}",
                "请提高 version; mianzheng contract diff 列出改动",
                "raise version; mianzheng contract diff lists what changed",
            )


def unknown_types(catalogue: Catalogue) -> Iterable[Fault]:
    """Certificates of a type that the hub does not know can't be judged."""
    known = load_types()
    for dataset in catalogue.datasets:
        if dataset.certificate is not None and dataset.certificate.type_code not in known:
            code = dataset.certificate.type_code
            yield Fault(
                dataset.name,
                1,
                f"{dataset.name} 的证照类型 {code} 未知",
                f"{dataset.name} has certificates of unknown type {code}",
                f"可用的有 {', '.join(sorted(known))}",
                f"known are {', '.join(sorted(known))}",
            )


def _broken_items(catalogue: Catalogue, places: Places) -> Iterable[Fault]:
    """Operators' service items that refer to what is not there; built-in ones do without it."""
    names = [department.id for department in catalogue.departments]
    for fault in (
        *judging.item_faults(catalogue.items, names, catalogue.datasets),
        *judging.unknown_types(catalogue.items, load_types()),
    ):
        if fault.file.partition("/")[0] in places:
            yield fault


def _plan_fault(refusal: PlanRefused) -> Fault:
    return Fault(
        refusal.dataset,
        1,
        f"表不能随之改变: {refusal.zh}",
        f"its table can't follow: {refusal.en}",
        "请恢复原定义, 或另设数据资源",
        "restore it, or make another dataset",
    )


def _with(places: Places, changes: Mapping[str, Path | None]) -> dict[str, Path]:
    merged: dict[str, Path | None] = {**places, **changes}
    return {name: place for name, place in merged.items() if place is not None}


def _by_department(faults: Iterable[Fault]) -> dict[str, tuple[Fault, ...]]:
    """By the department that a fault names: `forestry/trees.odcs.yaml` or `forestry.trees`."""
    found: dict[str, list[Fault]] = {}
    for fault in faults:
        found.setdefault(fault.file.split("/")[0].split(".")[0], []).append(fault)
    return {name: tuple(each) for name, each in found.items()}
