"""People are unlike one another, as old as real ones, and the same however they are asked for."""

from datetime import date

import numpy as np
import pytest

from sample_city.ages import BANDS
from sample_city.city import City
from sample_city.errors import BadSizeError
from sample_city.residents import _once_had_15_digits, chunks, rows

TODAY = date(2026, 6, 30)
CITY = City(60_000, 4, TODAY)


def numbers(city: City, count: int) -> list[bytes]:
    matrix, _, _ = city.population.numbers(np.arange(count))
    return [bytes(row) for row in matrix]


def test_no_number_is_given_twice_newborns_included() -> None:
    count = CITY.population.count(400)
    assert len(set(numbers(CITY, count))) == count > 60_000


def test_numbers_do_not_run_out_in_the_largest_city() -> None:
    largest = City(10_000_000, 1, TODAY).population
    assert np.diff(largest._edges, prepend=0).max() < 999


def test_every_row_comes_once() -> None:
    places = np.concatenate(list(chunks(CITY.population)))
    assert np.array_equal(np.sort(places), np.arange(60_000))


def test_a_person_alone_is_the_person_in_a_crowd() -> None:
    _, crowd = rows(CITY.population, np.arange(1000), 3)
    _, alone = rows(CITY.population, np.array([777]), 3)
    assert {name: column[777].as_py() for name, column in crowd.items()} == {
        name: column[0].as_py() for name, column in alone.items()
    }


def test_ages_and_sexes_are_those_of_a_real_town() -> None:
    persons = CITY.population.persons(np.arange(60_000))
    ages = (CITY.population.today - persons.born_on) / 365.25
    children = (ages < 15).mean()
    assert abs(children - sum(BANDS[:3]) / sum(BANDS)) < 0.01
    assert 100 < ages.max() < 106
    assert 0.45 < persons.female.mean() < 0.55


def test_most_live_where_their_number_says_and_households_are_small() -> None:
    _, columns = rows(CITY.population, np.arange(60_000), 0)
    homes, houses = columns["division_code"].to_pylist(), columns["household_number"].to_pylist()
    born = [number[:6] for number in columns["citizen_number"].to_pylist()]
    young = [
        here == there
        for here, there, day in zip(homes, born, columns["birth_date"].to_pylist(), strict=True)
        if day > "2004"
    ]
    assert sum(young) / len(young) > 0.75
    assert 2 < 60_000 / len(set(houses)) < 4


def test_no_number_of_15_digits_reads_as_a_centenarians() -> None:
    persons = CITY.population.persons(np.arange(60_000))
    had = _once_had_15_digits(persons, np.full(60_000, 1950))
    reads_older = np.array([bytes(row[14:17]) >= b"996" for row in persons.number])
    assert reads_older.sum() > 100
    assert np.array_equal(had, ~reads_older)


@pytest.mark.parametrize("people", [0, 499, 10_000_001])
def test_sizes_without_room_are_refused(people: int) -> None:
    with pytest.raises(BadSizeError, match="500"):
        City(people, 1, TODAY)
