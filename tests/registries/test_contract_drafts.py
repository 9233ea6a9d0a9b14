"""Drafts of contracts: from every kind of source, without a value of a row; filled in, they can be used."""

import json
import re
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
import xlsxwriter

from registries.contract_drafts.drafts import draft, draft_department
from registries.contract_drafts.guesses import classification_of, codes_of, key_of, semantic_of, type_of
from registries.contract_drafts.marks import MARK, marks_left
from registries.contract_drafts.samples import (
    SampledColumn,
    SampleUnreadable,
    SourceSample,
    sample_of_file,
    sample_of_table,
)
from registries.contracts.loading import load_contract
from registries.departments import BUILT_IN
from registries.operators.check import check_paths

SAMPLES = sorted(
    path for path in BUILT_IN.glob("*/samples/*") if path.suffix in {".csv", ".jsonl", ".parquet", ".xlsx"}
)
FILLED = {
    "domain": "drafted", "table": "rows", "server": "drafted_drop", "title": "数据", "title_en": "Data",
    "column_title": "列", "sharing": "无条件共享", "label": "含义", "frequency": "1", "latency": "3",
    "department_zh": "某局", "department_en": "Bureau", "area_code": "440500", "level": "市",
    "valid_from": "2019-01-01",
}  # fmt: skip
HEADER = ["证件号码", "姓名", "性别", "民族", "单位代码", "登记日期", "金额", "序号"]
PEOPLE = [
    ["440507199003071010", "张伟明", "1", "汉族", "91440507MA45AMP10F", "2020-01-02", "12.5", "1"],
    ["44051119850612222X", "李秀英", "2", "汉族", "92440511MA4TAMP20C", "2021-03-04", "7", "2"],
]


def filled(text: str) -> str:
    """What an engineer makes of a draft."""
    if "no key was found" in text:
        text = text.replace("        logicalType", "        primaryKey: true\n        logicalType", 1)
    return MARK.sub(lambda found: FILLED.get(found[1], ""), text)


def write_filled(folder: Path, sample: SourceSample) -> Path:
    place = folder / "drafted"
    place.mkdir(parents=True)
    (place / "department.yaml").write_text(filled(draft_department("")), "utf-8")
    (place / "rows.odcs.yaml").write_text(filled(draft(sample)), "utf-8")
    return place


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.parent.name}/{path.name}")
def test_a_draft_of_every_sample_passes_once_it_is_filled_in(path: Path, tmp_path: Path) -> None:
    sample = sample_of_file(path)
    place = write_filled(tmp_path, sample)
    assert [fault.en for fault in check_paths([place], [BUILT_IN])] == []
    (dataset,) = load_contract(place / "rows.odcs.yaml")
    assert [column.source for column in dataset.columns] == [column.name for column in sample.columns]
    unfilled = tmp_path / "drafted" / "rows.odcs.yaml"
    unfilled.write_text(draft(sample), "utf-8")
    assert {"server is not filled in", "sharing is not filled in"} <= {
        fault.cause_en for fault in check_paths([place], [BUILT_IN])
    }


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.parent.name}/{path.name}")
def test_no_value_of_a_row_gets_into_a_draft(path: Path) -> None:
    sample = sample_of_file(path)
    text = draft(sample)
    for column in sample.columns:
        codes = {code.value for code in codes_of(column, semantic_of(column))}
        for value in set(column.values) - codes:
            if len(value) > 3 and not value.islower() and value not in sample.name:
                assert value not in text


def written(tmp_path: Path, kind: str) -> Path:
    rows = [dict(zip(HEADER, row, strict=True)) for row in PEOPLE]
    path = tmp_path / f"people_20260101.{kind.partition(' ')[0]}"
    match kind:
        case "csv gb18030":
            path.write_bytes("\r\n".join(",".join(row) for row in [HEADER, *PEOPLE]).encode("gb18030"))
        case "csv utf-8":
            path.write_text("\n".join(",".join(row) for row in [HEADER, *PEOPLE]), "utf-8-sig")
        case "jsonl":
            path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
        case "parquet":
            pq.write_table(pa.Table.from_pylist(rows), path)
        case _:
            with xlsxwriter.Workbook(str(path)) as book:
                sheet = book.add_worksheet()
                for place, row in enumerate([HEADER, *PEOPLE]):
                    sheet.write_row(place, 0, row)
    return path


