"""What comes from a scanner, the clipboard, a picture or the camera ends in the right field, in a real browser."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import segno
from PIL import Image
from playwright.sync_api import Browser, Page

from certificates import offline_code
from tests.certificates.code_sheets import saved, sheet
from tests.conftest import CHROMIUM_ARGUMENTS
from tests.exchange_api.pages.conftest import LICENCE, Town, Watched, _cookies
from tests.exchange_api.pages.looking import look_at
from tests.exchange_api.pages.test_counter import ask

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pages")]
Opener = Callable[..., Watched]
IDENTIFIER = "1.2.156.3005.2.11100000MB0143028R001.11440500MB2D00000X.S051520243060073.001.0"
SERIAL = "S051520243060073"

SCAN = """
([text, field, composed]) => {
    const target = document.getElementById(field);
    target.focus();
    const shifted = { ":": "Semicolon", "$": "Digit4", "%": "Digit5", "*": "Digit8", "+": "Equal" };
    const plain = { "-": "Minus", ".": "Period", "/": "Slash", " ": "Space" };
    let moment = performance.now(); // the scanner's own: a busy machine makes none of its keys late
    const press = (code, key, shiftKey) => {
        const pressed = new KeyboardEvent("keydown", {
            code, key: composed ? "Process" : key, shiftKey, bubbles: true, cancelable: true,
            ...(composed ? { keyCode: 229, isComposing: true } : {}) });
        moment += 0.05;
        Object.defineProperty(pressed, "timeStamp", { value: moment });
        target.dispatchEvent(pressed);
    };
    for (const sign of text) {
        if (/[0-9]/.test(sign)) press(`Digit${sign}`, sign, false);
        else if (/[A-Za-z]/.test(sign)) press(`Key${sign.toUpperCase()}`, sign, /[A-Z]/.test(sign));
        else if (sign in shifted) press(shifted[sign], sign, true);
        else press(plain[sign], sign, false);
        if (!composed && target.value.length < 200) target.value += sign;
    }
    press("Enter", "Enter", false);
    if (composed) {
        target.value += "丝零伍壹";
        target.dispatchEvent(new CompositionEvent("compositionend", { data: "丝零伍壹", bubbles: true }));
    }
}
"""


@pytest.fixture(scope="module")
def code(town: Town, browser: Browser) -> list[str]:
    """The lines of an earlier receipt's offline code."""
    context = browser.new_context()
    context.add_cookies(_cookies(town, browser, "officer"))
    page = ask(Watched(context.new_page(), town.address, []), town.numbers["valid"])
    place = town.address + str(page.get_attribute("a[href$='receipt.jws']", "href"))
    receipt = context.request.get(place).text()
    proof = context.request.get(place.replace("receipt.jws", "proof.txt")).text()
    context.close()
    return offline_code.pages(receipt, proof)


def scan(page: Page, text: str, field: str = "certificate_number", *, composed: bool = False) -> None:
    page.wait_for_timeout(150)  # a scanner rests between two codes
    page.evaluate(SCAN, [text, field, composed])


def test_an_identifier_by_scanner_fills_type_and_number_wherever_the_focus_is(open_page: Opener) -> None:
    page = open_page("officer").go("/officer")
    page.fill("#case", "ST-1")
    scan(page, IDENTIFIER, "case")
    page.wait_for_selector("[data-scan-notice]:not([hidden])")
    assert page.input_value("#certificate_number") == SERIAL
    assert page.input_value("#certificate_type") == LICENCE
    assert page.input_value("#case") == "ST-1"
    assert "电子证照标识" in page.inner_text("[data-scan-notice]")


@pytest.mark.parametrize("composed", [False, True])
def test_the_codes_of_a_receipt_are_collected_one_by_one(
    town: Town, open_page: Opener, code: list[str], composed: bool
) -> None:
    page = open_page("officer").go("/officer")
    for place, line in enumerate(code[:-1], start=1):
        scan(page, line, composed=composed)
        page.wait_for_selector(f"[data-scan-notice]:has-text('{place}/{len(code)}')")
    scan(page, code[-1], composed=composed)
    page.wait_for_selector("[data-scan-notice]:has-text('当时结论：有效')")
    page.wait_for_timeout(50)
    assert page.input_value("#certificate_number") == town.numbers["valid"]["certificate_number"]
    assert page.input_value("#holder_name") == town.numbers["valid"]["holder_name"]
    if not composed:
        look_at(page, "officer-scanned", 1280)


def test_what_the_input_method_adds_after_a_scan_is_taken_out(open_page: Opener) -> None:
    page = open_page("officer").go("/officer")
    scan(page, SERIAL, composed=True)
    page.wait_for_timeout(100)
    assert page.input_value("#certificate_number") == SERIAL
    assert page.is_visible("text=请切换英文输入")


def test_full_width_signs_become_plain_ones(open_page: Opener) -> None:
    page = open_page("officer").go("/officer")
    page.wait_for_function("document.activeElement.id === 'certificate_number'")
    page.keyboard.insert_text("ｓ０５１５２０２４３０６００７３")
    page.keyboard.press("Enter")
    assert page.input_value("#certificate_number") == SERIAL
    assert page.evaluate("document.activeElement.id") == "holder_name"


