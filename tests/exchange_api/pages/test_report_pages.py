"""Grades and reports of closed months: over real HTTP and in a browser; own cards for publishers, all for stewards."""

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC
from fractions import Fraction

import httpx
import pypdfium2
import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser
from python_calamine import CalamineWorkbook

from quality.monthly import close_months
from registries.home import Role
from registries.store import report_entries
from tests.conftest import Hub
from tests.exchange_api.conftest import PASSWORD, Served, serving
from tests.exchange_api.pages.conftest import WIDTHS
from tests.exchange_api.pages.looking import look_at
from tests.exchange_api.pages.signing_in import signed_in
from tests.quality.months import MARKET, NAMELESS, POLICE, RESIDENTS, at, autumn

Making = Callable[..., int]
NEVER_TOLD = "汕头某某有限公司"
"""A holder's name in the deliveries: figures never hold one."""


@pytest.fixture
def closed(hub: Hub, make_account: Making) -> Iterator[Served]:
    """A hub on the second of November with September and October closed, and a person for each role."""
    autumn(hub)
    close_months(hub.store(Role.LOAD), at(11, 1, 0))
    make_account("steward", "steward", department=MARKET)
    make_account("clerk", "publisher", department=POLICE)
    with serving(hub, lambda: at(11, 2).astimezone(UTC)) as served:
        yield served


def total_of(hub: Hub, department: str) -> str:
    """September's points, worked out from the scores of its batch: means of dimensions, then of datasets; cut."""
    with hub.store(Role.OWNER).begin() as conn:
        rows = conn.execute(
            sa.text(
                """SELECT s.dataset, s.dimension, sum(s.checked) AS checked, sum(s.failed) AS failed
                     FROM hub.score s JOIN hub.batch b ON b.number = s.batch
                    WHERE s.dataset LIKE :names AND b.taken_over_at < '2026-10-01 00:00+08'
                    GROUP BY s.dataset, s.dimension HAVING sum(s.checked) > 0"""
            ),
            {"names": f"{department}.%"},
        ).all()
    shares: dict[str, list[Fraction]] = {}
    for row in rows:
        shares.setdefault(row.dataset, []).append(1 - Fraction(int(row.failed), int(row.checked)))
    means = [sum(found) / len(found) for found in shares.values()]
    cut = int(sum(means) / len(means) * 10_000)
    return f"{cut // 100}.{cut % 100:02}"


def text_of(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as document:
        return "\n".join(page.get_textpage().get_text_range() for page in document)


def cells_of(workbook: bytes) -> list[str]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(workbook))
    sheets = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
    return [str(cell) for sheet in sheets for row in sheet for cell in row]


def has_a_formula(workbook: bytes) -> bool:
    with zipfile.ZipFile(io.BytesIO(workbook)) as parts:
        return any(b"<f>" in parts.read(name) or b"<f " in parts.read(name) for name in parts.namelist())


def test_stewards_see_all_and_publishers_their_own(closed: Served, hub: Hub) -> None:
    with ExitStack() as closing:
        steward, clerk = (signed_in(closed, login, closing) for login in ("steward", "clerk"))
        names = {one.id: one.name_zh for one in hub.catalogue.departments}
        page = steward.get("/reports").text
        assert names[POLICE] in page
        assert names[MARKET] in page
        assert 'href="?month=2026-09"' in page
        total = total_of(hub, POLICE)
        assert 90 < float(total) < 100
        assert total in steward.get(f"/reports/scorecards/{POLICE}", params={"month": "2026-09"}).text
        own = clerk.get("/scorecard", params={"month": "2026-09"})
        assert (own.status_code, names[POLICE] in own.text) == (200, True)
        assert names[MARKET] not in own.text.partition("<main")[2]
        assert clerk.get("/reports").status_code == 403
        assert clerk.get(f"/reports/scorecards/{MARKET}/2026-10.pdf").status_code == 403
        for wrong in ("2026-13", "2026-11", "zz"):
            assert clerk.get(f"/scorecard/{wrong}.pdf").status_code == 404
        assert steward.get("/reports/quarterly/2026-Q3.pdf").status_code == 404  # July is not closed
        _files(hub, steward, clerk, names)


def _files(hub: Hub, steward: httpx.Client, clerk: httpx.Client, names: dict[str, str]) -> None:
    """Files: the same each time, known to the ledger, without a formula, without other departments' names."""
    card = clerk.get("/scorecard/2026-09.pdf")
    assert card.headers["content-type"] == "application/pdf"
    assert card.content == steward.get(f"/reports/scorecards/{POLICE}/2026-09.pdf").content
    told = text_of(card.content)
    assert names[POLICE] in told
    assert names[MARKET] not in told
    assert "最常见的五个问题" in told
    assert total_of(hub, POLICE) in told
    sheet = clerk.get("/scorecard/2026-09.xlsx").content
    cells = cells_of(sheet)
    assert not has_a_formula(sheet)
    assert str(float(total_of(hub, POLICE)) / 100) in cells
    assert names[MARKET] not in "".join(cells)
    monthly = steward.get("/reports/monthly/2026-10.xlsx").content
    assert names[MARKET] in cells_of(monthly)
    assert NEVER_TOLD not in "".join(cells_of(monthly)) + told
    with hub.store(Role.PAGE).begin() as conn:
        for made in (card.content, sheet, monthly):
            assert report_entries.known(conn, hashlib.sha256(made).digest())
            assert not report_entries.known(conn, hashlib.sha256(made + b" ").digest())


def test_nothing_is_made_of_a_month_that_was_polished(closed: Served, hub: Hub) -> None:
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(sa.text("UPDATE hub.monthly_score SET failed = 0 WHERE month = '2026-09-01'"))
    with ExitStack() as closing:
        steward = signed_in(closed, "steward", closing)
        for place in ("monthly/2026-09.pdf", f"scorecards/{POLICE}/2026-09.xlsx", f"scorecards/{POLICE}/2026-10.pdf"):
            refused = steward.get(f"/reports/{place}")
            assert refused.status_code == 409, place
        assert "mianzheng quality verify" in refused.text
        assert steward.get("/reports/monthly/2026-10.pdf").status_code == 200  # October was left alone


@pytest.mark.browser
@pytest.mark.xdist_group("pages")
def test_the_pages_look_right_at_both_widths(closed: Served, hub: Hub, browser: Browser) -> None:
    year = autumn_goes_on(hub)
    assert year == [at(11, 1).date()]
    for width, height in WIDTHS.items():
        context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
        page = context.new_page()
        page.goto(f"{closed.url}/sign-in")
        page.fill("#login", "steward")
        page.fill("#password", PASSWORD)
        page.click("button[type=submit].primary")
        page.wait_for_url(f"{closed.url}/")
        for place, name in (("/reports", "reports"), (f"/reports/scorecards/{POLICE}?month=2026-09", "scorecard")):
            page.goto(f"{closed.url}{place}")
            look_at(page, name, width)
        context.close()


def autumn_goes_on(hub: Hub) -> list[object]:
    """November is closed as well, with a batch that is worse again; which months were closed."""
    from tests.quality.months import Year

    Year(hub).deliver(at(11, 20), RESIDENTS, NAMELESS)
    return list(close_months(hub.store(Role.LOAD), at(12, 1)))
