"""Cases at their pages, over real HTTP: who sees what, every act by the right person, the letter; and the verdict."""

import dataclasses
import re
from collections.abc import Callable
from datetime import date
from typing import Protocol

import httpx
import pytest
import sqlalchemy as sa

from exchange_api.casework.escalating import escalate_overdue
from registries.home import Role
from registries.store import cases
from registries.store.engine import Store
from registries.working_days import shipped
from tests.exchange_api.conftest import DATASET, HOLDER, Asking, Certificates, Clock, Served, licence
from tests.exchange_api.pages.signing_in import token
from tests.registries.store.deliveries import take_in

Signing = Callable[[str], httpx.Client]
Making = Callable[..., int]
NUMBER = "S440507-IN-CASE"
SCAN = b"%PDF-1.7 a page of the archive"
RULE = "holder-name-length"


class Hub(Protocol):
    catalogue: object

    def store(self, role: Role) -> Store: ...


@pytest.fixture
def case_number(hub: Hub, certificates: Certificates) -> int:
    """A case about one licence."""
    dataset = dataclasses.replace(certificates.hub.catalogue.dataset(DATASET), delivery="snapshot")
    row = licence(NUMBER, HOLDER)
    certificates.rows[NUMBER] = row
    with hub.store(Role.LOAD).begin() as conn:
        take_in(conn, dataset, [(row, False)], findings={RULE: [1]})
    certificates.deliver()
    with hub.store(Role.PAGE).begin() as conn:
        (found,) = cases.list_cases(conn)
    return found.number


@pytest.fixture
def people(make_account: Making, sign_in: Signing) -> dict[str, httpx.Client]:
    """Two of the department that publishes, its administrator, a steward, and one of another department."""
    make_account("zhang", "publisher", department="market_regulation")
    make_account("wang", "department_administrator", department="market_regulation")
    make_account("li", "steward")
    make_account("tax", "publisher", department="tax")
    return {login: sign_in(login) for login in ("zhang", "wang", "li", "tax")}


def act(person: httpx.Client, place: str, what: str, **given: str) -> httpx.Response:
    page = person.get(place)
    assert page.status_code == 200, page.text
    data = {"csrf_token": token(page), "act": what, **given}
    return person.post(f"{place}/acts", data=data)


def verdict(served: Served, asking: Asking) -> tuple[str, str, str]:
    told = asking.ask(served, NUMBER).json()["verdict"]
    lines = {line["check"]: line for line in told["lines"]}
    return told["code"], lines["disputes"]["zh"], lines["quality"]["zh"]


def test_a_case_goes_its_way_from_department_to_steward(
    case_number: int,
    people: dict[str, httpx.Client],
    sign_in: Signing,
    served: Served,
    asking: Asking,
    clock: Clock,
    hub: Hub,
) -> None:
    mine, theirs = f"/publisher/cases/{case_number}", f"/steward/cases/{case_number}"
    zhang, wang, steward, tax = (people[name] for name in ("zhang", "wang", "li", "tax"))
    code, line, _ = verdict(served, asking)
    assert code == "valid"  # it turns no verdict
    assert "应当照常办理" in line
    assert f'href="{mine}"' in zhang.get("/publisher/cases").text
    assert f'href="{theirs}"' in steward.get("/steward/cases?kind=rectification&state=open").text
    assert mine not in zhang.get("/publisher/cases?state=closed").text
    assert mine not in tax.get("/publisher/cases").text
    assert tax.get(mine).status_code == 404  # for others it does not exist
    assert zhang.get(theirs).status_code == 403
    assert NUMBER not in zhang.get(mine).text

    assert act(zhang, mine, "assign", login="nobody").status_code == 422
    assert act(zhang, mine, "assign", login="zhang").status_code == 303
    assert act(zhang, mine, "stop", reason="proceedings").status_code == 409  # a steward's
    assert act(steward, theirs, "stop", reason="because").status_code == 422
    assert act(steward, theirs, "stop", reason="proceedings", note="张三一案").status_code == 303
    assert "张三一案" in zhang.get(mine).text
    clock.move(days=7)
    zhang, wang, steward, tax = (sign_in(login) for login in ("zhang", "wang", "li", "tax"))
    assert act(steward, theirs, "resume").status_code == 303
    with hub.store(Role.PAGE).begin() as conn:
        found = cases.one(conn, case_number)
        assert found is not None
        assert (found.stopped_days, found.due_on, found.assigned_to) == (5, date(2026, 3, 20), "zhang")
        note = conn.execute(sa.text("SELECT note FROM hub.case_step WHERE act = 'stopped'")).scalar_one()
        assert "张三".encode() not in bytes(note)

    assert act(zhang, mine, "answer", reason="matches_archive").status_code == 422  # without words
    assert act(zhang, mine, "answer", reason="matches_archive", note="已核对").status_code == 303
    assert act(zhang, mine, "approve").status_code == 409
    assert act(steward, theirs, "refuse", reason="not_convincing").status_code == 303
    assert act(zhang, mine, "ask_beyond_mending", reason="archive_lost", note="x").status_code == 409  # no evidence
    page = zhang.get(mine)
    sent = zhang.post(
        f"{mine}/acts",
        data={"csrf_token": token(page), "act": "evidence"},
        files={"file": ("a.pdf", SCAN, "application/pdf")},
    )
    assert sent.status_code == 303, sent.text
    (link,) = re.findall(r'href="([^"]+/evidence/[0-9a-f]+)"', zhang.get(mine).text)
    assert zhang.get(link).content == SCAN
    assert tax.get(link).status_code == 404
    assert act(zhang, mine, "ask_beyond_mending", reason="archive_lost", note="1998 年火灾").status_code == 303
    assert act(steward, theirs, "approve").status_code == 303
    assert act(steward, theirs, "approve").status_code == 409  # one person is one side
    assert act(wang, mine, "approve").status_code == 303
    assert "无法改正" in zhang.get(mine).text
    code, line, quality = verdict(served, asking)
    assert (code, "可信等级 D" in quality, "照常" in line) == ("valid", True, False)
    assert "无法改正 1" in steward.get("/steward/cases?state=any").text


