"""Building: the same city from the same seed, nothing done twice, nothing half done, flat memory."""

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
import pytest

from sample_city.build import build, next_day
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
    assert len(list(dropped(tmp_path, "business_licences_20260701.csv"))) == 1669


def test_a_day_changes_what_licences_say(tmp_path: Path, city_database: str) -> None:
    build(tmp_path, city_database, 20_000, 5, TODAY)
    next_day(tmp_path, city_database)
    days = [list(dropped(tmp_path, f"business_licences_{day}.csv")) for day in ("20260630", "20260701")]
    status = [{line.split('","')[0]: line.split('","')[10] for line in lines} for lines in days]
    moves = {(old, status[1][number]) for number, old in status[0].items() if status[1][number] != old}
    assert {("10", "05"), ("10", "09"), ("09", "10")} <= moves


def test_a_day_worked_through_twice_is_one_day(tmp_path: Path, city_database: str) -> None:
    build(tmp_path, city_database, 3000, 5, TODAY)
    marker = (tmp_path / "city.json").read_bytes()
    next_day(tmp_path, city_database)
    once, rows = files(tmp_path), table(city_database)
    (tmp_path / "city.json").write_bytes(marker)
    next_day(tmp_path, city_database)
    assert (files(tmp_path), table(city_database)) == (once, rows)


def test_numbers_to_try_are_in_the_drop_as_they_say(tmp_path: Path, city_database: str) -> None:
    build(tmp_path, city_database, 2000, 5, TODAY)
    for _ in range(3):
        numbers = json.loads((tmp_path / "numbers_to_try.json").read_text(encoding="utf-8"))
        newest = max((tmp_path / "drops/market_regulation").glob("business_licences_*.csv")).name
        rows = {line.split('","')[0].strip('"'): line.split('","') for line in dropped(tmp_path, newest)}
        of = {name: rows[asked["certificate_number"]] for name, asked in numbers.items()}
        assert (of["valid"][10], of["revoked"][10]) == ("10", "05")
        assert of["quarantined"][10] not in {"10", "01", "02", "03", "04", "05", "09"}
        assert all(
            of[name][2:5] == [asked["holder_name"], asked["holder_code"], "001"] for name, asked in numbers.items()
        )
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
