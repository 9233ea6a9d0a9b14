"""Masking: enough to recognise, too little to copy."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registries.contracts.loading import Column
from registries.contracts.vocabulary import SEMANTICS
from registries.masking import mask, mask_column, mask_text


@pytest.mark.parametrize(
    ("semantic", "text", "shown"),
    [
        ("citizen_number", "440507199001010012", "4405**********0012"),
        ("citizen_number", "44050719", "4*******"),
        ("person_name", "张三", "张*"),
        ("person_name", "张小三", "张*三"),
        ("person_name", "欧阳小三", "欧**三"),
        ("phone", "13800138000", "138****8000"),
        ("address", "汕头市金平区某路1号", "汕头市金平区****"),
        ("organisation_name", "汕头市示例有限公司", "汕头市示例有限公司"),
        (None, "20", "2*"),
    ],
)
def test_values_are_masked_by_what_they_mean(semantic: str | None, text: str, shown: str) -> None:
    assert mask_text(text, semantic) == shown


@given(st.text(min_size=2), st.sampled_from(sorted(set(SEMANTICS) - {"organisation_name", "division_code", "code"})))
def test_length_stays_and_something_is_always_hidden(text: str, semantic: str) -> None:
    shown = mask_text(text, semantic)
    assert len(shown) == len(text)
    assert "*" in shown


def test_only_personal_columns_are_masked() -> None:
    values = pa.array(["张小三", None])
    assert mask_column(values, Column("a", "甲", classification="public")).to_pylist() == ["张小三", None]
    personal = Column("a", "甲", classification="personal", semantic="person_name")
    assert mask_column(values, personal).to_pylist() == ["张*三", None]
    assert mask(values, None).to_pylist() == ["张**", None]
