"""The sample city's check characters against the standards' own samples and an independent library."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc
from stdnum.iso7064 import mod_37_36

from sample_city.check_characters import (
    IDENTIFIER_ALPHABET,
    USCC_ALPHABET,
    another_character,
    citizen_number_check,
    identifier_check,
    organisation_code_check,
    uscc_check,
)


def matrix(text: str) -> np.ndarray:
    return np.frombuffer(text.encode(), dtype=np.uint8).reshape(1, -1)


@pytest.mark.parametrize(
    "number", ["11010519491231002X", "440524188001010014", "110101199003072316", "810000199408230021"]
)
def test_citizen_numbers_of_the_standard(number: str) -> None:
    assert bytes(citizen_number_check(matrix(number[:17]))).decode() == number[17]


@pytest.mark.parametrize(
    "code", ["91110000600037341L", "11100000000013338W", "11370800MB28559184", "91310000MA7CX0HM9U"]
)
def test_real_credit_codes_hold_both_checks(code: str) -> None:
    assert bytes(uscc_check(matrix(code[:17]))).decode() == code[17]
    assert bytes(organisation_code_check(matrix(code[8:16]))).decode() == code[16]


@pytest.mark.parametrize(
    "identifier",
    [
        "11100000000013338W032.11220000013544541J.2430599.001.F",
        "11100000000013338W011.11430000006122244L.20230000403.002.S",
        "11100000000013338W009.11330105002500287C.2025052201.002.0",
        "11100000MB03271699022.340100.000000016.001.9",
    ],
)
def test_real_certificate_identifiers(identifier: str) -> None:
    *body, check = identifier.split(".")
    assert bytes(identifier_check(matrix("".join(body)))).decode() == check


@given(st.text("0123456789", min_size=17, max_size=17))
def test_citizen_check_agrees_with_stdnum(body: str) -> None:
    assert bytes(citizen_number_check(matrix(body))).decode() == ric.calc_check_digit(body + "?")


@given(st.text(USCC_ALPHABET.decode(), min_size=17, max_size=17))
def test_credit_code_check_agrees_with_stdnum(body: str) -> None:
    assert bytes(uscc_check(matrix(body))).decode() == uscc.calc_check_digit(body)


@given(st.text(IDENTIFIER_ALPHABET.decode(), min_size=1, max_size=70))
def test_identifier_check_agrees_with_stdnum(body: str) -> None:
    assert bytes(identifier_check(matrix(body))).decode() == mod_37_36.calc_check_digit(body)


@given(st.sampled_from("0123456789X"), st.integers(1, 10))
def test_another_character_is_never_the_right_one(check: str, shift: int) -> None:
    other = another_character(np.frombuffer(check.encode(), dtype=np.uint8), np.array([shift]), b"0123456789X")
    assert bytes(other).decode() != check
