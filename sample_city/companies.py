"""The city's companies, households in trade and cooperatives, each with one business licence.

A company is made from its index alone, as a person is from a place: about one for every twelve people, some more every
day. Its legal representative is a resident; its founding day is the day its first licence was issued.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sample_city.check_characters import USCC_ALPHABET, Ascii, organisation_code_check, uscc_check
from sample_city.columns import Column, digits, joined, numerals, pick, repeated, where, years
from sample_city.districts import CODES, DISTRICTS, SHARES
from sample_city.draws import Index, Shuffle, below, choose, stream, unit
from sample_city.lanes import Queue
from sample_city.population import ADULT_YEARS, Persons, Population
from sample_city.residents import FIRST_TOWNS, ROADS, TOWN_COUNTS, TOWNS
from sample_city.trades import (
    COMPANY,
    COOPERATIVE,
    COOPERATIVE_ENDS,
    FIRM_ENDS,
    HOUSEHOLD,
    KIND_SHARES,
    TRADES,
)
from sample_city.words import words

PEOPLE_PER_COMPANY = 12
NEW_CODES_SINCE = 16_709  # 2015-10-01: organisation codes begin with MA
OLDEST_FOUNDING = 8_401  # 1993-01-01
FOUNDER_AGE = 20 * 365
LONG_TERM = int(np.datetime64("2199-12-31").astype(np.int64))
ONE_WORD, LIMITED = 0.6, 0.35  # shares of short names, and of firms with a limited term
TERMS = (10, 20, 30, 50)

VALID, SUPERSEDED, EXPIRED, CANCELLED, REVOKED_VOID, REVOKED_PENALTY, OTHER = "10", "01", "02", "03", "04", "05", "09"
STATUSES = (VALID, SUPERSEDED, EXPIRED, CANCELLED, REVOKED_VOID, REVOKED_PENALTY, OTHER)
FIRST_STATES = ((REVOKED_PENALTY, 0.018), (REVOKED_VOID, 0.003), (CANCELLED, 0.055), (SUPERSEDED, 0.006))
FEWEST = 3
"""What a licence's state is on the first day: at least so many of each bad one."""


@dataclass(frozen=True)
class Companies:
    """Some companies, as arrays of one length; `uscc` is a matrix (n, 18) of ASCII codes."""

    index: Index
    uscc: Ascii
    name: Column
    person: Persons
    district: Index
    address: Column
    capital: Column
    founded_on: Index
    industry: Column
    valid_until: Index
    issued_on: Index
    version: Index
    status: Index
    status_since: Index