@pytest.mark.parametrize("kind", ["csv gb18030", "csv utf-8", "jsonl", "parquet", "xlsx"])
def test_every_format_gives_the_same_draft(tmp_path: Path, kind: str) -> None:
    sample = sample_of_file(written(tmp_path, kind))
    assert (sample.name, sample.rows, sample.physical) == ("people", 2, f"people_*.{kind.partition(' ')[0]}")
    assert sample.encoding == ("GB18030" if kind == "csv gb18030" else "UTF-8")
    place = write_filled(tmp_path, sample)
    assert check_paths([place], [BUILT_IN]) == []
    (dataset,) = load_contract(place / "rows.odcs.yaml")
    assert dataset.server.format == sample.file_format
    assert [
        (column.source, column.semantic, column.logical_type, column.classification) for column in dataset.columns
    ] == [
        ("证件号码", "citizen_number", "string", "personal"),
        ("姓名", "person_name", "string", "personal"),
        ("性别", None, "integer", "personal"),
        ("民族", None, "string", "sensitive"),
        ("单位代码", "uscc", "string", "personal"),
        ("登记日期", None, "date", "personal"),
        ("金额", None, "number", "personal"),
        ("序号", None, "integer", "personal"),
    ]
    assert not any(value in draft(sample) for row in PEOPLE for value in row[:2])


@pytest.fixture
def departments_database(city_database: str) -> str:
    """A table as a department has it: types, lengths, comments, a key."""
    with psycopg.connect(city_database) as conn:
        conn.execute(
            "CREATE TABLE lifts (lift_no varchar(12) PRIMARY KEY, kind char(1) NOT NULL, built_on date, floors integer,"
            ' load_kg numeric(8,1), checked_at timestamp, owner_name varchar(60), "有效" boolean)'
        )
        conn.execute("COMMENT ON TABLE lifts IS '电梯'")
        conn.execute("COMMENT ON COLUMN lifts.lift_no IS '电梯编号'")
        conn.cursor().executemany(
            "INSERT INTO lifts VALUES (%s, %s, '2015-06-01', 12, 1000.0, '2026-01-01 08:00', '欧阳小明', true)",
            [(f"DT{number:05}", "AB"[number % 2]) for number in range(200)],
        )
    return city_database


def test_a_table_is_drafted_as_it_is_declared(departments_database: str, tmp_path: Path) -> None:
    sample = sample_of_table(departments_database, "public.lifts")
    text = draft(sample)
    assert "欧阳小明" not in text
    assert str(sa.make_url(departments_database).password) not in text
    place = write_filled(tmp_path, sample)
    assert check_paths([place], [BUILT_IN]) == []
    (dataset,) = load_contract(place / "rows.odcs.yaml")
    assert (dataset.title_zh, dataset.key, dataset.server.kind, dataset.server.table) == (
        "电梯",
        ("lift_no",),
        "database",
        "public.lifts",
    )
    assert {column.name: (column.logical_type, column.max_length, column.required) for column in dataset.columns} == {
        "lift_no": ("string", 12, True),
        "kind": ("string", 1, True),
        "built_on": ("date", None, True),
        "floors": ("integer", None, True),
        "load_kg": ("number", None, True),
        "checked_at": ("timestamp", None, True),
        "owner_name": ("string", 60, True),
        "column_8": ("boolean", None, True),
    }
    assert dataset.column("lift_no").title_zh == "电梯编号"
    assert dataset.column("kind").codes == ("A", "B")


def test_any_sqlalchemy_database_can_be_drafted(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'trees.db'}"
    engine = sa.create_engine(url)
    with engine.begin() as conn:
        conn.execute(sa.text("CREATE TABLE trees (id INTEGER PRIMARY KEY, species VARCHAR(20))"))
        conn.execute(sa.text("INSERT INTO trees VALUES (1, '樟树')"))
    engine.dispose()
    sample = sample_of_table(url, "trees")
    assert (sample.kind, key_of(sample)) == ("sql_database", ("id",))


