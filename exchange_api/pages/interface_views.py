"""From the API's description to what its page shows.

api_view(app.openapi()).operations[0].words.zh
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from exchange_api.interface.document import SIGNED, operations
from exchange_api.interface.explained import Explained
from exchange_api.pages.views.frame import Words
from exchange_api.pages.views.interface import ApiView, ExampleRow, MemberRow, OperationView, ProblemRow, ReplyRow

_SHORT = 90
_TOP = "#/components/"


def problem_row(told: Explained) -> ProblemRow:
    """A problem as a row."""
    kind = told.kind
    return ProblemRow(kind.name, int(kind.status), Words(kind.title_zh, kind.title_en), Words(told.zh, told.en))


def api_view(document: Mapping[str, Any]) -> ApiView:
    """The page of a description."""
    lines = _plain(document["info"]["description"]).replace("\n  ", " ").split("\n")
    points = [line.removeprefix("- ") for line in lines if line.startswith("- ")]
    zh, *rest = _paragraphs(lines)
    half = len(points) // 2
    about = (Words(zh, " ".join(rest)), *(Words(*pair) for pair in zip(points[:half], points[half:], strict=True)))
    return ApiView(about, tuple(_operation(document, name, told) for name, told in operations(document)))


def _paragraphs(lines: list[str]) -> list[str]:
    return [line for line in lines if line and not line.startswith("- ")]


def _plain(text: str) -> str:
    return text.replace("**", "").replace("`", "").strip()


def _operation(document: Mapping[str, Any], name: str, told: Mapping[str, Any]) -> OperationView:
    method, _, path = name.partition(" ")
    zh, _, en = str(told.get("description") or told.get("summary", "")).partition("\n\n")
    return OperationView(
        anchor=told["operationId"],
        method=method,
        path=path,
        words=Words(_plain(zh), _plain(en or zh)),
        signed=SIGNED in told.get("requestBody", {}).get("content", {}),
        deprecated=bool(told.get("deprecated")),
        members=tuple(_members(document, told)),
        examples=tuple(_examples(told)),
        replies=tuple(ReplyRow(status, _reply(document, one)) for status, one in sorted(told["responses"].items())),
    )


def _members(document: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[MemberRow]:
    for one in told.get("parameters", []):
        about = str(one.get("description", ""))
        yield MemberRow(one["name"], one["in"], _form(document, one["schema"]), bool(one.get("required")), about)
    media = told.get("requestBody", {}).get("content", {}).get(SIGNED, {}).get("schema", {})
    question = _found(document, media.get("contentSchema", {}))
    for name, shape in question.get("properties", {}).items():
        whole = _found(document, shape)
        mandatory = name in question.get("required", [])
        yield MemberRow(name, "question", _form(document, whole), mandatory, str(whole.get("description", "")))


def _form(document: Mapping[str, Any], shape: Mapping[str, Any]) -> str:
    """A shape in a few characters."""
    whole = _found(document, shape)
    if "enum" in whole:
        return " | ".join(str(one) for one in whole["enum"])[:_SHORT]
    if "anyOf" in whole:
        return " | ".join(_form(document, one) for one in whole["anyOf"] if one.get("type") != "null")
    kind = whole.get("type", "")
    named = " | ".join(kind) if isinstance(kind, list) else str(kind)
    return f"{named} {whole.get('format') or whole.get('pattern') or ''}".strip()[:_SHORT]


def _found(document: Mapping[str, Any], shape: Mapping[str, Any]) -> Mapping[str, Any]:
    """A shape, or the one that it refers to."""
    if not str(shape.get("$ref", "")).startswith(_TOP):
        return shape
    found: Mapping[str, Any] = document["components"]
    for part in shape["$ref"].removeprefix(_TOP).split("/"):
        found = found[part]
    return found


def _examples(told: Mapping[str, Any]) -> Iterator[ExampleRow]:
    media = told.get("requestBody", {}).get("content", {}).get(SIGNED, {})
    named = media.get("examples", {})
    values = media.get("schema", {}).get("contentSchema", {}).get("examples", [])
    for number, value in enumerate(values, start=1):
        words = Words(named[f"{number}-zh"]["summary"], named[f"{number}-en"]["summary"])
        yield ExampleRow(words, json.dumps(value, ensure_ascii=False, indent=2))


def _reply(document: Mapping[str, Any], one: Mapping[str, Any]) -> str:
    return str(_found(document, one).get("description", ""))
