"""Texts of answers that are made of kept parts: the same as those made at once, whatever stands in them."""

import json
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from certificates.answer_texts import joined, json_text
from certificates.checks import Line, Outcome
from certificates.jose import ED25519, new_key
from certificates.receipts import ANSWERS, compose, draft_receipt, resume
from certificates.told_verdicts import told_verdict, verdict_texts
from certificates.verdicts import RefusalReason, Verdict, VerdictCode, refuse

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
LINES = st.builds(Line, WORDS, st.sampled_from(Outcome), WORDS, WORDS, WORDS)
CERTIFICATES = st.none() | st.dictionaries(WORDS, WORDS | st.none() | st.booleans() | st.integers(), max_size=4)
CODES = st.sampled_from(VerdictCode)
VERDICTS = st.builds(Verdict, CODES, WORDS, WORDS, WORDS, WORDS, st.lists(LINES, max_size=4).map(tuple), CERTIFICATES)
KEY = new_key(ED25519)


def plain(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@given(VERDICTS, st.dictionaries(WORDS, WORDS, max_size=3))
def test_a_verdict_is_told_as_it_would_be_at_once(verdict: Verdict, asked: dict[str, str]) -> None:
    told = told_verdict(verdict)
    assert told == verdict.to_json()
    assert told.text == joined(verdict_texts(verdict)) == plain(verdict.to_json())
    more = told.beside("asked", asked)
    assert more == {**verdict.to_json(), "asked": asked}
    assert more.text == plain(more)
    assert "asked" not in told


@given(VERDICTS, st.sampled_from(ANSWERS))
def test_a_receipts_payload_holds_the_same_text_whether_it_was_made_before_or_not(verdict: Verdict, act: str) -> None:
    def payload(answer: dict[str, object]) -> dict[str, object]:
        told: dict[str, Any] = {
            "issuer": "https://hub.example",
            "audience": "client-1",
            "issued_at": 1_704_067_200,
            "jti": "0" * 32,
        }
        return compose(**told, request_digest=bytes(32), salt=bytes(16), data_as_of=None, answer=answer, member=act)

    early, late = (draft_receipt(payload(one), KEY) for one in (told_verdict(verdict), verdict.to_json()))
    assert early.signing_input == late.signing_input
    assert early.answer_text == late.answer_text == plain(verdict.to_json())
    kid, again = resume(early.signing_input)
    assert (kid, again.payload, again.leaf_data) == (KEY.kid, early.payload, early.leaf_data)


def test_another_mapping_of_it_has_no_text_of_its_own() -> None:
    told = told_verdict(refuse(RefusalReason.NO_GRANT))
    changed = {**told, "as_of": date(2024, 1, 1).isoformat()}
    assert type(changed) is dict
    assert json_text(changed) != told.text
