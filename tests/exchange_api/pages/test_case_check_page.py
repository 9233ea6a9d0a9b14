"""The case-check in a real browser, with the sample city's data: typed by keyboard, printed on one A5 page."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from pypdf import PdfReader

from exchange_api.acts.case_check import wishes_of
from registries.home import Role
from registries.service_items.model import item_of
from registries.store import grants
from registries.store.engine import Store
from tests.exchange_api.pages.conftest import PURPOSE, ROLES, WIDTHS, Town, Watched
from tests.exchange_api.pages.looking import look_at

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pages")]
ITEM = "440500-SAMPLE-0301"
Opener = Callable[..., Watched]


@pytest.fixture
def allowed(town: Town) -> None:
    item = item_of(town.parts.catalogue, ITEM)
    assert item is not None
    with Store(town.home.store_url(Role.OWNER)) as store, store.begin() as conn:
        for wish in wishes_of(item.materials, PURPOSE, item.name_zh):
            grants.add_grant(
                conn, ROLES["officer"], wish.act, PURPOSE, "测试", date(2020, 1, 1), service_item=item.name_zh,
                certificate_type=wish.certificate_type, dataset=wish.dataset, fields=wish.fields,
            )  # fmt: skip


@pytest.mark.usefixtures("allowed")
@pytest.mark.parametrize("width", WIDTHS)
def test_an_allowance_is_checked_by_keyboard_and_printed_on_one_a5_page(
    town: Town, open_page: Opener, tmp_path: Path, width: int
) -> None:
    person = town.numbers["disability"]
    page = open_page("officer", width).go("/officer/case-check")
    look_at(page, "case-check-items", width)
    page.click(f"a[href='?item={ITEM}']")
    look_at(page, "case-check-form", width)
    page.keyboard.type(person["holder_name"])
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type(person["holder_code"])
    page.keyboard.press("Tab")
    page.keyboard.type(f"CB-{width}")
    assert page.input_value("#purpose") in {PURPOSE, ""}
    page.fill("#purpose", PURPOSE)
    page.keyboard.press("Enter")
    page.wait_for_selector(".materials")
    shown = dict(zip(page.locator(".materials .name").all_inner_texts(), _outcomes(page), strict=True))
    assert [outcome for name, outcome in shown.items() if name.startswith("残疾人证")] == ["免交"]
    assert [outcome for name, outcome in shown.items() if name.startswith("申请人身份证明")] == ["免交"]
    assert [outcome for name, outcome in shown.items() if name.startswith("银行账户凭证")] == ["需提交"]
    look_at(page, "case-check", width)
    paper = tmp_path / "case.pdf"
    page.pdf(path=paper, prefer_css_page_size=True, print_background=True)
    (sheet,) = PdfReader(paper).pages
    assert "办件材料核对单" in sheet.extract_text()
    assert person["holder_code"] not in sheet.extract_text()


def _outcomes(page: object) -> list[str]:
    tags = page.locator(".materials li > span:first-child .tag").all_inner_texts()  # type: ignore[attr-defined] # a page
    return [text.split()[0] for text in tags]
