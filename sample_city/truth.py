"""What was planted, for tests only: `truth.jsonl` has one line for each row and kind.

    {"dataset": "public_security.residents", "key": "440507...", "kind": "sex_disagrees"}

The key is the row's key as the source gives it, wrong check character and all; `conflicting_rows` has one line for each
of the unequal rows. Written beside and renamed, so that a killed build leaves no half truth.
"""

import json
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from sample_city.columns import Column, take

FILE = "truth.jsonl"


class Truth:
    """Collects planted defects while the city is written; a context manager that keeps the file on success."""

    def __init__(self, home: Path) -> None:
        self.path = home / FILE
        self.counts: Counter[str] = Counter()
        self._part = self.path.with_suffix(".part")

    def __enter__(self) -> Self:
        self._file = self._part.open("w", encoding="utf-8")
        return self

    def add(self, dataset: str, keys: Column, kinds: NDArray[np.int64], names: tuple[str, ...]) -> None:
        """Write down the rows whose kind is 0 or more (a position in `names`)."""
        struck = np.flatnonzero(kinds >= 0)
        for key, kind in zip(take(keys, struck).to_pylist(), kinds[struck].tolist(), strict=True):
            self._file.write(json.dumps({"dataset": dataset, "key": key, "kind": names[kind]}) + "\n")
            self.counts[names[kind]] += 1

    def copy(self, path: Path, but: Collection[str] = ()) -> None:
        """Write down the lines of another file, of rows that don't change, but for some datasets or kinds."""
        for line in path.read_text(encoding="utf-8").splitlines():
            told = json.loads(line)
            if told["dataset"] not in but and told["kind"] not in but:
                self._file.write(line + "\n")
                self.counts[told["kind"]] += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if kind is None:
            self._part.replace(self.path)
