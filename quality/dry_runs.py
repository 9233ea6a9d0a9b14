"""What taking a delivery in would do: everything up to the merge, in one transaction that is rolled back.

The clerk sees which rows would be refused and why, and how many would be new or changed, before anything is sent.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime

from quality import turnover
from quality.checking import check, unknowable
from quality.judging import given_chunks
from quality.parting import REQUIRED, Findings, Parting
from quality.reasons import reasons_of
from quality.rules import day_of
from registries.compare.engines import Engine
from registries.compare.placing import WholeStage
from registries.compare.suppressed import suppressed
from registries.connectors.kinds import Connector
from registries.contracts.model import Dataset
from registries.departments import Catalogue
from registries.store.batches import Batch, BatchCounts
from registries.store.engine import Store
from registries.store.merge import merge
from registries.store.stage import Stage
from registries.working_days import WorkingDays

FIRST_ROWS = 20
"""So many row numbers stand beside a reason."""


@dataclass(frozen=True)
class ReasonCount:
    """A rule that failed: in how many rows, and in which first ones (from 1, without the header)."""

    rule_id: str
    level: int
    zh: str
    en: str
    rows: int
    first_rows: tuple[int, ...]


@dataclass(frozen=True)
class DryRun:
    """What would become of a delivery.

    Attributes:
        held_by: the batch rules that would hold it, in words.
        reasons: of each rule that failed, the most frequent first.
    """

    dataset: str
    counts: BatchCounts
    held_by: tuple[str, ...]
    reasons: tuple[ReasonCount, ...]


def dry_run(
    store: Store,
    engine: Engine,
    catalogue: Catalogue,
    dataset: Dataset,
    connector: Connector,
    now: datetime,
    days: WorkingDays,
    told: Callable[[Findings], None] = lambda _: None,
) -> DryRun:
    """Checks and merges a delivery, keeps nothing. The caller holds the dataset's lock.

    `told` is given every failing row of every rule, where the report has only the first ones.
    """
    batch = _imagined(dataset, connector, now)
    with store.connect() as conn:
        placing = WholeStage(conn, Stage(conn, dataset, batch))
        checked = check(
            engine,
            dataset,
            given_chunks(connector.chunks()),
            placing,
            day_of(now),
            lambda _: None,
            unknowable=unknowable(conn, catalogue, dataset),
            suppressed=suppressed(conn, dataset),
        )
        parting = turnover.part(conn, dataset, batch, checked, days)
        counts = _held(parting)
        if not parting.held_by:
            doubt = turnover.key_doubt(conn, dataset, checked)
            whole = connector.delivery == "snapshot"
            merged = merge(conn, dataset, batch, close_vanished=whole, doubt=doubt)
            counts = BatchCounts(parting.pulled, parting.accepted, parting.quarantined, 0, **asdict(merged))
        conn.rollback()
    told(checked.findings)
    held_by = tuple(f"{rule.zh} | {rule.en}" for rule in parting.held_by)
    return DryRun(dataset.name, counts, held_by, reasons(dataset, checked.findings))


def reasons(dataset: Dataset, findings: Findings) -> tuple[ReasonCount, ...]:
    """How often each rule failed, in the contract's words; one about the whole batch names no rows."""
    found = [
        ReasonCount(rule.id, rule.level, rule.zh, rule.en, 0, ())
        for rule in dataset.rules
        if rule.level > REQUIRED and rule.id in findings.measures and not findings.measures[rule.id].holds
    ]
    for rule_id, level, rows in findings:
        if len(rows):
            (told,) = reasons_of(dataset, [rule_id])
            first = tuple(rows[:FIRST_ROWS].tolist())
            found.append(ReasonCount(rule_id, level, told.zh, told.en, len(rows), first))
    return tuple(sorted(found, key=lambda reason: (reason.level, -reason.rows, reason.rule_id)))


def _imagined(dataset: Dataset, connector: Connector, now: datetime) -> Batch:
    """A batch that is nowhere written down: real ones are numbered from 1."""
    version, source = dataset.contract_version, connector.description
    return Batch(0, dataset.name, 0, "landed", source, "", version, "dry run", now, delivery=connector.delivery)


def _held(parting: Parting) -> BatchCounts:
    return BatchCounts(
        pulled=parting.pulled, quarantined=parting.quarantined, held=parting.pulled - parting.quarantined
    )
