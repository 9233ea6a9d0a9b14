"""What a publisher sees of the certificates that its department declares as issued."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from exchange_api.pages.views.frame import Option, Words
from exchange_api.pages.views.scores import Score


class DeclaredRow(NamedTuple):
    """One type and year: what is held, what was declared, by whom and when."""

    words: Words
    year: int
    held: int
    declared: int | None
    covered: Score
    by: str | None
    at: datetime | None


@dataclass(frozen=True)
class DeclaringView:
    """The form and what stands; `given` is what was typed when it was refused, `wrong` the member at fault."""

    types: tuple[Option, ...]
    rows: tuple[DeclaredRow, ...]
    given: Mapping[str, str]
    fault: Words | None = None
    wrong: str = ""
