"""One item, one check, over HTTP: certificates, matches, rules and earlier cases in one signed answer; paper taken."""

import base64
import json
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any, Protocol

import httpx
import pytest
import sqlalchemy as sa

from certificates.records import MalformedQuestion
from exchange_api.acts.case_questions import CaseQuestion
from registries.departments import Catalogue, load_catalogue
from registries.home import Role
from registries.service_items.model import item_of
from registries.store import grants
from registries.store.engine import Store
from tests.exchange_api.conftest import PURPOSE, Asking, Clock, Served
from tests.registries.store.deliveries import take_in

ELDER, ALLOWANCE = "440500-SAMPLE-0201", "440500-SAMPLE-0301"
ELDER_NAME, ALLOWANCE_NAME = "公办养老机构入住轮候登记", "困难残疾人生活补贴申领"
WANG = {"name": "王大明", "code": "440507195001010016", "code_type": "111"}
LI = {"name": "李小红", "code": "440507199001010011", "code_type": "111"}
RESIDENTS, HARDSHIP = "public_security.residents", "civil_affairs.hardship_persons"
CARE, SUPPORT = "veterans_affairs.special_care_persons", "health.special_support_persons"
DISABLED, DISABILITY = "disabled_persons_federation.disability_certificates", "DEMO00000000000000005"


class Hub(Protocol):
    catalogue: Catalogue

    def store(self, role: Role) -> Store: ...


Row = dict[str, str | None]


def resident(person: dict[str, str], born: str) -> Row:
    return {
        "citizen_number": person["code"],
        "name": person["name"],
        "birth_date": born,
        "division_code": "440507",
    }


def entitled(person: dict[str, str], **more: str) -> Row:
    told = {"kind": "1", "state": "1", "since": "2025-01-01", "valid_until": "2026-12-31"}
    return {"citizen_number": person["code"], "name": person["name"], **told, **more}


def disability(person: dict[str, str], **more: str) -> Row:
    return {
        "certificate_number": f"{person['code']}42",
        "holder_name": person["name"],
        "holder_code": person["code"],
        "holder_code_type": "111",
        "status_code": "valid",
        "issued_on": "2020-01-01",
        "valid_until": "2030-01-01",
        "issuing_authority_name": "汕头市残疾人联合会",
        **more,
    }


@pytest.fixture
def town(hub: Hub, clock: Clock) -> Hub:
    """Wang is 76 and disabled; Li is young and in hardship."""
    rows: dict[str, Sequence[Row]] = {
        RESIDENTS: [resident(WANG, "1950-01-01"), resident(LI, "1990-01-01")],
        HARDSHIP: [entitled(LI)],
        CARE: [],
        DISABLED: [disability(WANG)],
    }
    with hub.store(Role.LOAD).begin() as conn:
        for name, staged in rows.items():
            take_in(conn, hub.catalogue.dataset(name), [(row, False) for row in staged])
    with hub.store(Role.OWNER).begin() as conn:
        now = clock() - timedelta(hours=1)
        conn.execute(
            sa.text("UPDATE hub.dataset SET data_as_of = :now WHERE name <> :but"), {"now": now, "but": SUPPORT}
        )
    return hub


@pytest.fixture
def allow(hub: Hub) -> Callable[..., int]:
    def allow(act: grants.Act, service_item: str, *fields: str, **of: str) -> int:
        with hub.store(Role.OWNER).begin() as conn:
            return grants.add_grant(
                conn, "civil_affairs", act, PURPOSE, "市政数局", date(2026, 1, 1),
                fields=fields, service_item=service_item, **of,
            )  # fmt: skip

    return allow


@pytest.fixture
def everything(allow: Callable[..., int]) -> None:
    allow("matching", ELDER_NAME, "name", dataset=RESIDENTS)
    allow("query", ELDER_NAME, "birth_date", "division_code", dataset=RESIDENTS)
    allow("query", ELDER_NAME, "state", "valid_until", dataset=HARDSHIP)
    allow("query", ELDER_NAME, "state", dataset=CARE)
    allow("query", ELDER_NAME, "state", dataset=SUPPORT)
    allow("verification", ELDER_NAME, certificate_type=DISABILITY)


