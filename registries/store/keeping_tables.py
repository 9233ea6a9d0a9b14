"""Tables of what expires and what was erased: the record of it, and what keeps an erased row from coming back.

They share one metadata with `tables`, which the migrations must equal (`schema.drift`).

    >>> expiry.c.state.nullable
    False
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB

from registries.store.tables import Moment, Word, metadata

expiry = sa.Table(  # the intention first, then that it is done: a run that was cut short is finished by the next
    "expiry",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("run", sa.BigInteger, nullable=False),
    sa.Column("what", Word, nullable=False),
    sa.Column("dataset", Word),
    sa.Column("batch", sa.BigInteger),  # landed: whose files; history: the latest batch whose former rows went
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("before", Moment, nullable=False),
    sa.Column("state", Word, nullable=False),
    sa.Column("count", sa.BigInteger),
    sa.Column("digest", BYTEA),
    sa.Column("planned_at", Moment, nullable=False),
    sa.Column("done_at", Moment),
    sa.CheckConstraint("what IN ('landed','history','bodies','uploads','replies','evidence')", name="what"),
    sa.CheckConstraint("state IN ('planned','done')", name="state"),
    sa.CheckConstraint("(state = 'done') = (done_at IS NOT NULL AND count IS NOT NULL)", name="done"),
    sa.CheckConstraint("what <> 'landed' OR batch IS NOT NULL", name="batch"),
    sa.Index(None, "what", "dataset", "batch"),
    sa.Index("expiry_planned_idx", "id", postgresql_where=sa.text("state = 'planned'")),
)

erasure = sa.Table(  # that somebody's data were erased, why and by whom; not whose
    "erasure",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("subject_kind", Word, nullable=False),
    sa.Column("ground", Word, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("erased_by", sa.Text, nullable=False),
    sa.Column("erased_at", Moment, nullable=False),
    sa.Column("datasets", ARRAY(Word), nullable=False),
    sa.Column("counts", JSONB, nullable=False),
    sa.CheckConstraint("ground IN ('purpose','period','consent','unlawful','other')", name="ground"),
)

erased_key = sa.Table(  # keyed digests: a row of such a key that a source delivers again is refused
    "erased_key",
    metadata,
    sa.Column("dataset", Word, primary_key=True),
    sa.Column("key_digest", BYTEA, primary_key=True),
    sa.Column("erasure", sa.BigInteger, sa.ForeignKey(erasure.c.id), nullable=False, index=True),
)

erased_file = sa.Table(  # landed files in which an erased subject still has to be made unreadable
    "erased_file",
    metadata,
    sa.Column("erasure", sa.BigInteger, sa.ForeignKey(erasure.c.id), primary_key=True, autoincrement=False),
    sa.Column("batch", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("dataset", Word, nullable=False),
    sa.Column("subject_digests", ARRAY(BYTEA)),  # until it is done
    sa.Column("state", Word, nullable=False),
    sa.Column("rows", sa.BigInteger),
    sa.Column("done_at", Moment),
    sa.CheckConstraint("state IN ('planned','done')", name="state"),
    sa.CheckConstraint("(state = 'planned') = (done_at IS NULL)", name="done"),
    sa.CheckConstraint("(state = 'planned') = (subject_digests IS NOT NULL)", name="digests"),
    sa.Index("erased_file_planned_idx", "batch", postgresql_where=sa.text("state = 'planned'")),
)

ledger_asked = sa.Table(  # about whom an entry's body speaks; a foreign key would lock a row for each of many answers
    "ledger_asked",
    metadata,
    sa.Column("entry_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("subject_digest", BYTEA, primary_key=True),
    sa.Column("certificate_type", Word),
    sa.Index(None, "subject_digest"),
)
