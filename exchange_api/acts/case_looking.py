"""Looks everything up that the case-checks of one group need: five statements, however many cases and materials.

looking = Looking(types, issuers, live)
place = looking.fact(wish)                  # in any order, for all cases of the group
looking.look(work, today, now)
looking.facts[place]
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from certificates.issuers import Issuer
from certificates.records import LookUp, Question
from certificates.types import CertificateType
from certificates.verdicts import Verdict, VerdictCode, judge
from exchange_api.live_sources import LiveSources
from exchange_api.transactions import Transaction
from registries.store import case_checks, certificates
from registries.store.case_checks import Fact, FactWish, HeldWish, ReceivedBefore, ReceivedWish
from registries.store.certificates import Sought
from registries.store.grants import Claimant, Grant

NO_NUMBER: Final = "-"
"""In place of a number where none is known: nothing matches it, and the look-up says how the source stands."""


@dataclass(frozen=True)
class Held:
    """A party's certificates of one type: which are to be looked at, under which grant.

    Attributes:
        number: that is known; "" where the store is to find them.
    """

    wish: HeldWish
    grant: Grant
    case: str
    number: str = ""

    def question(self, number: str) -> Question:
        """What is asked of one of them."""
        asking = self.wish.asking
        return Question(
            self.wish.certificate_type,
            number.upper(),
            asking.subject_name,
            asking.subject_key,
            self.wish.holder_code_type,
            asking.purpose,
            asking.service_item,
            self.case,
        )


@dataclass(frozen=True)
class HeldFound:
    """The best of a party's certificates, or what the look-up says where there is none."""

    verdict: Verdict
    look_up: LookUp
    live: bool


@dataclass
class Looking:
    """Wishes of a whole group, and what was found; each wish has a place."""

    types: Mapping[str, CertificateType]
    issuers: Callable[[date], Mapping[str, Issuer]]
    live: LiveSources
    facts: list[Fact | None] = field(default_factory=list)
    before: list[ReceivedBefore | None] = field(default_factory=list)
    held: list[HeldFound] = field(default_factory=list)
    _facts: list[FactWish] = field(default_factory=list)
    _before: list[ReceivedWish] = field(default_factory=list)
    _held: list[Held] = field(default_factory=list)

    def fact(self, wish: FactWish) -> int:
        """The place at which its answer will stand in `facts`."""
        self._facts.append(wish)
        return len(self._facts) - 1

    def received(self, wish: ReceivedWish) -> int:
        """The same, in `before`."""
        self._before.append(wish)
        return len(self._before) - 1

    def certificate(self, held: Held) -> int:
        """The same, in `held`."""
        self._held.append(held)
        return len(self._held) - 1

    def look(self, work: Transaction, today: date, now: datetime) -> None:
        """Look everything up."""
        self.facts = case_checks.facts(work.conn, self._facts, now, today)
        self.before = case_checks.received_before(work.conn, self._before)
        numbers = iter(case_checks.held_numbers(work.conn, [one.wish for one in self._held if not one.number], today))
        asked = [((one.number,) if one.number else next(numbers)) or (NO_NUMBER,) for one in self._held]
        self.held = self._judged(work, asked, today, now)

    def _judged(
        self, work: Transaction, numbers: Sequence[Sequence[str]], today: date, now: datetime
    ) -> list[HeldFound]:
        if not numbers:
            return []
        pairs = [(place, one.question(number)) for place, one in enumerate(self._held) for number in numbers[place]]
        sought = [
            Sought(question, self._held[place].grant, _claimant(self._held[place].wish)) for place, question in pairs
        ]
        look_ups = certificates.find_certificates(work.conn, sought, now, today)
        issuers = self.issuers(today)
        found: list[list[HeldFound]] = [[] for _ in self._held]
        for (place, question), look_up in zip(pairs, look_ups, strict=True):
            verdict = judge(question, look_up, today, self.types, issuers)
            live = look_up.record is None and self.live.serves(question.certificate_type)
            found[place].append(HeldFound(verdict, look_up, live))
        return [min(of_one, key=_rank) for of_one in found]


def _claimant(wish: HeldWish) -> Claimant:
    return Claimant(wish.asking.department, wish.asking.asker)


_BEST: Final = {VerdictCode.VALID: 0, VerdictCode.PENDING_CHECK: 1, VerdictCode.UNAVAILABLE: 1}


def _rank(found: HeldFound) -> int:
    """A valid certificate is enough; one of which nobody knows comes before those that are not valid."""
    return _BEST.get(found.verdict.code, 3 if found.look_up.record is None else 2)
