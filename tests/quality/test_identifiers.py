"""The arithmetic over columns says of every number what certificates.identifiers says of one."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from certificates.holder_codes import check_holder_code, code_types
from certificates.identifiers import (
    CertificateIdentifier,
    check_citizen_number,
    check_foreign_permanent_resident_number,
    check_licence_plate,
    check_residence_permit,
    check_uscc,
    check_vehicle_number,
)
from certificates.identifiers import MalformedIdentifier as Malformed
from quality.identifiers import (
    certificate_identifier,
    citizen_number,
    foreign_permanent_resident_number,
    holder_code,
    licence_plate,
    residence_permit,
    uscc,
    vehicle_number,
)

CITIZENS = [
    "11010519491231002X",
    "440524188001010014",
    "110101199003072316",
    "810000199408230021",
    "830000199201300022",
]
COMPANIES = ["91110000600037341L", "11100000000013338W", "11370800MB28559184", "91310000MA7CX0HM9U"]
IDENTIFIERS = [
    "1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F",
    "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.002.S",
    "1.2.156.3005.2.11100000000013338W087.11370800MB28559184.37080001202411010001.001.3",
    "1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9",
]


def identifier_holds(text: str) -> bool:
    try:
        return CertificateIdentifier.parse(text).check_ok
    except Malformed:
        return False


def damaged(samples: list[str]) -> st.SearchStrategy[str]:
    """Good numbers, the same with one character changed, dropped or doubled, and any text at all."""
    characters = st.characters(codec="utf-8") | st.sampled_from("0123456789XAZ.IO é-")

    def change(text: str, place: int, character: str, how: int) -> str:
        place %= len(text)
        return text[:place] + ("", character, text[place] * 2)[how] + text[place + 1 :]

    one = st.builds(change, st.sampled_from(samples), st.integers(0, 200), characters, st.integers(0, 2))
    return st.sampled_from(samples) | one | st.text(max_size=20)


@given(st.lists(st.none() | damaged(CITIZENS), max_size=40))
def test_citizen_numbers_are_judged_as_one_by_one(texts: list[str | None]) -> None:
    expected = [text is None or check_citizen_number(text) for text in texts]
    assert citizen_number(pa.array(texts, pa.string())).tolist() == expected


@given(st.lists(st.none() | damaged(COMPANIES), max_size=40))
def test_credit_codes_are_judged_as_one_by_one(texts: list[str | None]) -> None:
    expected = [text is None or check_uscc(text) for text in texts]
    assert uscc(pa.array(texts, pa.string())).tolist() == expected


@given(st.lists(st.none() | damaged(IDENTIFIERS), max_size=40))
def test_certificate_identifiers_are_judged_as_one_by_one(texts: list[str | None]) -> None:
    expected = [text is None or identifier_holds(text) for text in texts]
    assert certificate_identifier(pa.array(texts, pa.string())).tolist() == expected


@given(st.dates(), st.integers(0, 999))
def test_every_day_can_be_a_birth_date(day: object, sequence: int) -> None:
    body = f"440511{day:%4Y%m%d}".replace(" ", "0") + f"{sequence:03d}"
    numbers = [body + check for check in "0123456789X"]
    assert citizen_number(pa.array(numbers)).tolist() == [check_citizen_number(number) for number in numbers]


@pytest.mark.parametrize("serial", ["", "0", "A" * 64, "A" * 65])
def test_the_serial_may_be_1_to_64_long(serial: str) -> None:
    start = f"1.2.156.3005.2.11100000000013338W032.11220000013544541J.{serial}.001."
    texts = [start + check for check in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    found = certificate_identifier(pa.array(texts)).tolist()
    assert found == [identifier_holds(text) for text in texts]
    assert sum(found) == (1 <= len(serial) <= 64)


def test_slices_chunks_and_other_string_types_give_the_same() -> None:
    texts = [*CITIZENS, None, "x", CITIZENS[0]]
    expected = citizen_number(pa.array(texts)).tolist()
    chunked = pa.chunked_array([texts[:3], [], texts[3:]], pa.string())
    assert citizen_number(chunked).tolist() == expected
    assert citizen_number(pa.array(["pad", *texts]).slice(1)).tolist() == expected
    assert citizen_number(pa.array(texts, pa.large_string())).tolist() == expected
    assert citizen_number(pa.array(texts, pa.string_view())).tolist() == expected
    assert citizen_number(pa.array([], pa.string())).tolist() == []
    assert citizen_number(pa.array([None], pa.string())).tolist() == [True]


PERMITS = ["810000199408230021", "830000199201300022", "11010519491231002X", "840000199408230021"]
FOREIGNERS = ["CAN110178073012", "911124198108030024", "11010519491231002X", "can110178073012"]
VEHICLES = ["LSVAM4187C2184841", "1M8GDM9AXKP042788", "LSVAM4187C218484I", "粤D12345", "粤DD12345", "粤D1234学"]


@pytest.mark.parametrize(
    ("columns", "single"),
    [
        (residence_permit, check_residence_permit),
        (foreign_permanent_resident_number, check_foreign_permanent_resident_number),
        (vehicle_number, check_vehicle_number),
        (licence_plate, check_licence_plate),
    ],
)
@given(texts=st.lists(st.none() | damaged([*PERMITS, *FOREIGNERS, *VEHICLES]), max_size=40))
def test_further_numbers_are_judged_as_one_by_one(
    columns: Callable[[object], NDArray[np.bool_]], single: Callable[[str], bool], texts: list[str | None]
) -> None:
    assert columns(pa.array(texts, pa.string())).tolist() == [text is None or single(text) for text in texts]


KINDS = st.none() | st.sampled_from([*code_types(), "000"])


@given(st.lists(st.tuples(st.none() | damaged([*CITIZENS, *COMPANIES, *FOREIGNERS, "H12345678", "E12345678"]), KINDS)))
def test_holders_codes_are_judged_by_their_row_s_type(pairs: list[tuple[str | None, str | None]]) -> None:
    expected = [code is None or kind is None or check_holder_code(kind, code) is not False for code, kind in pairs]
    codes, kinds = (pa.array(list(column), pa.string()) for column in zip(*pairs, strict=True)) if pairs else ([], [])
    assert (not pairs) or holder_code(codes, kinds).tolist() == expected
