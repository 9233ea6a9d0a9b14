"""What runs in Spark's Python workers: one item's work, with an answer whatever happens.

    worker = Worker.of(judge)
    [answer] = worker(iter([packed(chunk)]))        # in the worker
    judged = opened(answer)                         # here; raises what the work raised

An exception that left a worker would be written to Spark's logs with its text, and texts of foreign errors may hold
values of rows. So none leaves it: the rooms' own errors, which never hold any, are handed over and raised here, of
others only the kind and the place in the code.
"""

import pickle
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePath
from typing import Any, Self

from registries.compare.faults import EngineFailed

_PROTOCOL = 5
"""Arrow's columns go as they are."""


@dataclass(frozen=True)
class _Raised:
    """In place of an answer."""

    error: Exception


@dataclass(frozen=True)
class Worker:
    """Work, packed once for all items."""

    packed_work: bytes

    @classmethod
    def of(cls, work: Callable[[Any], object]) -> Self:
        """Of anything that can be pickled."""
        return cls(packed(work))

    def __call__(self, items: Iterator[bytes]) -> Iterator[bytes]:
        """The answer to each packed item, packed."""
        for item in items:
            yield _answer(self.packed_work, item)


def packed(something: object) -> bytes:
    """As it travels."""
    return pickle.dumps(something, _PROTOCOL)


def opened(answer: bytes) -> Any:  # noqa: ANN401 - whatever the work gave
    """What the work gave, or raises what it raised."""
    found = pickle.loads(answer)  # noqa: S301 - our own worker's, over a socket that asks for a secret
    if isinstance(found, _Raised):
        raise found.error
    return found


def _answer(packed_work: bytes, item: bytes) -> bytes:
    try:
        return packed(_work(packed_work)(pickle.loads(item)))  # noqa: S301 - as above
    except Exception as error:  # noqa: BLE001 - see the module: no exception may leave a worker
        return _told(error)


@lru_cache(maxsize=1)
def _work(packed_work: bytes) -> Callable[[Any], object]:
    """Unpacked once, so that it keeps what it has learnt of a contract for the next item."""
    work: Callable[[Any], object] = pickle.loads(packed_work)  # noqa: S301 - as above
    return work


def _told(error: Exception) -> bytes:
    if isinstance(getattr(error, "zh", None), str) and isinstance(getattr(error, "en", None), str):
        return packed(_Raised(error))
    place = traceback.extract_tb(error.__traceback__)[-1]
    return packed(_Raised(EngineFailed(f"{type(error).__name__}, {PurePath(place.filename).name}:{place.lineno}")))
