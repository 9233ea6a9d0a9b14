"""Dashboards in a real browser, over the city's data: five clicks to a row; pictures, tables and files say the same.

Every state is a link; at 1280 and 390 px, with nothing for axe-core.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page
from python_calamine import CalamineWorkbook

from exchange_api.pages.boards.every import EVERY
from mianzheng import dashboard_pass
from registries.home import Role
from registries.store import dashboard_reads, dashboards, declaring, inspections
from registries.store.declaring import Declared
from registries.store.engine import Store
from tests.exchange_api.pages.conftest import LICENCE, WIDTHS, Town, Watched, clock
from tests.exchange_api.pages.looking import look_at

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pages")]
Opener = Callable[..., Watched]
DRAWN = """() => {
    const shown = echarts.getInstanceByDom(document.querySelector('[data-board]')).getOption();
    const plain = (point) => (point !== null && typeof point === "object" ? point.value : point);
    return { names: shown.series.map((one) => one.name), data: shown.series.map((one) => one.data.map(plain)) };
}"""


@pytest.fixture(scope="module")
def counted(town: Town) -> Iterator[Town]:
    """The city after the worker has counted, with what one issuer declares to have issued."""
    with Store(town.home.store_url(Role.PAGE)) as page:
        with town.store_load.begin() as conn:
            while inspections.catch_up(conn):
                pass
        dashboard_pass.look_once(town.store_load, clock())
        with page.begin() as conn:
            lines = [line for line in dashboard_reads.coverage(conn, 1949) if line.certificate_type == LICENCE]
            for line in lines:
                if line.year and line.year % 3:  # of every third year nothing is declared
                    said = Declared(LICENCE, line.department, line.year, line.held + line.held // 10 + line.year % 2)
                    declaring.declare(conn, said, "publisher", clock())
        yield town


def boards() -> list[str]:
    return list(EVERY)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", boards())
def test_a_dashboard_looks_right(counted: Town, open_page: Opener, name: str, width: int) -> None:
    watched = open_page("steward", width)
    answered = watched.page.goto(f"{counted.address}/steward/boards/{name}")
    assert answered is not None
    assert answered.status == 200
    look_at(watched.page, f"board-{name}", width)


@pytest.mark.parametrize("width", WIDTHS)
def test_all_dashboards_are_one_click_away(counted: Town, open_page: Opener, width: int) -> None:
    page = open_page("steward", width).go("/steward/boards")
    look_at(page, "boards", width)
    assert page.locator("main .way").count() == len(EVERY)
    assert counted.address


@pytest.mark.usefixtures("counted")
def test_from_the_city_to_one_masked_row_in_five_clicks(open_page: Opener) -> None:
    watched = open_page("steward")
    page = watched.go("/steward")
    page = watched.go("/steward/boards")
    page.click("main a[href='/steward/boards/scores']")  # 1: the city
    page.click("#board-rows a[href*='department=public_security']")  # 2: a department's datasets
    look_at(page, "board-department", 1280)
    page.click("#board-rows a[href*='dataset=public_security.residents']")  # 3: a dataset's rules, the worst first
    look_at(page, "board-rules", 1280)
    page.locator("#board-rows th a").first.click()  # 4: the rows that fail it
    assert "/steward/boards/rows" in page.url
    look_at(page, "board-found-rows", 1280)
    page.locator("#board-rows th a").first.click()  # 5: one of them
    assert re.search(r"/steward/boards/rows/public_security\.residents/\d+/\d+$", page.url)
    look_at(page, "board-row", 1280)
    told = page.inner_text("main")
    assert "*" in told
    assert not re.search(r"\d{17}[\dX]", told)  # no citizen's number is whole


@pytest.mark.usefixtures("counted")
def test_the_way_back_up_is_there(open_page: Opener) -> None:
    page = open_page("steward").go("/steward/boards/scores?by=rule&dataset=public_security.residents")
    crumbs = page.locator(".crumbs a").all_inner_texts()
    assert crumbs[2:] == ["全市", "汕头市公安局(样例)", "常住人口登记信息"]
    page.locator(".crumbs a", has_text="全市").click()
    assert parse_qs(urlsplit(page.url).query) == {}


def table_of(page: Page) -> list[list[str]]:
    """What the picture draws, read from the table: each row's cells with a value."""
    cells = "(row) => [...row.querySelectorAll('td[data-value]')].map((cell) => cell.dataset.value)"
    return [row.evaluate(cells) for row in page.locator("#board-rows tr").all()]


