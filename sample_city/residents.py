"""The residents as public security keeps them: one row of text for each person, with the habits of many clerks.

Habits (a small x, a date without dashes, an old number of 15 digits, a blank behind a name, a sex not stated) are
harmless: a hub should take them silently. Defects are planted elsewhere (resident_defects.py), never on a row with a
habit.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from sample_city.columns import (
    Column,
    Columns,
    compact_dates,
    dates,
    digits,
    joined,
    moments,
    numerals,
    pick,
    text,
    where,
    years,
)
from sample_city.districts import CODES, DISTRICTS
from sample_city.draws import Index, Shuffle, below, choose, stream, unit
from sample_city.population import Persons, Population
from sample_city.words import words

NAMES = (
    "citizen_number",
    "name",
    "sex",
    "birth_date",
    "ethnicity",
    "division_code",
    "address",
    "household_number",
    "marital_status",
    "life_status",
    "registered_on",
    "updated_at",
)
DATASET = "public_security.residents"
CHUNK = 100_000

ROADS = words("roads")
TOWNS = [f"汕头市{district.name}{town}" for district in DISTRICTS for town in district.towns]
TOWN_COUNTS = np.array([len(district.towns) for district in DISTRICTS])
FIRST_TOWNS = np.cumsum(TOWN_COUNTS) - TOWN_COUNTS

ETHNICITIES = {"01": 9930, "08": 25, "15": 15, "03": 12, "02": 6, "06": 5, "05": 3, "22": 2, "11": 1, "56": 0.1}
HABITS = {
    "15 digits": 0.001,
    "small x": 0.3,  # a small x only shows where the check character is an X
    "compact date": 0.005,
    "slashed date": 0.002,
    "blank": 0.002,
    "sex not stated": 0.0003,
}
SHORT_NUMBER_YEARS = (1905, 1985)
CENTENARIANS = 996
DIVORCED = 0.04
REGISTER_OPENED = 16_436  # 2015-01-01: no row was touched before the register became digital
PARTS_OF_HOUSES = (("house", 380), ("floor", 12), ("door", 8))
BIRTHS_TOLD_WITHIN = 60  # days


def chunks(population: Population) -> Iterator[Index]:
    """The places of all persons of the first day, in the order of the table's rows, in chunks."""
    order = Shuffle(stream(population.seed, "rows of residents"), population.people)
    for first in range(0, population.people, CHUNK):
        yield order.forth(np.arange(first, min(first + CHUNK, population.people)))


def rows(population: Population, places: Index, day: int, touched_on: int | None = None) -> tuple[Persons, Columns]:
    """The clean rows of the persons at `places` on `day`; `touched_on` says when all of them were last changed."""
    seed, people = population.seed, population.persons(places, day)
    today = population.today + int(population.pace.elapsed(np.array(day)))
    registered = _registered_on(seed, people, population.today)
    return people, {
        "citizen_number": text(people.number),
        "name": joined(people.surname, people.given_name),
        "sex": where(people.female, "2", pick(["1"], np.zeros(len(places), dtype=np.int64))),
        "birth_date": dates(people.born_on),
        "ethnicity": pick(list(ETHNICITIES), _ethnicities(seed, places)),
        "division_code": text(digits(CODES[people.district], 6)),
        "address": _addresses(seed, people),
        "household_number": text(digits(CODES[people.district] * 10_000_000 + people.household, 13)),
        "marital_status": _marital(seed, people, today),
        "life_status": numerals(people.life),
        "registered_on": dates(registered),
        "updated_at": _moments(seed, people.place, registered, population.today, touched_on),
    }


def with_habits(seed: int, people: Persons, columns: Columns, clean: NDArray[np.bool_]) -> Columns:
    """The same rows as clerks write them; only rows whose `clean` is true have habits, and one at most."""
    edges = np.cumsum(list(HABITS.values()))
    habit = np.searchsorted(edges, np.where(clean, unit(stream(seed, "habit"), people.place), 1.0), side="right")
    has = {name: habit == position for position, name in enumerate(HABITS)}
    born_in, born = years(people.born_on), columns["birth_date"]
    short = has["15 digits"] & _once_had_15_digits(people, born_in)
    old = text(np.hstack([people.number[:, :6], people.number[:, 8:17]]))
    number = where(has["small x"], pc.utf8_lower(columns["citizen_number"]), columns["citizen_number"])
    compact = where(has["compact date"], compact_dates(people.born_on), born)
    return columns | {
        "citizen_number": where(short, old, number),
        "birth_date": where(has["slashed date"], pc.replace_substring(born, "-", "/"), compact),
        "sex": where(has["sex not stated"], "9", columns["sex"]),
        "name": where(has["blank"], joined(columns["name"], " "), columns["name"]),
    }


def _once_had_15_digits(people: Persons, born_in: Index) -> NDArray[np.bool_]:
    """Whoever had a number before it grew; sequences 996 to 999 then meant a person born before 1900."""
    sequence = (people.number[:, 14:17].astype(np.int64) - ord("0")) @ [100, 10, 1]
    early, late = SHORT_NUMBER_YEARS
    return (born_in >= early) & (born_in < late) & (sequence < CENTENARIANS)


def _ethnicities(seed: int, places: Index) -> Index:
    return choose(stream(seed, "ethnicity"), places, np.array(list(ETHNICITIES.values())))


def _registered_on(seed: int, people: Persons, last: int) -> Index:
    """When each was entered: soon after birth, or when a stranger came; newborns at once."""
    since_birth = np.maximum(last - people.born_on, 1)
    wait = np.where(people.local, np.minimum(since_birth, BIRTHS_TOLD_WITHIN), since_birth)
    return people.born_on + below(stream(seed, "registered"), people.place, wait)


def _addresses(seed: int, people: Persons) -> Column:
    """One address for all members of a household."""
    household = people.household * len(DISTRICTS) + people.district
    town = FIRST_TOWNS[people.district] + below(stream(seed, "town"), household, TOWN_COUNTS[people.district])
    road = below(stream(seed, "road"), household, len(ROADS))
    house, floor, door = (below(stream(seed, part), household, most) for part, most in PARTS_OF_HOUSES)
    room = joined(numerals(house + 1), "号", numerals(floor * 100 + door + 101), "房")
    return joined(pick(TOWNS, town), pick(ROADS, road), room)


def _marital(seed: int, people: Persons, today: int) -> Column:
    """GB/T 2261.2: 10 unmarried, 20 married, 30 widowed, 40 divorced."""
    age = (today - people.born_on) // 365
    chance = unit(stream(seed, "marital"), people.place)
    married = chance < np.clip((age - 22) / 13, 0, 0.95)
    alone = np.where(chance < np.clip((age - 55) / 90, 0, 0.4), 2, np.where(chance < DIVORCED, 3, 1))
    return pick(["10", "20", "30", "40"], np.where(married, alone, 0))


def _moments(seed: int, places: Index, registered: Index, last: int, touched_on: int | None) -> Column:
    """When each row was last changed: `2024-01-31 09:05:59`."""
    first = np.maximum(registered, REGISTER_OPENED)
    drawn = first + below(stream(seed, "touched"), places, np.maximum(last - first, 1))
    day = drawn if touched_on is None else np.full(len(places), touched_on)
    second = 8 * 3600 + below(stream(seed, "second"), places + day, 10 * 3600)
    return moments(day, second)
