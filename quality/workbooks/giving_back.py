"""A batch or an upload given back as an annotated workbook, from what landed of it.

pieces = annotated_batch(store, landing, dataset, batch, landed)       # at once; rows are read while it is sent
pieces = annotated_upload(landing, dataset, upload, faults)
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from certificates.china_time import CHINA
from quality.workbooks.apart import made_apart
from quality.workbooks.faults import Faults, RowNumbers
from quality.workbooks.summary import Story
from registries.connectors.kinds import Connector, upload_connector
from registries.connectors.workbook_faults import ROWS
from registries.contracts.model import Dataset
from registries.landing import Landed, Landing
from registries.store import batch_findings
from registries.store.batches import Batch
from registries.store.engine import Store
from registries.store.uploads import Upload

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SUFFIX = ".xlsx"
_TRIED = "试跑, 未入库 dry run, nothing kept"


def is_round_trip(dataset: Dataset, file_name: str, rows: int) -> bool:
    """Whether a delivery is given back as a workbook: it was one, or its contract says that it comes as one."""
    return (dataset.server.format == "xlsx" or file_name.lower().endswith(SUFFIX)) and 0 < rows <= ROWS


def annotated_batch(
    store: Store,
    landing: Landing,
    dataset: Dataset,
    batch: Batch,
    landed: Landed,
    patience: float | None = None,
) -> Iterator[bytes]:
    """The workbook of a batch that was judged.

    Args:
        store: of a role that may see positions.
        landing: what landed of it.
        dataset: by its contract in force now.
        batch: with its counts.
        landed: where its rows are.
        patience: seconds to wait while others are made.

    Raises:
        LandedMissing: what was landed has expired or is damaged; also while it is read.
        WorkbooksBusy: as `made_apart`.
    """
    with store.begin() as conn:
        faults = Faults.of(batch_findings.all_of(conn, batch.number))
    counts: dict[str, int] = asdict(batch.counts) if batch.counts else {}
    moment = batch.opened_at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")
    held = (batch.hold_reason,) if batch.hold_reason else ()
    story = Story(batch.source, f"第 {batch.number} 批 batch {batch.number}", moment, counts, held)
    rows = (rows for _, rows in landing.read(landed))
    return made_apart(dataset, rows, faults, story, patience=patience)


def annotated_trial(
    dataset: Dataset,
    file_name: str,
    connector: Connector,
    findings: Iterable[tuple[str, int, RowNumbers]],
    outcome: Mapping[str, Any],
    now: datetime,
) -> Iterator[bytes]:
    """The workbook of a file that was dropped to be tried; errors as `annotated_upload`."""
    moment = now.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")
    story = Story(file_name, _TRIED, moment, outcome.get("counts") or {}, outcome.get("held_by") or ())
    return made_apart(dataset, connector.chunks(), Faults.of(findings), story)


def annotated_upload(
    landing: Landing, dataset: Dataset, upload: Upload, faults: Faults, patience: float | None = None
) -> Iterator[bytes]:
    """The workbook of a file that a dry run has tried. SourceFault and LandedMissing as its rows are read.

    Others as `annotated_batch`.
    """
    outcome: dict[str, Any] = dict(upload.outcome or {})
    moment = (upload.finished_at or upload.made_at).astimezone(CHINA).strftime("%Y-%m-%d %H:%M")
    story = Story(
        upload.file_name,
        _TRIED,
        moment,
        outcome.get("counts") or {},
        outcome.get("held_by") or (),
    )
    connector = upload_connector(dataset, upload.file_name, lambda: landing.open_upload(Path(upload.path)))
    return made_apart(dataset, connector.chunks(), faults, story, patience=patience)
