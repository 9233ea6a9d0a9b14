"""Which city stands in a folder: `city.json`, written last, so that a killed build is done again."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

import numpy as np

from sample_city import (
    birth_certificates,
    business_licences,
    disability_certificates,
    driver_permits,
    enterprises,
    entitled_persons,
    insured_persons,
    marriages,
    operation_permits,
    qualifications,
    real_estate,
    residents,
    social_organisations,
)
from sample_city.business_licences import plan as plan_licences
from sample_city.companies import Economy
from sample_city.enterprises import plan as plan_enterprises
from sample_city.errors import BadSizeError
from sample_city.holders import Holders
from sample_city.holdings import Holding
from sample_city.lanes import DefectPlan
from sample_city.pace import EVERY_DAY, Pace
from sample_city.population import Population
from sample_city.resident_defects import plan as plan_residents
from sample_city.scripts import Script, conduct_of

FILE = "city.json"
FORMAT = 4
FEWEST, MOST = 500, 10_000_000
EPOCH = date(1970, 1, 1)
ISSUED_A_MONTH = 200  # in a scripted year each of these departments issues a certificate to one resident in so many
GROWING = frozenset({
    driver_permits.DATASET, operation_permits.DATASET, qualifications.DATASET, real_estate.DATASET, marriages.DATASET,
})  # fmt: skip


@dataclass(frozen=True)
class City:
    """A city's whole state: everything else follows from it.

    In a scripted `year` each of its `days` is a month, as `sample_city.year` tells.
    """

    people: int
    seed: int
    first_day: date
    days: int = 0
    format: int = FORMAT
    year: bool = False

    def __post_init__(self) -> None:
        """Refuse sizes for which numbers would repeat or defects have no room."""
        if not FEWEST <= self.people <= MOST:
            raise BadSizeError(self.people, FEWEST, MOST)

    @property
    def day(self) -> date:
        """The day the city has reached."""
        return self.first_day + timedelta(days=int(self.pace.elapsed(np.array(self.days))))

    @property
    def day_number(self) -> int:
        """That day as days since 1970-01-01."""
        return (self.day - EPOCH).days

    @property
    def label(self) -> str:
        """What stands as comment on the residents' table: which city was loaded into it."""
        which = f"format {self.format}, {self.people} people, seed {self.seed}{', a year' if self.year else ''}"
        return f"常住人口登记表 (synthetic residents: {which})"

    def tomorrow(self) -> "City":
        """The same city one day later, or a month in a scripted year."""
        return replace(self, days=self.days + 1)

    def same(self, other: "City") -> bool:
        """Whether this is the city of that size and seed, on whatever day, made as it would be made now."""
        return (self.people, self.seed, self.format, self.year) == (other.people, other.seed, FORMAT, other.year)

    @property
    def pace(self) -> Pace:
        """How fast time passes."""
        return Pace(self.first_day) if self.year else EVERY_DAY

    @cached_property
    def population(self) -> Population:
        """Its people."""
        return Population(self.seed, self.people, (self.first_day - EPOCH).days, self.pace)

    @cached_property
    def economy(self) -> Economy:
        """Its companies."""
        return Economy(self.population)

    @cached_property
    def resident_defects(self) -> DefectPlan:
        """Which residents' rows are wrong."""
        return plan_residents(self.population, self.script_of(residents.DATASET))

    @cached_property
    def enterprise_defects(self) -> DefectPlan:
        """Which enterprises' rows are wrong."""
        return plan_enterprises(self.economy, self.script_of(enterprises.DATASET))

    @cached_property
    def licence_defects(self) -> DefectPlan:
        """Which licences' rows are wrong."""
        return plan_licences(self.economy, self.script_of(business_licences.DATASET))

    @cached_property
    def holders(self) -> Holders:
        """Whom the other departments' certificates are for."""
        return Holders(self.population, self.resident_defects, self.economy, self.enterprise_defects)

    @cached_property
    def marriages(self) -> Holding:
        """Of civil affairs."""
        return self._scripted(marriages.holding(self.holders))

    @cached_property
    def social_organisations(self) -> Holding:
        """Of civil affairs."""
        return self._scripted(social_organisations.holding(self.holders))

    @cached_property
    def hardship_persons(self) -> Holding:
        """Of civil affairs."""
        return self._scripted(entitled_persons.holding(self.holders, entitled_persons.HARDSHIP))

    @cached_property
    def special_care_persons(self) -> Holding:
        """Of veterans affairs."""
        return self._scripted(entitled_persons.holding(self.holders, entitled_persons.SPECIAL_CARE))

    @cached_property
    def special_support_persons(self) -> Holding:
        """Of health."""
        return self._scripted(entitled_persons.holding(self.holders, entitled_persons.SPECIAL_SUPPORT))

    @cached_property
    def driver_permits(self) -> Holding:
        """Of transport."""
        return self._scripted(driver_permits.holding(self.holders))

    @cached_property
    def operation_permits(self) -> Holding:
        """Of transport."""
        return self._scripted(operation_permits.holding(self.holders))

    @cached_property
    def birth_certificates(self) -> Holding:
        """Of health."""
        return self._scripted(birth_certificates.holding(self.holders))

    @cached_property
    def qualifications(self) -> Holding:
        """Of human resources."""
        return self._scripted(qualifications.holding(self.holders))

    @cached_property
    def insured_persons(self) -> Holding:
        """Of human resources."""
        return self._scripted(insured_persons.holding(self.holders))

    @cached_property
    def real_estate(self) -> Holding:
        """Of natural resources."""
        return self._scripted(real_estate.holding(self.holders))

    @cached_property
    def disability_certificates(self) -> Holding:
        """Of the disabled persons' federation."""
        return self._scripted(disability_certificates.holding(self.holders))

    def _scripted(self, holding: Holding) -> Holding:
        told = replace(holding, script=self.script_of(holding.dataset), pace=self.pace)
        return replace(told, a_day=self.people // ISSUED_A_MONTH) if self.year and holding.dataset in GROWING else told

    def script_of(self, dataset: str) -> Script | None:
        """How a department behaves in a scripted year; None on ordinary days."""
        return Script(conduct_of(dataset)) if self.year else None


def keep(home: Path, city: City) -> None:
    """Write the marker, whole or not at all."""
    part = home / f"{FILE}.part"
    part.write_text(json.dumps(asdict(city), default=date.isoformat), encoding="utf-8")
    part.replace(home / FILE)


def found(home: Path) -> City | None:
    """The city that was finished in this folder, if there is one."""
    try:
        kept = json.loads((home / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    first_day, year = date.fromisoformat(kept["first_day"]), kept.get("year", False)
    return City(kept["people"], kept["seed"], first_day, kept["days"], kept["format"], year)


def forget(home: Path) -> None:
    """Take the marker away before anything is changed."""
    (home / FILE).unlink(missing_ok=True)
