"""Held batches and what stewards decided of them; objections; and paper-era certificates that a window completed.

Whoever an objection or a completion is about stands here as a digest that only the store can compute; what somebody
typed or wrote is sealed with the hub's key before it comes here.

    >>> objection.c.statement.nullable, completion.c.holder.nullable
    (False, False)
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB

from registries.store.case_tables import one_of
from registries.store.tables import Moment, Word, metadata

RELEASE_REASONS = ("checked_with_source", "planned_change", "rule_does_not_fit", "urgent")
"""已与报送部门核实, 计划内的业务变化, 规则不适用于本批, 业务急需."""

RETURN_REASONS = ("incomplete_export", "wrong_file", "faulty_values", "no_explanation", "not_wanted")
"""导出不完整, 报错了文件, 数据错误较多, 报送部门未作说明, 报送部门撤回."""

OBJECTION_CHANNELS = ("window", "hotline")
COMPLETION_STATES = ("filed", "seconded", "in_force", "refused", "withdrawn", "replaced", "ended")
COMPLETION_ACTS = (*COMPLETION_STATES, "keyed_differently", "scan_opened", "kept")
OPEN_COMPLETIONS = ("filed", "seconded", "in_force")
REFUSAL_REASONS = (
    "scan_unreadable", "other_holder", "not_issued", "paper_invalid", "already_numbered", "keyed_differently",
)  # fmt: skip
"""扫描件不清, 持证主体不符, 没有颁发过, 纸质证照已失效, 来源已有号码, 两次录入不一致."""

held_batch = sa.Table(  # written when the gate holds a batch: by which rules, against what
    "held_batch",
    metadata,
    sa.Column("batch", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("dataset", Word, nullable=False),
    sa.Column("rules", ARRAY(Word), nullable=False),
    sa.Column("pulled_before", sa.BigInteger, nullable=False),  # the last snapshot that was taken over; 0: none
)

held_decision = sa.Table(
    "held_decision",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("batch", sa.BigInteger, nullable=False),
    sa.Column("dataset", Word, nullable=False),
    sa.Column("act", Word, nullable=False),
    sa.Column("reason", Word, nullable=False),
    sa.Column("note", BYTEA),  # sealed
    sa.Column("decided_by", Word, nullable=False),
    sa.Column("decided_at", Moment, nullable=False),
    sa.Column("state", Word, nullable=False),
    sa.Column("attempts", sa.SmallInteger, nullable=False, server_default=sa.text("0")),
    sa.Column("outcome", JSONB),
    sa.Column("released_batch", sa.BigInteger),
    sa.Column("finished_at", Moment),
    sa.CheckConstraint(one_of("act", ("release", "return")), name="act"),
    sa.CheckConstraint(one_of("reason", RELEASE_REASONS + RETURN_REASONS), name="reason"),
    sa.CheckConstraint(one_of("state", ("waiting", "done", "refused")), name="state"),
    sa.CheckConstraint("(state = 'waiting') = (finished_at IS NULL)", name="finished"),
    sa.Index("held_decision_in_force_key", "batch", unique=True, postgresql_where=sa.text("state <> 'refused'")),
    sa.Index("held_decision_waiting_idx", "id", postgresql_where=sa.text("state = 'waiting'")),
    sa.Index(None, "released_batch"),
)

objection = sa.Table(
    "objection",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("slip", Word, nullable=False, unique=True),  # random: who has it may ask how it stands
    sa.Column("dataset", Word, nullable=False),
    sa.Column("attribute", Word, nullable=False),
    sa.Column("provider", Word, nullable=False),
    sa.Column("department", Word, nullable=False),  # whose window took it
    sa.Column("filed_by", Word, nullable=False),
    sa.Column("channel", Word, nullable=False),
    sa.Column("subject_digest", BYTEA, nullable=False),
    sa.Column("statement", BYTEA, nullable=False),  # sealed
    sa.Column("case_number", sa.BigInteger),
    sa.Column("filed_at", Moment, nullable=False),
    sa.Column("due_on", sa.Date, nullable=False),
    sa.CheckConstraint(one_of("channel", OBJECTION_CHANNELS), name="channel"),
    sa.Index(None, "department", "id"),
    sa.Index(None, "provider", "id"),
    sa.Index(None, "subject_digest"),
    sa.Index(None, "case_number"),
)

objection_evidence = sa.Table(
    "objection_evidence",
    metadata,
    sa.Column("objection_id", sa.BigInteger, sa.ForeignKey(objection.c.id), primary_key=True, autoincrement=False),
    sa.Column("digest", BYTEA, primary_key=True),
    sa.Column("media_type", Word, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.CheckConstraint("octet_length(digest) = 32", name="digest"),
)

completion = sa.Table(
    "completion",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("reference", Word, nullable=False, unique=True),
    sa.Column("certificate_id", sa.BigInteger, nullable=False),
    sa.Column("ordinal", sa.SmallInteger, nullable=False),  # of the holder
    sa.Column("dataset", Word, nullable=False),
    sa.Column("certificate_type", Word, nullable=False),
    sa.Column("provider", Word, nullable=False),
    sa.Column("department", Word, nullable=False),  # whose window filed it
    sa.Column("filed_by", Word, nullable=False),
    sa.Column("seconded_by", Word),
    sa.Column("decided_by", Word),
    sa.Column("match_digest", BYTEA, nullable=False),
    sa.Column("subject_digest", BYTEA, nullable=False),
    sa.Column("holder", BYTEA, nullable=False),  # sealed: what was typed
    sa.Column("scan_digest", BYTEA, nullable=False),
    sa.Column("scan_media_type", Word, nullable=False),
    sa.Column("scan_size", sa.Integer, nullable=False),
    sa.Column("scan_path", sa.Text, nullable=False),
    sa.Column("state", Word, nullable=False),
    sa.Column("refusal", Word),
    sa.Column("differed", sa.SmallInteger, nullable=False, server_default=sa.text("0")),
    sa.Column("case_number", sa.BigInteger),
    sa.Column("filed_at", Moment, nullable=False),
    sa.Column("due_on", sa.Date, nullable=False),
    sa.Column("ended_batch", sa.BigInteger),
    sa.CheckConstraint(one_of("state", COMPLETION_STATES), name="state"),
    sa.CheckConstraint(one_of("refusal", REFUSAL_REASONS), name="refusal"),
    sa.CheckConstraint("(state = 'refused') = (refusal IS NOT NULL)", name="refused"),
    sa.CheckConstraint("filed_by <> seconded_by", name="two_people"),
    sa.Index(
        "completion_open_key",
        "certificate_id",
        "ordinal",
        unique=True,
        postgresql_where=sa.text(one_of("state", OPEN_COMPLETIONS)),
    ),
    sa.Index("completion_in_force_idx", "dataset", postgresql_where=sa.text("state = 'in_force'")),
    sa.Index(None, "department", "id"),
    sa.Index(None, "provider", "id"),
    sa.Index(None, "subject_digest"),
)

completion_step = sa.Table(
    "completion_step",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("completion_id", sa.BigInteger, sa.ForeignKey(completion.c.id), nullable=False, index=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("act", Word, nullable=False),
    sa.Column("by", Word, nullable=False),
    sa.Column("department", Word, nullable=False),
    sa.Column("reason", Word),
    sa.Column("batch", sa.BigInteger),
    sa.CheckConstraint(one_of("act", COMPLETION_ACTS), name="act"),
)
