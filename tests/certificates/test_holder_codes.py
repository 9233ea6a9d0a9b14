"""Holders' codes by type: vectors, check digits against another library, one form for all ways to write one."""

import string
import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from certificates.holder_codes import (
    HOLDER_CODE_TYPES,
    ORGANISATION_CODE_TYPES,
    check_holder_code,
    code_types,
    normal_holder_code,
    subject_kind,
)
from certificates.identifiers import (
    check_foreign_permanent_resident_number,
    check_licence_plate,
    check_residence_permit,
    check_vehicle_number,
    vehicle_check_ok,
)

FULL_WIDTH = {ord(one): ord(one) + 0xFEE0 for one in string.digits + string.ascii_letters + "-"}
DAYS = st.dates(date(1910, 1, 1), date(2024, 12, 31))


def with_check(body: str) -> str:
    return body + str(ric.calc_check_digit(body + "0"))


CITIZENS = st.builds(
    lambda area, day, sequence: with_check(f"{area}{day:%Y%m%d}{sequence:03d}"),
    st.sampled_from(["110105", "440508", "810000", "820000", "830000"]),
    DAYS,
    st.integers(0, 995),
)


def test_the_types_are_those_of_the_annex_and_one_more() -> None:
    annex = "001 099 111 114 115 118 119 120 122 411 412 413 414 511 516 999"
    assert set(HOLDER_CODE_TYPES) == {*annex.split(), "553"}
    assert {"001", "099"} == ORGANISATION_CODE_TYPES
    assert [subject_kind(code) for code in ("001", "553", "?")] == ["legal_entity", "natural_person", "natural_person"]


@pytest.mark.parametrize(
    ("code_type", "code", "good"),
    [
        ("111", "11010519491231002X", True),
        ("111", "440524188001010014", True),
        ("111", "110105194912310021", False),
        ("111", "110105491231002", False),  # to be widened first
        ("001", "91110000600037341L", True),
        ("001", "91110000600037342L", False),
        ("553", "AB14403850101", False),
        ("553", "AB1440385010112", False),
        ("553", "USA440385010112", True),
        ("553", "110105194912310021", False),
        ("516", "H12345678", True),
        ("516", "M1234567", False),
        ("516", "K12345678", False),
        ("511", "12345678", True),
        ("511", "1234567", False),
        ("414", "E12345678", True),
        ("414", "E-1", False),
        ("114", "军字第1234567号", True),
        ("999", "whatever", None),
        ("099", "x", None),
        ("000", "x", None),
    ],
)
def test_known_codes(code_type: str, code: str, good: bool | None) -> None:
    assert check_holder_code(code_type, code) is good


@given(st.integers(10, 99), st.integers(1, 999), DAYS, st.integers(0, 999))
def test_new_numbers_of_foreign_residents(province: int, country: int, day: date, sequence: int) -> None:
    number = with_check(f"9{province}{country:03d}{day:%Y%m%d}{sequence:03d}")
    assert check_foreign_permanent_resident_number(number)
    assert check_holder_code("553", number)
    wrong = number[:-1] + ("1" if number[-1] != "1" else "2")
    assert not check_foreign_permanent_resident_number(wrong)
    assert not check_foreign_permanent_resident_number(number[:6] + "20240230" + number[14:])


@given(CITIZENS)
def test_check_digits_agree_with_another_library(number: str) -> None:
    assert str(ric.calc_check_digit(number)) == number[-1]
    assert check_holder_code("111", number)
    assert check_residence_permit(number) is (number[:2] in {"81", "82", "83"})
    wrong = number[:-1] + ("1" if number[-1] != "1" else "2")
    assert not check_holder_code("111", wrong)


@pytest.mark.parametrize("code", ["91110000600037341L", "11100000000013338W", "91310000MA7CX0HM9U"])
def test_credit_codes_agree_with_another_library(code: str) -> None:
    assert uscc.is_valid(code)
    assert check_holder_code("001", code)


@given(CITIZENS, st.sampled_from(["", " ", "-", "　"]), st.booleans(), st.booleans())
def test_every_way_to_write_a_citizen_number_has_one_form(number: str, gap: str, full: bool, small: bool) -> None:
    written = f" {number[:6]}{gap}{number[6:14]}{gap}{number[14:]} "
    written = written.lower() if small else written
    written = written.translate(FULL_WIDTH) if full else written
    assert normal_holder_code("111", written) == number


@given(CITIZENS.filter(lambda number: number[6:8] == "19"))
def test_an_old_number_has_the_form_of_the_new_one(number: str) -> None:
    assert normal_holder_code("111", number[:6] + number[8:17]) == number
    assert normal_holder_code("999", number[:6] + number[8:17]) == number[:6] + number[8:17]


@given(st.sampled_from(sorted(code_types())), st.text(max_size=40))
def test_the_form_of_a_form_is_itself(code_type: str, text: str) -> None:
    form = normal_holder_code(code_type, text)
    assert normal_holder_code(code_type, form) == form


@pytest.mark.parametrize(
    ("code_type", "text", "form"),
    [
        ("516", "h 1234-5678", "H12345678"),
        ("414", "e‐12345678", "E12345678"),
        ("114", "军字第 1234567 号", "军字第1234567号"),
        ("111", "110105 4912", "110105 4912"),  # no number then: it stays as it came
        ("999", "a b-c", "A B-C"),
        ("553", "usa440385010112", "USA440385010112"),
        ("111", "110105491331002", "110105491331002"),  # no such month
    ],
)
def test_only_what_is_certain_is_changed(code_type: str, text: str, form: str) -> None:
    assert normal_holder_code(code_type, text) == form
    assert normal_holder_code(code_type, unicodedata.normalize("NFKC", text)) == form


def test_vehicles() -> None:
    assert vehicle_check_ok("1M8GDM9AXKP042788")  # the textbook's example, check digit X
    assert vehicle_check_ok("11111111111111111")
    assert check_vehicle_number("1M8GDM9A1KP042788")
    assert not vehicle_check_ok("1M8GDM9A1KP042788")
    assert not check_vehicle_number("1M8GDM9AXKPO42788")
    assert not vehicle_check_ok("1M8GDM9AXKP04278")


@pytest.mark.parametrize(
    ("plate", "good"),
    [
        ("粤D12345", True),
        ("粤DD12345", True),
        ("粤D1234警", True),
        ("粤D·12345", False),
        ("D12345", False),
        ("粤D1234O", False),
    ],
)
def test_number_plates(plate: str, good: bool) -> None:
    assert check_licence_plate(plate) is good
