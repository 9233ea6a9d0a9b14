"""Template, fill in, send, get it back in red, mend, send again: and only what changed is taken."""

import io
import re
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing
from typing import cast

import httpx
import pyarrow as pa
import pytest
from python_calamine import CalamineWorkbook, SheetVisibleEnum

from exchange_api import workbooks
from quality.workbooks import apart
from quality.workbooks.annotated import OURS
from quality.workbooks.faults import Faults
from quality.workbooks.summary import Story
from tests.exchange_api.workbooks.conftest import LICENCES, PERMITS, Clerk, Office
from tests.exchange_api.workbooks.typing_in import TABLE, cells_of, parts_of, typed
from tests.registries.connectors.shops import SHOPS

pytestmark = pytest.mark.xdist_group("workbooks")
RED, AMBER = "FFFFC7CE", "FFFFEB9C"
ROWS = 60
GOOD: tuple[str, ...] = (
    *("粤交运管汕字440507000001", "汕头市示例运输有限公司", "001", "91110000600037341L", "粤D12345", "货车"),
    *("2020-01-31", "2020-01-31", "2099-01-30", "10", "2020-01-31", "汕头市交通运输局", "11440500MB2D00000X", "440507"),
)
LETTERS = "ABCDEFGHIJKLMN"


def template(clerk: Clerk) -> bytes:
    got = clerk.http.get(f"/publisher/{PERMITS}/template")
    assert got.status_code == 200
    assert got.headers["content-disposition"].endswith('.xlsx"')
    return got.content


def rows(count: int) -> dict[str, str | float]:
    """So many rows that are right."""
    cells: dict[str, str | float] = {}
    for row in range(count):
        values: list[str | float] = [f"粤交运管汕字4405070000{row + 1:02}", *GOOD[1:]]
        cells |= {f"{letter}{row + 2}": value for letter, value in zip(LETTERS, values, strict=True)}
    return cells


def filled(content: bytes) -> bytes:
    """Sixty rows: a rounded number, a state that is none, a day that is shown as a number; the others are right."""
    return typed(content, rows(ROWS) | {"A3": 440507199003071234, "J4": "有效", "G5": 43861})


