"""Where the rows of a batch go once they are judged: all into the stage, or only those that must be looked at.

    placing = placing_for(conn, dataset, batch, engine, landing, landed, images)
    placing.take(first, rows, refused, looked_at, narrow_rows)    # chunk after chunk
    stage = placing.finish(found, references)
    placed = placing.placed(accepted)

A small batch, and a change set that meets rows, is staged whole. Of a large first load good rows go straight into the
current table; of a large snapshot those that the image holds just so go nowhere. Rows that share a key are known before
any is judged (`sharing`), or from what the image lacks; narrow rows tell which others must be staged too: those that
refer to nothing that is known, are new or changed. The stage then holds every row that any question across rows can be
about, and is asked as if it held all.
"""

import contextlib
import itertools
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from numpy.typing import NDArray

from registries.canonical import canonical
from registries.compare import narrow
from registries.compare.engines import Engine
from registries.compare.image import Image
from registries.compare.images import Images
from registries.compare.lookup import Lookup
from registries.compare.narrow import Shape
from registries.compare.sharing import sharing
from registries.compare.workbench import RowNumbers, Workbench
from registries.contracts.model import Dataset, RuleSpec
from registries.landing import Landed, Landing
from registries.store import batches, copying, first_load
from registries.store.batches import Batch
from registries.store.engine import analyse
from registries.store.merge import Placed
from registries.store.ordering import by_watermark
from registries.store.shapes import current_table
from registries.store.stage import Stage

Bools = NDArray[np.bool_]

KEPT: Final = ("key", "content")
"""Of narrow rows, what images are made of, beside the key's texts."""

SMALL: Final = 100_000
"""Rows of a batch that is staged whole: a second's work, and nothing to set up."""


class Placing(Protocol):
    """Puts judged rows where they belong, in the caller's transaction."""

    @property
    def shape(self) -> Shape | None:
        """Of the narrow rows it wants; None: none."""

    def take(self, first: int, rows: pa.Table, refused: Bools, looked_at: Bools, narrow_rows: pa.Table | None) -> None:
        """The next chunk: canonical text columns, and per row whether it is refused, or must be looked at."""

    def finish(self, found: RowNumbers, references: Sequence[RuleSpec]) -> Stage:
        """All chunks are there; the stage for questions across rows.

        Args:
            found: numbers of rows that somebody must look at, as far as single chunks could not tell.
            references: the rules about what must be known elsewhere, of those in the contract that can be judged.
        """

    def placed(self, accepted: int) -> Placed | None:
        """What the merge has to know if `accepted` rows are not refused; None: the stage holds all."""

    def keeping_image(self) -> AbstractContextManager[None]:
        """While the block merges, keep aside what the next snapshot is compared with."""


class WholeStage:
    """Every row is staged."""

    shape = None

    def __init__(self, conn: sa.Connection, stage: Stage) -> None:
        self._conn = conn
        self._stage = stage
        stage.create()

    def take(self, first: int, rows: pa.Table, refused: Bools, looked_at: Bools, narrow_rows: pa.Table | None) -> None:
        """As the protocol says."""
        del looked_at, narrow_rows
        self._stage.copy_in(np.arange(first, first + rows.num_rows), rows, refused)

    def finish(self, found: RowNumbers, references: Sequence[RuleSpec]) -> Stage:
        """As the protocol says."""
        del found, references
        analyse(self._conn, self._stage.table)
        return self._stage

    def placed(self, accepted: int) -> None:
        """The stage holds all."""
        del accepted

    def keeping_image(self) -> AbstractContextManager[None]:
        """None: a small batch is quickly staged again."""
        return contextlib.nullcontext()


@dataclass(frozen=True)
class Wanted:
    """Rows of one group of a landed file, by their places in it."""

    group: int
    first: int
    places: RowNumbers


