"""JSON Lines: numbers to the last digit, one flat object a line, and what is wrong named by its line."""

import io
import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registries.connectors import json_lines
from registries.connectors.faults import RowTooLong, SourceChangedShape, SourceFault, WrongEncoding
from registries.connectors.file_faults import NotJsonLines, OtherFormat
from registries.connectors.json_lines import json_codec
from tests.registries.connectors.shops import NAMES, SHOPS, delivered, rows_of

SHOPS_JSON = replace(SHOPS, encoding="UTF-8")
EMPTY = dict.fromkeys(NAMES)


def lines_of(*rows: object, end: str = "\n") -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + end for row in rows).encode()


def read(data: bytes) -> list[dict[str, str | None]]:
    return rows_of(delivered(lambda: io.BytesIO(data), "json_lines", "shops.jsonl", SHOPS_JSON))


def fault_of(data: bytes) -> SourceFault:
    with pytest.raises(SourceFault) as caught:
        read(data)
    assert "秘密" not in str(caught.value), "a fault never shows a value of a row"
    assert caught.value.__cause__ is None
    return caught.value


@pytest.mark.parametrize(
    "number",
    ["440507199003071234", "12.50", "-0.10", "1E5", "0", "-0", "1e-7", "123456789012345678901234567890.00", "true"],
)
def test_numbers_and_booleans_keep_their_text_exactly(number: str) -> None:
    line = json.dumps({**EMPTY, "name": "@"}).replace('"@"', number)
    assert read(line.encode())[0]["name"] == number


def test_texts_nulls_and_what_is_absent() -> None:
    whole = {**EMPTY, "uscc": 'a"b\\', "name": '示例{"x":1,}\n[2]', "division_code": "", "status": ":5,"}
    found = read(lines_of(whole, {"name": "n"}))
    assert found == [whole, {**EMPTY, "name": "n"}]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n  \n"])
def test_all_three_encodings_and_blank_lines(encoding: str, end: str) -> None:
    rows = [{**EMPTY, "name": f"示例店{number}", "status": 1} for number in range(3)]
    data = lines_of(*rows, end=end).decode().encode(encoding)
    assert [row["name"] for row in read(data)] == ["示例店0", "示例店1", "示例店2"]
    assert json_codec(SHOPS_JSON, "x", lambda: io.BytesIO(data)) == encoding


def test_escapes_are_characters() -> None:
    data = json.dumps({**EMPTY, "name": "示例😀", "status": "\u2028"}).encode()
    assert b"\\u" in data
    assert read(data)[0]["name"] == "示例😀"


@pytest.mark.parametrize(
    "line",
    [
        '{"name": {"x": "秘密"}}',
        '{"name": ["秘密"]}',
        '{"name": [[[',
        '{"name": "秘密", "name": "秘密"}',
        '{"na\\u006de": "秘密", "name": "秘密"}',
        '["秘密"]',
        '"秘密"',
        "12",
        "null",
        '{"name": "秘密"',
        '{"name": "秘密}',
        '{"name": "秘密"}}',
        '{"name": "秘密"} {"name": "秘密"}',
        '{"name": "秘密"},',
        '1 {"name": "秘密"}',
        '{name: "秘密"}',
        '{1: "秘密"}',
        '{"name": 秘密}',
        '{"name": 01}',
        '{"name": +1}',
        '{"name": 1.}',
        '{"name": .5}',
        '{"name": 0x10}',
        '{"name": NaN}',
        '{"name": -Infinity}',
        '{"name": True}',
        '{"name": 1 2}',
        '{"name": "秘密" 2}',
        '{"name": 1"秘密"}',
        '{"name" "秘密"}',
        '{"name":: "秘密"}',
        '{, "name": "秘密"}',
        '{"name": "秘密",}',
        "{\"name\": '秘密'}",
        '{"name": "秘密\\q"}',
        '{"name": "秘密\\ud800"}',
        '{"name": "秘密\\u0000"}',
        '{"name": "秘密\x01"}',
        '{"name": "秘密\t"}',
        '{"name": }',
        "}{",
    ],
)
def test_what_is_no_flat_object_is_named_by_its_line(line: str) -> None:
    fault = fault_of(lines_of(EMPTY, EMPTY) + f"\n{line}\n".encode() + lines_of(EMPTY))
    assert isinstance(fault, NotJsonLines)
    assert fault.line == 4


