"""A hundred bad files, each sent by a browser's form to a running hub: told what is wrong and how to mend it, in time.

The table below says for each file (bad_workbooks, bad_texts) what the page must say, in both languages. After each of
them the service is asked whether it is well; in the end, how much memory the worker took. Time is the worker's own
processor time, with that of the processes that it started: ten seconds on the clock, on a machine that is not busy.
"""

import html
import re
from pathlib import Path

import pytest

from mianzheng.benchmark.footprint import processor_seconds
from tests.exchange_api.workbooks.bad_texts import BAD_TEXTS
from tests.exchange_api.workbooks.bad_workbooks import BAD_WORKBOOKS
from tests.exchange_api.workbooks.conftest import LICENCES, PERMITS, Clerk, Office

pytestmark = pytest.mark.xdist_group("workbooks")
SECONDS = 10.0
MORE_MEMORY = 512 << 20

SAVE = "另存为 .xlsx (不设密码)"
DAMAGED = ("压缩包已损坏, 或没有传完", "was cut while it was sent")
CONTENT = ("内容已损坏", "its content is damaged")
LARGE = ("工作簿过大", "the workbook is too large")
SUFFIX = ("请上传 .xlsx、.csv", "upload a file that ends in .xlsx")
NO_HEADER = ("没有找到表头", "there is no header")
NO_DAY = ("请更正", "a calendar date such as")
NO_CODE = ("请按代码表填写", "please use the table")
QUOTE = ("双引号没有成对", "a quotation mark without its pair")
ENCODING = ("既不是 UTF-8 也不是 GB18030", "is neither UTF-8 nor GB18030")
RAGGED = ("请检查该行的逗号与引号", "check its commas and quotes")
UNPACK = ("请先解压", "unpack it first")
MARKUP = ("网页或 XML", "a web page or XML")
UTF_16 = ("UTF-16 文本", "UTF-16 text")

