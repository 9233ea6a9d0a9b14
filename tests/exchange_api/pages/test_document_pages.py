"""At the receipt: documents to save, a marked copy by keyboard alone, the archive package of the case."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page

from certificates.documents.stored_zip import read_zip
from certificates.evidence.findings import Report
from certificates.evidence.given import Given
from certificates.offline import examine
from tests.exchange_api.pages.conftest import WIDTHS, Town, Watched, clock
from tests.exchange_api.pages.looking import look_at
from tests.exchange_api.pages.test_counter import ask

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pages")]
Opener = Callable[..., Watched]


def saved(page: Page, act: Callable[[], None]) -> bytes:
    """The file that a click or a key brings."""
    with page.expect_download() as download:
        act()
    return Path(download.value.path()).read_bytes()


def looked_at(town: Town, file: bytes) -> Report:
    """As an auditor would."""
    keys = httpx.get(f"{town.address}/v1/keys.jwks").json()
    return examine(None, file, Given(keys, at=clock()))


def test_documents_are_saved_from_the_receipt(town: Town, open_page: Opener) -> None:
    page = ask(open_page("officer"), town.numbers["valid"])
    for link in ("document.pdf", "document.pdf?paper=A5", "document.ofd"):
        report = looked_at(town, saved(page, lambda link=link: page.click(f"a[href$='{link}']")))  # type: ignore[misc] # a loop's variable
        assert report.genuine
        assert report.content["verification"]["code"] == "valid"
    package = saved(page, lambda: page.click("a[href^='/v1/case-packages/']"))
    assert looked_at(town, package).genuine
    assert json.loads(read_zip(package)["manifest.json"])["case"] == "ST-2026-0012"


@pytest.mark.parametrize("width", WIDTHS)
def test_a_marked_copy_is_made_with_the_keyboard_alone(town: Town, open_page: Opener, width: int) -> None:
    page = ask(open_page("officer", width), town.numbers["valid"])
    page.focus("a[href$='/copy']")
    page.keyboard.press("Enter")
    page.wait_for_selector("#cause")
    look_at(page, "copy-form", width)
    assert page.evaluate("document.activeElement.id") == "cause"
    page.keyboard.insert_text("办理食品经营许可")
    copy = saved(page, lambda: page.keyboard.press("Enter"))
    report = looked_at(town, copy)
    assert report.genuine
    assert report.content["copy"]["cause"] == "办理食品经营许可"
    assert report.content["copy"]["purpose"] == page.input_value("#purpose")


def test_a_mark_that_is_refused_says_why(town: Town, open_page: Opener) -> None:
    page = ask(open_page("officer", expect_faults=True), town.numbers["valid"])
    page.click("a[href$='/copy']")
    page.fill("#cause", " ")
    page.click("main form button.primary")
    page.wait_for_selector("#form-fault")
    look_at(page, "copy-refused", 1280)
    assert page.get_attribute("#cause", "aria-describedby") == "form-fault"
