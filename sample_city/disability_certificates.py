"""Disability certificates as the federation exports them: a line of JSON each.

A certificate's number is its holder's citizen number, one digit for the kind and one for the grade. What is planted: a
number that begins with somebody else's, a grade that no table has, a telephone number in full-width digits (which no
canonical form mends, as a telephone number is no identifier), a garbled name, an end long past with the status "valid".
"""

import numpy as np

from sample_city.columns import Columns, dates, digits, joined, pick, text, where
from sample_city.districts import CODES, bureaus
from sample_city.draws import below, stream
from sample_city.holders import PERSON_CODE, Holders, full_names
from sample_city.holdings import Asked, Holding, Made, cancelled_on, kept
from sample_city.population import Persons

DATASET = "disabled_persons_federation.disability_certificates"
KEY = "certificate_number"
RATES = (
    ("number_disagrees", 0.006),
    ("grade_unknown", 0.006),
    ("full_width_digits", 0.006),
    ("mojibake", 0.006),
    ("expired_but_valid", 0.006),
)
OFFICES = bureaus("残疾人联合会", "MBAC")
TERM = 10 * 1461 // 4
GRADES = 4
FEW = 4  # tries: nearly everybody fits, and nobody shall have two
UNKNOWN_GRADES = ["5", "0", "一级"]
MOJIBAKE = ["鏉庡己", "é\u0099\u0088å°\u008f", "\ufffd\ufffd", "锟斤拷"]


def holding(holders: Holders) -> Holding:
    """All disability certificates of a city."""
    people = holders.population.people

    def make(asked: Asked) -> Made:
        return _made(holders, asked)

    return Holding(DATASET, (KEY,), RATES, max(200, people // 40), 1, holders.seed, make)


def _made(holders: Holders, asked: Asked) -> Made:
    people, found = holders.persons("disabled", asked.index, lambda p: p.born_on < holders.today - 3 * 365, FEW)
    others, more = holders.persons("others", asked.index, lambda p: p.born_on < holders.today - 3 * 365, FEW)
    return kept(_rows(holders, asked, people, others), found & more)


def _rows(holders: Holders, asked: Asked, people: Persons, others: Persons) -> Columns:
    seed, today, has, place = holders.seed, holders.today, asked.has, people.district
    kind = 1 + below(stream(seed, "kind of disability"), asked.index, 7)
    grade = 1 + below(stream(seed, "grade"), asked.index, GRADES)
    known_for = np.clip(today - people.born_on - 365, 1, TERM - asked.outlasts)
    issued = today - 1 - below(stream(seed, "assessed"), asked.index, known_for)
    past = asked.ever["expired_but_valid"]
    issued = np.where(past, today - TERM - 30 - asked.drawn % 300, asked.issued(issued, today))
    status = np.where(past, np.where(has["expired_but_valid"], 0, 2), asked.cancelled.astype(np.int64))
    whose = np.where(has["number_disagrees"][:, None], others.number, people.number)
    phone = digits(10_000_000 + below(stream(seed, "guardian"), asked.index, 80_000_000), 8)
    mobile = joined("138", text(phone))
    shown = pick(UNKNOWN_GRADES, asked.drawn % len(UNKNOWN_GRADES))
    return {
        KEY: joined(text(whose), text(digits(kind, 1)), text(digits(grade, 1))),
        "holder_name": where(has["mojibake"], pick(MOJIBAKE, asked.drawn % len(MOJIBAKE)), full_names(people)),
        "holder_code_type": pick([PERSON_CODE], place * 0),
        "holder_code": text(people.number),
        "disability_kind": text(digits(kind, 1)),
        "grade": where(has["grade_unknown"], shown, text(digits(grade, 1))),
        "guardian_phone": where(has["full_width_digits"], joined("１３８", text(phone)), mobile),
        "issued_on": dates(issued),
        "valid_until": dates(issued + TERM - 1),
        "status": pick(["valid", "cancelled", "expired"], status),
        "status_since": where(status == 2, dates(issued + TERM), cancelled_on(asked, today)),  # noqa: PLR2004 - expired
        "issuing_authority_name": pick([office.name for office in OFFICES], place),
        "issuing_authority_code": pick([office.code for office in OFFICES], place),
        "area_code": text(digits(CODES[place], 6)),
    }
