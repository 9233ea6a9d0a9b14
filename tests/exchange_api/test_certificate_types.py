"""The catalogue of certificate types over HTTP and as pages: whole, open, and demo codes said to be such."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from certificates.types import load_types
from tests.exchange_api.conftest import Served
from tests.exchange_api.pages.signing_in import signed_in

TYPES = load_types()
LICENCE = "11100000MB0143028R001"
DEMO = "DEMO00000000000000006"
LIST = "/catalogue/certificate-types"


def test_anybody_may_read_what_types_there_are(served: Served) -> None:
    told = {one["code"]: one for one in served.http.get("/v1/certificate-types").json()["types"]}
    assert told.keys() == TYPES.keys()
    assert {code for code, one in told.items() if one["demo_code"]} == {c for c in TYPES if c.startswith("DEMO")}
    licence = told[LICENCE]
    assert licence["defined_by"]["code"] == LICENCE[:18]
    assert licence["collected_in"] == ["market_regulation.business_licences"]
    assert {one["code"]: one["state"] for one in licence["status_codes"]}["05"] == "revoked_penalty"
    assert [one["name"] for one in licence["fields"]][:2] == ["entity_type", "legal_representative"]
    assert told[DEMO]["defined_by"]["code"] is None
    assert told[DEMO]["timely_renewal_days"] == 21


@pytest.fixture
def browser(served: Served, make_account: Callable[..., int]) -> Iterator[httpx.Client]:
    make_account("zhang", "officer")
    with ExitStack() as closing:
        yield signed_in(served, "zhang", closing)


def test_every_type_has_a_page_and_demo_codes_are_marked(browser: httpx.Client) -> None:
    listed = browser.get(LIST).text
    assert listed.count("示例代码") >= sum(kind.demo for kind in TYPES.values())
    for code in (LICENCE, DEMO):
        assert f'href="{LIST}/{code}"' in listed
        page = browser.get(f"{LIST}/{code}")
        assert page.status_code == 200
        assert TYPES[code].name_zh in page.text
        assert ("不得用于电子证照标识" in page.text) == TYPES[code].demo
        assert all(one.zh in page.text for one in TYPES[code].fields)
    form = browser.get("/officer").text
    assert "食品经营许可证 Food business licence（示例代码 demo code）" in form


def test_who_is_not_signed_in_sees_no_page_and_what_is_not_there_is_said(browser: httpx.Client, served: Served) -> None:
    assert browser.get(f"{LIST}/11100000MB0143028R999").status_code == 404
    with httpx.Client(base_url=served.url, trust_env=False) as stranger:
        assert stranger.get(LIST).status_code in {303, 401}
