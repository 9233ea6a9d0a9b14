"""Workbooks as clerks make them, and as nobody should: every bomb ends in a fault, and this process lives on."""

import datetime as dt
import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from registries.connectors import workbook
from registries.connectors.faults import SourceChangedShape, SourceFault
from registries.connectors.workbook_faults import (
    ErrorCell,
    NoSuchSheet,
    NotWorkbook,
    SeveralSheets,
    WorkbookTooLarge,
)
from registries.contracts.model import Dataset
from tests.registries.connectors.shops import NAMES, SHOPS, delivered, rows_of

Book = xlsxwriter.Workbook


def workbook_of(fill: Callable[[Book], object]) -> bytes:
    sink = io.BytesIO()
    with Book(sink, {"in_memory": True, "strings_to_numbers": False, "strings_to_formulas": False}) as book:
        fill(book)
    return sink.getvalue()


def sheet_of(*rows: Sequence[object], name: str | None = None) -> Callable[[Book], Worksheet]:
    def fill(book: Book) -> Worksheet:
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
        return sheet

    return fill


def read(data: bytes, dataset: Dataset = SHOPS) -> list[dict[str, str | None]]:
    return rows_of(delivered(lambda: io.BytesIO(data), "xlsx", "shops.xlsx", dataset))


def fault_of(data: bytes, dataset: Dataset = SHOPS) -> SourceFault:
    with pytest.raises(SourceFault) as caught:
        read(data, dataset)
    assert "秘密" not in str(caught.value), "a fault never shows a value of a row"
    return caught.value


def packed(parts: dict[str, bytes], base: bytes | None = None) -> bytes:
    """A workbook whose parts are replaced."""
    sink = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(base or workbook_of(sheet_of(NAMES)))) as old,
        zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for one in old.namelist():
            new.writestr(one, parts.get(one, old.read(one)))
        for name in parts.keys() - set(old.namelist()):
            new.writestr(name, parts[name])
    return sink.getvalue()


# --- what cells say


