"""The inspector's pages, the paper for a citizen, and a value in clear: over HTTP, with real sessions."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest
import sqlalchemy as sa

from registries.home import Role
from registries.store import budgets
from registries.store.budgets import Limit, Miss
from tests.exchange_api.conftest import HOLDER, Asking, Certificates, Clock, Hub, Served
from tests.exchange_api.pages.signing_in import signed_in, token

NUMBER = "S051520243060073"
SignIn = Callable[[str], httpx.Client]


@pytest.fixture
def sign_in(served: Served) -> Iterator[SignIn]:
    with ExitStack() as closing:
        yield lambda login: signed_in(served, login, closing)


@pytest.fixture
def inspectors(make_account: Callable[..., int]) -> dict[str, int]:
    made = {login: make_account(login, "inspector", department="data_bureau") for login in ("zhao", "qian")}
    return made | {"audit": make_account("audit", "auditor"), "chen": make_account("chen", "window_officer")}


def send(http: httpx.Client, form_at: str, to: str, **given: str) -> httpx.Response:
    return http.post(to, data={**given, "csrf_token": token(http.get(form_at))})


@pytest.mark.usefixtures("inspectors")
def test_the_desk_shows_what_is_unusual_down_to_the_receipt(
    served: Served, asking: Asking, certificates: Certificates, sign_in: SignIn
) -> None:
    certificates.add(NUMBER)
    for _ in range(8):
        assert asking.ask(served, NUMBER, case="无").status_code == 200
    http = sign_in("audit")
    desk = http.get("/inspector")
    assert desk.status_code == 200
    assert "approval-1 审批系统" in desk.text
    assert HOLDER[1] not in desk.text
    assert "/inspector/answers?since=2026-02-24&amp;until=2026-03-02&amp;alike=" in desk.text
    answers = http.get("/inspector/answers", params={"since": "2026-03-02", "asker": "client:approval-1", "case": "无"})
    assert answers.text.count("<tr>") == 9
    entry = answers.text.split('href="/inspector/answers/')[1].split('"')[0]
    receipt = http.get(f"/inspector/answers/{entry}")
    assert "证照有效" in receipt.text
    assert NUMBER not in receipt.text
    assert HOLDER[0] not in receipt.text
    assert http.get("/inspector/answers/999999").status_code == 404
    assert http.get("/inspector", params={"since": "2026-02-01", "until": "2026-02-02"}).text.count("没有。") == 7
    for path in ("/inspector", "/inspector/answers", f"/inspector/answers/{entry}", "/inspector/searches"):
        assert sign_in("chen").get(path).status_code == 403
    assert http.get("/inspector/searches").status_code == 403  # auditors look; they act upon nothing


@pytest.mark.usefixtures("asking")
def test_an_alarm_stands_in_readiness_and_metrics_until_an_inspector_lifts_it(
    hub: Hub, served: Served, clock: Clock, inspectors: dict[str, int], sign_in: SignIn
) -> None:
    zhao = sign_in("zhao")
    with hub.store(Role.API).begin() as conn:
        budgets.note(conn, [Miss("client:approval-1", 0, 50)], clock())
    assert "client:approval-1" in zhao.get("/inspector").text
    assert "mianzheng_stopped_askers 1.0" in served.http.get("/metrics").text
    assert [one["en"][:9] for one in served.http.get("/health/ready").json()["alarms"]] == ["1 clients"]
    refused = send(zhao, "/inspector", "/inspector/stops/1/lift", reason=" ")
    assert refused.status_code == 422
    assert "须写明理由" in refused.text
    assert send(sign_in("audit"), "/inspector", "/inspector/stops/1/lift", reason="看看").status_code == 403
    assert send(zhao, "/inspector", "/inspector/stops/1/lift", reason="联调数据有误").status_code == 303
    assert "联调数据有误" in zhao.get("/inspector").text
    assert "mianzheng_stopped_askers 0.0" in served.http.get("/metrics").text
    assert served.http.get("/health/ready").json()["alarms"] == []
    assert inspectors


@pytest.mark.usefixtures("inspectors")
def test_two_inspectors_search_by_subject(
    hub: Hub, served: Served, asking: Asking, certificates: Certificates, sign_in: SignIn
) -> None:
    certificates.add(NUMBER)
    asking.ask(served, NUMBER)
    zhao, qian, place = sign_in("zhao"), sign_in("qian"), "/inspector/searches"
    given = {"register": "legal_entities", "subject": HOLDER[1], "reason": "企业投诉"}
    assert send(zhao, place, place, **{**given, "reason": ""}).status_code == 422
    assert send(zhao, place, place, **{**given, "register": "moon"}).status_code == 404
    assert send(zhao, place, place, **given).status_code == 303
    assert HOLDER[1] not in zhao.get(place).text
    assert send(zhao, place, f"{place}/1/look").status_code == 422
    assert send(zhao, place, f"{place}/1/decide", agree="yes").status_code == 422
    assert send(qian, place, f"{place}/1/decide", agree="yes").status_code == 303
    looked = send(zhao, place, f"{place}/1/look")
    assert looked.status_code == 200
    assert "ST-2026-0001" in looked.text
    again = send(zhao, place, f"{place}/1/look")
    assert again.status_code == 422
    assert "ST-2026-0001" not in again.text
    with hub.store(Role.OWNER).begin() as conn:
        acts = conn.execute(sa.text("SELECT jti FROM hub.ledger_entry WHERE kind = 'inspection' ORDER BY id")).scalars()
        assert list(acts) == ["search:1:asked", "search:1:decided", "search:1:looked"]


@pytest.mark.usefixtures("inspectors")
def test_a_citizen_is_told_who_asked_on_paper(
    hub: Hub, served: Served, asking: Asking, certificates: Certificates, sign_in: SignIn
) -> None:
    certificates.add(NUMBER)
    asking.ask(served, NUMBER)
    chen, place = sign_in("chen"), "/officer/asked-about"
    given = {"register": "legal_entities", "subject": HOLDER[1]}
    assert send(chen, place, place, **given, document="看着像").status_code == 422
    told = send(chen, place, place, **given, document="营业执照及经办人身份证")
    assert told.status_code == 200
    assert "ST-2026-0001" in told.text
    assert "paper-a4" in told.text
    assert HOLDER[1] not in told.text
    with hub.store(Role.OWNER).begin() as conn:
        budgets.set_limit(conn, budgets.Key("telling", "*"), Limit(1, None), "test")
    spent = send(chen, place, place, **given, document="营业执照及经办人身份证")
    assert spent.status_code == 422
    assert "已用完" in spent.text
