"""Objections, completions and held batches over HTTP, by people with real sessions: from the form to the answer."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import httpx
import pytest
import sqlalchemy as sa

from mianzheng.held_intake import carry_out_next
from registries.home import Role
from registries.store import ledger
from tests.exchange_api.conftest import Asking, Certificates, Hub, Served
from tests.exchange_api.pages.signing_in import signed_in, token
from tests.quality.conftest import NUMBERS, RESIDENTS, Delivery, opened, resident

NAME, NUMBER, CODE = "汕头市示例贸易有限公司", "P19870001", "91110000600037341L"
TYPE = "11100000MB0143028R001"
SCAN = ("scan.pdf", b"%PDF-1.4 a scan", "application/pdf")
SAID = "登记姓名有误，应为张小三"
SignIn = Callable[[str], httpx.Client]


@pytest.fixture
def sign_in(served: Served) -> Iterator[SignIn]:
    with ExitStack() as closing:
        opened_by: dict[str, httpx.Client] = {}

        def once(login: str) -> httpx.Client:
            if login not in opened_by:
                opened_by[login] = signed_in(served, login, closing)
            return opened_by[login]

        yield once


@pytest.fixture(autouse=True)
def people(make_account: Callable[..., int]) -> None:
    for login, role, department in (
        ("li", "window_officer", "civil_affairs"),
        ("wang", "window_officer", "civil_affairs"),
        ("sun", "window_officer", "tax"),
        ("zhao", "publisher", "market_regulation"),
        ("qian", "publisher", "public_security"),
        ("huang", "steward", "data_administration"),
    ):
        make_account(login, role, department=department)


def send(http: httpx.Client, form_at: str, to: str, **given: object) -> httpx.Response:
    files = given.pop("files", None)
    return http.post(to, data={**given, "csrf_token": token(http.get(form_at))}, files=files)


def test_an_objection_gets_a_slip_a_case_and_an_answer_that_anybody_with_the_slip_can_ask_for(
    hub: Hub, served: Served, sign_in: SignIn
) -> None:
    delivery = Delivery(hub.catalogue.dataset(RESIDENTS), [resident(number) for number in NUMBERS], "first")
    opened(hub).take_in(RESIDENTS, connector=delivery)
    li = sign_in("li")
    form_at = f"/officer/objections/new?dataset={RESIDENTS}"
    given = {"dataset": RESIDENTS, "attribute": "name", "channel": "window", "key": NUMBERS[0], "name": "张小三"}
    refused = send(li, form_at, "/officer/objections", **given, statement=" ")
    assert (refused.status_code, "请选择数据项" in refused.text) == (422, True)
    taken = send(li, form_at, "/officer/objections", **given, statement=SAID, files={"file": SCAN})
    assert taken.status_code == 303
    slip_page = li.get(taken.headers["location"])
    slip = re.search(r"<b>([0-9A-Z]{4}(?:-[0-9A-Z]{4}){3})</b>", slip_page.text)
    assert slip
    assert "2026-03-16" in slip_page.text
    assert not [word for word in (NUMBERS[0], "张小三", SAID) if word in slip_page.text]
    unknown = send(li, form_at, "/officer/objections", **{**given, "key": NUMBERS[0][:-1] + "1"}, statement=SAID)
    assert unknown.status_code == 303  # whether there is such a record is told to nobody
    standing = served.http.get("/objections", params={"slip": slip[1].lower()})
    assert "核查中" in standing.text
    assert not [word for word in (NUMBERS[0], "张小三", SAID) if word in standing.text]
    assert served.http.get("/objections", params={"slip": "0" * 16}).status_code == 404
    at = f"/publisher/objections/{slip[1].replace('-', '')}"
    assert sign_in("zhao").get(at).status_code == 404
    checking = sign_in("qian").get(at)
    assert SAID in checking.text
    assert NUMBERS[0] not in checking.text
    evidence = re.search(rf"{at}/evidence/[0-9a-f]{{64}}", checking.text)
    assert evidence
    assert sign_in("qian").get(evidence[0]).content == SCAN[1]
    assert sign_in("zhao").get(evidence[0]).status_code == 404
    others = (slip_page.url.path, f"/officer/objections/{at.rpartition('/')[2]}/slip")
    assert [sign_in("sun").get(path).status_code for path in others] == [404, 404]
    mended = [resident(NUMBERS[0], name="张小三"), *(resident(number) for number in NUMBERS[1:])]
    opened(hub).take_in(RESIDENTS, connector=Delivery(hub.catalogue.dataset(RESIDENTS), mended, "second"))
    assert "已更正" in served.http.get("/objections", params={"slip": slip[1]}).text
    with hub.store(Role.OWNER).begin() as conn:
        rows = str([dict(row) for row in conn.execute(sa.text("SELECT * FROM hub.objection")).mappings()])
        ledger.sequence(conn)
        assert ledger.check(conn).faults == []
    assert not [word for word in (NUMBERS[0], "张小三", SAID) if word in rows]


@pytest.mark.usefixtures("asking")
def test_a_certificate_of_the_paper_era_is_completed_by_three_people_on_pages(
    certificates: Certificates, sign_in: SignIn, served: Served, asking: Asking
) -> None:
    certificates.add(NUMBER, (NAME, "", "001"))
    certificates.rows[NUMBER]["holder_code"] = None
    certificates.deliver()
    typed = {
        "certificate_type": TYPE,
        "certificate_number": NUMBER,
        "holder_name": NAME,
        "holder_code_type": "001",
        "holder_code": CODE,
    }
    li, wang, zhao = sign_in("li"), sign_in("wang"), sign_in("zhao")
    form_at = "/officer/completions/new"
    wrong = send(li, form_at, "/officer/completions", **{**typed, "holder_code": "1"}, files={"scan": SCAN})
    assert (wrong.status_code, "校验位" in wrong.text) == (422, True)
    filed = send(li, form_at, "/officer/completions", **typed, files={"scan": SCAN})
    assert filed.status_code == 303
    at = filed.headers["location"]
    assert NUMBER in li.get(at).text
    page = wang.get(at)
    assert NUMBER not in page.text  # typed blind
    assert wang.get(f"{at}/scan").content == SCAN[1]
    assert [sign_in("sun").get(path).status_code for path in (at, f"{at}/scan")] == [404, 404]
    assert send(li, at, f"{at}/second", **typed).status_code == 422
    assert send(wang, at, f"{at}/second", **{**typed, "certificate_number": "P1"}).status_code == 422
    assert send(wang, at, f"{at}/second", **typed).status_code == 303
    issuers = at.replace("/officer/", "/publisher/")
    not_its = (issuers, f"{issuers}/scan", f"{issuers}/decision")
    assert [sign_in("qian").get(path).status_code for path in not_its] == [404, 404, 404]
    assert CODE not in zhao.get(issuers).text
    assert send(zhao, f"{issuers}/decision", f"{issuers}/decision", act="confirm").status_code == 303
    assert "已补全" in zhao.get(issuers).text
    assert "整改工单" in zhao.get(issuers).text
    answer = asking.ask(served, NUMBER, (NAME, CODE, "001")).json()["verdict"]
    assert answer["code"] == "valid"
    for path in ("/officer/completions", "/publisher/completions"):
        assert NAME not in (li if path.startswith("/officer") else zhao).get(path).text


def held_one(hub: Hub) -> int:
    with hub.store(Role.OWNER).begin() as conn:
        found = conn.execute(sa.text("SELECT max(number) FROM hub.batch WHERE hold_reason IS NOT NULL"))
        return int(found.scalar_one())


def test_a_steward_releases_a_held_batch_and_its_department_reads_why(hub: Hub, sign_in: SignIn) -> None:
    good = [resident(number) for number in NUMBERS]
    for name, rows in (("first", good), ("second", good[:2])):
        opened(hub).take_in(RESIDENTS, connector=Delivery(hub.catalogue.dataset(RESIDENTS), rows, name))
    huang, qian = sign_in("huang"), sign_in("qian")
    number = held_one(hub)
    at = f"/steward/held/{number}"
    assert f'href="{at}"' in huang.get("/steward/held").text
    page = huang.get(at)
    assert "减少" in page.text
    assert "-50.0%" in page.text
    assert NUMBERS[0] not in page.text
    assert sign_in("zhao").get(f"/publisher/held/{number}").status_code == 404
    assert sign_in("zhao").get(at).status_code == 403
    form_at = f"{at}/decision"
    assert send(huang, form_at, form_at, act="release", reason="incomplete_export").status_code == 422
    note = "户籍合并，减少属实"
    assert send(huang, form_at, form_at, act="release", reason="planned_change", note=note).status_code == 303
    assert "处置中" in huang.get(at).text
    assert send(huang, form_at, form_at, act="return", reason="wrong_file").status_code == 409
    assert carry_out_next(hub.store(Role.LOAD), opened(hub), lambda: datetime.now(UTC), set())
    told = qian.get(f"/publisher/held/{number}")
    assert note in told.text
    assert "已放行" in told.text
    with hub.store(Role.OWNER).begin() as conn:
        assert conn.execute(sa.text("SELECT count(*) FROM data.public_security__residents")).scalar_one() == 2


def test_a_batch_whose_place_a_later_one_has_taken_can_only_be_returned(hub: Hub, sign_in: SignIn) -> None:
    good = [resident(number) for number in NUMBERS]
    for name, rows in (("first", good), ("second", good[:2]), ("third", good)):
        opened(hub).take_in(RESIDENTS, connector=Delivery(hub.catalogue.dataset(RESIDENTS), rows, name))
    huang, at = sign_in("huang"), f"/steward/held/{held_one(hub)}"
    page, form = huang.get(at).text, huang.get(f"{at}/decision").text
    assert "放行或退回" not in page + form
    assert "退回" in page
    assert send(huang, f"{at}/decision", f"{at}/decision", act="release", reason="urgent").status_code == 409
    assert send(huang, f"{at}/decision", f"{at}/decision", act="return", reason="wrong_file").status_code == 303
