"""Online taxi drivers' licences as transport keeps them in workbooks, with the habits of spreadsheets.

What is planted: citizen numbers that a spreadsheet took for numbers and rounded, category codes that never were or
are no more, licences past their end that still say "valid", and one printed number given to two drivers.
"""

import numpy as np

from sample_city.columns import Columns, compact_dates, dates, digits, joined, pick, take, text, where, years
from sample_city.districts import CODES, bureaus
from sample_city.draws import Index, below, stream
from sample_city.holders import PERSON_CODE, Holders, Mask, ages, full_names
from sample_city.holdings import Asked, Holding, Made, cancelled_on, repeats
from sample_city.population import Persons

DATASET = "transport.driver_permits"
KEY = "证照编号"
ROUNDED = "number_rounded"
RATES = (
    (ROUNDED, 0.006),
    ("category_unknown", 0.004),
    ("category_abolished", 0.004),
    ("expired_but_valid", 0.005),
    ("number_reused", 0.004),
    ("issuer_code_wrong", 0.004),
)
NUMBER_COLUMN = "公民身份号码"
OFFICES = bureaus("交通运输局", "MB5C")
CATEGORIES = ("A1", "A2", "B1", "B2")
UNKNOWN = ["Z9", "00", "C7"]
ABOLISHED, ABOLISHED_ON = "D1", 18_261  # code D1 was in use until 2019-12-31
TERM = 6 * 1461 // 4
EXPIRED = 2
DRIVERS = (25, 60)  # years of age


def holding(holders: Holders) -> Holding:
    """All drivers' licences of a city."""
    people = holders.population.people

    def make(asked: Asked) -> Made:
        return _made(holders, asked)

    return Holding(DATASET, (KEY,), RATES, max(300, people // 20), max(1, people // 10_000), holders.seed, make)


def _made(holders: Holders, asked: Asked) -> Made:
    """One row for each, two where a number was given to a second driver; both of those have the defect."""
    today = holders.today
    drivers, found = holders.persons("drivers", asked.index, lambda p: _of_age(p, today))
    second, others = holders.persons("second drivers", asked.index, lambda p: _of_age(p, today))
    rows = _planted(asked, drivers, _clean(holders.seed, asked, drivers, today))
    reused = asked.has["number_reused"]
    copies = np.where(found & others, 1 + reused, 0)
    source = np.repeat(np.arange(len(copies)), copies)
    again = repeats(source)
    table = {name: take(column, source) for name, column in rows.items()}
    names, numbers = take(full_names(second), source), take(text(second.number), source)
    told = {"姓名": where(again, names, table["姓名"]), NUMBER_COLUMN: where(again, numbers, table[NUMBER_COLUMN])}
    return Made(table | told, source)


def _of_age(people: Persons, today: int) -> Mask:
    age = ages(people, today)
    return (age >= DRIVERS[0]) & (age < DRIVERS[1])


def _issued_on(seed: int, asked: Asked, today: int) -> Index:
    """Within the term; long past for those that are said to be valid on some days although they have expired."""
    recent = today - 1 - below(stream(seed, "licensed"), asked.index, TERM - asked.outlasts)
    return np.where(asked.ever["expired_but_valid"], today - TERM - 30 - asked.drawn % 400, asked.issued(recent, today))


def _clean(seed: int, asked: Asked, drivers: Persons, today: int) -> Columns:
    issued, place = _issued_on(seed, asked, today), drivers.district
    return {
        KEY: joined(text(digits(CODES[place], 6)), text(digits(years(issued), 4)), text(digits(asked.index, 7))),
        "姓名": full_names(drivers),
        "证件类型代码": pick([PERSON_CODE], place * 0),
        NUMBER_COLUMN: text(drivers.number),
        "从业类别代码": pick(CATEGORIES, below(stream(seed, "category"), asked.index, len(CATEGORIES))),
        "发证日期": compact_dates(issued),
        "有效期起": compact_dates(issued),
        "有效期止": compact_dates(issued + TERM - 1),
        "状态代码": pick(["10", "03", "02"], _status(asked)),
        "状态日期": where(_status(asked) == EXPIRED, dates(issued + TERM), cancelled_on(asked, today)),
        "发证机关": pick([office.name for office in OFFICES], place),
        "发证机关代码": pick([office.code for office in OFFICES], place),
        "行政区划代码": text(digits(CODES[place], 6)),
    }


def _status(asked: Asked) -> Index:
    """0 valid, 1 cancelled, EXPIRED; those past their end are expired, or said to be valid."""
    past = np.where(asked.has["expired_but_valid"], 0, EXPIRED)
    return np.where(asked.ever["expired_but_valid"], past, asked.cancelled.astype(np.int64))


def _planted(asked: Asked, drivers: Persons, columns: Columns) -> Columns:
    has, rounded = asked.has, asked.has[ROUNDED]
    number = drivers.number.copy()
    number[:, 17] = np.where(rounded & (number[:, 17] == ord("X")), ord("7"), number[:, 17])
    category = where(has["category_unknown"], pick(UNKNOWN, asked.drawn % len(UNKNOWN)), columns["从业类别代码"])
    office = pick([_slipped(office.code) for office in OFFICES], drivers.district)
    return columns | {
        NUMBER_COLUMN: text(number),
        "从业类别代码": where(has["category_abolished"], ABOLISHED, category),
        "发证机关代码": where(has["issuer_code_wrong"], office, columns["发证机关代码"]),
    }


def _slipped(code: str) -> str:
    """The code with two neighbouring digits of its division exchanged for others: its check characters are wrong."""
    return f"{code[:6]}{(int(code[6]) + 3) % 10}{code[7:]}"
