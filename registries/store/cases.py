"""Cases (工单): a defect handed to the department that can mend it; opened and closed set-based.

    cases.open_from_findings(conn, batch, dataset, now)   # while the stage is there, in the merge's transaction
    cases.close_mended(conn, batch, dataset, now)
    cases.open_from_conflicts(conn, catalogue, "geography", batch, now, subjects)

A subject stands in a case by a digest that only the store can compute. At most one case is open for one cause and
subject. 整改 (`rectification`): a rule found it in the department's own data. 校核 (`verification`): somebody else's
data, or a vanished certificate, speaks against it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from registries.contracts.model import Dataset
from registries.departments import Catalogue
from registries.store import batches, digests, touched
from registries.store.batches import Batch
from registries.store.engine import written
from registries.store.life_tables import certificate_event
from registries.store.shapes import current_table, stage_table
from registries.store.tables import case, certificate, conflict, finding, refused_row, score

Kind = Literal["rectification", "verification"]
WORKING_DAYS = 10
"""Decree 809, article 27: how long a provider has to answer; an operator's setting later."""

_OPENED = ("kind", "cause", "dataset", "department", "subject_digest", "opened_batch", "state", "opened_at", "due_on")


@dataclass(frozen=True)
class Case:
    """A case without its subject; `row_number` leads to the row of `opened_batch` where there is one."""

    number: int
    kind: Kind
    cause: Literal["finding", "conflict", "vanished", "erased", "move"]
    dataset: str
    department: str
    rule_id: str | None
    register: str | None
    attribute: str | None
    opened_batch: int
    row_number: int | None
    state: Literal["open", "closed"]
    closed_batch: int | None
    opened_at: datetime
    closed_at: datetime | None
    due_on: date
    note: str | None


def open_from_findings(conn: sa.Connection, batch: Batch, dataset: Dataset, now: datetime) -> int:
    """Open a case for each accepted row in which a rule of level 2 failed; those already open stay. How many."""
    staged = stage_table(dataset)
    rows = (
        sa.select(*_opening("rectification", "finding", dataset, batch, now, digests.staged_key(dataset, staged)))
        .add_columns(finding.c.rule_id, finding.c.row_number)
        .join_from(finding, staged, staged.c.row_number == finding.c.row_number)
        .where(finding.c.batch == batch.number, finding.c.level == 2, ~staged.c.refused, ~staged.c.repeated)  # noqa: PLR2004 - level 2: expected
        .where(digests.staged_key(dataset, staged).is_not(None))
    )
    return _open(conn, [*_OPENED, "rule_id", "row_number"], rows)


def open_from_vanished(conn: sa.Connection, batch: Batch, dataset: Dataset, now: datetime) -> int:
    """Open a case for each row that this batch marked as vanished: certificates, and what may only be misspelt.

    Returns how many. In the merge's transaction, whose touched keys are there; a first batch can't miss anything.
    """
    if touched.is_first(conn, batch):
        return 0
    current, keys = current_table(dataset), touched.keys_of(conn, dataset, batch)
    opening = _opening("verification", "vanished", dataset, batch, now, digests.current_key(dataset, current))
    rows = sa.select(*opening).where(current.c.mark == "vanished")
    if keys is not None:
        rows = rows.select_from(touched.current_rows(current, keys))
    return _open(conn, list(_OPENED), rows)


def open_from_moves(conn: sa.Connection, batch: Batch, dataset: Dataset, now: datetime) -> int:
    """Open a case for each certificate whose status moved as law does not know; close those that are in order again.

    Returns how many were opened. In the merge's transaction, after the look-ups have been composed.
    """
    if dataset.certificate is None:
        return 0
    event, later = certificate_event, certificate_event.alias()
    subject = digests.digest("key", [sa.literal(dataset.name), certificate.c.number])
    of_dataset = sa.and_(certificate.c.id == event.c.certificate_id, certificate.c.dataset == dataset.name)
    which = [case.c.cause == "move", case.c.dataset == dataset.name]
    if _any_open(conn, *which):
        settled = sa.exists().where(later.c.certificate_id == event.c.certificate_id, later.c.batch > event.c.batch)
        still = sa.select(subject).join_from(event, certificate, of_dataset).where(~event.c.lawful, ~settled)
        _close(conn, batch, now, *which, ~_is_among([case.c.subject_digest], still))
    opening = _opening("rectification", "move", dataset, batch, now, subject)
    rows = sa.select(*opening).join_from(event, certificate, of_dataset)
    return _open(conn, list(_OPENED), rows.where(event.c.batch == batch.number, ~event.c.lawful))


