"""What differs between two versions of a dataset beside its columns: source, service level, sharing, roles, rules."""

import math
from collections.abc import Iterable, Mapping
from typing import Final

from registries.contract_diff.difference import (
    STEWARDS,
    SUBJECTS,
    Difference,
    Differences,
    Party,
    Step,
    publishers,
    readers,
    register_readers,
    relying_systems,
)
from registries.contracts.batch_rules import FRESHNESS
from registries.contracts.model import CertificateMapping, Dataset, RegisterRole, RuleSpec, Sla
from registries.contracts.vocabulary import TRUST_LEVELS

_SHARING: Final = ("无条件共享", "有条件共享", "不予共享")
_DERIVED: Final = ("required", "format", "length", "pattern", "code_table")
"""Ends of rule ids that follow from a column: the column's own differences tell of them."""


def delivery_differences(old: Dataset, new: Dataset) -> Differences:
    """How rows come: everything that the publisher has to do differently."""
    whom = (publishers(new),)
    for what, zh, en, before, after in (
        ("delivery_changed", "交付方式", "its delivery", old.delivery, new.delivery),
        ("watermark_changed", "水位列", "its watermark", old.watermark, new.watermark),
        ("operation_changed", "增删标志", "its operation flags", old.operation, new.operation),
        ("encoding_changed", "文件编码", "its encoding", old.encoding, new.encoding),
        ("source_changed", "来源类型或位置", "its kind or place of source", _source(old), _source(new)),
    ):
        if before != after:
            yield _dataset(new, what, "major", whom, f"改变了{zh}", f"changes {en}")
    if old.server.answers != new.server.answers:
        step: Step = "minor" if old.server.answers is None else "major"
        words = ("回执和退回行的目录改变", "has receipts and refused rows written elsewhere")
        yield _dataset(new, "answers_changed", step, whom, *words)


def _source(dataset: Dataset) -> tuple[object, ...]:
    given = dataset.server
    place = (given.name, given.kind, given.table, given.pattern, given.changes_pattern)
    return (*place, given.format, given.sheet, given.path, given.paging)


def identity_differences(old: Dataset, new: Dataset) -> Differences:
    """Key, titles, area and trust."""
    everybody = (publishers(new), *readers(new))
    if old.key != new.key:
        change = f"{', '.join(old.key)} → {', '.join(new.key)}"
        words = (f"主键改变: {change}, 已有的表不能这样改, 须另设数据资源", f"changes its key: {change}")
        en = f"{words[1]}; a table that is there can't follow, it takes another dataset"
        yield _dataset(new, "key_changed", "major", everybody, words[0], en)
    if old.area_column != new.area_column:
        yield _dataset(new, "area_changed", "minor", readers(new), "区划列改变", "has another area column")
    if old.correction != new.correction:
        words = ("更正关系改变", "tells corrected keys otherwise")
        yield _dataset(new, "correction_changed", "major", (publishers(new), STEWARDS), *words)
    yield from _valid_time(old, new)
    before, after = TRUST_LEVELS.index(old.trust_level), TRUST_LEVELS.index(new.trust_level)
    if before != after:
        step: Step = "major" if after > before else "minor"
        change = f"{old.trust_level} → {new.trust_level}"
        yield _dataset(new, "trust_changed", step, readers(new), f"可信等级 {change}", f"has trust level {change}")
    if _words(old) != _words(new):
        yield _dataset(new, "wording_changed", "patch", (), "名称或说明有改动", "has other words")


def _valid_time(old: Dataset, new: Dataset) -> Differences:
    """Who asks what held on a day gets another answer, or none any more."""
    before, after = old.valid_time, new.valid_time
    if before is None and after is not None:
        words = ("开始写明有效期", "now says when a row holds in the world")
        yield _dataset(new, "valid_time_added", "minor", readers(new), *words)
    elif before is not None and after is None:
        words = ("不再写明有效期, 无法按日期查询", "no more says when a row holds; it can't be asked for a day")
        yield _dataset(new, "valid_time_removed", "major", readers(new), *words)
    elif before != after:
        words = ("有效期的来源列或长期的写法改变", "takes valid time from elsewhere, or writes 长期 otherwise")
        yield _dataset(new, "valid_time_changed", "major", readers(new), *words)


def _words(dataset: Dataset) -> tuple[str, ...]:
    texts = (dataset.title_zh, dataset.title_en, dataset.description_zh, dataset.description_en)
    return (*texts, dataset.group, dataset.contract_id)


def promise_differences(old: Dataset, new: Dataset) -> Differences:
    """Service level and sharing."""
    before, after = _days(old.sla), _days(new.sla)
    if any(now > then for then, now in zip(before, after, strict=True)):
        words = ("更新或时效承诺变长", "promises updates or fresh data later than before")
        yield _dataset(new, "sla_longer", "major", readers(new), *words)
    elif after != before or old.sla.cron != new.sla.cron:
        words = ("更新或时效承诺更紧或归集时间改变", "promises fresher data, or is pulled at other times")
        yield _dataset(new, "sla_changed", "minor", (publishers(new),), *words)
    yield from _sharing(old, new)


