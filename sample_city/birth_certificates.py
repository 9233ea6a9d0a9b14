"""Medical certificates of birth as health writes them: a child each, with its mother.

What is planted: a number of another form, a birth after its own certificate, a sex and a birth date that the child's
number contradicts, no name, a name that went through the wrong encoding.
"""

import numpy as np

from sample_city.columns import Columns, dates, digits, joined, pick, text, where
from sample_city.districts import CODES, DISTRICTS
from sample_city.draws import below, stream
from sample_city.holders import PERSON_CODE, Holders, Mask, full_names
from sample_city.holdings import Asked, Holding, Made, cancelled_on, kept
from sample_city.population import Persons

DATASET = "health.birth_certificates"
KEY = "出生证编号"
RATES = (
    ("certificate_number_format", 0.006),
    ("born_after_issue", 0.006),
    ("sex_disagrees", 0.006),
    ("birth_date_disagrees", 0.006),
    ("name_missing", 0.006),
    ("mojibake", 0.006),
)
HOSPITALS = ("中心医院", "妇幼保健院", "人民医院")
CODES_OF_HOSPITALS = ("12440500MB7A05014R", "12440500MB7A05022L", "12440500MB7A05030F")
BAD_NUMBERS = ["44-2019", "Z", "出生0001"]
MOJIBAKE = ["é\u0099\u0088å°\u008f", "锟斤拷锟斤拷", "Ã¥Â°Â\u008f", "\ufffd\ufffd\ufffd"]
MOTHERS = (20, 42)  # years of age at birth
CERTIFIED_WITHIN = 20  # days


def holding(holders: Holders) -> Holding:
    """The certificates of the city's youngest, back to the first that was kept."""

    def make(asked: Asked) -> Made:
        return _made(holders, asked)

    count, a_day = _count(holders), holders.population.births_a_day
    return Holding(DATASET, (KEY,), RATES, count, a_day, holders.seed, make)


def _count(holders: Holders) -> int:
    return max(150, holders.population.people // 50)


def _made(holders: Holders, asked: Asked) -> Made:
    count, people = _count(holders), holders.population.people
    later = asked.index >= count
    places = np.where(later, people + asked.index - count, people - 1 - asked.index)
    children = holders.population.persons(places)
    clean = later | holders.resident_defects.spares(np.where(later, 0, places))

    def could_be_mother(candidates: Persons) -> Mask:
        born_on = np.repeat(children.born_on, len(candidates.place) // max(len(places), 1))
        age = (born_on - candidates.born_on) * 4 // 1461
        return candidates.female & (age >= MOTHERS[0]) & (age <= MOTHERS[1])

    mothers, found = holders.persons("mothers", asked.index, could_be_mother)
    columns = _planted(asked, children, _clean(holders, asked, children, mothers))
    return kept(columns, found & clean & holders.steady(children))


def _clean(holders: Holders, asked: Asked, children: Persons, mothers: Persons) -> Columns:
    seed, place = holders.seed, children.district
    known_for = np.clip(holders.today - children.born_on, 1, CERTIFIED_WITHIN)
    hospital = below(stream(seed, "hospital"), asked.index, len(HOSPITALS))
    return {
        KEY: joined("T44", text(digits(asked.index, 7))),
        "新生儿姓名": full_names(children),
        "新生儿证件类型": pick([PERSON_CODE], place * 0),
        "新生儿公民身份号码": text(children.number),
        "性别": where(children.female, "2", pick(["1"], place * 0)),
        "出生日期": dates(children.born_on),
        "母亲姓名": full_names(mothers),
        "母亲证件类型": pick([PERSON_CODE], place * 0),
        "母亲公民身份号码": text(mothers.number),
        "签发机构": joined("汕头市", pick([district.name for district in DISTRICTS], place), pick(HOSPITALS, hospital)),
        "签发机构代码": pick(CODES_OF_HOSPITALS, hospital),
        "签发日期": dates(children.born_on + below(stream(seed, "certified"), asked.index, known_for)),
        "状态": pick(["valid", "cancelled"], asked.cancelled.astype(np.int64)),
        "状态日期": cancelled_on(asked, holders.today),
        "行政区划代码": text(digits(CODES[place], 6)),
    }


def _planted(asked: Asked, children: Persons, columns: Columns) -> Columns:
    has, drawn, female = asked.has, asked.drawn, children.female.astype(np.int64)
    bad = joined(pick(BAD_NUMBERS, drawn % len(BAD_NUMBERS)), text(digits(asked.index, 5)))
    garbled = where(has["mojibake"], pick(MOJIBAKE, drawn % len(MOJIBAKE)), columns["新生儿姓名"])
    return columns | {
        KEY: where(has["certificate_number_format"], bad, columns[KEY]),
        "新生儿姓名": where(has["name_missing"], "", garbled),
        "性别": where(has["sex_disagrees"], pick(["2", "1"], female), columns["性别"]),
        "出生日期": where(has["birth_date_disagrees"], dates(children.born_on - 1 - drawn % 27), columns["出生日期"]),
        "签发日期": where(has["born_after_issue"], dates(children.born_on - 3 - drawn % 40), columns["签发日期"]),
    }
