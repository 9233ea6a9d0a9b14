"""Around the counter without scripts and without a browser: what was scanned, links, the panel, spreadsheets, today."""

import csv
import io
import secrets
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest

from certificates import offline_code
from certificates.jose import ES256, Key, new_key
from certificates.links import make_link
from quality.refused_rows.workbook import refused_xlsx
from registries.connectors.any_table import read_table
from registries.home import Role
from registries.store import clients
from registries.store.engine import Store
from tests.conftest import PASSWORD
from tests.exchange_api.pages.conftest import ITEM, LICENCE, PURPOSE, Town, clock
from tests.exchange_api.pages.signing_in import token
from tests.http_interface import Interface

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pages")]  # beside the browser's tests: one town for all
JSON = {"accept": "application/json"}
HALL = "hall-windows"


@pytest.fixture(scope="module")
def officer(town: Town) -> Iterator[httpx.Client]:
    """An officer who is signed in, without a browser."""
    with httpx.Client(base_url=town.address, timeout=60, headers={"origin": town.address}) as client:
        sent = {"login": "officer", "password": PASSWORD, "csrf_token": token(client.get("/sign-in"))}
        assert client.post("/sign-in", data=sent).status_code == 303
        client.headers["x-csrf-token"] = token(client.get("/officer"))
        yield client


@pytest.fixture(scope="module")
def hall_key(town: Town) -> Key:
    """The hall's window system is registered."""
    key = new_key(ES256)
    with Store(town.home.store_url(Role.OWNER)) as owner, owner.begin() as conn:
        clients.add_client(conn, HALL, "public_security", "大厅综合窗口系统")
        clients.add_client_key(conn, HALL, key.to_jwk())
    return key


@pytest.fixture
def link(town: Town, hall_key: Key) -> Callable[..., str]:
    """Makes links to the officer's page."""

    def make(place: str = "/officer", fields: dict[str, str] | None = None, age: int = 0, key: Key = hall_key) -> str:
        given = {"certificate_number": "S05LINKED", "case": "HALL-1"} if fields is None else fields
        to = {"issuer": HALL, "audience": town.address, "url": town.address + place}
        return make_link(given, key, now=clock() - timedelta(seconds=age), jti=secrets.token_hex(16), **to)

    return make


def question(number: dict[str, str], **more: str) -> dict[str, str]:
    return {**number, "certificate_type": LICENCE, "purpose": PURPOSE, "service_item": ITEM, "case": "SHEET-1", **more}


# --- scans


def test_a_scan_is_told_to_the_script_and_shown_without_one(officer: httpx.Client) -> None:
    identifier = "1.2.156.3005.2.11100000MB0143028R001.11440500MB2D00000X.S051520243060073.001.0"
    told = officer.post("/officer/scan", data={"text": identifier}, headers=JSON).json()
    assert told["fields"] == {"certificate_type": LICENCE, "certificate_number": "S051520243060073"}
    assert told["zh"]
    assert told["en"]
    page = officer.post("/officer/scan", data={"text": identifier}, headers={"accept": "text/html"})
    assert page.status_code == 200
    assert 'value="S051520243060073"' in page.text


def test_what_says_nothing_is_refused_with_a_next_step(officer: httpx.Client) -> None:
    refused = officer.post("/officer/scan", data={"text": "https://elsewhere.example/x"}, headers=JSON)
    assert refused.status_code == 422
    assert refused.json()["code"] == "code-not-read"
    files = {"picture": ("x.png", b"no picture", "image/png")}
    page = officer.post("/officer/scan", files=files, headers={"accept": "text/html"})
    assert page.status_code == 422
    assert "没有读到" in page.text


def test_a_receipts_code_in_the_number_field_is_read_where_no_script_runs(town: Town, officer: httpx.Client) -> None:
    number = town.numbers["valid"]
    jti = secrets.token_hex(16)
    assert "有效" in officer.post("/officer", data=question(number, jti=jti)).text
    receipt = officer.get(f"/officer/receipts/{jti}/receipt.jws").text
    proof = officer.get(f"/officer/receipts/{jti}/proof.txt").text
    code = "".join(offline_code.pages(receipt, proof))
    again = officer.post("/officer", data=question(number, certificate_number=code, jti=secrets.token_hex(16)))
    assert "当时结论：有效" in again.text
    assert f'value="{number["certificate_number"]}"' in again.text
    assert 'class="verdict' not in again.text  # nothing was asked


# --- links


def test_a_link_fills_in_the_form_once(officer: httpx.Client, link: Callable[..., str]) -> None:
    address = {"link": link(fields={"certificate_number": "S05LINKED", "holder_name": "甲<b>", "case": "HALL-7"})}
    page = officer.get("/officer", params=address)
    assert page.status_code == 200
    assert 'value="S05LINKED"' in page.text
    assert "甲&lt;b&gt;" in page.text
    assert "大厅综合窗口系统" in page.text
    again = officer.get("/officer", params=address)
    assert again.status_code == 409
    assert "S05LINKED" not in again.text


