"""Service items (政务服务事项) as frozen values: what an item asks for, and how the hub can meet it instead.

Nothing here reads a file: `loading.load_item` makes these from a YAML, and the case-check, the catalogue and the pages
follow from them.

    >>> way = QueryWay("health.special_support_persons", (Condition("state", "equals", ("1",)),), "特扶", "supported")
    >>> way.columns
    ('state',)
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, Protocol

SubjectKind = Literal["natural_person", "legal_entity"]
Operation = Literal["equals", "one_of", "at_least", "at_most", "not_before_today", "age_at_least", "present"]
APPLICANT: Final = "applicant"
"""The party that every item has: who applies."""


@dataclass(frozen=True)
class Condition:
    """What one column of a subject's row has to say for an answer to be yes; the value never leaves the store."""

    column: str
    operation: Operation
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class CertificateWay:
    """A certificate of one of these types, held by the party, whose verdict is `valid`."""

    types: tuple[str, ...]
    kind: Literal["certificate"] = "certificate"


@dataclass(frozen=True)
class MatchWay:
    """A party's row in a dataset says what the question says (比对).

    Attributes:
        pairs: column of the dataset, and where its claimed value stands in the question: `<party>.name`,
            `<party>.code` or `claim.<id>`.
    """

    dataset: str
    pairs: tuple[tuple[str, str], ...]
    kind: Literal["match"] = "match"

    @property
    def columns(self) -> tuple[str, ...]:
        """What is read: the fields that a grant has to name."""
        return tuple(column for column, _ in self.pairs)


@dataclass(frozen=True)
class QueryWay:
    """An eligibility rule: a row of the party in a dataset meets all conditions. The answer is yes or no."""

    dataset: str
    conditions: tuple[Condition, ...]
    zh: str
    en: str
    kind: Literal["query"] = "query"

    @property
    def columns(self) -> tuple[str, ...]:
        """What is read: the fields that a grant has to name."""
        return tuple(dict.fromkeys(condition.column for condition in self.conditions))


@dataclass(frozen=True)
class EarlierWay:
    """The material was received before: at an earlier step of the case, or in an earlier case of the same subject.

    Attributes:
        within_days: how old it may be; steps of the same case have no limit.
    """

    within_days: int
    kind: Literal["earlier"] = "earlier"


Way = CertificateWay | MatchWay | QueryWay | EarlierWay


@dataclass(frozen=True)
class Party:
    """Somebody who has to do with a case: the applicant, a legal representative."""

    id: str
    name_zh: str
    name_en: str
    kind: SubjectKind


@dataclass(frozen=True)
class Material:
    """One material that an item asks for.

    Attributes:
        basis: the law that asks for it; empty: nobody can say (奇葩证明).
        issued_by: id of the department that issues it; "" where the applicant makes it.
        about: id of the party that it concerns.
        step: id of the step at which it is needed.
        later_days: within how many days it may be handed in later (容缺); None: not at all.
        kept_as: one name for the same material in several items; an earlier one of that name counts.
        ways: how it is met, in this order: the first that holds is enough. None: by paper only, and why.
    """

    id: str
    name_zh: str
    name_en: str
    basis: tuple[str, ...]
    issued_by: str
    about: str
    step: str
    later_days: int | None
    kept_as: str
    ways: tuple[Way, ...]
    paper_because_zh: str = ""
    paper_because_en: str = ""


@dataclass(frozen=True)
class ServiceItem:
    """A service item of a department.

    Attributes:
        code: its code in the item catalogue; the same everywhere.
        results: certificate types that it ends in.
        steps: ids with names in both languages, in their order.
        claims: ids of values that only the applicant knows, with names in both languages.
        file: the file it stands in, for what is said about it.
    """

    code: str
    version: str
    name_zh: str
    name_en: str
    department: str
    area_code: str
    basis: tuple[str, ...]
    results: tuple[str, ...]
    valid_from: dt.date
    steps: tuple[tuple[str, str, str], ...]
    parties: tuple[Party, ...]
    claims: tuple[tuple[str, str, str], ...]
    materials: tuple[Material, ...]
    valid_until: dt.date | None = None
    file: str = ""

    @cached_property
    def applicant(self) -> Party:
        """Who applies."""
        return self.parties[0]

    def material(self, material_id: str) -> Material | None:
        """The material of that id."""
        return next((each for each in self.materials if each.id == material_id), None)

    def in_force(self, day: dt.date) -> bool:
        """Whether cases can be opened on this day."""
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)

    def certificate_types(self) -> tuple[str, ...]:
        """The certificate types that meet one of its materials."""
        return tuple(dict.fromkeys(kind for way in self._ways() for kind in _types(way)))

    def datasets(self) -> tuple[str, ...]:
        """The datasets that its matches and eligibility rules read."""
        return tuple(dict.fromkeys(way.dataset for way in self._ways() if isinstance(way, MatchWay | QueryWay)))

    def _ways(self) -> Iterator[Way]:
        return (way for material in self.materials for way in material.ways)


def _types(way: Way) -> tuple[str, ...]:
    return way.types if isinstance(way, CertificateWay) else ()


class HasItems(Protocol):
    """A catalogue, as far as it matters here."""

    @property
    def items(self) -> tuple[ServiceItem, ...]:
        """Every service item, in the order of departments and files."""


def service_items(catalogue: HasItems) -> tuple[ServiceItem, ...]:
    """Every service item of a catalogue: what the two catalogues (通用目录, 服务目录) have in common."""
    return catalogue.items


def item_of(catalogue: HasItems, code: str) -> ServiceItem | None:
    """The item of that code; None if there is none."""
    return next((item for item in catalogue.items if item.code == code), None)


def items_using(catalogue: HasItems, certificate_type: str) -> tuple[ServiceItem, ...]:
    """The items that take a certificate of this type for one of their materials."""
    return tuple(item for item in catalogue.items if certificate_type in item.certificate_types())
