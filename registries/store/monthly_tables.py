"""Months as they were when they ended: scores, deliveries, cases and uses, written once, nobody's data in them.

A month is named by its first day. What stands here is told by an entry of the ledger (`monthly_entry`), so that a month
that somebody changed afterwards is found out.

    >>> monthly_score.c.checked.nullable
    False
"""

import sqlalchemy as sa

from registries.store.tables import Moment, Word, metadata

monthly_dataset = sa.Table(  # every dataset that there was, whether it delivered or not
    "monthly_dataset",
    metadata,
    sa.Column("month", sa.Date, primary_key=True),
    sa.Column("dataset", Word, primary_key=True),
    sa.Column("department", Word, nullable=False),
    sa.Column("delivered", sa.Integer, nullable=False),  # batches taken over within the month
    sa.Column("held", sa.Integer, nullable=False),
    sa.Column("failed", sa.Integer, nullable=False),
    sa.Column("pulled", sa.BigInteger, nullable=False),
    sa.Column("quarantined", sa.BigInteger, nullable=False),
    sa.Column("batch", sa.BigInteger),  # the last one that is served; None: nothing ever came
    sa.Column("landed_digest", Word),
    sa.Column("taken_over_at", Moment),
    sa.Column("data_as_of", Moment),
    sa.Column("fresh_for_days", sa.Integer, nullable=False),
    sa.Column("beyond_mending", sa.BigInteger, nullable=False),
    sa.Column("cases_opened", sa.Integer, nullable=False),
    sa.Column("cases_closed", sa.Integer, nullable=False),
    sa.Column("closed_in_time", sa.Integer, nullable=False),
    sa.Column("cases_open", sa.Integer, nullable=False),  # when the month ended, as `cases_overdue`
    sa.Column("cases_overdue", sa.Integer, nullable=False),
    sa.CheckConstraint("extract(day FROM month) = 1", name="month"),
    sa.CheckConstraint("closed_in_time <= cases_closed AND cases_overdue <= cases_open", name="cases"),
)

monthly_score = sa.Table(
    "monthly_score",
    metadata,
    sa.Column("month", sa.Date, primary_key=True),
    sa.Column("dataset", Word, primary_key=True),
    sa.Column("dimension", Word, primary_key=True),
    sa.Column("level", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("department", Word, nullable=False),
    sa.Column("checked", sa.BigInteger, nullable=False),
    sa.Column("failed", sa.BigInteger, nullable=False),
    sa.Column("beyond_mending", sa.BigInteger, nullable=False),  # out of both
    sa.CheckConstraint("extract(day FROM month) = 1", name="month"),
    sa.CheckConstraint("failed BETWEEN 0 AND checked", name="failed"),
    sa.Index(None, "department", "month"),
)

monthly_failure = sa.Table(  # every rule that something failed
    "monthly_failure",
    metadata,
    sa.Column("month", sa.Date, primary_key=True),
    sa.Column("dataset", Word, primary_key=True),
    sa.Column("rule_id", Word, primary_key=True),
    sa.Column("rule_version", Word, nullable=False),
    sa.Column("department", Word, nullable=False),
    sa.Column("dimension", Word, nullable=False),
    sa.Column("level", sa.SmallInteger, nullable=False),
    sa.Column("checked", sa.BigInteger, nullable=False),
    sa.Column("failed", sa.BigInteger, nullable=False),
    sa.CheckConstraint("extract(day FROM month) = 1", name="month"),
    sa.CheckConstraint("failed BETWEEN 1 AND checked", name="failed"),
)

monthly_use = sa.Table(  # how the hub was used: by figure, department and name
    "monthly_use",
    metadata,
    sa.Column("month", sa.Date, primary_key=True),
    sa.Column("figure", Word, primary_key=True),
    sa.Column("department", Word, primary_key=True),
    sa.Column("name", Word, primary_key=True),
    sa.Column("count", sa.BigInteger, nullable=False),
    sa.CheckConstraint("extract(day FROM month) = 1", name="month"),
    sa.CheckConstraint("figure IN ('asked','exempt','needless_paper','applications')", name="figure"),
)

MONTHLY = (monthly_dataset, monthly_score, monthly_failure, monthly_use)
