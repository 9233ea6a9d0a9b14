"""Tables of alerts: what was noted, who is told of it, and what is on its way to mailboxes and systems.

Nothing of a row, a subject or a person stands in an alert: a kind, a dataset, a count, and where to look.

    >>> alert.c.account_id.nullable, alert_noted.c.reference.nullable
    (False, False)
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from registries.store.tables import Moment, Word, account, metadata

KINDS = (
    "held", "refused", "case_opened", "yellow", "red", "overdue", "drift", "late", "escalated",
)  # fmt: skip
"""挂起, 退回的行, 新工单, 黄牌, 红牌, 逾期, 漂移, 迟报, 升级督办."""
CHANNELS = ("mail", "webhook")
STATES = ("waiting", "sent", "dead", "dropped")


def one_of(column: str, words: tuple[str, ...]) -> str:
    """A CHECK condition."""
    return f"{column} IN (" + ",".join(f"'{word}'" for word in words) + ")"


alert_noted = sa.Table(  # each thing once, however often it is looked at
    "alert_noted",
    metadata,
    sa.Column("kind", Word, primary_key=True),
    sa.Column("reference", Word, primary_key=True),  # a batch's or a case's number, a card's day
    sa.Column("department", Word, nullable=False),
    sa.Column("dataset", Word, nullable=False),
    sa.Column("noted_at", Moment, nullable=False, index=True),
    sa.CheckConstraint(one_of("kind", KINDS), name="kind"),
)

alert_receiver = sa.Table(  # how somebody wants to be told; who has no row here reads the page
    "alert_receiver",
    metadata,
    sa.Column("account_id", sa.BigInteger, sa.ForeignKey(account.c.id), primary_key=True, autoincrement=False),
    sa.Column("mail", sa.Text),
    sa.Column("webhook", sa.Text),
    sa.Column("quiet_from", sa.Time),
    sa.Column("quiet_until", sa.Time),
    sa.Column("muted", ARRAY(Word), nullable=False),  # kinds that stay on the page
    sa.CheckConstraint("(quiet_from IS NULL) = (quiet_until IS NULL)", name="quiet"),
)

alert = sa.Table(  # one for each receiver, kind and dataset, until it closes: later things begin another one
    "alert",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("account_id", sa.BigInteger, sa.ForeignKey(account.c.id), nullable=False),
    sa.Column("kind", Word, nullable=False),
    sa.Column("department", Word, nullable=False),
    sa.Column("dataset", Word, nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("reference", Word, nullable=False),  # the latest
    sa.Column("first_at", Moment, nullable=False),
    sa.Column("last_at", Moment, nullable=False),
    sa.Column("closes_at", Moment, nullable=False),
    sa.Column("read_at", Moment),
    sa.CheckConstraint(one_of("kind", KINDS), name="kind"),
    sa.CheckConstraint("count > 0", name="count"),
    sa.Index(None, "account_id", "id"),
    sa.Index("alert_unread_idx", "account_id", postgresql_where=sa.text("read_at IS NULL")),
)

alert_delivery = sa.Table(
    "alert_delivery",
    metadata,
    sa.Column("alert_id", sa.BigInteger, sa.ForeignKey(alert.c.id), primary_key=True, autoincrement=False),
    sa.Column("channel", Word, primary_key=True),
    sa.Column("state", Word, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("due_at", Moment, nullable=False),
    sa.Column("lease", Word),
    sa.Column("lease_until", Moment),
    sa.Column("fault", Word),
    sa.Column("status", sa.SmallInteger),
    sa.Column("finished_at", Moment),
    sa.CheckConstraint(one_of("channel", CHANNELS), name="channel"),
    sa.CheckConstraint(one_of("state", STATES), name="state"),
    sa.CheckConstraint("(state = 'waiting') = (finished_at IS NULL)", name="finished"),
    sa.Index("alert_delivery_due_idx", "due_at", postgresql_where=sa.text("state = 'waiting'")),
)