def test_of_many_who_follow_a_link_at_once_one_gets_it(officer: httpx.Client, link: Callable[..., str]) -> None:
    address = {"link": link()}
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: officer.get("/officer", params=address).status_code, range(6)))
    assert sorted(found) == [200] + [409] * 5


@pytest.mark.parametrize("fault", ["expired", "other page", "other key", "unknown member", "no token", "suspended"])
def test_a_link_that_is_not_in_order_fills_in_nothing(
    town: Town, officer: httpx.Client, link: Callable[..., str], fault: str
) -> None:
    made = {
        "expired": lambda: link(age=300),
        "other page": lambda: link(place="/officer/panel"),
        "other key": lambda: link(key=new_key(ES256)),
        "unknown member": lambda: link(fields={"certificate_number": "S05LINKED", "next": "x"}),
        "no token": lambda: "eyJ.S05LINKED",
        "suspended": link,
    }[fault]()
    with Store(town.home.store_url(Role.OWNER)) as owner, owner.begin() as conn:
        if fault == "suspended":
            clients.suspend_client(conn, HALL)
    page = officer.get("/officer", params={"link": made})
    with Store(town.home.store_url(Role.OWNER)) as owner, owner.begin() as conn:
        clients.add_client(conn, HALL, "public_security", "大厅综合窗口系统")  # active again
    assert page.status_code == 403
    assert "S05LINKED" not in page.text
    assert "链接不是由已登记的业务系统" in page.text


def test_a_link_followed_elsewhere_is_opened_from_a_page_of_ours(town: Town, link: Callable[..., str]) -> None:
    """Without a cookie nothing is used up: the page that comes leads on, then to signing in."""
    made = link()
    with httpx.Client(base_url=town.address) as nobody:
        page = nobody.get("/officer", params={"link": made})
        assert page.status_code == 200
        assert f"/officer?link={made}&amp;here=1" in page.text
        assert nobody.get("/officer", params={"link": made, "here": "1"}).headers["location"].startswith("/sign-in")
        assert nobody.get("/officer").headers["location"].startswith("/sign-in")


# --- the panel


def test_the_panel_may_be_framed_by_who_asked_for_it_and_nobody_else(officer: httpx.Client, hall: Interface) -> None:
    page = officer.get("/officer/panel", params={"origin": hall.url})
    assert page.status_code == 200
    assert f"frame-ancestors {hall.url}" in page.headers["content-security-policy"]
    assert "x-frame-options" not in page.headers
    assert "camera=()" in page.headers["permissions-policy"]
    rest = page.headers["content-security-policy"].replace(f"frame-ancestors {hall.url}", "frame-ancestors 'none'")
    assert rest == officer.get("/officer").headers["content-security-policy"]


@pytest.mark.parametrize("origin", ["", "https://elsewhere.example", "null", "*", "http://127.0.0.1:1 *"])
def test_the_panel_is_not_given_to_other_origins(officer: httpx.Client, origin: str) -> None:
    page = officer.get("/officer/panel", params={"origin": origin})
    assert page.status_code == 403
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["x-frame-options"] == "DENY"


def test_only_the_officers_pages_may_use_the_camera(officer: httpx.Client) -> None:
    allowed = {path: "camera=(self)" in officer.get(path).headers["permissions-policy"] for path in ("/officer", "/")}
    assert allowed == {"/officer": True, "/": False}


# --- spreadsheets


def sheet_of(town: Town) -> list[list[str]]:
    """What an office has: their own columns beside ours, in their own order; a formula, lost digits, a gap."""
    valid, revoked = town.numbers["valid"], town.numbers["revoked"]
    names = ("certificate_number", "holder_name", "holder_code_type", "holder_code")
    return [
        ["序号", "证照编号", "姓名或名称", "证件类型", "证件号码", "备注"],
        ["1", *(valid[name] for name in names), "=HYPERLINK(1)"],
        ["2", *(revoked[name] for name in names), "-1"],
        ["3", valid["certificate_number"], "另一家有限公司", valid["holder_code_type"], valid["holder_code"], ""],
        ["4", valid["certificate_number"], "", valid["holder_code_type"], valid["holder_code"], ""],
        ["5", "4.405071990030712E+17", "甲", "001", "91110000600037341L", ""],
    ]


NOT_ASKED = "未核验 Not verified"
VERDICTS = ["有效 Valid", "已吊销 Revoked as a penalty", "不相符 No match", NOT_ASKED, NOT_ASKED]


