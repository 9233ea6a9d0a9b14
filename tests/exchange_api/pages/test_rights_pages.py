"""An application from its form to the verdict that its grant allows, over HTTP, with all who take part; and cards."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import httpx
import pytest

from tests.exchange_api.conftest import (
    ITEM,
    PURPOSE,
    TYPE,
    Asking,
    Certificates,
    Clock,
    Hub,
    Served,
    add_client,
)
from tests.exchange_api.pages.signing_in import token
from tests.exchange_api.sharing_sessions import CONSENT, form

SignIn = Callable[[str], httpx.Client]
UNCONDITIONAL = {"resource": f"type:{TYPE}", "act": "verification", "fields": "", "purpose": PURPOSE}


@dataclass(frozen=True)
class Offices:
    """Everybody who takes part, signed in."""

    officer: httpx.Client
    asks: httpx.Client
    provides: httpx.Client
    authority: httpx.Client
    auditor: httpx.Client
    stranger: httpx.Client


@pytest.fixture
def offices(sign_in: SignIn, make_account: Callable[..., int]) -> Offices:
    def person(login: str, role: str, department: str) -> httpx.Client:
        make_account(login, role, department=department)
        return sign_in(login)

    return Offices(
        person("drafts", "approving_officer", "civil_affairs"),
        person("asks", "department_administrator", "civil_affairs"),
        person("provides", "department_administrator", "public_security"),
        person("authority", "hub_administrator", "data_administration"),
        person("audits", "auditor", "data_administration"),
        person("strange", "department_administrator", "tax"),
    )


def send(http: httpx.Client, place: str, **fields: str) -> httpx.Response:
    return http.post(place, data={**fields, "csrf_token": token(http.get("/applications"))})


def drafted(http: httpx.Client, **more: str) -> str:
    answered = send(http, "/applications", **form(**more))
    assert answered.status_code == 303, answered.text
    return answered.headers["location"]


def test_a_conditional_application_goes_its_way(offices: Offices, clock: Clock, served: Served) -> None:
    place = drafted(offices.officer, basis="养老机构管理办法第十条")
    assert offices.provides.get(place).status_code == 404, "a draft is its department's own"
    assert offices.authority.get(place).status_code == 404
    assert send(offices.officer, f"{place}/submit", text=CONSENT).status_code == 403, "an administrator consents"
    refused = send(offices.asks, f"{place}/submit", text=" ")
    assert refused.status_code == 422
    assert 'role="alert"' in refused.text
    assert send(offices.asks, f"{place}/submit", text=CONSENT).status_code == 303
    shown = offices.provides.get(place).text
    for told in ("养老机构管理办法第十条", "受理轮候申请时核对申请人", CONSENT, "2026-03-16", "有条件共享"):
        assert told in shown
    assert offices.stranger.get(place).status_code == 404
    assert send(offices.stranger, f"{place}/grant", text=CONSENT).status_code == 404
    assert send(offices.asks, f"{place}/grant", text=CONSENT).status_code == 404
    assert send(offices.asks, f"{place}/steal", text=CONSENT).status_code == 404

    assert send(offices.provides, f"{place}/ask-missing", text="事项清单").status_code == 303
    assert send(offices.provides, f"{place}/ask-missing", text="再要一份").status_code == 409
    clock.move(minutes=1)
    assert send(offices.asks, f"{place}/supplement", text="清单附后").status_code == 303
    assert send(offices.provides, f"{place}/ask-missing", text="再要一份").status_code == 409, "asked once"
    assert send(offices.provides, f"{place}/ask-longer", text="需会商", days="11").status_code == 422
    assert send(offices.provides, f"{place}/ask-longer", text="需会商", days="5").status_code == 303
    assert send(offices.authority, f"{place}/allow-longer").status_code == 303
    assert "2026-03-23" in offices.asks.get(place).text
    assert send(offices.provides, f"{place}/grant", text=CONSENT).status_code == 303

    shown = offices.auditor.get(place).text
    (grant,) = set(re.findall(r'href="(/grants/\d+)"', shown))
    for step in ("起草", "一次性告知补正", "同意延长", "同意授权"):
        assert step in shown
    assert "ELDER-CARE" in offices.officer.get(grant).text
    assert offices.stranger.get(grant).status_code == 404
    assert send(offices.auditor, f"{grant}/end", text="x").status_code == 403
    assert send(offices.provides, f"{grant}/end", text="不想提供").status_code == 409
    assert send(offices.provides, f"{grant}/announce-stop", text="系统改造", day="2026-05-06").status_code == 303
    assert send(offices.asks, f"{grant}/object-stop", text="业务需要").status_code == 303
    assert send(offices.authority, f"{grant}/file-stop").status_code == 303
    assert send(offices.provides, f"{grant}/extend", text="继续", day="2027-12-31").status_code == 303
    assert "2027-12-31" in offices.asks.get(grant).text
    assert served.http.get("/grants").status_code == 303, "who is not signed in goes to sign in"


def test_what_has_no_conditions_answers_at_once_until_it_is_suspended(
    offices: Offices, served: Served, certificates: Certificates, clock: Clock, hub: Hub
) -> None:
    certificates.add("A1")
    client = Asking("intake-1", add_client(hub, "intake-1"), clock)
    assert client.ask(served, "A1").json()["verdict"]["code"] == "refused"
    place = drafted(offices.asks, **UNCONDITIONAL, service_items=ITEM)
    assert client.ask(served, "A1").json()["verdict"]["code"] == "refused", "a draft gives no right"
    assert send(offices.asks, f"{place}/submit", text=CONSENT).status_code == 303
    assert client.ask(served, "A1").json()["verdict"]["code"] == "valid"
    (grant,) = set(re.findall(r'href="(/grants/\d+)"', offices.asks.get(place).text))
    assert send(offices.authority, f"{grant}/suspend", text="超范围使用").status_code == 303
    assert client.ask(served, "A1").json()["verdict"]["code"] == "refused"
    assert "暂停" in offices.asks.get("/grants").text
    assert send(offices.authority, f"{grant}/resume", text="已整改").status_code == 303
    assert client.ask(served, "A1").json()["verdict"]["code"] == "valid"
    assert send(offices.asks, f"{grant}/end", text="用途已终了").status_code == 303
    assert client.ask(served, "A1").json()["verdict"]["code"] == "refused"


def test_deadlines_turn_yellow_and_red(offices: Offices, clock: Clock, sign_in: SignIn) -> None:
    place = drafted(offices.asks)
    send(offices.asks, f"{place}/submit", text=CONSENT)
    assert "没有临期" in offices.provides.get("/deadlines").text

    def later(days: int, login: str) -> str:
        clock.move(days=days)
        return sign_in(login).get("/deadlines").text

    assert "黄牌" in (yellow := later(10, "provides"))
    assert "剩 2 个工作日" in yellow
    assert "没有临期" in sign_in("asks").get("/deadlines").text, "who has to act sees the card"
    assert "超期" in (red := later(5, "provides"))
    assert "红牌" in red
    everything = sign_in("authority").get("/deadlines").text
    assert "超期" in everything
    assert offices.officer.get("/deadlines").status_code in {303, 403}
    assert sign_in("drafts").get("/deadlines").status_code == 403


def test_a_form_that_is_wrong_comes_back_as_it_was_sent(offices: Offices) -> None:
    page = offices.officer.get("/applications/new", params={"resource": "dataset:public_security.residents"}).text
    assert '<option value="dataset:public_security.residents" selected>' in page
    refused = send(offices.officer, "/applications", **form(scope="", scene="受理时核对"))
    assert refused.status_code == 422
    assert "受理时核对" in refused.text
    assert 'name="scope" rows="3" required aria-invalid="true"' in refused.text
    place = drafted(offices.officer)
    changed = send(offices.officer, f"{place}/change", **form(purpose="另一用途"))
    assert changed.headers["location"] == place
    assert "另一用途" in offices.asks.get(place).text
    assert 'value="另一用途"' in offices.asks.get(f"{place}/change").text
    assert offices.stranger.get(f"{place}/change").status_code == 404
    assert offices.officer.get("/applications").text.count("草稿") == 1
    assert "草稿" not in offices.authority.get("/applications").text
