"""The rules about a whole batch that every table has, with these ids, and what a contract may say of them.

    batch-volume_drop, batch-share_refused    gate: {maxDrop: 0.2, maxRefused: 0.3}; level 1: they hold the batch
    volume-drift, distribution-drift          drift: {volumeLevel: 2, volumeScore: 6, volumeChange: 0.1,
                                                      distributionLevel: 2, distance: 0.15}
    freshness-in_time                         slaProperties

A level of 1 holds a batch until a steward has looked, 2 opens a case, 3 is counted only.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, cast

from registries.contracts.derived import rule
from registries.contracts.model import Delivery, RuleSpec, Sla
from registries.contracts.odcs import Custom
from registries.contracts.yaml_page import Page

FRESHNESS: Final = "freshness-in_time"
VOLUME_DRIFT: Final = "volume-drift"
DISTRIBUTION_DRIFT: Final = "distribution-drift"

_GATE: Final = {"maxDrop": 0.2, "maxRefused": 0.3}
_SHARE: Final = ("例如 0.2 表示两成", "0.2 is a fifth, for example")
_CHANGES: Final[Mapping[Delivery, float]] = {"snapshot": 0.1, "changes": 0.5}
"""A volume that changes by less than this share never matters: change sets vary by nature."""

_DRIFT: Final[Mapping[str, float]] = {"volumeLevel": 2, "volumeScore": 6.0, "distributionLevel": 2, "distance": 0.15}
_LEVELS: Final = frozenset({"volumeLevel", "distributionLevel"})
_WITHIN_ONE: Final = frozenset({"distance"})


def batch_rules(page: Page, custom: Custom, sla: Sla, delivery: Delivery) -> list[RuleSpec]:
    """Gate, drift and freshness of a table; what is wrong with their custom properties is noted."""
    gate = _numbers(page, custom, "gate", _GATE)
    drift = _numbers(page, custom, "drift", {**_DRIFT, "volumeChange": _CHANGES[delivery]})
    return [
        _volume_drop(gate["maxDrop"]),
        _share_refused(gate["maxRefused"]),
        _volume_drift(int(drift["volumeLevel"]), drift["volumeScore"], drift["volumeChange"]),
        _distribution_drift(int(drift["distributionLevel"]), drift["distance"]),
        _freshness(sla),
    ]


def _numbers(page: Page, custom: Custom, name: str, known: Mapping[str, float]) -> dict[str, float]:
    """The members of a property, each checked; those that aren't given as they are known."""
    given = custom.mapping(name, known)
    found = {}
    for member, default in known.items():
        value = given.get(member, default)
        fault = _fault(name, member, value)
        if fault is not None:
            page.note((*custom.place(name), member), *fault)
            value = default
        found[member] = float(cast("float", value))
    return found


def _fault(name: str, member: str, value: object) -> tuple[str, str, str, str] | None:
    number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    if member in _LEVELS:
        fits = number in {1.0, 2.0, 3.0}
        return None if fits else (f"{member} 应为 1、2 或 3", f"{member} should be 1, 2 or 3", *_LEVEL)
    if name == "gate" or member in _WITHIN_ONE:
        fits = number is not None and 0 <= number <= 1
        return None if fits else (f"{member} 应在 0 与 1 之间", f"{member} should be 0 to 1", *_SHARE)
    fits = number is not None and number > 0
    return None if fits else (f"{member} 应大于 0", f"{member} should be above 0", *_SHARE)


_LEVEL: Final = ("1 待放行, 2 开工单, 3 只计数", "1 holds the batch, 2 opens a case, 3 is counted only")


def _about_batch(rule_id: str, indicator: str, name: str, arguments: Mapping[str, object], *words: str) -> RuleSpec:
    zh, en = words
    return rule(rule_id, indicator, f"mianzheng:{name}", arguments, zh, en, columns=(), kind="batch")


def _at(level: int, spec: RuleSpec) -> RuleSpec:
    return replace(spec, level=cast("Any", level))


def _volume_drop(share: float) -> RuleSpec:
    return _about_batch(
        "batch-volume_drop",
        "0202",
        "volume_drop",
        {"max_share": share},
        f"本批行数比上批减少超过 {share:.0%}, 请确认是否完整, 完整则由数据管理员放行",
        f"this batch has over {share:.0%} fewer rows than the last; if it is complete, a steward releases it",
    )


def _share_refused(share: float) -> RuleSpec:
    return _about_batch(
        "batch-share_refused",
        "0305",
        "share_refused",
        {"max_share": share},
        f"本批被拒行数超过 {share:.0%}, 请检查导出是否错列或编码有误",
        f"over {share:.0%} of this batch is refused; check the export for shifted columns or a wrong encoding",
    )


def _volume_drift(level: int, score: float, change: float) -> RuleSpec:
    spec = _about_batch(
        VOLUME_DRIFT,
        "0501",
        "volume_drift",
        {"max_score": score, "min_change": change},
        "本批行数明显偏离该数据集以往各批的走势, 请核对导出条件与时间范围; 属实的, 请在工单中说明原因",
        "the number of rows is unlike this dataset's own history; check what was exported and from when; if it is "
        "true, say so in the case",
    )
    return _at(level, spec)


def _distribution_drift(level: int, distance: float) -> RuleSpec:
    spec = _about_batch(
        DISTRIBUTION_DRIFT,
        "0501",
        "distribution_drift",
        {"min_distance": distance},
        "有列的代码分布或空值比例明显偏离以往各批, 请核对代码对照、必填项与导出条件; 属实的, 请在工单中说明原因",
        "a column's codes or missing values are shared out unlike in the batches before; check the mapping of codes "
        "and what was exported; if it is true, say so in the case",
    )
    return _at(level, spec)


def _freshness(sla: Sla) -> RuleSpec:
    days_zh, days_en = ("个工作日", "working days") if sla.working_days else ("天", "days")
    spec = _about_batch(
        FRESHNESS,
        "0502",
        "fresh",
        {"days": sla.fresh_for_days, "working_days": sla.working_days},
        f"距上次更新已超过约定的 {sla.fresh_for_days} {days_zh}, 请尽快送达最新数据并查明迟送原因",
        f"the last update is more than the agreed {sla.fresh_for_days} {days_en} ago; deliver what is current, and see "
        "why it came late",
    )
    return _at(2, spec)
