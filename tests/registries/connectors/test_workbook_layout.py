"""What stands around a workbook's values: hidden and merged cells are never guessed at, mere looks are let pass."""

import datetime as dt
import io
import zipfile
from dataclasses import replace

import pytest

from registries.connectors.kinds import upload_connector
from registries.connectors.workbook import header_order
from registries.connectors.workbook_faults import (
    ActiveContent,
    FormulaWithoutValue,
    HeaderAgain,
    HiddenCells,
    MergedCells,
    NotWorkbook,
    OldForm,
    OtherForm,
    WorkbookTooLarge,
)
from registries.connectors.workbook_marks import MARKS, Form
from registries.connectors.workbook_scan import column_name, column_number
from tests.registries.connectors.shops import NAMES, SHOPS
from tests.registries.connectors.test_workbook import Book, fault_of, packed, read, sheet_of, workbook_of

ROWS = [list("abcdef"), list("ghijkl")]
SHEET = "xl/worksheets/sheet1.xml"


def test_rows_that_a_filter_hides_are_part_of_the_table() -> None:
    def fill(book: Book) -> None:
        sheet = sheet_of(NAMES, *ROWS)(book)
        sheet.autofilter(0, 0, 2, 5)
        sheet.filter_column(0, "x == a")
        sheet.set_row(2, None, None, {"hidden": True})

    assert [list(row.values()) for row in read(workbook_of(fill))] == ROWS


def test_a_row_that_somebody_hid_is_asked_about() -> None:
    def fill(book: Book) -> None:
        sheet_of(NAMES, *ROWS)(book).set_row(2, None, None, {"hidden": True})

    fault = fault_of(workbook_of(fill))
    assert isinstance(fault, HiddenCells)
    assert fault.row == 3


def test_hidden_rows_without_values_are_no_matter() -> None:
    def fill(book: Book) -> None:
        sheet_of(NAMES, *ROWS)(book).set_row(9, None, None, {"hidden": True})

    assert len(read(workbook_of(fill))) == 2


def test_a_hidden_column_of_the_contract_is_asked_about() -> None:
    def fill(book: Book) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(0, 1, NAMES)
        sheet.write_row(1, 1, ROWS[0])
        sheet.set_column(2, 2, None, None, {"hidden": True})

    fault = fault_of(workbook_of(fill))
    assert isinstance(fault, HiddenCells)
    assert fault.column.startswith("C (")


def test_merged_cells_among_the_values_are_refused_by_name() -> None:
    def fill(book: Book) -> None:
        sheet_of(NAMES, *ROWS)(book).merge_range(1, 2, 2, 2, "440507")

    fault = fault_of(workbook_of(fill))
    assert isinstance(fault, MergedCells)
    assert fault.cells == "C2:C3"


@pytest.mark.parametrize("value", ["<f>1+1</f>", "<f>1+1</f><v/>", "<f>1+1</f><v></v>", '<f t="shared" si="0"/>'])
def test_a_formula_that_was_never_calculated_is_named(value: str) -> None:
    base = workbook_of(sheet_of(NAMES, ["a", 7]))
    with zipfile.ZipFile(io.BytesIO(base)) as archive:
        sheet = archive.read(SHEET).decode().replace('<c r="B2"><v>7</v></c>', f'<c r="B2">{value}</c>')
    fault = fault_of(packed({SHEET: sheet.encode()}, base))
    assert isinstance(fault, FormulaWithoutValue)
    assert fault.cell == "B2"


def test_a_formula_whose_result_is_an_empty_text_is_an_empty_cell() -> None:
    base = workbook_of(sheet_of(NAMES, ["a", 7]))
    with zipfile.ZipFile(io.BytesIO(base)) as archive:
        empty = '<c r="B2" t="str"><f>IF(TRUE,"","x")</f><v></v></c>'
        sheet = archive.read(SHEET).decode().replace('<c r="B2"><v>7</v></c>', empty)
    assert list(read(packed({SHEET: sheet.encode()}, base))[0].values()) == ["a", *[None] * 5]


@pytest.mark.parametrize("again", [NAMES, [column.name for column in SHOPS.columns]])
def test_a_header_among_the_values_is_no_row(again: list[str]) -> None:
    fault = fault_of(workbook_of(sheet_of(NAMES, ROWS[0], again, ROWS[1])))
    assert isinstance(fault, HeaderAgain)
    assert fault.row == 3


