"""What a chunk's columns say is derived once, of each column its own, and forgotten with the chunk."""

import pyarrow as pa

from quality.days import iso_days
from quality.remembered import once, one_chunk
from registries.text_columns import TextColumn


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
