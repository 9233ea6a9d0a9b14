"""The steward's page of joined subjects: joined, found by both numbers, separated; masked, and for stewards only."""

import re
from collections.abc import Callable

import httpx

from tests.exchange_api.conftest import HOLDER, Asking, Certificates, Served
from tests.exchange_api.pages.signing_in import token

FORMER, PRESENT = HOLDER[1], "91110000600037341L"
PLACE = "/steward/subjects"
JOIN = {"register": "legal_entities", "former": FORMER, "present": PRESENT, "reason": "代码更正", "case": "C-1"}


def post(http: httpx.Client, path: str, fields: dict[str, str]) -> httpx.Response:
    return http.post(path, data={**fields, "csrf_token": token(http.get(PLACE))})


def test_a_join_lets_both_numbers_find_the_certificate_until_it_is_separated(
    served: Served, steward: httpx.Client, certificates: Certificates, asking: Asking
) -> None:
    certificates.add("A")
    present = (HOLDER[0], PRESENT, "001")
    assert asking.ask(served, "A", present).json()["verdict"]["code"] == "no_match"
    assert post(steward, PLACE, JOIN).status_code == 303
    found = asking.ask(served, "A", present).json()["verdict"]
    assert found["code"] == "valid"
    assert found["certificate"]["holders"] == [{"name": HOLDER[0], "role": "", "asked": True}]
    assert asking.ask(served, "A").json()["verdict"]["code"] == "valid"
    page = steward.get(PLACE).text
    assert "代码更正" in page
    assert "（C-1）" in page
    assert "9111**********341L" in page
    assert FORMER not in page
    assert PRESENT not in page
    (join_id,) = re.findall(r"/steward/subjects/(\d+)/separate", page)
    assert post(steward, f"{PLACE}/{join_id}/separate", {"reason": "误合并"}).status_code == 303
    assert "误合并" in steward.get(PLACE).text
    assert asking.ask(served, "A", present).json()["verdict"]["code"] == "no_match"


def test_what_is_refused_is_said_and_what_was_typed_stays(steward: httpx.Client) -> None:
    refused = post(steward, PLACE, {**JOIN, "present": "91110000600037342L"})
    assert refused.status_code == 422
    assert 'role="alert"' in refused.text
    assert f'value="{FORMER}"' in refused.text
    assert post(steward, PLACE, {**JOIN, "reason": "  "}).status_code == 422
    assert post(steward, PLACE, {**JOIN, "register": "certificates"}).status_code == 404
    assert post(steward, PLACE, {"proposal": "77", "reason": "x"}).status_code == 422
    assert post(steward, f"{PLACE}/77/separate", {"reason": "x"}).status_code == 422
    assert "没有合并记录" in steward.get(PLACE).text


def test_only_stewards_and_only_our_forms(
    served: Served,
    steward: httpx.Client,
    sign_in: Callable[[str], httpx.Client],
    make_account: Callable[..., int],
) -> None:
    assert steward.post(PLACE, data=JOIN).status_code == 403
    make_account("officer", "officer")
    officer = sign_in("officer")
    assert officer.get(PLACE).status_code == 403
    assert officer.post(PLACE, data={**JOIN, "csrf_token": "x"}).status_code == 403
    assert served.http.get(PLACE).status_code in {303, 401}
    assert "没有合并记录" in steward.get(PLACE).text
