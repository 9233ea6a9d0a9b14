"""Terms of validity as a certificate had them one after another, and the one that counted on a given day.

A renewal begins a new term and leaves the former one as it was; whatever else changes the dates corrects the last term.

Example:
    >>> first = Term(date(2018, 1, 1), date(2022, 12, 31))
    >>> second = Term(date(2023, 3, 1), date(2028, 2, 29), renewal=True)
    >>> term_on((first, second), date(2020, 5, 1)) == first, term_on((first, second), date(2023, 1, 15)) == first
    (True, True)
    >>> term_on((first, second), date(2024, 1, 1)) == second
    True
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Term:
    """From when until when a certificate says it is valid, both days included.

    Attributes:
        valid_from: first day; None where it is not told.
        valid_until: last day; None where there is none.
        long_term: 长期, told by a declared sentinel.
        renewal: it follows the term before, which stays what it was; otherwise it corrects that.
    """

    valid_from: date | None = None
    valid_until: date | None = None
    long_term: bool = False
    renewal: bool = False

    @property
    def start(self) -> date:
        """The first day, or the first of all days."""
        return self.valid_from or date.min

    def reaches_beyond(self, other: "Term") -> bool:
        """Whether it ends later: what makes a change of dates a renewal."""
        if self.long_term or other.long_term:
            return self.long_term and not other.long_term
        if self.valid_until is None or other.valid_until is None:
            return False
        return self.valid_until > other.valid_until


def succession(terms: Iterable[Term]) -> tuple[Term, ...]:
    """The terms that stand, oldest first, from terms in the order in which the hub learnt of them."""
    kept: list[Term] = []
    for term in terms:
        before = kept if term.renewal else kept[:-1]
        kept = [former for former in before if former.start < term.start]
        kept.append(term)
    return tuple(kept)


def term_on(terms: Iterable[Term], day: date) -> Term | None:
    """The term that counts on a day: the last that has begun by then, else the first; None without any."""
    known = succession(terms)
    begun = [term for term in known if term.start <= day]
    return begun[-1] if begun else next(iter(known), None)
