"""Identifiers against the standards' samples, real codes, another library's check digits, and their own properties."""

import string
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc
from stdnum.iso7064 import mod_37_36

from certificates.identifiers import (
    CertificateIdentifier,
    MalformedIdentifier,
    check_character,
    check_citizen_number,
    check_organisation_code,
    check_uscc,
    citizen_birth_date,
    citizen_sex,
    widen_citizen_number,
)

CITIZENS = [
    "11010519491231002X",  # the standard's own samples
    "440524188001010014",
    "110101199003072316",
    "810000199408230021",  # residence permits of Hong Kong, Macau and Taiwan people
    "830000199201300022",
]
REAL_USCCS = ["91110000600037341L", "11100000000013338W", "11370800MB28559184", "91310000MA7CX0HM9U"]
REAL_IDENTIFIERS = [
    "1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F",
    "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U",
    "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.002.S",
    "1.2.156.3005.2.11100000000013338W009.11330105002500287C.2025052201.002.0",
    "1.2.156.3005.2.11100000000013338W087.11370800MB28559184.37080001202411010001.001.3",
    "1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9",
]
ALPHABET = string.digits + string.ascii_uppercase
DIGITS = st.text(string.digits, min_size=1)
PARTS = st.builds(
    lambda kind, issuer, serial, version: (kind, issuer, serial, f"{version:03d}"),
    st.text(ALPHABET, min_size=21, max_size=21),
    st.one_of(st.text(ALPHABET, min_size=18, max_size=18), st.text(string.digits, min_size=6, max_size=6)),
    st.text(ALPHABET, min_size=1, max_size=64),
    st.integers(1, 999),
)
BODIES = st.builds(
    lambda division, day, sequence: f"{division}{day:%Y%m%d}{sequence:03d}",
    st.integers(110000, 839999),
    st.dates(date(1850, 1, 1), date(2099, 12, 31)),
    st.integers(0, 999),
)


@pytest.mark.parametrize("number", CITIZENS)
def test_known_citizen_numbers(number: str) -> None:
    assert check_citizen_number(number)


@given(BODIES)
def test_citizen_check_character_agrees_with_another_library(body: str) -> None:
    number = body + ric.calc_check_digit(body + "0")
    assert check_citizen_number(number)
    wrong = [number[:17] + other for other in "0123456789X" if other != number[17]]
    assert not any(check_citizen_number(other) for other in wrong)


@given(BODIES, st.integers(0, 17), st.sampled_from("0123456789X"))
def test_every_single_slip_in_a_citizen_number_is_found(body: str, place: int, character: str) -> None:
    number = body + ric.calc_check_digit(body + "0")
    slipped = number[:place] + character + number[place + 1 :]
    assert check_citizen_number(slipped) == (slipped == number)


@pytest.mark.parametrize(
    "text",
    ["", "1" * 17, "11010519491231002x", " 11010519491231002X", "11010519491231002X\n", "１1010519491231002X",
     "٤40524188001010014", "440524188001010014".replace("0", "٠")],
)  # fmt: skip
def test_other_forms_are_no_citizen_numbers(text: str) -> None:
    assert not check_citizen_number(text)


def test_dates_that_do_not_exist() -> None:
    for body in ("11010119900231001", "11010119901301001", "11010100000101001"):
        assert not check_citizen_number(body + ric.calc_check_digit(body + "0"))


def test_birth_date_and_sex() -> None:
    assert citizen_birth_date("11010519491231002X") == date(1949, 12, 31)
    assert citizen_sex("11010519491231002X") == "2"
    assert citizen_sex("440524188001010014") == "1"
    for read in (citizen_birth_date, citizen_sex):
        with pytest.raises(MalformedIdentifier):
            read("110105194912310021")


def test_widening() -> None:
    assert widen_citizen_number("110105491231002") == "11010519491231002X"
    assert widen_citizen_number("110105120101997")[6:10] == "1812"
    for bad in ("", "11010549123100", "110105491331002", "11010549123100X", "01010549123100"):
        with pytest.raises(MalformedIdentifier):
            widen_citizen_number(bad)


