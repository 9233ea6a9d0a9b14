"""Questions are read strictly, and each has one byte form."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates.records import MalformedQuestion, Question

WHOLE: dict[str, object] = {
    "certificate_type": "11100000MB0143028R001",
    "certificate_number": "4405080001234",
    "holder_name": "汕头示例有限公司",
    "holder_code": "91110000600037341L",
    "holder_code_type": "001",
    "purpose": "办理食品经营许可",
    "service_item": "食品经营许可新办",
    "case": "ST-2024-0001",
}


def test_a_whole_question() -> None:
    question = Question.parse({**WHOLE, "as_of": "2024-02-29"})
    assert question.as_of == date(2024, 2, 29)
    assert question.to_json() == {**WHOLE, "as_of": "2024-02-29"}
    assert Question.parse(WHOLE).to_json() == WHOLE
    assert Question.parse({**WHOLE, "as_of": None}) == Question.parse(WHOLE)


def test_codes_are_normalised() -> None:
    question = Question.parse(
        {**WHOLE, "certificate_number": "　４４０５０８０００１２３４ ", "holder_code": "91110000600037341l\t"}
    )
    assert question == Question.parse(WHOLE)


def test_a_holder_is_asked_for_in_the_one_form_of_the_code() -> None:
    person = {**WHOLE, "holder_code_type": "111"}
    forms = ["110105491231002", "11010519491231002x", "１１０１０５１９４９１２３１００２Ｘ", "110105 19491231 002X"]
    asked = {Question.parse({**person, "holder_code": form}).holder_code for form in forms}
    assert asked == {"11010519491231002X"}


def test_canonical_bytes() -> None:
    canonical = Question.parse(dict(reversed(WHOLE.items()))).canonical()
    assert canonical == Question.parse(WHOLE).canonical()
    assert canonical.startswith(b'{"case":"ST-2024-0001","certificate_number":"4405080001234"')
    assert "汕头示例有限公司".encode() in canonical
    assert json.loads(canonical) == WHOLE


@pytest.mark.parametrize("member", WHOLE)
@pytest.mark.parametrize(
    "value", [None, 3, ["x"], {}, True, "", "   ", "x" * 201, "y" * 100_000, "a\x00b", "a\u200bb", "\ud800"]
)
def test_a_bad_member_is_named_and_its_value_is_not_told(member: str, value: object) -> None:
    with pytest.raises(MalformedQuestion) as caught:
        Question.parse({**WHOLE, member: value})
    assert caught.value.member == member
    assert member in caught.value.zh
    assert member in caught.value.en


@pytest.mark.parametrize("member", WHOLE)
def test_a_missing_member_is_named(member: str) -> None:
    with pytest.raises(MalformedQuestion) as caught:
        Question.parse({name: value for name, value in WHOLE.items() if name != member})
    assert caught.value.member == member


@pytest.mark.parametrize("value", ["2024-02-30", "20240229", "2024-2-9", 20240229, "2024-02-29T00:00:00", "٢٠٢٤-02-01"])
def test_days_that_are_none(value: object) -> None:
    with pytest.raises(MalformedQuestion) as caught:
        Question.parse({**WHOLE, "as_of": value})
    assert caught.value.member == "as_of"


def test_unknown_members_are_refused_without_their_name() -> None:
    with pytest.raises(MalformedQuestion) as caught:
        Question.parse({**WHOLE, "440524188001010014": "x"})
    assert "440524188001010014" not in str(caught.value)


@pytest.mark.parametrize("content", [None, [], "text", 3, [WHOLE]])
def test_other_json_is_refused(content: object) -> None:
    with pytest.raises(MalformedQuestion):
        Question.parse(content)


def test_codes_from_the_tables_only() -> None:
    for member, value in (("certificate_type", "营业执照"), ("holder_code_type", "002")):
        with pytest.raises(MalformedQuestion) as caught:
            Question.parse({**WHOLE, member: value})
        assert caught.value.member == member


def test_rare_names_are_accepted() -> None:
    for name in ("𬀩𬣞", "\ue863", "\U00031350", "阿卜杜拉·买买提"):
        assert Question.parse({**WHOLE, "holder_name": name}).holder_name == name


@given(
    st.dictionaries(st.text(max_size=12), st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=4))
)
def test_anything_else_gets_a_malformed_question(content: dict[str, object]) -> None:
    with pytest.raises(MalformedQuestion):
        Question.parse(content)
