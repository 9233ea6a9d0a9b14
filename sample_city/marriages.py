"""Marriages as civil affairs registers them: one row for each certificate, with two holders.

What is planted: a spouse whom no register of residents knows, a code with a wrong check character, a marriage to
oneself, one below the age of law (民法典 art. 1047: 22 and 20), a date to come, an invisible character.
"""

import numpy as np

from sample_city.check_characters import another_character
from sample_city.columns import Columns, dates, digits, joined, pick, text, where, years
from sample_city.districts import CODES, bureaus
from sample_city.draws import Index, below, stream
from sample_city.holders import PERSON_CODE, Holders, Mask, ages, full_names
from sample_city.holdings import Asked, Holding, Made, cancelled_on, kept
from sample_city.population import Persons

DATASET = "civil_affairs.marriages"
KEY = "certificateNumber"
RATES = (
    ("spouse_unknown", 0.005),
    ("spouse_code_check", 0.005),
    ("married_to_oneself", 0.003),
    ("married_under_age", 0.004),
    ("future_date", 0.004),
    ("zero_width", 0.004),
)
REGISTRIES = bureaus("民政局婚姻登记处", "MB3C")
MEN_FROM, WOMEN_FROM, UNTIL = 23, 21, 80  # years of age on the first day
OF_AGE = 22 * 366 + 60  # days after which nobody is below either age
TOO_YOUNG = 18 * 365
ZERO_WIDTH = "\u200b"


def holding(holders: Holders) -> Holding:
    """All marriages of a city."""
    people = holders.population.people

    def make(asked: Asked) -> Made:
        return _made(holders, asked)

    return Holding(DATASET, (KEY,), RATES, max(300, people // 20), max(1, people // 10_000), holders.seed, make)


def _made(holders: Holders, asked: Asked) -> Made:
    today = holders.today

    def of_age(people: Persons, youngest: int) -> Mask:
        age = ages(people, today)
        return (age >= youngest) & (age < UNTIL)

    men, some = holders.persons("husbands", asked.index, lambda p: ~p.female & of_age(p, MEN_FROM))
    women, others = holders.persons("wives", asked.index, lambda p: p.female & of_age(p, WOMEN_FROM))
    columns = _clean(holders.seed, asked, men, women, today)
    strangers = holders.population.numbers(men.place, np.full(len(men.place), True))[0]
    return kept(_planted(asked, columns, men, columns | {"stranger": text(strangers)}), some & others)


def _told(asked: Asked, born_on: Index, wed_on: Index, today: int) -> Index:
    """The day that the row tells: too early, or still to come, where that is planted."""
    told = np.where(asked.has["married_under_age"], born_on + TOO_YOUNG, wed_on)
    return np.where(asked.has["future_date"], today + asked.elapsed + 30 + asked.drawn % 300, told)


def _clean(seed: int, asked: Asked, men: Persons, women: Persons, today: int) -> Columns:
    place, born_on = women.district, np.maximum(men.born_on, women.born_on)
    since = born_on + OF_AGE
    earlier = np.minimum(since + below(stream(seed, "wed on"), asked.index, np.maximum(today - since, 1)), today)
    wed_on = asked.issued(earlier, today)
    number = ["J", text(digits(CODES[place], 6)), "-", text(digits(years(wed_on), 4)), "-"]
    return {
        KEY: joined(*number, text(digits(asked.index, 7))),
        **_spouse("man", men),
        **_spouse("woman", women),
        "registeredOn": dates(_told(asked, born_on, wed_on, today)),
        "registryName": pick([registry.name for registry in REGISTRIES], place),
        "registryCode": pick([registry.code for registry in REGISTRIES], place),
        "areaCode": text(digits(CODES[place], 6)),
        "status": pick(["valid", "cancelled"], asked.cancelled.astype(np.int64)),
        "statusSince": cancelled_on(asked, today),
        "statusReason": pick(["", "离婚登记"], asked.cancelled.astype(np.int64)),
    }


def _spouse(which: str, people: Persons) -> Columns:
    return {
        f"{which}Name": full_names(people),
        f"{which}CodeType": pick([PERSON_CODE], people.place * 0),
        f"{which}Code": text(people.number),
    }


def _planted(asked: Asked, columns: Columns, men: Persons, more: Columns) -> Columns:
    has, himself = asked.has, asked.has["married_to_oneself"]
    number = men.number.copy()
    number[:, 17] = another_character(men.number[:, 17], 1 + asked.drawn % 10, b"0123456789X")
    code = where(has["spouse_code_check"], text(number), columns["manCode"])
    return columns | {
        "manName": where(has["zero_width"], joined(men.surname, ZERO_WIDTH, men.given_name), columns["manName"]),
        "manCode": where(has["spouse_unknown"], more["stranger"], code),
        "womanName": where(himself, columns["manName"], columns["womanName"]),
        "womanCode": where(himself, columns["manCode"], columns["womanCode"]),
    }
