"""Cases (工单): what has to be mended or verified, by whom, until when; its rows, its steps, and the evidence for it.

A case is one cause; its rows are the subjects, by a digest that only the store can compute. Steps are insert-only and
stand in the ledger, too. What people wrote is sealed before it comes here.

    >>> case_row.c.subject_digest.nullable, case.c.opened_batch.nullable
    (False, True)
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA

from registries.store.case_tables import one_of
from registries.store.tables import Moment, Word, metadata

KINDS = ("rectification", "verification")
CAUSES = ("finding", "conflict", "vanished", "erased", "move", "dispute", "steward", "objection")
FOUND_BY_INTAKE = ("finding", "conflict", "vanished", "erased", "move")
"""Causes of which at most one case is open: what is found again joins it. What people raise stands for itself."""

ENDINGS = ("mended", "found_right", "beyond_mending", "withdrawn")
ROW_STATES = ("open", "mended", "found_right", "beyond_mending", "gone")
ACTS = (
    *("opened", "rows_added", "rows_mended", "assigned", "stopped", "resumed", "escalated", "reminded", "evidence"),
    *("answered", "asked_beyond_mending", "approved", "refused", "closed", "reopened"),
)
ESCALATIONS = ("administrator", "authority")
_TEXTS = ("rule_id", "register", "attribute", "against")

case = sa.Table(
    "case",
    metadata,
    sa.Column("number", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("kind", Word, nullable=False),
    sa.Column("cause", Word, nullable=False),
    sa.Column("dataset", Word, nullable=False),
    sa.Column("department", Word, nullable=False),  # who must mend it
    sa.Column("against", Word),  # of a conflict: whose value speaks against it
    sa.Column("rule_id", Word),
    sa.Column("register", Word),
    sa.Column("attribute", Word),
    sa.Column("opened_batch", sa.BigInteger),
    sa.Column("opened_at", Moment, nullable=False),
    sa.Column("due_on", sa.Date, nullable=False),
    sa.Column("state", Word, nullable=False),
    sa.Column("ending", Word),
    sa.Column("assigned_to", Word),
    sa.Column("stopped_at", Moment),  # the clock stands since
    sa.Column("stopped_days", sa.Integer, nullable=False, server_default="0"),
    sa.Column("escalated_to", Word),
    sa.Column("escalated_at", Moment),
    sa.Column("reminders", sa.Integer, nullable=False, server_default="0"),
    sa.Column("rows", sa.BigInteger, nullable=False, server_default="0"),  # subjects; one that relapsed counts once
    sa.Column("rows_open", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("reopened", sa.Integer, nullable=False, server_default="0"),
    sa.Column("closed_batch", sa.BigInteger),
    sa.Column("closed_at", Moment),
    sa.CheckConstraint(one_of("kind", KINDS), name="kind"),
    sa.CheckConstraint(one_of("cause", CAUSES), name="cause"),
    sa.CheckConstraint("state IN ('open','closed')", name="state"),
    sa.CheckConstraint(one_of("ending", ENDINGS), name="ending"),
    sa.CheckConstraint(
        "(state = 'closed') = (ending IS NOT NULL) AND (state = 'closed') = (closed_at IS NOT NULL)", name="closed"
    ),
    sa.CheckConstraint("state = 'open' OR (rows_open = 0 AND stopped_at IS NULL)", name="ended"),
    sa.CheckConstraint("rows_open BETWEEN 0 AND rows", name="rows"),
    sa.CheckConstraint(one_of("escalated_to", ESCALATIONS), name="escalated_to"),
    sa.CheckConstraint("(escalated_to IS NULL) = (escalated_at IS NULL)", name="escalated"),
    sa.Index(
        "case_open_key",
        "dataset",
        "cause",
        *(sa.text(f"COALESCE({name}, '')") for name in _TEXTS),
        unique=True,
        postgresql_where=sa.text("state = 'open' AND " + one_of("cause", FOUND_BY_INTAKE)),
    ),
    sa.Index(None, "department", "state", "number"),
    sa.Index(None, "dataset", "cause", "state"),
    sa.Index("case_against_idx", "against", "number", postgresql_where=sa.text("against IS NOT NULL")),
    sa.Index("case_due_idx", "due_on", postgresql_where=sa.text("state = 'open'")),
)

case_row = sa.Table(  # no foreign key, which would be looked up for each of a million rows
    "case_row",
    metadata,
    sa.Column("case_number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("subject_digest", BYTEA, nullable=False),  # one that relapses gets another row: what was so stays known
    sa.Column("number_digest", BYTEA),  # of a certificate's number, by which the look-up knows it
    sa.Column("opened_batch", sa.BigInteger),
    sa.Column("row_number", sa.BigInteger),
    sa.Column("state", Word, nullable=False),
    sa.Column("closed_batch", sa.BigInteger),
    sa.Column("closed_at", Moment),
    sa.CheckConstraint(one_of("state", ROW_STATES), name="state"),
    sa.CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed"),
    sa.Index(
        "case_row_open_key", "subject_digest", "case_number", unique=True, postgresql_where=sa.text("state = 'open'")
    ),
    sa.Index("case_row_closed_idx", "subject_digest", "case_number", postgresql_where=sa.text("state <> 'open'")),
    sa.Index(
        "case_row_number_idx",
        "number_digest",
        postgresql_where=sa.text("number_digest IS NOT NULL AND state IN ('open','beyond_mending')"),
    ),
)

case_step = sa.Table(
    "case_step",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("case_number", sa.BigInteger, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("act", Word, nullable=False),
    sa.Column("by", Word, nullable=False),  # a login, `hub`, or `rule:ID`
    sa.Column("department", Word),  # of who did it
    sa.Column("reason", Word),
    sa.Column("note", BYTEA),  # sealed
    sa.Column("batch", sa.BigInteger),
    sa.Column("rows", sa.BigInteger),
    sa.CheckConstraint(one_of("act", ACTS), name="act"),
    sa.Index(None, "case_number", "id"),
)

case_evidence = sa.Table(  # files that speak for an ending, sealed
    "case_evidence",
    metadata,
    sa.Column("case_number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("digest", BYTEA, primary_key=True),
    sa.Column("media_type", Word, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("by", Word, nullable=False),
    sa.Column("landed_at", Moment, nullable=False),
    sa.CheckConstraint("octet_length(digest) = 32", name="digest"),
)