@pytest.mark.usefixtures("counted")
@pytest.mark.parametrize("name", ["causes", "freshness", "coverage"])
def test_bars_say_what_the_table_says(open_page: Opener, name: str) -> None:
    page = open_page("steward").go(f"/steward/boards/{name}")
    drawn = page.evaluate(DRAWN)
    shown = [row for row in table_of(page) if any(row)][: len(drawn["data"][0])]
    assert shown
    columns = [[None if text == "" else float(text) for text in column] for column in zip(*shown, strict=True)]
    assert columns == drawn["data"]


@pytest.mark.usefixtures("counted")
def test_a_state_is_a_link_and_its_files_say_the_same(open_page: Opener, counted: Town) -> None:
    watched = open_page("steward")
    page = watched.go("/steward/boards/causes")
    page.select_option("#f-department", "public_security")
    page.click(".board-filters button[type=submit]")
    assert parse_qs(urlsplit(page.url).query)["department"] == ["public_security"]
    rows = page.locator("#board-rows tr").count()
    assert rows > 0
    sheet = page.request.get(counted.address + str(page.get_attribute("a[href*='.csv']", "href")))
    lines = list(csv.reader(io.StringIO(sheet.text().removeprefix("\ufeff"))))
    assert len(lines) == rows + 1
    assert {line[2] for line in lines[1:]} == {"汕头市公安局(样例)"}
    book = page.request.get(counted.address + str(page.get_attribute("a[href*='.xlsx']", "href")))
    cells = CalamineWorkbook.from_filelike(io.BytesIO(book.body())).get_sheet_by_index(0).to_python()
    assert [str(cell) for cell in cells[0]] == lines[0]
    assert [cells[1][5], cells[1][6]] == [int(lines[1][5]), int(lines[1][6])]
    assert len(cells) == len(lines)


def test_the_figures_are_those_of_the_store(counted: Town, open_page: Opener) -> None:
    """Asked otherwise: the residents' rows that fail, the licences by year, by statements over the rows themselves."""
    page = open_page("steward").go("/steward/boards/coverage?by=type&since=1949")
    held = {row[0]: int(row[1].replace(",", "")) for row in cells_of(page)}
    with Store(counted.home.store_url(Role.OWNER)) as owner, owner.begin() as conn:
        kinds = conn.exec_driver_sql("SELECT type_code, count(*) FROM hub.certificate GROUP BY 1").all()
        conflicts = conn.exec_driver_sql("SELECT count(*) FROM hub.conflict").scalar_one()
    assert held == {counted.parts.types[code].name_zh: number for code, number in kinds}
    page = open_page("steward").go("/steward/boards/conflicts")
    assert sum(int(row[3].replace(",", "")) for row in cells_of(page)) == conflicts


def cells_of(page: Page) -> list[list[str]]:
    """The table's cells, their first lines."""
    first = "(row) => [...row.cells].map((cell) => cell.innerText.split('\\n')[0].trim())"
    return [row.evaluate(first) for row in page.locator("#board-rows tr").all()]


def test_counting_again_changes_nothing(counted: Town) -> None:
    with counted.store_load.begin() as conn:
        before = dashboard_reads.coverage(conn, 1949), dashboard_reads.conflicts(conn)
        assert dashboards.uncounted(conn) == []
    dashboard_pass.look_once(counted.store_load, clock() + timedelta(days=1))
    with counted.store_load.begin() as conn:
        assert (dashboard_reads.coverage(conn, 1949), dashboard_reads.conflicts(conn)) == before


@pytest.mark.usefixtures("counted")
def test_an_officer_and_a_publisher_do_not_get_in(open_page: Opener) -> None:
    for role in ("officer", "publisher"):
        watched = open_page(role, expect_faults=True)
        for path in ("/steward/boards", "/steward/boards/scores", "/steward/boards/scores.csv"):
            answered = watched.page.request.get(watched.address + path)
            assert answered.status == 403


@pytest.mark.usefixtures("counted")
def test_a_dashboard_that_is_not_there_and_odd_questions(open_page: Opener) -> None:
    watched = open_page("steward", expect_faults=True)
    asked = {
        "/steward/boards/none": 404,
        "/steward/boards/rows?dataset=none": 404,
        "/steward/boards/rows?dataset=public_security.residents&rule=none": 200,
        "/steward/boards/scores?since=2026-99&until=x&by=king&department=none": 200,
        "/steward/boards/scores?since=0001-01&until=9999-12": 200,
        "/steward/boards/coverage?since=year": 200,
        "/steward/boards/rows/public_security.residents/999999/1": 404,
        "/steward/boards/rows/market_regulation.enterprises/1/1": 404,
    }
    got = {path: watched.page.request.get(watched.address + path).status for path in asked}
    assert got == asked
