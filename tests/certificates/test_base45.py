"""Base45 (RFC 9285): its own examples, round trips, and what no bytes encode to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates import base45


@pytest.mark.parametrize(
    ("data", "text"), [(b"AB", "BB8"), (b"Hello!!", "%69 VD92EX0"), (b"base-45", "UJCLQE7W581"), (b"ietf!", "QED8WEX0")]
)
def test_the_examples_of_the_standard(data: bytes, text: str) -> None:
    assert base45.encode(data) == text
    assert base45.decode(text) == data


@given(st.binary(max_size=200))
def test_round_trip(data: bytes) -> None:
    assert base45.decode(base45.encode(data)) == data


@pytest.mark.parametrize("text", ["A", "BB8A", "GGW", "::", "bb8", "BB8\n", "ÄB8"])
def test_what_no_bytes_encode_to(text: str) -> None:
    with pytest.raises(base45.NotBase45):
        base45.decode(text)


@given(st.text(alphabet=base45.ALPHABET, max_size=60))
def test_one_spelling(text: str) -> None:
    try:
        data = base45.decode(text)
    except base45.NotBase45:
        return
    assert base45.encode(data) == text
