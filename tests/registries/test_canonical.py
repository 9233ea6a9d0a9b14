"""Canonical form: equal things become equal, uncertain things stay as they came."""

import datetime as dt

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certificates.errors import CertificatesError
from certificates.holder_codes import code_types, normal_holder_code
from certificates.identifiers import check_citizen_number, widen_citizen_number
from registries.canonical import (
    canonical,
    canonical_and_coded,
    canonical_column,
    code_types_of,
    dates,
    numbers,
    timestamps,
    widened,
)
from registries.contracts.model import CertificateMapping, Column, Dataset, HolderMapping, Server, Sharing, Sla
from registries.departments import load_catalogue


def form(text: str | None, column: Column) -> str | None:
    shaped: str | None = canonical_column(pa.array([text], pa.string()), column)[0].as_py()
    return shaped


@pytest.mark.parametrize(
    ("text", "shaped"),
    [
        ("20240131", "2024-01-31"),
        ("2024/1/31", "2024-01-31"),
        ("2024.01.5", "2024-01-05"),
        ("2024年1月31日", "2024-01-31"),
        ("2024-1-3", "2024-01-03"),
        ("2024-01-31 00:00:00", "2024-01-31"),
        ("2024-01-31T00:00:00.000", "2024-01-31"),
        ("99991231", "9999-12-31"),
        ("2023-02-30", "2023-02-30"),  # the rule judges it
        ("20240230", "2024-02-30"),
        ("31/1/2024", "31/1/2024"),  # day first, or not: nobody knows
        ("01-02-03", "01-02-03"),
        ("2024-01-31 08:00:00", "2024-01-31 08:00:00"),
        ("2024", "2024"),
        ("长期", "长期"),
        ("2024-13-1x", "2024-13-1x"),
    ],
)
def test_dates(text: str, shaped: str) -> None:
    assert dates(pa.array([text, None])).to_pylist() == [shaped, None]


@given(st.dates(min_value=dt.date(1000, 1, 1)), st.sampled_from(["%Y%m%d", "%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日"]))
def test_a_date_written_year_first_is_read_as_it_is(day: dt.date, way: str) -> None:
    assert dates(pa.array([day.strftime(way)])).to_pylist() == [day.isoformat()]


def test_timestamps() -> None:
    values = ["2024/1/31T8:05", "2024-01-31 08:05:00", "2024-01-31 08:05:00.123+08", "2024-01-31", "now", None]
    shaped = ["2024-01-31 08:05:00", "2024-01-31 08:05:00", "2024-01-31 08:05:00.123+08", "2024-01-31", "now", None]
    assert timestamps(pa.array(values)).to_pylist() == shaped


def test_numbers() -> None:
    values = ["1,000.5", "+3", "-4", "1,00", "1e5", None]
    assert numbers(pa.array(values)).to_pylist() == ["1000.5", "3", "-4", "1,00", "1e5", None]


@given(st.lists(st.from_regex(r"[0-9]{14,16}", fullmatch=True), max_size=30))
def test_old_citizen_numbers_are_widened_as_the_certificate_domain_does(texts: list[str]) -> None:
    assert widened(pa.array(texts, pa.string())).to_pylist() == [widened_one(text) for text in texts]


@given(st.dates(min_value=dt.date(1900, 1, 1), max_value=dt.date(1999, 12, 31)), st.integers(0, 995))
def test_a_widened_number_checks(day: dt.date, sequence: int) -> None:
    old = f"440507{day:%y%m%d}{sequence:03}"
    new = widened(pa.array([None, old, "x"]))
    assert new.to_pylist() == [None, widen_citizen_number(old), "x"]
    assert check_citizen_number(new[1].as_py())


def widened_one(text: str) -> str:
    try:
        return widen_citizen_number(text)
    except CertificatesError:
        return text


@pytest.mark.parametrize(
    ("column", "text", "shaped"),
    [
        (Column("a", "甲", semantic="uscc"), " 91110000600037341l ", "91110000600037341L"),
        (Column("a", "甲", semantic="citizen_number"), "１１０１０５194912310０２ｘ", "11010519491231002X"),
        (Column("a", "甲", semantic="certificate_number"), "\u3000粤字（２０２４）ａ1", "粤字(2024)A1"),
        (Column("a", "甲", semantic="person_name"), "\u3000张 三\t", "张 三"),
        (Column("a", "甲", semantic="person_name"), "ａ", "ａ"),  # names keep the characters they have
        (Column("a", "甲"), " \u3000 ", None),
        (Column("a", "甲", "boolean"), "TRUE", "true"),
        (Column("a", "甲", "date"), "２０２４０１３１", "2024-01-31"),
    ],
)
def test_columns_by_their_meaning(column: Column, text: str, shaped: str | None) -> None:
    assert form(text, column) == shaped


def test_a_batch_keeps_its_rows_and_columns_and_is_stable() -> None:
    dataset = load_catalogue().dataset("public_security.residents")
    names = [column.name for column in dataset.columns]
    batch = pa.RecordBatch.from_arrays([pa.array(["", " 1 ", None])] * len(names), names=names)
    once = canonical(batch, dataset)
    assert once.schema.names == names
    assert once.column("name").to_pylist() == [None, "1", None]
    assert canonical(once, dataset).equals(once)


