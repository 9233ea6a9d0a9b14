"""The publisher's desk: how the department stands, replies to its files, and whom a change of contract would break."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from certificates.delivery_receipts import read_delivery_receipt
from certificates.key_states import KeyPurpose
from quality.replies.writing import Replies
from registries.store import scores
from registries.store.delivery_tables import delivery_reply
from tests.exchange_api.pages.conftest import WIDTHS, Town, Watched, clock
from tests.exchange_api.pages.looking import look_at

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pages")]
Opener = Callable[..., Watched]
CONTRACTS = Path(__file__).parents[3] / "registries" / "departments"
ENTERPRISES = CONTRACTS / "market_regulation" / "enterprises.odcs.yaml"


@pytest.fixture(scope="module")
def answered(town: Town) -> Town:
    """The replies that the town's drop folders are owed, written where no contract names a folder for them."""
    Replies(town.home, town.store_load, lambda: town.intake.catalogue, clock).send_owed()
    return town


@pytest.mark.parametrize("width", WIDTHS)
def test_the_desk_says_how_the_department_stands(answered: Town, open_page: Opener, width: int) -> None:
    page = open_page("publisher", width).go("/publisher")
    tiles = page.locator(".tiles .figure").all_inner_texts()
    with answered.store_load.begin() as conn:
        publishing = {line.department for line in scores.current_scores(conn) if line.checked}
    assert 0 < float(tiles[0]) <= 100
    rank, of = (int(part) for part in tiles[1].split("/"))
    assert 1 <= rank <= of == len(publishing)
    look_at(page, "publisher-desk", width)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_reply_is_downloaded_and_verifies(answered: Town, open_page: Opener, width: int) -> None:
    page = open_page("publisher", width).go("/publisher/replies")
    look_at(page, "publisher-replies", width)
    with page.expect_download() as saved:
        page.click("a:has-text('回执')")
    data = saved.value.path().read_bytes()
    told = read_delivery_receipt(data, answered.parts.keys.public_keys(KeyPurpose.MESSAGE))
    assert (told["department"], told["state"]) == ("market_regulation", "done")
    assert told["ledger"]["index"] >= 0
    if told["refused_rows"]:
        assert "refused." in told["refused_rows"]
    assert json.loads(data)["receipt"] == told
    with answered.store_load.begin() as conn:
        theirs = conn.execute(
            sa.select(delivery_reply.c.id).where(~delivery_reply.c.dataset.startswith("market_regulation.")).limit(1)
        ).scalar_one()
    assert page.request.get(f"{answered.address}/publisher/replies/{theirs}/receipt").status == 404


@pytest.mark.parametrize("width", WIDTHS)
def test_a_draft_is_held_against_items_and_grants(
    answered: Town, open_page: Opener, tmp_path: Path, width: int
) -> None:
    assert answered
    draft = tmp_path / "enterprises.odcs.yaml"
    text = ENTERPRISES.read_text("utf-8")
    draft.write_text(text.replace("{maxLength: 300}", "{maxLength: 100}", 1), "utf-8")
    page = open_page("publisher", width).go("/publisher/changes")
    page.set_input_files("#contract", draft)
    page.click("main form button.primary")
    page.wait_for_selector("#draft")
    row = page.locator("tr", has=page.locator("th:has-text('market_regulation.enterprises.address')"))
    assert "破坏性" in row.inner_text()
    assert "食品经营许可" in row.inner_text()  # the item whose applicants' address is held against it
    look_at(page, "publisher-contract-changes", width)


def test_anothers_contract_is_not_ours_to_change(answered: Town, open_page: Opener) -> None:
    assert answered
    page = open_page("publisher", expect_faults=True).go("/publisher/changes")
    page.set_input_files("#contract", CONTRACTS / "transport" / "operation_permits.odcs.yaml")
    page.click("main form button.primary")
    page.wait_for_selector("text=不是本部门的数据契约")
