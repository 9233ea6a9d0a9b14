"""Columns of many short values as single parameters: quoting lists value by value costs more than the rows.

    parameters = {"jtis": packed.texts(jtis), "ids": packed.numbers(ids), "leaves": packed.digests(leaves)}

In SQL they are taken apart again, by PostgreSQL's own C:

    unnest(string_to_array(:jtis, chr(31), chr(30)), CAST(:ids AS bigint[])) WITH ORDINALITY AS n(jti, id, place)
    substr(CAST(:leaves AS bytea), (32 * place - 31)::int, 32)
"""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

SEPARATOR: Final = "\x1f"
NOTHING: Final = "\x1e"
DIGEST_LENGTH: Final = 32


def texts(values: Iterable[str | None]) -> str:
    """Texts as one, for `string_to_array(…, chr(31), chr(30))`; a single empty text can't be told from none at all.

    Raises:
        ValueError: a text holds one of the two control characters.
    """
    given = [NOTHING if value is None else value for value in values]
    joined = SEPARATOR.join(given)
    if joined.count(SEPARATOR) != max(len(given) - 1, 0) or joined.count(NOTHING) != given.count(NOTHING):
        raise ValueError("a text holds a control character")
    return joined


def numbers(values: Iterable[int]) -> str:
    """Integers as one, for a cast to an array."""
    return "{" + ",".join(map(str, values)) + "}"


def digests(values: Iterable[bytes]) -> bytes:
    """Byte strings of 32 bytes each as one.

    Raises:
        ValueError: one has another length, which would shift all that follow.
    """
    given = list(values)
    if any(len(value) != DIGEST_LENGTH for value in given):
        raise ValueError("a digest has 32 bytes")
    return b"".join(given)


class Pieces(NamedTuple):
    """Byte strings of any lengths as one, with where each begins (from 1, as SQL counts) and how long it is."""

    content: bytes
    starts: str
    lengths: str


def pieces(values: Sequence[bytes]) -> Pieces:
    """Byte strings as one, for `substr`."""
    lengths = [len(value) for value in values]
    starts = [1, *(1 + end for end in accumulate(lengths))][: len(values)]
    return Pieces(b"".join(values), numbers(starts), numbers(lengths))
