"""Cases in a real browser: their rows are what was delivered, and the keyboard alone does an act."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page

from registries.home import Role
from registries.store.engine import Store
from tests.exchange_api.pages.conftest import WIDTHS, Town, Watched
from tests.exchange_api.pages.looking import look_at, press, tab_to

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pages")]
Opener = Callable[..., Watched]
FOUND = """SELECT number FROM hub."case" WHERE state = 'open' AND cause = 'finding' AND rows_open > 1
   AND dataset IN ('public_security.residents', 'market_regulation.enterprises', 'market_regulation.business_licences')
 ORDER BY rows_open DESC, number LIMIT 1"""

SMALLEST = """SELECT number FROM hub."case"
 WHERE state = 'open' AND cause = 'finding' AND department = 'market_regulation' ORDER BY rows_open, number LIMIT 1"""


@pytest.fixture(scope="module")
def number(town: Town) -> int:
    """A case about people or enterprises whose rows were accepted, and have something to be improved."""
    with Store(town.home.store_url(Role.OWNER)) as owner, owner.begin() as conn:
        return int(conn.execute(sa.text(FOUND)).scalar_one())


@pytest.fixture(scope="module")
def smallest(town: Town, number: int) -> int:
    """Another case, of the publisher's department."""
    with Store(town.home.store_url(Role.OWNER)) as owner, owner.begin() as conn:
        found = int(conn.execute(sa.text(SMALLEST)).scalar_one())
    assert found != number
    return found


@pytest.mark.parametrize("width", WIDTHS)
def test_cases_look_right(open_page: Opener, number: int, width: int) -> None:
    one = open_page("steward", width)
    for name, path in (
        ("cases", "/steward/cases?state=any"),
        ("case-rows", f"/steward/cases/{number}"),
        ("case-letter", f"/steward/cases/{number}/letter"),
        ("case-raise", "/steward/cases/new"),
    ):
        look_at(one.go(path), name, width)


def test_a_case_about_accepted_rows_shows_them(open_page: Opener, number: int) -> None:
    rows = open_page("steward").go(f"/steward/cases/{number}").locator("#rows tbody tr")
    assert rows.count() > 1
    assert all(len(row.splitlines()[0]) > 1 for row in rows.all_inner_texts())


def test_the_keyboard_alone_stops_and_starts_a_clock(open_page: Opener, number: int) -> None:
    page = open_page("steward").go(f"/steward/cases/{number}")
    unfold(page, "stop")
    tab_to(page, "#stop-reason")
    page.keyboard.press("ArrowDown")
    press(page, "form:has(input[value=stop]) button")
    assert page.locator("form input[value=resume]").count() == 1
    unfold(page, "resume")
    press(page, "form:has(input[value=resume]) button")
    assert page.locator("form input[value=stop]").count() == 1


def unfold(page: Page, act: str) -> None:
    """Go to an act by keyboard and open it, if it isn't open."""
    if page.locator(f"details:has(input[value={act}])").get_attribute("open") is None:
        tab_to(page, f"details:has(input[value={act}]) summary")
        page.keyboard.press("Enter")


def test_the_keyboard_alone_closes_a_case_as_found_right(open_page: Opener, smallest: int) -> None:
    page = open_page("publisher").go(f"/publisher/cases/{smallest}")
    unfold(page, "answer")
    tab_to(page, "#answer-reason")
    page.keyboard.press("ArrowDown")
    tab_to(page, "#answer-note")
    page.keyboard.insert_text("已与档案原件核对,数据无误")
    press(page, "form:has(input[value=answer]) button")
    assert page.locator("form input[value=answer]").count() == 0  # a steward's turn
    page = open_page("steward").go(f"/steward/cases/{smallest}")
    unfold(page, "approve")
    press(page, "form:has(input[value=approve]) button")
    assert page.locator("#acts").count() == 0
    assert "核实无误" in page.inner_text(".card-head >> nth=0")
