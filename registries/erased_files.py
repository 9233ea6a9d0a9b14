"""What was landed of an erased subject: gone through file by file, its rows blanked, the originals removed.

    blank_erased(home, store, catalogue, now)         # how many files were gone through; safe to repeat at any time

The erasure wrote down which files there are (`hub.erased_file`), in its own transaction. A file that can't be judged,
as its contract is gone or has another key by now, goes whole.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from certificates.sealing import sealing_key
from registries.canonical import canonical
from registries.compare import suppressed
from registries.compare.suppressed import Suppressed
from registries.contracts.model import Dataset
from registries.departments import Catalogue
from registries.home import HubHome
from registries.landing import Landed, Landing
from registries.landing_faults import LandedMissing
from registries.landing_purge import Bools, folder_beside, purge
from registries.store import holdings
from registries.store.engine import Store
from registries.store.keeping_tables import erased_file, erased_key, erasure
from registries.store.tables import batch, upload

File = Any
"""A row of `_PLANNED`."""


def blank_erased(home: HubHome, store: Store, catalogue: Catalogue, now: datetime) -> int:
    """Go through every landed file that an erasure left to be gone through; how many there were.

    Raises:
        LandingFailed: a file can't be written or removed; the next call goes on there.
    """
    key = sealing_key(home.secret("landing_key"))
    landing = Landing(home.landed, key)
    beside = Landing(folder_beside(home.landed), key)
    with store.begin() as conn:
        files = conn.execute(_PLANNED).all()
    for file in files:
        with store.begin() as conn:
            _remove_uploads(conn, file.dataset)
            chosen = _chosen(conn, catalogue, file)
        rows = _blank(landing, beside, home.landed, file, chosen)
        with store.begin() as conn:
            done = {"state": "done", "rows": rows, "subject_digests": None, "done_at": now}
            same = (erased_file.c.erasure == file.erasure, erased_file.c.batch == file.batch)
            conn.execute(sa.update(erased_file).where(*same).values(done))
    return len(files)


_PLANNED = (
    sa.select(*erased_file.c, erasure.c.subject_kind, batch.c.landed)
    .join_from(erased_file, erasure, erasure.c.id == erased_file.c.erasure)
    .join(batch, batch.c.number == erased_file.c.batch)
    .where(erased_file.c.state == "planned")
    .order_by(erased_file.c.batch)
)


def _blank(
    landing: Landing,
    beside: Landing,
    folder: Path,
    file: File,
    chosen: Callable[[pa.RecordBatch], Bools] | None,
) -> int:
    """Blank one file's rows; how many. 0 where the file went whole, or is not there any more."""
    landed = _landed(folder, file.batch, file.landed)
    if not landed.parquet_path.exists():
        return 0
    try:
        if chosen is not None:
            return purge(landing, beside, landed, chosen)
    except (LandedMissing, KeyError):  # damaged, or of other columns
        pass
    landing.discard(file.batch)
    return 0


def _landed(folder: Path, number: int, kept: Mapping[str, Any]) -> Landed:
    original = folder / kept["original"] if kept["original"] else None
    return Landed(number, "", kept["rows"], kept["chunks"], original, folder / kept["parquet"])


def _chosen(conn: sa.Connection, catalogue: Catalogue, file: File) -> Callable[[pa.RecordBatch], Bools] | None:
    """Which rows of a chunk are the subject's: by their own key, or by the subject's where that says so alone."""
    if file.dataset not in catalogue:
        return None
    dataset = catalogue.dataset(file.dataset)
    wanted = sa.select(erased_key.c.key_digest).where(
        erased_key.c.dataset == file.dataset, erased_key.c.erasure == file.erasure
    )
    digests = frozenset(bytes(digest) for digest in conn.execute(wanted).scalars())
    own = Suppressed(dataset, suppressed.keyed(conn, "key"), digests)
    subject, columns = suppressed.keyed(conn, "subject"), _telling(catalogue, dataset, file.subject_kind)
    known = pa.array([bytes(digest).hex() for digest in file.subject_digests], pa.string())

    def chosen(rows: pa.RecordBatch) -> Bools:
        names = [name for name in rows.schema.names if name in {column.name for column in dataset.columns}]
        table = pa.Table.from_batches([canonical(rows.select(names), dataset)])
        mask = np.zeros(rows.num_rows, np.bool_)
        mask[own.positions(table)] = True
        for name in columns:
            told = subject.of(table, file.subject_kind, [name], folded=True)
            mask |= pc.is_in(told, value_set=known).to_numpy(zero_copy_only=False)
        return mask

    return chosen


def _telling(catalogue: Catalogue, dataset: Dataset, kind: str) -> list[str]:
    """The columns whose key says that a row is the subject's alone."""
    registers = [one for one in catalogue.registers if one.merged and one.subject_kind.id == kind]
    found: list[str] = []
    for place in (place for register in registers for place in holdings.places(catalogue, register)):
        if place.dataset.name == dataset.name:
            mapping = dataset.certificate
            alone = mapping is not None and len(mapping.holders) == 1 and dataset.key == (mapping.number,)
            found += [*place.own, *(place.holders if alone else ())]
    return found


def _remove_uploads(conn: sa.Connection, dataset: str) -> None:
    """Uploaded files of the dataset that were worked through: what of them counts has landed."""
    wanted = sa.select(upload.c.path).where(upload.c.dataset == dataset, upload.c.state != "waiting")
    for path in conn.execute(wanted).scalars():
        Path(path).unlink(missing_ok=True)
