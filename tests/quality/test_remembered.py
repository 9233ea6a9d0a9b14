"""What a chunk's columns say is derived once, of each column its own, and forgotten with the chunk."""

import pyarrow as pa

from quality.days import iso_days
from quality.remembered import once, once_each, one_chunk
from registries.coded_texts import CodedTexts
from registries.text_columns import Lengths, TextColumn


def test_derived_once_while_a_chunk_lasts() -> None:
    seen: list[int] = []

    @once
    def rows(text: TextColumn) -> int:
        seen.append(len(text))
        return len(text)

    values = pa.array(["a", "b"])
    with one_chunk():
        assert [rows(values), rows(pa.chunked_array([values])), rows(values.slice(0, 1))] == [2, 2, 1]
    assert seen == [2, 1]
    assert rows(values) == 2
    assert seen == [2, 1, 2]


def test_a_column_that_is_gone_is_not_taken_for_one_in_its_place() -> None:
    with one_chunk():
        for day in range(1, 29):
            text = f"2024-02-{day:02}"
            assert iso_days(pa.array([text] * 1000))[0][0] == int(text.replace("-", ""))


def test_what_repeats_is_derived_once_for_each_value() -> None:
    seen: list[int] = []

    @once_each
    def lengths(text: TextColumn) -> tuple[Lengths]:
        seen.append(len(text))
        return (text.lengths,)

    array = pa.array(["a", None, "abc", "a", "a", "abc", "a"]).dictionary_encode()
    coded = CodedTexts.of(array.dictionary, array.indices)
    texts, other = coded.texts(), pa.array(["ab"] * 7)
    with one_chunk([(texts, coded), (pa.array([None, None], pa.string()), coded)]):
        assert lengths(texts)[0].tolist() == [1, 0, 3, 1, 1, 3, 1]
        assert lengths(texts.slice(2, 3))[0].tolist() == [3, 1, 1]
        assert lengths(other)[0].tolist() == [2] * 7
        assert lengths(pa.array([None], pa.string()))[0].tolist() == [0]
    assert seen == [3, 7, 1]
    assert lengths(texts)[0].tolist() == [1, 0, 3, 1, 1, 3, 1]
    assert seen[3:] == [7]
