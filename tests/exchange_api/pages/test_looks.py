"""Every page at 1280 and 390 px: screenshot, no overflow, nothing for axe-core, no violation of the policy."""

from collections.abc import Callable

import pytest

from tests.exchange_api.pages.conftest import WIDTHS, Town, Watched
from tests.exchange_api.pages.looking import look_at

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pages")]
Opener = Callable[..., Watched]

PAGES = [
    ("", "sign-in", "/sign-in"),
    ("officer", "home", "/"),
    ("officer", "officer", "/officer"),
    ("officer", "officer-receipts", "/officer/receipts"),
    ("officer", "officer-today", "/officer/today"),
    ("officer", "officer-sheet", "/officer/sheet"),
    ("publisher", "publisher-home", "/"),
    ("publisher", "publisher", "/publisher"),
    ("publisher", "publisher-dataset", "/publisher/market_regulation.business_licences"),
    ("steward", "steward", "/steward"),
    ("steward", "steward-licences", "/steward/datasets/market_regulation.business_licences"),
    ("steward", "steward-residents", "/steward/datasets/public_security.residents"),
    ("steward", "steward-cases", "/steward/cases"),
    ("steward", "steward-cases-closed", "/steward/cases?state=closed"),
    ("steward", "steward-subjects", "/steward/subjects"),
    ("steward", "steward-explain", "/steward/explain"),
    ("steward", "steward-conflicts", "/steward/conflicts/geography"),
    ("steward", "trust", "/trust"),
    ("officer", "catalogue", "/catalogue"),
    ("officer", "catalogue-dataset", "/catalogue/datasets/public_security.residents"),
    ("publisher", "catalogue-register", "/catalogue/registers/population"),
    ("publisher", "certificate-types", "/catalogue/certificate-types"),
    ("publisher", "certificate-type", "/catalogue/certificate-types/DEMO00000000000000006"),
]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("role", "name", "path"), PAGES, ids=[name for _, name, _ in PAGES])
def test_page_looks_right(open_page: Opener, role: str, name: str, path: str, width: int) -> None:
    watched = open_page(role, width)
    answered = watched.page.goto(watched.address + path)
    assert answered is not None
    assert answered.status == 200
    look_at(watched.page, name, width)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_batch_looks_right(open_page: Opener, width: int) -> None:
    watched = open_page("publisher", width)
    page = watched.go("/publisher")
    batch = page.locator("section[aria-labelledby=batches] tbody tr a").last.get_attribute("href")
    look_at(watched.go(str(batch)), "publisher-batch", width)


@pytest.mark.parametrize("width", WIDTHS)
def test_an_explanation_looks_right(open_page: Opener, town: Town, width: int) -> None:
    page = open_page("steward", width).go("/steward/explain")
    page.select_option("#register", "legal_entities")
    page.fill("#subject", next(iter(town.numbers.values()))["holder_code"])
    page.fill("#as_of", "2026-01-31")
    page.fill("#reason", "复核")
    page.click("main button[type=submit].primary")
    page.wait_for_selector("#decided")
    look_at(page, "steward-explained", width)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_certificates_life_looks_right(open_page: Opener, town: Town, width: int) -> None:
    page = open_page("steward", width).go("/steward/explain")
    page.select_option("#register", "certificates")
    page.fill("#subject", next(iter(town.numbers.values()))["certificate_number"])
    page.fill("#reason", "复核")
    page.click("main button[type=submit].primary")
    page.wait_for_selector("#life-1")
    look_at(page, "steward-certificate-life", width)


@pytest.mark.parametrize("width", WIDTHS)
def test_large_text_stays_and_fits(open_page: Opener, width: int) -> None:
    watched = open_page("officer", width)
    page = watched.go("/officer")
    page.click("[data-text-size]")
    size = "getComputedStyle(document.body).fontSize"
    assert page.evaluate(size) == "19px"
    page = watched.go("/officer")
    assert page.evaluate(size) == "19px"
    assert page.get_attribute("[data-text-size]", "aria-pressed") == "true"
    look_at(page, "officer-large-text", width)


@pytest.mark.parametrize("width", WIDTHS)
def test_an_address_that_is_not_there_says_cause_and_next_step(open_page: Opener, width: int) -> None:
    watched = open_page("officer", width, expect_faults=True)  # Chromium calls a 404 an error
    answered = watched.page.goto(watched.address + "/nothing-here")
    assert answered is not None
    assert answered.status == 404
    assert "下一步" in watched.page.inner_text("main")
    look_at(watched.page, "fault", width)


def test_a_role_that_is_missing_is_told_so(open_page: Opener) -> None:
    watched = open_page("officer", expect_faults=True)
    answered = watched.page.goto(watched.address + "/steward")
    assert answered is not None
    assert answered.status == 403
    assert "管理员" in watched.page.inner_text("main")


def test_the_chart_and_its_table_say_the_same(open_page: Opener) -> None:
    page = open_page("steward").go("/steward/datasets/public_security.residents")
    drawn = page.evaluate(
        "echarts.getInstanceByDom(document.querySelector('[data-chart]')).getOption().series.map((s) => s.data)"
    )
    rows = page.locator("#history tr").all()
    shown = [
        [float(cell.get_attribute("data-value") or "nan") for cell in row.locator("td.number").all()] for row in rows
    ]
    assert len(shown) == 2
    assert [list(column) for column in zip(*shown, strict=True)] == drawn


def test_bands_are_told_by_words_and_scores_with_what_they_are_over(open_page: Opener) -> None:
    page = open_page("steward").go("/steward")
    cells = page.locator(".cell-score:has(b)").all_inner_texts()
    assert cells
    assert all(any(band in cell for band in "红橙黄绿") for cell in cells)
    assert all("/" in cell or "均值" in cell for cell in cells)


def test_every_batch_shows_that_its_sums_hold(open_page: Opener) -> None:
    page = open_page("publisher").go("/publisher")
    rows = page.locator("section[aria-labelledby=batches] tbody tr").all_inner_texts()
    assert len(rows) == 5  # of two days: two of enterprises, all licences, and two sets of their changes
    assert all("相符" in row for row in rows)
