"""Views of text columns say what their values say, however the values lie in memory."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registries.text_columns import TextColumn, one_array
from registries.words import all_digits, fits, number

TEXTS = st.lists(st.none() | st.sampled_from(["", "12345678", "abcdefgh", "é", "甲乙丙丁戊"]), max_size=20)


@given(TEXTS, st.integers(0, 3), st.sampled_from([pa.string(), pa.large_string(), pa.string_view()]))
def test_lengths_presence_and_words(texts: list[str | None], start: int, kind: pa.DataType) -> None:
    values = pa.array(texts, kind).slice(min(start, len(texts)))
    text, raw = TextColumn.of(values), [None if one is None else one.encode() for one in values.to_pylist()]
    assert text.present.tolist() == [one is not None for one in raw]
    assert text.lengths.tolist() == [len(one or b"") for one in raw]
    assert text.is_ascii == all((one or b"").isascii() for one in raw)
    long = np.flatnonzero(text.lengths > 7)
    chosen = [one for one in raw if one is not None and len(one) > 7]
    assert text.words(0, long).tobytes() == b"".join(one[:8] for one in chosen)
    assert text.matrix(long, 8).T.tobytes() == b"".join(one[:8] for one in chosen)


@given(TEXTS, st.integers(0, 3), st.integers(0, 4))
def test_words_of_all_are_those_of_all_that_are_long_enough(texts: list[str | None], start: int, at: int) -> None:
    text = TextColumn.of(pa.array(texts, pa.string()).slice(min(start, len(texts))))
    words, long = text.words_of_all(at), np.flatnonzero(text.lengths >= at + 8)
    assert len(words) == len(text)
    assert words[long].tobytes() == text.words(at, long).tobytes()


@pytest.mark.parametrize("texts", [["0123456789"] * 5, ["0123456789", None, "9876543210"], ["x", "0123456789"]])
def test_values_of_one_length_are_read_in_strides_as_others_are_picked(texts: list[str | None]) -> None:
    text = TextColumn.of(pa.array(texts))
    assert text.width == (10 if texts == ["0123456789"] * 5 else None)
    wanted = [one[2:].encode() for one in texts if one is not None and len(one) == 10]
    assert text.words(2, text.of_length(10)).tobytes() == b"".join(wanted)


def test_rows_with_marked_bytes() -> None:
    text = TextColumn.of(pa.array(["x", "", "a-b", None, "-", "c"]).slice(1))
    assert text.rows_with(text.own == ord("-")).tolist() == [False, True, False, True, False]


def test_chunks_are_one_array_and_no_chunk_is_none() -> None:
    chunks = pa.chunked_array([["a"], ["b", None]])
    assert one_array(chunks).to_pylist() == ["a", "b", None]
    assert one_array(pa.chunked_array([], pa.string())).to_pylist() == []
    assert one_array(chunks.slice(0, 1)).to_pylist() == ["a"]


@given(st.binary(min_size=8, max_size=8), st.text("d0-: ", min_size=8, max_size=8))
def test_a_word_fits_as_its_characters_do(raw: bytes, template: str) -> None:
    words = np.frombuffer(raw, "<u8")
    wanted = all(
        48 <= byte <= 57 if sign == "d" else byte == ord(sign) for byte, sign in zip(raw, template, strict=True)
    )
    assert fits(words, template).tolist() == [wanted]
    fitting = template.replace("d", "7").encode()
    assert fits(np.frombuffer(fitting, "<u8"), template).all()


@given(st.integers(0, 99_999_999))
def test_a_word_of_digits_is_its_number(value: int) -> None:
    words = np.frombuffer(f"{value:08}".encode(), "<u8")
    assert all_digits(words).all()
    assert number(words).tolist() == [value]
