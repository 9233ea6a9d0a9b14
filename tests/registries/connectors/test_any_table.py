"""A table with one known column and whatever else: in the file's order, from workbooks and CSV files, within bounds."""

import pytest

from quality.refused_rows.workbook import refused_xlsx
from registries.connectors.any_table import read_table
from registries.connectors.faults import NotCsv, RaggedRow, SourceChangedShape

KNOWN = "证照编号"
HEADERS = ["序号", KNOWN, "名称"]
ROWS = [["1", "S05", "=1+1"], [None, None, None], ["2", "S06", "乙"]]
READ = (("1", "S05", "=1+1"), ("2", "S06", "乙"))


def workbook(*above: list[str]) -> bytes:
    first, *rest = [*above, HEADERS]
    return b"".join(refused_xlsx(first, 0, [*rest, *ROWS], "表"))


def test_a_workbook_keeps_its_columns_in_their_order() -> None:
    table = read_table("a.xlsx", workbook(), KNOWN, 10)
    assert (table.file_format, table.headers, table.rows) == ("xlsx", tuple(HEADERS), READ)


def test_below_a_title_the_known_column_comes_first() -> None:
    table = read_table("a.xlsx", workbook(["清单", "", ""]), KNOWN, 10)
    assert table.headers == (KNOWN, "序号", "名称")
    assert table.rows[1] == ("S06", "2", "乙")


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_file_keeps_its_encoding(codec: str) -> None:
    content = "序号,证照编号,名称\n1,S05,=1+1\n,,\n2,S06,乙\n".encode(codec)
    table = read_table("a.csv", content, KNOWN, 10)
    assert (table.headers, table.rows, table.encoding) == (tuple(HEADERS), READ, codec)


def test_columns_that_the_hub_added_are_passed_over() -> None:
    content = "证照编号,免证:核验结论\nS05,有效\n".encode()
    assert read_table("a.csv", content, KNOWN, 10).headers == (KNOWN,)


def test_one_row_more_than_may_be_is_read_and_no_further() -> None:
    content = ("证照编号\n" + "S\n" * 50).encode()
    assert len(read_table("a.csv", content, KNOWN, 10).rows) == 11


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("编号,名称\nS05,甲\n", SourceChangedShape),
        ("证照编号,名称,名称\nS05,甲,乙\n", SourceChangedShape),
        ("证照编号,名称\nS05\n", RaggedRow),
        ("\x00\x01", NotCsv),
    ],
)
def test_what_is_wrong_is_said(content: str, fault: type[Exception]) -> None:
    with pytest.raises(fault):
        read_table("a.csv", content.encode(), KNOWN, 10)