def test_columns_that_come_as_dictionaries_are_shaped_as_their_texts() -> None:
    dataset = load_catalogue().dataset("public_security.residents")
    written = ["", " 1 ", None, "１", "2024/1/2", "2024-01-02", "110105491231002"] * 3
    names = [column.name for column in dataset.columns]
    plain = pa.RecordBatch.from_arrays([pa.array(written)] * len(names), names=names)
    dictionaries = pa.RecordBatch.from_arrays([pa.array(written).dictionary_encode()] * len(names), names=names)
    rows, coded = canonical_and_coded(dictionaries, dataset)
    assert rows.equals(canonical(plain, dataset))
    assert canonical_and_coded(plain, dataset)[1] == {}
    assert {name: each.texts().to_pylist() for name, each in coded.items()} == rows.to_pydict()


def test_dictionaries_of_holders_codes_become_texts() -> None:
    array = pa.array(["110105491231002", None] * 3).dictionary_encode()
    kinds = pa.array(["111", "516"] * 3).dictionary_encode()
    columns = {"number": array, "paper": array, "paper_kind": kinds, "wife": array, "wife_kind": kinds}
    rows, coded = canonical_and_coded(pa.RecordBatch.from_pydict(columns), HOLDINGS)
    assert rows.column("paper").to_pylist() == ["11010519491231002X", None] * 3
    assert set(coded) == {"number", "paper_kind", "wife_kind"}
    assert set(code_types_of(HOLDINGS, ["number", "wife"])) == {"wife_kind"}


def test_a_slice_of_a_batch_is_shaped_like_the_whole() -> None:
    column = Column("a", "甲", semantic="citizen_number")
    values = pa.array(["x", "110105491231002", "11010519491231002x", None])
    assert canonical_column(values.slice(1), column).to_pylist() == ["11010519491231002X"] * 2 + [None]


HOLDINGS = Dataset(
    name="a.holdings",
    department="a",
    contract_id="a",
    contract_version="1.0.0",
    title_zh="a",
    title_en="a",
    columns=(
        Column("number", "编号", key=True),
        Column("paper", "证件号码", semantic="holder_code", code_type_column="paper_kind"),
        Column("paper_kind", "证件类型"),
        Column("wife", "女方号码"),
        Column("wife_kind", "女方证件类型"),
    ),
    key=("number",),
    rules=(),
    server=Server("a", "files"),
    sla=Sla(1, 1, ""),
    sharing=Sharing("无条件共享"),
    certificate=CertificateMapping(
        "x", "number", "number", "paper", "number", "paper_kind", (HolderMapping("wife", "wife", "wife_kind"),)
    ),
)


def shaped_holders(papers: list[str | None], kinds: list[str | None]) -> list[tuple[str | None, str | None]]:
    none = pa.array([None] * len(papers), pa.string())
    texts = [pa.array(values, pa.string()) for values in (papers, kinds)]
    columns = {"number": none, "paper": texts[0], "paper_kind": texts[1], "wife": texts[0], "wife_kind": texts[1]}
    rows = canonical(pa.RecordBatch.from_pydict(columns), HOLDINGS)
    return list(zip(rows.column("paper").to_pylist(), rows.column("wife").to_pylist(), strict=True))


def test_holders_codes_are_shaped_row_by_row_by_their_types() -> None:
    papers = ["110105491231002", "110105491231002", "h1234-5678", "１１０１０５ 19491231002x", None, "e 1", "9144 05"]
    kinds = ["111", "999", "516", "111", "111", None, "001"]
    wanted = ["11010519491231002X", "110105491231002", "H12345678", "11010519491231002X", None, "E 1", "9144 05"]
    assert [paper for paper, _ in shaped_holders(papers, kinds)] == wanted
    assert [wife for _, wife in shaped_holders(papers, kinds)] == wanted


WRITTEN = st.one_of(
    st.text("0123456789", min_size=15, max_size=15),
    st.text("0123456789 -", min_size=15, max_size=20),
    st.text("0123456789xXhHmM０９Ｘ-· 军字第号", max_size=20),
    st.sampled_from(["110105491231002", "9111 0000-600037341l", "usa440385010112", "H1234 5678"]),
)


@settings(max_examples=200)
@given(st.lists(st.tuples(WRITTEN, st.sampled_from([*code_types(), "?"])), min_size=1, max_size=30))
def test_columns_and_questions_have_one_form(rows: list[tuple[str, str]]) -> None:
    shaped = [paper for paper, _ in shaped_holders([text for text, _ in rows], [kind for _, kind in rows])]
    assert shaped == [normal_holder_code(kind, text) or None for text, kind in rows]


@pytest.mark.parametrize(
    ("text", "semantic", "shape"),
    [
        ("440508 19900101 0016", "citizen_number", "440508199001010016"),
        ("440508 1990", "citizen_number", "440508 1990"),
        ("810000-19940823-0021", "residence_permit", "810000199408230021"),
        ("usa440385010112", "foreign_permanent_resident_number", "USA440385010112"),
        ("9144-0500-ma4uhgdr0k", "uscc", "91440500MA4UHGDR0K"),
        ("lsv am4187c2184847", "vehicle_number", "LSVAM4187C2184847"),
        ("粤D·12345", "licence_plate", "粤D12345"),
        ("粤d-1234警", "licence_plate", "粤D1234警"),
        ("粤", "licence_plate", "粤"),
    ],
)
def test_what_people_put_inside_numbers_is_left_out_where_that_is_certain(text: str, semantic: str, shape: str) -> None:
    assert form(text, Column("x", "x", semantic=semantic)) == shape
