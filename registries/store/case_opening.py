"""Cases opened by the intake: what a batch found becomes rows of the one case of its cause, set-based.

    case_opening.open_from_findings(conn, batch, dataset, now)   # while the stage is there, in the merge's transaction
    case_opening.open_from_conflicts(conn, catalogue, "geography", batch, now, subjects)

A subject stands in a case by a digest that only the store can compute; how rows come into their case says
`case_joining`. What the batch shows as settled closes first, so that what is found again is a relapse.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from registries.contracts.model import Dataset
from registries.departments import Catalogue
from registries.store import batches, case_closing, digests, touched
from registries.store.batches import Batch
from registries.store.case_joining import columns_found, open_found, opening_of
from registries.store.casework_tables import case, case_row
from registries.store.life_tables import certificate_event
from registries.store.shapes import current_table, stage_table
from registries.store.tables import certificate, conflict, finding, refused_row
from registries.store.tables import dataset as dataset_row
from registries.working_days import WorkingDays

EXPECTED: Final = 2
"""The level of rules whose findings open cases."""


def open_from_findings(
    conn: sa.Connection, batch: Batch, dataset: Dataset, now: datetime, calendar: WorkingDays | None = None
) -> int:
    """Open a case for each rule of level 2 that failed in accepted rows. How many rows joined a case."""
    level = sa.exists().where(finding.c.batch == batch.number, finding.c.level == EXPECTED)
    if not conn.execute(sa.select(level)).scalar_one():
        return 0
    staged = stage_table(dataset)
    key = digests.staged_key(dataset, staged)
    found = columns_found(key, digests.number_of(dataset, staged), finding.c.row_number, rule_id=finding.c.rule_id)
    rows = (
        sa.select(*found)
        .join_from(finding, staged, staged.c.row_number == finding.c.row_number)
        .where(finding.c.batch == batch.number, finding.c.level == EXPECTED, ~staged.c.refused, ~staged.c.repeated)
        .where(key.is_not(None))
    )
    return open_found(conn, opening_of("rectification", "finding", dataset, batch, now, calendar), rows)


def open_from_vanished(
    conn: sa.Connection, batch: Batch, dataset: Dataset, now: datetime, calendar: WorkingDays | None = None
) -> int:
    """Open a case for the rows that this batch marked as vanished: certificates, and what may only be misspelt.

    In the merge's transaction, whose touched keys are there; a first batch can't miss anything.
    """
    if touched.is_first(conn, batch):
        return 0
    current, keys = current_table(dataset), touched.keys_of(conn, dataset, batch)
    found = columns_found(digests.current_key(dataset, current), digests.number_of(dataset, current))
    rows = sa.select(*found).where(current.c.mark == "vanished")
    if keys is not None:
        rows = rows.select_from(touched.current_rows(current, keys))
    return open_found(conn, opening_of("verification", "vanished", dataset, batch, now, calendar), rows)


def open_from_moves(
    conn: sa.Connection, batch: Batch, dataset: Dataset, now: datetime, calendar: WorkingDays | None = None
) -> int:
    """Open a case for certificates whose status moved as law does not know; close those that are in order again.

    In the merge's transaction, after the look-ups have been composed.
    """
    if dataset.certificate is None:
        return 0
    event, later = certificate_event, certificate_event.alias()
    subject = digests.digest("key", [sa.literal(dataset.name), certificate.c.number])
    of_dataset = sa.and_(certificate.c.id == event.c.certificate_id, certificate.c.dataset == dataset.name)
    opening = opening_of("rectification", "move", dataset, batch, now, calendar)
    if case_closing.any_open(conn, *opening.of_cause):
        settled = sa.exists().where(later.c.certificate_id == event.c.certificate_id, later.c.batch > event.c.batch)
        still = sa.select(subject).join_from(event, certificate, of_dataset).where(~event.c.lawful, ~settled)
        gone = ~case_closing.is_among([case_row.c.subject_digest], still)
        case_closing.close(conn, batch, now, *opening.of_cause, gone)
    number = digests.digest("number", [certificate.c.type_code, digests.form(certificate.c.number)])
    rows = sa.select(*columns_found(subject, number)).join_from(event, certificate, of_dataset)
    return open_found(conn, opening, rows.where(event.c.batch == batch.number, ~event.c.lawful))


def open_from_erased(
    conn: sa.Connection,
    batch: Batch,
    dataset: Dataset,
    rule_id: str,
    now: datetime,
    calendar: WorkingDays | None = None,
) -> int:
    """Open a case for rows that were refused by `rule_id`, as their key had been erased; close what stays away now."""
    opening = opening_of("rectification", "erased", dataset, batch, now, calendar)
    again = sa.and_(
        finding.c.batch == batch.number,
        finding.c.rule_id == rule_id,
        refused_row.c.batch == finding.c.batch,
        refused_row.c.row_number == finding.c.row_number,
        refused_row.c.key_digest.is_not(None),
    )
    if batches.delivery_of(dataset, batch) == "snapshot":
        away = case_row.c.subject_digest.not_in(sa.select(refused_row.c.key_digest).where(again))
        case_closing.close(conn, batch, now, *opening.of_cause, away)
    if not conn.execute(
        sa.select(sa.exists().where(finding.c.batch == batch.number, finding.c.rule_id == rule_id))
    ).scalar():
        return 0  # the join below is slow where PostgreSQL does not know yet how many rows this batch refused
    found = columns_found(
        refused_row.c.key_digest, refused_row.c.number_digest, finding.c.row_number, rule_id=finding.c.rule_id
    )
    return open_found(conn, opening, sa.select(*found).where(again))


def open_from_conflicts(
    conn: sa.Connection,
    catalogue: Catalogue,
    register: str,
    batch: Batch,
    now: datetime,
    subjects: sa.Table | None = None,
    calendar: WorkingDays | None = None,
) -> int:
    """Open a case between each department whose values differ and the authority's; close what agrees by now.

    `subjects`: whose conflicts were compared just now (`conflicts.compare`); None: of the whole register.
    """
    chosen = [] if subjects is None else [conflict.c.subject_key.in_(sa.select(subjects.c.key))]
    of_register = [conflict.c.register == register, *chosen]
    datasets = catalogue.of_register(register)
    _close_agreed(conn, register, [one.name for one in datasets], batch, now, of_register, subjects)
    opened = 0
    for dataset in datasets:
        found = columns_found(
            _subject(register, conflict.c.subject_key),
            register=conflict.c.register,
            attribute=conflict.c.attribute,
            against=dataset_row.c.department,
        )
        rows = (
            sa.select(*found)
            .join_from(conflict, dataset_row, dataset_row.c.name == conflict.c.authority, isouter=True)
            .where(*of_register, conflict.c.dataset == dataset.name)
        )
        opened += open_found(conn, opening_of("verification", "conflict", dataset, batch, now, calendar), rows)
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
    """Close rows whose conflict is none any more, or is one with another authority now."""
    which = [case.c.cause == "conflict", case.c.register == register, case.c.dataset.in_(datasets)]
    if not case_closing.any_open(conn, *which):
        return
    if subjects is not None:
        keys = sa.select(_subject(register, subjects.c.key))
        which.append(case_closing.is_among([case_row.c.subject_digest], keys))
    against = sa.func.coalesce(dataset_row.c.department, "")
    differs = sa.select(
        conflict.c.dataset, conflict.c.attribute, against, _subject(register, conflict.c.subject_key)
    ).join_from(conflict, dataset_row, dataset_row.c.name == conflict.c.authority, isouter=True)
    named = [case.c.dataset, case.c.attribute, sa.func.coalesce(case.c.against, ""), case_row.c.subject_digest]
    case_closing.close(conn, batch, now, *which, ~case_closing.is_among(named, differs.where(*of_register)))


def _subject(register: str, key: sa.ColumnElement[str]) -> sa.ColumnElement[bytes]:
    return digests.digest("key", [sa.literal(f"register_{register}"), key])
