"""Names as people have them: what counts as one name, and what does not; a table that contradicts itself is refused."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certificates.names import BadNameTable, former_names, name_form, name_table, read_table

NOTHING = {"version": 1, "blanks": ["0020-0020"], "dots": "·", "brackets": [], "private": {}, "same": []}
TABLE = name_table()
REACHED = [one for one in TABLE.same if unicodedata.normalize("NFKC", one) == one]
WRITTEN = st.text(st.sampled_from("".join(REACHED) + TABLE.dots + "张三阿卜杜拉ＡａbＺéß ŁПв\u3000\u200b\ufe00（）"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("阿卜杜拉·买买提", "阿卜杜拉•买买提"),
        ("阿卜杜拉·买买提", "阿卜杜拉．买买提"),
        ("阿卜杜拉·买买提", "阿卜杜拉・买买提"),
        ("阿卜杜拉·买买提", "阿卜杜拉 买买提"),
        ("张三", "张\u3000三\u200b"),
        ("汕头（示例）有限公司", "汕头(示例)有限公司"),
        ("汕头〔示例〕有限公司", "汕头(示例)有限公司"),
        ("ＡＢＣ贸易", "abc 贸易"),
        ("刘龑", "劉䶮"),
        ("刘䶮", "刘\ue863"),  # as GBK systems kept it
        ("吕丽", "呂麗"),
        ("\uf9e1明", "李明"),  # a compatibility ideograph
        ("José", "JOSÉ"),
        ("葛\U000e0100飾", "葛饰"),  # with a variation selector
    ],
)
def test_one_name_in_two_spellings(one: str, other: str) -> None:
    assert name_form(one) == name_form(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("阎明", "闫明"),
        ("于明", "於明"),
        ("萧明", "肖明"),
        ("傅明", "付明"),
        ("张三", "张二"),
        ("昇", "升"),
    ],
)
def test_two_names_stay_two(one: str, other: str) -> None:
    assert name_form(one) != name_form(other)


@settings(max_examples=200, deadline=None)
@given(WRITTEN)
def test_folding_twice_is_folding_once(name: str) -> None:
    assert name_form(name_form(name)) == name_form(name)


def test_what_counts_stands_for_itself() -> None:
    assert all(TABLE.same.get(one, one) == one for one in TABLE.same.values())
    hans = [one for one in TABLE.same.values() if ord(one) > 0x3000]
    assert all(unicodedata.normalize("NFKC", one) == one for one in hans)


def test_several_former_names_in_one_column() -> None:
    assert former_names("李小三，李三/李四 、 ") == ("李小三", "李三", "李四")
    assert former_names("") == ()


@pytest.mark.parametrize("same", [["甲乙", "丙乙"], ["甲"], ["甲甲"]])
def test_a_table_that_contradicts_itself_is_refused(same: list[str]) -> None:
    with pytest.raises(BadNameTable) as caught:
        read_table({**NOTHING, "same": same})
    assert caught.value.zh
    assert caught.value.character in same[0] + same[-1]


def test_a_version_that_says_something_else_has_another_digest() -> None:
    digests = {
        read_table({**NOTHING, **more}).digest for more in ({}, {"same": ["甲乙"]}, {"version": 2}, {"dots": "•"})
    }
    assert len(digests) == 4
