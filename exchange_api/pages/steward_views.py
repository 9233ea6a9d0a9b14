"""What stewards see at first: figures, departments by dimensions, datasets, conflicts."""

from collections.abc import Mapping, Sequence

from exchange_api.pages import words
from exchange_api.pages.batch_views import dataset_title
from exchange_api.pages.quality_views import datasets_view, departments_view, total
from exchange_api.pages.rendering import NOTHING, points
from exchange_api.pages.views.frame import Tile, Words
from exchange_api.pages.views.steward import ConflictCount, ConflictRow, RefusedContracts, StewardView
from registries.departments import Catalogue
from registries.operators.folders import Refusal
from registries.store.pages import ConflictLine, DatasetLine
from registries.store.scores import ScoreLine


def steward_view(
    lines: Sequence[ScoreLine],
    standing: Sequence[DatasetLine],
    conflicts: Mapping[tuple[str, str, str], int],
    catalogue: Catalogue,
    refusals: Sequence[Refusal] = (),
) -> StewardView:
    """The steward's first page."""
    return StewardView(
        _tiles(lines, standing),
        tuple(words.DIMENSIONS.values()),
        departments_view(lines, catalogue),
        datasets_view(lines, catalogue),
        _conflict_counts(conflicts, catalogue),
        tuple(
            RefusedContracts(each.department, each.at, tuple(Words(fault.zh, fault.en) for fault in each.faults))
            for each in refusals
        ),
    )


def _tiles(lines: Sequence[ScoreLine], standing: Sequence[DatasetLine]) -> tuple[Tile, ...]:
    loaded = [line for line in standing if line.batches]
    departments = len({line.department for line in loaded})
    overall = total(lines).share
    refused, cases = sum(line.refused for line in standing), sum(line.open_cases for line in standing)
    return (
        Tile(
            Words("已归集数据资源", "Datasets taken in"),
            f"{len(loaded)}",
            Words(f"来自 {departments} 个部门", f"from {departments} departments"),
            f"/ {len(standing)}",
        ),
        Tile(
            Words("总分", "Total"),
            NOTHING if overall is None else points(overall),
            Words("各数据资源不加权平均", "unweighted mean of datasets"),
            "/ 100",
        ),
        Tile(Words("未接收的行", "Refused rows"), f"{refused:,}", Words("等待源头改正", "waiting to be mended")),
        Tile(Words("未结工单", "Open cases"), f"{cases:,}", Words("整改与校核", "rectification and verification")),
    )


def _conflict_counts(conflicts: Mapping[tuple[str, str, str], int], catalogue: Catalogue) -> tuple[ConflictCount, ...]:
    ordered = sorted(conflicts.items(), key=lambda one: -one[1])
    return tuple(
        ConflictCount(
            register,
            register_words(catalogue, register) or Words(register, register),
            _attribute(dataset, attribute, catalogue),
            dataset_title(catalogue, dataset),
            count,
        )
        for (register, attribute, dataset), count in ordered
    )


def register_words(catalogue: Catalogue, register: str) -> Words | None:
    """A register's titles; None if there is none of that id."""
    titles = {each.id: Words(each.title_zh, each.title_en) for each in catalogue.registers}
    return titles.get(register)


def conflict_rows(found: Sequence[ConflictLine], catalogue: Catalogue) -> tuple[ConflictRow, ...]:
    """Conflicts with the names of their publishers."""
    return tuple(
        ConflictRow(
            line.subject_key,
            _attribute(line.dataset, line.attribute, catalogue),
            _publisher(line.dataset, catalogue),
            line.value,
            _publisher(line.authority, catalogue),
            line.authority_value,
        )
        for line in found
    )


def _attribute(dataset: str, attribute: str, catalogue: Catalogue) -> Words:
    """An attribute of a register, as the dataset that gives it calls it."""
    role = catalogue.dataset(dataset).register if dataset in catalogue else None
    if role is None or attribute not in role.attributes:
        return Words(attribute, attribute)
    return Words(catalogue.dataset(dataset).column(role.attributes[attribute]).title_zh, attribute)


def _publisher(dataset: str, catalogue: Catalogue) -> Words:
    if dataset not in catalogue:
        return Words(dataset, dataset)
    department = catalogue.department(catalogue.dataset(dataset).department)
    return Words(department.name_zh, department.name_en)