SAYS = {
    "an empty file": ("文件是空的", "the file is empty"),
    "plain words": NO_HEADER,
    "an old .xls": ("旧版 .xls", "an old .xls"),
    "a workbook with a password": ("设有打开密码", "protected by a password"),
    "an archive with a password": ("压缩包设有密码", "its archive is protected"),
    "half a workbook": DAMAGED,
    "a workbook without its last bytes": DAMAGED,
    "noise after a good beginning": DAMAGED,
    "an empty archive": ("不是工作簿", "another kind of file"),
    "a workbook in an archive": UNPACK,
    "an archive in an archive": UNPACK,
    "a text file in an archive": UNPACK,
    "a Word document": ("Word 文档", "a Word document"),
    "a presentation": ("演示文稿", "a presentation"),
    "an .ods": (".ods", "an OpenDocument sheet"),
    "an .xlsb": (".xlsb", "a binary workbook"),
    "a Numbers sheet": ("Numbers 表格", "a Numbers sheet"),
    "a Java archive": ("其他压缩包", "another archive"),
    "a PDF": ("PDF 文件", "a PDF"),
    "a RAR archive": ("RAR 压缩包", "a RAR archive"),
    "a 7z archive": ("7z 压缩包", "a 7z archive"),
    "a gzip file": ("gzip 压缩文件", "compressed by gzip"),
    "a picture": ("图片", "a picture"),
    "a photograph": ("图片", "a picture"),
    "a web page": MARKUP,
    "an XML spreadsheet of 2003": MARKUP,
    "text in UTF-16": UTF_16,
    "a Parquet file": ("Parquet 文件", "it is Parquet"),
    "macros": ("含有宏 (VBA)", "holds macros"),
    "macros of 1992": ("宏表", "macro sheets"),
    "an embedded object": ("嵌入的对象", "embedded objects"),
    "an ActiveX control": ("ActiveX 控件", "ActiveX controls"),
    "a link to another workbook": ("对其他工作簿的链接", "links to other workbooks"),
    "a DDE link": ("DDE 链接", "DDE links"),
    "a connection to a database": ("外部数据连接", "connections to outside data"),
    "a zip bomb in a picture": LARGE,
    "a zip bomb in a sheet": LARGE,
    "a zip bomb that lies about its size": CONTENT,
    "fifty names for one bomb": LARGE,
    "sixty thousand members": LARGE,
    "strings of a hundred megabytes": LARGE,
    "a cell in the last corner": ("单元格 XFD1048576 有内容", "something in cell XFD1048576"),
    "a cell in the last row": ("单元格 A1048576 有内容", "something in cell A1048576"),
    "a cell in the last column": ("单元格 XFD2 有内容", "something in cell XFD2"),
    "one row too many": ("单元格 D200101 有内容", "something in cell D200101"),
    "a far cell that nothing declares": LARGE,
    "a billion laughs in the strings": CONTENT,
    "a billion laughs in the book": ("没有名为 证件 的工作表", "there is no sheet 证件"),
    "a quadratic entity": CONTENT,
    "an entity of the server's files": CONTENT,
    "half a sheet": CONTENT,
    "no book": CONTENT,
    "a relation out of the archive": CONTENT,
    "strings that are not there": CONTENT,
    "another sheet's name": ("没有名为 证件 的工作表", "there is no sheet 证件"),
    "an empty sheet": NO_HEADER,
    "no row": ("本批没有任何记录", "the batch has no rows"),
    "a column is missing": ("缺少列 证照编号", "columns are missing: 证照编号"),
    "a column too many": ("多出列 颜色", "columns are unknown: 颜色"),
    "a column twice": ("列名重复 业户名称", "columns are there twice: 业户名称"),
    "a value without a header": ("第 16 列 (无列名)", "column 16"),
    "a header in other words": ("缺少列 证照编号; 多出列 编号", "columns are unknown: 编号"),
    "a second header": ("第 3 行又是一行表头", "row 3 is a header again"),
    "a second header in English": ("第 2 行又是一行表头", "row 2 is a header again"),
    "a template of another dataset": ("transport.driver_permits 的模板", "the template of transport.driver_permits"),
    "a template of an old contract": ("契约 0.9.0 版的模板", "the template is of version 0.9.0"),
    "merged cells": ("E2:E3 是合并单元格", "cells E2:E3 of the table are merged"),
    "a hidden row": ("第 2 行被隐藏", "row 2 is hidden"),
    "a hidden column": ("列 D (统一社会信用代码) 被隐藏", "column D (统一社会信用代码) is hidden"),
    "a formula that was never calculated": ("单元格 E2 是未计算的公式", "cell E2 is a formula"),
    "a formula that fails": ("单元格 E2 是错误值", "cell E2 holds an error"),
    "a formula that calls a program": NO_CODE,
    "a text that looks like a formula": NO_CODE,
    "a number that was rounded": ("请将该列设为文本格式后重新录入", "rounded by a spreadsheet"),
    "a day that is a number": NO_DAY,
    "a day that does not exist": NO_DAY,
    "a time instead of a day": NO_DAY,
    "a code's name": NO_CODE,
    "a code without its zeros": NO_CODE,
    "an empty cell that is required": ("该项必填, 请补录", "please fill it in"),
    "a text that is too long": ("超过 200 个字符", "longer than 200 characters"),
    "a name with invisible characters": ("不可见字符", "invisible characters"),
    "a wrong check character": ("请对照原件更正", "please correct it from the original"),
    "one key for two rows": ("请保留正确的一条", "keep the right one"),
    "an .xls by its name": SUFFIX,
    "an .ods by its name": SUFFIX,
    "an .xlsm by its name": SUFFIX,
    "a .zip by its name": SUFFIX,
    "a .docx by its name": SUFFIX,
    "no suffix": SUFFIX,
    "more than fifty megabytes": ("上传文件超过 50 MB", "larger than 50 MB"),
    "a file of nothing": ("文件是空的", "the file is empty"),
    "a mark and nothing": ("文件是空的", "the file is empty"),
    "UTF-16 with its mark": UTF_16,
    "UTF-16 from the other end": UTF_16,
    "UTF-16 without a mark": ("含有二进制内容", "it holds binary content"),
    "UTF-32": UTF_16,
    "Big5": NO_HEADER,
    "two encodings in one file": ENCODING,
    "GBK cut within a character": ENCODING,
    "a null byte": ("含有二进制内容", "it holds binary content"),
    "a web page called .csv": MARKUP,
    "a PDF called .csv": ("PDF 文件", "a PDF"),
    "a gzip file called .csv": ("压缩文件", "a compressed file"),
    "JSON called .csv": QUOTE,
    "an unclosed quote": QUOTE,
    "a quote within a cell": QUOTE,
    "a cell too many": RAGGED,
    "a cell too few": RAGGED,
    "a line break within a row": RAGGED,
    "mixed line ends around a broken row": RAGGED,
    "semicolons": NO_HEADER,
    "tabs": NO_HEADER,
    "a line for Excel before the header": NO_HEADER,
    "a row of ten megabytes": ("个字符, 请核对是否错列", "is it in the wrong column?"),
    "no header": NO_HEADER,
    "a header twice": ("列名重复 证照编号", "columns are there twice: 证照编号"),
    "two rows of headers": NO_DAY,
    "a number that a spreadsheet rounded": ("请将该列设为文本格式后重新录入", "rounded by a spreadsheet"),
    "a formula for a program": NO_CODE,
    "two sheets with the table": ("有 2 张工作表都有契约的列", "2 sheets have the contract's columns"),
    "the table on a hidden sheet": NO_HEADER,
    "half a line of JSON": ("不是完整的 JSON", "is no whole JSON"),
    "a list in JSON Lines": ("不是 JSON 对象", "is no JSON object"),
    "an object within an object": ("有嵌套的值", "has a nested value"),
    "a member that nobody knows": ("多出列 colour", "columns are unknown: colour"),
    "half a Parquet file": ("无法解析或已损坏", "it can't be parsed, or is damaged"),
    "Parquet with other columns": NO_HEADER,
    "Parquet with nested values": ("不能作为文本读取", "which has no form as text"),
}


