"""Cases closed by the intake: a row is settled when it came back from its source and passes what had opened its case.

    case_closing.close_mended(conn, batch, dataset, now)     # while the stage is there, in the merge's transaction

Set-based, whatever the number of rows. A case is closed with its last open row; whatever was settled by people and
is in order by now is mended after all.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from registries.contracts.batch_rules import FRESHNESS
from registries.contracts.model import Dataset
from registries.store import batches, case_steps, digests, touched
from registries.store.batches import Batch
from registries.store.case_steps import NewStep
from registries.store.casework_tables import case, case_row
from registries.store.registers import role_of
from registries.store.shapes import current_table, history_table, stage_table
from registries.store.tables import finding, refused_row, score

_BY_RULE = ("finding", "steward")
_BY_COLUMN = ("steward", "objection")
Settled = Literal["open", "found_right", "beyond_mending"]


def close_mended(conn: sa.Connection, batch: Batch, dataset: Dataset, now: datetime) -> int:
    """Settle the dataset's rows that this batch shows as mended; returns how many.

    A finding is mended when its rule ran and no longer finds that key, and the key was neither refused nor missing; in
    a change set only of keys that came. What vanished is mended when it is there again, and what somebody objected to
    when its column has another value. In the merge's transaction, while the stage is there.
    """
    closed = _close_found(conn, batch, dataset, now)
    about_batches = [rule.id for rule in dataset.rules if rule.kind == "batch"]  # batch_cases settles those
    of_rules = [case.c.cause.in_(_BY_RULE), case.c.rule_id.is_not(None), case.c.dataset == dataset.name]
    of_rules += [case.c.rule_id.not_in(_batch_rules(dataset))]
    of_rules.append(case.c.rule_id.not_in(about_batches))
    if any_row(conn, "open", *of_rules):
        mended = _passes(conn, batch, dataset)
        closed += close(conn, batch, now, *of_rules, *mended, gone=_gone(conn, batch, dataset))
        mend_after_all(conn, batch, now, of_rules, mended)
    elif any_row(conn, "found_right", *of_rules) or any_row(conn, "beyond_mending", *of_rules):
        mend_after_all(conn, batch, now, of_rules, _passes(conn, batch, dataset))
    return closed + sum(_close_changed(conn, batch, dataset, now))


def _batch_rules(dataset: Dataset) -> list[str]:
    """Rules about a batch as a whole have cases of their own (`batch_cases`)."""
    return [FRESHNESS, *(rule.id for rule in dataset.rules if rule.kind == "batch")]


def _passes(conn: sa.Connection, batch: Batch, dataset: Dataset) -> list[sa.ColumnElement[bool]]:
    """The row came back, and its rule ran and does not find it."""
    staged = stage_table(dataset)
    key = digests.staged_key(dataset, staged)
    found_again = (
        sa.select(finding.c.rule_id, key)
        .join_from(finding, staged, staged.c.row_number == finding.c.row_number)
        .where(finding.c.batch == batch.number, key.is_not(None))
    )
    refused = sa.select(refused_row.c.key_digest).where(
        refused_row.c.batch == batch.number, refused_row.c.key_digest.is_not(None)
    )
    passes: list[sa.ColumnElement[bool]] = []
    passes += [sa.exists().where(score.c.batch == batch.number, score.c.rule_id == case.c.rule_id, score.c.checked > 0)]
    passes.append(~is_among([case_row.c.subject_digest], refused))
    passes.append(~is_among([case.c.rule_id, case_row.c.subject_digest], found_again))
    if batches.delivery_of(dataset, batch) != "snapshot":
        passes.append(is_among([case_row.c.subject_digest], sa.select(key).where(key.is_not(None))))
    vanished = [case.c.cause == "vanished", case.c.dataset == dataset.name]
    if any_open(conn, *vanished):
        missing, row = case.alias(), case_row.alias()
        still = sa.select(row.c.subject_digest).join_from(missing, row, row.c.case_number == missing.c.number)
        still = still.where(missing.c.cause == "vanished", missing.c.dataset == dataset.name, row.c.state == "open")
        passes.append(~is_among([case_row.c.subject_digest], still))
    return passes


def _gone(conn: sa.Connection, batch: Batch, dataset: Dataset) -> sa.Select[*tuple[Any, ...]] | None:
    """Digests of the keys that this batch took away for good; None if nobody knows them."""
    keys = touched.keys_of(conn, dataset, batch)
    if keys is None:
        return None
    current = current_table(dataset)
    there = sa.exists().where(touched.has(current, keys))
    return sa.select(digests.key_of(dataset, keys)).where(~there)


def mend_after_all(
    conn: sa.Connection,
    batch: Batch,
    now: datetime,
    of_rules: Sequence[sa.ColumnElement[bool]],
    passes: Sequence[sa.ColumnElement[bool]],
) -> None:
    """Rows that people had settled and that pass now: they are as good as any other, and may relapse."""
    settled = {"state": "mended", "closed_batch": batch.number, "closed_at": now}
    mine = [case_row.c.case_number == case.c.number, case_row.c.state.in_(["found_right", "beyond_mending"])]
    conn.execute(sa.update(case_row).where(*mine, *of_rules, *passes).values(settled))


def _close_changed(conn: sa.Connection, batch: Batch, dataset: Dataset, now: datetime) -> Iterator[int]:
    """Close rows that somebody objected to, by the column in question: it has another value now."""
    which = [case.c.cause.in_(_BY_COLUMN), case.c.rule_id.is_(None), case.c.dataset == dataset.name]
    if not any_open(conn, *which) or (keys := touched.keys_of(conn, dataset, batch)) is None:
        return
    wanted = sa.select(case.c.attribute).where(*which, case.c.state == "open", case.c.attribute.is_not(None))
    for attribute in conn.execute(wanted.distinct()).scalars().all():
        column = column_of(dataset, attribute)
        if column is not None:
            changed = sa.union_all(*_changed(dataset, keys, batch, column)).subquery()
            of_row = is_among([case_row.c.subject_digest], sa.select(*changed.c))
            yield close(conn, batch, now, *which, case.c.attribute == attribute, of_row)


def column_of(dataset: Dataset, attribute: str) -> str | None:
    """The column of a dataset that an attribute means: its own, or the one that feeds the register's."""
    if attribute in {column.name for column in dataset.columns}:
        return attribute
    return None if dataset.register is None else dict(role_of(dataset).attributes).get(attribute)


