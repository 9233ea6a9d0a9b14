"""Social organisations as civil affairs registers them: associations, private non-enterprise units, foundations.

Their credit codes begin with 5 and 1, 2 or 3 (GB 32100). What is planted: a wrong check character, a code that another
kind of registrar gives, a wrong organisation code inside a code whose last character is right, an end before the
start, a telephone number that is none.
"""

import numpy as np

from sample_city.check_characters import (
    USCC_ALPHABET,
    Ascii,
    another_character,
    another_inner_check,
    organisation_code_check,
    uscc_check,
)
from sample_city.columns import Column, Columns, dates, digits, joined, numerals, pick, repeated, text, where, years
from sample_city.districts import CODES, DISTRICTS, SHARES, bureaus
from sample_city.draws import Index, below, choose, stream
from sample_city.holders import COMPANY_CODE, Holders, full_names
from sample_city.holdings import Asked, Holding, Made, cancelled_on, kept
from sample_city.words import words

DATASET = "civil_affairs.social_organisations"
KEY = "certificateNumber"
RATES = (
    ("uscc_check", 0.005),
    ("uscc_of_another_registrar", 0.005),
    ("organisation_code_check", 0.005),
    ("ends_before_start", 0.005),
    ("phone_format", 0.005),
)
REGISTRIES = bureaus("民政局", "MB4C")
KINDS = ("社会团体", "民办非企业单位", "基金会")
NAMES = (("商会", "行业协会", "体育协会", "文化促进会"), ("老年公寓", "幼儿园", "社会工作服务中心"), ("慈善基金会",))
TERM = 4 * 1461 // 4  # certificates are good for four years
BAD_PHONES = ["0754-88", "无", "138001380", "０７５４－８８", "88-88-88-88-88"]


def holding(holders: Holders) -> Holding:
    """All social organisations of a city."""
    people = holders.population.people

    def make(asked: Asked) -> Made:
        return _made(holders, asked)

    return Holding(DATASET, (KEY,), RATES, max(150, people // 100), 1, holders.seed, make)


def _made(holders: Holders, asked: Asked) -> Made:
    seed, index, today = holders.seed, asked.index, holders.today
    kind = choose(stream(seed, "kind of organisation"), index, np.array([0.45, 0.5, 0.05]))
    place = choose(stream(seed, "place of organisation"), index, SHARES)
    heads, found = holders.persons("heads of organisations", index, lambda p: p.born_on < today - 30 * 365)
    registered = np.maximum(heads.born_on + 28 * 365, today - 1 - below(stream(seed, "organised"), index, 3000))
    start = registered + np.maximum(today - registered - 1, 0) // TERM * TERM
    before = start - 1 - asked.drawn % 700
    columns = {
        KEY: joined(
            "社证字第", text(digits(CODES[place], 6)), text(digits(years(registered), 4)), text(digits(index, 5))
        ),
        "uscc": text(_codes(asked, kind, place)),
        "name": _names(seed, index, kind, place),
        "kind": pick(KINDS, kind),
        "legalRepresentative": full_names(heads),
        "address": joined(
            "汕头市", pick([item.name for item in DISTRICTS], place), numerals(asked.index % 900 + 1), "号"
        ),
        "phone": where(
            asked.has["phone_format"], pick(BAD_PHONES, asked.drawn % len(BAD_PHONES)), _phones(seed, index)
        ),
        "registeredOn": dates(registered),
        "validFrom": dates(start),
        "validUntil": dates(np.where(asked.has["ends_before_start"], before, start + TERM - 1)),
        **_registry(asked, place, today),
    }
    return kept(columns, found)


def _registry(asked: Asked, place: Index, today: int) -> Columns:
    return {
        "registryName": pick([registry.name for registry in REGISTRIES], place),
        "registryCode": pick([registry.code for registry in REGISTRIES], place),
        "areaCode": text(digits(CODES[place], 6)),
        "holderCodeType": pick([COMPANY_CODE], place * 0),
        "status": pick(["valid", "cancelled"], asked.cancelled.astype(np.int64)),
        "statusSince": cancelled_on(asked, today),
    }


def _phones(seed: int, index: Index) -> Column:
    return joined("0754-8", text(digits(below(stream(seed, "phone"), index, 10_000_000), 7)))


def _names(seed: int, index: Index, kind: Index, place: Index) -> Column:
    sizes = np.array([len(names) for names in NAMES])
    first = (np.cumsum(sizes) - sizes)[kind]
    end = pick([name for names in NAMES for name in names], first + below(stream(seed, "end"), index, sizes[kind]))
    trade = words("trade_names")
    word = pick(trade, below(stream(seed, "word of organisation"), index, len(trade)))
    return joined("汕头市", pick([district.name for district in DISTRICTS], place), word, end, numerals(index % 97 + 1))


def _codes(asked: Asked, kind: Index, place: Index) -> Ascii:
    """GB 32100, with one of three faults where they are planted."""
    serial = digits(asked.index % 10_000, 4)
    organisation = np.hstack([repeated(b"MJ", len(serial)), digits(CODES[place] % 100, 2), serial])
    check = organisation_code_check(organisation)
    check = np.where(asked.has["organisation_code_check"], another_inner_check(check, asked.drawn), check)
    registrar = np.where(asked.has["uscc_of_another_registrar"], ord("9"), ord("5")).astype(np.uint8)
    front = [registrar[:, None], digits(kind + 1, 1), digits(CODES[place], 6)]
    body = np.hstack([*front, organisation, check[:, None]])
    last = uscc_check(body)
    wrong = another_character(last, 1 + asked.drawn % (len(USCC_ALPHABET) - 1), USCC_ALPHABET)
    return np.hstack([body, np.where(asked.has["uscc_check"], wrong, last)[:, None]])
