"""Which sealed scans are still needed: evidence of cases and disputes, scans of objections, of completed certificates.

    evidence_files.needed(conn_load, before)       # names of files that stay, whatever their age
    evidence_files.known(conn_load)                # names of all files that anything refers to

A file is needed while its matter is open, and until the moment after it ended: a case whose rows nobody can mend rests
on its evidence as long as they are served so, and a completion on its scan while it is in force.
"""

from datetime import datetime
from pathlib import PurePath

import sqlalchemy as sa

from registries.store.case_tables import dispute, dispute_evidence
from registries.store.casework_tables import case, case_evidence, case_row
from registries.store.window_tables import (
    OPEN_COMPLETIONS,
    completion,
    completion_step,
    objection,
    objection_evidence,
)


def needed(conn: sa.Connection, before: datetime) -> frozenset[str]:
    """Names of the files whose matter is open, or ended at that moment or later."""
    going_on = sa.or_(case.c.state == "open", case.c.closed_at >= before)
    rests = sa.exists().where(case_row.c.case_number == case.c.number, case_row.c.state == "beyond_mending")
    of_cases = (
        sa.select(case_evidence.c.path)
        .join(case, case.c.number == case_evidence.c.case_number)
        .where(sa.or_(going_on, rests))
    )
    of_disputes = (
        sa.select(dispute_evidence.c.path)
        .join(dispute, dispute.c.id == dispute_evidence.c.dispute_id)
        .where(sa.or_(dispute.c.state == "open", dispute.c.closed_at >= before))
    )
    of_objections = (
        sa.select(objection_evidence.c.path)
        .join(objection, objection.c.id == objection_evidence.c.objection_id)
        .outerjoin(case, case.c.number == objection.c.case_number)
        .where(sa.or_(going_on, sa.and_(case.c.number.is_(None), objection.c.filed_at >= before)))
    )
    stepped = sa.exists().where(completion_step.c.completion_id == completion.c.id, completion_step.c.at >= before)
    of_completions = sa.select(completion.c.scan_path).where(sa.or_(completion.c.state.in_(OPEN_COMPLETIONS), stepped))
    return _names(conn, of_cases, of_disputes, of_objections, of_completions)


def known(conn: sa.Connection) -> frozenset[str]:
    """Names of all files that something refers to; one that nobody knows was left by a request that was cut short."""
    columns = (case_evidence.c.path, dispute_evidence.c.path, objection_evidence.c.path, completion.c.scan_path)
    return _names(conn, *(sa.select(column) for column in columns))


def _names(conn: sa.Connection, *paths: sa.Select[str]) -> frozenset[str]:
    return frozenset(PurePath(path).name for path in conn.execute(sa.union_all(*paths)).scalars() if path)
