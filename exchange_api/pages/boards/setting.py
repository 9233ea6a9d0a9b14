"""What every dashboard is made with: the contracts in force, names of things, the day, the calendar of working days.

setting.department("health").zh       # 卫生健康局
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from certificates.types import CertificateType
from exchange_api.pages.views.board import Cell, Field, Select
from exchange_api.pages.views.frame import Option, Words
from registries.departments import Catalogue
from registries.service_items.model import item_of
from registries.working_days import WorkingDays

ANY: Final = "全部 All"
NOTHING: Final = Words("—", "")


@dataclass(frozen=True)
class Setting:
    """The names of what is counted, and today in China."""

    catalogue: Catalogue
    types: Mapping[str, CertificateType]
    calendar: WorkingDays
    today: dt.date

    def department(self, name: str) -> Words:
        """A department's names; its id where the catalogue has it no longer."""
        found = {one.id: one for one in self.catalogue.departments}.get(name)
        return Words(found.name_zh, found.name_en) if found else Words(name, name)

    def dataset(self, name: str) -> Words:
        """A dataset's titles."""
        if name not in self.catalogue:
            return Words(name, name)
        found = self.catalogue.dataset(name)
        return Words(found.title_zh, found.title_en)

    def department_of(self, dataset: str) -> str:
        """Whose dataset it is; the first part of its name where the catalogue has it no longer."""
        return self.catalogue.dataset(dataset).department if dataset in self.catalogue else dataset.partition(".")[0]

    def kind(self, code: str) -> Words:
        """A certificate type's names."""
        found = self.types.get(code)
        return Words(found.name_zh, found.name_en) if found else Words(code, code) if code else NOTHING

    def item(self, code: str) -> Words:
        """A service item's names."""
        found = item_of(self.catalogue, code)
        return Words(found.name_zh, found.name_en) if found else Words(code, code) if code else NOTHING

    def register(self, name: str) -> Words:
        """A register's titles."""
        found = {one.id: one for one in self.catalogue.registers}.get(name)
        return Words(found.title_zh, found.title_en) if found else Words(name, name)

    def attribute(self, dataset: str, name: str) -> Words:
        """An attribute of a register, as the dataset that gives it calls it."""
        role = self.catalogue.dataset(dataset).register if dataset in self.catalogue else None
        if role is None or name not in role.attributes:
            return Words(name, name)
        return Words(self.catalogue.dataset(dataset).column(role.attributes[name]).title_zh, name)

    def departments_select(self, chosen: str) -> Select:
        """Narrows to a department."""
        options = [Option(one.id, one.name_zh) for one in self.catalogue.departments]
        return select("department", Words("部门", "Department"), options, chosen)


def select(name: str, words: Words, options: list[Option], chosen: str) -> Select:
    """A list with everything as its first option; what is chosen stays in it, even if nobody knows it any more."""
    known = [option for option in options if option.value]
    if chosen and chosen not in {option.value for option in known}:
        known.append(Option(chosen, chosen))
    return Select(name, words, (Option("", ANY), *known), chosen)


def by_select(choices: Mapping[str, Words], chosen: str) -> Select:
    """What the rows of a table are."""
    options = tuple(Option(value, f"{words.zh} {words.en}") for value, words in choices.items())
    return Select("by", Words("按", "By"), options, chosen)


def days_fields(since: dt.date, until: dt.date) -> tuple[Field, ...]:
    """From which day until which."""
    return (
        Field("since", Words("自", "From"), "date", since.isoformat()),
        Field("until", Words("至", "until"), "date", until.isoformat()),
    )


def months_fields(since: dt.date, until: dt.date, first: Words = Words("自", "From")) -> tuple[Field, ...]:
    """From which month until which."""
    return (
        Field("since", first, "month", f"{since:%Y-%m}"),
        Field("until", Words("至", "until"), "month", f"{until:%Y-%m}"),
    )


def named(words: Words, href: str = "") -> Cell:
    """A cell with a name in both languages, or once where it has no other."""
    return Cell(words.zh, "" if words.en == words.zh else words.en, words.zh, href)


def count(number: int | None, href: str = "") -> Cell:
    """A cell with a count; a dash where nobody knows."""
    return Cell("—" if number is None else f"{number:,}", value=number, href=href)


def share(part: int, whole: int | None) -> Cell:
    """A cell with a percentage, cut rather than rounded, so that nothing short of all is shown as all."""
    if not whole:
        return Cell("—")
    thousandths = part * 1_000 // whole
    return Cell(f"{thousandths / 10:.1f}%", value=round(part / whole, 6))


def joined(words: Words, other: Words) -> str:
    """A label of two names."""
    return f"{words.zh} · {other.zh}"
