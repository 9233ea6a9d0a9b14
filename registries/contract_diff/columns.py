"""What differs between the columns of two versions: names, types, lengths, code tables, classifications."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Final

from registries.contract_diff.difference import (
    SUBJECTS,
    Difference,
    Differences,
    Party,
    Step,
    column_readers,
    publishers,
)
from registries.contracts.model import Code, Column, Dataset
from registries.contracts.vocabulary import CLASSIFICATIONS

_ALWAYS: Final = (dt.date.min, dt.date.max)


def column_differences(old: Dataset, new: Dataset) -> Differences:
    """The differences of a dataset's columns; a renamed column is one difference, not two."""
    before = {column.name: column for column in old.columns}
    after = {column.name: column for column in new.columns}
    renamed = dict(_renamed(before, after))
    for name, column in before.items():
        if name in renamed:
            yield _renaming(old, name, renamed[name])
            yield from _changed(old, new, column, after[renamed[name]])
        elif name not in after:
            yield _column(old, name, "column_removed", "major", column_readers(old, name), "已移除", "was removed")
        else:
            yield from _changed(old, new, column, after[name])
    for name, column in after.items():
        if name not in before and name not in renamed.values():
            yield from _added(new, column)


def _renamed(before: Mapping[str, Column], after: Mapping[str, Column]) -> Iterable[tuple[str, str]]:
    gone = [column for name, column in before.items() if name not in after]
    come = [column for name, column in after.items() if name not in before]
    for old in gone:
        for new in come:
            same_source = bool(old.source_name or new.source_name) and old.source == new.source
            if same_source or (old.title_zh, old.logical_type) == (new.title_zh, new.logical_type):
                come.remove(new)
                yield old.name, new.name
                break


def _renaming(dataset: Dataset, old: str, new: str) -> Difference:
    whom = column_readers(dataset, old)
    return _column(dataset, old, "column_renamed", "major", whom, f"改名为 {new}", f"was renamed to {new}")


def _added(dataset: Dataset, column: Column) -> Differences:
    if column.required:
        whom: tuple[Party, ...] = (publishers(dataset),)
        yield _column(dataset, column.name, "required_added", "major", whom, "新增且必填", "was added and is required")
    else:
        whom = column_readers(dataset, column.name)
        yield _column(dataset, column.name, "column_added", "minor", whom, "新增", "was added")


def _changed(old: Dataset, new: Dataset, before: Column, after: Column) -> Differences:
    yield from _form(new, before, after)
    yield from _obligation(new, before, after)
    yield from _length_and_pattern(new, before, after)
    yield from _codes(new, before, after)
    yield from classification_difference(f"{new.name}.{after.name}", column_readers(old, before.name), before, after)
    if _wording(before) != _wording(after):
        yield _column(new, after.name, "wording_changed", "patch", (), "名称或说明有改动", "has other words")


def _wording(column: Column) -> tuple[object, ...]:
    return column.title_zh, column.description, column.examples


def _form(new: Dataset, before: Column, after: Column) -> Differences:
    everybody = (publishers(new), *column_readers(new, after.name))
    if before.logical_type != after.logical_type:
        change = f"{before.logical_type} → {after.logical_type}"
        yield _column(new, after.name, "type_changed", "major", everybody, f"类型改变: {change}", f"has type {change}")
    if before.source != after.source and not (before.source == before.name and after.source == after.name):
        words = (f"来源列名改为 {after.source}", f"is called {after.source} at the source")
        yield _column(new, after.name, "source_name_changed", "major", (publishers(new),), *words)
    meaning = (before.semantic, before.code_type_column, before.code_date_column)
    if meaning != (after.semantic, after.code_type_column, after.code_date_column):
        change = f"{before.semantic or '-'} → {after.semantic or '-'}"
        words = (f"语义改变: {change}", f"has another meaning: {change}")
        yield _column(new, after.name, "semantic_changed", "major", everybody, *words)


def _obligation(new: Dataset, before: Column, after: Column) -> Differences:
    if after.required and not before.required:
        whom: tuple[Party, ...] = (publishers(new),)
        yield _column(new, after.name, "required_added", "major", whom, "改为必填", "is required now")
    if before.required and not after.required:
        whom = column_readers(new, after.name)
        words = ("不再必填, 可能为空", "is not required any more and may be empty")
        yield _column(new, after.name, "required_dropped", "minor", whom, *words)


