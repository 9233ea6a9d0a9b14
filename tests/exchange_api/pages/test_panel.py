"""The hall's own window system: frames the panel and hears the verdict's code; on another site, it has links."""

import secrets
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from certificates.jose import Key
from certificates.links import make_link
from tests.exchange_api.pages.conftest import ITEM, PURPOSE, Town, Watched, clock
from tests.exchange_api.pages.looking import SCREENSHOTS, findings, look_at
from tests.exchange_api.pages.test_counter_http import HALL, hall_key
from tests.http_interface import Interface, Reply
from tests.http_interface import served as served_elsewhere

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pages")]
Opener = Callable[..., Watched]
__all__ = ["hall_key"]  # a fixture

FRAMING = """<!doctype html><html lang="zh-CN"><title>大厅</title><body style="margin:0">
<iframe title="核验" src="{src}" style="width:100%;height:900px;border:0"></iframe>
<script>window.heard = []; addEventListener("message", (e) => heard.push([e.origin, e.data]));</script></body></html>"""
LINKING = '<!doctype html><html lang="zh-CN"><title>大厅</title><body><a href="{href}">核验</a></body></html>'


def shows(hall: Interface, page: str) -> None:
    hall.behaviour = lambda _: Reply(page.encode(), headers={"Content-Type": "text/html; charset=utf-8"})


def link(town: Town, key: Key, place: str, **fields: str) -> str:
    to = {"issuer": HALL, "audience": town.address, "url": town.address + place}
    return make_link(fields, key, now=clock(), jti=secrets.token_hex(16), **to)


def test_the_panel_asks_and_tells_its_page_the_code_alone(
    town: Town, open_page: Opener, hall: Interface, hall_key: Key
) -> None:
    number = town.numbers["valid"]
    given = link(town, hall_key, "/officer/panel", **number, purpose=PURPOSE, service_item=ITEM, case="HALL-9")
    shows(hall, FRAMING.format(src=f"{town.address}/officer/panel?origin={hall.url}&link={given}"))
    page = open_page("officer", expect_faults=True).page
    page.goto(hall.url)
    panel = page.frame_locator("iframe")
    assert panel.locator("#certificate_number").input_value() == number["certificate_number"]
    panel.locator("#verify button.primary").click()
    panel.locator(".verdict.green").wait_for()
    assert page.evaluate("heard") == [[town.address, {"mianzheng": "verdict", "verdict": "valid"}]]
    inside = page.frames[1]
    inside.evaluate("document.querySelector('details').open = true")
    page.screenshot(path=SCREENSHOTS / "panel-verdict-1280.png", full_page=True)
    assert inside.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert findings(inside) == []


def test_the_panel_of_another_origin_stays_empty_and_silent(town: Town, open_page: Opener, hall: Interface) -> None:
    with served_elsewhere() as other:
        shows(other, FRAMING.format(src=f"{town.address}/officer/panel?origin={hall.url}"))
        page = open_page("officer", expect_faults=True).page
        page.goto(other.url)
        page.wait_for_timeout(300)
        assert page.frames[1].locator("#verify").count() == 0
        assert page.evaluate("heard") == []


def test_who_is_not_signed_in_is_told_where_to(town: Town, open_page: Opener, hall: Interface) -> None:
    shows(hall, FRAMING.format(src=f"{town.address}/officer/panel?origin={hall.url}"))
    page = open_page("", expect_faults=True).page
    page.goto(hall.url)
    panel = page.frame_locator("iframe")
    panel.locator("text=请先登录").wait_for()
    assert panel.locator("a[href='/sign-in'][target=_blank]").count() == 1
    alone = open_page("").go(f"/officer/panel?origin={hall.url}")
    assert findings(alone) == []


def test_a_link_on_another_site_opens_the_filled_in_page(
    town: Town, open_page: Opener, hall: Interface, hall_key: Key
) -> None:
    """Browsers send our cookie with no address that another site opens: the page that comes leads on by itself."""
    given = link(town, hall_key, "/officer", certificate_number="S05LINKED", case="HALL-10")
    shows(hall, LINKING.format(href=f"{town.address}/officer?link={given}"))
    page = _from_another_site(open_page, hall)
    page.click("a")
    page.wait_for_selector("#certificate_number")
    assert page.input_value("#certificate_number") == "S05LINKED"
    assert page.input_value("#case") == "HALL-10"
    assert "大厅综合窗口系统" in page.inner_text("[data-scan-notice]")
    expect(page).to_have_url(f"{town.address}/officer")  # neither a bookmark nor a look over the shoulder keeps it
    look_at(page, "officer-linked", 1280)


def _from_another_site(open_page: Opener, hall: Interface) -> Page:
    page = open_page("officer", expect_faults=True).page
    page.goto(hall.url.replace("127.0.0.1", "localhost"))
    return page
