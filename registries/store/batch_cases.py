"""Cases about a dataset as a whole: a rule about a batch that failed, and deliveries that don't come.

    batch_cases.settle(conn, batch, dataset, now, calendar)       # in the merge's transaction, after its scores
    batch_cases.settle_lateness(conn, names, now, calendar, ...)  # by whoever looks at the clock

Such a case has one row: the dataset itself. Of a rule about a batch it is settled by the next batch that passes the
rule; of lateness, by the next delivery, or by a source that confirms what the store holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Final

import sqlalchemy as sa

from registries.contracts.batch_rules import FRESHNESS
from registries.contracts.model import Dataset
from registries.store import batches, case_closing, digests
from registries.store.batches import Batch
from registries.store.case_joining import columns_found, open_found, opening_of
from registries.store.case_opening import EXPECTED
from registries.store.casework_tables import case
from registries.store.engine import written
from registries.store.tables import Word, finding, score
from registries.store.tables import dataset as dataset_row
from registries.working_days import WorkingDays

_CAUSE: Final = "finding"


def settle(
    conn: sa.Connection, batch: Batch, dataset: Dataset, now: datetime, calendar: WorkingDays | None = None
) -> int:
    """Settle the cases whose rule this batch passes, and open one for each rule of level 2 that it fails; how many."""
    about = [rule.id for rule in dataset.rules if rule.kind == "batch"]
    mine = [score.c.batch == batch.number, score.c.checked > 0]
    passed = sa.exists().where(*mine, score.c.rule_id == case.c.rule_id, score.c.failed == 0)
    which = [*_of(dataset.name), case.c.rule_id.in_(about)]
    if conn.execute(sa.select(sa.exists().where(*which))).scalar_one():
        case_closing.close(conn, batch, now, *which, sa.or_(passed, case.c.rule_id == FRESHNESS))
        case_closing.mend_after_all(conn, batch, now, which, [passed])
    by_row = sa.exists().where(finding.c.batch == batch.number, finding.c.rule_id == score.c.rule_id)
    failed = [score.c.rule_id.in_(about), score.c.level == EXPECTED, score.c.failed > 0]
    rules = sa.select(score.c.rule_id).where(*mine, *failed, score.c.rule_id != FRESHNESS, ~by_row)
    return _open_about(conn, batch, dataset, rules, now, calendar)


def ages(conn: sa.Connection) -> Mapping[str, tuple[datetime, bool]]:
    """Each dataset that was ever heard from: as of when the store knows it, and whether a case says that it is late."""
    late = sa.exists().where(case.c.dataset == dataset_row.c.name, *_late())
    told = sa.select(dataset_row.c.name, dataset_row.c.data_as_of, late).where(dataset_row.c.data_as_of.is_not(None))
    return {name: (as_of, is_late) for name, as_of, is_late in conn.execute(told)}


def settle_lateness(
    conn: sa.Connection,
    dataset: Dataset,
    now: datetime,
    day: date,
    *,
    late: bool,
    calendar: WorkingDays | None = None,
) -> int:
    """Open the dataset's case of lateness, or close it; what is so already stays.

    Args:
        conn: of the role hub_load; the caller commits.
        dataset: which is late, or is not any more.
        now: for the steps.
        day: the same, in China.
        late: which of the two.
        calendar: of working days.
    """
    last = batches.last_taken_over(conn, dataset.name)
    if last is None:
        return 0
    of_day = replace(last, dataset=f"{dataset.name}@{day}")  # the ledger tells steps of one batch apart by their day
    if not late:
        return case_closing.close(conn, of_day, now, case.c.dataset == dataset.name, *_late())
    return _open_about(conn, of_day, dataset, sa.select(sa.literal(FRESHNESS, Word)), now, calendar)


def set_fresh_for(conn: sa.Connection, days: Mapping[str, int]) -> int:
    """How many calendar days the data of some datasets may be old now, public holidays counted; how many changed."""
    changed = 0
    for name, count in days.items():
        other = sa.and_(dataset_row.c.name == name, dataset_row.c.fresh_for_days != count)
        changed += written(conn, sa.update(dataset_row).where(other).values(fresh_for_days=count))
    return changed


def _of(dataset: str) -> Sequence[sa.ColumnElement[bool]]:
    return [case.c.cause == _CAUSE, case.c.dataset == dataset]


def _late() -> Sequence[sa.ColumnElement[bool]]:
    return [case.c.cause == _CAUSE, case.c.rule_id == FRESHNESS, case.c.state == "open"]


def _open_about(
    conn: sa.Connection,
    batch: Batch,
    dataset: Dataset,
    rules: sa.Select[tuple[str]],
    now: datetime,
    calendar: WorkingDays | None,
) -> int:
    """A case for each rule that the statement gives; its row is the dataset."""
    named = rules.subquery()
    (rule,) = named.c
    subject = digests.digest("key", [sa.literal(f"batches_of_{dataset.name}"), rule])
    rows = sa.select(*columns_found(subject, rule_id=rule))
    return open_found(conn, opening_of("rectification", "finding", dataset, batch, now, calendar), rows)
