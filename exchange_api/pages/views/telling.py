"""What the pages show that tell somebody who asked, and that show a value in clear."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from exchange_api.pages.views.frame import Option, Words
from exchange_api.pages.views.inspection import Names
from registries.store.tellings import Told


@dataclass(frozen=True)
class TellingView:
    """The form at the counter, and what is told once it was sent; `masked` is the key as the paper shows it."""

    registers: tuple[Option, ...]
    documents: tuple[str, ...]
    names: Names
    given: Mapping[str, str] = field(default_factory=dict)
    fault: Words | None = None
    told: Told | None = None
    masked: str = ""
    at: datetime | None = None


class ClearRow(NamedTuple):
    """What one dataset says, in clear; `decides`: it is the authority, else whether it agrees with it."""

    department: str
    dataset: Words
    value: str | None
    decides: bool
    agrees: bool | None
    batch: int


@dataclass(frozen=True)
class UnmaskView:
    """The form, and the attribute in clear once it was sent; `attributes` name their register, too."""

    attributes: tuple[Option, ...]
    given: Mapping[str, str] = field(default_factory=dict)
    fault: Words | None = None
    rows: tuple[ClearRow, ...] | None = None
    attribute: Words | None = None
    access: int | None = None
