"""Takes small deliveries in as the intake does, for tests of what the store does with them."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import sqlalchemy as sa

from certificates.types import load_types
from registries.contracts.model import Dataset
from registries.store import (
    batches,
    case_closing,
    case_opening,
    certificates,
    completions,
    merge,
    quarantine,
    watch_changes,
)
from registries.store.batches import Batch, BatchCounts
from registries.store.merge import MergeCounts
from registries.store.stage import Stage
from tests.registries.store.sample_catalogue import NOW, text_batch

Row = dict[str, str | None]
Staged = tuple[Row, bool]  # a row, and whether a rule of level 1 refused it
TYPES = load_types()


def take_in(
    conn: sa.Connection,
    dataset: Dataset,
    rows: Sequence[Staged],
    *,
    close: bool = True,
    findings: Mapping[str, Sequence[int]] | None = None,
) -> tuple[Batch, MergeCounts]:
    """One batch from opening to done. `findings`: rule of level 2 -> row numbers."""
    batch = batches.open_batch(conn, dataset, "test", "x", "test", NOW)
    stage = Stage(conn, dataset, batch)
    stage.create()
    half = len(rows) // 2
    for first, part in ((0, rows[:half]), (half, rows[half:])):
        numbers = np.arange(first + 1, first + 1 + len(part))
        refused = np.array([refused for _, refused in part], np.bool_)
        stage.copy_in(numbers, text_batch(dataset, [row for row, _ in part]), refused)
    for found in list(stage.unequal_keys()):
        stage.refuse(found)
    quarantine.record_refused(conn, dataset, batch)
    quarantine.close_earlier(conn, dataset, batch)
    for rule_id, numbers in (findings or {}).items():
        quarantine.record_findings(conn, batch, rule_id, 2, np.array(numbers))
    counts = merge.merge(conn, dataset, batch, close_vanished=close)
    if dataset.certificate:
        with completions.kept(conn, dataset, batch, NOW):
            certificates.compose_look_ups(conn, dataset, batch, TYPES[dataset.certificate.type_code])
        case_opening.open_from_vanished(conn, batch, dataset, NOW)
        case_opening.open_from_moves(conn, batch, dataset, NOW)
    case_opening.open_from_findings(conn, batch, dataset, NOW)
    case_closing.close_mended(conn, batch, dataset, NOW)
    pulled, accepted = stage.counts()
    told = BatchCounts(pulled, accepted, pulled - accepted, 0, **dataclasses.asdict(counts))
    batch = batches.mark_taken_over(conn, batch, told, NOW, keys_readable=stage.keys_readable())
    watch_changes.note_batch(conn, dataset, batch, NOW, NOW.date())
    batch = batches.mark_done(conn, batch)
    stage.drop()
    return batch, counts