def test_overdue_cases_have_red_cards_go_up_and_print_a_letter(
    case_number: int, people: dict[str, httpx.Client], sign_in: Signing, clock: Clock, hub: Hub
) -> None:
    theirs = f"/steward/cases/{case_number}"
    assert theirs not in people["li"].get("/steward/cases?card=red").text
    load, days = hub.store(Role.LOAD), shipped()
    clock.move(days=9)
    assert theirs in sign_in("li").get("/steward/cases?card=yellow").text
    assert escalate_overdue(load, clock(), days) == 0
    clock.move(days=4)
    assert "红牌" in sign_in("li").get("/steward/cases?card=red").text
    assert [escalate_overdue(load, clock(), days) for _ in range(2)] == [1, 0]  # the administrator first
    clock.move(days=7)
    assert [escalate_overdue(load, clock(), days) for _ in range(2)] == [1, 0]  # then the authority
    steward = sign_in("li")
    assert act(steward, theirs, "remind").headers["location"] == f"{theirs}/letter"
    letter = steward.get(f"{theirs}/letter").text
    named = ("第 809 号", "第二十六条", f"催〔2026〕{case_number} 号", "市场监督管理局", "报数据主管部门督办", "1 / 1")
    for word in named:
        assert word in letter, word
    assert sign_in("zhang").get(f"/publisher/cases/{case_number}/letter").status_code == 200


def test_a_steward_raises_a_case_about_refused_rows(
    certificates: Certificates, people: dict[str, httpx.Client], hub: Hub
) -> None:
    certificates.refuse("S-REFUSED")
    with hub.store(Role.PAGE).begin() as conn:
        batch = conn.execute(sa.text("SELECT max(batch) FROM hub.refused_row")).scalar_one()
        row = conn.execute(sa.text("SELECT max(row_number) FROM hub.refused_row")).scalar_one()
    steward = people["li"]
    page = steward.get("/steward/cases/new")
    given = {"csrf_token": token(page), "dataset": DATASET, "batch": str(batch), "rows": f"{row}，999"}
    assert steward.post("/steward/cases/new", data=given | {"reason": "sample"}).status_code == 422
    wrong = {"attribute": "holder_name", "reason": "sample"}
    assert steward.post("/steward/cases/new", data=given | wrong | {"rows": "999"}).status_code == 422
    made = steward.post("/steward/cases/new", data=given | wrong)
    assert made.status_code == 303, made.text
    again = steward.post("/steward/cases/new", data=given | wrong)
    assert again.headers["location"] == made.headers["location"]
    place = made.headers["location"]
    assert act(steward, place, "withdraw", reason="raised_in_error").status_code == 303
    assert "已撤回" in steward.get(place).text


def test_a_steward_raises_a_case_about_a_row_that_stands_and_sees_it_masked(
    certificates: Certificates, people: dict[str, httpx.Client], hub: Hub
) -> None:
    certificates.add("S-STANDS")
    steward = people["li"]
    given = {"csrf_token": token(steward.get("/steward/cases/new")), "dataset": DATASET, "reason": "reported"}
    about = given | {"attribute": "holder_name", "note": "来电反映"}
    for wrong in ("S-NONE", "S-STANDS，x", "S-STANDS' OR true --"):
        refused = steward.post("/steward/cases/new", data=about | {"key": wrong})
        assert refused.status_code == 422, wrong
    assert steward.post("/steward/cases/new", data=given | {"key": "S-STANDS"}).status_code == 422  # about what?
    made = steward.post("/steward/cases/new", data=about | {"key": " s-stands "})
    assert made.status_code == 200, made.text
    assert "已提出工单" in made.text
    assert "敏感信息已脱敏" in made.text
    with hub.store(Role.OWNER).begin() as conn:
        raised = conn.execute(sa.text("SELECT cause, attribute, rows_open FROM hub.\"case\" WHERE cause = 'steward'"))
        assert raised.all() == [("steward", "holder_name", 1)]
        known = "SELECT count(*) FROM hub.case_row WHERE number_digest IS NOT NULL"
        assert conn.execute(sa.text(known)).scalar_one() == 1  # its verdict tells of the case
    assert "相同的未结工单" in steward.post("/steward/cases/new", data=about | {"key": "S-STANDS"}).text
