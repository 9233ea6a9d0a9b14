"""Professional qualifications as human resources hands them over: rows of an exchange table (前置库), change by change.

What is planted: a wrong check character in a citizen number and in an identifier, a level that no table has, a trade
whose code was abolished before the certificate was given, a date to come, an invisible character.
"""

import numpy as np

from sample_city.check_characters import Ascii, another_character
from sample_city.columns import Columns, dates, digits, joined, pick, repeated, text, where, years
from sample_city.districts import CODES, bureaus
from sample_city.draws import Index, below, stream
from sample_city.holders import PERSON_CODE, Holders, Mask, ages, full_names
from sample_city.holdings import Asked, Holding, Made, cancelled_on, kept
from sample_city.identifiers import identifiers
from sample_city.population import Persons

DATASET = "human_resources.qualifications"
KEY = "certificate_number"
TYPE_CODE = "DEMO00000000000000007"
RATES = (
    ("citizen_number_check", 0.005),
    ("identifier_check", 0.005),
    ("level_unknown", 0.005),
    ("trade_abolished", 0.005),
    ("future_date", 0.005),
    ("zero_width", 0.005),
)
OFFICES = bureaus("人力资源和社会保障局", "MB8C")
TRADES = ("4-02-02-01", "4-03-02-01", "6-28-01-06", "6-31-01-03", "4-14-01-02")
ABOLISHED = "4-99-00-01"  # in use until 2017-09-30
LEVELS = ("1", "2", "3", "4", "5")
UNKNOWN = ["0", "6", "高级"]
OLDEST, AGES = 3_000, (20, 65)  # days since the certificate, years of age
OF_AGE = 18 * 365
ZERO_WIDTH = "\u200d"


def holding(holders: Holders) -> Holding:
    """All qualifications of a city."""
    people = holders.population.people

    def make(asked: Asked) -> Made:
        return _made(holders, asked)

    return Holding(DATASET, (KEY,), RATES, max(300, people // 20), max(1, people // 10_000), holders.seed, make)


def _made(holders: Holders, asked: Asked) -> Made:
    today = holders.today

    def working(people: Persons) -> Mask:
        age = ages(people, today)
        return (age >= AGES[0]) & (age < AGES[1])

    people, found = holders.persons("qualified", asked.index, working)
    return kept(_planted(asked, people, _clean(holders.seed, asked, people, today)), found)


def _clean(seed: int, asked: Asked, people: Persons, today: int) -> Columns:
    known_for, place = np.clip(today - people.born_on - OF_AGE, 1, OLDEST), people.district
    issued = asked.issued(today - 1 - below(stream(seed, "qualified on"), asked.index, known_for), today)
    future = today + asked.elapsed + 30 + asked.drawn % 200
    number = _numbers(asked.index, issued)
    offices = np.array([list(office.code.encode()) for office in OFFICES], dtype=np.uint8)
    version = repeated(b"001", len(place))
    wrong_by = np.where(asked.has["identifier_check"], 1 + asked.drawn % 35, 0)
    return {
        KEY: text(number),
        "certificate_identifier": identifiers(TYPE_CODE, offices[place], number, version, wrong_by),
        "holder_name": full_names(people),
        "holder_code_type": pick([PERSON_CODE], place * 0),
        "holder_code": text(people.number),
        "trade_code": pick(TRADES, below(stream(seed, "trade"), asked.index, len(TRADES))),
        "skill_level": pick(LEVELS, below(stream(seed, "level"), asked.index, len(LEVELS))),
        "issued_on": dates(np.where(asked.has["future_date"], future, issued)),
        "issuing_authority_name": pick([office.name for office in OFFICES], place),
        "issuing_authority_code": pick([office.code for office in OFFICES], place),
        "status": pick(["valid", "cancelled"], asked.cancelled.astype(np.int64)),
        "status_since": cancelled_on(asked, today),
        "area_code": text(digits(CODES[place], 6)),
    }


def _numbers(index: Index, issued: Index) -> Ascii:
    return np.hstack([repeated(b"Y0044", len(index)), digits(years(issued), 4), digits(index, 8)])


def _planted(asked: Asked, people: Persons, columns: Columns) -> Columns:
    has, drawn = asked.has, asked.drawn
    number = people.number.copy()
    number[:, 17] = another_character(people.number[:, 17], 1 + drawn % 10, b"0123456789X")
    hidden = joined(people.surname, people.given_name, ZERO_WIDTH)
    return columns | {
        "holder_code": where(has["citizen_number_check"], text(number), columns["holder_code"]),
        "holder_name": where(has["zero_width"], hidden, columns["holder_name"]),
        "skill_level": where(has["level_unknown"], pick(UNKNOWN, drawn % len(UNKNOWN)), columns["skill_level"]),
        "trade_code": where(has["trade_abolished"], ABOLISHED, columns["trade_code"]),
    }
