"""What a batch changes between datasets: conflicts with their cases, and likely pairs, of the subjects that it touched.

    subject_comparing.compare(conn, catalogue, dataset, batch, now)     # in one transaction, after the merge's
    subject_comparing.compare_joined(conn, catalogue)                   # after a join or a separation, before any batch

Conflicts of the whole register are found anew where its contracts changed; of a dataset's first batch, and of joins
that somebody made or separated since, only those of the subjects in question.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

import sqlalchemy as sa

from registries.contracts.model import Dataset, Register
from registries.departments import Catalogue
from registries.store import case_opening, conflicts, proposals, subject_keys, subjects, touched
from registries.store.batches import Batch
from registries.store.registers import role_of
from registries.store.shapes import current_table
from registries.store.subject_keys import Keys
from registries.working_days import WorkingDays

_FEW = 4  # so many times fewer subjects than the others have are looked at alone


def compare(
    conn: sa.Connection,
    catalogue: Catalogue,
    dataset: Dataset,
    batch: Batch,
    now: datetime,
    days: WorkingDays | None = None,
) -> None:
    """Refresh conflicts, their cases and likely pairs by what a batch touched, and by joins that wait for that.

    Args:
        conn: of the role hub_load; the caller commits.
        catalogue: the contracts in force.
        dataset: whose batch was taken over just now.
        batch: which one; its touched keys are still there, unless it was the first.
        now: for the cases.
        days: the calendar that they are due by; by default the one that the hub ships.
    """
    kind = _kind(catalogue, dataset)
    if kind is None:
        return
    keys = touched.keys_of(conn, dataset, batch)
    changed = subjects.take_changed(conn, kind)
    joined = [sa.select(sa.func.unnest(sa.bindparam("joined", list(changed.keys), sa.ARRAY(sa.Text))))]
    for register in _merged(catalogue, kind):
        own = dataset.register is not None and dataset.register.register == register.id
        chosen = _touched_subjects(conn, catalogue, dataset, batch, keys) if own else []
        if chosen is None or not conflicts.are_told(conn, catalogue, register.id):
            conflicts.compare_all(conn, catalogue, register.id)
            case_opening.open_from_conflicts(conn, catalogue, register.id, batch, now, calendar=days)
        elif (own or changed.keys) and len(conflicts.members_of(catalogue, register.id)) > 1:
            with subject_keys.gathered(conn, kind, [*chosen, *joined]) as found:
                conflicts.compare(conn, catalogue, register.id, found)
                case_opening.open_from_conflicts(conn, catalogue, register.id, batch, now, found, days)
    _propose(conn, catalogue, dataset, batch, keys, kind, anew=changed.separated)


def compare_joined(conn: sa.Connection, catalogue: Catalogue) -> None:
    """Show conflicts by the joins as they are now; their cases follow with the next batch."""
    for register in catalogue.registers:
        kind = register.subject_kind.id
        if conflicts.members_of(catalogue, register.id):
            with subject_keys.gathered(conn, kind, [subjects.changed(kind)]) as found:
                conflicts.compare(conn, catalogue, register.id, found)


def _kind(catalogue: Catalogue, dataset: Dataset) -> str | None:
    """The kind of subjects that a dataset speaks of, where datasets can contradict each other about it."""
    named = dataset.register or dataset.correction
    if named is None or not catalogue.register(named.register).merged:
        return None
    return catalogue.register(named.register).subject_kind.id


def _merged(catalogue: Catalogue, kind: str) -> Iterator[Register]:
    for register in catalogue.registers:
        if register.subject_kind.id == kind and conflicts.members_of(catalogue, register.id):
            yield register


def _touched_subjects(
    conn: sa.Connection, catalogue: Catalogue, dataset: Dataset, batch: Batch, keys: sa.Table | None
) -> list[Keys] | None:
    """Statements that give the subjects whose conflicts a batch may have changed; None: any of the register."""
    if keys is not None:
        return list(touched.values_of(dataset, keys, batch, role_of(dataset).subject_key))
    others = [one for one in conflicts.members_of(catalogue, role_of(dataset).register) if one.name != dataset.name]
    if not touched.is_first(conn, batch):
        return None
    own, theirs = _size(conn, [dataset]), _size(conn, others)
    if own * _FEW <= theirs:
        return _subjects_of([dataset])
    return _subjects_of(others) if theirs * _FEW <= own else None


def _subjects_of(datasets: Sequence[Dataset]) -> list[Keys]:
    return [sa.select(current_table(one).c[role_of(one).subject_key]) for one in datasets]


def _size(conn: sa.Connection, datasets: Sequence[Dataset]) -> float:
    """About how many rows they have, as PostgreSQL counted them last (-1: never, then none were loaded)."""
    tables = [current_table(one) for one in datasets]
    names = [f"{table.schema}.{table.name}" for table in tables]
    counted = sa.text("SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = to_regclass(:name)")
    return sum(float(conn.execute(counted, {"name": name}).scalar_one()) for name in names)


def _propose(
    conn: sa.Connection,
    catalogue: Catalogue,
    dataset: Dataset,
    batch: Batch,
    keys: sa.Table | None,
    kind: str,
    *,
    anew: bool,
) -> None:
    """`anew`: a separation may let pairs of any dataset stand again."""
    for one in proposals.telling_datasets(catalogue, kind) if anew else [dataset]:
        if not anew and keys is not None and proposals.are_told(conn, catalogue, one):
            proposals.propose(conn, catalogue, one, batch, keys)
        else:
            proposals.propose_all(conn, catalogue, one)
