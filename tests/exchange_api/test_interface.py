"""The interface tells about itself: operations and problems in both languages, copies that are kept, what will end."""

import re
from collections.abc import Callable
from datetime import date
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from certificates.compact import parse
from exchange_api.application import create_app
from exchange_api.errors import all_kinds
from exchange_api.interface.document import SIGNED, operations
from exchange_api.interface.explained import explained
from exchange_api.interface.going_away import GoingAway, load_going_away, read_ending
from exchange_api.interface.kept_copies import KeptCopies, matches
from exchange_api.meters import Meters
from exchange_api.parts import ApiSettings
from tests.exchange_api.conftest import Served, listening, running

HAN, LATIN = re.compile(r"[\u4e00-\u9fff]{2}"), re.compile(r"[a-z]{3} ")
ENDING = {"path": "/v1/old/{id}", "deprecated": date(2026, 1, 1), "sunset": date(2026, 7, 1), "successor": "/v1/new"}
Json = dict[str, Any]


@pytest.fixture(scope="module")
def described() -> Json:
    parts: Any = SimpleNamespace(settings=ApiSettings(issuer="https://hub.example"), meters=Meters())
    return create_app(parts).openapi()


def test_every_operation_is_told_in_both_languages(described: Json) -> None:
    assert described["openapi"].startswith("3.1")
    silent = {
        name
        for name, told in operations(described)
        if not HAN.search(told.get("description", "")) or not LATIN.search(told.get("description", ""))
    }
    assert silent == set()


def test_every_signed_operation_shows_good_questions_in_both_languages(described: Json) -> None:
    signed = [(name, told) for name, told in operations(described) if SIGNED in _content(told)]
    assert len(signed) >= 2
    for name, told in signed:
        media = _content(told)[SIGNED]
        schema = {**media["schema"]["contentSchema"], "components": described["components"]}
        assert media["schema"]["contentSchema"]["examples"], name
        for value in media["schema"]["contentSchema"]["examples"]:
            assert list(Draft202012Validator(schema).iter_errors(value)) == [], name
        for key, example in media["examples"].items():
            assert (HAN if key.endswith("zh") else LATIN).search(example["summary"] + " "), (name, key)
            assert parse(example["value"]).payload["question"] in media["schema"]["contentSchema"]["examples"]


def _content(told: Json) -> Json:
    found: Json = told.get("requestBody", {}).get("content", {})
    return found


def test_every_reference_leads_somewhere_and_no_foreign_shape_is_left(described: Json) -> None:
    text = repr(described)
    names = {tuple(one.split("/")) for one in re.findall(r"'#/components/([\w/-]+)'", text)}
    assert names
    for kind, name in names:
        assert name in described["components"][kind]
    assert "HTTPValidationError" not in text


def test_problems_are_documented_with_every_code_of_their_status(described: Json) -> None:
    responses = described["components"]["responses"]
    for kind in all_kinds().values():
        examples = responses[f"Problem{int(kind.status)}"]["content"]["application/problem+json"]["examples"]
        assert examples[kind.name]["value"]["code"] == kind.name
    assert responses["Problem503"]["headers"]["Retry-After"]["required"] is True


def test_every_problem_is_explained_in_both_languages() -> None:
    found = explained()
    assert found.keys() == all_kinds().keys()
    for one in found.values():
        assert HAN.search(one.zh), one.kind.name
        assert LATIN.search(one.en), one.kind.name
        assert re.fullmatch(r"[a-z][a-z0-9-]+", one.kind.name)


def test_pages_and_copies(served: Served) -> None:
    refused = served.http.post("/v1/verifications", content=b"x").json()
    assert refused["type"] == f"{served.url}/problems/wrong-media-type"
    page = served.http.get(refused["type"], headers={"accept": "text/html"})
    assert page.status_code == 200
    assert "application/jwt" not in page.headers["content-type"]
    assert refused["title"] in page.text
    assert served.http.get("/problems/none-such").status_code == 404
    assert all(code in served.http.get("/problems").text for code in all_kinds())
    docs = served.http.get("/v1/docs")
    assert docs.text.count("<section") > 20
    assert not re.search(r"(src|href)=\"(https?:)?//", docs.text)
    for path in ("/v1/keys.jwks", "/v1/catalogue", "/v1/certificate-types", "/v1/openapi.json"):
        first = served.http.get(path)
        again = served.http.get(path, headers={"if-none-match": first.headers["etag"]})
        assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        other = served.http.get(path, headers={"if-none-match": '"another"'})
        assert (other.status_code, other.content) == (200, first.content)


def _asked(build: Callable[[FastAPI], None], path: str, **headers: str) -> httpx.Response:
    """What an application of one route answers."""
    app = FastAPI(openapi_url=None)
    build(app)

    @app.get("/v1/old/{name}")
    def told(name: str) -> Json:
        return {"name": name}

    with listening() as (bound, url), running(app, bound):
        return httpx.get(url + path, headers=headers)


def test_what_will_end_says_when_and_what_follows() -> None:
    ending = read_ending(ENDING)
    answer = _asked(lambda app: app.add_middleware(GoingAway, table=[ending]), "/v1/old/a%2Fb")
    assert answer.headers.get("deprecation") is None  # a slash is another place
    answer = _asked(lambda app: app.add_middleware(GoingAway, table=[ending]), "/v1/old/7")
    assert answer.headers["deprecation"] == "@1767225600"
    assert answer.headers["sunset"] == "Wed, 01 Jul 2026 00:00:00 GMT"
    assert '</v1/new>; rel="successor-version"' in answer.headers["link"]
    assert answer.json() == {"name": "7"}


def test_nothing_ends_sooner_than_half_a_year_after_it_was_said() -> None:
    for one in load_going_away():
        assert (one.sunset - one.deprecated).days >= 180


def test_only_what_is_named_is_held_back() -> None:
    answer = _asked(lambda app: app.add_middleware(KeptCopies, paths=["/v1/ol"]), "/v1/old/7")
    assert "etag" not in answer.headers
    answer = _asked(lambda app: app.add_middleware(KeptCopies, paths=["/v1/old"]), "/v1/old/7")
    assert answer.headers["etag"].startswith('"')


@given(st.lists(st.text("abc", min_size=1, max_size=3), max_size=5), st.text("abc", min_size=1, max_size=3))
def test_a_tag_is_known_if_it_is_among_those_given(known: list[str], tag: str) -> None:
    header = ", ".join(f'W/"{one}"' if number % 2 else f'"{one}"' for number, one in enumerate(known))
    assert matches(header, f'"{tag}"') == (tag in known)
