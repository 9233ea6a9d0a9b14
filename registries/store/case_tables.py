"""Case-checks, materials received, and disputes: what was answered and taken, never about whom in clear.

Cases and subjects stand here as digests that only the store can compute; what somebody wrote about a dispute is sealed
with the hub's key before it comes here.

    >>> material_received.c.subject_digest.nullable, dispute.c.statement.nullable
    (False, False)
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA

from registries.store.tables import Moment, Word, metadata

OUTCOMES = ("exempt", "pending", "to_submit")
"""免交, 待校核, 需提交."""

PAPER_REASONS = (
    "applicant_wishes", "original_by_law", "data_disputed", "hub_did_not_answer", "office_system_down", "urgent",
)  # fmt: skip
"""Why paper was taken that the hub could have answered; a fixed list, since free words would name people."""

DISPUTE_KINDS = ("status", "validity", "holder", "content", "missing")
DISPUTE_OUTCOMES = ("corrected", "confirmed", "not_ours", "withdrawn")


def one_of(column: str, words: tuple[str, ...]) -> str:
    """A CHECK condition."""
    return f"{column} IN (" + ",".join(f"'{word}'" for word in words) + ")"


case_check = sa.Table(
    "case_check",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("item", Word, nullable=False),
    sa.Column("item_version", Word, nullable=False),
    sa.Column("department", Word, nullable=False),  # who checked
    sa.Column("case_digest", BYTEA, nullable=False),
    sa.Column("subject_digest", BYTEA, nullable=False),
    sa.Column("checked_at", Moment, nullable=False),
    sa.Index(None, "case_digest", "id"),
    sa.Index(None, "checked_at"),
)

case_material = sa.Table(
    "case_material",
    metadata,
    sa.Column("check_id", sa.BigInteger, sa.ForeignKey(case_check.c.id), primary_key=True, autoincrement=False),
    sa.Column("material", Word, primary_key=True),
    sa.Column("outcome", Word, nullable=False),
    sa.Column("reason", Word, nullable=False),
    sa.CheckConstraint(one_of("outcome", OUTCOMES), name="outcome"),
)

material_received = sa.Table(  # once for each material of a case
    "material_received",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("item", Word, nullable=False),
    sa.Column("material", Word, nullable=False),
    sa.Column("kept_as", Word, nullable=False),
    sa.Column("department", Word, nullable=False),
    sa.Column("case_digest", BYTEA, nullable=False),
    sa.Column("subject_digest", BYTEA, nullable=False),
    sa.Column("form", Word, nullable=False),
    sa.Column("could_have", sa.Boolean, nullable=False),  # the hub had said that nobody needs to hand it in
    sa.Column("hub_reason", Word),  # what the last check of this case had said of it
    sa.Column("reason", Word),
    sa.Column("file_digest", BYTEA),
    sa.Column("received_at", Moment, nullable=False),
    sa.CheckConstraint("form IN ('paper','file')", name="form"),
    sa.CheckConstraint(one_of("reason", PAPER_REASONS), name="reason"),
    sa.CheckConstraint("could_have = (reason IS NOT NULL)", name="reasoned"),
    sa.UniqueConstraint("case_digest", "item", "material", name="material_received_once_key"),
    sa.Index(None, "subject_digest", "kept_as", "received_at"),
    sa.Index(None, "received_at"),
)

dispute = sa.Table(
    "dispute",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("reference", Word, nullable=False, unique=True),  # random: who knows it may send what was announced
    sa.Column("case_number", sa.BigInteger, nullable=False),
    sa.Column("dataset", Word, nullable=False),
    sa.Column("provider", Word, nullable=False),
    sa.Column("certificate_type", Word, nullable=False),
    sa.Column("match_digest", BYTEA, nullable=False),
    sa.Column("department", Word, nullable=False),
    sa.Column("asker", Word, nullable=False),
    sa.Column("kind", Word, nullable=False),
    sa.Column("statement", BYTEA, nullable=False),  # sealed: which certificate, and what is said about it
    sa.Column("state", Word, nullable=False),
    sa.Column("outcome", Word),
    sa.Column("answer", BYTEA),  # sealed, too
    sa.Column("opened_at", Moment, nullable=False),
    sa.Column("due_on", sa.Date, nullable=False),
    sa.Column("closed_at", Moment),
    sa.CheckConstraint("state IN ('open','closed')", name="state"),
    sa.CheckConstraint(one_of("kind", DISPUTE_KINDS), name="kind"),
    sa.CheckConstraint(one_of("outcome", DISPUTE_OUTCOMES), name="outcome"),
    sa.CheckConstraint("(state = 'closed') = (outcome IS NOT NULL AND closed_at IS NOT NULL)", name="closed"),
    sa.Index("dispute_open_idx", "match_digest", postgresql_where=sa.text("state = 'open'")),
    sa.Index(None, "provider", "state", "id"),
    sa.Index(None, "department", "id"),
    sa.Index(None, "case_number"),
)

dispute_evidence = sa.Table(
    "dispute_evidence",
    metadata,
    sa.Column("dispute_id", sa.BigInteger, sa.ForeignKey(dispute.c.id), primary_key=True, autoincrement=False),
    sa.Column("digest", BYTEA, primary_key=True),
    sa.Column("media_type", Word, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("path", sa.Text),  # of the sealed file, once it came
    sa.Column("landed_at", Moment),
    sa.CheckConstraint("octet_length(digest) = 32", name="digest"),
    sa.CheckConstraint("(path IS NULL) = (landed_at IS NULL)", name="landed"),
)
