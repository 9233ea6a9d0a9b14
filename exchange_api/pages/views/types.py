"""What the pages about certificate types show."""

from dataclasses import dataclass
from typing import NamedTuple

from exchange_api.pages.views.frame import Item, Words


class TypeLine(NamedTuple):
    """A type in the list; `demo`: its code is the hub's own. `datasets`: how many collect it."""

    code: str
    demo: bool
    words: Words
    definer: Words
    holders: Words
    validity: Words
    datasets: int


class FieldLine(NamedTuple):
    """A field of the type's face."""

    name: str
    words: Words
    kind: Words
    required: bool


class CodeLine(NamedTuple):
    """A code of the sources, and the state that it means."""

    code: str
    state: Words


@dataclass(frozen=True)
class TypesView:
    """All types."""

    types: tuple[TypeLine, ...]


@dataclass(frozen=True)
class TypeView:
    """One type in full; `used_by`: service items that take it, with their code, name and department."""

    code: str
    demo: bool
    facts: tuple[Item, ...]
    fields: tuple[FieldLine, ...]
    codes: tuple[CodeLine, ...]
    codes_of: str
    datasets: tuple[tuple[str, Words], ...]
    used_by: tuple[tuple[str, Words, Words], ...]
    source: str