def _days(sla: Sla) -> tuple[int, int]:
    factor = 7 / 5 if sla.working_days else 1  # holidays make working days longer still
    return math.ceil(sla.update_every_days * factor), math.ceil(sla.fresh_for_days * factor)


def _sharing(old: Dataset, new: Dataset) -> Differences:
    before, after = _SHARING.index(old.sharing_class), _SHARING.index(new.sharing_class)
    change = f"{old.sharing_class} → {new.sharing_class}"
    if after > before:
        words = (f"共享类型收紧: {change}", f"is shared less: {change}")
        yield _dataset(new, "sharing_narrowed", "major", readers(new), *words)
    elif after < before:
        words = (f"共享类型放宽: {change}", f"is shared more widely: {change}")
        yield _dataset(new, "sharing_widened", "major", (SUBJECTS, STEWARDS), *words)
    elif _terms(old) != _terms(new):
        yield _dataset(new, "conditions_changed", "minor", readers(new), "共享条件改变", "has other conditions")
    elif (old.sharing.legal_basis, old.sharing.reason) != (new.sharing.legal_basis, new.sharing.reason):
        yield _dataset(new, "legal_basis_changed", "minor", (STEWARDS,), "依据改变", "has another legal basis")
    elif old.sharing.grade != new.sharing.grade:
        yield _dataset(new, "grade_changed", "minor", (STEWARDS,), "数据分级改变", "has another grade")


def _terms(dataset: Dataset) -> tuple[str, str, str]:
    return dataset.sharing.conditions, dataset.sharing.scope, dataset.sharing.purpose


def register_differences(old: Dataset, new: Dataset) -> Differences:
    """What the dataset gives to a register: less breaks its readers, more is a wider role."""
    before, after = old.register, new.register
    if before is None and after is not None:
        words = (f"开始供给基础库 {after.register}", f"now gives to register {after.register}")
        yield _dataset(new, "register_joined", *_wider(new, after, after.attributes), *words)
    elif before is not None and (after is None or after.register != before.register):
        words = (f"不再供给基础库 {before.register}", f"gives no more to register {before.register}")
        yield _dataset(new, "register_left", "major", (register_readers(before.register),), *words)
    elif before is not None and after is not None:
        yield from _attributes(new, before, after)
        yield from _decisions(new, before, after)


def _attributes(new: Dataset, before: RegisterRole, after: RegisterRole) -> Differences:
    whom = (register_readers(after.register),)
    for name, column in before.attributes.items():
        if name not in after.attributes:
            words = (f"不再供给属性 {name}", f"gives attribute {name} no more")
            yield _dataset(new, "attribute_removed", "major", whom, *words)
        elif after.attributes[name] != column:
            words = (f"属性 {name} 改取自 {after.attributes[name]}", f"takes {name} from {after.attributes[name]}")
            yield _dataset(new, "attribute_changed", "major", whom, *words)
    if added := sorted(after.attributes.keys() - before.attributes.keys()):
        words = (f"新供给属性 {', '.join(added)}", f"gives further attributes: {', '.join(added)}")
        yield _dataset(new, "attribute_added", *_wider(new, after, added), *words)


def _wider(new: Dataset, role: RegisterRole, attributes: Iterable[str]) -> tuple[Step, tuple[Party, ...]]:
    """A wider role breaks something as soon as it shows personal data to more people."""
    whom = register_readers(role.register)
    if any(new.column(role.attributes[name]).personal for name in attributes):
        return "major", (SUBJECTS, whom)
    return "minor", (whom,)


def _decisions(new: Dataset, before: RegisterRole, after: RegisterRole) -> Differences:
    whom = (register_readers(after.register), STEWARDS)
    if before.subject_key != after.subject_key:
        yield _dataset(new, "subject_key_changed", "major", whom, "主体标识列改变", "names its subjects otherwise")
    if before.where != after.where:
        words = ("入库条件改变", "gives other rows to the register")
        yield _dataset(new, "register_rows_changed", "major", (*whom, SUBJECTS), *words)
    if (before.precedence, dict(before.authorities)) != (after.precedence, dict(after.authorities)):
        words = ("数源优先级改变", "decides attributes with another precedence")
        yield _dataset(new, "authority_changed", "major", whom, *words)


