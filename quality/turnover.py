"""Steps 5 and 6 from near: which rows go on, and the one transaction in which a batch changes the store.

with store.begin() as conn:
    parting = turnover.part(conn, dataset, batch, checked, days)
    batch = turnover.take_over(conn, dataset, batch, placing, checked, parting, kind, news, clock(), days)
"""

import secrets
from dataclasses import asdict
from datetime import datetime
from typing import Any

import pyarrow as pa

from certificates.types import CertificateType
from quality import batch_entry, gate, history, holding, telling
from quality.checking import Checked
from quality.parting import Parting
from quality.scores import rule_scores
from registries.compare.placing import Placing
from registries.contracts.model import Dataset
from registries.store import (
    batches,
    case_closing,
    certificates,
    completions,
    held_batches,
    ledger,
    profiles,
    quarantine,
    scores,
)
from registries.store.batches import Batch, BatchCounts
from registries.store.merge import KeyDoubt, Placed, merge
from registries.store.stage import Stage
from registries.working_days import WorkingDays

Connection = Any
"""The store's transaction; SQLAlchemy's name for it is known in registries only."""

SALT_BYTES = 16


def part(conn: Connection, dataset: Dataset, batch: Batch, checked: Checked, days: WorkingDays) -> Parting:
    """Which rows are refused, marked so in the stage, and whether the gate holds the batch.

    `days` is the calendar of working days that lateness is counted by.
    """
    checked.profile = history.compare(conn, dataset, batch, checked, days)
    refused = checked.findings.refused()
    Stage(conn, dataset, batch).refuse(refused)
    whole = batches.delivery_of(dataset, batch) == "snapshot"
    before = batches.last_taken_over(conn, dataset.name, "snapshot")
    pulled_before = before.counts.pulled if whole and before is not None and before.counts is not None else 0
    deleted, current = (0, 0) if whole else Stage(conn, dataset, batch).deletions(gate.FEW)
    gauge = gate.Gauge(checked.pulled, len(refused), pulled_before, whole, deleted, current)
    columns = [column.name for column in dataset.columns]
    held_by = gate.failed(dataset.rules, gauge, checked.findings.measures, columns)
    release = held_batches.release_of(conn, batch)
    return Parting(checked.pulled, refused, gate.without_waived(held_by, release), pulled_before, release)


def take_over(
    conn: Connection,
    dataset: Dataset,
    batch: Batch,
    placing: Placing,
    checked: Checked,
    parting: Parting,
    kind: CertificateType | None,
    news: pa.Table | None,
    now: datetime,
    days: WorkingDays,
) -> Batch:
    """Everything that a batch changes in what is served; the caller commits it as one.

    Args:
        conn: a transaction of the role hub_load.
        dataset: whose stage is filled, its refused rows marked.
        batch: as it was landed.
        placing: where the rows are.
        checked: what the rules found.
        parting: what becomes of the rows.
        kind: the certificate type, if the dataset holds certificates.
        news: the bad news of a held batch (see `holding.news_of`).
        now: for the record.
        days: the calendar of working days that cases have to be settled by.
    """
    doubt = key_doubt(conn, dataset, checked)
    with placing.keeping_image():
        counts = _merge(conn, dataset, batch, placing.placed(parting.accepted), checked, parting, news, doubt)
    if kind is not None:
        with completions.kept(conn, dataset, batch, now):
            certificates.compose_look_ups(conn, dataset, batch, kind)
    _write_down(conn, dataset, batch, checked, parting, counts, now)
    if not parting.held_by:
        telling.open_cases(conn, dataset, batch, now, days)
    return batches.mark_taken_over(
        conn,
        batch,
        counts,
        now,
        keys_readable=doubt is not KeyDoubt.NEW,
        hold_reason=holding.reason(parting),
        as_of=None if parting.release is None else parting.release.as_of,
    )


def key_doubt(conn: Connection, dataset: Dataset, checked: Checked) -> KeyDoubt:
    """Whether rows with refused keys may be those that a snapshot lacks."""
    rows = checked.bad_key_rows()
    if not len(rows):
        return KeyDoubt.NONE
    return KeyDoubt.NEW if quarantine.new_bad_keys(conn, dataset, rows) else KeyDoubt.KNOWN


def _merge(
    conn: Connection,
    dataset: Dataset,
    batch: Batch,
    placed: Placed | None,
    checked: Checked,
    parting: Parting,
    news: pa.Table | None,
    doubt: KeyDoubt,
) -> BatchCounts:
    """Quarantine with every reason, and the merge, or the hold."""
    quarantine.start_over(conn, batch)
    quarantine.record_refused(conn, dataset, batch, "quarantined")
    for rule_id, level, rows in checked.findings:
        if len(rows):
            quarantine.record_findings(conn, batch, rule_id, level, rows)
    if parting.release is not None:
        held_batches.close_refused(conn, parting.release, batch)
    if parting.held_by:
        held_batches.note_held(conn, batch, [rule.id for rule in parting.held_by], parting.pulled_before)
        return holding.hold(conn, dataset, batch, parting, news)
    quarantine.close_earlier(conn, dataset, batch)
    whole = batches.delivery_of(dataset, batch) == "snapshot"
    merged = merge(conn, dataset, batch, close_vanished=whole, doubt=doubt, placed=placed)
    return BatchCounts(parting.pulled, parting.accepted, parting.quarantined, 0, **asdict(merged))


def _write_down(
    conn: Connection,
    dataset: Dataset,
    batch: Batch,
    checked: Checked,
    parting: Parting,
    counts: BatchCounts,
    now: datetime,
) -> None:
    """Scores, and the ledger's entry, which gets its place later: a long merge must not block answers."""
    found = rule_scores(dataset, checked.findings, case_closing.beyond_mending(conn, batch, dataset))
    scores.record_scores(conn, batch, found)
    profiles.record(conn, batch, checked.profile)
    facts = {
        "dataset": dataset.name,
        "sequence": batch.sequence,
        "contract_version": batch.contract_version,
        "landed_digest": batch.landed_digest,
        "at": now.isoformat(),
        "held_by": [rule.id for rule in parting.held_by],
        "counts": asdict(counts),
    }
    if parting.release is not None:
        facts |= {"release_of": parting.release.held, "waived": sorted(parting.release.rules)}
    body = batch_entry.payload(facts, found, salt=secrets.token_bytes(SALT_BYTES))
    ledger.append(conn, [batch_entry.entry(dataset.name, batch.sequence, body)], now)
