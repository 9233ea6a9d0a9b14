"""What stands around every page, and the small values that all pages use."""

from dataclasses import dataclass
from typing import NamedTuple


class Words(NamedTuple):
    """One text in both languages."""

    zh: str
    en: str


class Option(NamedTuple):
    """One choice of a select."""

    value: str
    label: str


class MenuItem(NamedTuple):
    """One entry of the left menu."""

    href: str
    icon: str
    words: Words
    current: bool


class Crumb(NamedTuple):
    """One place of the breadcrumb; the last has no address."""

    words: Words
    href: str | None = None


class Person(NamedTuple):
    """Who is signed in."""

    name: str
    department: str


@dataclass(frozen=True)
class Frame:
    """What stands around every page."""

    title: Words
    csrf: str = ""
    lede: Words | None = None
    crumbs: tuple[Crumb, ...] = ()
    menu: tuple[MenuItem, ...] = ()
    person: Person | None = None
    large_text: bool = False
    roles: frozenset[str] = frozenset()
    bell: bool = False


class Item(NamedTuple):
    """A name and a value of a description list."""

    words: Words
    text: str
    mono: bool = False


class Tile(NamedTuple):
    """A figure with its name."""

    words: Words
    figure: str
    note: Words
    unit: str = ""


@dataclass(frozen=True)
class FaultView:
    """What went wrong: cause, next step, and the way back."""

    tone: str
    cause: Words
    next: Words
    back: str
    back_words: Words
    reference: str | None = None
