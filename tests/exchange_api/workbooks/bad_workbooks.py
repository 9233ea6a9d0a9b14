"""A hundred files that nobody should send, the workbooks among them: name -> what makes it. Sent for PERMITS.

    content = BAD_WORKBOOKS["a zip bomb in a sheet"]()

What the hub answers to each stands in test_bad_files.py.
"""

import zlib
from collections.abc import Mapping
from typing import Final

from tests.exchange_api.workbooks.making import (
    GOOD,
    HEADS,
    MAIN,
    MIB,
    NAMES,
    SHEET,
    STRINGS,
    Make,
    archive,
    cut,
    drawn,
    edited,
    laughing,
    locked_archive,
    lying_bomb,
    many_names_for_one,
    marked,
    merged_down,
    old_office,
    packed,
    plain,
    says_many_members,
    strings,
    timed,
    undeclared_giant,
    with_cell,
    with_part,
    workbook,
)

UNCALCULATED = '<c r="E2"><f>A2</f></c>'

BAD_WORKBOOKS: Final[Mapping[str, Make]] = {
    # no workbook at all
    "an empty file": lambda: b"",
    "plain words": "这不是表格\n".encode,
    "an old .xls": old_office("Workbook"),
    "a workbook with a password": old_office("EncryptedPackage"),
    "an archive with a password": locked_archive,
    "half a workbook": cut(0.5),
    "a workbook without its last bytes": cut(0.99),
    "noise after a good beginning": lambda: b"PK\x03\x04" + bytes(range(256)) * 20,
    "an empty archive": archive(),
    "a workbook in an archive": archive("证件.xlsx", part=plain(GOOD)()),
    "an archive in an archive": archive("b.zip", part=archive("c.zip", part=archive("d.zip")())()),
    "a text file in an archive": archive("证件.csv"),
    "a Word document": archive("word/document.xml"),
    "a presentation": archive("ppt/presentation.xml"),
    "an .ods": archive("mimetype", "content.xml"),
    "an .xlsb": archive("xl/workbook.bin"),
    "a Numbers sheet": archive("Index/Document.iwa"),
    "a Java archive": archive("META-INF/MANIFEST.MF"),
    "a PDF": lambda: b"%PDF-1.7\n" + bytes(100),
    "a RAR archive": lambda: b"Rar!\x1a\x07\x00" + bytes(100),
    "a 7z archive": lambda: b"7z\xbc\xaf\x27\x1c" + bytes(100),
    "a gzip file": lambda: b"\x1f\x8b\x08\x00" + zlib.compress(b"x" * 100),
    "a picture": lambda: b"\x89PNG\r\n\x1a\n" + bytes(100),
    "a photograph": lambda: b"\xff\xd8\xff\xe0" + bytes(100),
    "a web page": "<html><table><tr><td>证照编号</td></tr></table></html>".encode,
    "an XML spreadsheet of 2003": lambda: b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>',
    "text in UTF-16": lambda: "证照编号\t业户名称\r\n".encode("utf-16"),
    "a Parquet file": lambda: b"PAR1" + bytes(100),
    # what should not be opened
    "macros": with_part("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0"),
    "macros of 1992": with_part("xl/macrosheets/sheet1.xml"),
    "an embedded object": with_part("xl/embeddings/oleObject1.bin"),
    "an ActiveX control": with_part("xl/activeX/activeX1.xml"),
    "a link to another workbook": with_part("xl/externalLinks/externalLink1.xml", b"<externalLink><externalBook/>"),
    "a DDE link": with_part("xl/externalLinks/externalLink1.xml", b'<externalLink><ddeLink ddeService="cmd"/>'),
    "a connection to a database": with_part("xl/connections.xml"),
    # too much
    "a zip bomb in a picture": with_part("xl/media/image1.png", bytes(160 * MIB)),
    "a zip bomb in a sheet": lambda: packed({SHEET: b"<worksheet>" + b" " * (160 * MIB)}),
    "a zip bomb that lies about its size": lying_bomb,
    "fifty names for one bomb": many_names_for_one,
    "sixty thousand members": says_many_members,
    "strings of a hundred megabytes": strings("x" * (100 * MIB)),
    "a cell in the last corner": drawn(lambda _, sheet: sheet.write(1_048_575, 16_383, "x")),
    "a cell in the last row": drawn(lambda _, sheet: sheet.write(1_048_575, 0, "x")),
    "a cell in the last column": drawn(lambda _, sheet: sheet.write(1, 16_383, "x")),
    "one row too many": drawn(lambda _, sheet: sheet.write(200_100, 3, "x")),
    "a far cell that nothing declares": undeclared_giant,
    "a billion laughs in the strings": laughing(STRINGS, f'<sst xmlns="{MAIN}"><si><t>{{}}</t></si></sst>'),
    "a billion laughs in the book": laughing(
        "xl/workbook.xml", f'<workbook xmlns="{MAIN}"><sheets>{{}}</sheets></workbook>'
    ),
    "a quadratic entity": strings("&a;" * 6_000, f'<!DOCTYPE x [<!ENTITY a "{"x" * 15_000}">]>'),
    "an entity of the server's files": strings("&a;", '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'),
    # damaged
    "half a sheet": with_part(SHEET, b"<worksheet><sheetData><row"),
    "no book": with_part("xl/workbook.xml", b""),
    "a relation out of the archive": lambda: packed(
        {
            "xl/_rels/workbook.xml.rels": b'<Relationships><Relationship Id="rId1" '
            b'Target="../../../etc/passwd"/></Relationships>'
        }
    ),
    "strings that are not there": lambda: packed({STRINGS: f'<sst xmlns="{MAIN}"/>'.encode()}),
    # another table
    "another sheet's name": plain(GOOD, name="Sheet1"),
    "an empty sheet": plain(heads=()),
    "no row": plain(),
    "a column is missing": plain(GOOD[1:], heads=HEADS[1:]),
    "a column too many": plain([*GOOD, "红"], heads=[*HEADS, "颜色"]),
    "a column twice": plain([*GOOD, "x"], heads=[*HEADS, "业户名称"]),
    "a value without a header": plain([*GOOD, "", "x"]),
    "a header in other words": plain(GOOD, heads=["编号", *HEADS[1:]]),
    "a second header": plain(GOOD, HEADS, GOOD),
    "a second header in English": plain(NAMES, GOOD),
    "a template of another dataset": marked("transport.driver_permits", "1.0.0", HEADS),
    "a template of an old contract": marked("transport.operation_permits", "0.9.0", ["旧列", *HEADS[1:]]),
    # cells that say something else than they show
    "merged cells": lambda: workbook(merged_down),
    "a hidden row": drawn(lambda _, sheet: sheet.set_row(1, None, None, {"hidden": True})),
    "a hidden column": drawn(lambda _, sheet: sheet.set_column(3, 3, None, None, {"hidden": True})),
    "a formula that was never calculated": edited(
        lambda text: text.replace("</row></sheetData>", f"{UNCALCULATED}</row></sheetData>")
    ),
    "a formula that fails": drawn(lambda _, sheet: sheet.write_formula(1, 4, "=NA()", None, "#N/A")),
    "a formula that calls a program": drawn(lambda _, sheet: sheet.write_formula(1, 9, "=cmd|'/c calc'!A0", None, "0")),
    "a text that looks like a formula": with_cell(9, "=1+1"),
    "a number that was rounded": with_cell(0, 440507199003071234),
    "a day that is a number": with_cell(6, 43861),
    "a day that does not exist": with_cell(6, "2020-02-30"),
    "a time instead of a day": lambda: workbook(timed),
    "a code's name": with_cell(9, "有效"),
    "a code without its zeros": with_cell(2, 1),
    "an empty cell that is required": with_cell(1, ""),
    "a text that is too long": with_cell(1, "汕" * 32_000),
    "a name with invisible characters": with_cell(1, "汕头\u200b市示例"),
    "a wrong check character": with_cell(3, "911100006000373410"),
    "one key for two rows": plain(GOOD, [GOOD[0], "汕头市另一运输有限公司", *GOOD[2:]]),
}
