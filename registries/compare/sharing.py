"""Rows of a landed batch that share what should be unique, found before any row is judged.

    sharing(engine, dataset, landing, landed)      # row numbers, ascending

Only the columns are read that keys and unique rules are made of. Rows which must be looked at together then go to the
stage when they are judged, and nobody has to read the delivery again for the first of two.
"""

from dataclasses import dataclass

import pyarrow as pa

from registries.canonical import canonical, code_types_of
from registries.compare.engines import Engine
from registries.compare.narrow import Shape
from registries.compare.workbench import RowNumbers, Workbench
from registries.contracts.model import Dataset
from registries.landing import Landed, Landing


@dataclass(frozen=True)
class _Identities:
    """Reads what identifies the rows of one group; several may be read side by side."""

    dataset: Dataset
    landing: Landing
    landed: Landed
    shape: Shape

    def __call__(self, group: tuple[int, int]) -> pa.Table:
        """Of the group of that place, whose first row has that number."""
        index, first = group
        rows = self.landing.group(self.landed, index, self._columns())
        return self.shape.identities(first, pa.Table.from_batches([canonical(rows, self.dataset)]))

    def _columns(self) -> list[str]:
        """Those that identify, and the ones that their canonical form depends on."""
        own = [name for names in (self.shape.key, *self.shape.unique) for name in names]
        return list(dict.fromkeys([*own, *code_types_of(self.dataset, own)]))


def sharing(engine: Engine, dataset: Dataset, landing: Landing, landed: Landed) -> RowNumbers:
    """The rows that share their key, or something else that should be unique, with another row."""
    shape = Shape.of(dataset)
    bench = Workbench(shape, engine)
    groups = ((index, first) for index, (first, _) in enumerate(landing.groups(landed)))
    for identities in engine.each(_Identities(dataset, landing, landed, shape), groups):
        bench.add(identities)
    return bench.sharing()
