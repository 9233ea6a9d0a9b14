"""The short cut of signed questions answers as the routes do that describe it: the same answers, headers, problems."""

from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI

from certificates.receipts import verify_receipt
from exchange_api.problems import add_problem_handlers
from exchange_api.routes import verifications
from tests.exchange_api.conftest import Asking, Certificates, Served, listening, running

PATH = "/v1/verifications"
TYPE = {"content-type": "application/jose"}


@pytest.fixture
def described(served: Served) -> Iterator[httpx.Client]:
    """The routes alone, over the same parts, without any layer around them."""
    app = FastAPI()
    app.state.parts = served.parts
    app.include_router(verifications.router)
    add_problem_handlers(app, secure=False)
    with listening() as (bound, url), running(app, bound), httpx.Client(base_url=url, trust_env=False) as client:
        yield client


def both(served: Served, described: httpx.Client, path: str, **sent: object) -> list[httpx.Response]:
    answers = [served.http.post(path, **sent), described.post(path, **sent)]  # type: ignore[arg-type] # as they came
    assert answers[0].status_code == answers[1].status_code
    return answers


def test_the_same_request_gets_the_same_receipt_either_way(
    served: Served, described: httpx.Client, asking: Asking, certificates: Certificates
) -> None:
    certificates.add("440500000000001")
    token = asking.token(served.url, asking.question("440500000000001"))
    short, long = both(served, described, PATH, content=token, headers=TYPE)
    keys = served.http.get("/v1/keys.jwks").json()
    receipts = [verify_receipt(each.json()["receipt"], keys) for each in (short, long)]
    assert receipts[0].jti == receipts[1].jti
    assert short.json()["verdict"] == long.json()["verdict"]
    assert short.json()["verdict"]["code"] == "valid"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"a.b.c", "application/jose"),
        (b"{}", "application/json"),
        ("编号".encode(), "application/jwt; charset=utf-8"),
        (b"", "application/jwt"),
        (b"x" * 33_000, "application/jwt"),
        (b"a.b.c", ""),
    ],
)
@pytest.mark.parametrize("path", [PATH, f"{PATH}/batch"])
def test_what_is_wrong_is_told_in_the_same_words(
    served: Served, described: httpx.Client, content: bytes, kind: str, path: str
) -> None:
    short, long = both(served, described, path, content=content, headers={"content-type": kind} if kind else {})
    assert short.json() == long.json()
    assert short.headers["content-type"] == long.headers["content-type"] == "application/problem+json"


def test_every_answer_has_the_headers_that_all_others_have(served: Served) -> None:
    usual = served.http.get("/v1/certificate-types/none").headers
    short = served.http.post(PATH, content=b"a.b.c", headers=TYPE).headers
    names = {name for name in usual if name not in {"content-length", "date"}}
    assert {name: short[name] for name in names} == {name: usual[name] for name in names}


def test_a_good_answer_has_them_too(served: Served, asking: Asking) -> None:
    usual = served.http.get("/v1/certificate-types/none").headers
    good = served.http.post(PATH, content=asking.token(served.url, asking.question("440500000000009")), headers=TYPE)
    assert good.status_code == 200
    apart = {"content-length", "content-type", "date"}
    assert {name: value for name, value in good.headers.items() if name not in apart} == {
        name: value for name, value in usual.items() if name not in apart
    }
    assert good.headers["content-type"] == "application/json"


def test_a_body_that_grows_too_large_is_refused_while_it_arrives(served: Served) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(200):
            yield b"x" * 1024

    grown = served.http.post(PATH, content=endless(), headers=TYPE)
    declared = served.http.post(PATH, content=b"x" * 200_000, headers=TYPE)
    assert (grown.status_code, declared.status_code) == (413, 413)
    assert grown.json() == declared.json()


def test_other_methods_find_what_they_found_before(served: Served) -> None:
    assert served.http.get(PATH).status_code == 405
    assert served.http.options(PATH).status_code == 405