@given(st.integers(110000, 839999), st.dates(date(1900, 1, 1), date(1999, 12, 31)), st.integers(1, 995))
def test_a_widened_number_is_right_and_keeps_its_digits(division: int, day: date, sequence: int) -> None:
    narrow = f"{division}{day:%y%m%d}{sequence:03d}"
    wide = widen_citizen_number(narrow)
    assert check_citizen_number(wide)
    assert wide[:6] + wide[8:17] == narrow
    assert citizen_birth_date(wide) == day


@given(st.text(ALPHABET, min_size=1, max_size=106))
def test_the_check_character_of_identifiers_agrees_with_another_library(body: str) -> None:
    assert check_character(body) == mod_37_36.calc_check_digit(body)


@pytest.mark.parametrize("code", REAL_USCCS)
def test_real_usccs(code: str) -> None:
    assert check_uscc(code)
    assert uscc.is_valid(code)


@given(st.sampled_from(REAL_USCCS), st.integers(0, 17), st.sampled_from("0123456789ABCDEFGHJKLMNPQRTUWXY"))
def test_every_single_slip_in_a_uscc_is_found(code: str, place: int, character: str) -> None:
    slipped = code[:place] + character + code[place + 1 :]
    assert check_uscc(slipped) == (slipped == code)


@given(st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=9, max_size=9), st.integers(100000, 999999))
def test_uscc_check_character_agrees_with_another_library(organisation: str, division: int) -> None:
    body = f"91{division}{organisation}"
    code = body + uscc.calc_check_digit(body)
    assert check_uscc(code) == check_organisation_code(organisation)


@pytest.mark.parametrize(
    "text", ["", "91110000600037341l", "9111000060003734IL", "91110000600037341L ", "9111000060003734"]
)
def test_other_forms_are_no_usccs(text: str) -> None:
    assert not check_uscc(text)


def test_organisation_codes() -> None:
    assert check_organisation_code("600037341")
    assert not check_organisation_code("600037342")
    assert not check_organisation_code("60003734")
    assert not check_organisation_code("60003734-")


@pytest.mark.parametrize("text", REAL_IDENTIFIERS)
def test_real_certificate_identifiers(text: str) -> None:
    identifier = CertificateIdentifier.parse(text)
    assert identifier.check_ok
    assert str(identifier) == text


def test_a_real_identifier_with_a_wrong_check_character_parses() -> None:
    text = "1.2.156.3005.2.11100000000013661B006.113700000045046442.209FA4E88F9E4C878F3E9BED2CE7EA49.001.M"
    identifier = CertificateIdentifier.parse(text)
    assert not identifier.check_ok
    assert check_character(text[len("1.2.156.3005.2.") : -2].replace(".", "")) == "D"


@given(PARTS)
def test_made_identifiers_round_trip(parts: tuple[str, str, str, str]) -> None:
    made = CertificateIdentifier.make(*parts)
    assert made.check_ok
    assert CertificateIdentifier.parse(str(made)) == made


@given(PARTS, st.data())
def test_every_single_slip_in_an_identifier_is_found(parts: tuple[str, str, str, str], data: st.DataObject) -> None:
    body = "".join(parts)
    place = data.draw(st.integers(0, len(body) - 1))
    other = data.draw(st.sampled_from([character for character in ALPHABET if character != body[place]]))
    assert check_character(body[:place] + other + body[place + 1 :]) != check_character(body)


@pytest.mark.parametrize(
    "text",
    ["", REAL_IDENTIFIERS[0][:-1], REAL_IDENTIFIERS[0] + "\n", REAL_IDENTIFIERS[0].replace("3005", "3003"),
     REAL_IDENTIFIERS[0].lower(), REAL_IDENTIFIERS[0].replace(".001.", ".01."), "x" * 10_000],
)  # fmt: skip
def test_other_forms_are_no_identifiers(text: str) -> None:
    with pytest.raises(MalformedIdentifier) as caught:
        CertificateIdentifier.parse(text)
    assert not text or text not in str(caught.value)


def test_check_character_refuses_what_is_not_in_its_alphabet() -> None:
    with pytest.raises(MalformedIdentifier):
        check_character("12a")


@given(DIGITS)
def test_check_character_stays_in_its_alphabet(body: str) -> None:
    assert check_character(body) in ALPHABET
