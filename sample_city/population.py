"""Who lives in the city: every person is made from a place in the order of birth, alone and always alike.

Place 0 is the oldest person. Places map to cells (a day of birth and a place of birth); the rank inside its cell gives
a person's sequence number, so citizen numbers never repeat although nobody keeps a list of them.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sample_city.ages import birth_days, death_shares
from sample_city.check_characters import Ascii, citizen_number_check
from sample_city.columns import COMPACT, Column, date_matrix, digits, where, years
from sample_city.districts import (
    CHAONAN,
    CHAOYANG,
    COUNT,
    FIRST_YEAR,
    PARTED_IN,
    SHARES,
    birth_codes,
    birth_weights,
)
from sample_city.draws import Index, Shuffle, below, choose, stream, unit
from sample_city.lanes import Queue
from sample_city.pace import EVERY_DAY, Pace
from sample_city.person_names import another, given_names, surnames

HOUSEHOLD_SIZE = 2.9
SEQUENCES = 999  # 001 to 999; odd for men
FAR = 500  # even, as is the number of sequences that it turns around in
SAME_DISTRICT = 0.92
OWN_SURNAME = 0.4
MOVED_AWAY_SHARE = 0.015
ALIVE, DECEASED, MOVED_AWAY = 1, 2, 3
ADULT_YEARS = (24, 72)  # of those who found companies


@dataclass(frozen=True)
class Persons:
    """Some persons, as arrays of one length; `number` is a matrix (n, 18) of ASCII codes."""

    place: Index
    number: Ascii
    surname: Column
    given_name: Column
    female: NDArray[np.bool_]
    born_on: Index
    district: Index
    household: Index
    local: NDArray[np.bool_]
    life: Index


@dataclass(frozen=True)
class Population:
    """All people of a city founded on `today` (days since 1970-01-01), and those born on later days."""

    seed: int
    people: int
    today: int
    pace: Pace = EVERY_DAY

    @property
    def births_a_day(self) -> int:
        """How many are born on each day after the first."""
        return max(3, round(self.people * 0.00003))

    def count(self, day: int) -> int:
        """How many people there are on `day` (0 is the first)."""
        return self.people + day * self.births_a_day

    @cached_property
    def moves(self) -> Queue:
        """Who moves to another district on which day."""
        return Queue(Shuffle(stream(self.seed, "moves"), self.people), max(3, round(self.people * 0.0002)))

    @cached_property
    def new_names(self) -> Queue:
        """Who takes another given name on which day."""
        return Queue(Shuffle(stream(self.seed, "new names"), self.people), max(1, self.people // 20_000))

    @cached_property
    def deaths(self) -> Queue:
        """Whose death is recorded on which day."""
        return Queue(Shuffle(stream(self.seed, "deaths"), self.people), max(1, round(self.people * 0.00002)))

    @cached_property
    def corrections(self) -> Queue:
        """Whose citizen number turns out to be somebody else's too, and is replaced, on which day."""
        return Queue(Shuffle(stream(self.seed, "corrections"), self.people), max(1, self.people // 20_000))

    @cached_property
    def _days(self) -> Index:
        return birth_days(self.today)[0]

    @cached_property
    def _edges(self) -> Index:
        """The first place after each cell: (days * birth places)."""
        days, weights = birth_days(self.today)
        cells = weights[:, None] * birth_weights()[years(days) - FIRST_YEAR]
        shares = np.cumsum(cells.ravel())
        edges: Index = np.floor(shares / shares[-1] * self.people + 0.5).astype(np.int64)
        return edges

    def born_between(self, oldest: int, youngest: int) -> tuple[int, int]:
        """The places [first, last) of those born from day `oldest` up to, not including, `youngest`."""
        width = len(self._edges) // len(self._days)
        rows = np.searchsorted(self._days, [oldest, youngest])
        first, last = (int(self._edges[row * width - 1]) if row else 0 for row in rows)
        return first, last

    def _cells(self, places: Index) -> tuple[Index, Index, Index]:
        """Day of birth, place of birth and rank inside that cell."""
        width = len(self._edges) // len(self._days)
        known = np.minimum(places, self.people - 1)
        cell = np.searchsorted(self._edges, known, side="right")
        start = np.where(cell > 0, self._edges[cell - 1], 0)
        later = places - self.people
        day, turn = later // self.births_a_day + 1, later % self.births_a_day
        young = later >= 0
        return (
            np.where(young, self.today + self.pace.elapsed(day) - self.pace.before(turn), self._days[cell // width]),
            np.where(young, turn % COUNT, cell % width),
            np.where(young, turn // COUNT, known - start),
        )

    def numbers(self, places: Index, corrected: NDArray[np.bool_] | None = None) -> tuple[Ascii, Index, Index]:
        """Citizen numbers (n, 18), days of birth and places of birth: GB 11643; the new number where `corrected`."""
        born_on, birth_place, rank = self._cells(places)
        codes = birth_codes()[years(born_on) - FIRST_YEAR, birth_place]
        offset = below(stream(self.seed, "sequence"), born_on * 64 + birth_place, SEQUENCES)
        sequence = (offset + rank * 7) % SEQUENCES + 1
        if corrected is not None:
            sequence = np.where(corrected, _another_sequence(sequence), sequence)
        body = np.hstack([digits(codes, 6), date_matrix(born_on)[:, COMPACT], digits(sequence, 3)])
        return np.hstack([body, citizen_number_check(body)[:, None]]), born_on, birth_place

    def persons(self, places: Index, day: int = 0) -> Persons:
        """The persons at `places` as they are on `day`."""
        number, born_on, birth_place = self.numbers(places, self.corrections.day_of(places) <= day)
        home = self._homes(places, born_on, birth_place)
        moved = self.moves.day_of(places) <= day
        district = np.where(moved, (home + 1 + below(stream(self.seed, "moved to"), places, COUNT - 1)) % COUNT, home)
        household = below(stream(self.seed, "household"), places + moved, self._households[district])
        female = (number[:, 16] - ord("0")) % 2 == 0
        renamed = self.new_names.day_of(places) <= day
        given = given_names(self.seed, np.where(renamed, another(places), places), years(born_on), female)
        local = (birth_place < COUNT) & (home == district)
        surname = self._surnames(places, home)
        life = self._lives(places, born_on, day)
        return Persons(places, number, surname, given, female, born_on, district, household, local, life)

    @cached_property
    def _households(self) -> Index:
        shares = SHARES / SHARES.sum()
        households: Index = np.maximum(1, shares * self.people / HOUSEHOLD_SIZE).astype(np.int64)
        return households

    def _homes(self, places: Index, born_on: Index, birth_place: Index) -> Index:
        """The district each lives in at first: mostly the one of birth."""
        drawn = choose(stream(self.seed, "district"), places, SHARES)
        undivided = (birth_place == CHAOYANG) & (years(born_on) < PARTED_IN)
        share = SHARES[CHAONAN] / (SHARES[CHAONAN] + SHARES[CHAOYANG])
        south = undivided & (unit(stream(self.seed, "Chaonan"), places) < share)
        stays = (birth_place < COUNT) & (unit(stream(self.seed, "stays"), places) < SAME_DISTRICT)
        return np.where(stays, np.where(south, CHAONAN, birth_place), drawn)

    def _surnames(self, places: Index, home: Index) -> Column:
        """Most members of a household share a surname; it stays when one moves."""
        at_first = below(stream(self.seed, "household"), places, self._households[home])
        own = unit(stream(self.seed, "own surname"), places) < OWN_SURNAME
        return where(own, surnames(self.seed, places), surnames(self.seed, -1 - (at_first * COUNT + home)))

    def _lives(self, places: Index, born_on: Index, day: int) -> Index:
        chance = unit(stream(self.seed, "life"), places)
        dead = (chance < death_shares(self.today - born_on)) | (self.deaths.day_of(places) <= day)
        return np.where(dead, DECEASED, np.where(chance > 1 - MOVED_AWAY_SHARE, MOVED_AWAY, ALIVE))


def _another_sequence(sequence: Index) -> Index:
    """A sequence far away in the same cell, of the same parity: it tells the sex."""
    return (sequence - 1 + FAR) % (SEQUENCES - 1) + 1