def _length_and_pattern(new: Dataset, before: Column, after: Column) -> Differences:
    old, now = (column.max_length or 2**31 for column in (before, after))
    if now < old:
        words = (f"长度缩短为 {now}", f"holds at most {now} characters now")
        yield _column(new, after.name, "length_narrowed", "major", (publishers(new),), *words)
    if now > old:
        whom = column_readers(new, after.name)
        yield _column(new, after.name, "length_widened", "minor", whom, "长度放宽", "may be longer")
    if after.pattern != before.pattern:
        step: Step = "major" if after.pattern else "minor"
        words = (
            ("格式要求改变", "has to match another pattern") if after.pattern else ("格式要求取消", "has no pattern")
        )
        yield _column(new, after.name, "pattern_changed", step, (publishers(new),), *words)


def _codes(new: Dataset, before: Column, after: Column) -> Differences:
    if before.code_table is None and after.code_table is None:
        return
    if before.code_table is None:
        words = ("新增代码表, 表外的值会被拒绝", "has a code table now, other values are refused")
        yield _column(new, after.name, "code_table_added", "major", (publishers(new),), *words)
    elif after.code_table is None:
        whom = column_readers(new, after.name)
        words = ("不再有代码表, 值不再受限", "has no code table any more, any value may come")
        yield _column(new, after.name, "code_table_removed", "major", whom, *words)
    else:
        old, now = ({code.value: code for code in table} for table in (before.code_table, after.code_table))
        yield from _code_by_code(new, after.name, old, now)


def _code_by_code(new: Dataset, column: str, old: Mapping[str, Code], now: Mapping[str, Code]) -> Differences:
    everybody = (publishers(new), *column_readers(new, column))
    for value, code in old.items():
        if value not in now:
            words = (f"代码 {value} 已移除", f"lost code {value}")
            yield _column(new, column, "code_removed", "major", everybody, *words)
            continue
        yield from _validity(new, column, code, now[value])
        if (code.zh, code.en) != (now[value].zh, now[value].en):
            words = (f"代码 {value} 的含义文字改变", f"has other words for code {value}")
            yield _column(new, column, "code_renamed", "minor", column_readers(new, column), *words)
    for value in now.keys() - old.keys():
        words = (f"新增代码 {value}", f"has a new code {value}")
        yield _column(new, column, "code_added", "minor", column_readers(new, column), *words)


def _validity(new: Dataset, column: str, old: Code, now: Code) -> Differences:
    before, after = _valid(old), _valid(now)
    if after[0] > before[0] or after[1] < before[1]:
        words = (f"代码 {old.value} 的有效期缩短", f"code {old.value} is valid for a shorter time")
        yield _column(new, column, "code_validity_shortened", "major", (publishers(new),), *words)
    elif after != before:
        words = (f"代码 {old.value} 的有效期延长", f"code {old.value} is valid for a longer time")
        yield _column(new, column, "code_validity_extended", "minor", column_readers(new, column), *words)


def _valid(code: Code) -> tuple[dt.date, dt.date]:
    return code.valid_from or _ALWAYS[0], code.valid_until or _ALWAYS[1]


def classification_difference(where: str, whom: tuple[Party, ...], before: Column, after: Column) -> Differences:
    """A weaker classification takes a protection away; a stronger one masks more."""
    old, now = (CLASSIFICATIONS.index(column.classification) for column in (before, after))
    change = f"{before.classification} → {after.classification}"
    if now < old:
        parties = (SUBJECTS, *whom)
        words = (f"{where} 的分级降低: {change}", f"{where} has a weaker classification: {change}")
        yield Difference(where, "classification_weaker", "major", parties, *words)
    if now > old:
        words = (f"{where} 的分级提高: {change}", f"{where} has a stronger classification: {change}")
        yield Difference(where, "classification_stronger", "minor", whom, *words)


def _column(
    dataset: Dataset, name: str, what: str, step: Step, whom: tuple[Party, ...], zh: str, en: str
) -> Difference:
    title = next((column.title_zh for column in dataset.columns if column.name == name), name)
    where = f"{dataset.name}.{name}"
    return Difference(where, what, step, whom, f"{where} ({title}) {zh}", f"{where} {en}")