def send(officer: httpx.Client, name: str, content: bytes, **more: str) -> httpx.Response:
    fields = question({}, **({"jti": secrets.token_hex(16)} | more))
    return officer.post("/officer/sheet", data=fields, files={"file": (name, content)})


def test_a_csv_file_comes_back_with_verdicts_in_its_own_encoding(town: Town, officer: httpx.Client) -> None:
    rows = sheet_of(town)
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    given = send(officer, "名单.csv", written.getvalue().encode("gb18030"))
    assert given.headers["content-disposition"].startswith("attachment")
    back = list(csv.reader(io.StringIO(given.content.decode("gb18030"))))
    assert back[0][:6] == rows[0]
    assert [row[6] for row in back[1:]] == VERDICTS
    assert back[1][5] == "'=HYPERLINK(1)"
    assert "姓名或名称" in back[4][7]
    assert "科学计数法" in back[5][7]
    receipts = {row[10] for row in back[1:4]}
    assert len(receipts) == 3
    assert all(row[11].isdecimal() for row in back[1:4])


def test_a_workbook_comes_back_as_one_and_can_be_sent_again(town: Town, officer: httpx.Client) -> None:
    headers, *rows = sheet_of(town)
    content = b"".join(refused_xlsx(headers, 0, rows, "名单"))
    jti = secrets.token_hex(16)
    first = send(officer, "名单.xlsx", content, jti=jti)
    back = _results(first.content)
    assert [row["免证:核验结论"] for row in back] == VERDICTS
    assert b"<f>" not in first.content
    again = _results(send(officer, "名单-核验结果.xlsx", first.content, jti=jti).content)
    assert [row["免证:回执编号"] for row in again] == [row["免证:回执编号"] for row in back]  # the same questions


def _results(content: bytes) -> list[dict[str, str]]:
    """Rows with the hub's own columns, which readers of deliveries pass over."""
    renamed = content_with_plain_headers(content)
    table = read_table("x.xlsx", renamed, "证照编号", 100)
    return [
        {header.replace("结果:", "免证:"): cell for header, cell in zip(table.headers, row, strict=True)}
        for row in table.rows
    ]


def content_with_plain_headers(content: bytes) -> bytes:
    rewritten = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(rewritten, "w") as sink:
        for name in source.namelist():
            sink.writestr(name, source.read(name).replace("免证:".encode(), "结果:".encode()))
    return rewritten.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "编号,名称\n1,2\n".encode(), "没有“证照编号”列"),
        ("a.csv", "证照编号\n".encode(), "没有数据行"),
        ("a.csv", ("证照编号\n" + "S\n" * 1001).encode(), "最多核验 1000 行"),
        ("a.xlsx", b"PK\x03\x04 no more", "不是可读的 .xlsx"),
        ("a.jsonl", '{"证照编号": "S"}'.encode(), ".xlsx 或 .csv"),
        ("", b"", "请选择文件"),
    ],
)
def test_a_list_that_cannot_be_used_is_told_why(officer: httpx.Client, name: str, content: bytes, said: str) -> None:
    page = send(officer, name, content)
    assert page.status_code == 422
    assert said in page.text


def test_the_template_holds_the_columns_that_mean_something(officer: httpx.Client) -> None:
    content = officer.get("/officer/sheet/template.xlsx").content
    assert read_table("t.xlsx", content, "证照编号", 1).headers[:3] == ("证照类型", "证照编号", "姓名或名称")


# --- today


def test_today_counts_and_lists_what_was_answered(town: Town, officer: httpx.Client) -> None:
    for kind in ("valid", "revoked"):
        officer.post("/officer", data=question(town.numbers[kind], jti=secrets.token_hex(16), case=f"DAY-{kind}"))
    assert {"DAY-valid", "DAY-revoked"} <= set(_cases(officer.get("/officer/today.csv")))
    only = officer.get("/officer/today", params={"verdict": "revoked_penalty"}).text
    assert "DAY-revoked" in only
    assert "DAY-valid" not in only


def test_yesterdays_answers_are_not_todays(town: Town, officer: httpx.Client) -> None:
    session = town.parts.sessions.session(officer.cookies["mianzheng"])
    assert session is not None
    a_while_ago, now = clock() - timedelta(hours=1), clock() + timedelta(seconds=1)
    officer.post("/officer", data=question(town.numbers["valid"], jti=secrets.token_hex(16)))
    assert len(town.parts.receipts.since(session, a_while_ago, 2)) >= 1
    assert town.parts.receipts.since(session, now + timedelta(minutes=1), 10) == []


def _cases(response: httpx.Response) -> list[str]:
    return [row[3] for row in csv.reader(io.StringIO(response.content.decode("utf-8-sig")))][1:]
