"""Whom departments give their certificates to: residents and companies whose own rows are clean and stay as they are.

Whoever's row in another department's register is, or may once be, wrong, renamed or corrected is left out, so that a
certificate disagrees with a register only where that was planted.

A holder is drawn from several candidates, the first that fits: row 7 has the same holder in whatever chunk it is made.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from sample_city.columns import Column, joined, take
from sample_city.companies import STATUSES, VALID, Companies, Economy
from sample_city.draws import Index, Shuffle, stream
from sample_city.lanes import DefectPlan
from sample_city.population import ALIVE, Persons, Population

Mask = NDArray[np.bool_]
Held = TypeVar("Held", Persons, Companies)
TRIES = 24
STEADY_DAYS = 40  # so long a holder keeps name, number and life
PERSON_CODE, COMPANY_CODE = "111", "001"
"""Holder code types of GB/T 36903: citizen number, unified social credit code."""


@dataclass(frozen=True)
class Holders:
    """The residents and companies of a city that certificates are given to."""

    population: Population
    resident_defects: DefectPlan
    economy: Economy
    enterprise_defects: DefectPlan

    @property
    def seed(self) -> int:
        """The city's seed."""
        return self.population.seed

    @property
    def today(self) -> int:
        """The city's first day, as days since 1970-01-01."""
        return self.population.today

    def persons(
        self, name: str, index: Index, fits: Callable[[Persons], Mask], tries: int = TRIES
    ) -> tuple[Persons, Mask]:
        """A steady resident who `fits` for each index, and whether one was found; `name` names the draw.

        As long as there are `tries` residents for each index, nobody is drawn twice.
        """
        plan, candidates = self.resident_defects, _candidates(index, tries)
        spared = Shuffle(stream(self.seed, name), plan.rows - plan.reach)
        places = plan.order.back(plan.reach + spared.forth(candidates.ravel() % spared.size))
        everybody = self.population.persons(places)
        fit = fits(everybody) & self.steady(everybody)
        return _first(everybody, fit, candidates)

    def steady(self, people: Persons) -> Mask:
        """Who is alive, has no wrong row, and changes neither name nor number for weeks."""
        queues = (self.population.new_names, self.population.corrections, self.population.deaths)
        kept = [queue.day_of(people.place) > STEADY_DAYS for queue in queues]
        steady: Mask = np.all([people.life == ALIVE, *kept], axis=0)
        return steady

    def companies(self, name: str, index: Index, fits: Callable[[Companies], Mask]) -> tuple[Companies, Mask]:
        """A company in business that `fits` for each index, and whether one was found."""
        plan, candidates = self.enterprise_defects, _candidates(index, TRIES)
        spared = Shuffle(stream(self.seed, name), plan.rows - plan.reach)
        them = self.economy.at(plan.order.back(plan.reach + spared.forth(candidates.ravel() % spared.size)), 0)
        return _first(them, fits(them) & (them.status == STATUSES.index(VALID)), candidates)


def full_names(people: Persons) -> Column:
    """Surname and given name."""
    return joined(people.surname, people.given_name)


def ages(people: Persons, day: int) -> Index:
    """Whole years, rounded down by a few days."""
    return (day - people.born_on) * 4 // 1461


def chosen(these: Held, places: Index) -> Held:
    """The persons or companies at `places`: every array of the dataclass, taken there."""
    values = {field.name: getattr(these, field.name) for field in fields(these)}
    return type(these)(**{name: _taken(value, places) for name, value in values.items()})


def _taken(value: Any, places: Index) -> Any:  # noqa: ANN401 - an array, an Arrow column without type, or persons
    if isinstance(value, Persons):
        return chosen(value, places)
    return value[places] if isinstance(value, np.ndarray) else take(value, places)


def _candidates(index: Index, tries: int) -> Index:
    """(n, tries): no two indexes share a candidate, as long as there are enough."""
    spread: Index = index[:, None] * tries + np.arange(tries)
    return spread


def _first(these: Held, fit: Mask, candidates: Index) -> tuple[Held, Mask]:
    table = fit.reshape(candidates.shape)
    places = np.arange(len(table)) * candidates.shape[1] + np.argmax(table, axis=1)
    found: Mask = np.any(table, axis=1)
    return chosen(these, places), found
