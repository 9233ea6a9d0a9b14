"""What every rule found in one batch, all positions at once: for a delivery that is given back with its faults marked.

for rule_id, level, rows in batch_findings.all_of(conn, batch=7): ...
"""

from collections.abc import Iterator

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.dialects.postgresql import aggregate_order_by

from registries.store.tables import finding

Found = tuple[str, int, NDArray[np.int64]]


def all_of(conn: sa.Connection, batch: int) -> Iterator[Found]:
    """Rule id, level and ascending row numbers, rule by rule; memory holds one rule's at a time.

    Args:
        conn: of the role hub_page.
        batch: its number.
    """
    rows = sa.func.array_agg(aggregate_order_by(finding.c.row_number, finding.c.row_number))
    wanted = (
        sa.select(finding.c.rule_id, finding.c.level, rows.label("rows"))
        .where(finding.c.batch == batch)
        .group_by(finding.c.rule_id, finding.c.level)
        .order_by(finding.c.level, finding.c.rule_id)
    )
    for row in conn.execute(wanted):
        yield row.rule_id, row.level, np.array(row.rows, np.int64)
