"""From a contract's words to its quality rules: derived from columns, and declared under `quality`.

Derived ids are `<column>-<what>` with what as in derived, or reference, `key-unique`, and those of batch_rules;
declared rules bring their own `id`. A text's readability or a number's rounding that a contract declares in its own
words is not derived a second time.

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

from registries.contracts.batch_rules import batch_rules
from registries.contracts.declared import declared_rules
from registries.contracts.derived import derived, rule
from registries.contracts.model import Column, Delivery, RuleSpec, Sla
from registries.contracts.odcs import Custom
from registries.contracts.trust import levels_by_trust
from registries.contracts.vocabulary import LOWERABLE
from registries.contracts.yaml_page import Page, Place

_OWN_WORDS: Final = frozenset({"mianzheng:readable_text", "mianzheng:not_rounded"})


def rules_of(
    page: Page,
    place: Place,
    table: SchemaObject,
    columns: Sequence[Column],
    custom: Custom,
    sla: Sla,
    delivery: Delivery,
) -> tuple[RuleSpec, ...]:
    """All rules of a table, derived ones first; double ids and faulty rules are noted on the page."""
    rules: list[RuleSpec] = []
    declared = declared_rules(page, place, table, columns)
    own = {(spec.expectation, spec.columns) for spec in declared if spec.expectation in _OWN_WORDS}
    for position, (column, given) in enumerate(zip(columns, table.properties or (), strict=True)):
        here = (*place, "properties", position)
        levels = _levels(page, here, given)
        by_trust = levels_by_trust(_known(page, here, given))
        rules += [
            replace(spec, level=levels.get(what, spec.level), levels_by_trust=by_trust if what in LOWERABLE else {})
            for what, spec in derived(column)
            if (spec.expectation, spec.columns) not in own
        ]
        rules += _references(page, here, column, given.relationships or ())
    rules += _of_the_key(columns)
    rules += declared
    rules += batch_rules(page, custom, sla, delivery)
    _note_doubles(page, place, rules)
    return tuple(replace(spec, version=_version(spec)) for spec in rules)


def _levels(page: Page, here: Place, given: SchemaProperty) -> Mapping[str, Any]:
    # Faults of these were noted when the column was read: a scratch page takes them a second time.
    scratch = Page(page.file, {}, {})
    return Custom(scratch, here, given.customProperties, ("semantic", "ruleLevels")).mapping("ruleLevels")


def _known(page: Page, here: Place, given: SchemaProperty) -> Custom:
    """The column's properties, of which none is unknown here: that was noted when the column was read."""
    return Custom(page, here, given.customProperties, [one.property or "" for one in given.customProperties or ()])


def _references(page: Page, here: Place, column: Column, given: Sequence[Relationship]) -> list[RuleSpec]:
    return [
        found
        for position, item in enumerate(given)
        if (found := _reference(page, (*here, "relationships", position), column, item)) is not None
    ]


def _reference(page: Page, here: Place, column: Column, given: Relationship) -> RuleSpec | None:
    custom = Custom(page, here, given.customProperties, ("level", "levelByTrust", "zh", "en", "id"))
    target = _target(page, here, given.to)
    if target is None:
        return None
    level = custom.choice("level", ("1", "2", "3"), "1")
    indicator, where = ("0105", target["register"]) if "register" in target else ("0402", target["dataset"])
    spec = rule(
        custom.text("id", f"{column.name}-reference"),
        indicator,
        "mianzheng:reference",
        {"column": column.name, **target},
        custom.text("zh", f"“{column.title_zh}”在 {where} 中查不到, 请核对"),
        custom.text("en", f"{column.name} is not found in {where}; please check it"),
        kind="reference",
        level=int(level) if level.isdigit() else 1,
    )
    return replace(spec, levels_by_trust=levels_by_trust(custom))


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
    told = [spec.expectation, spec.arguments, spec.level, *([spec.levels_by_trust] if spec.levels_by_trust else [])]
    text = json.dumps(told, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