def every_kind(book: Book) -> None:
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, NAMES)
    formats = [book.add_format({"num_format": form}) for form in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm", "hh:mm", "[h]:mm")]
    sheet.write_number(1, 0, 440507199003071234)
    sheet.write_string(1, 1, "=1+1")
    sheet.write_number(1, 2, 440507)
    sheet.write_boolean(1, 3, True)
    sheet.write_datetime(1, 4, dt.datetime.fromisoformat("2020-01-31"), formats[0])
    sheet.write_datetime(1, 5, dt.datetime.fromisoformat("2020-01-31 08:05:03"), formats[1])
    sheet.write_string(2, 0, "440507199003071234")
    sheet.write_formula(2, 1, '="示"&"例"', None, "示例")
    sheet.write_number(2, 2, 0.1 + 0.2)
    sheet.write_number(2, 3, -1234567890.5)
    sheet.write_datetime(2, 4, dt.time(8, 5), formats[2])
    sheet.write_number(2, 5, 1.5, formats[3])


def test_each_kind_of_cell_has_its_text() -> None:
    assert [list(row.values()) for row in read(workbook_of(every_kind))] == [
        ["4.405071990030712E+17", "=1+1", "440507", "true", "2020-01-31", "2020-01-31 08:05:03"],
        ["440507199003071234", "示例", "0.3", "-1234567890.5", "08:05:00", "36:00:00"],
    ]


def test_a_column_of_numbers_keeps_their_size() -> None:
    columns = [replace(one, logical_type="number") if one.name == "status" else one for one in SHOPS.columns]
    data = workbook_of(sheet_of(NAMES, ["a", "b", "c", 1.25e15]))
    assert read(data, replace(SHOPS, columns=tuple(columns)))[0]["status"] == "1250000000000000"


def test_an_error_is_named_by_its_cell_and_never_read_as_empty() -> None:
    def fill(book: Book) -> None:
        sheet_of(NAMES, ["秘密"] * 6)(book).write_formula(3, 3, "=NA()", None, "#N/A")

    fault = fault_of(workbook_of(fill))
    assert isinstance(fault, ErrorCell)
    assert fault.cell == "D4"


def test_an_error_on_another_sheet_is_no_matter() -> None:
    def fill(book: Book) -> None:
        sheet_of(NAMES, ["x"])(book)
        book.add_worksheet("说明").write_formula(3, 3, "=NA()", None, "#N/A")

    assert len(read(workbook_of(fill))) == 1


# --- where the table is


def test_the_header_may_stand_below_a_title_and_span_merged_rows() -> None:
    def fill(book: Book) -> None:
        sheet = book.add_worksheet()
        sheet.merge_range(0, 0, 0, 5, "2026 年店铺清单")
        sheet.merge_range(1, 0, 2, 0, NAMES[0])
        sheet.merge_range(1, 1, 1, 5, "店铺信息")
        sheet.write_row(2, 1, [f" {name}\n" for name in NAMES[1:]])
        sheet.write_row(3, 0, "abcdef")

    assert [list(row.values()) for row in read(workbook_of(fill))] == [list("abcdef")]


def test_columns_come_in_the_contracts_order_and_empty_rows_do_not_count() -> None:
    data = workbook_of(sheet_of(NAMES[::-1], list("fedcba"), [], ["F", "", "", "", "", "A"], ["", "", ""], []))
    assert [list(row.values()) for row in read(data)] == [list("abcdef"), ["A", None, None, None, None, "F"]]


def test_a_table_that_begins_elsewhere_is_found() -> None:
    def fill(book: Book) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(4, 2, NAMES)
        sheet.write_row(5, 2, "abcdef")

    assert [list(row.values()) for row in read(workbook_of(fill))] == [list("abcdef")]


def test_columns_that_differ_are_named() -> None:
    fault = fault_of(workbook_of(sheet_of(["店铺", *NAMES[1:], "colour", NAMES[1]], ["秘密"] * 8)))
    assert isinstance(fault, SourceChangedShape)
    assert (fault.missing, fault.unknown, fault.double) == ((NAMES[0],), ("店铺", "colour"), (NAMES[1],))


def test_values_in_a_column_without_a_name_are_not_passed_over() -> None:
    fault = fault_of(workbook_of(sheet_of(NAMES, ["a"] * 6, [*"abcdef", "", "秘密"])))
    assert isinstance(fault, SourceChangedShape)
    assert "8" in fault.unknown[0]


def test_the_reasons_that_the_hub_added_are_passed_over() -> None:
    data = workbook_of(sheet_of([*NAMES, "免证:原因"], [*"abcdef", "请更正"]))
    assert [list(row.values()) for row in read(data)] == [list("abcdef")]


@pytest.mark.parametrize("rows", [[NAMES], [[], NAMES, [], []]])
def test_a_header_alone_is_a_delivery_of_no_rows(rows: list[list[str]]) -> None:
    assert read(workbook_of(sheet_of(*rows))) == []


def test_an_empty_sheet_lacks_all_columns() -> None:
    fault = fault_of(workbook_of(sheet_of()))
    assert isinstance(fault, SourceChangedShape)
    assert list(fault.missing) == NAMES


def test_hidden_sheets_and_those_without_the_columns_are_passed_over() -> None:
    def fill(book: Book) -> None:
        sheet_of(["填表说明"], ["请勿改动表头"])(book)
        sheet_of(NAMES, ["a"])(book)
        sheet_of(NAMES, ["b"])(book).hide()

    assert [row["uscc"] for row in read(workbook_of(fill))] == ["a"]


def test_two_sheets_with_the_columns_are_never_chosen_from_in_silence() -> None:
    def fill(book: Book) -> None:
        sheet_of(NAMES, ["a"], name="一月")(book)
        sheet_of(NAMES, ["b"], name="二月")(book)

    data = workbook_of(fill)
    assert isinstance(fault_of(data), SeveralSheets)
    named = replace(SHOPS, server=replace(SHOPS.server, sheet="二月"))
    assert [row["uscc"] for row in read(data, named)] == ["b"]
    other = replace(SHOPS, server=replace(SHOPS.server, sheet="三月"))
    fault = fault_of(data, other)
    assert isinstance(fault, NoSuchSheet)
    assert "三月" in fault.zh


def test_rows_come_in_order_and_many_of_them() -> None:
    data = workbook_of(sheet_of(NAMES, *([str(number)] for number in range(12_345))))
    assert [row["uscc"] for row in read(data)] == [str(number) for number in range(12_345)]


# --- what is no workbook, and what should not be opened


SHEET = "xl/worksheets/sheet1.xml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"name,status\n",
        b"\xd0\xcf\x11\xe0" + bytes(600),
        b"PK\x03\x04" + bytes(600),
        packed({SHEET: b"<worksheet"}),
        packed({"xl/workbook.xml": b""}),
        packed({"xl/_rels/workbook.xml.rels": b"<a/>"}),
    ],
    ids=["empty", "text", "old", "not-a-zip", "half-a-sheet", "no-book", "no-relations"],
)
def test_what_is_no_workbook_is_said(data: bytes) -> None:
    assert isinstance(fault_of(data), NotWorkbook | SourceChangedShape)