def test_a_receipt_is_pasted_with_its_lines(town: Town, open_page: Opener, code: list[str]) -> None:
    page = open_page("officer").go("/officer")
    page.evaluate(
        """(text) => {
            const data = new DataTransfer();
            data.setData("text", text);
            document.getElementById("certificate_number").dispatchEvent(
                new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }""",
        "\r\n".join(code),
    )
    page.wait_for_selector("[data-scan-notice]:has-text('当时结论')")
    assert page.input_value("#certificate_number") == town.numbers["valid"]["certificate_number"]


def test_an_address_says_nothing_and_the_form_stays(open_page: Opener) -> None:
    page = open_page("officer", expect_faults=True).go("/officer")  # Chromium calls a 422 an error
    page.fill("#holder_name", "甲")
    scan(page, "https://elsewhere.example/x".upper())
    page.wait_for_selector("[data-scan-fault]:not([hidden])")
    assert "没有读到" in page.inner_text("[data-scan-fault]")
    assert page.input_value("#certificate_number") == ""
    assert page.input_value("#holder_name") == "甲"


def test_a_picture_of_the_paper_is_read(town: Town, open_page: Opener, code: list[str]) -> None:
    page = open_page("officer").go("/officer")
    picture = {"name": "paper.png", "mimeType": "image/png", "buffer": saved(sheet(code, dpi=200))}
    page.set_input_files("[data-picture]", picture)  # type: ignore[arg-type] # a file's payload
    page.wait_for_selector("[data-scan-notice]:has-text('当时结论')")
    assert page.input_value("#certificate_number") == town.numbers["valid"]["certificate_number"]


# --- the camera


def film(texts: list[str], place: Path) -> None:
    """What the camera sees, again and again: each code for some frames, as YUV4MPEG2."""
    with place.open("wb") as file:
        file.write(b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\n")
        for text in texts:
            drawn = io.BytesIO()
            segno.make(text, error="m", micro=False).save(drawn, kind="png", scale=4, border=4)
            frame = Image.new("L", (640, 480), 255)
            code = Image.open(drawn).convert("L")
            frame.paste(code, ((640 - code.width) // 2, (480 - code.height) // 2))
            for _ in range(8):
                file.write(b"FRAME\n" + frame.tobytes() + b"\x80" * (640 * 480 // 2))


@pytest.fixture
def with_camera(town: Town, browser: Browser, chromium: str, tmp_path: Path) -> Iterator[Callable[[list[str]], Page]]:
    """A browser whose camera looks at these codes."""
    opened: list[Browser] = []

    def make(texts: list[str]) -> Page:
        film(texts, tmp_path / "film.y4m")
        fake = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
        seen = f"--use-file-for-fake-video-capture={tmp_path / 'film.y4m'}"
        arguments = [*CHROMIUM_ARGUMENTS, *fake, seen]
        other = browser.browser_type.launch(executable_path=chromium, args=arguments)
        opened.append(other)
        context = other.new_context()
        context.add_cookies(_cookies(town, browser, "officer"))
        return context.new_page()

    yield make
    for other in opened:
        other.close()


def test_the_camera_reads_a_receipts_codes(
    town: Town, with_camera: Callable[[list[str]], Page], code: list[str]
) -> None:
    page = with_camera(code)
    faults: list[str] = []
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.goto(town.address + "/officer")
    page.click("[data-camera]")
    page.wait_for_selector("[data-scan-notice]:has-text('当时结论')")
    assert page.input_value("#certificate_number") == town.numbers["valid"]["certificate_number"]
    assert not page.is_visible("[data-camera-dialog]")
    assert page.evaluate("document.querySelector('video').srcObject") is None
    assert faults == []


def until(page: Page, condition: str) -> None:
    """Playwright's own waiting evaluates in the page, which the policy forbids."""
    for _ in range(100):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(100)
    pytest.fail(f"never: {condition}")


def test_escape_ends_the_camera(town: Town, with_camera: Callable[[list[str]], Page]) -> None:
    page = with_camera(["https://nothing.example/"] * 2)
    page.goto(town.address + "/officer")
    page.evaluate(
        "() => { document.querySelector('video').play = async function () { window.seen = this.srcObject; }; }"
    )
    page.click("[data-camera]")
    until(page, "Boolean(window.seen)")
    page.keyboard.press("Escape")
    until(page, "window.seen.getTracks().every((track) => track.readyState === 'ended')")
    assert page.input_value("#certificate_number") == ""


def test_without_a_camera_the_page_says_what_else_to_do(open_page: Opener) -> None:
    page = open_page("officer").go("/officer")
    page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError')); }"
    )
    page.click("[data-camera]")
    page.wait_for_selector("[data-camera-said]:has-text('摄像头不可用')")
    look_at(page, "officer-camera", 1280)
    page.keyboard.press("Escape")
    assert not page.is_visible("[data-camera-dialog]")
