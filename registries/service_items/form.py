"""The form of a service item's YAML: judged by its JSON Schema, told in words a clerk can use, with lines.

    page = read_item(path)      # ContractFaults with every fault of form at once

Editors can use `service_item.schema.json` themselves, to complete and to check while somebody types.
"""

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from registries.contracts.yaml_page import Page, Place, read_yaml

SCHEMA: Final = Path(__file__).parent / "service_item.schema.json"
Words = tuple[str, str, str, str]
"""Cause and mend in Chinese, cause and mend in English."""


def read_item(path: Path) -> Page:
    """A service item's page, whose form is right: every member has its place and type.

    Raises:
        registries.contracts.faults.ContractFaults: with every fault.
    """
    page = read_yaml(path)
    for place, words in _faults(_plain(page.content)):
        cause_zh, mend_zh, cause_en, mend_en = words
        page.note(place, cause_zh, cause_en, mend_zh, mend_en)
    page.stop_if_faulty()
    return page


def plain(page: Page) -> dict[str, Any]:
    """The page's content with days as text, as the schema describes it."""
    content: dict[str, Any] = _plain(page.content)
    return content


def _plain(value: object) -> Any:  # noqa: ANN401 - JSON
    """YAML reads an unquoted day as a date: as text it is what the schema describes."""
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


@cache
def _validator() -> Draft202012Validator:
    schema = json.loads(SCHEMA.read_text("utf-8"))
    return Draft202012Validator(schema, format_checker=FormatChecker(["date"]))


def _faults(content: object) -> Iterator[tuple[Place, Words]]:
    for error in sorted(_validator().iter_errors(content), key=lambda each: list(map(str, each.absolute_path))):
        place = tuple(error.absolute_path)
        words = _WORDS.get(error.validator)
        yield _at(place, error), words(error) if words else _OTHER


def _at(place: Place, error: ValidationError) -> Place:
    """An unknown member is told at its own line."""
    unknown = _unknown(error) if error.validator == "additionalProperties" else ()
    return (*place, unknown[0]) if unknown else place


def _unknown(error: ValidationError) -> tuple[str, ...]:
    return tuple(name for name in error.instance if name not in error.schema.get("properties", {}))


def _shown(value: object) -> str:
    return str(value)[:60]


def _missing(error: ValidationError) -> Words:
    names = ", ".join(name for name in error.validator_value if name not in error.instance)
    return f"缺少 {names}", f"请填写 {names}", f"{names} is missing", f"give {names}"


def _additional(error: ValidationError) -> Words:
    names, known = ", ".join(_unknown(error)), ", ".join(sorted(error.schema.get("properties", {})))
    return f"未知字段 {names}", f"可用的有 {known}", f"unknown field {names}", f"known are {known}"


def _type(error: ValidationError) -> Words:
    wanted = error.validator_value
    zh = {"string": "文本", "array": "列表", "object": "字段表", "integer": "整数"}.get(wanted, str(wanted))
    return (
        f"应为{zh}",
        "请改正; 代码与编号请加引号",
        f"should be of type {wanted}",
        "correct it; quote codes and numbers",
    )


def _enum(error: ValidationError) -> Words:
    known, given = ", ".join(map(str, error.validator_value)), _shown(error.instance)
    return f"未知的取值 {given}", f"可用的有 {known}", f"unknown value {given}", f"known are {known}"


def _pattern(error: ValidationError) -> Words:
    given = _shown(error.instance)
    return (
        f"“{given}” 格式不符",
        f"应符合 {error.validator_value}",
        f'"{given}" has not the right form',
        f"it has to match {error.validator_value}",
    )


def _day(error: ValidationError) -> Words:
    given = _shown(error.instance)
    return (
        f"“{given}” 不是存在的日期",
        "请写 YYYY-MM-DD",
        f'"{given}" is no date that exists',
        "write YYYY-MM-DD",
    )


def _count(error: ValidationError) -> Words:
    limit = error.validator_value
    return f"数量或长度超出范围 ({limit})", "请增减", f"too many, too few, too long or too short ({limit})", "mend it"


_OTHER: Final = ("不合规", "请对照 service_item.schema.json", "is not right", "compare service_item.schema.json")
_WORDS: Final[Mapping[object, Callable[[ValidationError], Words]]] = {
    "required": _missing,
    "additionalProperties": _additional,
    "type": _type,
    "enum": _enum,
    "pattern": _pattern,
    "format": _day,
    **dict.fromkeys(
        ("minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum", "minProperties", "maxProperties"),
        _count,
    ),
}
