"""From a contract's words to its quality rules: derived from columns, and declared under `quality`.

Derived ids are `<column>-<what>` with what as in derived, or reference, and `key-unique`, `batch-volume_drop`,
`batch-share_refused`; declared rules bring their own `id`. A text's readability or a number's rounding that a contract
declares in its own words is not derived a second time.

A rule's version is a digest of what it does: it changes when the rule changes, and only then, so that scores
of different rules are never compared.

Standards: ODCS 3.2 data quality; indicators of GB/T 36344-2018.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from open_data_contract_standard.model import Relationship, SchemaObject, SchemaProperty

from registries.contracts.declared import declared_rules
from registries.contracts.derived import derived, rule
from registries.contracts.model import Column, RuleSpec
from registries.contracts.odcs import Custom
from registries.contracts.yaml_page import Page, Place

_OWN_WORDS: Final = frozenset({"mianzheng:readable_text", "mianzheng:not_rounded"})
_GATE: Final = {"maxDrop": 0.2, "maxRefused": 0.3}


def rules_of(
    page: Page, place: Place, table: SchemaObject, columns: Sequence[Column], custom: Custom
) -> tuple[RuleSpec, ...]:
    """All rules of a table, derived ones first; double ids and faulty rules are noted on the page."""
    rules: list[RuleSpec] = []
    declared = declared_rules(page, place, table, columns)
    own = {(spec.expectation, spec.columns) for spec in declared if spec.expectation in _OWN_WORDS}
    for position, (column, given) in enumerate(zip(columns, table.properties or (), strict=True)):
        here = (*place, "properties", position)
        levels = _levels(page, here, given)
        rules += [
            replace(spec, level=levels.get(what, spec.level))
            for what, spec in derived(column)
            if (spec.expectation, spec.columns) not in own
        ]
        rules += _references(page, here, column, given.relationships or ())
    rules += _of_the_key(columns)
    rules += declared
    rules += _of_the_batch(page, custom)
    _note_doubles(page, place, rules)
    return tuple(replace(spec, version=_version(spec)) for spec in rules)


def _levels(page: Page, here: Place, given: SchemaProperty) -> Mapping[str, Any]:
    # Faults of these were noted when the column was read: a scratch page takes them a second time.
    scratch = Page(page.file, {}, {})
    return Custom(scratch, here, given.customProperties, ("semantic", "ruleLevels")).mapping("ruleLevels")


def _references(page: Page, here: Place, column: Column, given: Sequence[Relationship]) -> list[RuleSpec]:
    return [
        found
        for position, item in enumerate(given)
        if (found := _reference(page, (*here, "relationships", position), column, item)) is not None
    ]


def _reference(page: Page, here: Place, column: Column, given: Relationship) -> RuleSpec | None:
    custom = Custom(page, here, given.customProperties, ("level", "zh", "en", "id"))
    target = _target(page, here, given.to)
    if target is None:
        return None
    level = custom.choice("level", ("1", "2", "3"), "1")
    indicator, where = ("0105", target["register"]) if "register" in target else ("0402", target["dataset"])
    return rule(
        custom.text("id", f"{column.name}-reference"),
        indicator,
        "mianzheng:reference",
        {"column": column.name, **target},
        custom.text("zh", f"“{column.title_zh}”在 {where} 中查不到, 请核对"),
        custom.text("en", f"{column.name} is not found in {where}; please check it"),
        kind="reference",
        level=int(level) if level.isdigit() else 1,
    )


def _target(page: Page, here: Place, to: object) -> dict[str, str] | None:
    """`geography.code` is a register's subject key; `department.table.column` is a column of a dataset."""
    parts = to.split(".") if isinstance(to, str) else []
    match parts:
        case [register, column]:
            return {"register": register, "target_column": column}
        case [department, table, column]:
            return {"dataset": f"{department}.{table}", "target_column": column}
    page.note(
        (*here, "to"),
        f"引用目标 {to} 不合规",
        f"{to} is no target of a reference",
        "请写成 基础库.列 或 部门.数据表.列",
        "write register.column or department.table.column",
    )
    return None


def _of_the_key(columns: Sequence[Column]) -> list[RuleSpec]:
    keys = [column for column in columns if column.key]
    if not keys:
        return []
    titles = "、".join(f"“{column.title_zh}”" for column in keys)
    names = tuple(column.name for column in keys)
    return [
        rule(
            "key-unique",
            "0304",
            "mianzheng:unique",
            {"column_list": list(names)},
            f"主键{titles}相同而内容不同的记录不止一条, 请保留正确的一条",
            f"several records that differ have the same key ({', '.join(names)}); please keep the right one",
            columns=names,
            kind="unique",
        )
    ]


def _of_the_batch(page: Page, custom: Custom) -> list[RuleSpec]:
    given = custom.mapping("gate", _GATE)
    shares: dict[str, float] = {}
    for name, default in _GATE.items():
        value = given.get(name, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
            page.note((*custom.place("gate"), name), f"{name} 应在 0 与 1 之间", f"{name} should be 0 to 1", *_SHARE)
            value = default
        shares[name] = float(value)
    return [_volume_drop(shares["maxDrop"]), _share_refused(shares["maxRefused"])]


_SHARE: Final = ("例如 0.2 表示两成", "0.2 is a fifth, for example")


def _volume_drop(share: float) -> RuleSpec:
    return rule(
        "batch-volume_drop",
        "0202",
        "mianzheng:volume_drop",
        {"max_share": share},
        f"本批行数比上批减少超过 {share:.0%}, 请确认是否完整, 完整则由数据管理员放行",
        f"this batch has over {share:.0%} fewer rows than the last; if it is complete, a steward releases it",
        columns=(),
        kind="batch",
    )


def _share_refused(share: float) -> RuleSpec:
    return rule(
        "batch-share_refused",
        "0305",
        "mianzheng:share_refused",
        {"max_share": share},
        f"本批被拒行数超过 {share:.0%}, 请检查导出是否错列或编码有误",
        f"over {share:.0%} of this batch is refused; check the export for shifted columns or a wrong encoding",
        columns=(),
        kind="batch",
    )


def _note_doubles(page: Page, place: Place, rules: Sequence[RuleSpec]) -> None:
    seen: set[str] = set()
    for spec in rules:
        if spec.id in seen:
            page.note(
                place,
                f"规则编号 {spec.id} 重复",
                f"rule id {spec.id} is given twice",
                "请为每条规则取不同的 id",
                "give each rule an id of its own",
            )
        seen.add(spec.id)


def _version(spec: RuleSpec) -> str:
    text = json.dumps([spec.expectation, spec.arguments, spec.level], sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