def test_days_of_1904_are_the_days_that_the_clerk_sees() -> None:
    sink = io.BytesIO()
    with Book(sink, {"in_memory": True, "date_1904": True}) as book:
        sheet = sheet_of(NAMES)(book)
        form = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_datetime(1, 4, dt.datetime.fromisoformat("2020-01-31"), form)
    assert list(read(sink.getvalue())[0].values())[4] == "2020-01-31"


def test_a_far_cell_is_named_and_far_looks_are_let_pass() -> None:
    def far(book: Book) -> None:
        sheet_of(NAMES, *ROWS)(book).write(1_048_575, 16_383, "x")

    def looks(book: Book) -> None:
        sheet_of(NAMES, *ROWS)(book).write_blank(1_048_575, 16_383, None, book.add_format({"bold": True}))

    fault = fault_of(workbook_of(far))
    assert isinstance(fault, WorkbookTooLarge)
    assert fault.cell == "XFD1048576"
    assert len(read(workbook_of(looks))) == 2


@pytest.mark.parametrize(
    ("part", "says"),
    [
        ("xl/vbaProject.bin", "宏"),
        ("xl/macrosheets/sheet1.xml", "宏"),
        ("xl/embeddings/oleObject1.bin", "嵌入"),
        ("xl/activeX/activeX1.xml", "ActiveX"),
        ("xl/externalLinks/externalLink1.xml", "其他工作簿"),
        ("xl/connections.xml", "外部数据"),
    ],
)
def test_what_a_table_has_no_need_of_is_refused(part: str, says: str) -> None:
    fault = fault_of(packed({part: b"<x/>"}))
    assert isinstance(fault, ActiveContent)
    assert says in fault.zh


def test_a_link_that_runs_a_program_is_called_so() -> None:
    fault = fault_of(packed({"xl/externalLinks/externalLink1.xml": b'<externalLink><ddeLink ddeService="cmd"/>'}))
    assert "DDE" in fault.zh


def test_a_table_of_contents_is_bounded_before_it_is_read() -> None:
    content = bytearray(packed({}))
    end = content.rfind(b"PK\x05\x06")
    content[end + 12 : end + 16] = (64 << 20).to_bytes(4, "little")
    assert isinstance(fault_of(bytes(content)), WorkbookTooLarge)
    assert isinstance(fault_of(bytes(content[: len(content) // 2])), NotWorkbook)


def marked(dataset: str, version: str, names: list[str]) -> bytes:
    def fill(book: Book) -> None:
        sheet_of(names, *ROWS)(book)
        sheet = book.add_worksheet(MARKS)
        for number, row in enumerate(Form(dataset, version).rows()):
            sheet.write_row(number, 0, row)
        sheet.very_hidden()

    return workbook_of(fill)


def test_the_template_of_another_dataset_is_told_apart() -> None:
    fault = fault_of(marked("transport.driver_permits", "1.0.0", NAMES))
    assert isinstance(fault, OtherForm)
    assert fault.dataset == "transport.driver_permits"
    assert len(read(marked(SHOPS.name, "0.0.1", NAMES))) == 2


def test_an_old_template_is_named_where_its_columns_no_longer_fit() -> None:
    fault = fault_of(marked(SHOPS.name, "0.0.1", ["旧列", *NAMES[1:]]))
    assert isinstance(fault, OldForm)
    assert fault.missing == (NAMES[0],)
    assert "0.0.1" in fault.zh
    assert SHOPS.contract_version in fault.en


def test_the_order_of_a_workbooks_columns_is_told() -> None:
    data = workbook_of(sheet_of([*NAMES[::-1], "免证:原因"], ROWS[0]))
    (batch,) = upload_connector(SHOPS, "x.xlsx", lambda: io.BytesIO(data)).chunks()
    assert header_order(batch) == [column.name for column in SHOPS.columns][::-1]
    text = replace(SHOPS, server=replace(SHOPS.server, format="csv"))
    (batch,) = upload_connector(
        text, "x.csv", lambda: io.BytesIO(f"{','.join(NAMES)}\na,b,c,d,e,f\n".encode())
    ).chunks()
    assert header_order(batch) is None


def test_columns_have_letters() -> None:
    assert all(column_number(column_name(number).encode()) == number for number in range(1, 16_385))
