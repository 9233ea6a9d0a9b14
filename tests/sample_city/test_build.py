"""Building: the same city from the same seed, nothing done twice, nothing half done, flat memory."""

import csv
import hashlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psycopg
import pyarrow as pa
import pytest
from python_calamine import CalamineWorkbook

from sample_city.build import build, next_day
from sample_city.city import found
from sample_city.deliveries import _all_licences
from sample_city.errors import NoCityError, ResidentsDatabaseDownError

TODAY = date(2026, 6, 30)
MEASURED = """
import resource, sys
from datetime import date
from pathlib import Path
from sample_city.build import build
build(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), 1, date(2026, 6, 30))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def files(home: Path) -> dict[str, str]:
    found = [path for path in home.rglob("*") if path.is_file()]
    return {str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def table(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT * FROM residents ORDER BY citizen_number").fetchall()


def starting(home: Path, url: str, people: int) -> subprocess.Popen[bytes]:
    words = ["build", "--home", str(home), "--database-url", url, "--people", str(people), "--day", "2026-06-30"]
    return subprocess.Popen([sys.executable, "-m", "sample_city", *words])


def dropped(home: Path, name: str) -> Iterator[str]:
    return iter((home / "drops/market_regulation" / name).read_bytes().decode("gb18030").splitlines())


def test_the_same_seed_gives_the_same_city(tmp_path: Path, city_database: str) -> None:
    build(tmp_path / "one", city_database, 3000, 5, TODAY)
    first = table(city_database)
    build(tmp_path / "two", city_database, 3000, 5, TODAY)
    assert files(tmp_path / "one") == files(tmp_path / "two")
    assert table(city_database) == first


def test_another_seed_gives_another_city(tmp_path: Path, city_database: str) -> None:
    build(tmp_path, city_database, 3000, 5, TODAY)
    first = table(city_database)
    assert build(tmp_path, city_database, 3000, 6, TODAY).built
    assert {row[0] for row in table(city_database)}.isdisjoint({row[0] for row in first[:20]})


def test_a_city_that_stands_is_left_alone_on_whatever_day(tmp_path: Path, city_database: str) -> None:
    assert build(tmp_path, city_database, 2000, 5, TODAY).built
    next_day(tmp_path, city_database)
    before = files(tmp_path)
    again = build(tmp_path, city_database, 2000, 5, date(2026, 8, 1))
    assert (again.built, again.day, files(tmp_path)) == (False, date(2026, 7, 1), before)


def test_a_city_whose_database_was_lost_is_built_again(tmp_path: Path, city_database: str) -> None:
    build(tmp_path, city_database, 2000, 5, TODAY)
    with psycopg.connect(city_database) as connection:
        connection.execute("DROP TABLE residents")
    assert build(tmp_path, city_database, 2000, 5, TODAY).built
    assert len(table(city_database)) == 2000


@pytest.mark.parametrize("seconds", [0.6, 1.4])
def test_a_killed_build_is_done_again(tmp_path: Path, city_database: str, seconds: float) -> None:
    process = starting(tmp_path / "killed", city_database, 100_000)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()
    build(tmp_path / "killed", city_database, 100_000, 1, TODAY)
    killed = table(city_database)
    build(tmp_path / "whole", city_database, 100_000, 1, TODAY)
    assert files(tmp_path / "killed") == files(tmp_path / "whole")
    assert killed == table(city_database)


def test_drops_come_back_from_gb18030_and_leave_no_parts(tmp_path: Path, city_database: str) -> None:
    build(tmp_path, city_database, 30_000, 5, TODAY)
    lines = list(dropped(tmp_path, "enterprises_20260630.csv"))
    assert lines[0].split(",")[0].strip('"') == "统一社会信用代码"
    assert len(lines) > 2500
    outside_gbk = [line for line in lines if "㛃" in line or "䶮" in line]
    assert outside_gbk, "some names need GB18030"
    with pytest.raises(UnicodeEncodeError):
        "".join(outside_gbk).encode("gbk")
    assert not [name for name in files(tmp_path) if name.endswith(".part")]


def test_divisions_are_dropped_as_they_came(tmp_path: Path, city_database: str) -> None:
    build(tmp_path, city_database, 500, 5, TODAY)
    assert {name for name in files(tmp_path) if "divisions" in name} == {
        "drops/statistics_bureau/divisions_2023.csv",
        "drops/civil_affairs/divisions_2026.csv",
        "drops/standards_administration/divisions_1980_2019.csv",
    }
    sheets = {
        "drops/statistics_bureau/economic_indicators_2025.csv",
        "drops/development_and_reform/public_credit_202603.csv",
    }
    assert sheets <= files(tmp_path).keys()


def test_a_day_brings_newborns_moves_and_new_companies(tmp_path: Path, city_database: str) -> None:
    build(tmp_path, city_database, 20_000, 5, TODAY)
    before = {row[0]: row for row in table(city_database)}
    report = next_day(tmp_path, city_database)
    after = {row[0]: row for row in table(city_database)}
    born = [number for number in after if number[6:14] == "20260701"]
    moved = [number for number, row in after.items() if number in before and row[5] != before[number][5]]
    assert (len(after), len(born)) == (20_003, 3)
    assert len(moved) >= 4
    assert report.companies == 1668
    assert len(list(dropped(tmp_path, "enterprises_20260701.csv"))) >= 1669


def licences(home: Path, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(dropped(home, name)))


def test_a_day_changes_what_licences_say(tmp_path: Path, city_database: str) -> None:
    build(tmp_path, city_database, 20_000, 5, TODAY)
    next_day(tmp_path, city_database)
    before = {row["证照编号"]: row for row in licences(tmp_path, "business_licences_full_20260630.csv")}
    changes, more = (licences(tmp_path, f"business_licences_changes_20260701_{part}.csv") for part in (1, 2))
    moves = {(before[row["证照编号"]]["证照状态代码"], row["证照状态代码"]) for row in changes}
    assert {("10", "05"), ("10", "09"), ("09", "10")} <= moves
    assert {row["操作类型"] for row in before.values()} == {"I"}
    assert {row["操作类型"] for row in changes} == {"U"}
    assert {row["操作类型"] for row in more} == {"I", "U", "D"}
    assert all(row["更新时间"].startswith("2026-07-01") for row in (*changes, *more))
    assert max(row["更新时间"] for row in before.values()) < "2026-06-30"


def test_change_sets_overlap_and_delete_what_never_was(tmp_path: Path, city_database: str) -> None:
    build(tmp_path, city_database, 3000, 5, TODAY)
    next_day(tmp_path, city_database)
    known = {row["证照编号"] for row in licences(tmp_path, "business_licences_full_20260630.csv")}
    first, second = (licences(tmp_path, f"business_licences_changes_20260701_{part}.csv") for part in (1, 2))
    assert [row for row in second if row in first]
    assert not {row["证照编号"] for row in second if row["操作类型"] == "D"} & known


def test_applying_change_sets_gives_the_city_of_the_day(tmp_path: Path, city_database: str) -> None:
    build(tmp_path, city_database, 3000, 5, TODAY)
    rows = {row["证照编号"]: row for row in licences(tmp_path, "business_licences_full_20260630.csv")}
    for _ in range(3):
        city = next_day(tmp_path, city_database).day
        for part in (1, 2):
            for row in licences(tmp_path, f"business_licences_changes_{city:%Y%m%d}_{part}.csv"):
                if row["操作类型"] != "D":
                    rows[row["证照编号"]] = row
    now = found(tmp_path)
    assert now is not None
    expected = pa.concat_tables([pa.table(columns) for columns in _all_licences(now)]).to_pylist()
    for row in (*rows.values(), *expected):
        del row["操作类型"], row["更新时间"]
    assert sorted(rows.values(), key=str) == sorted(expected, key=str)


def exchanged(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT * FROM qualifications_exchange ORDER BY seq").fetchall()


def test_the_exchange_table_grows_by_what_changed(tmp_path: Path, city_database: str) -> None:
    build(tmp_path, city_database, 3000, 5, TODAY)
    first = exchanged(city_database)
    next_day(tmp_path, city_database)
    second = exchanged(city_database)
    assert second[: len(first)] == first
    assert {row[1] for row in first} == {"I"}
    assert {row[1] for row in second[len(first) :]} == {"I", "U"}
    assert len({row[0] for row in second}) == len(second)


def test_workbooks_hold_text_and_a_few_rounded_numbers(tmp_path: Path, city_database: str) -> None:
    build(tmp_path, city_database, 2000, 5, TODAY)
    book = CalamineWorkbook.from_path(str(tmp_path / "drops/transport/driver_permits_20260630.xlsx"))
    heading, *rows = book.get_sheet_by_name("证件").to_python()
    numbers = [row[heading.index("公民身份号码")] for row in rows]
    rounded = [number for number in numbers if isinstance(number, float)]
    assert len(rounded) == 5
    assert all(int(number) % 2 == 0 for number in rounded), "their last digits are gone"
    assert all(isinstance(cell, str) for row in rows for cell in row if not isinstance(cell, float))


def test_a_corrected_number_takes_the_place_of_the_old_one(tmp_path: Path, city_database: str) -> None:
    build(tmp_path, city_database, 3000, 5, TODAY)
    before = {str(row[0]).upper() for row in table(city_database)}
    next_day(tmp_path, city_database)
    after = {str(row[0]).upper() for row in table(city_database)}
    with psycopg.connect(city_database) as connection:
        told = connection.execute(
            "SELECT old_number, new_number FROM number_corrections WHERE corrected_on = '2026-07-01'"
        ).fetchall()
    assert len(told) == 1
    old, new = told[0]
    assert old in before - after
    assert new in after - before
    assert old[:14] == new[:14]
    assert int(old[16]) % 2 == int(new[16]) % 2


def test_a_day_worked_through_twice_is_one_day(tmp_path: Path, city_database: str) -> None:
    build(tmp_path, city_database, 3000, 5, TODAY)
    marker = (tmp_path / "city.json").read_bytes()
    next_day(tmp_path, city_database)
    once, rows, exchange = files(tmp_path), table(city_database), exchanged(city_database)
    (tmp_path / "city.json").write_bytes(marker)
    next_day(tmp_path, city_database)
    assert (files(tmp_path), table(city_database), exchanged(city_database)) == (once, rows, exchange)


def test_numbers_to_try_are_in_the_drop_as_they_say(tmp_path: Path, city_database: str) -> None:
    build(tmp_path, city_database, 2000, 5, TODAY)
    for _ in range(3):
        numbers = json.loads((tmp_path / "numbers_to_try.json").read_text(encoding="utf-8"))
        city = found(tmp_path)
        assert city is not None
        rows = {row["证照编号"]: row for columns in _all_licences(city) for row in pa.table(columns).to_pylist()}
        of = {name: rows[numbers[name]["certificate_number"]] for name in ("valid", "revoked", "quarantined")}
        assert (of["valid"]["证照状态代码"], of["revoked"]["证照状态代码"]) == ("10", "05")
        assert of["quarantined"]["证照状态代码"] not in {"10", "01", "02", "03", "04", "05", "09"}
        for name, row in of.items():
            told = (row["持证主体"], row["持证主体代码"], row["持证主体代码类型代码"])
            assert told == (numbers[name]["holder_name"], numbers[name]["holder_code"], "001")
        next_day(tmp_path, city_database)


def test_the_valid_number_stays_the_same_for_days(tmp_path: Path, city_database: str) -> None:
    build(tmp_path, city_database, 2000, 5, TODAY)
    first = json.loads((tmp_path / "numbers_to_try.json").read_text(encoding="utf-8"))
    next_day(tmp_path, city_database)
    second = json.loads((tmp_path / "numbers_to_try.json").read_text(encoding="utf-8"))
    assert (first["valid"], first["revoked"]) == (second["valid"], second["revoked"])


def test_the_table_is_plain_and_explained(tmp_path: Path, city_database: str) -> None:
    build(tmp_path, city_database, 500, 5, TODAY)
    with psycopg.connect(city_database) as connection:
        keys = connection.execute("SELECT count(*) FROM pg_index WHERE indrelid = 'residents'::regclass").fetchone()
        words = connection.execute("SELECT col_description('residents'::regclass, 1)").fetchone()
    assert (keys, words) == ((0,), ("公民身份号码",))


def test_sqlalchemy_addresses_are_understood(tmp_path: Path, city_database: str) -> None:
    url = city_database.replace("postgresql://", "postgresql+psycopg://")
    assert build(tmp_path, url, 500, 5, TODAY).people == 500


def test_no_city_no_tomorrow(tmp_path: Path, city_database: str) -> None:
    with pytest.raises(NoCityError):
        next_day(tmp_path, city_database)


def test_a_database_that_is_down_says_so_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(ResidentsDatabaseDownError) as caught:
        build(tmp_path, "postgresql://nobody:a-secret@127.0.0.1:1/none", 500, 5, TODAY)
    assert "a-secret" not in str(caught.value)


def test_memory_does_not_grow_with_the_city(tmp_path: Path, city_database: str) -> None:
    peaks = []
    for people in (200_000, 600_000):
        words = [sys.executable, "-c", MEASURED, str(tmp_path / str(people)), city_database, str(people)]
        peaks.append(int(subprocess.run(words, check=True, capture_output=True).stdout))
    assert peaks[1] - peaks[0] < 60, peaks
