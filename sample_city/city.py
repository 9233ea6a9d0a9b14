"""Which city stands in a folder: `city.json`, written last, so that a killed build is done again."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

from sample_city import (
    birth_certificates,
    disability_certificates,
    driver_permits,
    insured_persons,
    marriages,
    operation_permits,
    qualifications,
    real_estate,
    social_organisations,
)
from sample_city.business_licences import plan as plan_licences
from sample_city.companies import Economy
from sample_city.enterprises import plan as plan_enterprises
from sample_city.errors import BadSizeError
from sample_city.holders import Holders
from sample_city.holdings import Holding
from sample_city.lanes import DefectPlan
from sample_city.population import Population
from sample_city.resident_defects import plan as plan_residents

FILE = "city.json"
FORMAT = 2
FEWEST, MOST = 500, 10_000_000
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class City:
    """A city's whole state: everything else follows from it."""

    people: int
    seed: int
    first_day: date
    days: int = 0
    format: int = FORMAT

    def __post_init__(self) -> None:
        """Refuse sizes for which numbers would repeat or defects have no room."""
        if not FEWEST <= self.people <= MOST:
            raise BadSizeError(self.people, FEWEST, MOST)

    @property
    def day(self) -> date:
        """The day the city has reached."""
        return self.first_day + timedelta(days=self.days)

    @property
    def day_number(self) -> int:
        """That day as days since 1970-01-01."""
        return (self.day - EPOCH).days

    @property
    def label(self) -> str:
        """What stands as comment on the residents' table: which city was loaded into it."""
        return f"常住人口登记表 (synthetic residents: format {self.format}, {self.people} people, seed {self.seed})"

    def tomorrow(self) -> "City":
        """The same city one day later."""
        return replace(self, days=self.days + 1)

    def same(self, people: int, seed: int) -> bool:
        """Whether this is the city of that size and seed, on whatever day, made as it would be made now."""
        return (self.people, self.seed, self.format) == (people, seed, FORMAT)

    @cached_property
    def population(self) -> Population:
        """Its people."""
        return Population(self.seed, self.people, (self.first_day - EPOCH).days)

    @cached_property
    def economy(self) -> Economy:
        """Its companies."""
        return Economy(self.population)

    @cached_property
    def resident_defects(self) -> DefectPlan:
        """Which residents' rows are wrong."""
        return plan_residents(self.population)

    @cached_property
    def enterprise_defects(self) -> DefectPlan:
        """Which enterprises' rows are wrong."""
        return plan_enterprises(self.economy)

    @cached_property
    def licence_defects(self) -> DefectPlan:
        """Which licences' rows are wrong."""
        return plan_licences(self.economy)

    @cached_property
    def holders(self) -> Holders:
        """Whom the other departments' certificates are for."""
        return Holders(self.population, self.resident_defects, self.economy, self.enterprise_defects)

    @cached_property
    def marriages(self) -> Holding:
        """Of civil affairs."""
        return marriages.holding(self.holders)

    @cached_property
    def social_organisations(self) -> Holding:
        """Of civil affairs."""
        return social_organisations.holding(self.holders)

    @cached_property
    def driver_permits(self) -> Holding:
        """Of transport."""
        return driver_permits.holding(self.holders)

    @cached_property
    def operation_permits(self) -> Holding:
        """Of transport."""
        return operation_permits.holding(self.holders)

    @cached_property
    def birth_certificates(self) -> Holding:
        """Of health."""
        return birth_certificates.holding(self.holders)

    @cached_property
    def qualifications(self) -> Holding:
        """Of human resources."""
        return qualifications.holding(self.holders)

    @cached_property
    def insured_persons(self) -> Holding:
        """Of human resources."""
        return insured_persons.holding(self.holders)

    @cached_property
    def real_estate(self) -> Holding:
        """Of natural resources."""
        return real_estate.holding(self.holders)

    @cached_property
    def disability_certificates(self) -> Holding:
        """Of the disabled persons' federation."""
        return disability_certificates.holding(self.holders)


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
    return City(kept["people"], kept["seed"], date.fromisoformat(kept["first_day"]), kept["days"], kept["format"])


def forget(home: Path) -> None:
    """Take the marker away before anything is changed."""
    (home / FILE).unlink(missing_ok=True)
