"""Refused rows as CSV: in the encoding they came in, and no cell that a spreadsheet program would run."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.refused_rows.csv_text import FORMULA_STARTS, refused_csv, safe


@given(st.text(max_size=20))
def test_no_cell_begins_like_a_formula(cell: str) -> None:
    assert not safe(cell).startswith(FORMULA_STARTS)
    assert safe(cell).removeprefix("'") == cell or safe(cell) == cell


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_file_reads_back_in_its_encoding(encoding: str) -> None:
    rows: list[list[str | None]] = [["张三", '带"引号"和,逗号', None], ["=1+1", "两\n行", "𠮷野家"]] * 1500
    data = b"".join(refused_csv(["姓名", "+备注", "住所"], rows, encoding))
    read = list(csv.reader(io.StringIO(data.decode(encoding), newline="")))
    assert read[0] == ["姓名", "'+备注", "住所"]
    assert read[1] == ["张三", '带"引号"和,逗号', ""]
    assert read[2] == ["'=1+1", "两\n行", "𠮷野家"]
    assert len(read) == 3001
    assert data.startswith(b"\xef\xbb\xbf") == (encoding == "utf-8-sig")
