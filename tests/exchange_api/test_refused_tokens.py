"""Requests that a lenient library would take: refused over HTTP with one error outside, and counted by their reason."""

import re

import httpx

from tests.exchange_api.conftest import Asking, Served, send
from tests.quirky_tokens import MISSPELLED, QUIRKY

NUMBER = "440508000000012"


def counted(served: Served) -> dict[str, int]:
    lines = served.http.get("/metrics").text
    found = re.findall(r'mianzheng_refused_tokens_total\{place="request",reason="([^"]+)"\} ([0-9.]+)', lines)
    return {reason: int(float(count)) for reason, count in found}


def claims_of(asking: Asking, served: Served) -> dict[str, object]:
    asking.count += 1
    issued = int(asking.clock().timestamp())
    return {
        "iss": asking.client_id,
        "aud": served.url,
        "iat": issued,
        "exp": issued + 60,
        "jti": f"{asking.client_id}-{asking.count:020}",
        "url": f"{served.url}/v1/verifications",
        "question": asking.question(NUMBER),
    }


def problem_name(response: httpx.Response) -> str:
    return str(response.json()["code"])


def test_each_quirk_is_refused_and_counted_by_its_reason(served: Served, asking: Asking) -> None:
    expected: dict[str, int] = {}
    for name, (make, reason) in {**QUIRKY, **MISSPELLED}.items():
        token = make(asking.key, "hub-req+jwt", claims_of(asking, served))
        if token != token.strip("\r\n "):  # a text that ends with line feeds is a text file's way
            continue
        response = send(served, token)
        assert problem_name(response) in {"not-a-signed-request", "not-verified"}, name
        expected[reason] = expected.get(reason, 0) + 1
    assert counted(served) == expected


def test_strangers_are_counted_apart(served: Served, asking: Asking) -> None:
    token = asking.token(served.url, asking.question(NUMBER), iss="nobody-we-know")
    assert problem_name(send(served, token)) == "not-verified"
    assert counted(served) == {"unknown client": 1}
