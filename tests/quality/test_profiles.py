"""What is counted of a batch's columns: nothing that could name somebody."""

from dataclasses import replace

import pyarrow as pa
import pytest

from quality.profiles import MOST_VALUES, BatchProfile, profile_of
from registries.coded_texts import CodedTexts
from registries.contracts.model import Code, Column, Dataset
from registries.departments import load_catalogue
from registries.store.profiles import ColumnProfile

ANY = load_catalogue().dataset("public_security.residents")


def profiled(column: Column, *chunks: list[str | None]) -> ColumnProfile:
    dataset: Dataset = replace(ANY, columns=(column,))
    profile = BatchProfile(dataset)
    for cells in chunks:
        profile.add(profile_of(dataset, pa.table({column.name: pa.array(cells, pa.string())})))
    (found,) = profile.columns()
    return found


CODES = (Code("1", "男"), Code("2", "女"))


def test_codes_and_missing_values_are_counted_over_all_chunks() -> None:
    found = profiled(Column("kind", "类别", code_table=CODES), ["1", "1", None], ["2", None])
    assert (found.rows, found.nulls, found.values) == (5, 2, {"1": 2, "2": 1})


@pytest.mark.parametrize("different", [3, MOST_VALUES, MOST_VALUES + 1])
def test_values_that_repeat_are_counted_alike(different: int) -> None:
    cells = [None if not number else str(number) for number in range(different + 1)] * 4
    array = pa.array(cells, pa.string()).dictionary_encode()
    coded = CodedTexts.of(pa.concat_arrays([array.dictionary, pa.array(["unused"])]), array.indices)
    for column in (Column("kind", "类别", code_table=CODES), Column("kind", "类别")):
        dataset, table = replace(ANY, columns=(column,)), pa.table({"kind": coded.texts()})
        assert profile_of(dataset, table, {"kind": coded}) == profile_of(dataset, table)


def test_what_is_in_no_code_table_is_told_only_to_be_unknown() -> None:
    found = profiled(Column("kind", "类别", code_table=CODES), ["1", "张三", "李四"])
    assert found.values == {"1": 1, "?": 2}


def test_of_people_rare_codes_stand_together() -> None:
    column = Column("sex", "性别", classification="personal", code_table=CODES)
    assert profiled(column, ["1"] * 9 + ["2"] * 4).values == {"1": 9, "*": 4}


def test_columns_of_people_without_a_code_table_and_keys_are_never_counted() -> None:
    for column in (
        Column("name", "姓名", classification="personal"),
        Column("number", "编号", key=True, classification="public"),
        Column("holder", "名称", classification="public", semantic="organisation_name"),
        Column("day", "日期", "date", classification="public"),
    ):
        assert profiled(column, ["x"] * 50 + [None]).values is None
        assert profiled(column, ["x"] * 50 + [None]).nulls == 1


def test_of_open_columns_frequent_values_are_told_while_they_are_few() -> None:
    column = Column("place", "区县", classification="public")
    assert profiled(column, ["金平"] * 7 + ["龙湖"] * 6 + ["x"]).values == {"金平": 7, "龙湖": 6, "*": 1}
    many = [str(number) for number in range(MOST_VALUES + 1)]
    assert profiled(column, many).values is None
    assert profiled(column, many[:40], many[30:]).values is None, "no chunk alone has too many"


def test_an_empty_batch_has_no_profile() -> None:
    assert BatchProfile(ANY).columns() == []