def test_members_that_nobody_knows_are_named() -> None:
    fault = fault_of(lines_of(EMPTY, {**EMPTY, "colour": 1, "size": None}))
    assert isinstance(fault, SourceChangedShape)
    assert fault.unknown == ("colour", "size")


def test_a_column_that_no_row_of_a_snapshot_names_is_missing_but_not_in_a_change_set() -> None:
    data = lines_of({"uscc": "1"}, {"uscc": "2", "status": None, "name": "n"})
    fault = fault_of(data)
    assert isinstance(fault, SourceChangedShape)
    assert set(fault.missing) >= {"division_code", "opened_on", "closed_on"}
    changes = replace(SHOPS_JSON, delivery="changes")
    assert len(rows_of(delivered(lambda: io.BytesIO(data), "json_lines", dataset=changes))) == 2


def test_the_reasons_that_the_hub_added_are_passed_over() -> None:
    assert read(lines_of({**EMPTY, "免证:原因": "请更正", "name": "n"})) == [{**EMPTY, "name": "n"}]


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_a_file_without_rows_is_a_delivery_of_no_rows(data: bytes) -> None:
    assert read(data) == []


@pytest.mark.parametrize("data", [b"PAR1xxxx", b"PK\x03\x04", b'{"name": "\0"}', b"\xff\xfe{\0"])
def test_another_format_is_named(data: bytes) -> None:
    assert isinstance(fault_of(data), OtherFormat)


def test_bytes_that_are_text_in_both_encodings_follow_the_contract() -> None:
    data = b'{"name": "' + "联通".encode("gb18030") + b'"}\n'
    changes = replace(SHOPS, delivery="changes")
    found = rows_of(delivered(lambda: io.BytesIO(data), "json_lines", dataset=changes))
    assert (SHOPS.encoding, found[0]["name"]) == ("GB18030", "联通")


def test_neither_encoding_is_named_by_line() -> None:
    fault = fault_of(lines_of(EMPTY) + b'{"name": "\xff\xff"}\n')
    assert isinstance(fault, WrongEncoding)
    assert fault.line == 2


def test_a_line_without_end_is_refused_before_it_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "_LONGEST_LINE", 1_000)
    assert isinstance(fault_of(b'{"name": "' + b"x" * 2_000 + b'"}'), RowTooLong)


def test_a_fault_deep_in_a_large_file_is_still_named_by_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "_BLOCK", 4_096)
    fault = fault_of(lines_of(*[EMPTY] * 5_000) + b"{]\n")
    assert isinstance(fault, NotJsonLines)
    assert fault.line == 5_001


TEXTS = st.text(st.sampled_from('a1"\\{}[]:,汕😀\n\t /-'), max_size=8)
VALUES = st.one_of(TEXTS, st.none(), st.booleans(), st.integers(), st.decimals(allow_nan=False, allow_infinity=False))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.fixed_dictionaries(dict.fromkeys(NAMES, VALUES)), max_size=12), st.booleans(), st.integers(5, 200))
def test_whatever_is_written_is_read_back(rows: list[dict[str, object]], ascii_only: bool, block: int) -> None:
    lines = [_line(row, ascii_only=ascii_only) for row in rows]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_lines, "_BLOCK", block)
        found = read("\n".join(lines).encode())
    assert found == [{name: _as_text(value) for name, value in row.items()} for row in rows]


def _line(row: dict[str, object], *, ascii_only: bool) -> str:
    """JSON with numbers as they print, which the module of the standard library does not do for decimals."""
    members = (f"{json.dumps(name)} :{_member(value, ascii_only=ascii_only)}" for name, value in row.items())
    return "{" + " , ".join(members) + "}"


def _member(value: object, *, ascii_only: bool) -> str:
    return json.dumps(value, ensure_ascii=ascii_only) if isinstance(value, str | bool | None) else str(value)


def _as_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)
