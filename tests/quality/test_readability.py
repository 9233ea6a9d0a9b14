"""The bytes by which values are chosen for the regular expression of traces miss none that it would find."""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given, settings
from hypothesis import strategies as st

from quality import readability
from quality.predicates import PREDICATES
from registries.text_columns import TextColumn

CHARACTERS = [chr(code) for code in range(1, 0x110000) if not 0xD800 <= code <= 0xDFFF]
KNOWN = ["锟斤拷", "斤拷锟", "烫烫", "屯屯", "锘匡", "ï»¿", "Ã¤", "ÃxÂ", "â€"]


def missed(texts: list[str]) -> list[str]:
    values = pa.array(texts, pa.string())
    text = TextColumn.of(values)
    found = pc.match_substring_regex(values, readability._TRACES).to_numpy(zero_copy_only=False)
    marked = text.rows_at(readability._trace_bytes(text.own))
    return [texts[place] for place in np.flatnonzero(found & ~marked)]


def test_no_character_is_missed() -> None:
    assert missed([f"甲{character}a" for character in CHARACTERS]) == []


@settings(deadline=None)
@given(st.lists(st.tuples(st.text("a甲", max_size=4), st.sampled_from(KNOWN), st.text(max_size=4)), max_size=20))
def test_no_known_sequence_is_missed_wherever_it_stands(parts: list[tuple[str, str, str]]) -> None:
    assert missed(["".join(part) for part in parts]) == []


@settings(deadline=None)
@given(st.lists(st.none() | st.text(max_size=6), max_size=20))
def test_a_value_among_others_is_judged_as_it_is_alone(texts: list[str | None]) -> None:
    together = PREDICATES["readable_text"].holds(pa.array(texts, pa.string())).tolist()
    assert together == [PREDICATES["readable_text"].holds(pa.array([text], pa.string()))[0] for text in texts]


@settings(deadline=None)
@given(st.lists(st.none() | st.from_regex(r"\A[0-9.+Ee]{1,6}\Z|\A[0-9]{13,17}0{0,6}\Z"), max_size=20))
def test_rounded_numbers_are_those_of_the_two_forms(texts: list[str | None]) -> None:
    def rounded(text: str) -> bool:
        cut = re.fullmatch(r"[1-9][0-9]{14}0{1,5}", text)
        good = [PREDICATES[name].holds(pa.array([text]))[0] for name in ("citizen_number", "uscc")]
        return re.fullmatch(r"[0-9](\.[0-9]+)?[Ee]\+[0-9]{1,2}", text) is not None or bool(cut and not any(good))

    judged = PREDICATES["not_rounded"].holds(pa.array(texts, pa.string())).tolist()
    assert judged == [text is None or not rounded(text) for text in texts]
