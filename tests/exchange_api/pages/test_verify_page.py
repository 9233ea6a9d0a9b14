"""Verifying a file in a real browser: without an account, by keyboard alone, a good file and a changed one."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.exchange_api.pages.conftest import WIDTHS, Town, Watched
from tests.exchange_api.pages.looking import above_the_fold, look_at
from tests.exchange_api.pages.test_counter import ask

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pages")]
Opener = Callable[..., Watched]


def download(page: Page, selector: str, folder: Path) -> Path:
    with page.expect_download() as waiting:
        page.click(selector)
    place = folder / waiting.value.suggested_filename
    waiting.value.save_as(place)
    return place


@pytest.fixture
def files(open_page: Opener, town: Town, tmp_path: Path) -> list[Path]:
    page = ask(open_page("officer", 1280), town.numbers["valid"])
    return [download(page, f"a[href$='{name}']", tmp_path) for name in ("receipt.jws", "proof.txt")]


@pytest.mark.parametrize("width", WIDTHS)
def test_the_form_looks_right_to_anybody(open_page: Opener, width: int) -> None:
    look_at(open_page("", width).go("/verify"), "verify-form", width)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_good_file_and_a_changed_one(open_page: Opener, files: list[Path], width: int) -> None:
    watched = open_page("", width)
    page = watched.go("/verify")
    page.set_input_files("#files", files)
    page.click("main button[type=submit].primary")
    page.wait_for_selector(".verdict.green")
    assert above_the_fold(page, ".verdict")
    assert "真实" in page.inner_text(".verdict h2")
    assert "已存证" in page.inner_text("section[aria-labelledby=steps]")
    look_at(page, "verify-genuine", width)

    files[0].write_text(files[0].read_text().replace("A", "B", 1))
    page.set_input_files("#files", files[0])
    page.click("main button[type=submit].primary")
    page.wait_for_selector(".verdict.red")
    look_at(page, "verify-refused", width)


def test_by_keyboard_alone(open_page: Opener, files: list[Path]) -> None:
    page = open_page("", 1280).go("/verify")
    assert page.evaluate("document.activeElement.id") == "files"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "pasted"
    page.keyboard.insert_text(files[0].read_text())
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".verdict.green")
    assert page.evaluate("document.activeElement.id") == "verdict"
