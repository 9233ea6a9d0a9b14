"""Disputes over HTTP: filed and sealed, told of by later verdicts, with evidence; closed by the provider's answer."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
import sqlalchemy as sa

from exchange_api.disputes import AnswerRefused
from exchange_api.errors import NotFound
from exchange_api.sessions import Session
from registries.home import Role
from registries.store import cases, ledger
from registries.store.engine import Store
from tests.exchange_api.conftest import OTHER_HOLDER, Asking, Certificates, Served

NUMBER, PATH = "S440507-DISPUTED", "/v1/disputes"
SCAN = b"%PDF-1.7 the paper that the applicant holds"
FILE = {"digest": hashlib.sha256(SCAN).hexdigest(), "media_type": "application/pdf", "size": len(SCAN)}
WORDS = "申请人王大明出示的执照有效期至 2030 年"


class Hub(Protocol):
    def store(self, role: Role) -> Store: ...


def file_dispute(served: Served, asking: Asking, number: str = NUMBER, **more: Any) -> httpx.Response:  # noqa: ANN401 - JSON
    said = {"kind": "validity", "statement": WORDS, "evidence": [FILE]}
    asked: dict[str, Any] = {**asking.question(number), **said, **more}
    token = asking.token(served.url, asked, url=f"{served.url}{PATH}")
    return served.http.post(PATH, content=token, headers={"content-type": "application/jwt"})


def filed(served: Served, asking: Asking, number: str = NUMBER) -> dict[str, Any]:
    response = file_dispute(served, asking, number)
    assert response.status_code == 200, response.text
    return dict(response.json()["dispute"])


def verdict(served: Served, asking: Asking, number: str = NUMBER, **more: Any) -> tuple[str, str]:  # noqa: ANN401 - JSON
    answer = asking.ask(served, number, **more).json()["verdict"]
    line = next((each for each in answer["lines"] if each["check"] == "disputes"), {"en": ""})
    return answer["code"], line["en"]


@pytest.fixture
def as_department(make_account: Callable[..., int]) -> Callable[[str], Session]:
    def make(department: str) -> Session:
        number = make_account(f"steward-{department}", "steward", department=department)
        return Session(number, f"steward-{department}", "林小明", department, frozenset({"steward"}))

    return make


def test_a_dispute_marks_later_verdicts_until_its_provider_has_answered(
    served: Served,
    asking: Asking,
    certificates: Certificates,
    hub: Hub,
    as_department: Callable[[str], Session],
) -> None:
    certificates.add(NUMBER)
    certificates.add("S2")
    assert verdict(served, asking)[0] == "valid"
    told = filed(served, asking)
    assert (told["code"], told["provider"], told["due_on"]) == ("filed", "market_regulation", "2026-03-16")
    assert verdict(served, asking)[0] == "pending_check"
    assert "disputes" in verdict(served, asking)[1]
    assert verdict(served, asking, "S2")[0] == "valid"
    assert verdict(served, asking, holder=OTHER_HOLDER)[0] == "no_match"  # it tells nobody else
    second = filed(served, asking)
    assert second["case_number"] == told["case_number"]
    _is_sealed(hub)
    provider, filer, other = (as_department(name) for name in ("market_regulation", "civil_affairs", "tax"))
    disputes = served.parts.disputes
    assert [each.reference for each in disputes.of_provider(provider)] == [second["reference"], told["reference"]]
    shown = disputes.told(provider, told["reference"])
    assert (shown.number, shown.statement) == (NUMBER, WORDS)
    for wrong in (lambda: disputes.told(other, told["reference"]), lambda: _close(served, filer, told)):
        with pytest.raises(NotFound):
            wrong()
    with pytest.raises(AnswerRefused):
        disputes.answer(provider, told["reference"], "corrected", " ")
    _close(served, provider, told)
    assert verdict(served, asking)[0] == "pending_check"  # the second one is open
    disputes.answer(filer, second["reference"], "withdrawn", "重复提出")
    assert verdict(served, asking)[0] == "valid"
    with hub.store(Role.PAGE).begin() as conn:
        (case,) = cases.list_cases(conn, state="closed")
    assert (case.kind, case.cause, case.number, case.ending) == (
        "verification", "dispute", told["case_number"], "withdrawn",
    )  # fmt: skip
    assert disputes.told(filer, told["reference"]).answer == "已核，数据有误，今日更正"
    with hub.store(Role.OWNER).begin() as conn:
        kinds = conn.execute(sa.text("SELECT kind FROM hub.ledger_entry WHERE issuer = 'disputes'")).scalars().all()
        ledger.sequence(conn)
        assert (kinds, ledger.check(conn).faults) == (["dispute", "dispute"], [])


def _close(served: Served, session: Session, told: dict[str, Any]) -> None:
    served.parts.disputes.answer(session, told["reference"], "corrected", "已核，数据有误，今日更正")


def _is_sealed(hub: Hub) -> None:
    with hub.store(Role.OWNER).begin() as conn:
        rows = [
            json.dumps(dict(row), default=str) for row in conn.execute(sa.text("SELECT * FROM hub.dispute")).mappings()
        ]
    assert rows
    assert not [row for row in rows if "王大明" in row or NUMBER in row]


def test_evidence_comes_once_as_the_bytes_that_were_announced(
    served: Served, asking: Asking, certificates: Certificates, as_department: Callable[[str], Session]
) -> None:
    certificates.add(NUMBER)
    told = filed(served, asking)
    place = told["evidence"][0]["path"]
    assert served.http.post(place, content=SCAN[:-1] + b"!").json()["code"] == "evidence-differs"
    assert served.http.post(place, content=SCAN + b"more").status_code == 400
    other_place = place[:-1] + ("1" if place[-1] == "0" else "0")
    assert served.http.post(other_place, content=SCAN).json()["code"] == "evidence-not-announced"
    assert served.http.post(place, content=SCAN).status_code == 204
    assert served.http.post(place, content=SCAN).status_code == 404
    provider, other = as_department("market_regulation"), as_department("tax")
    digest = bytes.fromhex(FILE["digest"])
    evidence, file = served.parts.disputes.open_evidence(provider, told["reference"], digest)
    with file:
        assert (evidence.media_type, file.read()) == ("application/pdf", SCAN)
    assert evidence.path is not None
    assert SCAN not in Path(evidence.path).read_bytes()  # sealed
    with pytest.raises(NotFound):
        served.parts.disputes.open_evidence(other, told["reference"], digest)


def test_a_certificate_that_the_hub_does_not_find_can_be_disputed_too(
    served: Served, asking: Asking, certificates: Certificates
) -> None:
    certificates.add("S2")
    assert verdict(served, asking)[0] == "no_match"
    assert filed(served, asking)["provider"] == "market_regulation"
    assert verdict(served, asking)[0] == "pending_check"


def test_what_nobody_may_ask_nobody_may_dispute(served: Served, asking: Asking, certificates: Certificates) -> None:
    certificates.add(NUMBER)
    assert file_dispute(served, asking, purpose="好奇").json()["dispute"]["code"] == "refused"
    for wrong in ({"kind": "mood"}, {"statement": ""}, {"evidence": [{**FILE, "size": 0}]}, {"evidence": [FILE] * 6}):
        assert file_dispute(served, asking, **wrong).status_code == 422
    assert verdict(served, asking)[0] == "valid"
