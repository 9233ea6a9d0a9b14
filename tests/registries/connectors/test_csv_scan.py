"""The first look at bytes: quotation marks, wherever the blocks are cut."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registries.connectors import text_encoding
from registries.connectors.csv_scan import scan
from registries.connectors.faults import StrayQuote, WrongEncoding


@pytest.fixture(params=[1, 2, 3, 1 << 20])
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of any size: what spans two of them is the same as within one."""
    monkeypatch.setattr(text_encoding, "_BLOCK", request.param)


def scanned(text: str, encoding: str = "utf-8") -> str:
    return scan(io.BytesIO(text.encode(encoding)), "a.csv", "UTF-8", ["名称"])


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize("text", ['a,"b"\n', '"a""b",c\n', '"","""",""\r\n"x\ny"', '"a"', "", '\n"a"\n'])
def test_marks_that_pair_up_pass(text: str) -> None:
    assert scanned(text) == "utf-8"


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('a,"b\n', 1),
        ('a\n"b"\n"c\nd\n', 3),
        ('a\nb"c\n', 2),
        ('"a"b,c', 1),
        ('a\n"b" ,c', 2),
        ('"a\n\n"b', 3),
        ('x""y', 1),
        ('"', 1),
    ],
)
def test_marks_without_their_pair_are_named_by_line(text: str, line: int) -> None:
    with pytest.raises(StrayQuote) as caught:
        scanned(text)
    assert caught.value.line == line


@given(
    st.lists(st.lists(st.text(st.sampled_from('ab",\n\r'), max_size=5), min_size=1, max_size=4), max_size=8),
    st.integers(1, 9),
)
def test_whatever_the_csv_module_writes_passes(rows: list[list[str]], size: int) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_encoding, "_BLOCK", size)
        assert scanned(text.getvalue()) in {"utf-8", "gb18030"}


@pytest.mark.usefixtures("block")
def test_encodings_are_told_apart() -> None:
    text = "名称\n汕头市金平区\n"
    assert scanned(text) == "utf-8"
    assert scanned(text, "gb18030") == "gb18030"
    assert scanned(text, "utf-8-sig") in {"utf-8-sig", "utf-8"}


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize("data", [b"a\nb\n\xff", b"a\n\x81", b"a\n\x81\n\xff"])
def test_what_no_encoding_has_is_refused(data: bytes) -> None:
    with pytest.raises(WrongEncoding):
        scan(io.BytesIO(data), "a.csv", "UTF-8", [])