@dataclass(frozen=True)
class Fetch:
    """Reads some rows of a landed group again; several may be read side by side."""

    dataset: Dataset
    landing: Landing
    landed: Landed

    def each(self, engine: Engine, numbers: RowNumbers) -> Iterator[tuple[RowNumbers, pa.Table]]:
        """The canonical rows of these numbers, ascending, group after group."""
        return engine.each(self, self._wanted(numbers))

    def __call__(self, wanted: Wanted) -> tuple[RowNumbers, pa.Table]:
        """Of one group."""
        rows = self.landing.of_group(self.landed, wanted.group, wanted.places)
        return wanted.places + wanted.first, pa.Table.from_batches([canonical(rows, self.dataset)])

    def _wanted(self, numbers: RowNumbers) -> Iterator[Wanted]:
        for group, (first, size) in enumerate(self.landing.groups(self.landed)):
            here = within(numbers, first, size)
            if len(here):
                yield Wanted(group, first, here - first)


def within(numbers: RowNumbers, first: int, rows: int) -> RowNumbers:
    """Those of ascending row numbers that belong to a chunk."""
    return numbers[np.searchsorted(numbers, first) : np.searchsorted(numbers, first + rows)]


class SparseStage:
    """Only rows that must be looked at are staged.

    Args:
        image: what the store holds; None: nothing, this is a first load.
    """

    def __init__(
        self,
        conn: sa.Connection,
        stage: Stage,
        dataset: Dataset,
        engine: Engine,
        fetch: Fetch,
        images: Images,
        image: Image | None,
    ) -> None:
        self.shape = Shape.of(dataset)
        self._conn = conn
        self._stage = stage
        self._dataset = dataset
        self._engine = engine
        self._fetch = fetch
        self._images = images
        self._image = image
        self._lookup = Lookup(image) if image is not None and engine.at_hand else None
        look_first = self._lookup is None
        self._shared = sharing(engine, dataset, fetch.landing, fetch.landed) if look_first else np.zeros(0, np.int64)
        self._bench = Workbench(self.shape, engine)
        self._staged: list[RowNumbers] = []
        self._loaded = 0
        stage.create()
        if image is None:
            first_load.begin(conn, dataset)

    def take(self, first: int, rows: pa.Table, refused: Bools, looked_at: Bools, narrow_rows: pa.Table | None) -> None:
        """As the protocol says."""
        here = looked_at | refused
        here[within(self._shared, first, rows.num_rows) - first] = True
        if narrow_rows is not None:
            self._bench.add(narrow_rows)
            if self._lookup is not None:
                here |= self._lookup.unknown(narrow_rows)
        self._put(np.flatnonzero(here) + first, rows.filter(pa.array(here)), refused[here])
        if self._image is None:
            good = rows.filter(pa.array(~here))
            first_load.copy(self._conn, self._dataset, self._stage.batch, good)
            self._loaded += good.num_rows

    def finish(self, found: RowNumbers, references: Sequence[RuleSpec]) -> Stage:
        """As the protocol says."""
        late = [found, self._sharing_late(), *self._strange(references)]
        if self._lookup is not None:
            self._note_absent(self._lookup.absent())
        elif self._image is not None:
            differences = self._bench.against(self._image.rows())
            late.append(differences.rows)
            self._note_absent(differences.absent)
        missing = np.setdiff1d(np.concatenate(late), np.concatenate([np.zeros(0, np.int64), *self._staged]))
        if len(missing):
            self._stage_late(missing)
        analyse(self._conn, self._stage.table)
        return self._stage

    def placed(self, accepted: int) -> Placed:
        """As the protocol says."""
        return Placed(accepted, self._loaded if self._image is None else None)

    @contextlib.contextmanager
    def keeping_image(self) -> Iterator[None]:
        """As the protocol says: of all rows but those that are refused, repeated, or have no key."""
        if not has_images(self._dataset):
            yield
            return
        self._stage.repeated()
        out = np.zeros(self._bench.rows.num_rows + 1, np.bool_)
        out[self._stage.left_out()] = True
        with ThreadPoolExecutor(1, thread_name_prefix="image") as pool:
            kept = pool.submit(self._keep_image, ~out[1:])
            yield
            kept.result()

    def _keep_image(self, current: Bools) -> None:
        rows = self._bench.rows
        rows = rows.select([name for name in rows.column_names if name in KEPT or name.startswith("text_")])
        kept = current & pc.is_valid(rows.column("key")).to_numpy()
        if self._lookup is not None and self._image is not None:
            change = self._lookup.change(rows, kept)
            if self._images.keep_change(self._dataset, self._stage.batch, self._image, change):
                return
        self._images.keep(self._dataset, self._stage.batch, rows if kept.all() else rows.filter(pa.array(kept)))

    def _stage_late(self, numbers: RowNumbers) -> None:
        """Rows that only a look at all of them has found, read again; they are the only ones that have their keys."""
        for found, rows in self._fetch.each(self._engine, numbers):
            self._put(found, rows, np.zeros(len(found), np.bool_))
        if self._image is None:
            self._loaded -= first_load.withdraw(self._conn, self._dataset)

    def _put(self, numbers: RowNumbers, rows: pa.Table, refused: Bools) -> None:
        if len(numbers):
            self._stage.copy_in(numbers, rows, refused)
            self._staged.append(numbers)

    def _sharing_late(self) -> RowNumbers:
        """Rows that share what should be unique, where a lookup tells: nearly none of them is not staged yet."""
        if self._lookup is None:  # they were known beforehand
            return np.zeros(0, np.int64)
        found = None if self.shape.unique else self._lookup.sharing(self._bench.rows)
        return self._bench.sharing() if found is None else found

    def _strange(self, references: Sequence[RuleSpec]) -> Iterator[RowNumbers]:
        for rule in references:
            known = [narrow.values(part.column(0)) for part in self._stage.known(rule)]
            place = self.shape.refers.index(str(rule.arguments["column"]))
            yield self._bench.strange(place, pa.concat_arrays([pa.array([], pa.int64()), *known]))

    def _note_absent(self, keys: pa.Table) -> None:
        if keys.num_rows:
            self._stage.note_absent(keys.rename_columns(list(self._dataset.key)))