def certificate_differences(old: Dataset, new: Dataset) -> Differences:
    """What certificate look-ups read."""
    before, after = old.certificate, new.certificate
    if before is None and after is not None:
        words = (f"开始提供证照 {after.type_code}", f"now provides certificates of type {after.type_code}")
        yield _dataset(new, "certificate_added", "minor", (relying_systems(after.type_code),), *words)
    elif before is not None and (after is None or after.type_code != before.type_code):
        words = (f"不再提供证照 {before.type_code}", f"provides no more certificates of type {before.type_code}")
        yield _dataset(new, "certificate_removed", "major", (relying_systems(before.type_code),), *words)
    elif before is not None and after is not None and before != after:
        yield from _mapping(new, before, after)


def _mapping(new: Dataset, before: CertificateMapping, after: CertificateMapping) -> Differences:
    whom = (relying_systems(after.type_code),)
    for name, value in vars(before).items():
        now = vars(after)[name]
        if now == value:
            continue
        if value in {None, ()} or (isinstance(value, tuple) and now[: len(value)] == value):
            words = (f"证照项 {name} 新增来源", f"certificates now have {name}")
            yield _dataset(new, "certificate_member_added", "minor", whom, *words)
        else:
            words = (f"证照项 {name} 的来源列改变", f"certificates take {name} from elsewhere")
            yield _dataset(new, "certificate_mapping_changed", "major", whom, *words)


def rule_differences(old: Dataset, new: Dataset) -> Differences:
    """Declared rules, references, and the levels of derived ones."""
    before = {rule.id: rule for rule in old.rules}
    after = {rule.id: rule for rule in new.rules}
    derived = {
        f"{column.name}-{end}" for data in (old, new) for column in data.columns for end in _ends(column.semantic)
    } | {FRESHNESS}  # the service level's own differences tell of it
    for rule_id, rule in before.items():
        if rule_id in after:
            yield from _rule(new, rule, after[rule_id], derived=rule_id in derived)
        elif rule_id not in derived and not _of_gone_column(rule, new):
            yield _taken_away(new, rule)
    for rule_id in sorted(after.keys() - before.keys() - derived):
        yield _rule_added(old, new, after[rule_id])


def _ends(semantic: str | None) -> tuple[str, ...]:
    return (*_DERIVED, semantic) if semantic else _DERIVED


def _of_gone_column(rule: RuleSpec, new: Dataset) -> bool:
    names = {column.name for column in new.columns}
    return bool(rule.columns) and not set(rule.columns) <= names


def _taken_away(new: Dataset, rule: RuleSpec) -> Difference:
    words = (f"规则 {rule.id} 已移除", f"lost rule {rule.id}")
    step: Step = "major" if rule.level == 1 else "minor"
    return _dataset(new, "rule_removed", step, (*readers(new), STEWARDS), *words)


def _rule_added(old: Dataset, new: Dataset, rule: RuleSpec) -> Difference:
    words = (f"新增 {rule.level} 级规则 {rule.id}", f"has a new rule {rule.id} of level {rule.level}")
    known = {column.name for column in old.columns}
    refuses = rule.level == 1 and set(rule.columns) <= known
    return _dataset(new, "rule_added", "major" if refuses else "minor", (publishers(new), STEWARDS), *words)


def _rule(new: Dataset, before: RuleSpec, after: RuleSpec, *, derived: bool) -> Differences:
    change = f"{before.level} → {after.level}"
    if after.level < before.level:
        words = (f"规则 {after.id} 级别提高: {change}", f"has a stricter level for rule {after.id}: {change}")
        yield _dataset(new, "rule_raised", "major", (publishers(new), STEWARDS), *words)
    elif after.level > before.level:
        step: Step = "major" if before.level == 1 else "minor"
        words = (f"规则 {after.id} 级别降低: {change}", f"has a weaker level for rule {after.id}: {change}")
        yield _dataset(new, "rule_lowered", step, (*readers(new), STEWARDS), *words)
    if not derived and _judged(before) != _judged(after):
        hard = after.level == 1 or after.kind == "batch"
        words = (f"规则 {after.id} 的判断改变", f"judges otherwise by rule {after.id}")
        yield _dataset(new, "rule_changed", "major" if hard else "minor", (publishers(new), STEWARDS), *words)
    elif not derived and (before.zh, before.en) != (after.zh, after.en):
        yield _dataset(new, "rule_reworded", "patch", (), f"规则 {after.id} 文字改动", f"rewords rule {after.id}")


def _judged(rule: RuleSpec) -> tuple[object, ...]:
    return rule.expectation, _plain(rule.arguments), rule.indicator, _plain(rule.levels_by_trust)


def _plain(arguments: Mapping[str, object]) -> str:
    return repr(sorted(arguments.items(), key=lambda item: item[0]))


def _dataset(dataset: Dataset, what: str, step: Step, whom: tuple[Party, ...], zh: str, en: str) -> Difference:
    name = dataset.name
    return Difference(name, what, step, whom, f"{name} ({dataset.title_zh}) {zh}", f"{name} {en}")
