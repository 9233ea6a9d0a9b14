"""The API's description (OpenAPI 3.1): what the routes say of themselves, completed from two YAML files.

    describe(app)            # from now on app.openapi() is the whole description
    app.openapi()["paths"]["/v1/verifications"]["post"]["requestBody"]

`operations.yaml` has for each operation what it is for in both languages, examples, what is signed inside a request,
and how it is answered; `schemas.yaml` the shapes. Problems come from the table of errors, so that none is forgotten. A
body that is a signed request is described as JSON Schema has it for text that holds something else: `contentMediaType`
`application/jwt`, `contentSchema` the question inside. A test goes through all routes and finds what is not told.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import yaml
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from certificates.compact import encode
from certificates.receipts import TYP_REQUEST
from exchange_api.errors import Kind, all_kinds
from exchange_api.interface.going_away import load_going_away
from exchange_api.problems import MEDIA_TYPE as PROBLEM

SIGNED: Final = "application/jwt"
SIGNED_TYPES: Final = (SIGNED, "application/jose")
METHODS: Final = ("get", "put", "post", "delete", "patch")
OF_SIGNED: Final = (400, 401, 409, 413, 415, 422, 503)
"""Problems that every signed request can meet."""
OF_READS: Final = (422, 503)
OF_SESSIONS: Final = (303, 403, 404, 422, 503)
DIALECT: Final = "https://spec.openapis.org/oas/3.1/dialect/base"
_NO_PROBLEM: Final = {
    303: "未登录，转到登录页 Not signed in: to the sign-in page",
    304: "未变 Not modified",
}
_HERE: Final = Path(__file__).parent
Json = dict[str, Any]


def describe(app: FastAPI) -> None:
    """Let an application give the whole description; it is composed once, when it is first asked for."""
    bare = app.openapi
    made: list[Json] = []

    def openapi() -> Json:
        if not made:
            made.append(_completed(bare, app))
        return made[0]

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's own way to extend its description


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, Json]]:
    """Every operation of a description, as `METHOD /path` and what is said of it."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield f"{method.upper()} {path}", item[method]


@cache
def told_operations() -> Mapping[str, Json]:
    """What is told of operations in `operations.yaml`."""
    found: Mapping[str, Json] = yaml.safe_load((_HERE / "operations.yaml").read_text(encoding="utf-8"))
    return found


@cache
def told_schemas() -> Mapping[str, Json]:
    """The shapes in `schemas.yaml`, by name."""
    found: Mapping[str, Json] = yaml.safe_load((_HERE / "schemas.yaml").read_text(encoding="utf-8"))
    return found


def _completed(bare: Callable[[], Json], app: FastAPI) -> Json:
    document = {**bare(), **get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)}
    document["jsonSchemaDialect"] = DIALECT
    document["info"]["description"] = told_schemas()["_about"]["description"]
    document["info"]["license"] = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
    components = document.setdefault("components", {})
    schemas = {name: shape for name, shape in told_schemas().items() if not name.startswith("_")}
    components["schemas"] = {**_without_validation(components.get("schemas", {})), **schemas}
    components["responses"] = _problem_responses(all_kinds().values())
    for name, operation in operations(document):
        _complete(operation, told_operations().get(name, {}))
        if any(one.path == name.partition(" ")[2] for one in load_going_away()):
            operation["deprecated"] = True
    return document


def _without_validation(schemas: Mapping[str, Json]) -> dict[str, Json]:
    return {name: shape for name, shape in schemas.items() if name not in {"HTTPValidationError", "ValidationError"}}


def _complete(operation: Json, told: Mapping[str, Any]) -> None:
    """Write down what is told of one operation, in place."""
    operation["description"] = "\n\n".join(_words(operation, told))
    signed = _signs(operation)
    if signed:
        _describe_body(operation, told)
    responses = operation["responses"]
    if "200" in responses:
        responses["200"] = _success(responses["200"], told, signed=signed)
    for status in told.get("problems", _usual(operation, signed=signed)):
        responses[str(status)] = _problem(status)
    responses.update(told.get("more", {}))
    if "422" in responses and "$ref" not in responses["422"]:  # FastAPI's own, which this hub never answers
        responses["422"] = _problem(HTTPStatus.UNPROCESSABLE_ENTITY)


def _words(operation: Mapping[str, Any], told: Mapping[str, Any]) -> tuple[str, str]:
    """What is told, or what the route says of itself: its summary (中文 English), and its docstring."""
    if told:
        return told["zh"], told["en"]
    zh, _, en = str(operation.get("summary", "")).partition(" ")
    return f"{zh}。", str(operation.get("description") or f"{en}.")


