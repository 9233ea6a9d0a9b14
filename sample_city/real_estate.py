"""Real-estate certificates as natural resources pushes them: one row for each owner of each certificate.

What is planted: shares that add up to more than the whole, an owner's code with a wrong check character, a unit number
that is none, an area that is no number, an owner without a name, a status that nobody knows.
"""

import numpy as np

from sample_city.check_characters import another_character
from sample_city.columns import Column, Columns, dates, digits, joined, numerals, pick, take, text, where, years
from sample_city.districts import CODES, bureaus
from sample_city.draws import Index, below, stream
from sample_city.holders import PERSON_CODE, Holders, Mask, ages, full_names
from sample_city.holdings import Asked, Holding, Made, cancelled_on, repeats
from sample_city.population import Persons

DATASET = "natural_resources.real_estate_certificates"
NUMBER, OWNER = "certificate_number", "owner_code"
RATES = (
    ("shares_over_whole", 0.005),
    ("holder_code_check", 0.005),
    ("unit_number_format", 0.005),
    ("area_not_a_number", 0.005),
    ("name_missing", 0.005),
    ("status_code_unknown", 0.005),
)
OFFICES = bureaus("自然资源局", "MB9C")
SOLE, SHARED, JOINT = "单独所有", "按份共有", "共同共有"
BAD_UNITS = ["4405110010", "无", "440511-001002-GB00003"]
BAD_AREAS = ["约90", "九十", "89.5㎡", "12..5"]
UNKNOWN = ["正常", "8", "OK"]
OF_AGE = 20
OLDEST = 4_000


def holding(holders: Holders) -> Holding:
    """All real-estate certificates of a city; one index is one certificate."""
    people = holders.population.people

    def make(asked: Asked) -> Made:
        return _made(holders, asked)

    return Holding(
        DATASET, (NUMBER, OWNER), RATES, max(300, people // 20), max(1, people // 10_000), holders.seed, make
    )


def _made(holders: Holders, asked: Asked) -> Made:
    """One owner or two; shares over the whole need two, and all owners' rows have the defect."""
    today = holders.today
    first, some = holders.persons("owners", asked.index, lambda p: ages(p, today) >= OF_AGE)
    second, others = holders.persons("co-owners", asked.index, lambda p: ages(p, today) >= OF_AGE)
    form = below(stream(holders.seed, "ownership"), asked.index, 4)  # two of four are sole owners
    form = np.where(asked.ever["shares_over_whole"], 2, form)
    sole = (form < 2) | (first.place == second.place)  # noqa: PLR2004 - 0 and 1
    copies = np.where(some & others & ~(asked.ever["shares_over_whole"] & sole), np.where(sole, 1, 2), 0)
    source = np.repeat(np.arange(len(copies)), copies)
    again = repeats(source)
    table = _of_certificates(holders.seed, asked, first, today) | _ownership(asked, sole, form)
    rows = {name: take(column, source) for name, column in table.items() if name not in {"first", "second"}}
    shares = [take(table[name], source) for name in ("first", "second")]
    owners = _owners(asked, first), _owners(asked, second)
    mixed = {name: where(again, take(owners[1][name], source), take(owners[0][name], source)) for name in owners[0]}
    told = {"share": where(again, shares[1], shares[0]), "other_shares": where(again, shares[0], shares[1])}
    return Made(rows | mixed | told, source)


def _of_certificates(seed: int, asked: Asked, first: Persons, today: int) -> Columns:
    place, has, drawn = first.district, asked.has, asked.drawn
    known_for = np.minimum(today - first.born_on - OF_AGE * 365, OLDEST)
    earlier = today - 1 - below(stream(seed, "registered estate"), asked.index, np.maximum(known_for, 1))
    registered = asked.issued(earlier, today)
    area = joined(numerals(40 + below(stream(seed, "area"), asked.index, 100)), ".", text(digits(drawn % 100, 2)))
    status = pick(["valid", "cancelled"], asked.cancelled.astype(np.int64))
    year = text(digits(years(registered), 4))
    return {
        NUMBER: joined("粤(", year, ")汕头市不动产权第", text(digits(asked.index, 7)), "号"),
        "unit_number": where(has["unit_number_format"], pick(BAD_UNITS, drawn % 3), _units(asked.index, place)),
        "area_sqm": where(has["area_not_a_number"], pick(BAD_AREAS, drawn % 4), area),
        "usage": pick(
            ["城镇住宅用地/住宅", "商服用地/商业", "工业用地/厂房"], below(stream(seed, "usage"), asked.index, 3)
        ),
        "issued_on": dates(registered),
        "issuing_authority_name": pick([office.name for office in OFFICES], place),
        "issuing_authority_code": pick([office.code for office in OFFICES], place),
        "status_code": where(has["status_code_unknown"], pick(UNKNOWN, drawn % 3), status),
        "status_since": cancelled_on(asked, today),
        "area_code": text(digits(CODES[place], 6)),
    }


def _units(index: Index, place: Index) -> Column:
    """不动产单元号, 28 characters: division, zone, parcel with its right, building and door."""
    zones = [text(digits(CODES[place], 6)), text(digits(index % 900 + 1, 6)), "GB", text(digits(index % 90_000, 5))]
    return joined(*zones, "F", text(digits(index % 70 + 1, 4)), text(digits(index % 9000, 4)))


def _ownership(asked: Asked, sole: Mask, form: Index) -> Columns:
    """How it is owned, and the shares in per cent of the first and of the second owner; joint owners have none."""
    first = 30 + asked.drawn % 40
    second = np.where(asked.has["shares_over_whole"], 100 - first + 5 + asked.drawn % 30, 100 - first)
    shared = ~sole & (form == 2)  # noqa: PLR2004 - 2 is by shares, 3 joint
    return {
        "ownership": pick([SOLE, SHARED, JOINT], np.where(sole, 0, np.where(shared, 1, 2))),
        "first": where(shared, numerals(first), pick(["", "100"], sole.astype(np.int64))),
        "second": where(shared, numerals(second), pick(["", "0"], sole.astype(np.int64))),
    }


def _owners(asked: Asked, people: Persons) -> Columns:
    number = people.number.copy()
    number[:, 17] = another_character(people.number[:, 17], 1 + asked.drawn % 10, b"0123456789X")
    return {
        "owner_name": where(asked.has["name_missing"], "", full_names(people)),
        "owner_code_type": pick([PERSON_CODE], people.place * 0),
        OWNER: where(asked.has["holder_code_check"], text(number), text(people.number)),
    }
