"""Whatever a department's cells hold comes back as the same text, and nothing that is written is ever computed."""

import io

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from quality.workbooks.annotated import HELD, OURS, annotated
from quality.workbooks.faults import Faults
from quality.workbooks.summary import Story
from quality.workbooks.template import template
from registries.contracts.model import Code, Column, Dataset
from tests.exchange_api.workbooks.typing_in import cells_of, parts_of
from tests.registries.connectors.shops import SHOPS

NAMES = [column.name for column in SHOPS.columns]
TEXTS = st.text(st.sampled_from("a汕😀<>&\"'=@+-|_x0041_ \n\t]\x07\r"), max_size=12)
STORY = Story("店铺.xlsx", "试跑", "2026-03-01 08:00", {"pulled": 3})


def written(rows: list[list[str | None]], faults: Faults | None = None, story: Story = STORY) -> bytes:
    columns = [pa.array(cells, pa.string()) for cells in zip(*rows, strict=True)]
    batch = pa.record_batch(columns, names=NAMES)
    return b"".join(annotated(SHOPS, [batch], faults or Faults.of([]), story))


def table_of(content: bytes) -> list[list[str]]:
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
    return [[str(cell) for cell in row] for row in sheet.iter_rows()]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(TEXTS, min_size=len(NAMES), max_size=len(NAMES)), min_size=1, max_size=6))
def test_whatever_is_written_is_read_back(rows: list[list[str | None]]) -> None:
    content = written(rows)
    read = [row[: len(NAMES)] for row in table_of(content)[1:]]
    read += [[""] * len(NAMES)] * (len(rows) - len(read))  # empty rows at the end are none to the reader
    assert read == [[cell or "" for cell in row] for row in rows]
    assert b"<f>" not in parts_of(content)["xl/worksheets/sheet1.xml"]


def test_a_row_may_have_a_long_text() -> None:
    row: list[str | None] = ["汕" * 40_000, *["x"] * (len(NAMES) - 1)]
    assert len(table_of(written([row]))[1][0]) == 32_767


def test_every_row_of_a_held_batch_says_so() -> None:
    held = Story("a.xlsx", "第 1 批", "", {"pulled": 2}, ["行数骤减"])
    cells = cells_of(written([["x"] * len(NAMES)] * 2, story=held))
    place = chr(65 + len(NAMES))
    assert [cells[f"{place}{row}"].text for row in (1, 2, 3)] == [OURS[0], HELD, HELD]


def test_a_rule_that_the_contract_no_longer_has_is_named() -> None:
    faults = Faults.of([("former-rule", 1, np.array([2]))])
    cells = cells_of(written([["x"] * len(NAMES)] * 3, faults))
    assert any("former-rule" in cell.text for cell in cells.values())


def test_a_contract_of_many_codes_and_odd_names_has_a_template() -> None:
    codes = tuple(Code(f"{number:04}", f"名称{number}") for number in range(3_000))
    column = Column("code", "代码" * 30, code_table=codes, description="很长的说明" * 400, key=True)
    dataset = Dataset(
        **{**{name: getattr(SHOPS, name) for name in SHOPS.__dataclass_fields__}, "columns": (column,), "rules": ()}
        | {"title_zh": "店铺/名单: [2026] * 很长的名称很长的名称很长的名称很长的名称"}
    )
    book = CalamineWorkbook.from_filelike(io.BytesIO(template(dataset)))
    assert len(list(book.get_sheet_by_name("代码表").iter_rows())) == 3_001
    assert len(book.sheet_names[0]) <= 31