def test_another_archive_is_no_workbook() -> None:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    assert isinstance(fault_of(sink.getvalue()), NotWorkbook)


def far_away(row: int, column: int) -> bytes:
    def fill(book: Book) -> None:
        sheet_of(NAMES, ["秘密"])(book).write(row, column, "x")

    return workbook_of(fill)


@pytest.mark.parametrize(("row", "column"), [(1_048_575, 16_383), (1_048_575, 0), (1, 16_383), (200_100, 3)])
def test_a_cell_far_away_is_too_large_not_gigabytes(row: int, column: int) -> None:
    data = far_away(row, column)
    assert len(data) < 10_000
    assert isinstance(fault_of(data), WorkbookTooLarge)


def test_a_far_cell_that_nothing_declares_is_stopped_by_the_memory_limit() -> None:
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="1048576">'
    sheet += '<c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
    assert isinstance(fault_of(packed({SHEET: sheet.encode()})), WorkbookTooLarge)


def test_a_zip_bomb_is_seen_before_it_is_opened() -> None:
    data = packed({f"xl/media/{number}": bytes(64 << 20) for number in range(17)})
    assert len(data) < 2 << 20
    assert isinstance(fault_of(data), WorkbookTooLarge)


def test_a_zip_bomb_that_lies_about_its_size_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MEMORY", 500 << 20)
    bomb = bytearray(packed({SHEET: f'<worksheet xmlns="{MAIN}"><sheetData>'.encode() + b" " * (300 << 20)}))
    with zipfile.ZipFile(io.BytesIO(bytes(bomb))) as archive:
        size = archive.getinfo(SHEET).file_size.to_bytes(4, "little")
    assert bomb.count(size) >= 1
    assert isinstance(
        fault_of(bytes(bomb.replace(size, (9 << 20).to_bytes(4, "little")))), NotWorkbook | WorkbookTooLarge
    )


def test_xml_entities_that_grow_are_not_written_out() -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 20))
    strings = f'<!DOCTYPE x [<!ENTITY e0 "秘密">{entities}]><sst xmlns="{MAIN}"><si><t>&e19;</t></si></sst>'
    base = workbook_of(sheet_of(NAMES, ["x"]))
    assert isinstance(
        fault_of(packed({"xl/sharedStrings.xml": strings.encode()}, base)), NotWorkbook | SourceChangedShape
    )
    book = f'<!DOCTYPE x [<!ENTITY e0 "秘密">{entities}]><workbook xmlns="{MAIN}"><sheets>&e19;</sheets></workbook>'
    assert isinstance(fault_of(packed({"xl/workbook.xml": book.encode()}, base)), NotWorkbook)


def test_a_quadratic_file_is_read_or_refused_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """33 KB that held another reader for half a minute: a long entity, used many times."""
    monkeypatch.setattr(workbook, "SECONDS", 10)
    strings = f'<!DOCTYPE x [<!ENTITY a "{"x" * 15_000}">]><sst xmlns="{MAIN}"><si><t>{"&a;" * 6_000}</t></si></sst>'
    data = packed({"xl/sharedStrings.xml": strings.encode()}, workbook_of(sheet_of(NAMES, ["x"])))
    assert isinstance(fault_of(data), NotWorkbook | SourceChangedShape | WorkbookTooLarge)


def test_a_reader_that_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "SECONDS", 1)
    data = workbook_of(sheet_of(NAMES, *([str(number) * 9] * 100 for number in range(6_000))))
    assert isinstance(fault_of(data), WorkbookTooLarge | SourceChangedShape)


def test_a_reader_that_is_left_half_way_leaves_no_process() -> None:
    data = workbook_of(sheet_of(NAMES, *([str(number)] for number in range(12_345))))
    chunks = delivered(lambda: io.BytesIO(data), "xlsx").chunks()
    next(chunks)
    chunks.close()  # type: ignore[attr-defined]  # it is a generator


def test_more_bytes_than_an_upload_may_have_are_not_read() -> None:
    assert isinstance(fault_of(b"PK\x03\x04" + bytes(50 << 20)), WorkbookTooLarge)
