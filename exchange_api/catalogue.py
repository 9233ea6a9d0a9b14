"""The catalogue (目录) as anybody may read it: what departments publish, and how good it is; no row of it.

Its members follow Decree 809, articles 13 to 15: name, items, provider, format, update frequency, sharing class, mode,
conditions, scope and purpose, or reason and legal basis, grade and classification, and what of that is missing; beside
them the contract's version, the score with what it is over, and how old data is.

    described(parts.contracts.number(), parts.catalogue, standing)
    -> {"version": 3, "departments": [...], "registers": [...], "datasets": [...]}
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from exchange_api.transactions import Transaction
from quality.scores import DimensionScore, RuleScore, dimension_scores, mean
from registries.contracts.model import Column, Dataset, Register
from registries.contracts.vocabulary import CLASSIFICATIONS
from registries.departments import Catalogue, Department
from registries.store import pages, scores
from registries.store.engine import Store
from registries.store.scores import ScoreLine

Described = dict[str, Any]

MODES: Final[Mapping[str, tuple[str, str]]] = {
    "none": ("不提供", "not provided"),
    "live_query": ("实时查询接口，数据不落地", "live query; the data stays at its source"),
    "verification": ("核验接口", "verification by API"),
    "register": ("基础库", "through its register"),
    "dataset": ("数据资源", "as a dataset"),
}
"""How data is shared (共享方式)."""

FORMATS: Final[Mapping[str, tuple[str, str]]] = {
    "database": ("数据库表", "database table"),
    "sql_database": ("数据库表", "database table"),
    "http_api": ("接口，JSON", "API, JSON"),
    "push": ("推送，NDJSON", "pushed, NDJSON"),
    "live_query": ("接口，JSON", "API, JSON"),
    "csv": ("CSV 文件", "CSV file"),
    "json_lines": ("JSON Lines 文件", "JSON Lines file"),
    "parquet": ("Parquet 文件", "Parquet file"),
    "xlsx": ("XLSX 电子表格", "XLSX workbook"),
}


@dataclass(frozen=True)
class Standing:
    """How a dataset stands: its rules' latest scores, and of when the data is that is served."""

    scores: tuple[ScoreLine, ...] = ()
    data_as_of: datetime | None = None

    @property
    def score(self) -> float | None:
        """The mean of its dimensions that have data, 0 to 1; None if nothing was judged."""
        return mean([one.score for one in self.dimensions])

    @property
    def dimensions(self) -> tuple[DimensionScore, ...]:
        """Each dimension with its counts."""
        return dimension_scores(
            RuleScore(one.rule_id, one.rule_version, one.dimension, one.indicator, one.level, one.checked, one.failed)
            for one in self.scores
        )


NOTHING_YET: Final = Standing()


def standings(store_page: Store, only: str | None = None) -> Mapping[str, Standing]:
    """How every dataset stands, or one: two queries, however many there are."""
    with Transaction(store_page) as work:
        lines = scores.current_scores(work.conn)
        times = {line.name: line.data_as_of for line in pages.datasets(work.conn)}
    grouped: dict[str, list[ScoreLine]] = {name: [] for name in times if only in {None, name}}
    for line in lines:
        if line.dataset in grouped:
            grouped[line.dataset].append(line)
    return {name: Standing(tuple(found), times[name]) for name, found in grouped.items()}


def described(version: int, catalogue: Catalogue, standing: Mapping[str, Standing]) -> Described:
    """The whole catalogue."""
    return {
        "version": version,
        "departments": [_department(each) for each in catalogue.departments],
        "registers": [describe_register(each, catalogue) for each in catalogue.registers],
        "datasets": [
            describe(dataset, catalogue, standing.get(dataset.name, NOTHING_YET)) for dataset in catalogue.datasets
        ],
    }


def _department(department: Department) -> Described:
    return {
        "id": department.id,
        "title": _words(department.name_zh, department.name_en),
        "area_code": department.area_code,
        "level": department.level,
        "valid_from": department.valid_from.isoformat(),
        "valid_until": department.valid_until.isoformat() if department.valid_until else None,
        "predecessors": list(department.predecessors),
        "successors": list(department.successors),
    }