def _signs(operation: Mapping[str, Any]) -> bool:
    return SIGNED in operation.get("requestBody", {}).get("content", {})


def _usual(operation: Mapping[str, Any], *, signed: bool) -> tuple[int, ...]:
    if signed:
        return OF_SIGNED
    return OF_READS if operation.get("parameters") else (503,)


def _describe_body(operation: Json, told: Mapping[str, Any]) -> None:
    schema: Json = {"type": "string", "contentMediaType": SIGNED}
    examples = told.get("examples", [])
    if "question" in told:
        schema["contentSchema"] = {**_named(told["question"]), "examples": [one["value"] for one in examples]}
    media = {"schema": schema, "examples": _examples(examples)}
    operation["requestBody"]["content"] = dict.fromkeys(SIGNED_TYPES, media)


def _examples(told: list[Mapping[str, Any]]) -> Json:
    """Each example in each language: the same request, told in both, with the question that it holds."""
    return {
        f"{number}-{language}": {
            "summary": one[language],
            "description": f"```json\n{json.dumps(one['value'], ensure_ascii=False, indent=2)}\n```",
            "value": _unsigned(one["value"]),
        }
        for number, one in enumerate(told, start=1)
        for language in ("zh", "en")
    }


def _unsigned(question: Mapping[str, Any]) -> str:
    """What a request with this question looks like; its signature is none."""
    header = {"alg": "ES256", "kid": "the-thumbprint-of-your-key", "typ": TYP_REQUEST}
    place = {"aud": "https://hub.example", "url": "https://hub.example/v1/…", "jti": "16-to-128-random-characters"}
    claims = {"iss": "your-client", "iat": 1772416800, "exp": 1772416860, **place, "question": question}
    parts = [encode(json.dumps(part, ensure_ascii=False).encode()) for part in (header, claims)]
    return ".".join((*parts, encode(bytes(64))))


def _success(bare: Mapping[str, Any], told: Mapping[str, Any], *, signed: bool) -> Json:
    description = {"description": told.get("gives", "成功 As asked"), **_headers(told)}
    if "produces" not in told and "answer" not in told and not signed:
        return {**bare, **description}
    media: Json = {}
    if "answer" in told or signed:
        media["schema"] = _named(told.get("answer", "SignedAnswer"))
    if "example" in told:
        media["examples"] = {
            language: {"summary": summary, "value": told["example"]}
            for language, summary in (("zh", "示例"), ("en", "An example"))
        }
    kinds = told.get("produces", "application/json")
    return {**description, "content": dict.fromkeys([kinds] if isinstance(kinds, str) else kinds, media)}


def _headers(told: Mapping[str, Any]) -> Json:
    if "headers" not in told:
        return {}
    known = told_schemas()["_headers"]
    return {"headers": {name: known[name] for name in told["headers"]}}


def _named(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _problem(status: int) -> Json:
    if status in _NO_PROBLEM:
        return {"description": _NO_PROBLEM[status]}
    return {"$ref": f"#/components/responses/Problem{int(status)}"}


def _problem_responses(kinds: Any) -> Json:  # noqa: ANN401 - an iterable of Kind
    by_status: dict[int, list[Kind]] = {}
    for kind in kinds:
        by_status.setdefault(int(kind.status), []).append(kind)
    return {f"Problem{status}": _problem_response(status, found) for status, found in sorted(by_status.items())}


def _problem_response(status: int, kinds: list[Kind]) -> Json:
    found: Json = {
        "description": f"{HTTPStatus(status).phrase}：问题文档，code 说明是哪一种 A problem; its code says which",
        "content": {PROBLEM: {"schema": _named("Problem"), "examples": {kind.name: _shown(kind) for kind in kinds}}},
    }
    if status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}:
        known = told_schemas()["_headers"]
        found["headers"] = {"Retry-After": {**known["Retry-After"], "required": True}, "RateLimit": known["RateLimit"]}
    return found


def _shown(kind: Kind) -> Json:
    value = {
        "type": f"https://hub.example{kind.place}",
        "code": kind.name,
        "title": kind.title_zh,
        "title_en": kind.title_en,
        "status": int(kind.status),
        "detail": "原因与下一步",
        "detail_en": "cause and next step",
    }
    return {"summary": f"{kind.title_zh} {kind.title_en}", "value": value}
