"""The gate alone: a landed batch read, put into canonical form, judged by all rules, with the numbers of failing rows.

    with Gate(scratch.home, SNAPSHOTS, clock) as gate:
        gate.landed                   # pulled and landed when it is first asked for
        found = gate.checked()        # quality.checking's findings; timed by the caller
        gate.keys_of(found)           # {"name-required": Counter({"4499...": 1, ...}), ...}

It is `quality.checking.check` as the intake calls it, but rows that need no look go nowhere: no loading is timed.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from certificates.sealing import sealing_key
from quality.checking import Checked, check
from quality.judging import landed_chunks
from quality.rules import day_of
from registries.compare.engines import LocalEngine
from registries.compare.narrow import Shape
from registries.compare.placing import Fetch, WholeStage, within
from registries.compare.sharing import sharing
from registries.compare.workbench import RowNumbers
from registries.connectors.database import DatabaseTable
from registries.contracts.model import Dataset, RuleSpec
from registries.home import HubHome, Role
from registries.landing import Landed, Landing
from registries.operators.folders import Contracts
from registries.store.batches import Batch
from registries.store.engine import Store, analyse
from registries.store.stage import Stage

Bools = NDArray[np.bool_]
Keys = Counter[str | None]
_NUMBER: Final = 1


class Gate:
    """Checks one delivery of a dataset, as often as asked; keeps nothing in the store."""

    def __init__(self, home: HubHome, dataset_name: str, clock: Callable[[], datetime]) -> None:
        self.dataset = Contracts(home).catalogue().dataset(dataset_name)
        self.key = sealing_key(home.secret("landing_key"))
        self._home = home
        self._clock = clock
        self._landing = Landing(home.landed, self.key)
        self._store = Store(home.store_url(Role.LOAD))
        self._engine = LocalEngine()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._engine.close()
        self._store.dispose()

    @cached_property
    def landed(self) -> Landed:
        """The delivery, pulled and landed when it is first asked for."""
        address = self._home.sources()[self.dataset.server.name]
        return self._landing.land(_NUMBER, DatabaseTable(self.dataset, address))

    def checked(self) -> Checked:
        """Judge all rows by all rules; the stage of the few that rules across rows look at is rolled back."""
        now = self._clock()
        batch = _batch(self.dataset, now)
        landed = self.landed
        with self._store.connect() as conn:
            fetch = Fetch(self.dataset, self._landing, landed)
            placing = _Nowhere(conn, Stage(conn, self.dataset, batch), self.dataset, self._engine, fetch)
            chunks = landed_chunks(self._landing, landed)
            found = check(self._engine, self.dataset, chunks, placing, day_of(now), lambda _: None)
            conn.rollback()
        return found

    def keys_of(self, checked: Checked) -> dict[str, Keys]:
        """Rule -> how often each key stands in the rows that it found."""
        names = list(self.dataset.key)
        groups = range(len(self._landing.groups(self.landed)))
        keys = pa.Table.from_batches([self._landing.group(self.landed, place, names) for place in groups]).column(0)
        return {
            rule: Counter(keys.take(pa.array(rows - 1)).to_pylist()) for rule, _, rows in checked.findings if len(rows)
        }


class _Nowhere(WholeStage):
    """A placing that stages what must be looked at, and drops the rest; nothing of it is merged."""

    shape: Shape  # type: ignore[assignment] # a whole stage wants no narrow rows, and this one does

    def __init__(
        self,
        conn: Any,  # noqa: ANN401 - SQLAlchemy's, which is registries' alone
        stage: Stage,
        dataset: Dataset,
        engine: LocalEngine,
        fetch: Fetch,
    ) -> None:
        super().__init__(conn, stage)
        self.shape = Shape.of(dataset)
        self._engine = engine
        self._fetch = fetch
        self._shared = sharing(engine, dataset, fetch.landing, fetch.landed)
        self._staged: list[RowNumbers] = [np.zeros(0, np.int64)]

    def take(self, first: int, rows: pa.Table, refused: Bools, looked_at: Bools, narrow_rows: pa.Table | None) -> None:
        """The next chunk."""
        del narrow_rows  # they are made as for an intake, and compared with nothing
        here = looked_at | refused
        here[within(self._shared, first, rows.num_rows) - first] = True
        self._put(np.flatnonzero(here) + first, rows.filter(pa.array(here)), refused[here])

    def finish(self, found: RowNumbers, references: Sequence[RuleSpec]) -> Stage:
        """Stage what only a look at all rows has found, too."""
        del references  # the benchmark's contract has none
        missing = np.setdiff1d(found, np.concatenate(self._staged))
        for numbers, rows in self._fetch.each(self._engine, missing):
            self._put(numbers, rows, np.zeros(len(numbers), np.bool_))
        analyse(self._conn, self._stage.table)
        return self._stage

    def _put(self, numbers: RowNumbers, rows: pa.Table, refused: Bools) -> None:
        if len(numbers):
            self._stage.copy_in(numbers, rows, refused)
            self._staged.append(numbers)


def _batch(dataset: Dataset, now: datetime) -> Batch:
    """A batch that is nowhere written down."""
    return Batch(0, dataset.name, 0, "landed", "", "", dataset.contract_version, "bench", now, delivery="snapshot")
