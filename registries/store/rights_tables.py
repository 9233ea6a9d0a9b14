"""Applications for shared data and what became of them: the form of Decree 809, its steps, notices of stopping.

Grants themselves are `tables.grant_right`. Who applied stands here by account number, never by name.

    >>> application.c.basis.nullable
    False
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from registries.store.tables import Moment, Word, metadata

STATES = ("draft", "pending", "supplementing", "granted", "refused", "withdrawn")
MODES = ("service_interface", "batch_exchange", "file_download")
STEPS = (
    *("drafted", "changed", "submitted", "supplement_asked", "supplemented", "longer_asked", "longer_allowed"),
    *("longer_denied", "granted", "refused", "withdrawn", "provided"),
    *("grant_suspended", "grant_resumed", "grant_ended", "grant_extended"),
    *("stop_announced", "stop_agreed", "stop_objected", "stop_filed", "stop_dropped"),
)


def _one_of(column: str, words: tuple[str, ...]) -> str:
    return f"{column} IN (" + ",".join(f"'{word}'" for word in words) + ")"


application = sa.Table(
    "application",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("department", Word, nullable=False),
    sa.Column("provider", Word, nullable=False),
    sa.Column("act", Word, nullable=False),
    sa.Column("certificate_type", Word),
    sa.Column("dataset", Word),
    sa.Column("fields", ARRAY(Word), nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("service_items", ARRAY(sa.Text), nullable=False),
    sa.Column("askers", ARRAY(Word)),
    sa.Column("area_code", Word),
    sa.Column("basis", sa.Text, nullable=False),
    sa.Column("scene", sa.Text, nullable=False),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("mode", Word, nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_until", sa.Date, nullable=False),
    sa.Column("per_hour", sa.Integer),
    sa.Column("per_day", sa.Integer),
    sa.Column("in_clear", sa.Boolean, nullable=False),
    sa.Column("conditional", sa.Boolean, nullable=False),
    sa.Column("state", Word, nullable=False),
    sa.Column("made_by", sa.BigInteger, nullable=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("consent", sa.Text),  # of the head of the unit that asks; with it the application leaves the house
    sa.Column("submitted_at", Moment),
    sa.Column("due_on", sa.Date),  # the provider's last day; None while the clock stands
    sa.Column("days_left", sa.SmallInteger),  # working days that are left while it stands
    sa.Column("wanting", sa.Text),  # what the provider found missing; asked once
    sa.Column("supplement", sa.Text),
    sa.Column("longer_days", sa.SmallInteger),
    sa.Column("longer_because", sa.Text),
    sa.Column("longer_allowed", sa.Boolean),
    sa.Column("decided_at", Moment),
    sa.Column("provider_consent", sa.Text),
    sa.Column("refused_because", sa.Text),
    sa.Column("provide_by", sa.Date),
    sa.Column("provided_at", Moment),
    sa.CheckConstraint("act IN ('verification','matching','query','retrieval')", name="act"),
    sa.CheckConstraint(_one_of("mode", MODES), name="mode"),
    sa.CheckConstraint(_one_of("state", STATES), name="state"),
    sa.CheckConstraint("num_nonnulls(certificate_type, dataset) = 1", name="what"),
    sa.CheckConstraint("valid_from <= valid_until", name="period"),
    sa.CheckConstraint("per_hour > 0 AND per_day > 0", name="budget"),
    sa.CheckConstraint("cardinality(service_items) > 0", name="service_items"),
    sa.CheckConstraint("state IN ('draft','withdrawn') OR consent IS NOT NULL", name="consent"),
    sa.CheckConstraint("(state = 'pending') = (due_on IS NOT NULL)", name="due_on"),
    sa.CheckConstraint("(state = 'supplementing') = (days_left IS NOT NULL)", name="days_left"),
    sa.CheckConstraint("(state = 'refused') = (refused_because IS NOT NULL)", name="refused"),
    sa.CheckConstraint("longer_days BETWEEN 1 AND 10", name="longer"),
    sa.Index(None, "department", "id"),
    sa.Index(None, "provider", "id"),
    sa.Index("application_open_idx", "due_on", postgresql_where=sa.text("state = 'pending'")),
)

stop_notice = sa.Table(  # a provider says that it wants to stop: it asks first, and the authority keeps it on file
    "stop_notice",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("grant_id", sa.BigInteger, sa.ForeignKey("hub.grant_right.id"), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("stop_on", sa.Date, nullable=False),
    sa.Column("state", Word, nullable=False),
    sa.Column("answer", sa.Text),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("answered_at", Moment),
    sa.CheckConstraint("state IN ('asking','agreed','objected','filed','dropped')", name="state"),
    sa.Index(
        "stop_notice_open_key",
        "grant_id",
        unique=True,
        postgresql_where=sa.text("state IN ('asking','agreed','objected')"),
    ),
)

right_step = sa.Table(  # insert-only; each has an entry in the ledger
    "right_step",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("application", sa.BigInteger),
    sa.Column("grant_id", sa.BigInteger),
    sa.Column("kind", Word, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("account_id", sa.BigInteger),
    sa.Column("department", Word),
    sa.Column("told", JSONB, nullable=False),
    sa.CheckConstraint(_one_of("kind", STEPS), name="kind"),
    sa.CheckConstraint("num_nonnulls(application, grant_id) > 0", name="about"),
    sa.Index(None, "application", "id"),
    sa.Index(None, "grant_id", "id"),
)