def describe_register(register: Register, catalogue: Catalogue) -> Described:
    """One register."""
    kind = register.subject_kind
    return {
        "id": register.id,
        "title": _words(register.title_zh, register.title_en),
        "description": _words(register.description_zh, register.description_en),
        "led_by": register.department,
        "subject_kind": {"id": kind.id, "zh": kind.zh, "en": kind.en},
        "contract": {"id": register.contract_id, "version": register.contract_version},
        "key": _item(register.key),
        "attributes": [
            _item(column) | {"authorities": [each.name for each in authorities(catalogue, register, column.name)]}
            for column in register.attributes
        ],
    }


def authorities(catalogue: Catalogue, register: Register, attribute: str) -> Sequence[Dataset]:
    """The datasets that give an attribute, the one that decides it first (一数一源)."""
    roles = [(each.register, each) for each in catalogue.of_register(register.id)]
    giving = [
        (role.authorities.get(attribute, role.precedence), each.name, each)
        for role, each in roles
        if role is not None and attribute in role.attributes
    ]
    return [each for _, _, each in sorted(giving, key=lambda one: one[:2])]


def describe(dataset: Dataset, catalogue: Catalogue, standing: Standing) -> Described:
    """One dataset."""
    provider = catalogue.department(dataset.department)
    return {
        "name": dataset.name,
        "title": _words(dataset.title_zh, dataset.title_en),
        "description": _words(dataset.description_zh, dataset.description_en),
        "group": dataset.group or None,
        "provider": {"id": provider.id} | _words(provider.name_zh, provider.name_en),
        "format": _words(*FORMATS[format_of(dataset)]),
        "update": {
            "every": dataset.sla.update_every_days,
            "fresh_for": dataset.sla.fresh_for_days,
            "unit": "working_day" if dataset.sla.working_days else "day",
            "delivery": dataset.delivery,
        },
        "sharing": {
            "class": dataset.sharing_class,
            "conditions": dataset.sharing.conditions or None,
            "scope": dataset.sharing.scope or None,
            "purpose": dataset.sharing.purpose or None,
            "legal_basis": dataset.sharing.legal_basis or None,
            "reason": dataset.sharing.reason or None,
            "missing": list(dataset.sharing.missing),
        },
        "grading": {"grade": dataset.sharing.grade or None, "classification": classification_of(dataset)},
        "mode": {"id": mode_of(dataset)} | _words(*MODES[mode_of(dataset)]),
        "register": dataset.register.register if dataset.register else None,
        "certificate_type": dataset.certificate.type_code if dataset.certificate else None,
        "contract": {"id": dataset.contract_id, "version": dataset.contract_version},
        "valid_time": {"from": valid.since, "until": valid.until} if (valid := dataset.valid_time) else None,
        "items": [_item(column) for column in dataset.stored_columns],
        "quality": _quality(standing),
        "data_as_of": standing.data_as_of.isoformat() if standing.data_as_of else None,
    }


def format_of(dataset: Dataset) -> str:
    """What the publisher hands over, a key of FORMATS."""
    return dataset.server.format if dataset.server.kind == "files" else dataset.server.kind


def mode_of(dataset: Dataset) -> str:
    """How it is shared, a key of MODES."""
    if dataset.sharing_class == "不予共享":
        return "none"
    if dataset.server.kind == "live_query":
        return "live_query"
    if dataset.certificate is not None:
        return "verification"
    return "dataset" if dataset.register is None else "register"


def classification_of(dataset: Dataset) -> str:
    """The strictest classification among its items."""
    return max((column.classification for column in dataset.stored_columns), key=CLASSIFICATIONS.index)


def _item(column: Column) -> Described:
    codes = [
        {
            "value": code.value,
            **_words(code.zh, code.en),
            "valid_from": code.valid_from.isoformat() if code.valid_from else None,
            "valid_until": code.valid_until.isoformat() if code.valid_until else None,
        }
        for code in column.code_table or ()
    ]
    return {
        "name": column.name,
        "title": column.title_zh,
        "description": column.description or None,
        "type": column.logical_type,
        "max_length": column.max_length,
        "key": column.key,
        "required": column.required,
        "classification": column.classification,
        "semantic": column.semantic,
        "code_table": codes or None,
    }


def _quality(standing: Standing) -> Described:
    """Scores with their denominators; null where nothing was judged: no data is not 100 %."""
    return {
        "score": standing.score,
        "checked": sum(line.checked for line in standing.scores),
        "failed": sum(line.failed for line in standing.scores),
        "dimensions": [
            {"dimension": one.dimension, "score": one.score, "checked": one.checked, "failed": one.failed}
            for one in standing.dimensions
        ],
    }


def _words(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}
