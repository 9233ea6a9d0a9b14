"""Build a sample city, and let a day pass in it.

    report = build(Path("city"), "postgresql://...", people=20_000, seed=1, day=date(2026, 6, 30))

1. the marker of a former city is taken away, 2. residents go into their database, 3. the departments hand over what
is due, 4. truth and numbers to try, 5. the marker, last: a build that was killed is done again, a finished one is left
alone.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np

from sample_city import (
    deliveries,
    drops,
    exchange_database,
    number_corrections,
    numbers_to_try,
    resident_defects,
    residents,
)
from sample_city.city import City, forget, found, keep
from sample_city.columns import Columns
from sample_city.draws import Index
from sample_city.errors import NoCityError
from sample_city.lanes import CLEAN
from sample_city.residents_database import change, connected, holds, keep_corrections, load
from sample_city.truth import Truth


@dataclass(frozen=True)
class CityReport:
    """What stands in the folder now; `built` is false when it stood there already."""

    people: int
    companies: int
    seed: int
    day: date
    built: bool
    defects: dict[str, int] = field(default_factory=dict)


def silent(residents: int) -> None:
    """For callers that don't show how far a build is."""


def build(
    home: Path,
    database_url: str,
    people: int,
    seed: int,
    day: date,
    exchange_url: str | None = None,
    told: Callable[[int], None] = silent,
    *,
    year: bool = False,
) -> CityReport:
    """Build a city of `people` founded on `day` into `home` and the databases; the same city twice does nothing.

    A city of this size and seed that stands already keeps its own days. Human resources' exchange table stands in the
    residents' database where no `exchange_url` names another one. `told` hears now and then how many residents stand
    there, from none to all; then the other departments' data are made, which takes as long again. With `year` it is the
    first delivery of a scripted one; a year that was begun stays as it is.

    Raises:
        BadSizeError: fewer than 500 or more than 10,000,000 people.
        ResidentsDatabaseDownError: the database can't be reached or written to.
        ExchangeDatabaseDownError: human resources' can't.
    """
    city, exchange = City(people, seed, day, year=year), exchange_url or database_url
    standing = found(home)
    with connected(database_url) as connection:
        loaded = holds(connection, (standing or city).label) and exchange_database.holds(exchange)
        if standing is not None and loaded and (standing.same(city) or standing.year):
            return _report(standing, built=False)
        forget(home)
        home.mkdir(parents=True, exist_ok=True)
        with Truth(home) as truth:
            load(connection, city.label, _resident_chunks(city, truth, told))
            keep_corrections(connection, number_corrections.rows(city.population, 0))
            clear(home)
            deliveries.hand_over(home, city, truth, exchange)
    numbers_to_try.keep(home, city)
    keep(home, city)
    return _report(city, built=True, defects=dict(truth.counts))


def clear(home: Path) -> None:
    """Remove what a former city handed over."""
    drops.clear(home)
    shutil.rmtree(home / deliveries.SFTP_FOLDER, ignore_errors=True)


def next_day(home: Path, database_url: str, exchange_url: str | None = None) -> CityReport:
    """Let one day pass: births, moves, new names, deaths, new companies, changed licences, some mended and new defects.

    In a scripted year it is a month. A day that was killed half-way is worked through again with the same outcome.

    Raises:
        NoCityError: no city was built in `home`.
        ResidentsDatabaseDownError: the database can't be reached or written to.
        ExchangeDatabaseDownError: human resources' can't.
    """
    yesterday = found(home)
    if yesterday is None:
        raise NoCityError
    city = yesterday.tomorrow()
    with connected(database_url) as connection:
        change(connection, *_changes(yesterday, city))
        keep_corrections(connection, number_corrections.rows(city.population, city.days))
    with Truth(home) as truth:
        _tell_residents(city, truth)
        deliveries.hand_over(home, city, truth, exchange_url or database_url)
    numbers_to_try.keep(home, city)
    keep(home, city)
    return _report(city, built=True, defects=dict(truth.counts))


def _report(city: City, *, built: bool, defects: dict[str, int] | None = None) -> CityReport:
    people, companies = city.population.count(city.days), city.economy.count(city.days)
    return CityReport(people, companies, city.seed, city.day, built, defects or {})


def _resident_rows(city: City, places: Index, touched_on: int | None = None) -> tuple[Columns, Index]:
    """Residents as they stand in the table on the city's day, and the kind of each row's defect."""
    persons, clean = residents.rows(city.population, places, city.days, touched_on)
    kinds = city.resident_defects.kinds_of(places, city.days)
    written = residents.with_habits(city.seed, persons, clean, kinds == CLEAN)
    return resident_defects.plant(city.seed, persons, written, kinds), kinds


def _resident_chunks(city: City, truth: Truth, told: Callable[[int], None]) -> Iterator[Columns]:
    made = 0
    told(made)
    for places in residents.chunks(city.population):
        columns, kinds = _resident_rows(city, places)
        truth.add(residents.DATASET, columns["citizen_number"], kinds, city.resident_defects.kinds)
        yield columns
        made += len(places)
        told(made)


def _tell_residents(city: City, truth: Truth) -> None:
    """The truth about residents alone, from the plan, without making everybody again."""
    for kind in range(len(city.resident_defects.kinds)):
        columns, kinds = _resident_rows(city, city.resident_defects.struck(kind, city.days))
        truth.add(residents.DATASET, columns["citizen_number"], kinds, city.resident_defects.kinds)


def _changes(yesterday: City, city: City) -> tuple[Columns, Columns, Columns]:
    """Old citizen numbers of the rows that change, those rows, and the rows of the newborn."""
    population, day = city.population, city.days
    queues = (population.moves, population.new_names, population.deaths, population.corrections)
    places = np.unique(np.concatenate([*(queue.on(day) for queue in queues), city.resident_defects.changed(day)]))
    before, _ = _resident_rows(yesterday, places)
    after, _ = _resident_rows(city, places, city.day_number)
    newborn = np.arange(population.count(day - 1), population.count(day))
    born, _ = _resident_rows(city, newborn, city.day_number)
    return before["citizen_number"], after, born
