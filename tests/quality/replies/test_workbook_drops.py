"""Workbooks that were dropped come back as workbooks: whole, red where they are wrong, with a summary."""

import contextlib
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from quality.replies.drops import Drops
from quality.workbooks import apart
from quality.workbooks.annotated import OURS, REFUSED
from registries.departments import Catalogue, load_catalogue
from tests.conftest import Hub
from tests.quality.market import NOW, SERVER, SHOPS, Market, market_catalogue

GOOD, BAD = ("AB", "示例店", "1", "U"), ("EF", "", "3", "U")
HEADS = ("code", "name", "at", "op")


@pytest.fixture(scope="module")
def answering(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """The market's contracts, by workbooks, with a folder for answers."""
    folder = tmp_path_factory.mktemp("workbooks")
    market_catalogue(folder)
    contract = folder / "market" / "lists.odcs.yaml"
    told = "- {property: kind, value: files}"
    text = contract.read_text("utf-8").replace(told, f"{told}\n      - {{property: answers, value: out/}}")
    told = "- {property: kind, value: files}"
    text = text.replace(told, f"{told}\n      - {{property: format, value: xlsx}}").replace("*.csv", "*.xlsx")
    contract.write_text(text, "utf-8")
    return load_catalogue([folder])


@pytest.fixture
def market(hub: Hub, answering: Catalogue, tmp_path: Path) -> Iterator[Market]:
    made = Market(hub.home, answering, tmp_path / "drop")
    (hub.home.path / "sources.json").write_text(json.dumps({SERVER: str(made.drop)}))
    yield made
    made.store.dispose()


@pytest.fixture
def drops(market: Market) -> Iterator[Drops]:
    with contextlib.closing(Drops(market.home, market.intake(), lambda: NOW)) as made:
        yield made


def put(market: Market, name: str, *rows: tuple[str, ...]) -> None:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        sheet = book.add_worksheet()
        for place, row in enumerate((HEADS, *rows)):
            sheet.write_row(place, 0, row)
    (market.drop / f".{name}").write_bytes(content.getvalue())
    (market.drop / f".{name}").rename(market.drop / name)


def came_back(market: Market, name: str) -> tuple[list[list[object]], list[str]]:
    """The first sheet, and the names of all sheets."""
    book = CalamineWorkbook.from_filelike(io.BytesIO((market.drop / "out" / name).read_bytes()))
    return list(book.get_sheet_by_index(0).iter_rows()), book.sheet_names


@pytest.mark.parametrize("suffix", ["", ".dry"])
def test_a_workbook_comes_back_whole_with_its_faults(market: Market, drops: Drops, suffix: str) -> None:
    put(market, f"shops_full_1.xlsx{suffix}", GOOD, BAD)
    (outcome,) = drops.take_in_all(SHOPS)
    assert (outcome.batch is None) == bool(suffix)
    rows, sheets = came_back(market, "refused.shops_full_1.xlsx")
    assert rows[0] == [*HEADS, *OURS]
    assert rows[1][:5] == [*GOOD, ""]
    assert rows[2][:5] == [*BAD, REFUSED]
    assert rows[2][5]
    assert "校验结果" in sheets
    receipt = json.loads((market.drop / "out" / f"shops_full_1.xlsx{suffix}.receipt.json").read_bytes())
    assert receipt["receipt"]["refused_rows"] == "refused.shops_full_1.xlsx"


def test_one_that_is_too_much_comes_back_as_its_refused_rows(
    market: Market, drops: Drops, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart.made_apart, "__defaults__", (64 << 20, 240))  # less than an interpreter takes
    put(market, "shops_full_1.xlsx", GOOD, BAD)
    drops.take_in_all(SHOPS)
    rows, sheets = came_back(market, "refused.shops_full_1.xlsx")
    assert [row[0] for row in rows[1:]] == ["EF"]
    assert "校验结果" not in sheets
