"""What the inspector's pages show; the lines are those of the store, with names of departments and acts beside them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from exchange_api.inspection.desk import Findings
from exchange_api.pages.views.frame import Item, Option, Words
from registries.store.inspection_lines import AnswerLine
from registries.store.inspection_searches import AskedLine, Search


class Names(NamedTuple):
    """Names by id: of departments, acts and certificate types, and tags of verdicts (tone, icon, words)."""

    departments: Mapping[str, str]
    acts: Mapping[str, Words]
    types: Mapping[str, str]
    verdicts: Mapping[str, tuple[str, str, Words]]


@dataclass(frozen=True)
class DeskView:
    """The desk: a period (its days inclusive) and what is unusual in it; `may_act`: an inspector, no auditor."""

    since: date
    until: date
    found: Findings
    names: Names
    may_act: bool
    fault: Words | None = None


@dataclass(frozen=True)
class AnswersView:
    """The answers behind a finding; `query` is the page's own, for the next page."""

    answers: tuple[AnswerLine, ...]
    names: Names
    query: str
    older: int | None


@dataclass(frozen=True)
class OpenedView:
    """One receipt at the desk."""

    verdict: tuple[str, str, Words]
    says: Words
    asked: tuple[Item, ...]
    lines: tuple[tuple[str, Words], ...]
    at: datetime
    place: int | None


@dataclass(frozen=True)
class SearchesView:
    """Searches by subject: the form, those that were asked for, and what the one look showed."""

    registers: tuple[Option, ...]
    searches: tuple[Search, ...]
    names: Names
    may_act: bool
    fault: Words | None = None
    looked: tuple[AskedLine, ...] | None = None
    given: Mapping[str, str] = field(default_factory=dict)
