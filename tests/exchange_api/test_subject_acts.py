"""Matches, queries, certificates of a subject and marked copies over real HTTP: what a grant reaches, and no more."""

import base64
import json
from datetime import date
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from certificates.compact import parse
from certificates.documents.errors import BadMark
from certificates.evidence.given import Given
from certificates.offline import examine
from certificates.receipts import verify_receipt
from certificates.records import MalformedQuestion
from certificates.sd_jwt import BadDisclosure
from certificates.types import load_types
from exchange_api.acts.matching import Matching
from exchange_api.acts.query import Query
from exchange_api.acts.retrieval import Retrieval
from exchange_api.acts.subject_certificates import SubjectCertificates
from exchange_api.acts.values_beside import revealed
from exchange_api.acts.verification import Verification
from registries.departments import load_catalogue
from registries.home import Role
from registries.store import grants
from tests.exchange_api.conftest import (
    HOLDER,
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
from tests.registries.store.deliveries import take_in

NUMBER, NOBODY = "11010519491231002X", "110101199003072316"
NAME, ADDRESS = "林志强", "汕头市龙湖区长平路一号"
SUBJECT = {"name": NAME, "code": NUMBER, "code_type": "111"}
WHY = {"purpose": PURPOSE, "service_item": ITEM, "case": "ST-2026-0001"}
RESIDENTS = "public_security.residents"


def resident(number: str, name: str) -> dict[str, str | None]:
    return {
        "citizen_number": number,
        "name": name,
        "sex": "1",
        "birth_date": "1949-12-31",
        "ethnicity": "01",
        "division_code": "440507",
        "address": ADDRESS,
        "marital_status": "20",
        "life_status": "正常",
    }


def settle(hub: Hub, clock: Clock) -> None:
    dataset = hub.catalogue.dataset(RESIDENTS)
    row = {column.name: None for column in dataset.columns} | resident(NUMBER, NAME)
    with hub.store(Role.LOAD).begin() as conn:
        take_in(conn, dataset, [(row, False)])
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(
            sa.text("UPDATE hub.dataset SET data_as_of = :now, score = 0.99 WHERE name = :name"),
            {"now": clock(), "name": RESIDENTS},
        )


def give(hub: Hub, act: grants.Act, **more: Any) -> int:  # noqa: ANN401 - whatever a grant takes
    clear = more.pop("in_clear", False)
    with hub.store(Role.OWNER).begin() as conn:
        made = grants.add_grant(conn, "civil_affairs", act, PURPOSE, "市政数局", date(2026, 1, 1), **more)
        conn.execute(
            sa.text("UPDATE hub.grant_right SET in_clear = :clear WHERE id = :id"), {"clear": clear, "id": made}
        )
    return made


@pytest.fixture
def settled(served: Served, hub: Hub, clock: Clock) -> Served:
    settle(hub, clock)
    return served


@pytest.fixture
def client(hub: Hub, clock: Clock) -> Asking:
    return Asking("approval-1", add_client(hub, "approval-1"), clock)


def post(served: Served, asking: Asking, path: str, question: dict[str, Any], **claims: object) -> httpx.Response:
    token = asking.token(served.url, question, url=served.url + path, **claims)
    return served.http.post(path, content=token, headers={"content-type": "application/jwt"})


def ask(served: Served, asking: Asking, path: str, question: dict[str, Any], **claims: object) -> dict[str, Any]:
    response = post(served, asking, path, question, **claims)
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    receipt = verify_receipt(told["receipt"], served.http.get("/v1/keys.jwks").json())
    assert told[receipt.act] == receipt.answer
    return told


def outcomes(told: dict[str, Any], act: str) -> dict[str, str]:
    return {name: field["outcome"] for name, field in told[act]["fields"].items()}


def kept(hub: Hub) -> str:
    """Everything that the ledger keeps, and the pages' views of it, as one text."""
    with hub.store(Role.OWNER).begin() as conn:
        bodies = conn.execute(sa.text("SELECT payload FROM hub.ledger_body")).scalars()
        return "\n".join(
            bytes(body).decode() + json.dumps(parse(f"{bytes(body).decode()}.AA").payload) for body in bodies
        )


def test_a_match_says_match_mismatch_or_unknown_and_keeps_no_claim(settled: Served, client: Asking, hub: Hub) -> None:
    give(hub, "matching", dataset="population", fields=("sex", "address", "birth_date"))
    claims = {"sex": "1", "address": "別處", "birth_date": "1949-12-31", "ethnicity": "01"}
    told = ask(settled, client, "/v1/matches", {**WHY, "subject": SUBJECT, "source": "population", "claims": claims})
    assert outcomes(told, "matching") == {
        "sex": "match",
        "address": "mismatch",
        "birth_date": "match",
        "ethnicity": "not_granted",
    }
    assert told["matching"]["code"] == "mismatch"
    assert told["matching"]["fields"]["sex"]["source"]["dataset"] == RESIDENTS
    assert told["matching"]["asked"]["fields"] == sorted(claims)
    for value in (NAME, NUMBER, ADDRESS, "別處"):
        assert value not in kept(hub)
    stranger = {**SUBJECT, "code": NOBODY}
    told = ask(
        settled, client, "/v1/matches", {**WHY, "subject": stranger, "source": "population", "claims": {"sex": "1"}}
    )
    assert outcomes(told, "matching") == {"sex": "unknown"}


def test_fields_are_told_beside_the_receipt_that_holds_their_digests(settled: Served, client: Asking, hub: Hub) -> None:
    give(hub, "query", dataset="population", fields=("name", "address"), in_clear=True)
    give(hub, "query", dataset="population", fields=("birth_date",))
    question = {**WHY, "subject": SUBJECT, "source": "population", "fields": ["name", "address", "birth_date", "sex"]}
    told = ask(settled, client, "/v1/queries", question)
    assert told["values"] == {"name": NAME, "address": ADDRESS, "birth_date": "1********1"}
    assert outcomes(told, "query") == {"name": "told", "address": "told", "birth_date": "told", "sex": "not_granted"}
    assert [told["query"]["fields"][name]["masked"] for name in ("address", "birth_date")] == [False, True]
    assert told["query"]["code"] == "refused"
    assert ADDRESS not in kept(hub)
    assert NAME not in kept(hub)
    digests = told["query"]["values"]
    assert revealed(digests, dict(enumerate(told["disclosures"]))) == told["values"]  # type: ignore[arg-type] # by any name
    forged = base64.urlsafe_b64encode(json.dumps(["c2FsdA", "address", "别处"]).encode()).decode().rstrip("=")
    with pytest.raises(BadDisclosure):
        revealed(digests, {"address": forged})


def test_a_copy_of_a_request_gets_the_same_receipt(settled: Served, client: Asking, hub: Hub) -> None:
    give(hub, "query", dataset="population", fields=("address",))
    question = {**WHY, "subject": SUBJECT, "source": "population", "fields": ["address"]}
    token = client.token(settled.url, question, url=settled.url + "/v1/queries")
    sent = [
        settled.http.post("/v1/queries", content=token, headers={"content-type": "application/jwt"}) for _ in range(2)
    ]
    first, second = (one.json() for one in sent)
    assert first["receipt"].rpartition(".")[0] == second["receipt"].rpartition(".")[0]  # signed again
    assert first["values"] is not None
    assert second["values"] == first["values"]


def test_nothing_is_granted_is_a_signed_refusal_for_each_act(settled: Served, client: Asking) -> None:
    of = {**WHY, "subject": SUBJECT}
    questions = {
        "/v1/matches": ("matching", {**of, "source": "population", "claims": {"sex": "1"}}),
        "/v1/queries": ("query", {**of, "source": "population", "fields": ["sex"]}),
        "/v1/subjects/certificates": ("certificates", {**of, "certificate_types": [TYPE]}),
        "/v1/retrievals": ("retrieval", {**client.question("S1"), "copy": COPY}),
    }
    for path, (member, question) in questions.items():
        told = ask(settled, client, path, question)
        assert told[member]["code"] == "refused"
        assert told.get("values") is None or told["values"] == {}
        assert told.get("copy") is None


COPY = {"cause": "办理食品经营许可", "purpose": "申请材料留存", "expires_on": "2026-04-01"}


def test_certificates_of_a_subject(served: Served, client: Asking, certificates: Certificates, hub: Hub) -> None:
    certificates.add("S1")
    certificates.add("S2", status_code="05")
    give(hub, "query", certificate_type=TYPE)
    name, code, code_type = HOLDER
    question = {**WHY, "subject": {"name": name, "code": code, "code_type": code_type}, "certificate_types": [TYPE]}
    told = ask(served, client, "/v1/subjects/certificates", question)
    assert told["certificates"]["types"][TYPE]["count"] == 2
    assert {one["number"] for one in told["values"][TYPE]} == {"S1", "S2"}
    assert "S1" not in json.dumps(told["certificates"])
    question["subject"] = {"name": "别的公司", "code": code, "code_type": code_type}
    nothing = ask(served, client, "/v1/subjects/certificates", question)
    assert nothing["certificates"]["code"] == "not_found"
    assert nothing["values"] == {}


@pytest.mark.parametrize("kind", ["pdf", "ofd"])
def test_a_marked_copy_comes_with_its_receipt(
    served: Served, client: Asking, certificates: Certificates, hub: Hub, clock: Clock, kind: str
) -> None:
    certificates.add("S1")
    give(hub, "retrieval", certificate_type=TYPE)
    told = ask(served, client, "/v1/retrievals", {**client.question("S1"), "copy": {**COPY, "format": kind}})
    assert told["retrieval"]["code"] == "valid"
    data = base64.b64decode(told["copy"]["content"])
    keys = served.http.get("/v1/keys.jwks").json()
    assert examine(None, data, Given(keys, at=clock()), "file").genuine
    assert not examine(None, data.replace(b"hub-copy", b"hub-c0py") + b" ", Given(keys, at=clock()), "file").genuine
    assert COPY["purpose"] in json.dumps(told["retrieval"]["asked"], ensure_ascii=False)
    nothing = ask(served, client, "/v1/retrievals", {**client.question("NOSUCH"), "copy": COPY})
    assert nothing["retrieval"]["code"] == "no_match"
    assert nothing["copy"] is None


CATALOGUE = load_catalogue()
VERIFICATION = {
    "certificate_type": TYPE,
    "certificate_number": "S1",
    "holder_name": HOLDER[0],
    "holder_code": HOLDER[1],
    "holder_code_type": HOLDER[2],
}
OF = {**WHY, "subject": SUBJECT}
RIGHT: dict[str, dict[str, Any]] = {
    "matching": {**OF, "source": "population", "claims": {"sex": "1", "birth_date": "1949/12/31"}},
    "query": {**OF, "source": RESIDENTS, "fields": ["sex", "ethnicity"]},
    "certificates": {**OF, "certificate_types": [TYPE]},
    "retrieval": {**WHY, **VERIFICATION, "copy": COPY},
}
ACTS: dict[str, Any] = {
    "matching": Matching(lambda: CATALOGUE),
    "query": Query(lambda: CATALOGUE, bytes(32)),
    "certificates": SubjectCertificates(load_types(), bytes(32)),
    "retrieval": Retrieval(Verification(load_types(), lambda _day: {}, None)),  # type: ignore[arg-type] # nothing is asked live
}


@pytest.mark.parametrize(
    ("act", "change", "member"),
    [
        ("matching", {"source": "no_such"}, "source"),
        ("matching", {"claims": {}}, "claims"),
        ("matching", {"claims": {"shoe_size": "44"}}, "claims"),
        ("matching", {"claims": {"sex": 1}}, "claims"),
        ("matching", {"claims": {"sex": "1\u0000"}}, "claims"),
        ("matching", {"subject": {"name": NAME, "code": NUMBER}}, "subject"),
        ("matching", {"subject": {**SUBJECT, "code_type": "777"}}, "subject"),
        ("matching", {"subject": {**SUBJECT, "name": " "}}, "subject"),
        ("matching", {"unknown": "x"}, ""),
        ("query", {"fields": ["sex", "sex"]}, "fields"),
        ("query", {"fields": ["shoe_size"]}, "fields"),
        ("query", {"fields": "sex"}, "fields"),
        ("query", {"fields": []}, "fields"),
        ("query", {"case": ""}, "case"),
        ("certificates", {"certificate_types": ["1" * 21]}, "certificate_types"),
        ("retrieval", {"copy": {**COPY, "expires_on": "soon"}}, "copy"),
        ("retrieval", {"copy": {**COPY, "format": "docx"}}, "copy"),
        ("retrieval", {"copy": {"cause": "x"}}, "copy"),
        ("retrieval", {"copy": None}, "copy"),
        ("retrieval", {"case": None}, "case"),
    ],
)
def test_malformed_questions_name_the_member(act: str, change: dict[str, Any], member: str) -> None:
    with pytest.raises(MalformedQuestion) as caught:
        ACTS[act].parse(RIGHT[act] | change)
    assert caught.value.member == member


@pytest.mark.parametrize("act", RIGHT)
def test_a_question_is_the_same_however_often_it_is_read(act: str) -> None:
    read = ACTS[act].parse(RIGHT[act])
    assert ACTS[act].parse(read.to_json()) == read
    assert (read.purpose, read.service_item, read.case) == (PURPOSE, ITEM, WHY["case"])
    shown = json.dumps(ACTS[act].shown(read, date(2026, 3, 2)))
    assert NUMBER not in shown
    assert "1949" not in shown
    assert all(wish.purpose == PURPOSE for wish in ACTS[act].wishes(read))


def test_a_claim_is_brought_into_the_form_in_which_it_is_kept() -> None:
    assert ACTS["matching"].parse(RIGHT["matching"]).claims == {"sex": "1", "birth_date": "1949-12-31"}


def test_a_copy_that_would_count_too_long_is_refused() -> None:
    asked = ACTS["retrieval"].parse(RIGHT["retrieval"] | {"copy": {**COPY, "expires_on": "2030-01-01"}})
    with pytest.raises(BadMark):
        asked.mark("approval-1", date(2026, 3, 2))