@pytest.mark.parametrize(
    ("source", "table"),
    [("postgresql://reader:hunter2@127.0.0.1:1/x", "t"), ("nonsense://hunter2", "t"), ("hunter2://", "t")],
)
def test_an_address_that_can_not_be_reached_is_told_without_its_password(source: str, table: str) -> None:
    with pytest.raises(SampleUnreadable) as caught:
        sample_of_table(source, table)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.doc", b"x"),
        ("a.csv", b""),
        ("a.csv", b"x,x\n1,2\n"),
        ("a.jsonl", b"{"),
        ("a.parquet", b"PAR1"),
        ("a.xlsx", b"PK\x03\x04"),
        ("missing.csv", None),
    ],
)
def test_a_file_that_can_not_be_read_is_told(tmp_path: Path, name: str, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SampleUnreadable):
        sample_of_file(tmp_path / name)


def column(name: str, *values: str) -> SampledColumn:
    return SampledColumn(name, values)


@pytest.mark.parametrize(
    ("given", "semantic"),
    [
        (column("x", "440507900307101"), "citizen_number"),
        (column("x", "440507199003071011"), None),
        (column("x", "91440507MA45AMP10F"), "uscc"),
        (column("行政区划代码", "440507", "440500"), "division_code"),
        (column("邮编", "515000", "515041"), None),
        (column("行政区划代码", "A1"), None),
        (column("许可证编号", "JY14405070012345"), "certificate_number"),
        (column("经办人员", "王小明", "李秀英"), "person_name"),
        (column("状态", "王牌", "金牌"), None),
        (column("mobile", "13800138000"), "phone"),
    ],
)
def test_meanings_come_from_check_characters_names_and_forms(given: SampledColumn, semantic: str | None) -> None:
    assert semantic_of(given) == semantic


def test_values_that_may_be_somebodys_are_no_codes() -> None:
    names = column("经办", *["王小明", "李秀英"] * 50)
    assert codes_of(names, semantic_of(names)) == ()
    towns = column("出生地", *["汕头", "潮州"] * 50)
    assert codes_of(towns, semantic_of(towns)) == ()
    kinds = column("证件类型", *["居民身份证", "护照"] * 50)
    assert [code.value for code in codes_of(kinds, semantic_of(kinds))] == ["居民身份证", "护照"]
    assert codes_of(column("证件类型", "居民身份证", "护照"), None) == ()
    assert type_of(column("编码", *["01", "02"] * 50), None) == "string"


@pytest.mark.parametrize(
    ("name", "persons", "expected"),
    [
        ("宗教信仰", False, "sensitive"),
        ("disability_grade", False, "sensitive"),
        ("出生日期", False, "personal"),
        ("层数", True, "personal"),
        ("层数", False, "internal"),
    ],
)
def test_classification_is_guessed_strictly(name: str, persons: bool, expected: str) -> None:
    assert classification_of(column(name, "1"), None, persons=persons) == expected


def test_a_key_of_two_columns_is_found() -> None:
    numbers, dates = ["1", "1", "2", "2"], ["2020-01-01", "2021-01-01", "2020-01-01", "2021-01-01"]
    sample = SourceSample("t", "files", "t.csv", (column("编号", *numbers), column("年度", *dates)), 4)
    assert key_of(sample) == ("编号", "年度")
    assert "primaryKeyPosition: 2" in draft(sample)


def test_marks_are_found_with_their_lines_and_explained() -> None:
    sample = SourceSample("表", "files", "t.csv", (column("a", "x y"),), 1)
    text = draft(sample)
    lines = text.splitlines()
    for fault in marks_left("d/t.odcs.yaml", text):
        assert MARK.search(lines[fault.line - 1])
    for line in (line for line in lines if MARK.search(line)):
        beside = line + lines[lines.index(line) - 1] + lines[lines.index(line) - 2]
        assert re.search(r"# .*[一-龥].*[a-z]", beside), line
    assert {"domain", "table", "title", "column_title", "sharing", "frequency"} <= set(MARK.findall(text))
    assert "no key was found" in text