def open_from_erased(conn: sa.Connection, batch: Batch, dataset: Dataset, rule_id: str, now: datetime) -> int:
    """Open a case for each row that was refused by `rule_id`, as its key had been erased; close what stays away now."""
    again = sa.and_(
        finding.c.batch == batch.number,
        finding.c.rule_id == rule_id,
        refused_row.c.batch == finding.c.batch,
        refused_row.c.row_number == finding.c.row_number,
        refused_row.c.key_digest.is_not(None),
    )
    if batches.delivery_of(dataset, batch) == "snapshot":
        away = case.c.subject_digest.not_in(sa.select(refused_row.c.key_digest).where(again))
        _close(conn, batch, now, case.c.cause == "erased", case.c.dataset == dataset.name, away)
    if not conn.execute(
        sa.select(sa.exists().where(finding.c.batch == batch.number, finding.c.rule_id == rule_id))
    ).scalar():
        return 0  # the join below is slow where PostgreSQL does not know yet how many rows this batch refused
    opening = _opening("rectification", "erased", dataset, batch, now, refused_row.c.key_digest)
    rows = sa.select(*opening, finding.c.rule_id, finding.c.row_number).where(again)
    return _open(conn, [*_OPENED, "rule_id", "row_number"], rows)


def open_from_conflicts(
    conn: sa.Connection,
    catalogue: Catalogue,
    register: str,
    batch: Batch,
    now: datetime,
    subjects: sa.Table | None = None,
) -> int:
    """Open a case with each department whose value differs from the authority's; close those that agree by now.

    `subjects`: whose conflicts were compared just now (`conflicts.compare`); None: of the whole register.
    """
    chosen = [] if subjects is None else [conflict.c.subject_key.in_(sa.select(subjects.c.key))]
    of_register = [conflict.c.register == register, *chosen]
    datasets = catalogue.of_register(register)
    opened = 0
    for dataset in datasets:
        digest = _subject(register, conflict.c.subject_key)
        rows = (
            sa.select(*_opening("verification", "conflict", dataset, batch, now, digest))
            .add_columns(conflict.c.register, conflict.c.attribute)
            .where(*of_register, conflict.c.dataset == dataset.name)
        )
        opened += _open(conn, [*_OPENED, "register", "attribute"], rows)
    _close_agreed(conn, register, [one.name for one in datasets], batch, now, of_register, subjects)
    return opened


def _close_agreed(
    conn: sa.Connection,
    register: str,
    datasets: Sequence[str],
    batch: Batch,
    now: datetime,
    of_register: Sequence[sa.ColumnElement[bool]],
    subjects: sa.Table | None,
) -> None:
    """Close the cases of conflicts that are none any more."""
    which = [case.c.cause == "conflict", case.c.register == register, case.c.dataset.in_(datasets)]
    if not _any_open(conn, *which):
        return
    if subjects is not None:
        which.append(_is_among([case.c.subject_digest], sa.select(_subject(register, subjects.c.key))))
    differs = sa.select(conflict.c.dataset, conflict.c.attribute, _subject(register, conflict.c.subject_key))
    still = _is_among([case.c.dataset, case.c.attribute, case.c.subject_digest], differs.where(*of_register))
    _close(conn, batch, now, *which, ~still)


def _subject(register: str, key: sa.ColumnElement[str]) -> sa.ColumnElement[bytes]:
    return digests.digest("key", [sa.literal(f"register_{register}"), key])


