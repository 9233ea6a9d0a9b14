"""Signing in and out through the pages."""

from collections.abc import Callable

import httpx
import pytest

from tests.conftest import PASSWORD
from tests.exchange_api.pages.conftest import Town, Watched

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pages")]
Opener = Callable[..., Watched]


def test_a_page_that_was_asked_for_comes_after_signing_in(open_page: Opener) -> None:
    watched = open_page()
    page = watched.go("/officer/receipts")
    assert "/sign-in" in page.url
    page.fill("#login", "officer")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(watched.address + "/officer/receipts")
    page.click("text=退出")
    page.wait_for_url(watched.address + "/sign-in")


def test_wrong_password_says_what_to_do_and_keeps_the_login(open_page: Opener) -> None:
    watched = open_page(expect_faults=True)  # Chromium calls a refusal an error
    page = watched.go("/sign-in")
    page.fill("#login", "officer")
    page.fill("#password", "wrong")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    assert "管理员" in page.inner_text("[role=alert]")
    assert page.input_value("#login") == "officer"
    assert page.input_value("#password") == ""


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/officer", "/publisher/market_regulation.enterprises"])
def test_no_form_goes_without_its_token(town: Town, path: str) -> None:
    answered = httpx.post(
        town.address + path, data={"login": "officer"}, headers={"origin": town.address}, trust_env=False
    )
    assert answered.status_code in {303, 403}
    assert answered.status_code == 403 or answered.headers["location"].endswith("/sign-in")


def test_pages_carry_the_policy_and_assets_may_be_kept(town: Town) -> None:
    page = httpx.get(town.address + "/sign-in", trust_env=False)
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    assert "<style" not in page.text
    assert " style=" not in page.text
    asset = page.text.split('rel="stylesheet" href="')[1].split('"')[0]
    assert "immutable" in httpx.get(town.address + asset, trust_env=False).headers["cache-control"]
