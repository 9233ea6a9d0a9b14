"""Persons entitled to help, as three departments list them: in hardship, in special care, under special support.

Nothing is planted: who stands in these lists is what eligibility rules are tried with.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sample_city.columns import Columns, dates, pick, text
from sample_city.draws import Index, below, stream
from sample_city.holders import Holders, Mask, ages, full_names
from sample_city.holdings import Asked, Holding, Made, kept
from sample_city.population import Persons

KEY = "citizen_number"
FEW = 8  # tries: nobody is to stand in a list twice
OLD = 55
ENDED = 12  # one in so many no longer is


@dataclass(frozen=True)
class Listed:
    """One list: of whom it is, how many in a thousand people, and for how long they are entitled; None: for good."""

    dataset: str
    kinds: tuple[str, ...]
    in_thousand: int
    fits: Callable[[Persons, int], Mask]
    days: int | None = None


def _anybody(people: Persons, today: int) -> Mask:
    return people.born_on < today - 400


def _old(people: Persons, today: int) -> Mask:
    old: Mask = ages(people, today) >= OLD
    return old


HARDSHIP = Listed("civil_affairs.hardship_persons", ("1", "2", "3"), 20, _anybody, 365)
SPECIAL_CARE = Listed("veterans_affairs.special_care_persons", ("1", "2", "3"), 5, _old)
SPECIAL_SUPPORT = Listed("health.special_support_persons", ("1", "2"), 5, _old)


def holding(holders: Holders, listed: Listed) -> Holding:
    """Everybody in one list."""
    count = max(10, holders.population.people * listed.in_thousand // 1000)

    def make(asked: Asked) -> Made:
        return _made(holders, listed, asked)

    return Holding(listed.dataset, (KEY,), (), count, 0, holders.seed, make)


def _made(holders: Holders, listed: Listed, asked: Asked) -> Made:
    today, seed, index = holders.today, holders.seed, asked.index
    people, found = holders.persons(listed.dataset, index, lambda those: listed.fits(those, today), FEW)
    ended = below(stream(seed, f"ended of {listed.dataset}"), index, ENDED) == 0
    since = today - 30 - below(stream(seed, f"since of {listed.dataset}"), index, 300)
    columns: Columns = {
        KEY: text(people.number),
        "name": full_names(people),
        "kind": pick(list(listed.kinds), below(stream(seed, f"kind of {listed.dataset}"), index, len(listed.kinds))),
        "state": pick(["1", "2"], ended.astype(np.int64)),
        "since": dates(since),
    }
    if listed.days is not None:
        columns["valid_until"] = dates(_until(since, ended, today, listed.days))
    return kept(columns, found)


def _until(since: Index, ended: Mask, today: int, days: int) -> Index:
    """Those who are entitled had their case looked at again in time."""
    until: Index = np.where(ended, np.minimum(since + days, today - 1), today + days)
    return until
