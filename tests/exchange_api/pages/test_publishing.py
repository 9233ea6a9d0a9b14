"""A clerk sends a file: tried first, then confirmed and taken in; what was refused comes back with its reasons."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.exchange_api.pages.conftest import WIDTHS, Town, Watched
from tests.exchange_api.pages.looking import look_at, press, tab_to

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pages")]
Opener = Callable[..., Watched]
LICENCES = "/publisher/market_regulation.business_licences"


def latest_delivery(town: Town) -> str:
    """The licences of the city's last day, as text."""
    newest = max((town.drops / "market_regulation").glob("business_licences_full_*.csv"))
    return newest.read_bytes().decode("gb18030")


def spoiled(delivery: str) -> str:
    """The delivery with a state that is in no code table, in its first row."""
    rows = list(csv.reader(io.StringIO(delivery)))
    rows[1][rows[0].index("证照状态代码")] = "77"
    sink = io.StringIO()
    csv.writer(sink, lineterminator="\r\n").writerows(rows)
    return sink.getvalue()


def upload(watched: Watched, file: Path) -> Page:
    """Choose a file and send it for a dry run."""
    page = watched.go(LICENCES)
    page.set_input_files("#file", file)
    page.click("main form button.primary")
    page.wait_for_selector("#progress")
    return page


def test_file_is_tried_then_taken_in_and_its_refused_rows_come_back(
    town: Town, open_page: Opener, tmp_path: Path
) -> None:
    file = tmp_path / "business_licences_spoiled.csv"
    file.write_bytes(spoiled(latest_delivery(town)).encode("gb18030"))
    page = upload(open_page("publisher"), file)
    assert "试跑中" in page.inner_text("#progress")
    look_at(page, "publisher-upload-waiting", 1280)
    assert town.work_through_uploads() == 1
    page.wait_for_selector("#progress >> text=待确认")  # the page asks by itself
    assert "示例行号" in page.inner_text("#progress")
    look_at(page, "publisher-upload-tried", 1280)
    page.click("button:has-text('确认归集')")
    page.wait_for_selector("text=归集中")
    assert town.work_through_uploads() == 1
    page.wait_for_selector("a:has-text('查看第')")
    look_at(page, "publisher-upload-taken", 1280)
    page.click("a:has-text('查看第')")
    page.wait_for_selector("text=守恒相符")
    with page.expect_download() as saved:
        page.click("text=下载未接收的行")
    refused = list(csv.reader(io.StringIO(saved.value.path().read_bytes().decode("gb18030"))))
    assert len(refused) - 1 == int(page.inner_text(".sum >> nth=0 >> .part >> nth=2").split()[0])
    assert refused[0][0] == "证照编号"


@pytest.mark.parametrize("width", WIDTHS)
def test_file_with_a_missing_column_is_told_which(town: Town, open_page: Opener, tmp_path: Path, width: int) -> None:
    file = tmp_path / "business_licences_short.csv"
    file.write_bytes(latest_delivery(town).replace("证照状态代码", "状态", 1).encode("gb18030"))
    page = upload(open_page("publisher", width), file)
    town.work_through_uploads()
    page.wait_for_selector("text=未能读取")
    assert "证照状态代码" in page.inner_text("#progress")
    look_at(page, "publisher-upload-refused", width)


def test_the_keyboard_alone_sends_a_file_and_takes_it_in(town: Town, open_page: Opener, tmp_path: Path) -> None:
    file = tmp_path / "business_licences_by_keyboard.csv"
    file.write_bytes(latest_delivery(town).encode("gb18030"))
    page = open_page("publisher").go(LICENCES)
    with page.expect_file_chooser() as choosing:  # asked for before the way there: the browser needs a moment for it
        tab_to(page, "#file")
        page.keyboard.press("Enter")
    choosing.value.set_files(file)
    press(page, "main form button.primary")
    page.wait_for_selector("#progress")
    assert town.work_through_uploads() == 1
    page.wait_for_selector("#progress >> text=待确认")
    press(page, "#progress button.primary")
    page.wait_for_selector("text=归集中")
    assert town.work_through_uploads() == 1
    page.wait_for_selector("a:has-text('查看第')")


def test_what_is_no_table_is_not_taken(open_page: Opener, tmp_path: Path) -> None:
    file = tmp_path / "licences.pdf"
    file.write_bytes(b"%PDF-1.7")
    page = open_page("publisher", expect_faults=True).go(LICENCES)  # Chromium calls a 422 an error
    page.set_input_files("#file", file)
    page.click("main form button.primary")
    page.wait_for_selector(".notice.red")
    assert ".csv" in page.inner_text(".notice.red")


def test_another_departments_dataset_is_as_if_it_were_not_there(open_page: Opener) -> None:
    watched = open_page("publisher", expect_faults=True)
    answered = watched.page.goto(watched.address + "/publisher/public_security.residents")
    assert answered is not None
    assert answered.status == 404


def test_rows_on_the_page_are_masked(open_page: Opener) -> None:
    page = open_page("steward").go("/steward/datasets/public_security.residents")
    numbers = page.locator("#rows tbody td:nth-child(5)").all_inner_texts()
    assert numbers
    assert all("*" in number or number in {"", "—"} for number in numbers)
