"""A window officer's day, by keyboard, scanner and mouse in a real browser: every page kept as a picture and examined.

Screenshots go to a temporary folder, and to the folder that MIANZHENG_SCREENSHOTS names, if it does.
"""

import csv
import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page
from pypdf import PdfReader

from tests.conftest import PASSWORD
from tests.exchange_api.pages.conftest import ITEM, PURPOSE, Town, Watched
from tests.exchange_api.pages.looking import above_the_fold, findings
from tests.exchange_api.pages.test_scanning import scan

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pages")]
Opener = Callable[..., Watched]
SMALL_TARGETS = """
() => [...document.querySelectorAll("main a, main button, main input:not([type=hidden]), main select, main summary")]
    .filter((one) => one.checkVisibility({ visibilityProperty: true }))
    .filter((one) => !one.closest("p, li, td, dd, .hint, .visually-hidden"))
    .map((one) => [one.outerHTML.slice(0, 90), one.getBoundingClientRect()])
    .filter(([, box]) => box.width > 1 && (box.width < 24 || box.height < 24))
    .map(([html]) => html)
"""


class Day:
    """What happens in the course of a day, in pictures."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page = page
        self._folder = folder
        self.shots: list[Path] = []

    def keep(self, name: str) -> None:
        """A picture of the page as it is; WCAG 2.2 AA as far as axe-core sees, and targets of 24 pixels (2.5.8)."""
        place = self._folder / f"{len(self.shots) + 1:02}-{name}.png"
        self.page.wait_for_timeout(120)
        self.page.screenshot(path=place, full_page=True)
        self.shots.append(place)
        assert findings(self.page) == [], name
        assert self.page.evaluate(SMALL_TARGETS) == [], name
        assert self.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), name

    def focused(self) -> str:
        found: str = self.page.evaluate("document.activeElement.id")
        return found

    def type_on(self, *texts: str) -> None:
        """What is typed into one empty field after the other, with Enter behind it."""
        for text in texts:
            self.page.keyboard.insert_text(text)
            self.page.keyboard.press("Enter")


@pytest.fixture
def day(open_page: Opener, tmp_path: Path) -> Day:
    wanted = os.environ.get("MIANZHENG_SCREENSHOTS")
    folder = Path(wanted) if wanted else tmp_path / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return Day(open_page("").page, folder)


def test_a_day_at_the_counter(town: Town, day: Day, tmp_path: Path) -> None:
    valid, revoked, held = (town.numbers[kind] for kind in ("valid", "revoked", "quarantined"))
    _sign_in(town, day)
    _first_applicant_by_keyboard(day, valid)
    _receipt_on_paper(day, tmp_path)
    _second_applicant_by_scanner(day, revoked)
    _third_applicant_whose_data_is_being_checked(day, held)
    _who_does_not_agree(day)
    _a_list_from_a_colleague(day, [valid, revoked])
    _the_evening(day)
    assert len(day.shots) == 10


def _sign_in(town: Town, day: Day) -> None:
    day.page.goto(town.address + "/officer")
    day.keep("sign-in")
    day.page.fill("#login", "officer")
    day.page.fill("#password", PASSWORD)
    day.page.keyboard.press("Enter")
    day.page.wait_for_selector("#certificate_number")
    assert day.focused() == "certificate_number"
    day.keep("counter")


def _first_applicant_by_keyboard(day: Day, number: dict[str, str]) -> None:
    keys = day.page.keyboard
    keys.insert_text(number["certificate_number"])
    keys.press("Enter")
    day.type_on(number["holder_name"], number["holder_code"], ITEM, "ST-2026-0101")
    day.page.wait_for_selector(".verdict.green")
    assert "有效" in day.page.inner_text(".verdict h2")
    assert above_the_fold(day.page, ".verdict")
    day.keep("valid")


def _receipt_on_paper(day: Day, tmp_path: Path) -> None:
    paper = tmp_path / "receipt.pdf"
    day.page.pdf(path=paper, prefer_css_page_size=True, print_background=True)
    (sheet,) = PdfReader(paper).pages
    assert round(float(sheet.mediabox.width) / 72 * 25.4) == 148
    assert "有效" in sheet.extract_text()


def _second_applicant_by_scanner(day: Day, number: dict[str, str]) -> None:
    """Type, purpose and item stay from the last one; the scanner finds its field from wherever the focus is."""
    day.page.keyboard.press("F2")
    assert day.focused() == "certificate_number"
    scan(day.page, number["certificate_number"], "case")
    day.page.wait_for_timeout(60)
    assert day.page.input_value("#certificate_number") == number["certificate_number"]
    assert day.page.input_value("#purpose") == PURPOSE
    assert day.page.input_value("#service_item") == ITEM
    assert day.focused() == "holder_name"
    day.type_on(number["holder_name"], number["holder_code"], "ST-2026-0102")
    day.page.wait_for_selector(".verdict.red")
    assert "吊销" in day.page.inner_text(".verdict h2")
    assert "下一步" in day.page.inner_text(".verdict")
    day.keep("revoked")


def _third_applicant_whose_data_is_being_checked(day: Day, number: dict[str, str]) -> None:
    day.page.keyboard.press("F2")
    day.type_on(number["certificate_number"], number["holder_name"], number["holder_code"], "ST-2026-0103")
    day.page.wait_for_selector(".verdict.blue")
    assert "照常办理" in day.page.inner_text(".verdict")
    day.keep("being-checked")


def _who_does_not_agree(day: Day) -> None:
    """Two clicks from the verdict: what is wrong and how it came to be known stand there already."""
    day.page.click("[data-dispute]")
    day.page.wait_for_selector("#statement")
    assert "待校核" in day.page.input_value("#statement")
    assert day.page.input_value("#kind") == "status"
    day.keep("dispute")
    day.page.click("main button[type=submit].primary")
    day.page.wait_for_url("**/officer/disputes/*")
    day.keep("disputed")


def _a_list_from_a_colleague(day: Day, numbers: list[dict[str, str]]) -> None:
    day.page.click("nav a[href='/officer/sheet']")
    written = io.StringIO()
    sheet = csv.writer(written)
    sheet.writerow(["证照编号", "姓名或名称", "证件号码", "备注"])
    sheet.writerows([one["certificate_number"], one["holder_name"], one["holder_code"], "=1+1"] for one in numbers)
    content = written.getvalue().encode("utf-8-sig")
    day.page.set_input_files("#file", {"name": "名单.csv", "mimeType": "text/csv", "buffer": content})
    day.page.fill("#service_item", ITEM)
    day.page.fill("#case", "ST-2026-0104")
    day.keep("spreadsheet")
    with day.page.expect_download() as saved:
        day.page.click("main button[type=submit]")
    assert saved.value.suggested_filename == "名单-核验结果.csv"
    back = list(csv.reader(io.StringIO(saved.value.path().read_text(encoding="utf-8-sig"))))
    assert [row[4] for row in back[1:]] == ["有效 Valid", "已吊销 Revoked as a penalty"]
    assert {row[3] for row in back[1:]} == {"'=1+1"}
    day.page.wait_for_selector("[data-working]", state="hidden")


def _the_evening(day: Day) -> None:
    day.page.click("nav a[href='/officer/today']")
    cases = day.page.inner_text("tbody")
    assert all(f"ST-2026-010{place}" in cases for place in (1, 2, 3, 4))
    day.keep("today")
    day.page.click(".filters a.red")
    assert "ST-2026-0102" in day.page.inner_text("tbody")
    assert "ST-2026-0103" not in day.page.inner_text("tbody")
    day.page.click("tbody a >> nth=0")
    day.page.wait_for_selector(".verdict")
    day.keep("receipt-again")
    day.page.click("text=退出")
    day.page.wait_for_selector("#login")