def _changed(dataset: Dataset, keys: sa.Table, batch: Batch, column: str) -> Iterator[sa.Select[*tuple[Any, ...]]]:
    """Digests of rows in which this batch changed a column: by their key, and by their subject in the register."""
    current, former = current_table(dataset), history_table(dataset)
    before = sa.and_(touched.has(former, keys), former.c.until_batch == batch.number)
    rows = touched.current_rows(current, keys).join(former, before)
    which = current.c[column].is_distinct_from(former.c[column])
    yield sa.select(digests.current_key(dataset, current)).select_from(rows).where(which)
    if dataset.register is not None:
        subject = [sa.literal(f"register_{dataset.register.register}"), current.c[role_of(dataset).subject_key]]
        yield sa.select(digests.digest("key", subject)).select_from(rows).where(which)


def _close_found(conn: sa.Connection, batch: Batch, dataset: Dataset, now: datetime) -> int:
    """Settle rows that had vanished and are there again, or are gone for good."""
    which = [case.c.cause == "vanished", case.c.dataset == dataset.name]
    if not any_open(conn, *which):
        return 0
    current, keys = current_table(dataset), touched.keys_of(conn, dataset, batch)
    missing = sa.select(digests.current_key(dataset, current)).where(current.c.mark == "vanished")
    if keys is not None:
        missing = missing.select_from(touched.current_rows(current, keys))
        which.append(is_among([case_row.c.subject_digest], sa.select(digests.key_of(dataset, keys))))
    found = ~is_among([case_row.c.subject_digest], missing)
    return close(conn, batch, now, *which, found, gone=_gone(conn, batch, dataset))


def beyond_mending(conn: sa.Connection, batch: Batch, dataset: Dataset) -> dict[str, int]:
    """By rule: findings of this batch about rows that nobody can mend any more; scores leave them out, and say so.

    In the merge's transaction, while the stage is there; no key is hashed where there is no such row.
    """
    of_rows = [case.c.dataset == dataset.name, case_row.c.state == "beyond_mending", case.c.rule_id.is_not(None)]
    known = sa.select(case.c.rule_id, case_row.c.subject_digest).join_from(
        case, case_row, case_row.c.case_number == case.c.number
    )
    if not conn.execute(sa.select(known.where(*of_rows).exists())).scalar_one():
        return {}
    staged = stage_table(dataset)
    about = is_among([finding.c.rule_id, digests.staged_key(dataset, staged)], known.where(*of_rows))
    found = (
        sa.select(finding.c.rule_id, sa.func.count())
        .join_from(finding, staged, staged.c.row_number == finding.c.row_number)
        .where(finding.c.batch == batch.number, about)
        .group_by(finding.c.rule_id)
    )
    return {str(rule_id): int(rows) for rule_id, rows in conn.execute(found)}


