"""The pages of accounts and clients in a real browser, at two widths: looked at, and found accessible by axe-core."""

import pytest
from playwright.sync_api import Browser, Page

from certificates.jose import ES256, new_key
from registries.store import clients
from tests.exchange_api.pages.conftest import WIDTHS
from tests.exchange_api.pages.looking import look_at
from tests.exchange_api.people.conftest import WORD, Office

pytestmark = pytest.mark.browser


def opened(browser: Browser, width: int, faults: list[str]) -> Page:
    page = browser.new_context(viewport={"width": width, "height": WIDTHS[width]}, locale="zh-CN").new_page()
    page.on("console", lambda said: faults.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    return page


def test_an_administrators_round(office: Office, browser: Browser) -> None:
    login, number = office.account("department_administrator", "steward")
    _, clerk = office.account("publisher", "window_officer")
    with office.owner.begin() as conn:
        clients.add_client(conn, "approval-system", "civil_affairs", "审批系统")
        clients.new_client_key(conn, "approval-system", new_key(ES256).to_jwk(), office.clock())
    faults: list[str] = []
    for width in WIDTHS:
        page = opened(browser, width, faults)
        page.goto(office.url + "/people/accounts")
        page.fill("#login", login)
        page.fill("#password", WORD)
        page.keyboard.press("Enter")
        page.wait_for_url(office.url + "/people/accounts")
        look_at(page, "people-accounts", width)
        for name, path in (
            ("people-account", f"/people/accounts/{clerk}"),
            ("people-own-account-managed", f"/people/accounts/{number}"),
            ("people-clients", "/people/clients"),
            ("people-client", "/people/clients/approval-system"),
            ("account", "/account"),
            ("account-second-factor", "/account/second-factor"),
            ("account-confirm", "/account/confirm"),
        ):
            page.goto(office.url + path)
            look_at(page, name, width)
        page.goto(office.url + f"/people/accounts/{clerk}")
        page.check("#has-steward")
        page.click("text=保存")
        page.wait_for_url(office.url + f"/people/accounts/{clerk}")
        assert page.is_checked("#has-steward")
        assert page.is_disabled("#has-auditor")
        page.goto(office.url + "/people/acts")
        assert "更改角色" in page.inner_text("main")
        look_at(page, "people-acts", width)
        page.context.close()
    assert faults == []


def test_setting_a_second_factor_up_at_sign_in(office: Office, browser: Browser) -> None:
    faults: list[str] = []
    for width in WIDTHS:
        login, _ = office.account("inspector")
        page = opened(browser, width, faults)
        page.goto(office.url + "/sign-in")
        page.fill("#login", login)
        page.fill("#password", WORD)
        page.keyboard.press("Enter")
        page.wait_for_selector("#code")
        look_at(page, "sign-in-enrol", width)
        page.context.close()
    assert faults == []
