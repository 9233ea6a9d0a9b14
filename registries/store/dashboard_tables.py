"""What stewards' dashboards read: counts that the intake and the worker keep, of nobody's rows.

A page asks these small tables alone, however many rows the hub holds; `dashboards` writes them. `declared_total` is
what issuers say they have issued: insert-only, the latest word counts.

    >>> score_month.primary_key.columns.keys()
    ['dataset', 'month', 'rule_id']
"""

import sqlalchemy as sa

from registries.store.tables import Moment, Word, metadata


def _word(name: str, *, primary: bool = False) -> sa.Column[str]:
    return sa.Column(name, Word, nullable=False, primary_key=primary)


def _big(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=null, autoincrement=False)


score_month = sa.Table(  # as `monthly` says of a month that is closed: of the last snapshot, or of all change sets
    "score_month",
    metadata,
    _word("dataset", primary=True),
    sa.Column("month", sa.Date, primary_key=True),  # its first day
    _word("rule_id", primary=True),
    _word("dimension"),
    sa.Column("level", sa.SmallInteger, nullable=False),
    _big("checked"),
    _big("failed"),
    _word("delivery"),
    sa.CheckConstraint("failed BETWEEN 0 AND checked", name="failed"),
    sa.Index(None, "month"),
)

dataset_standing = sa.Table(  # each dataset's latest batch that was taken over, and what was counted of it
    "dataset_standing",
    metadata,
    _word("dataset", primary=True),
    _big("batch"),
    sa.Column("at", Moment, nullable=False),
    _big("pulled"),
    _big("refused"),
    sa.Column("held", sa.Boolean, nullable=False),
    sa.Column("batches", sa.Integer, nullable=False),
    _big("counted_batch", null=True),  # the certificates and conflicts are those after this batch
    sa.Column("counted_at", Moment),
    _big("counted_certificate", null=True),  # certificates up to this number stand in coverage_lag
)

coverage_year = sa.Table(  # certificates that are held, by the year in which they were issued; 0: not told
    "coverage_year",
    metadata,
    _word("dataset", primary=True),
    sa.Column("year", sa.SmallInteger, primary_key=True, autoincrement=False),
    _word("certificate_type"),
    _big("held"),
    _big("doubtful"),  # of them, those that are being checked
)

coverage_lag = (
    sa.Table(  # from issue to the batch that brought a certificate first, of those issued since the first one
        "coverage_lag",
        metadata,
        _word("dataset", primary=True),
        sa.Column("month", sa.Date, primary_key=True),  # of issue
        sa.Column("days", sa.Integer, primary_key=True, autoincrement=False),
        _word("certificate_type"),
        _big("certificates"),
    )
)

conflict_count = sa.Table(
    "conflict_count",
    metadata,
    _word("register", primary=True),
    _word("attribute", primary=True),
    _word("dataset", primary=True),
    _word("authority", primary=True),
    _big("found"),
)

answer_count = sa.Table(  # answers by day in China; "" for what a question or an answer does not have
    "answer_count",
    metadata,
    sa.Column("day", sa.Date, primary_key=True),
    _word("department", primary=True),
    _word("act", primary=True),
    sa.Column("service_item", sa.Text, primary_key=True),
    _word("certificate_type", primary=True),
    _word("code", primary=True),
    _big("questions"),
)

dashboard_place = sa.Table(  # up to where the ledger's answers were counted: its next place
    "dashboard_place",
    metadata,
    sa.Column("one", sa.Boolean, primary_key=True),
    _big("next"),
    sa.CheckConstraint("one", name="one"),
)

declared_total = sa.Table(
    "declared_total",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    _word("certificate_type"),
    _word("department"),
    sa.Column("year", sa.SmallInteger, nullable=False),
    _big("issued"),
    _word("declared_by"),  # a login
    sa.Column("declared_at", Moment, nullable=False),
    sa.CheckConstraint("issued >= 0", name="issued"),
    sa.CheckConstraint("year BETWEEN 1949 AND 2200", name="year"),
    sa.Index(None, "certificate_type", "year", "id"),
)
