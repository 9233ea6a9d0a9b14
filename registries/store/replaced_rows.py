"""Vanished rows whose number a correction replaced: the same certificate stands there under another number now.

    for which in replaced_rows.replaced(conn, dataset, batch, current):
        ...                                          # goes to history, as rows do that others take the place of

A certificate that vanished waits for ever, and so does its case, although its source has mended a misspelt number and
sends the right one since. Two ways to know: this batch opened the one row that agrees with it in holder, day of issue
and all other required columns, where no other vanished row does; or the holder's own number was corrected, a person has
joined both numbers, and such a row stands under the present one. The former number itself goes on answering that it is
being checked: papers may bear it. Of a register's subjects only a join tells, since people may be alike.
"""

from collections.abc import Iterator

import sqlalchemy as sa

from registries.contracts.model import CertificateMapping, Column, Dataset
from registries.store import touched
from registries.store.batches import Batch
from registries.store.digests import form
from registries.store.ordering import VANISHED
from registries.store.shapes import current_table, history_table, same_key, touched_table
from registries.store.tables import Word, subject_alias

_ENOUGH = 3
"""Columns beside the holder's code that must agree before two rows are taken for one certificate."""


def replaced(
    conn: sa.Connection, dataset: Dataset, batch: Batch, current: sa.Table
) -> Iterator[sa.ColumnElement[bool]]:
    """Conditions on the current table that name vanished rows which another row replaces; none where nobody vanished.

    In the merge's transaction, after it has written and marked everything.
    """
    mapping, role = dataset.certificate, dataset.register
    if not conn.execute(sa.select(sa.exists().where(current.c.mark == VANISHED))).scalar_one():
        return
    if mapping is not None and len(_agreeing(dataset, mapping)) >= _ENOUGH:
        yield _has_twin(dataset, mapping, current, batch)
        if conn.execute(sa.select(_of_corrected_holder(current, mapping))).scalar_one():
            yield _has_twin(dataset, mapping, current)
    elif mapping is None and role is not None and dataset.key == (role.subject_key,):
        yield _is_joined(dataset, role.subject_key, current)


def _agreeing(dataset: Dataset, mapping: CertificateMapping) -> list[str]:
    """The columns that say which certificate a row is about, beside its number and its holder's code."""
    told = {mapping.holder_name, mapping.issued_on}
    apart = {mapping.number, mapping.holder_code, mapping.identifier, mapping.version, dataset.watermark}
    columns = [column for column in dataset.stored_columns if column.name not in apart]
    return [column.name for column in columns if column.name in told or _identifies(column)]


def _identifies(column: Column) -> bool:
    return (column.required or column.key) and column.logical_type != "timestamp"


def _has_twin(
    dataset: Dataset, mapping: CertificateMapping, current: sa.Table, batch: Batch | None = None
) -> sa.ColumnElement[bool]:
    """The row has vanished and agrees with one later row, which agrees with no other vanished one.

    `batch`: that opened the later row, of one holder's code; None: any that is later, whose holder's code is joined
    with the former one by now.
    """
    gone, twin = current_table(dataset).alias(), current_table(dataset).alias()
    same = [gone.c[name] == twin.c[name] for name in _agreeing(dataset, mapping)]
    code, other = form(gone.c[mapping.holder_code]), form(twin.c[mapping.holder_code])
    same += [gone.c[mapping.number] != twin.c[mapping.number], gone.c.mark == VANISHED, twin.c.mark.is_(None)]
    if batch is None:
        same += [twin.c.since_batch > gone.c.since_batch, _joined(code, other)]
    else:
        same += [code == other, *_opened_by(dataset, batch, twin)]
    former = [gone.c[name] for name in dataset.key]
    alone = [sa.func.count().over(partition_by=[row.c[name] for name in dataset.key]) for row in (gone, twin)]
    pairs = sa.select(*former, alone[0].label("of_former"), alone[1].label("of_later")).where(*same).subquery()
    keys = sa.select(*(pairs.c[name] for name in dataset.key)).where(pairs.c.of_former == 1, pairs.c.of_later == 1)
    return sa.tuple_(*(current.c[name] for name in dataset.key)).in_(keys)


def _opened_by(dataset: Dataset, batch: Batch, row: sa.FromClause) -> list[sa.ColumnElement[bool]]:
    """The batch wrote the row, and nobody had known its key."""
    written, former = touched_table(dataset), history_table(dataset).alias()
    is_written = sa.exists().where(touched.has(row, written))
    return [is_written, row.c.since_batch == batch.number, ~sa.exists().where(same_key(row, former, dataset))]


def _joined(former: sa.ColumnElement[str], present: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    return sa.exists().where(subject_alias.c.alias == former, subject_alias.c.subject_key == present)


def _of_corrected_holder(current: sa.Table, mapping: CertificateMapping) -> sa.ColumnElement[bool]:
    """Whether any vanished certificate has a holder whose number was corrected: only then all rows are looked at."""
    code = form(current.c[mapping.holder_code])
    return sa.exists().where(current.c.mark == VANISHED, subject_alias.c.alias == code)


def _is_joined(dataset: Dataset, subject_key: str, current: sa.Table) -> sa.ColumnElement[bool]:
    """The subject has vanished, and stands under the key that people joined it to."""
    present = current_table(dataset).alias()
    stands = sa.and_(
        subject_alias.c.alias == sa.cast(current.c[subject_key], Word),
        subject_alias.c.subject_key == sa.cast(present.c[subject_key], Word),
    )
    return sa.and_(current.c.mark == VANISHED, sa.exists().where(stands, present.c.mark.is_(None)))
