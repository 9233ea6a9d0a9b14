"""Persons insured, as human resources knows them: a second department that writes people's names.

What is planted: a name that public security writes otherwise, a wrong check character.
"""

import numpy as np

from sample_city.check_characters import another_character
from sample_city.columns import Columns, dates, joined, pick, text, where
from sample_city.draws import below, stream
from sample_city.holders import Holders, full_names
from sample_city.holdings import Asked, Holding, Made, kept
from sample_city.population import Persons

DATASET = "human_resources.insured_persons"
KEY = "citizen_number"
RATES = (("name_disagrees", 0.005), ("citizen_number_check", 0.005))
FEW = 8  # tries: nobody is to stand in it twice
OTHER_NAMES = ["志强", "美玲", "建国", "秀英"]


def holding(holders: Holders) -> Holding:
    """All insured persons of a city."""
    people = holders.population.people

    def make(asked: Asked) -> Made:
        return _made(holders, asked)

    return Holding(DATASET, (KEY,), RATES, max(40, people // 40), 1, holders.seed, make)


def _made(holders: Holders, asked: Asked) -> Made:
    people, found = holders.persons("insured", asked.index, lambda p: p.born_on < holders.today - 17 * 365, FEW)
    since = holders.today - 1 - below(stream(holders.seed, "insured since"), asked.index, 5000)
    columns = {
        KEY: text(people.number),
        "name": full_names(people),
        "insured_since": dates(since),
        "insurance_state": pick(["1", "2", "3"], below(stream(holders.seed, "insurance"), asked.index, 3)),
    }
    return kept(_planted(asked, people, columns), found)


def _planted(asked: Asked, people: Persons, columns: Columns) -> Columns:
    has, drawn = asked.has, asked.drawn
    number = people.number.copy()
    number[:, 17] = another_character(people.number[:, 17], 1 + drawn % 10, b"0123456789X")
    other = joined(people.surname, pick(OTHER_NAMES, np.mod(drawn, len(OTHER_NAMES))))
    return columns | {
        KEY: where(has["citizen_number_check"], text(number), columns[KEY]),
        "name": where(has["name_disagrees"], other, columns["name"]),
    }
