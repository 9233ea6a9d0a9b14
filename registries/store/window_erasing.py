"""What windows wrote down about a subject, erased with it: objections about its rows, completions with its number.

files = window_erasing.objections(conn, dataset.name, key_digests)      # paths of sealed files, to be removed
files += window_erasing.completions(conn, subject_digests, datasets)    # after the transaction has committed
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from registries.store.window_tables import completion, completion_step, objection, objection_evidence


def objections(conn: sa.Connection, dataset: str, keys: sa.Select[Any]) -> list[str]:
    """Erase objections about rows of these keys' digests; their files. The cases that they became stay as counts."""
    mine = sa.select(objection.c.id).where(objection.c.dataset == dataset, objection.c.subject_digest.in_(keys))
    numbers = list(conn.execute(mine).scalars())
    if not numbers:
        return []
    evidence = sa.delete(objection_evidence).where(objection_evidence.c.objection_id.in_(numbers))
    paths = list(conn.execute(evidence.returning(objection_evidence.c.path)).scalars())
    conn.execute(sa.delete(objection).where(objection.c.id.in_(numbers)))
    return paths


def completions(conn: sa.Connection, subjects: sa.Select[Any], datasets: Sequence[str] | None) -> list[str]:
    """Erase completions with a subject's number, of these datasets (None: of all); their scans."""
    mine = sa.select(completion.c.id).where(completion.c.subject_digest.in_(subjects))
    if datasets is not None:
        mine = mine.where(completion.c.dataset.in_(datasets))
    numbers = list(conn.execute(mine).scalars())
    if not numbers:
        return []
    conn.execute(sa.delete(completion_step).where(completion_step.c.completion_id.in_(numbers)))
    gone = sa.delete(completion).where(completion.c.id.in_(numbers)).returning(completion.c.scan_path)
    return list(conn.execute(gone).scalars())
