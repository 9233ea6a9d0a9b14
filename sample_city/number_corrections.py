"""Citizen numbers that public security replaced because they were somebody else's too: the old one and the new one.

Some were replaced before the city's first day; each day brings a few more, and then the residents' table has the new
number in place of the old one.
"""

import numpy as np

from sample_city.columns import Columns, dates, numerals, pick, text
from sample_city.draws import Index
from sample_city.holders import full_names
from sample_city.population import Population

DATASET = "public_security.number_corrections"
BEFORE = 5  # replaced before the first day
REASONS = ["重号更正", "出生日期更正"]


def rows(population: Population, day: int) -> Columns:
    """Every replacement up to `day`, in their order."""
    queue = population.corrections
    first = queue.order.back(np.arange(queue.order.size - BEFORE, queue.order.size))
    later = [queue.on(each) for each in range(1, day + 1)]
    days = [np.full(len(on), each) for each, on in enumerate(later, 1)]
    replaced_on = np.concatenate([-30 * np.arange(BEFORE, 0, -1), *days])
    return _told(population, np.concatenate([first, *later]), replaced_on, len(first), day)


def _told(population: Population, places: Index, replaced_on: Index, before: int, day: int) -> Columns:
    """Those of former times have their first number now: their old one was another."""
    former = np.arange(len(places)) < before
    old, _, _ = population.numbers(places, former)
    new, _, _ = population.numbers(places, ~former)
    return {
        "correction_id": numerals(np.arange(len(places)) + 1),
        "old_number": text(old),
        "new_number": text(new),
        "name": full_names(population.persons(places, day)),
        "reason": pick(REASONS, np.arange(len(places)) % len(REASONS)),
        "corrected_on": dates(population.today + replaced_on),
    }
