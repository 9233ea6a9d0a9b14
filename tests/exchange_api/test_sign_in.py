"""Sessions, forms and throttling, as the application's pages use them."""

from collections.abc import Callable, Iterator
from urllib.parse import quote

import httpx
import pytest
import sqlalchemy as sa
from fastapi import Depends, FastAPI, Request, Response

from exchange_api.parts import ApiSettings, HubParts, open_parts
from exchange_api.people.roles import OFFICERS
from exchange_api.problems import add_problem_handlers
from exchange_api.sessions import ABSOLUTE_LIFE, IDLE_LIFE, Session
from exchange_api.sign_in import (
    Forms,
    check_csrf,
    csrf_token,
    current_session,
    read_form,
    require,
    safe_next,
    sign_in,
    sign_out,
)
from registries.home import Role
from tests.exchange_api.conftest import PASSWORD, Clock, Hub, listening, running

OFFICER = Depends(require(*sorted(OFFICERS)))


def pages(parts: HubParts) -> FastAPI:
    """Pages as small as can be, with the functions that the real ones use."""
    app = FastAPI()
    app.state.parts = parts
    add_problem_handlers(app, secure=parts.settings.secure_cookies)
    app.add_middleware(Forms, secure=parts.settings.secure_cookies)

    @app.get("/sign-in", name="sign_in_page")
    def sign_in_page(request: Request) -> str:
        return csrf_token(request)

    @app.post("/sign-in", dependencies=[Depends(check_csrf)])
    async def sign_in_form(request: Request) -> Response:
        form, response = await read_form(request), Response()
        sign_in(request, response, str(form["login"]), str(form["password"]))
        return response

    @app.post("/sign-out", dependencies=[Depends(check_csrf)])
    def sign_out_form(request: Request) -> Response:
        response = Response()
        sign_out(request, response)
        return response

    @app.get("/officer")
    def officer(request: Request, session: Session = OFFICER) -> list[str]:
        assert current_session(request) == session
        return [session.name, csrf_token(request)]

    @app.post("/upload", dependencies=[OFFICER, Depends(check_csrf)])
    async def upload(request: Request) -> int:
        file = (await read_form(request))["file"]
        assert not isinstance(file, str)
        assert not getattr(file.file, "_rolled", False)  # never in a temporary file
        return len(await file.read())

    return app


@pytest.fixture
def browser(hub: Hub, clock: Clock) -> Iterator[httpx.Client]:
    with (
        listening() as (bound, url),
        open_parts(hub.home, clock, ApiSettings(issuer=url)) as parts,
        running(pages(parts), bound),
        httpx.Client(base_url=url, headers={"origin": url}, timeout=30) as http,
    ):
        yield http


def enter(browser: httpx.Client, login: str = "zhang", password: str = PASSWORD) -> httpx.Response:
    token = browser.get("/sign-in").json()
    return browser.post("/sign-in", data={"login": login, "password": password, "csrf_token": token})


def test_a_session_opens_with_a_guarded_cookie_and_ends(
    browser: httpx.Client, make_account: Callable[..., int]
) -> None:
    make_account("zhang", "officer")
    cookie = enter(browser).headers["set-cookie"]
    assert cookie.startswith("mianzheng=")
    assert all(part in cookie for part in ("HttpOnly", "SameSite=strict", "Path=/"))
    assert "Domain" not in cookie
    name, token = browser.get("/officer").json()
    assert name == "林小明"
    assert browser.post("/sign-out", data={"csrf_token": token}).status_code == 200
    assert browser.get("/officer").status_code == 303


def test_over_tls_cookies_are_bound_to_the_host(hub: Hub, clock: Clock, make_account: Callable[..., int]) -> None:
    make_account("zhang", "officer")
    secure = ApiSettings(issuer="https://hub.example")
    with (
        listening() as (bound, url),
        open_parts(hub.home, clock, secure) as parts,
        running(pages(parts), bound),
        httpx.Client(base_url=url, headers={"origin": "https://hub.example"}, timeout=30) as http,
    ):
        page = http.get("/sign-in")
        form_cookie = page.headers["set-cookie"]
        cookie = {"cookie": form_cookie.partition(";")[0]}
        fields = {"login": "zhang", "password": PASSWORD, "csrf_token": page.json()}
        session_cookie = http.post("/sign-in", data=fields, headers=cookie).headers["set-cookie"]
    for each in (form_cookie, session_cookie):
        assert each.startswith("__Host-mianzheng")
        assert all(part in each for part in ("HttpOnly", "Secure", "SameSite=strict", "Path=/"))
        assert "domain" not in each.lower()


def test_the_cookies_token_is_not_in_the_store(
    browser: httpx.Client, make_account: Callable[..., int], hub: Hub
) -> None:
    make_account("zhang", "officer")
    enter(browser)
    token = browser.cookies["mianzheng"]
    with hub.store(Role.OWNER).begin() as conn:
        rows = conn.execute(sa.text("SELECT s::text FROM hub.session s")).scalars().all()
    assert len(rows) == 1
    assert token.encode().hex() not in rows[0]