# --- settling rows


def is_among(columns: Sequence[sa.ColumnElement[Any]], rows: sa.Select[*tuple[Any, ...]]) -> sa.Case[bool]:
    """The columns are one of the rows, which are found once and hashed.

    Written as a case, so that PostgreSQL makes no join of it: it can't know how many cases there are by now, would look
    at each row for each of them, and every row is a digest to compute.
    """
    value = columns[0] if len(columns) == 1 else sa.tuple_(*columns)
    return sa.case((value.in_(rows), sa.true()), else_=sa.false())


def any_open(conn: sa.Connection, *which: sa.ColumnElement[bool]) -> bool:
    """Whether there is a case to close at all: where there is none, no key has to be hashed."""
    return bool(conn.execute(sa.select(sa.exists().where(case.c.state == "open", *which))).scalar_one())


def any_row(conn: sa.Connection, state: Settled, *which: sa.ColumnElement[bool]) -> bool:
    """Whether a case of that kind is open, or was settled so by people."""
    how = case.c.state == "open" if state == "open" else case.c.ending == state
    return bool(conn.execute(sa.select(sa.exists().where(how, *which))).scalar_one())


def close(
    conn: sa.Connection,
    batch: Batch,
    now: datetime,
    *which: sa.ColumnElement[bool],
    gone: sa.Select[*tuple[Any, ...]] | None = None,
) -> int:
    """Settle the open rows of open cases that are meant, and the cases without an open row; returns how many rows.

    Args:
        conn: of the role hub_load, in the batch's transaction.
        batch: which showed it.
        now: when.
        which: conditions on `case` and `case_row`.
        gone: digests of subjects that are not mended, but are there no more.
    """
    state: sa.ColumnElement[str] = sa.literal("mended")
    if gone is not None:
        state = sa.case((is_among([case_row.c.subject_digest], gone), "gone"), else_="mended")
    done = (
        sa.update(case_row)
        .where(case_row.c.case_number == case.c.number, case.c.state == "open", case_row.c.state == "open", *which)
        .values(state=state, closed_batch=batch.number, closed_at=now)
        .returning(case_row.c.case_number)
        .cte("done")
    )
    counted = sa.select(done.c.case_number, sa.func.count()).group_by(done.c.case_number).order_by(done.c.case_number)
    closed = [(int(number), int(rows)) for number, rows in conn.execute(counted)]
    for number, rows in closed:
        _count_down(conn, batch, now, number, rows)
    return sum(rows for _, rows in closed)


def _count_down(conn: sa.Connection, batch: Batch, now: datetime, number: int, rows: int) -> None:
    """Note in a case that so many rows are settled; with the last one it is closed."""
    left = case.c.rows_open - rows
    ended = {
        "state": sa.case((left == 0, "closed"), else_="open"),
        "ending": sa.case((left == 0, "mended")),
        "closed_at": sa.case((left == 0, sa.literal(now))),
        "closed_batch": sa.case((left == 0, batch.number)),
        "stopped_at": sa.case((left != 0, case.c.stopped_at)),
        "rows_open": left,
    }
    told = sa.update(case).where(case.c.number == number).values(ended)
    key = (case.c.dataset, case.c.cause, case.c.rule_id, case.c.register, case.c.attribute, case.c.against)
    found = conn.execute(told.returning(case.c.state, *key)).one()
    act: case_steps.Act = "closed" if found[0] == "closed" else "rows_mended"
    by_intake = found.cause not in _BY_COLUMN  # several cases of these causes may be closed by one batch
    named = known_as(batch, act, *found[1:]) if by_intake else None
    case_steps.take(conn, [NewStep(number, act, batch=batch.number, rows=rows, known_as=named)], now)


def known_as(batch: Batch, act: str, dataset: str, cause: str, *key: str | None) -> str:
    """What tells a step of a batch from all others, however often the batch is tried."""
    words = (batch.dataset, str(batch.sequence), act, dataset, cause, *(word or "" for word in key))
    return ":".join(words)
