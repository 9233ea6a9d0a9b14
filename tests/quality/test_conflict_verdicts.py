"""While departments contradict each other about somebody's name, verdicts on that holder's certificates say so."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from certificates.records import Question
from certificates.types import load_types
from certificates.verdicts import Verdict, VerdictCode, judge
from quality.intake import IntakeOutcome
from registries.home import Role
from registries.store import certificates, clients, grants
from registries.store.certificates import Sought
from registries.store.grants import Claimant, Wish
from tests.conftest import Hub
from tests.quality.conftest import NOW, NUMBERS, RESIDENTS, resident

Deliver = Callable[..., IntakeOutcome]
DISABILITY = "disabled_persons_federation.disability_certificates"
HARDSHIP = "civil_affairs.hardship_persons"
PURPOSE, ITEM = "行政许可审批", "公办养老机构入住轮候登记"
ASKER = Claimant("civil_affairs", "client:window")
HOLDER = NUMBERS[0]
NUMBER = f"{HOLDER}42"
CERTIFICATE = {
    "certificate_number": NUMBER,
    "holder_name": "张三",
    "holder_code_type": "111",
    "holder_code": HOLDER,
    "disability_kind": "4",
    "grade": "2",
    "issued_on": "2020-01-01",
    "valid_until": "2030-01-01",
    "status_code": "valid",
    "issuing_authority_name": "汕头市残疾人联合会",
    "issuing_authority_code": "11100000000013338W",
    "area_code": "440511",
}


@pytest.fixture
def ask(hub: Hub) -> Callable[[str], Verdict]:
    """Asks for the licence of a holder as an office does; it has the grant for it."""
    mapping = hub.catalogue.dataset(DISABILITY).certificate
    kind = "" if mapping is None else mapping.type_code
    with hub.store(Role.OWNER).begin() as conn:
        clients.add_client(conn, "window", "civil_affairs", "窗口系统")
        grants.add_grant(conn, "civil_affairs", "verification", PURPOSE, "市政数局", NOW.date(), certificate_type=kind)
        wish = Wish("verification", PURPOSE, ITEM, kind)
        (grant,) = grants.covering_grants(conn, [(ASKER, wish)], NOW.date())
    assert grant is not None

    def asked(number: str) -> Verdict:
        question = Question.parse(
            {
                "certificate_type": kind,
                "certificate_number": number,
                "holder_name": "张三",
                "holder_code": HOLDER,
                "holder_code_type": "111",
                "purpose": PURPOSE,
                "service_item": ITEM,
                "case": "ST-1",
            }
        )
        with hub.store(Role.API).begin() as conn:
            (found,) = certificates.find_certificates(conn, [Sought(question, grant, ASKER)], NOW, NOW.date())
        return judge(question, found, NOW.date(), load_types())

    return asked


def hardship(name: str) -> dict[str, str | None]:
    since, until = "2025-01-01", "2027-12-31"
    return {"citizen_number": HOLDER, "name": name, "kind": "1", "state": "1", "since": since, "valid_until": until}


def said(verdict: Verdict) -> str:
    (line,) = [line.zh for line in verdict.lines if line.check == "disputes"] or [str(verdict)]
    return line


def test_an_open_conflict_about_the_holders_name_is_said_and_turns_nothing(
    hub: Hub, deliver: Deliver, ask: Callable[[str], Verdict]
) -> None:
    deliver(DISABILITY, [CERTIFICATE])
    deliver(RESIDENTS, [resident(number) for number in NUMBERS])
    assert "没有未决" in said(ask(NUMBER))
    deliver(HARDSHIP, [hardship("章三")])
    with hub.store(Role.LOAD).begin() as conn:
        open_cases = sa.text("SELECT attribute, state FROM hub.\"case\" WHERE cause = 'conflict'")
        assert conn.execute(open_cases).all() == [("name", "open")]
    told = ask(NUMBER)
    assert told.code == VerdictCode.VALID
    assert "应当照常办理" in said(told)
    assert "没有未决" not in said(told)
    deliver(HARDSHIP, [hardship("张三")], "second")
    assert "没有未决" in said(ask(NUMBER))
