"""Step 7 from near: what a batch found goes to those who can mend it, and the batch is done.

Cases from findings need the stage and are opened in step 6, in the merge's transaction (`open_cases`); what stands
here can be done again from its beginning, however often it is cut short. It costs by what the batch touched: everything
is looked at only where a contract changed, or where nobody knows what was touched.
"""

from datetime import datetime
from typing import Any

from quality.reasons import ERASED
from quality.rules import day_of
from quality.scores import RuleScore
from registries.contracts.model import Dataset
from registries.departments import Catalogue
from registries.store import (
    batch_cases,
    batches,
    case_closing,
    case_opening,
    dashboards,
    ledger,
    scores,
    subject_comparing,
    watch_changes,
)
from registries.store.batches import Batch
from registries.store.engine import Store
from registries.store.owed_replies import owe_for_end
from registries.store.stage import Stage
from registries.working_days import WorkingDays


def open_cases(conn: Any, dataset: Dataset, batch: Batch, now: datetime, days: WorkingDays) -> None:  # noqa: ANN401 - SQLAlchemy's
    """Findings of level 2 become cases, and what came back mended closes its own: while the stage is there."""
    case_opening.open_from_vanished(conn, batch, dataset, now, days)  # what is missing is not mended
    case_closing.close_mended(conn, batch, dataset, now)
    case_opening.open_from_findings(conn, batch, dataset, now, days)
    batch_cases.settle(conn, batch, dataset, now, days)
    case_opening.open_from_moves(conn, batch, dataset, now, days)
    case_opening.open_from_erased(conn, batch, dataset, ERASED, now, days)


def tell(store: Store, catalogue: Catalogue, dataset: Dataset, batch: Batch, now: datetime, days: WorkingDays) -> Batch:
    """Clients hear what changed, conflicts become cases, the ledger's entry gets its place, the batch is done."""
    with store.begin() as conn:  # first of all: somebody may be waiting for it
        watch_changes.note_batch(conn, dataset, batch, now, day_of(now))
    if not _held_whole(batch):
        with store.begin() as conn:
            subject_comparing.compare(conn, catalogue, dataset, batch, now, days)
    with store.begin() as conn:
        ledger.sequence(conn)
    with store.begin() as conn:
        Stage(conn, dataset, batch).drop()
        dashboards.note_batch(conn, batch)
        owe_for_end(conn, dataset, batch, now)
        return batches.mark_done(conn, batch)


def _held_whole(batch: Batch) -> bool:
    """Nothing of a held batch was taken over, not even bad news: it has nothing to tell."""
    return batch.hold_reason is not None and (batch.counts is None or batch.counts.accepted == 0)


def kept_scores(store: Store, batch: Batch) -> tuple[RuleScore, ...]:
    """The scores that were kept of a batch, by rule."""
    with store.begin() as conn:
        lines = scores.score_history(conn, batch.dataset, batches=1)
    return tuple(
        RuleScore(
            line.rule_id,
            line.rule_version,
            line.dimension,
            line.indicator,
            line.level,
            line.checked,
            line.failed,
            line.beyond_mending,
        )
        for line in lines
        if line.batch == batch.number
    )
