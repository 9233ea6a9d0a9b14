"""Held batches, objections and completions in a real browser, wide and narrow: they look right; axe finds nothing."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page

from registries.home import Role
from tests.exchange_api.conftest import PASSWORD, Certificates, Hub, Served
from tests.exchange_api.pages.conftest import WIDTHS
from tests.exchange_api.pages.looking import look_at, press, tab_to
from tests.exchange_api.pages.signing_in import signed_in
from tests.exchange_api.pages.test_window_pages import CODE, NAME, NUMBER, SAID, SCAN, TYPE, people, send
from tests.quality.conftest import NUMBERS, RESIDENTS, Delivery, opened, resident

__all__ = ["people"]
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pages")]


@contextmanager
def someone(browser: Browser, served: Served, login: str, width: int) -> Iterator[Page]:
    """A window of this width in which somebody is signed in."""
    context = browser.new_context(viewport={"width": width, "height": WIDTHS[width]}, locale="zh-CN")
    page = context.new_page()
    page.goto(f"{served.url}/sign-in")
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_load_state()
    yield page
    context.close()


def hold(hub: Hub) -> int:
    """A batch that shrank, of which a row is refused."""
    good = [resident(number) for number in NUMBERS]
    bad = [good[0], resident(NUMBERS[1], name=None)]
    for name, rows in (("first", good), ("second", bad)):
        opened(hub).take_in(RESIDENTS, connector=Delivery(hub.catalogue.dataset(RESIDENTS), rows, name))
    with hub.store(Role.OWNER).begin() as conn:
        return int(conn.execute(sa.text("SELECT max(number) FROM hub.batch")).scalar_one())


def object_to(served: Served) -> str:
    """An objection; its slip."""
    with ExitStack() as closing:
        http = signed_in(served, "li", closing)
        given = {"dataset": RESIDENTS, "attribute": "name", "channel": "hotline", "key": NUMBERS[0], "name": "张小三"}
        form_at = f"/officer/objections/new?dataset={RESIDENTS}"
        taken = send(http, form_at, "/officer/objections", **given, statement=SAID, files={"file": SCAN})
    return re.findall(r"[0-9A-Z]{16}", taken.headers["location"])[0]


def complete(served: Served, certificates: Certificates) -> str:
    """A completion that waits for the issuer; its reference."""
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
    with ExitStack() as closing:
        li, wang = signed_in(served, "li", closing), signed_in(served, "wang", closing)
        filed = send(li, "/officer/completions/new", "/officer/completions", **typed, files={"scan": SCAN})
        at = filed.headers["location"]
        send(wang, at, f"{at}/second", **typed)
        return at.rpartition("/")[2]


@pytest.mark.usefixtures("asking")
def test_they_look_right(
    hub: Hub, served: Served, browser: Browser, certificates: Certificates, make_account: Callable[..., int]
) -> None:
    make_account("zhou", "steward", department="public_security")
    batch, slip, reference = hold(hub), object_to(served), complete(served, certificates)
    visits = {
        "huang": (f"/steward/held/{batch}", "/steward/held", f"/steward/held/{batch}/decision"),
        "li": (
            f"/officer/objections/{slip}/slip",
            f"/officer/objections/new?dataset={RESIDENTS}",
            "/officer/objections",
            "/officer/completions/new",
            f"/officer/completions/{reference}",
        ),
        "zhou": (f"/publisher/objections/{slip}",),
        "zhao": ("/publisher/completions", f"/publisher/completions/{reference}/decision"),
    }
    for width in WIDTHS:
        for login, places in visits.items():
            with someone(browser, served, login, width) as page:
                for place in places:
                    found = page.goto(served.url + place)
                    assert found is not None
                    assert found.status == 200, place
                    name = re.sub(
                        r"[^a-z]+", "-", re.sub(r"[0-9A-Za-z]{16,}|\d+", "one", place.partition("?")[0])
                    ).strip("-")
                    look_at(page, f"windows-{name}", width)
        with someone(browser, served, "li", width) as page:
            page.goto(f"{served.url}/objections?slip={slip}")
            look_at(page, "windows-objections-standing", width)


@pytest.mark.usefixtures("people")
def test_the_keyboard_alone_releases_a_held_batch(hub: Hub, served: Served, browser: Browser) -> None:
    batch = hold(hub)
    with someone(browser, served, "huang", 1280) as page:
        page.goto(f"{served.url}/steward/held")
        press(page, f"a[href='/steward/held/{batch}']")
        press(page, f"a[href='/steward/held/{batch}/decision']")
        tab_to(page, "#release-reason")
        page.keyboard.press("ArrowDown")
        press(page, "form:has(#release-reason) button")
        assert "处置中" in page.inner_text("main")
