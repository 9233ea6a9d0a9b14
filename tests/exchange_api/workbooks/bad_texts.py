"""Files of text, and some of other kinds, that nobody should send: name -> file name and file. Sent for LICENCES.

file_name, content = BAD_TEXTS["an unclosed quote"]
"""

import io
from collections.abc import Mapping, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from tests.exchange_api.workbooks.making import hidden_table, two_tables

HEADS: Final = (
    *(
        "证照编号",
        "电子证照标识",
        "持证主体",
        "持证主体代码",
        "持证主体代码类型代码",
        "证照颁发机构",
        "证照颁发机构代码",
    ),
    *("证照颁发日期", "有效期起始日期", "有效期截止日期", "证照状态代码", "状态变更日期", "状态说明", "证照版本号"),
    *("行政区划代码", "操作类型", "更新时间"),
)
GOOD: Final = (
    *("44050700000001", "", "汕头市示例贸易有限公司", "91110000600037341L", "001", "汕头市市场监督管理局"),
    *("11440500MB2D00000X", "2020-01-02", "2020-01-02", "9999-12-31", "10", "2020-01-02", "", "1", "440507", "U"),
    "2020-01-02 10:00:00",
)
MIB: Final = 1 << 20


def lines(*rows: Sequence[str], between: str = ",", end: str = "\r\n") -> str:
    """A file of these rows below the header."""
    return "".join(f"{between.join(row)}{end}" for row in (HEADS, *rows))


def but(place: int, value: str) -> list[str]:
    """A good row but for one cell."""
    return [*GOOD[:place], value, *GOOD[place + 1 :]]


def parquet(columns: Mapping[str, object]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({name: [value] for name, value in columns.items()}), sink)
    return sink.getvalue()


BAD_TEXTS: Final[Mapping[str, tuple[str, bytes]]] = {
    # what it is called
    "an .xls by its name": ("a.xls", b"x"),
    "an .ods by its name": ("a.ods", b"x"),
    "an .xlsm by its name": ("a.xlsm", b"x"),
    "a .zip by its name": ("a.zip", b"PK"),
    "a .docx by its name": ("a.docx", b"PK"),
    "no suffix": ("licences", b"x"),
    "more than fifty megabytes": ("a.csv", bytes(50 * MIB + 1)),
    # encodings
    "a file of nothing": ("a.csv", b""),
    "a mark and nothing": ("a.csv", b"\xef\xbb\xbf"),
    "UTF-16 with its mark": ("a.csv", lines(GOOD).encode("utf-16")),
    "UTF-16 from the other end": ("a.csv", b"\xfe\xff" + lines(GOOD).encode("utf-16-be")),
    "UTF-16 without a mark": ("a.csv", lines(GOOD).encode("utf-16-le")),
    "UTF-32": ("a.csv", lines(GOOD).encode("utf-32")),
    "Big5": ("a.csv", lines(GOOD).encode("big5", "replace")),
    "two encodings in one file": ("a.csv", lines(GOOD).encode() + "汕头".encode("gb18030") + b"\xff\r\n"),
    "GBK cut within a character": ("a.csv", lines(GOOD).encode("gb18030") + "汕".encode("gb18030")[:1]),
    "a null byte": ("a.csv", lines(GOOD).encode() + b"\0"),
    # other kinds under this name
    "a web page called .csv": ("a.csv", b"\r\n<!DOCTYPE html><html></html>"),
    "a PDF called .csv": ("a.csv", b"%PDF-1.7 x"),
    "a gzip file called .csv": ("a.csv", b"\x1f\x8b\x08\x00x"),
    "JSON called .csv": ("a.csv", b'{"a": 1}\n'),
    # rows
    "an unclosed quote": ("a.csv", lines(but(2, '"汕头')).encode()),
    "a quote within a cell": ("a.csv", lines(but(2, '汕"头')).encode()),
    "a cell too many": ("a.csv", lines([*GOOD, "x"]).encode()),
    "a cell too few": ("a.csv", lines(GOOD[:-1]).encode()),
    "a line break within a row": ("a.csv", lines(but(2, "汕头\r市")).encode()),
    "mixed line ends around a broken row": ("a.csv", (lines(GOOD, end="\n") + "x,y\r").encode()),
    "semicolons": ("a.csv", lines(GOOD, between=";").encode()),
    "tabs": ("a.csv", lines(GOOD, between="\t").encode()),
    "a line for Excel before the header": ("a.csv", b"sep=,\r\n" + lines(GOOD).encode()),
    "a row of ten megabytes": ("a.csv", lines(but(2, "x" * 10 * MIB)).encode()),
    # columns
    "no header": ("a.csv", ",".join(GOOD).encode()),
    "a header twice": ("a.csv", lines(GOOD).replace("证照颁发日期", "证照编号", 1).encode()),
    "two rows of headers": ("a.csv", lines(HEADS, GOOD).encode()),
    # values
    "a number that a spreadsheet rounded": ("a.csv", lines(but(3, "9.11E+17")).encode()),
    "a formula for a program": ("a.csv", lines(but(10, "=cmd|'/c calc'!A0")).encode()),
    # workbooks for a contract that names no sheet
    "two sheets with the table": ("a.xlsx", two_tables(HEADS)),
    "the table on a hidden sheet": ("a.xlsx", hidden_table(HEADS)),
    # other formats
    "half a line of JSON": ("a.jsonl", b'{"\xe8\xaf\x81'),
    "a list in JSON Lines": ("a.jsonl", b"[1, 2]\n"),
    "an object within an object": ("a.jsonl", '{"证照编号": {"a": 1}}\n'.encode()),
    "a member that nobody knows": ("a.jsonl", b'{"colour": "red"}\n'),
    "half a Parquet file": ("a.parquet", parquet({"a": "x"})[:-9]),
    "Parquet with other columns": ("a.parquet", parquet({"a": "x"})),
    "Parquet with nested values": ("a.parquet", parquet({**dict.fromkeys(HEADS, "x"), "证照编号": ["x"]})),
}
