"""CSV deliveries: each way to be wrong is a file under bad/csv, and none loses or shifts a row in silence."""

import csv
import io
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registries.connectors.csv_file import csv_codec
from registries.connectors.delivered_file import DeliveredFile
from registries.connectors.faults import (
    NotCsv,
    RaggedRow,
    SourceChangedShape,
    SourceDown,
    SourceFault,
    StrayQuote,
    WrongEncoding,
)
from registries.connectors.kinds import upload_connector
from registries.departments import load_catalogue
from tests.registries.connectors.shops import HEADER, ROW, SHOPS

HERE = Path(__file__).parent.parent
BAD = HERE / "bad" / "csv"


def rows_of(data: bytes) -> list[dict[str, str]]:
    connector = upload_connector(SHOPS, "shops.csv", lambda: io.BytesIO(data))
    return [row for batch in connector.chunks() for row in batch.to_pylist()]


def fault_of(name: str) -> SourceFault:
    path = BAD / f"{name}.csv"
    with pytest.raises(SourceFault) as caught:
        list(DeliveredFile(SHOPS, path.name, lambda: path.open("rb"), file_format="csv").chunks())
    fault = caught.value
    assert "示例" not in fault.zh + fault.en, "a fault never shows a value of a row"
    assert caught.value.__cause__ is None
    assert fault.zh.startswith(path.name)
    return fault


def test_columns_that_are_missing_are_named() -> None:
    fault = fault_of("missing_column")
    assert isinstance(fault, SourceChangedShape)
    assert fault.missing == ("status",)
    assert "缺少列 status" in fault.zh


def test_columns_that_nobody_knows_are_named() -> None:
    fault = fault_of("unknown_column")
    assert isinstance(fault, SourceChangedShape)
    assert (fault.missing, fault.unknown) == ((), ("colour",))


def test_columns_that_are_there_twice_are_named() -> None:
    fault = fault_of("double_column")
    assert isinstance(fault, SourceChangedShape)
    assert (fault.missing, fault.double) == (("status",), ("name",))


def test_another_separator_shows_as_missing_columns() -> None:
    assert isinstance(fault_of("tab_separated"), SourceChangedShape)


def test_a_short_row_is_named_by_its_number() -> None:
    fault = fault_of("short_row")
    assert isinstance(fault, RaggedRow)
    assert (fault.row, fault.expected, fault.actual) == (3, 6, 2)


def test_a_cell_of_several_lines_and_an_empty_line_do_not_move_row_numbers() -> None:
    fault = fault_of("long_row_behind_cell_of_lines")
    assert isinstance(fault, RaggedRow)
    assert (fault.row, fault.actual) == (3, 8)


@pytest.mark.parametrize(
    ("name", "line"), [("unclosed_quote", 3), ("two_unclosed_quotes", 4), ("quote_inside_cell", 3)]
)
def test_quotation_marks_without_their_pair_are_named_by_line(name: str, line: int) -> None:
    fault = fault_of(name)
    assert isinstance(fault, StrayQuote)
    assert fault.line == line


def test_neither_encoding_is_named_by_line() -> None:
    fault = fault_of("neither_encoding")
    assert isinstance(fault, WrongEncoding)
    assert fault.line == 4


@pytest.mark.parametrize("name", ["utf16", "workbook", "binary", "empty"])
def test_what_is_no_csv_is_said(name: str) -> None:
    assert isinstance(fault_of(name), NotCsv)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_all_three_encodings_are_read(encoding: str, end: str) -> None:
    data = (HEADER + end + ROW + end + ROW + end).encode(encoding)
    assert [row["name"] for row in rows_of(data)] == ["示例店"] * 2
    assert csv_codec(SHOPS, "shops.csv", lambda: io.BytesIO(data)) == encoding


def test_bytes_that_are_text_in_both_encodings_follow_the_contract() -> None:
    # 联通 in GB18030 is also well-formed UTF-8, the classic of misread files; the contract says GB18030
    data = f"{HEADER}\n".encode() + b"x," + "联通".encode("gb18030") + b",440507,1,,\n"
    assert rows_of(data)[0]["name"] == "联通"


def test_headers_decide_where_bytes_are_text_in_both_encodings() -> None:
    lists = load_catalogue().dataset("market_regulation.enterprises")
    header = ",".join(column.source for column in lists.columns)
    for encoding in ("utf-8", "gb18030"):
        connector = upload_connector(lists, "a.csv", lambda code=encoding: io.BytesIO(f"{header}\n".encode(code)))  # type: ignore[misc]  # mypy does not infer a lambda with a default
        assert list(connector.chunks()) == []


def test_columns_come_in_the_contracts_order_whatever_the_files() -> None:
    names = [column.source for column in reversed(SHOPS.columns)]
    data = f"{','.join(names)}\n,2020-01-01,1,440507,示例店,91110000600037341L\n".encode()
    assert rows_of(data) == [
        {
            "uscc": "91110000600037341L",
            "name": "示例店",
            "division_code": "440507",
            "status": "1",
            "opened_on": "2020-01-01",
            "closed_on": "",
        }
    ]


def test_a_header_alone_is_a_delivery_of_no_rows() -> None:
    assert rows_of(f"{HEADER}\n".encode()) == []


@given(
    st.lists(
        st.lists(st.text(st.sampled_from('ab",\n汕"头 '), max_size=6), min_size=6, max_size=6).filter(any), max_size=20
    ),
    st.sampled_from(["utf-8-sig", "gb18030"]),
)
def test_whatever_is_written_by_the_rules_is_read_back(rows: list[list[str]], encoding: str) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER.split(","))
    writer.writerows(rows)
    found = rows_of(text.getvalue().encode(encoding))
    assert [list(row.values()) for row in found] == rows


def test_many_rows_come_in_chunks_of_bounded_size() -> None:
    data = (HEADER + "\n" + f"{ROW}\n" * 120_000).encode("gb18030")
    sizes = [batch.num_rows for batch in DeliveredFile(SHOPS, "a.csv", lambda: io.BytesIO(data)).chunks()]
    assert sum(sizes) == 120_000
    assert max(sizes) <= 50_000


def test_a_fault_deep_in_a_large_file_is_still_named(tmp_path: Path) -> None:
    path = tmp_path / "shops_1.csv"
    path.write_bytes((HEADER + "\n" + f"{ROW}\n" * 150_000 + "x\n" + f"{ROW}\n").encode("gb18030"))
    with pytest.raises(RaggedRow) as caught:
        list(DeliveredFile(SHOPS, path.name, lambda: path.open("rb"), file_format="csv").chunks())
    assert caught.value.row == 150_001


def test_a_reader_that_fails_is_a_source_that_is_down() -> None:
    class Broken(io.BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    def opened() -> BinaryIO:
        return Broken()

    with pytest.raises(SourceDown) as caught:
        list(DeliveredFile(SHOPS, "shops.csv", opened).chunks())
    assert caught.value.code == "Input/output error"


def test_the_reasons_that_the_hub_added_are_passed_over() -> None:
    """A clerk mends the rows that were refused and sends them back as they are, reasons and all."""
    sent_back = f"免证:行号,{HEADER},免证:原因\n7,{ROW},请更正\n"
    assert rows_of(sent_back.encode()) == rows_of(f"{HEADER}\n{ROW}\n".encode())
