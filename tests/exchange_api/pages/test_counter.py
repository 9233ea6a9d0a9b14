"""At the counter: asked by keyboard alone or by scanner, the verdict in sight, the receipt on one A5 page."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page
from pypdf import PdfReader

from certificates import compact
from tests.exchange_api.pages.conftest import ITEM, PURPOSE, WIDTHS, Town, Watched
from tests.exchange_api.pages.looking import above_the_fold, look_at

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pages")]
Opener = Callable[..., Watched]

VERDICTS = {"valid": "有效", "revoked": "已吊销", "quarantined": "待校核"}
A5_MILLIMETRES = (148, 210)
POINTS_PER_MILLIMETRE = 72 / 25.4


def fill(page: Page, number: dict[str, str], case: str = "ST-2026-0012") -> None:
    """Fill the form in as an officer would; the purpose is there already, the department has only one."""
    page.fill("#certificate_number", number["certificate_number"])
    page.fill("#holder_name", number["holder_name"])
    page.select_option("#holder_code_type", number["holder_code_type"])
    page.fill("#holder_code", number["holder_code"])
    assert page.input_value("#purpose") == PURPOSE
    page.fill("#service_item", ITEM)
    page.fill("#case", case)


def ask(watched: Watched, number: dict[str, str]) -> Page:
    """Ask, and wait for the verdict."""
    page = watched.go("/officer")
    fill(page, number)
    page.click("#verify button.primary")
    page.wait_for_selector(".verdict")
    return page


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", VERDICTS)
def test_verdict_is_in_sight_with_its_next_step_and_prints_on_one_a5_page(
    town: Town, open_page: Opener, tmp_path: Path, kind: str, width: int
) -> None:
    page = ask(open_page("officer", width), town.numbers[kind])
    assert VERDICTS[kind] in page.inner_text(".verdict h2")
    assert above_the_fold(page, ".verdict")
    assert page.locator(".checks li").count() == 9
    look_at(page, f"verdict-{kind}", width)
    paper = tmp_path / "receipt.pdf"
    page.pdf(path=paper, prefer_css_page_size=True, print_background=True)
    sheets = PdfReader(paper).pages
    assert len(sheets) == 1
    size = tuple(round(float(side) / POINTS_PER_MILLIMETRE) for side in sheets[0].mediabox[2:])
    assert size == A5_MILLIMETRES
    assert VERDICTS[kind] in sheets[0].extract_text()


def test_another_holder_gets_no_match_and_the_form_back_to_be_compared(town: Town, open_page: Opener) -> None:
    number = {**town.numbers["valid"], "holder_name": "另一家有限公司"}
    page = ask(open_page("officer"), number)
    assert "不相符" in page.inner_text(".verdict h2")
    assert page.input_value("#holder_name") == "另一家有限公司"
    look_at(page, "verdict-no-match", 1280)


def test_what_no_grant_covers_is_refused_and_signed(town: Town, open_page: Opener) -> None:
    page = open_page("officer").go("/officer")
    fill(page, town.numbers["valid"])
    page.fill("#purpose", "好奇")
    page.click("#verify button.primary")
    page.wait_for_selector(".verdict")
    assert "未获授权" in page.inner_text(".verdict h2")
    assert "存证序号" in page.inner_text(".evidence")
    look_at(page, "verdict-refused", 1280)


def test_receipt_is_found_again_and_handed_on(town: Town, open_page: Opener) -> None:
    watched = open_page("officer")
    page = ask(watched, town.numbers["valid"])
    receipt_id = page.inner_text(".evidence dd >> nth=0")
    page = watched.go("/officer/receipts")
    page.click("main tbody tr:first-child a")
    page.wait_for_selector(".verdict")
    assert page.inner_text(".evidence dd >> nth=0") == receipt_id
    look_at(page, "receipt", 1280)
    with page.expect_download() as saved:
        page.click("a[href$='receipt.jws']")
    token = saved.value.path().read_text(encoding="ascii")
    assert compact.parse(token).payload["jti"] == receipt_id
    with page.expect_download() as saved:
        page.click("a[href$='proof.txt']")
    assert saved.value.path().read_text(encoding="utf-8").startswith("c2sp.org/tlog-proof@v1")


def test_same_form_sent_twice_is_one_question(town: Town, open_page: Opener) -> None:
    watched = open_page("officer")
    page = ask(watched, town.numbers["valid"])
    first = page.inner_text(".evidence dd >> nth=0")
    page.reload()  # the browser sends the form again
    page.wait_for_selector(".verdict")
    assert page.inner_text(".evidence dd >> nth=0") == first


def test_question_asked_with_the_keyboard_alone(town: Town, open_page: Opener) -> None:
    number = town.numbers["valid"]
    page = open_page("officer").go("/officer")
    keys = page.keyboard
    assert page.evaluate("document.activeElement.id") == "certificate_number"
    keys.press("Shift+Tab")
    keys.press("F2")
    assert page.evaluate("document.activeElement.id") == "certificate_number"
    keys.type(number["certificate_number"], delay=45)
    keys.press("Enter")
    assert page.evaluate("document.activeElement.id") == "holder_name"
    keys.insert_text(number["holder_name"])
    keys.press("Tab")
    keys.press("Tab")
    keys.type(number["holder_code"], delay=45)
    for text in (ITEM, "ST-2026-0013"):
        keys.press("Enter")
        keys.insert_text(text)
    keys.press("Enter")
    page.wait_for_selector(".verdict")
    assert page.evaluate("document.activeElement.id") == "verdict"
    assert "有效" in page.inner_text(".verdict h2")
    keys.press("F2")
    assert page.evaluate("document.activeElement.id") == "certificate_number"


def test_skip_link_is_the_first_stop_and_every_stop_is_seen(open_page: Opener) -> None:
    page = open_page("steward").go("/steward")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


BURST = """
([text, pause]) => {
    const field = document.activeElement;
    const press = (code, typed) => {
        field.dispatchEvent(new KeyboardEvent("keydown", { code, key: typed, bubbles: true, cancelable: true }));
        if (typed.length === 1) field.value += typed;
    };
    for (const sign of text) {
        press(/[0-9]/.test(sign) ? `Digit${sign}` : `Key${sign}`, sign);
        const until = performance.now() + (sign === text[0] ? pause : 0);
        while (performance.now() < until);
    }
    press("Enter", "Enter");
}
"""
SCANNED = "S051120219905494"


def test_scan_goes_to_the_number_wherever_the_focus_is(open_page: Opener) -> None:
    page = open_page("officer").go("/officer")
    page.fill("#case", "ST-1")
    page.wait_for_timeout(150)
    page.evaluate(BURST, [SCANNED, 0])
    page.wait_for_timeout(50)
    assert page.input_value("#certificate_number") == SCANNED
    assert page.input_value("#case") == "ST-1"
    assert page.evaluate("document.activeElement.id") == "holder_name"


def test_scan_into_the_number_field_goes_on_to_what_is_missing(open_page: Opener) -> None:
    page = open_page("officer").go("/officer")
    page.evaluate(BURST, [SCANNED, 0])
    page.wait_for_timeout(50)
    assert page.input_value("#certificate_number") == SCANNED
    assert page.evaluate("document.activeElement.id") == "holder_name"


def test_scan_of_which_the_beginning_may_be_missing_is_not_guessed(open_page: Opener) -> None:
    page = open_page("officer").go("/officer")
    page.focus("#case")
    page.evaluate(BURST, [SCANNED, 50])  # milliseconds: too slow for a scanner, too quick for a rest
    page.wait_for_timeout(50)
    assert page.input_value("#certificate_number") == ""


IME_BURST = """
(codes) => {
    const field = document.getElementById("certificate_number");
    field.focus();
    const press = (code) => field.dispatchEvent(new KeyboardEvent("keydown", {
        code, key: "Process", keyCode: 229, isComposing: true, bubbles: true, cancelable: true }));
    codes.forEach(press);
    field.value = "丝零伍么么";
    press("Enter");
}
"""


def test_scan_into_a_chinese_input_method_is_read_from_the_keys(open_page: Opener) -> None:
    page = open_page("officer").go("/officer")
    page.evaluate(IME_BURST, ["KeyS", *(f"Digit{digit}" for digit in "051120219905494")])
    page.wait_for_timeout(50)
    assert page.input_value("#certificate_number") == "S051120219905494"
    assert page.is_visible("text=请切换英文输入")
    assert "verdict" not in page.content()


def test_what_is_missing_is_named_where_scripts_do_not_run(town: Town, open_page: Opener) -> None:
    page = open_page("officer", expect_faults=True).go("/officer")  # Chromium calls a 422 an error
    fill(page, town.numbers["valid"])
    page.fill("#holder_name", "")
    page.evaluate("document.getElementById('verify').submit()")
    page.wait_for_selector("#form-fault")
    assert "姓名或名称" in page.inner_text("#form-fault")
    assert page.evaluate("document.activeElement.id") == "holder_name"
    assert page.input_value("#certificate_number") == town.numbers["valid"]["certificate_number"]
    look_at(page, "officer-fault", 1280)
