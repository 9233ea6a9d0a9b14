"""What step 7 keeps for itself: by which contracts conflicts and likely pairs were found last.

>>> told.c.mark.nullable
False
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from registries.store.tables import Word, metadata

told = sa.Table(  # a digest of what the contracts said; where they say something else now, everything is found anew
    "told",
    metadata,
    sa.Column("what", Word, primary_key=True),
    sa.Column("mark", Word, nullable=False),
)


def is_told_so(conn: sa.Connection, what: str, mark: str) -> bool:
    """Whether `what` was found last by contracts that said the same: then only what changed needs a look."""
    return conn.execute(sa.select(told.c.mark).where(told.c.what == what)).scalar() == mark


def keep_mark(conn: sa.Connection, what: str, mark: str) -> None:
    """Write down by which contracts `what` has been found."""
    new = insert(told).values(what=what, mark=mark)
    differs = told.c.mark != new.excluded.mark
    conn.execute(new.on_conflict_do_update(index_elements=[told.c.what], set_={"mark": mark}, where=differs))