def close_mended(conn: sa.Connection, batch: Batch, dataset: Dataset, now: datetime) -> int:
    """Close the dataset's cases that this batch shows as mended; returns how many.

    A finding is mended when its rule ran and no longer finds that key, and the key was not refused; in a change set
    only of keys that came. What vanished is mended when it is there again. In the merge's transaction, while the stage
    is there.
    """
    closed = _close_found(conn, batch, dataset, now)
    if not _any_open(conn, case.c.cause == "finding", case.c.dataset == dataset.name):
        return closed
    staged = stage_table(dataset)
    key = digests.staged_key(dataset, staged)
    found_again = (
        sa.select(finding.c.rule_id, key)
        .join_from(finding, staged, staged.c.row_number == finding.c.row_number)
        .where(finding.c.batch == batch.number, key.is_not(None))
    )
    ran = sa.exists().where(score.c.batch == batch.number, score.c.rule_id == case.c.rule_id, score.c.checked > 0)
    refused = sa.select(refused_row.c.key_digest).where(
        refused_row.c.batch == batch.number, refused_row.c.key_digest.is_not(None)
    )
    mended = [case.c.cause == "finding", case.c.dataset == dataset.name, ran]
    mended.append(~_is_among([case.c.subject_digest], refused))
    mended.append(~_is_among([case.c.rule_id, case.c.subject_digest], found_again))
    if batches.delivery_of(dataset, batch) != "snapshot":
        mended.append(_is_among([case.c.subject_digest], sa.select(key).where(key.is_not(None))))
    return closed + _close(conn, batch, now, *mended)


def list_cases(
    conn: sa.Connection,
    department: str | None = None,
    dataset: str | None = None,
    state: Literal["open", "closed"] | None = "open",
    before: int | None = None,
    limit: int = 50,
) -> list[Case]:
    """Cases, latest first; `before` is a number from the page before."""
    wanted = sa.select(*_SHOWN).order_by(case.c.number.desc()).limit(limit)
    for column, value in ((case.c.department, department), (case.c.dataset, dataset), (case.c.state, state)):
        if value is not None:
            wanted = wanted.where(column == value)
    if before is not None:
        wanted = wanted.where(case.c.number < before)
    return [Case(*row) for row in conn.execute(wanted)]


_SHOWN = tuple(column for column in case.c if column.name != "subject_digest")


def _close_found(conn: sa.Connection, batch: Batch, dataset: Dataset, now: datetime) -> int:
    """Close the cases of rows that had vanished and are there again, or are gone for good."""
    which = [case.c.cause == "vanished", case.c.dataset == dataset.name]
    if not _any_open(conn, *which):
        return 0
    current, keys = current_table(dataset), touched.keys_of(conn, dataset, batch)
    gone = sa.select(digests.current_key(dataset, current)).where(current.c.mark == "vanished")
    if keys is not None:
        gone = gone.select_from(touched.current_rows(current, keys))
        which.append(_is_among([case.c.subject_digest], sa.select(digests.key_of(dataset, keys))))
    return _close(conn, batch, now, *which, ~_is_among([case.c.subject_digest], gone))


def _is_among(columns: Sequence[sa.ColumnElement[Any]], rows: sa.Select[*tuple[Any, ...]]) -> sa.Case[bool]:
    """The columns are one of the rows, which are found once and hashed.

    Written as a case, so that PostgreSQL makes no join of it: it can't know how many cases there are by now, would look
    at each row for each of them, and every row is a digest to compute.
    """
    value = columns[0] if len(columns) == 1 else sa.tuple_(*columns)
    return sa.case((value.in_(rows), sa.true()), else_=sa.false())


def _any_open(conn: sa.Connection, *which: sa.ColumnElement[bool]) -> bool:
    """Whether there is a case to close at all: where there is none, no key has to be hashed."""
    return bool(conn.execute(sa.select(sa.exists().where(case.c.state == "open", *which))).scalar_one())


def _opening(
    kind: Kind, cause: str, dataset: Dataset, batch: Batch, now: datetime, digest: sa.ColumnElement[bytes]
) -> list[sa.ColumnElement[Any]]:
    due = _working_days_after(now.date(), WORKING_DAYS)
    return [
        *(sa.literal(value) for value in (kind, cause, dataset.name, dataset.department)),
        digest,
        *(sa.literal(value) for value in (batch.number, "open", now, due)),
    ]


def _working_days_after(day: date, count: int) -> date:
    """Monday to Friday; public holidays, which are decreed year by year, are not known here."""
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5  # noqa: PLR2004 - Saturday is 5
    return day


def _open(conn: sa.Connection, columns: Sequence[str], rows: sa.Select[*tuple[Any, ...]]) -> int:
    return written(conn, insert(case).from_select(columns, rows).on_conflict_do_nothing())


def _close(conn: sa.Connection, batch: Batch, now: datetime, *which: sa.ColumnElement[bool]) -> int:
    closing = {"state": "closed", "closed_batch": batch.number, "closed_at": now}
    return written(conn, sa.update(case).where(case.c.state == "open", *which).values(closing))