def test_rest_and_age_end_a_session(browser: httpx.Client, make_account: Callable[..., int], clock: Clock) -> None:
    make_account("zhang", "officer")
    enter(browser)
    for _ in range(3):
        clock.move(seconds=IDLE_LIFE.total_seconds() - 1)
        assert browser.get("/officer").status_code == 200
    clock.move(seconds=IDLE_LIFE.total_seconds())
    assert browser.get("/officer").status_code == 303
    enter(browser)
    age = 0.0
    while age < ABSOLUTE_LIFE.total_seconds() - 600:
        clock.move(seconds=600)
        age += 600
        assert browser.get("/officer").status_code == 200
    clock.move(seconds=600)
    assert browser.get("/officer").status_code == 303


def test_visitors_are_sent_to_sign_in_and_others_are_refused(
    browser: httpx.Client, make_account: Callable[..., int]
) -> None:
    sent = browser.get("/officer?number=440500000000001")
    assert (sent.status_code, sent.headers["location"]) == (303, f"/sign-in?next={quote('/officer', safe='')}")
    assert browser.get("/officer", headers={"hx-request": "true"}).headers["hx-redirect"].startswith("/sign-in")
    make_account("zhang", "steward")
    enter(browser)
    refused = browser.get("/officer")
    assert (refused.status_code, refused.json()["code"]) == (403, "role-missing")


def test_a_closed_account_is_out_at_once(browser: httpx.Client, make_account: Callable[..., int], hub: Hub) -> None:
    account = make_account("zhang", "officer")
    enter(browser)
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(sa.text("UPDATE hub.account SET state = 'closed' WHERE id = :id"), {"id": account})
    assert browser.get("/officer").status_code == 303
    assert enter(browser).json()["code"] == "sign-in-refused"


@pytest.mark.parametrize("login", ["nobody", "zhang", "zh\x00ang", "z" * 500])
def test_wrong_login_and_wrong_password_are_one_answer(
    browser: httpx.Client, make_account: Callable[..., int], login: str
) -> None:
    make_account("zhang", "officer")
    refused = enter(browser, login, "wrong")
    assert (refused.status_code, refused.json()["code"]) == (401, "sign-in-refused")


def test_guessing_slows_down_and_then_goes_on(
    browser: httpx.Client, make_account: Callable[..., int], clock: Clock
) -> None:
    make_account("zhang", "officer")
    answers = [enter(browser, password=f"guess {number}") for number in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert enter(browser).headers["retry-after"] == "2"  # the right password waits too
    clock.move(seconds=2)
    assert enter(browser).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"headers": {"origin": "https://evil.example"}},
        {"headers": {"origin": "null"}},
        {"headers": {"origin": "", "sec-fetch-site": "cross-site"}},
        {"data": {"csrf_token": "0" * 64}},
        {"data": {}},
        {"data": {"csrf_token": "ü"}},
    ],
)
def test_forms_from_elsewhere_are_refused(
    browser: httpx.Client, make_account: Callable[..., int], change: dict[str, dict[str, str]]
) -> None:
    make_account("zhang", "officer")
    enter(browser)
    token = browser.get("/officer").json()[1]
    sent = {"data": {"csrf_token": token}} | change
    refused = browser.post("/sign-out", **sent)  # type: ignore[arg-type] # data and headers, by name
    assert (refused.status_code, refused.json()["code"]) == (403, "form-not-ours")
    assert browser.get("/officer").status_code == 200


def test_another_sessions_token_is_refused(browser: httpx.Client, make_account: Callable[..., int]) -> None:
    make_account("zhang", "officer")
    enter(browser)
    other = browser.get("/officer").json()[1]
    browser.cookies.clear()
    enter(browser)
    assert browser.post("/sign-out", data={"csrf_token": other}).status_code == 403


def test_a_script_sends_the_token_in_a_header(browser: httpx.Client, make_account: Callable[..., int]) -> None:
    make_account("zhang", "officer")
    enter(browser)
    token = browser.get("/officer").json()[1]
    assert browser.post("/sign-out", headers={"x-csrf-token": token}).status_code == 200


def test_an_upload_stays_in_memory(browser: httpx.Client, make_account: Callable[..., int]) -> None:
    make_account("zhang", "officer")
    enter(browser)
    token = browser.get("/officer").json()[1]
    big = b"x" * (3 << 20)
    sent = browser.post("/upload", data={"csrf_token": token}, files={"file": ("a.csv", big, "text/csv")})
    assert sent.json() == len(big)
    two = {"file": ("a.csv", b"1", "text/csv"), "file2": ("b.csv", b"2", "text/csv")}
    assert browser.post("/upload", data={"csrf_token": token}, files=two).status_code == 400


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("/officer", "/officer"),
        ("/officer/receipts/abc", "/officer/receipts/abc"),
        (None, "/"),
        ("", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/a\\..\\b", "/"),
        ("https://evil.example", "/"),
        ("/\tevil", "/"),
        ("/a\r\nset-cookie: x", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_after_sign_in_one_stays_on_this_hub(address: str | None, place: str) -> None:
    assert safe_next(address) == place
