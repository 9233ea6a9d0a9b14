"""What the sample city says of Shantou is what the real lists say."""

import csv
from pathlib import Path

from stdnum.cn import uscc

import sample_city.drops
from sample_city.districts import BUREAUS, DISTRICTS, ELSEWHERE, NEVER_GIVEN

LISTS = Path(sample_city.drops.__file__).parent / "divisions"


def listed(name: str) -> dict[str, str]:
    with (LISTS / name).open(encoding="utf-8", newline="") as file:
        return {row["code"]: row["name"] for row in csv.DictReader(file)}


def test_districts_stand_in_the_current_lists_under_their_names() -> None:
    for name in ("divisions_2023.csv", "divisions_2026.csv"):
        real = {code: called for code, called in listed(name).items() if code.startswith("4405") and code != "440500"}
        assert real == {district.code: district.name for district in DISTRICTS}


def test_codes_given_at_birth_were_once_real() -> None:
    history = listed("divisions_1980_2019.csv")
    local = {code for district in DISTRICTS for _, code in district.birth_codes}
    assert local | {str(code) for code in ELSEWHERE} <= set(history)


def test_unknown_divisions_are_in_no_list_at_all() -> None:
    known = set().union(*(listed(path.name) for path in LISTS.glob("*.csv")))
    assert known.isdisjoint(NEVER_GIVEN)


def test_bureaus_have_valid_codes_of_their_own() -> None:
    assert all(uscc.is_valid(bureau.code) for bureau in BUREAUS)
    assert len({bureau.code for bureau in BUREAUS}) == len(BUREAUS) == 8