def has_images(dataset: Dataset) -> bool:
    """Whole snapshots in the order of their arrival are compared with an image; where watermarks decide, none is."""
    return dataset.delivery == "snapshot" and not by_watermark(dataset) and dataset.operation is None


def placing_for(
    conn: sa.Connection,
    dataset: Dataset,
    batch: Batch,
    engine: Engine,
    landing: Landing,
    landed: Landed,
    images: Images,
    *,
    whole: bool = False,
) -> Placing:
    """How a batch's rows are placed: by their number, and by what the store holds; or all into the stage (`whole`)."""
    stage = Stage(conn, dataset, batch)
    fetch = Fetch(dataset, landing, landed)
    snapshot = batches.delivery_of(dataset, batch) == "snapshot"
    if whole or landed.rows <= SMALL or (snapshot and not has_images(dataset)):
        return WholeStage(conn, stage)
    if first_load.nothing_known(conn, dataset):
        return SparseStage(conn, stage, dataset, engine, fetch, images, None)
    if not snapshot:
        return WholeStage(conn, stage)
    image = images.find(dataset, batches.last_taken_over(conn, dataset.name))
    image = image_of(conn, dataset) if image is None else image
    return SparseStage(conn, stage, dataset, engine, fetch, images, image)


def image_of(conn: sa.Connection, dataset: Dataset) -> Image:
    """The image of what the store holds now: read back as text, and made narrow as delivered rows are."""
    current, whole = current_table(dataset), Shape.of(dataset)
    shape = Shape(whole.key, whole.numeric, whole.content)
    named = [sa.cast(current.c[name], sa.Text).label(name) for name in shape.content]
    found = copying.copy_out(conn, sa.select(*named).where(current.c.mark.is_(None)))
    nothing = pa.table({name: pa.array([], pa.string()) for name in shape.content})
    parts = itertools.chain([nothing], (pa.Table.from_batches([rows]) for rows in found))
    return Image.of(pa.concat_tables(shape.narrow(1, part) for part in parts))
