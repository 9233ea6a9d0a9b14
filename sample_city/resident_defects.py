"""Six kinds of defects among residents, each planted so that it breaks one rule and no other."""

import numpy as np
from numpy.typing import NDArray

from sample_city.check_characters import another_character
from sample_city.columns import FIRST_DAY, Column, Columns, dates, digits, joined, missing, pick, text, where, years
from sample_city.districts import NEVER_GIVEN
from sample_city.draws import below, stream
from sample_city.lanes import DefectPlan
from sample_city.population import Persons, Population
from sample_city.scripts import Script

RATES = (
    ("citizen_number_check", 0.004),
    ("birth_date_disagrees", 0.003),
    ("sex_disagrees", 0.002),
    ("unknown_division", 0.003),
    ("name_missing", 0.002),
    ("impossible_date", 0.003),
)
Mask = NDArray[np.bool_]
NO_NAMES = ["", " ", "　"]  # besides NULL
IMPOSSIBLE_ENDS = ["-02-30", "-13-05", "-04-31", "-00-12", "-11-00"]


def plan(population: Population, script: Script | None = None) -> DefectPlan:
    """Who among the residents has which kind of defect on which day."""
    return DefectPlan.of(population.people, RATES, stream(population.seed, "defects of residents"), script)


def plant(seed: int, people: Persons, columns: Columns, kinds: NDArray[np.int64]) -> Columns:
    """The same rows with the defect that `kinds` (positions in RATES) says for each."""
    mask = {kind: kinds == position for position, (kind, _) in enumerate(RATES)}
    drawn = below(stream(seed, "defect of a resident"), people.place, 1 << 20)
    return columns | {
        "citizen_number": _wrong_number(people, columns, mask["citizen_number_check"], drawn),
        "birth_date": _another_birth_date(people, columns, mask["birth_date_disagrees"], drawn),
        "sex": _other_sex(people, columns, mask["sex_disagrees"]),
        "division_code": where(
            mask["unknown_division"], pick(list(NEVER_GIVEN), drawn % len(NEVER_GIVEN)), columns["division_code"]
        ),
        "name": _no_name(columns, mask["name_missing"], drawn),
        "registered_on": _impossible_date(people, columns, mask["impossible_date"], drawn),
    }


def _wrong_number(people: Persons, columns: Columns, mask: Mask, drawn: NDArray[np.int64]) -> Column:
    number = people.number.copy()
    number[:, 17] = another_character(people.number[:, 17], 1 + drawn % 10, b"0123456789X")
    return where(mask, text(number), columns["citizen_number"])


def _another_birth_date(people: Persons, columns: Columns, mask: Mask, drawn: NDArray[np.int64]) -> Column:
    """Some days or whole years too early; never later, so that no other date comes before it."""
    shift = np.where(drawn % 3 == 0, 365 * (1 + drawn % 10), 1 + drawn % 27)
    return where(mask, dates(np.maximum(people.born_on - shift, FIRST_DAY)), columns["birth_date"])


def _other_sex(people: Persons, columns: Columns, mask: Mask) -> Column:
    return where(mask, pick(["2", "1"], people.female.astype(np.int64)), columns["sex"])


def _no_name(columns: Columns, mask: Mask, drawn: NDArray[np.int64]) -> Column:
    blank = where(mask, pick(NO_NAMES, drawn % len(NO_NAMES)), columns["name"])
    return missing(mask & (drawn % 4 == 0), blank)


def _impossible_date(people: Persons, columns: Columns, mask: Mask, drawn: NDArray[np.int64]) -> Column:
    year = text(digits(years(people.born_on), 4))
    return where(mask, joined(year, pick(IMPOSSIBLE_ENDS, drawn % len(IMPOSSIBLE_ENDS))), columns["registered_on"])
