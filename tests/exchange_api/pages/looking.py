"""How a page is looked at: a screenshot, its width, what axe-core finds; and how it is used by keyboard alone."""

from pathlib import Path

import pytest
from playwright.sync_api import Frame, Page

ROOT = Path(__file__).parents[3]
SCREENSHOTS = ROOT / "test-output" / "screenshots"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
_FINDINGS = """
async () => {
    const found = await axe.run(document, { resultTypes: ["violations"] });
    return found.violations.map((one) => one.id + ": " + one.nodes.map((node) => node.html.slice(0, 160)).join(" | "));
}
"""
_WIDER = """
() => document.documentElement.scrollWidth <= document.documentElement.clientWidth ? [] :
    [...document.querySelectorAll("body *")]
        .filter((one) => one.getBoundingClientRect().right > window.innerWidth + 1 && !one.closest(".scroll"))
        .map((one) => one.outerHTML.slice(0, 120)).concat("the page is wider than the window")
"""

_SPILT = """
() => [...document.querySelectorAll(".tag")]
    .filter((one) => one.getBoundingClientRect().right > one.parentElement.getBoundingClientRect().right + 1)
    .map((one) => one.textContent.trim())
"""


def look_at(page: Page, name: str, width: int) -> None:
    """Keep a screenshot; nothing may reach over an edge or into its neighbour, and axe-core may find nothing."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.wait_for_timeout(100)  # what is drawn on canvas is on it by then
    page.screenshot(path=SCREENSHOTS / f"{name}-{width}.png", full_page=True)
    assert page.evaluate(_WIDER) == []
    assert page.evaluate(_SPILT) == []
    assert findings(page) == []


def findings(page: Page | Frame) -> list[str]:
    """What axe-core finds on a page; run through the debugger, so that the page's policy stays as it is."""
    if not AXE.is_file():
        pytest.fail("axe-core is missing: npm ci --ignore-scripts")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(_FINDINGS)
    return found


def tab_to(page: Page, selector: str) -> None:
    """Go there by the tabulator key alone."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
            return
    pytest.fail(f"the keyboard does not reach {selector}")


def press(page: Page, selector: str) -> None:
    """Go to a button or a link by keyboard, and to where it leads."""
    tab_to(page, selector)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def above_the_fold(page: Page, selector: str) -> bool:
    """Whether all of an element is in the window without scrolling."""
    box = page.locator(selector).bounding_box()
    size = page.viewport_size
    assert box is not None
    assert size is not None
    scrolled: float = page.evaluate("window.scrollY")
    return scrolled == 0 and box["y"] >= 0 and box["y"] + box["height"] <= size["height"]