def said(clerk: Clerk, name: str) -> str:
    """What the page says of a file."""
    if name in BAD_WORKBOOKS:
        page = clerk.send(PERMITS, "证件.xlsx", BAD_WORKBOOKS[name]())
    else:
        page = clerk.send(LICENCES, *BAD_TEXTS[name])
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.text)))


def peak(process: int) -> int:
    """The most memory that a process has had so far, in bytes."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return int(re.findall(r"VmHWM:\s+([0-9]+) kB", status)[0]) << 10


def test_a_hundred_of_them_stand_in_the_table() -> None:
    assert set(SAYS) == {*BAD_WORKBOOKS, *BAD_TEXTS}
    assert len(SAYS) >= 100


@pytest.mark.timeout(900)  # a machine may be busy: what is bounded is the processor's time
def test_each_is_told_what_is_wrong_and_how_to_mend_it(office: Office, transport: Clerk, market: Clerk) -> None:
    said(market, "a cell too many")  # the worker is warm, as in a hub that has been up for a while
    before, wrong = peak(office.worker.pid), {}
    for name, (zh, en) in SAYS.items():
        begun = processor_seconds(office.worker.pid)
        words = said(transport if name in BAD_WORKBOOKS else market, name)
        took = processor_seconds(office.worker.pid) - begun
        if zh not in words or en not in words or took > SECONDS:
            wrong[name] = f"{took:.1f} s: {words[-900:]}"
        assert "示例运输有限公司" not in words
        assert transport.http.get("/health/live").status_code == 200, name
        assert office.worker.poll() is None, name
    assert wrong == {}
    assert peak(office.worker.pid) - before < MORE_MEMORY