def question(person: dict[str, str], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {"item": ELDER, "case": "YL-2026-1", "purpose": PURPOSE, "subject": person, **more}


def post(served: Served, asking: Asking, path: str, asked: dict[str, Any]) -> httpx.Response:
    token = asking.token(served.url, asked, url=f"{served.url}{path}")
    return served.http.post(path, content=token, headers={"content-type": "application/jwt"})


def checked(served: Served, asking: Asking, asked: dict[str, Any]) -> dict[str, Any]:
    response = post(served, asking, "/v1/case-checks", asked)
    assert response.status_code == 200, response.text
    answer = response.json()
    payload = json.loads(base64.urlsafe_b64decode(answer["receipt"].split(".")[1] + "=="))
    assert payload["case_check"] == answer["case_check"]
    assert "440507195001010016" not in json.dumps(payload)
    return dict(answer["case_check"])


def outcomes(told: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {each["id"]: (each["outcome"], each["reason"]) for each in told["materials"]}


@pytest.mark.usefixtures("town", "everything")
def test_an_elder_care_place_is_settled_with_one_receipt(served: Served, asking: Asking) -> None:
    told = checked(served, asking, question(WANG, parties={"guardian": LI}))
    assert outcomes(told) == {
        "identity": ("exempt", "register_agrees"),
        "aged_sixty": ("exempt", "eligible"),
        "priority": ("exempt", "certificate_valid"),
        "guardian_identity": ("exempt", "register_agrees"),
        "health_report": ("to_submit", "nothing_received"),
    }
    assert told["counts"] == {"exempt": 4, "pending": 0, "to_submit": 1, "later": 1}
    assert (told["code"], told["asked"]["item"], told["asked"]["item_version"]) == ("pending", ELDER, "1.0.0")
    priority = told["materials"][2]
    assert [way["reason"] for way in priority["ways"]] == [
        "not_eligible", "certificate_valid", "not_eligible", "not_covered",
    ]  # fmt: skip
    assert priority["ways"][1]["certificate"]["number"].startswith("4405")
    assert "*" in priority["ways"][1]["certificate"]["number"]
    assert priority["ways"][1]["source_zh"] == "残疾人证"


@pytest.mark.usefixtures("town", "everything")
def test_what_is_not_so_is_said_and_what_nobody_asked_is_not_held_against_anybody(
    served: Served, asking: Asking
) -> None:
    wrong_name = outcomes(checked(served, asking, question({**LI, "name": "李小虹"})))
    assert wrong_name["identity"] == ("to_submit", "not_found")
    assert wrong_name["priority"] == ("to_submit", "not_covered")  # of which one source has never delivered
    told = outcomes(checked(served, asking, question(LI, step="application")))
    assert told == {
        "identity": ("exempt", "register_agrees"),
        "aged_sixty": ("to_submit", "not_eligible"),
        "priority": ("exempt", "eligible"),
        "guardian_identity": ("pending", "party_not_named"),
    }


@pytest.mark.usefixtures("town")
def test_what_no_grant_covers_is_said_as_such(served: Served, asking: Asking, allow: Callable[..., int]) -> None:
    refused = checked(served, asking, question(WANG))
    assert (refused["code"], "materials" in refused) == ("refused", False)
    allow("matching", ELDER_NAME, "name", dataset=RESIDENTS)
    allow("query", ELDER_NAME, "state", dataset=CARE)
    told = outcomes(checked(served, asking, question(WANG)))
    assert told["identity"] == ("exempt", "register_agrees")
    assert told["aged_sixty"] == told["priority"] == ("to_submit", "not_granted")


@pytest.mark.usefixtures("everything")
def test_data_in_doubt_or_too_old_waits(served: Served, asking: Asking, town: Hub, clock: Clock) -> None:
    with town.store(Role.LOAD).begin() as conn:
        take_in(conn, town.catalogue.dataset(DISABLED), [(disability(WANG, status_code="77"), True)])
        rows = [(resident(LI, "1990-01-01"), False), (resident(WANG, "1950-01-02"), True)]
        take_in(conn, town.catalogue.dataset(RESIDENTS), rows)
    told = outcomes(checked(served, asking, question(WANG)))
    assert told["priority"] == ("pending", "pending_check")
    assert told["identity"] == ("pending", "pending_check")
    clock.move(days=30)
    assert outcomes(checked(served, asking, question({**LI, "name": "李小虹"})))["identity"] == (
        "pending",
        "source_silent",
    )


@pytest.mark.usefixtures("town", "everything")
def test_paper_is_received_once_and_needs_a_reason_where_the_hub_had_answered(served: Served, asking: Asking) -> None:
    checked(served, asking, question(WANG))

    def received(material: str, case: str = "YL-2026-1", **more: str) -> dict[str, Any]:
        asked = question(WANG, material=material, form="paper", **more) | {"case": case}
        response = post(served, asking, "/v1/case-checks/received", asked)
        assert response.status_code == 200, response.text
        return dict(response.json()["case_check"])

    assert received("identity")["code"] == "reason_missing"
    assert received("identity", reason="applicant_wishes")["hub_could_answer"] is True
    assert received("identity", reason="urgent")["code"] == "known"
    assert (received("health_report")["code"], received("health_report")["code"]) == ("received", "known")
    again = outcomes(checked(served, asking, question(WANG)))
    assert again["health_report"] == ("exempt", "received_this_case")
    later = outcomes(checked(served, asking, question(WANG) | {"case": "YL-2026-2"}))
    assert later["health_report"] == ("exempt", "received_before")
    other = outcomes(checked(served, asking, question(LI) | {"case": "YL-2026-3"}))
    assert other["health_report"] == ("to_submit", "nothing_received")


@pytest.mark.usefixtures("town", "everything")
def test_the_same_request_gets_the_same_answer_and_is_counted_once(served: Served, asking: Asking, hub: Hub) -> None:
    token = asking.token(served.url, question(WANG), url=f"{served.url}/v1/case-checks")
    headers = {"content-type": "application/jwt"}
    first, again = (served.http.post("/v1/case-checks", content=token, headers=headers).json() for _ in range(2))
    assert first["receipt"].split(".")[1] == again["receipt"].split(".")[1]
    with hub.store(Role.PAGE).begin() as conn:
        assert conn.execute(sa.text("SELECT count(*) FROM hub.case_check")).scalar() == 1


WRONG: dict[str, list[dict[str, Any]]] = {
    "item": [{"item": "no-such-item"}],
    "step": [{"step": "nowhere"}],
    "subject": [{"subject": {"name": "x"}}, {"subject": WANG | {"code_type": "001"}}],
    "parties": [{"parties": {"nobody": WANG}}],
    "claims": [{"claims": {"x": "y"}}],
    "certificates": [{"certificates": {"nothing": "1"}}],
    "": [{"extra": 1}],
}


def test_malformed_questions_name_their_member() -> None:
    catalogue = load_catalogue()
    for member, wrongs in WRONG.items():
        for wrong in wrongs:
            with pytest.raises(MalformedQuestion) as refused:
                CaseQuestion.parse(question(WANG) | wrong, lambda code: item_of(catalogue, code))
            assert refused.value.member == member


@pytest.mark.usefixtures("hub")
def test_items_are_told_to_anybody(served: Served) -> None:
    told = served.http.get("/v1/service-items").json()["items"]
    assert {ELDER, ALLOWANCE, "440500-SAMPLE-0101"} <= {item["code"] for item in told}
    assert served.http.get(f"/v1/service-items/{ELDER}").json()["materials"][0]["met_by"][0]["kind"] == "match"
    assert served.http.get("/v1/service-items/none").status_code == 404
