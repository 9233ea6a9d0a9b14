"""How workbooks are made that nobody should send: by a clerk, by another program, or by somebody who means harm.

    content = with_cell(6, "2020-02-30")()

Each maker gives a function that makes the file: the largest are made when they are asked for, and kept nowhere.
"""

import datetime as dt
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import xlsxwriter

from registries.connectors.workbook_marks import MARKS, Form

Book = xlsxwriter.Workbook
Fill = Callable[[Book], object]
Make = Callable[[], bytes]

SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
HEADS: Final = (
    *("证照编号", "业户名称", "证件类型代码", "统一社会信用代码", "车牌号码", "车辆类型", "发证日期", "有效期起"),
    *("有效期止", "状态代码", "状态日期", "发证机关", "发证机关代码", "行政区划代码"),
)
NAMES: Final = (
    *("certificate_number", "holder_name", "holder_code_type", "holder_code", "plate_number", "vehicle_kind"),
    *("issued_on", "valid_from", "valid_until", "status_code", "status_since", "issuing_authority_name"),
    *("issuing_authority_code", "area_code"),
)
GOOD: Final = (
    *("粤交运管汕字440507000001", "汕头市示例运输有限公司", "001", "91110000600037341L", "粤D12345", "货车"),
    *("2020-01-31", "2020-01-31", "2099-01-30", "10", "2020-01-31", "汕头市交通运输局", "11440500MB2D00000X", "440507"),
)
MIB: Final = 1 << 20


def workbook(fill: Fill, **options: object) -> bytes:
    sink = io.BytesIO()
    with Book(sink, {"in_memory": True, "strings_to_formulas": False, **options}) as book:
        fill(book)
    return sink.getvalue()


def table(book: Book, *rows: Sequence[object], name: str = "证件", heads: Sequence[object] = HEADS) -> Any:  # noqa: ANN401 - XlsxWriter's sheet
    sheet = book.add_worksheet(name)
    for number, row in enumerate((heads, *rows)):
        sheet.write_row(number, 0, row)
    return sheet


def plain(*rows: Sequence[object], heads: Sequence[object] = HEADS, name: str = "证件") -> Make:
    return lambda: workbook(lambda book: table(book, *rows, heads=heads, name=name))


def with_cell(place: int, value: object) -> Make:
    """One good row but for one cell."""
    return plain([*GOOD[:place], value, *GOOD[place + 1 :]])


def drawn(draw: Callable[[Book, Any], object], *rows: Sequence[object]) -> Make:
    """One good row, or these, and something more."""
    return lambda: workbook(lambda book: draw(book, table(book, *(rows or (GOOD,)))))


def packed(parts: Mapping[str, bytes], base: bytes | None = None) -> bytes:
    """A workbook with some of its parts replaced or added."""
    sink = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(base or plain(GOOD)())) as old,
        zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        kept = {name: old.read(name) for name in old.namelist()}
        for name, part in {**kept, **parts}.items():
            new.writestr(name, part)
    return sink.getvalue()


def with_part(name: str, part: bytes = b"<x/>") -> Make:
    return lambda: packed({name: part})


def archive(*names: str, part: bytes = b"<x/>") -> Make:
    def make() -> bytes:
        sink = io.BytesIO()
        with zipfile.ZipFile(sink, "w") as new:
            for name in names:
                new.writestr(name, part)
        return sink.getvalue()

    return make


def edited(change: Callable[[str], str]) -> Make:
    """A workbook whose sheet was written by a program that does it wrongly."""

    def make() -> bytes:
        base = plain(GOOD)()
        with zipfile.ZipFile(io.BytesIO(base)) as old:
            return packed({SHEET: change(old.read(SHEET).decode()).encode()}, base)

    return make


def old_office(stream: str) -> Make:
    """A compound file with a stream of that name in its directory."""
    return lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1024) + stream.encode("utf-16-le") + bytes(2048)


def cut(share: float) -> Make:
    def make() -> bytes:
        content = plain(*[GOOD] * 50)()
        return content[: int(len(content) * share)]

    return make


def locked_archive() -> bytes:
    """The flag that says that a member is encrypted, in both headers of each."""
    content = bytearray(plain(GOOD)())
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.find(magic)
        while place >= 0:
            content[place + offset] |= 1
            place = content.find(magic, place + 4)
    return bytes(content)


def lying_bomb() -> bytes:
    """A sheet of 96 MiB that says it has nine."""
    bomb = packed({SHEET: f'<worksheet xmlns="{MAIN}"><sheetData>'.encode() + b" " * (96 * MIB)})
    with zipfile.ZipFile(io.BytesIO(bomb)) as opened:
        size = opened.getinfo(SHEET).file_size.to_bytes(4, "little")
    return bomb.replace(size, (9 * MIB).to_bytes(4, "little"))


def many_names_for_one() -> bytes:
    """A table of contents with fifty names for the same forty MiB."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        new.writestr("xl/media/0", bytes(40 * MIB))
        (one,) = new.filelist
        for number in range(1, 50):
            other = zipfile.ZipInfo(f"xl/media/{number}")
            for name in ("compress_type", "compress_size", "file_size", "CRC", "header_offset", "flag_bits"):
                setattr(other, name, getattr(one, name))
            new.filelist.append(other)
    return sink.getvalue()


def says_many_members() -> bytes:
    content = bytearray(plain(GOOD)())
    end = content.rfind(b"PK\x05\x06")
    content[end + 8 : end + 12] = (60_000).to_bytes(2, "little") * 2
    return bytes(content)


def laughing(part: str, around: str) -> Make:
    """Entities that grow tenfold, twenty times over."""
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 20))
    return with_part(part, f'<!DOCTYPE x [<!ENTITY e0 "ha">{entities}]>{around.format("&e19;")}'.encode())


def strings(text: str, doctype: str = "") -> Make:
    return with_part(STRINGS, f'{doctype}<sst xmlns="{MAIN}"><si><t>{text}</t></si></sst>'.encode())


def undeclared_giant() -> bytes:
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="1048576">'
    return packed({SHEET: f'{sheet}<c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'.encode()})


def hidden_table(heads: Sequence[object]) -> bytes:
    """The table stands on a sheet that nobody sees."""

    def fill(book: Book) -> None:
        book.add_worksheet("说明").write(0, 0, "见隐藏的工作表")
        table(book, heads=heads, name="数据").hide()

    return workbook(fill)


def two_tables(heads: Sequence[object]) -> bytes:
    """Two sheets that both could be meant."""

    def fill(book: Book) -> None:
        table(book, heads=heads, name="一月")
        table(book, heads=heads, name="二月")

    return workbook(fill)


def marked(dataset: str, version: str, heads: Sequence[object]) -> Make:
    """A workbook made from a template of the hub's."""

    def fill(book: Book) -> None:
        table(book, GOOD, heads=heads)
        sheet = book.add_worksheet(MARKS)
        for number, row in enumerate(Form(dataset, version).rows()):
            sheet.write_row(number, 0, row)

    return lambda: workbook(fill)


def merged_down(book: Book) -> None:
    table(book, GOOD, GOOD).merge_range(1, 4, 2, 4, "粤D12345")


def timed(book: Book) -> None:
    form = book.add_format({"num_format": "hh:mm"})
    table(book, GOOD).write_datetime(1, 6, dt.time(8, 5), form)