def said(page: httpx.Response) -> str:
    """What a page says, without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.text))[-1500:]


def annotated(clerk: Clerk, place: str) -> bytes:
    got = clerk.http.get(f"{place}/annotated")
    assert got.status_code == 200
    return got.content


# --- the template


def test_the_template_says_what_the_contract_says(transport: Clerk, office: Office) -> None:
    content, dataset = template(transport), office.catalogue.dataset(PERMITS)
    assert content == template(transport)
    heads = [cells_of(content)[f"{letter}1"].text for letter in LETTERS]
    assert heads == [column.source for column in dataset.columns]
    parts = {name: part.decode() for name, part in parts_of(content).items()}
    table = parts[TABLE]
    assert 'state="frozen"' in table
    assert table.count('<dataValidation type="list"') == sum(bool(column.code_table) for column in dataset.columns)
    assert "吊销" in table
    notes = next(part for name, part in parts.items() if "comments" in name)
    assert all(rule.zh.replace("<", "&lt;") in notes for rule in dataset.rules if rule.kind == "row")
    assert 'formatCode="yyyy-mm-dd"' in parts["xl/styles.xml"]
    assert 'numFmtId="49"' in parts["xl/styles.xml"]


def test_its_other_sheets_explain_it_and_know_it_again(transport: Clerk, office: Office) -> None:
    book = CalamineWorkbook.from_filelike(io.BytesIO(template(transport)))
    shown = {one.name: one.visible for one in book.sheets_metadata}
    assert [name for name, how in shown.items() if how == SheetVisibleEnum.Visible] == ["证件", "填表说明", "代码表"]
    assert shown["免证契约"] == SheetVisibleEnum.VeryHidden
    told = {row[0]: row[1] for row in book.get_sheet_by_name("免证契约").iter_rows()}
    assert told == {"dataset": PERMITS, "contract_version": office.catalogue.dataset(PERMITS).contract_version}
    guide = [str(cell) for row in book.get_sheet_by_name("填表说明").iter_rows() for cell in row]
    assert "道路运输证 Vehicles' road transport licences" in guide
    assert any("校验位有误" in cell for cell in guide)


def test_an_empty_template_is_a_delivery_of_no_rows(transport: Clerk) -> None:
    tried = transport.send(PERMITS, "模板.xlsx", template(transport))
    assert "整批会被挂起" in tried.text


def test_templates_are_ones_own(transport: Clerk, market: Clerk) -> None:
    assert market.http.get(f"/publisher/{PERMITS}/template").status_code == 404
    assert market.http.get(f"/publisher/{LICENCES}/template").status_code == 200
    wrong = transport.send(PERMITS, "a.xlsx", market.http.get(f"/publisher/{LICENCES}/template").content)
    assert LICENCES in wrong.text
    assert "模板" in wrong.text


# --- the way there and back


def test_a_workbook_comes_back_in_red_and_is_mended(transport: Clerk, market: Clerk) -> None:
    tried = transport.send(PERMITS, "证件.xlsx", filled(template(transport)))
    assert "有 3 行不能接收" in tried.text, said(tried)
    place = tried.url.path
    assert f'href="{place}/annotated"' in tried.text
    assert market.http.get(f"{place}/annotated").status_code == 404
    back = annotated(transport, place)
    _check_marks(back)
    _check_summary(back)
    taken = transport.confirm(tried)
    assert "新增 57 行" in taken.text, said(taken)

    mended = typed(
        back, {"A3": "粤交运管汕字440507000002", "J4": "10", "G5": "2020-02-29", "B7": "汕头市新名运输有限公司"}
    )
    again = transport.send(PERMITS, "证件.xlsx", mended)
    assert "每一行都可以接收" in again.text, said(again)
    assert "新增 3 行，变更 1 行；56 行与库中相同" in again.text, said(again)
    done = transport.confirm(again)
    batch = done.text.partition('href="/publisher/batches/')[2].partition('"')[0]
    page = transport.http.get(f"/publisher/batches/{batch}")
    assert f'href="/publisher/batches/{batch}/annotated"' in page.text
    kept = cells_of(annotated(transport, f"/publisher/batches/{batch}"))
    assert not [cell for cell in kept.values() if cell.colour == RED]
    assert "内容与上次相同" in transport.confirm(transport.send(PERMITS, "证件.xlsx", mended)).text


def _check_marks(content: bytes) -> None:
    cells = cells_of(content)
    assert [cells[f"{letter}1"].text for letter in "OPQ"] == list(OURS)
    assert {name for name, cell in cells.items() if cell.colour == RED} == {"A3", "J4", "G5"}
    assert cells["A3"].text == "4.405071990030712E+17"
    assert [cells[f"A{row}"].text for row in (2, 4, 7)] == [f"粤交运管汕字4405070000{row - 1:02}" for row in (2, 4, 7)]
    assert [cells[f"O{row}"].text.partition(" ")[0] for row in (3, 4, 5)] == ["未接收"] * 3
    assert "请将该列设为文本格式后重新录入" in cells["P3"].text
    assert "请只填代码 10" in cells["P4"].text
    assert "请把单元格格式改为“日期”" in cells["P5"].text
    assert "rounded by a spreadsheet" in cells["Q3"].text
    assert cells["M2"].colour == AMBER  # the issuing authority's code has a wrong check character: level 2
    assert cells["O2"].text.startswith("已接收, 须整改")


def _check_summary(content: bytes) -> None:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    assert book.sheet_names[:2] == ["证件", "校验结果"]
    rows = [[str(cell) for cell in row if cell != ""] for row in book.get_sheet_by_name("校验结果").iter_rows()]
    assert ["报送行数 rows delivered", "60.0"] in rows
    assert ["未接收 refused", "3.0"] in rows
    (rounded,) = [row for row in rows if row and "四舍五入" in row[0]]
    assert rounded[2:4] == ["1 级: 不符合则该行不接收 level 1: refuses the row", "证照编号"]
    assert rounded[-1] == "2"


def test_who_asks_while_others_are_made_is_told_to_come_again(
    transport: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = f"{transport.send(PERMITS, '再等.xlsx', filled(template(transport))).url.path}/annotated"
    monkeypatch.setattr(workbooks, "PATIENCE", 0.05)
    with ExitStack() as making:
        for _ in range(apart.AT_A_TIME):
            pieces = apart.made_apart(SHOPS, long_table(), Faults.of([]), Story("", "", "", {}))
            making.enter_context(closing(cast("Generator[bytes]", pieces)))
            assert next(pieces)
        refused = transport.http.get(place)
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) >= 1
    assert annotated(transport, place.removesuffix("/annotated"))


def long_table() -> Iterator[pa.RecordBatch]:
    """More than fits into a pipe, so that making it goes on until somebody reads."""
    names = [column.name for column in SHOPS.columns]
    for _ in range(200):
        yield pa.record_batch([pa.array(["汕" * 40] * 5_000, pa.string()) for _ in names], names=names)


def test_the_clerks_own_order_of_columns_is_kept(transport: Clerk) -> None:
    content = template(transport)
    dataset_order = [cells_of(content)[f"{letter}1"].text for letter in LETTERS]
    values = dict(zip(dataset_order, GOOD, strict=True)) | {dataset_order[9]: "99"}
    turned = {f"{letter}1": name for letter, name in zip(LETTERS, dataset_order[::-1], strict=True)}
    row = {f"{letter}2": values[name] for letter, name in zip(LETTERS, dataset_order[::-1], strict=True)}
    tried = transport.send(PERMITS, "倒序.xlsx", typed(content, turned | row))
    cells = cells_of(annotated(transport, tried.url.path))
    assert [cells[f"{letter}1"].text for letter in LETTERS] == dataset_order[::-1]
    assert {name for name, cell in cells.items() if cell.colour == RED} == {"E2"}


def test_rows_that_would_vanish_are_told_of_before_anything_is_confirmed(transport: Clerk) -> None:
    tried = transport.send(PERMITS, "少几行.xlsx", typed(template(transport), rows(ROWS - 10)))
    assert "库中有 10 行不在本文件中" in tried.text, said(tried)


def test_text_is_given_back_as_text_where_text_was_sent(market: Clerk) -> None:
    heads = "a,b\n1,2\n"
    tried = market.send(LICENCES, "a.csv", heads.encode())
    assert "缺少列" in tried.text
    assert market.http.get(f"{tried.url.path}/annotated").status_code == 404
