"""Workbooks of refused rows: what is written is read back, as text, and the clerk's program never computes anything."""

import io
import re
import zipfile
from xml.etree import ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from quality.refused_rows.workbook import escaped, refused_xlsx

HEADERS = ["姓名", "=证件号码", "免证:原因"]


def sheet_of(data: bytes) -> list[list[str]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    assert book.sheet_names == ["证照 & <1>"]
    return book.get_sheet_by_index(0).to_python()  # type: ignore[return-value]  # all are texts


def written(rows: list[list[str | None]]) -> bytes:
    return b"".join(refused_xlsx(HEADERS, 1, rows, "证照 & <1>"))


def test_every_cell_is_text() -> None:
    rows: list[list[str | None]] = [["=1+1", "440507199003071234", "@x"], [None, "007", "+5"], ["-1", "2020-01-01", ""]]
    data = written(rows)
    assert sheet_of(data) == [HEADERS, *([cell or "" for cell in row] for row in rows)]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        assert all(ET.fromstring(archive.read(name)).tag for name in archive.namelist())  # noqa: S314 - our own
    assert "<f>" not in sheet
    assert set(re.findall(r'<c [^>]*t="(\w+)"', sheet)) == {"inlineStr"}
    assert "<v>" not in sheet


def test_it_is_sent_while_it_is_made() -> None:
    pulled = 0

    def rows() -> "list[list[str | None]]":
        nonlocal pulled
        for number in range(20_000):
            pulled += 1
            yield [str(number) * 3, "x", "y"]

    pieces = refused_xlsx(HEADERS, 1, rows(), "证照 & <1>")  # type: ignore[arg-type]  # a generator of rows
    first = next(pieces)
    assert pulled < 1_000
    rest = list(pieces)
    assert max(len(piece) for piece in rest) < 1 << 20
    assert len(sheet_of(b"".join([first, *rest]))) == 20_001


TEXTS = st.text(st.sampled_from("a汕😀<>&\"'_x0041 \n\t]"), max_size=12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(TEXTS, min_size=3, max_size=3), max_size=8))
def test_whatever_is_written_is_read_back(rows: list[list[str | None]]) -> None:
    found = sheet_of(written(rows))
    assert found[1:] == rows or [row for row in rows if any(row)] == [row for row in found[1:] if any(row)]


def test_characters_that_xml_lacks_are_written_as_spreadsheets_do() -> None:
    assert escaped("a\x07b\ufffe\r_x0041_") == "a_x0007_b_xFFFE__x000D__x005F_x0041_"
    assert sheet_of(written([["a\x07b", "_x0041_", "c\rd"]]))[1] == ["a\x07b", "_x0041_", "c\rd"]
    assert len(escaped("x" * 99_999)) == 32_767
