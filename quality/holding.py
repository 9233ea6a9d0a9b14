"""A batch at the gate that may not pass: its rows wait for a steward, and what the hub serves stays as it was.

With one exception: bad news never waits. Suspensions, revocations and the like that stand in a held batch are taken
over at once, unless there are so many of them that they are the abnormality themselves.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pyarrow as pa

from certificates.status import BAD_NEWS
from certificates.types import CertificateType
from quality.checking import Checked
from quality.parting import Parting
from registries.canonical import canonical
from registries.contracts.model import Dataset
from registries.landing import Landed, Landing
from registries.store import quarantine
from registries.store.batches import Batch, BatchCounts
from registries.store.merge import merge
from registries.store.stage import Stage

ROW_NUMBER = "row_number"
USUAL_NEWS = 10
"""So much bad news in a held batch is never too much."""

USUAL_SHARE = 0.02
"""Nor is this share of the last batch's rows."""


def bad_news_codes(dataset: Dataset, types: Mapping[str, CertificateType]) -> list[str]:
    """The source's status codes that mean bad news; none for a dataset without certificates."""
    if dataset.certificate is None:
        return []
    kind = types[dataset.certificate.type_code]
    return [code for code, status in kind.status_map.items() if status in BAD_NEWS]


def news_of(dataset: Dataset, checked: Checked, parting: Parting, landing: Landing, landed: Landed) -> pa.Table | None:
    """Of a held batch the good rows with bad news, canonical, each with its row number; None if there are none."""
    numbers = np.setdiff1d(checked.bad_news_rows(), parting.refused)
    if not parting.held_by or not len(numbers):
        return None
    rows = landing.rows(landed, numbers.tolist()).combine_chunks().to_batches()[0]
    told = pa.Table.from_batches([canonical(rows, dataset)])
    return told.append_column(ROW_NUMBER, pa.array(numbers, pa.int64()))


# `conn` is the store's connection; its type belongs to SQLAlchemy, which this room does not import.
def hold(conn: Any, dataset: Dataset, batch: Batch, parting: Parting, news: pa.Table | None) -> BatchCounts:  # noqa: ANN401 - SQLAlchemy's
    """Record the good rows as held, all but the bad news, which are merged alone.

    Args:
        conn: a transaction of the role hub_load; SQLAlchemy's name for it is known in registries only.
        dataset: whose stage is filled, its refused rows marked and recorded.
        batch: as it was landed.
        parting: what the gate said.
        news: see `news_of`.
    """
    stage = Stage(conn, dataset, batch)
    if news is None:
        stage.refuse_all()
        quarantine.record_refused(conn, dataset, batch, "held")
        return _held(parting, BatchCounts())
    numbers = news.column(ROW_NUMBER).to_numpy()
    stage.refuse(np.setdiff1d(np.arange(1, parting.pulled + 1), np.union1d(parting.refused, numbers)))
    quarantine.record_refused(conn, dataset, batch, "held")
    stage.create()
    stage.copy_in(numbers, news, np.zeros(len(numbers), np.bool_))
    return _held(parting, _merge_news(conn, dataset, batch, parting, len(numbers)))


def reason(parting: Parting) -> str | None:
    """Why a batch is held, in Chinese and English, for the steward who will look at it; None if it isn't."""
    return "\n".join(f"{rule.zh} | {rule.en}" for rule in parting.held_by) or None


def _merge_news(conn: Any, dataset: Dataset, batch: Batch, parting: Parting, rows: int) -> BatchCounts:  # noqa: ANN401 - SQLAlchemy's
    """Merges a stage that holds bad news only; if it turns out to be too much, it is held like the rest."""
    savepoint = conn.begin_nested()
    merged = merge(conn, dataset, batch, close_vanished=False)
    if merged.new + merged.changed <= max(USUAL_NEWS, USUAL_SHARE * parting.pulled_before):
        savepoint.commit()
        return BatchCounts(accepted=rows, **asdict(merged))
    savepoint.rollback()
    Stage(conn, dataset, batch).refuse_all()
    quarantine.record_refused(conn, dataset, batch, "held")
    return BatchCounts()


def _held(parting: Parting, taken: BatchCounts) -> BatchCounts:
    held = parting.pulled - parting.quarantined - taken.accepted
    return replace(taken, pulled=parting.pulled, quarantined=parting.quarantined, held=held)