@dataclass(frozen=True)
class Economy:
    """All companies of a city."""

    population: Population

    @property
    def seed(self) -> int:
        """The city's seed."""
        return self.population.seed

    @property
    def companies(self) -> int:
        """How many companies there are on the first day."""
        return self.population.people // PEOPLE_PER_COMPANY

    @property
    def founded_a_day(self) -> int:
        """How many are founded on each later day."""
        return max(2, round(self.companies * 0.0003))

    def count(self, day: int) -> int:
        """How many there are on `day` (0 is the first)."""
        return self.companies + day * self.founded_a_day

    @cached_property
    def revocations(self) -> Queue:
        """Whose licence is revoked on which day."""
        pace = max(1, round(self.companies * 0.0003))
        return Queue(Shuffle(stream(self.seed, "revocations"), self.companies), pace)

    @cached_property
    def suspensions(self) -> Queue:
        """Whose licence is suspended on which day (1 is the first day of all), to be restored on the next."""
        pace = max(2, round(self.companies * 0.0005))
        return Queue(Shuffle(stream(self.seed, "suspensions"), self.companies), pace)

    def at(self, index: Index, day: int) -> Companies:
        """The companies at `index` as they are on `day`."""
        person = self._representatives(index)
        founded_on = self._founded_on(index, person)
        kind = np.array(list(KIND_SHARES))[choose(self._key("kind"), index, np.array(list(KIND_SHARES.values())))]
        district = choose(self._key("district"), index, SHARES)
        until = self._valid_until(index, kind, founded_on)
        version, issued_on = self._versions(index, founded_on, until)
        status, since = self._states(index, until, issued_on, day)
        trade = choose(self._key("trade"), index, np.array([trade.share for trade in TRADES]))
        uscc = self._uscc(index, kind, district, founded_on)
        name = self._names(index, kind, district, trade)
        capital = self._capital(index, kind)
        address, industry = self._addresses(index, district), pick([trade.industry for trade in TRADES], trade)
        return Companies(
            index, uscc, name, person, district, address, capital, founded_on, industry,
            until, issued_on, version, status, since,
        )  # fmt: skip

    def licence_numbers(self, index: Index, district: Index, founded_on: Index) -> Ascii:
        """The printed number of each licence (n, 16): S, district, year, seven digits that never repeat."""
        serial = (index * 7_654_321 + stream(self.seed, "serial") % 10_000_000) % 10_000_000
        year = digits(years(founded_on), 4)
        return np.hstack([repeated(b"S", len(index)), digits(CODES[district] % 10_000, 4), year, digits(serial, 7)])

    def _key(self, trait: str) -> int:
        return stream(self.seed, f"company, {trait}")

    @cached_property
    def _adults(self) -> tuple[int, Shuffle]:
        oldest, youngest = (self.population.today - years * 365 for years in reversed(ADULT_YEARS))
        first, last = self.population.born_between(oldest, youngest)
        return first, Shuffle(self._key("representative"), last - first)

    def _representatives(self, index: Index) -> Persons:
        first, order = self._adults
        return self.population.persons(first + order.forth(index % order.size))

    def _founded_on(self, index: Index, person: Persons) -> Index:
        """Most companies are young; none is older than its founder's coming of age."""
        today = self.population.today
        earliest = np.maximum(person.born_on + FOUNDER_AGE, OLDEST_FOUNDING)
        age = ((today - earliest) * unit(self._key("age"), index) ** 2.2).astype(np.int64)
        new = (index - self.companies) // self.founded_a_day + 1
        lately = today + self.population.pace.elapsed(new) - self.population.pace.before(index)
        return np.where(index < self.companies, today - 1 - age, lately)

    def _uscc(self, index: Index, kind: Index, district: Index, founded_on: Index) -> Ascii:
        """GB 32100: 9, kind, division, organisation code (GB 11714), check; no organisation code repeats."""
        room = 31**6
        drawn = (index * 523_456_789 + self._key("organisation") % room) % room
        places = drawn[:, None] // 31 ** np.arange(5, -1, -1) % 31
        new = np.hstack([repeated(b"MA", len(index)), np.frombuffer(USCC_ALPHABET, dtype=np.uint8)[places]])
        old = digits((index * 12_345_679 + self._key("organisation") % 10**8) % 10**8, 8)
        organisation = np.where((founded_on >= NEW_CODES_SINCE)[:, None], new, old)
        check = organisation_code_check(organisation)[:, None]
        front = [repeated(b"9", len(index)), digits(kind, 1), digits(CODES[district], 6)]
        body = np.hstack([*front, organisation, check])
        return np.hstack([body, uscc_check(body)[:, None]])

    def _names(self, index: Index, kind: Index, district: Index, trade: Index) -> Column:
        second = where(self._short(index), "", self._word("second", index, words("trade_names")))
        word = joined(self._word("word", index, words("trade_names")), second)
        place = joined("汕头市", pick([item.name for item in DISTRICTS], district))
        firm = joined("汕头市", word, pick([item.word for item in TRADES], trade), self._word("end", index, FIRM_ENDS))
        shop = joined(place, word, pick([item.shop for item in TRADES], trade))
        farm = joined(place, word, self._word("end", index, COOPERATIVE_ENDS))
        return where(kind == COMPANY, firm, where(kind == COOPERATIVE, farm, shop))

    def _word(self, part: str, index: Index, choice: Sequence[str]) -> Column:
        return pick(list(choice), below(self._key(f"name, {part}"), index, len(choice)))

    def _short(self, index: Index) -> NDArray[np.bool_]:
        return unit(self._key("one word"), index) < ONE_WORD

    def _addresses(self, index: Index, district: Index) -> Column:
        town = FIRST_TOWNS[district] + below(self._key("town"), index, TOWN_COUNTS[district])
        road = below(self._key("road"), index, len(ROADS))
        house = numerals(below(self._key("house"), index, 600) + 1)
        return joined(pick(TOWNS, town), pick(ROADS, road), house, "号")

    def _capital(self, index: Index, kind: Index) -> Column:
        """Ten thousands of yuan; households state little."""
        steps = np.where(kind == HOUSEHOLD, 0, 3) + below(self._key("capital"), index, 5)
        return pick(["1", "3", "5", "10", "20", "50", "100", "500", "1000", "2000"], steps)

    def _valid_until(self, index: Index, kind: Index, founded_on: Index) -> Index:
        """Mostly long term (9999-12-31 in the drops); otherwise whole years."""
        term = np.array(TERMS)[below(self._key("term"), index, len(TERMS))]
        limited = (kind == COMPANY) & (unit(self._key("limited"), index) < LIMITED)
        return np.where(limited, np.minimum(founded_on + term * 1461 // 4 - 1, LONG_TERM - 1), LONG_TERM)

    def _versions(self, index: Index, founded_on: Index, until: Index) -> tuple[Index, Index]:
        """A licence is issued again, with the next version, whenever what it says has changed."""
        version = 1 + choose(self._key("version"), index, np.array([0.75, 0.18, 0.07]))
        age = np.maximum(np.minimum(self.population.today, until) - founded_on, 1)
        again = founded_on + below(self._key("issued"), index, age)
        new = index >= self.companies
        return np.where(new, 1, version), np.where(new | (version == 1), founded_on, again)

    def _states(self, index: Index, until: Index, issued_on: Index, day: int) -> tuple[Index, Index]:
        """The position of each licence's status in STATUSES, and since when it has it."""
        today = self.population.today
        revoked, suspended = self.revocations.day_of(index), self.suspensions.day_of(index) - 1
        first = self._first_states(index)
        expired = (until < today) & (first == STATUSES.index(VALID))
        good = (first == STATUSES.index(VALID)) & ~expired
        lost, paused = good & (revoked <= day), good & (suspended == day)
        back = good & (suspended < day) & ~lost
        past = issued_on + below(self._key("since"), index, np.maximum(today - issued_on, 1))
        cases = [lost, paused, back, expired, good]
        state = [STATUSES.index(status) for status in (REVOKED_PENALTY, OTHER, VALID, EXPIRED, VALID)]
        on = [today + self.population.pace.elapsed(step) for step in (revoked, suspended, suspended + 1)]
        since = [*on, until + 1, issued_on]
        return np.select(cases, state, first), np.select(cases, since, past)

    def _first_states(self, index: Index) -> Index:
        """States of the first day, by places in a random order, so that there are some of each."""
        order = Shuffle(self._key("state"), self.companies)
        state = np.full(len(index), STATUSES.index(VALID))
        old = np.flatnonzero(index < self.companies)
        edges = np.cumsum([max(FEWEST, round(share * self.companies)) for _, share in FIRST_STATES])
        positions = np.array([STATUSES.index(status) for status, _ in FIRST_STATES] + [STATUSES.index(VALID)])
        state[old] = positions[np.searchsorted(edges, order.forth(index[old]), side="right")]
        return state
