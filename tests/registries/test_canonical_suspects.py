"""Whatever a change would touch is a suspect: asked of every character there is, and of made-up texts."""

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given, settings
from hypothesis import strategies as st

from certificates.holder_codes import LOOSE
from registries.canonical import canonical_column
from registries.canonical_suspects import (
    blanks_around,
    loose_characters,
    no_date,
    no_timestamp,
    not_only_digits,
    other_widths,
    small_letters,
)
from registries.coded_texts import CodedTexts
from registries.contracts.model import Column
from registries.text_columns import TextColumn

CHARACTERS = [chr(code) for code in range(1, 0x110000) if not 0xD800 <= code <= 0xDFFF]
TEXTS = st.lists(
    st.none()
    | st.text(max_size=12)
    | st.text(" \t0123456789-/.:年月日TxXａ０\u3000\u00a0张三·", max_size=24)
    | st.dates().map(str)
    | st.datetimes().map(str),
    max_size=40,
)


def everywhere(character: str) -> list[str]:
    return [f"{character}甲", f"甲{character}", f"A{character}1", character]


def array(texts: list[str | None]) -> pa.Array:
    return pa.array(texts, pa.string())


def test_every_character_that_is_a_blank_at_either_end() -> None:
    for place in range(4):
        values = array([everywhere(character)[place] for character in CHARACTERS])
        changed = pc.or_(pc.not_equal(pc.utf8_trim_whitespace(values), values), pc.equal(values, ""))
        missed = changed.to_numpy(zero_copy_only=False) & ~blanks_around(TextColumn.of(values))
        assert not missed.any(), [hex(ord(CHARACTERS[found])) for found in missed.nonzero()[0]]


def test_every_character_that_changes_by_width_or_case_or_is_left_out() -> None:
    values = array([f"A{character}1" for character in CHARACTERS])
    for change, suspects in (
        (pc.utf8_normalize(values, form="NFKC"), other_widths),
        (pc.utf8_upper(values), small_letters),
        (pc.replace_substring_regex(values, LOOSE, ""), loose_characters),
    ):
        changed = pc.not_equal(change, values).to_numpy(zero_copy_only=False)
        assert not (changed & ~suspects(TextColumn.of(values))).any(), suspects.__name__


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.integers(0, 3))
def test_what_is_not_of_a_form_is_a_suspect_and_what_is_is_none(texts: list[str | None], start: int) -> None:
    values = array(texts).slice(min(start, len(texts)))
    for suspects, form in (
        (no_date, r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\z"),
        (no_timestamp, r"\A[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}"),
    ):
        other = pc.fill_null(pc.invert(pc.match_substring_regex(values, form)), False)
        assert suspects(TextColumn.of(values)).tolist() == other.to_pylist(), suspects.__name__
    digits = pc.fill_null(pc.match_substring_regex(values, "[^0-9]"), False)
    assert not_only_digits(TextColumn.of(values)).tolist() == digits.to_pylist()


@settings(max_examples=100, deadline=None)
@given(TEXTS, st.sampled_from(["date", "timestamp", "number", "string"]), st.sampled_from([None, "uscc", "code"]))
def test_one_value_among_others_has_the_form_that_it_has_alone(
    texts: list[str | None], kind: str, semantic: str | None
) -> None:
    column = Column("a", "甲", kind, semantic=semantic)  # type: ignore[arg-type] # one of its literals
    together = canonical_column(array(texts), column).to_pylist()
    assert together == [canonical_column(array([text]), column)[0].as_py() for text in texts]
    encoded = array(texts).dictionary_encode()
    coded = CodedTexts.of(canonical_column(encoded.dictionary, column), encoded.indices)
    assert coded.texts().to_pylist() == together
