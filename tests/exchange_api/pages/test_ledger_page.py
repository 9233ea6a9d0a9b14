"""The ledger's page, for everybody."""

from collections.abc import Callable

import pytest

from tests.exchange_api.pages.conftest import WIDTHS, Watched
from tests.exchange_api.pages.looking import look_at

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pages")]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("role", ["", "steward"])
def test_the_ledger_looks_right(open_page: Callable[..., Watched], role: str, width: int) -> None:
    watched = open_page(role, width)
    page = watched.go("/ledger")
    assert page.locator("#head").is_visible()
    assert "/ledger+" in page.inner_text("main")
    look_at(page, f"ledger-{role or 'everybody'}", width)
