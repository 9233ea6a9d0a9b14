r"""Patterns that say of each place which ASCII characters may stand there, matched by bytes.

Most patterns of contracts are of this kind: six digits, two letters and eight digits, a list of two-digit codes. What
is of another kind has no `Places`, and is left to regular expressions, which take about ten times as long.

    >>> codes = places_of(r"^(?:0[1-9]|[1-4][0-9]|5[0-6])$")
    >>> codes.fit(TextColumn.of(pa.array(["01", "56", "57", "011", None]))).tolist()
    [True, True, False, False, True]
    >>> places_of("^(?:[0-9]+)$"), places_of("[0-9]{6}"), places_of("^(?:a|bc|)$")
    (None, None, None)
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final, Self

import numpy as np
import pyarrow as pa  # noqa: F401 - the example's
from numpy.typing import NDArray

from registries.text_columns import Bools, Numbers, TextColumn

_WHOLE: Final = re.compile(r"(?:\^|\\A)\(\?:(?P<body>[^()^$]*)\)(?:\$|\\z)")
_RUN: Final = re.compile("(?P<first>[0-9A-Za-z])-(?P<last>[0-9A-Za-z])|(?P<one>[0-9A-Za-z _/.-])")
_ATOM: Final = re.compile(
    r"(?:\[(?P<set>-?(?:[0-9A-Za-z]-[0-9A-Za-z]|[0-9A-Za-z _/.])+-?)\]|(?P<one>[0-9A-Za-z _/-]|\\[-.]))"
    r"(?:\{(?P<least>[1-9][0-9]{0,2})(?:,(?P<most>[1-9][0-9]{0,2}))?\})?"
)
_LONGEST: Final = 128


@dataclass(frozen=True)
class _Atom:
    """Characters that may stand at each of `least` to `most` places that follow each other."""

    allowed: tuple[bool, ...]
    least: int
    most: int

    @classmethod
    def of(cls, found: re.Match[str]) -> Self:
        """From its text."""
        least = int(found["least"] or 1)
        return cls(_allowed(found["set"] or found["one"][-1:]), least, int(found["most"] or least))


def _allowed(characters: str) -> tuple[bool, ...]:
    allowed = [False] * 256
    for run in _RUN.finditer(characters):
        first, last = (run["one"], run["one"]) if run["one"] else (run["first"], run["last"])
        if last < first:  # no regular expression: whoever reads it as one says so
            return (False,) * 256
        allowed[ord(first) : ord(last) + 1] = [True] * (ord(last) + 1 - ord(first))
    return tuple(allowed)


@dataclass(frozen=True)
class Places:
    """Alternatives, each a sequence of atoms of which one at most has a number of places that varies."""

    alternatives: tuple[tuple[_Atom, ...], ...]

    def fit(self, text: TextColumn) -> Bools:
        """One boolean per value, true for NULL: whether all of it is as one of the alternatives says."""
        fits: Bools = ~text.present
        counts = np.bincount(np.minimum(text.lengths, _LONGEST + 1), minlength=1)[: _LONGEST + 1]
        for length in np.flatnonzero(counts).tolist():
            tables = self._tables(length)
            if tables is not None:
                positions = text.of_length(length)
                found = _of_length(text, positions, tables)
                if positions is None:
                    return found
                fits[positions] = found
        return fits

    @cache  # noqa: B019 - patterns are as few as contracts' columns, and live as long
    def _tables(self, length: int) -> NDArray[np.bool_] | None:
        """Which bytes may stand at each place, of shape (alternatives, length, 256); None: nothing of it fits."""
        fitting = [table for atoms in self.alternatives if (table := _table(atoms, length)) is not None]
        return np.stack(fitting) if fitting and length else None


def _table(atoms: tuple[_Atom, ...], length: int) -> NDArray[np.bool_] | None:
    more = length - sum(atom.least for atom in atoms)
    varying = sum(atom.most - atom.least for atom in atoms)
    if not 0 <= more <= varying:
        return None
    counts = [atom.least + (more if atom.most > atom.least else 0) for atom in atoms]
    return np.repeat(np.array([atom.allowed for atom in atoms], np.bool_), counts, axis=0)


def _of_length(text: TextColumn, positions: Numbers | None, tables: NDArray[np.bool_]) -> Bools:
    """Whether values of one length have at each place an allowed byte, by any of the alternatives."""
    rows = text.matrix(positions, tables.shape[1])
    fits = np.zeros(rows.shape[1], np.bool_)
    for places in tables:
        every = np.ones(rows.shape[1], np.bool_)
        for allowed, row in zip(places, rows, strict=True):
            every &= _allowed_in(allowed, row)
        fits |= every
    return fits


def _allowed_in(allowed: NDArray[np.bool_], row: NDArray[np.uint8]) -> Bools:
    codes = np.flatnonzero(allowed)
    if codes[-1] - codes[0] + 1 == len(codes):  # one run, which two operations tell
        inside: Bools = (row - np.uint8(codes[0])) < np.uint8(len(codes))
        return inside
    return allowed[row]


@cache
def places_of(regex: str) -> Places | None:
    """What a regular expression says of places; None if it says anything else."""
    whole = _WHOLE.fullmatch(regex)
    if whole is None:
        return None
    alternatives = [_atoms(alternative) for alternative in whole["body"].split("|")]
    return Places(tuple(atoms for atoms in alternatives if atoms)) if all(alternatives) else None


def _atoms(alternative: str) -> tuple[_Atom, ...]:
    """Its atoms; none if it is not of atoms only."""
    found = list(_ATOM.finditer(alternative))
    atoms = tuple(_Atom.of(atom) for atom in found)
    plain = "".join(atom[0] for atom in found) == alternative
    plain &= all(any(atom.allowed) and atom.least <= atom.most for atom in atoms)
    few = sum(atom.most > atom.least for atom in atoms) <= 1 and sum(atom.most for atom in atoms) <= _LONGEST
    return atoms if plain and few else ()
