"""The truth file against a slow checker: plain Python from the standards, no code shared with the city."""

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import psycopg
import pytest
from stdnum.cn import ric, uscc
from stdnum.iso7064 import mod_37_36

import sample_city.drops
from sample_city.build import build, next_day

TODAY = date(2026, 6, 30)
Finding = tuple[str, str, str]
LISTS = Path(sample_city.drops.__file__).parent / "divisions"
CHECKED = {"public_security.residents", "market_regulation.enterprises", "market_regulation.business_licences"}
"""Datasets that are checked row by row here; all others against the hub, in tests/benchmarks/defects.py."""
HARMLESS_DATES = ("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d")


def told(home: Path) -> Counter[Finding]:
    lines = (home / "truth.jsonl").read_text(encoding="utf-8").splitlines()
    told = Counter((line["dataset"], line["key"], line["kind"]) for line in map(json.loads, lines))
    return Counter({finding: count for finding, count in told.items() if finding[0] in CHECKED})


def known_divisions() -> set[str]:
    known: set[str] = set()
    for path in LISTS.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            known |= {row["code"] for row in csv.DictReader(file)}
    return known


def day_of(text: str) -> date | None:
    for form in HARMLESS_DATES:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007  days have no zone
        except ValueError:
            continue
    return None


def faults_of_resident(row: dict[str, str | None], divisions: set[str]) -> Iterator[str]:
    number = (row["citizen_number"] or "").upper()
    if len(number) == 15:
        number = f"{number[:6]}19{number[6:]}"
        number += ric.calc_check_digit(number + "?")
    if ric.calc_check_digit(number) != number[17]:
        yield "citizen_number_check"
    if day_of(row["birth_date"] or "") != day_of(number[6:14]):
        yield "birth_date_disagrees"
    if row["sex"] != "9" and row["sex"] != ("1" if int(number[16]) % 2 else "2"):
        yield "sex_disagrees"
    if row["division_code"] not in divisions:
        yield "unknown_division"
    if not (row["name"] or "").strip():
        yield "name_missing"
    if day_of(row["registered_on"] or "") is None:
        yield "impossible_date"


def check_residents(url: str) -> Iterator[Finding]:
    divisions = known_divisions()
    with psycopg.connect(url, row_factory=psycopg.rows.dict_row) as connection:
        for row in connection.execute("SELECT * FROM residents"):
            for kind in faults_of_resident(row, divisions):
                yield "public_security.residents", row["citizen_number"], kind


def dropped(home: Path, table: str) -> list[dict[str, str]]:
    newest = max((home / "drops" / "market_regulation").glob(f"{table}_*.csv"))
    with newest.open(encoding="gb18030", newline="") as file:
        return list(csv.DictReader(file))


def inner_check_is_wrong(code: str) -> bool:
    values = ["0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".index(character) for character in code[8:16]]
    total = sum(value * weight for value, weight in zip(values, (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    return "0123456789X0"[11 - total % 11] != code[16]


def check_enterprises(home: Path) -> Iterator[Finding]:
    versions = defaultdict(set)
    rows = dropped(home, "enterprises")
    for row in rows:
        versions[row["统一社会信用代码"]].add(tuple(row.values()))
    for row in rows:
        code = row["统一社会信用代码"]
        if not uscc.is_valid(code):
            yield "market_regulation.enterprises", code, "uscc_check"
        elif inner_check_is_wrong(code):
            yield "market_regulation.enterprises", code, "organisation_code_check"
        if len(versions[code]) > 1:
            yield "market_regulation.enterprises", code, "conflicting_rows"


def licences(home: Path) -> list[dict[str, str]]:
    """The full file, and the change sets applied to it in their order."""
    folder = home / "drops" / "market_regulation"
    rows: dict[str, dict[str, str]] = {}
    for path in [*folder.glob("business_licences_full_*.csv"), *sorted(folder.glob("business_licences_changes_*.csv"))]:
        with path.open(encoding="gb18030", newline="") as file:
            rows |= {row["证照编号"]: row for row in csv.DictReader(file) if row["操作类型"] != "D"}
    return list(rows.values())


def check_licences(home: Path) -> Iterator[Finding]:
    places = {(row["统一社会信用代码"][8:16], row["企业名称"]) for row in dropped(home, "enterprises")}
    for row in licences(home):
        *body, check = row["电子证照标识"].removeprefix("1.2.156.3005.2.").split(".")
        kinds = {
            "identifier_check": mod_37_36.calc_check_digit("".join(body)) != check,
            "identifier_of_another_type": body[0] != "11100000MB0143028R001",
            "ends_before_start": row["有效期截止日期"] < row["有效期起始日期"],
            "status_code_unknown": row["证照状态代码"] not in {"10", "01", "02", "03", "04", "05", "09"},
            "issuer_code_wrong": not uscc.is_valid(row["证照颁发机构代码"]),
            "licence_name_disagrees": (row["持证主体代码"][8:16], row["持证主体"]) not in places,
        }
        for kind in (kind for kind, wrong in kinds.items() if wrong):
            yield "market_regulation.business_licences", row["证照编号"], kind


def found(home: Path, url: str) -> Counter[Finding]:
    return Counter([*check_residents(url), *check_enterprises(home), *check_licences(home)])


@pytest.mark.parametrize("people", [500, 2000, 30_000])
def test_the_truth_is_what_a_slow_checker_finds(tmp_path: Path, city_database: str, people: int) -> None:
    build(tmp_path, city_database, people, 11, TODAY)
    assert told(tmp_path) == found(tmp_path, city_database)


def test_it_stays_true_on_later_days(tmp_path: Path, city_database: str) -> None:
    build(tmp_path, city_database, 3000, 12, TODAY)
    first = told(tmp_path)
    for _ in range(4):
        next_day(tmp_path, city_database)
        assert told(tmp_path) == found(tmp_path, city_database)
    assert first - told(tmp_path), "some defects are mended"
    assert told(tmp_path) - first, "some are new"


def test_rates_are_those_of_the_brief(tmp_path: Path, city_database: str) -> None:
    build(tmp_path, city_database, 30_000, 13, TODAY)
    rows = {"public_security.residents": 30_000, "market_regulation.enterprises": 2500}
    counts: Counter[tuple[str, str]] = Counter()
    for (dataset, _, kind), times in told(tmp_path).items():
        counts[dataset, kind] += times
    assert len(counts) == 15
    for (dataset, _), count in counts.items():
        assert 0.002 <= count / rows.get(dataset, 2500) <= 0.005


def test_a_small_city_has_a_handful_of_each(tmp_path: Path, city_database: str) -> None:
    report = build(tmp_path, city_database, 2000, 14, TODAY)
    assert len(report.defects) >= 30
    few = {kind for kind, count in report.defects.items() if count < 5}
    assert few <= {"stale_batch", "mojibake", "certificate_number_format", "born_after_issue"}


def test_no_row_has_two_kinds(tmp_path: Path, city_database: str) -> None:
    build(tmp_path, city_database, 30_000, 15, TODAY)
    kinds = defaultdict(set)
    for dataset, key, kind in told(tmp_path):
        kinds[dataset, key].add(kind)
    assert all(len(of_one) == 1 for of_one in kinds.values())
