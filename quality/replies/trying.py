"""Files that came to be tried only (`shops_1.csv.dry`): each once, with the same report as a dry run anywhere.

    trials = Trials(home, store, clock)
    trials.try_waiting(intake, "market_regulation.enterprises")      # how many were tried; a reply is owed for each

The rows that would be refused are kept in HUB_HOME/out, sealed, until the reply is written.
"""

import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from certificates.sealing import sealing_key
from quality.intake import Intake
from quality.parting import REQUIRED
from quality.reasons import reasons_of
from quality.refused_rows.formats import RefusedFile
from quality.refused_rows.reading import DATABASE_ENCODING, RefusedRow, line_of
from quality.workbooks.errors import WorkbookNotMade
from quality.workbooks.faults import RowNumbers
from quality.workbooks.giving_back import annotated_trial, is_round_trip
from registries.connectors.arrivals import TRIAL
from registries.connectors.csv_file import csv_codec
from registries.connectors.faults import SourceDown, SourceFault, StillBeingWritten
from registries.connectors.json_lines import json_codec
from registries.connectors.kinds import Trial, trials
from registries.contracts.model import Dataset
from registries.home import HubHome
from registries.outgoing import Outgoing, kept_as
from registries.store import delivery_replies
from registries.store.engine import Store
from registries.store.owed_replies import outcome_of

Found = Sequence[tuple[str, int, RowNumbers]]
"""Rule, level and the rows that it found."""


class Trials:
    """Tries files; `store` as the role hub_load sees it."""

    def __init__(self, home: HubHome, store: Store, clock: Callable[[], datetime]) -> None:
        self._home = home
        self._store = store
        self._clock = clock
        self._out = Outgoing(home.out, sealing_key(home.secret("landing_key")))

    def try_waiting(self, intake: Intake, dataset_name: str) -> int:
        """Try every file of a dataset that came for it and was not tried yet; how many were.

        Raises:
            SourceFault: the place can't be reached.
            quality.errors.QualityError, registries.errors.RegistriesError: as `Intake.dry_run`.
        """
        dataset = intake.catalogue.dataset(dataset_name)
        if dataset.server.kind != "files":
            return 0
        found = trials(dataset, self._home.sources(), self._home.secret_or_none)
        with self._store.begin() as conn:
            known = delivery_replies.tried(conn, dataset.name, [trial.identity for trial in found])
        return sum(self._try(intake, dataset, trial) for trial in found if trial.identity not in known)

    def _try(self, intake: Intake, dataset: Dataset, trial: Trial) -> bool:
        """A file that is still being written is left for the next look."""
        kept: list[tuple[str, int, RowNumbers]] = []
        try:
            found = intake.dry_run(dataset.name, trial.delivery, kept.extend)
            outcome: dict[str, Any] = asdict(found)
            if any(level == REQUIRED and len(rows) for _, level, rows in kept):
                self._keep_rows(dataset, trial, kept, outcome)
        except (SourceDown, StillBeingWritten):
            return False
        except SourceFault as fault:
            outcome = outcome_of(fault)
        with self._store.begin() as conn:
            delivery_replies.owe_trial(conn, dataset.name, trial.name, trial.identity, outcome, self._clock())
        return True

    def _keep_rows(self, dataset: Dataset, trial: Trial, kept: Found, outcome: Mapping[str, Any]) -> None:
        """A workbook comes back whole, with its faults in red; of other files, and too large ones, what is refused."""
        name, file_name = kept_as(0, trial.identity)[2], trial.name.removesuffix(TRIAL)
        if is_round_trip(dataset, file_name, outcome["counts"]["pulled"]):
            with contextlib.suppress(WorkbookNotMade):
                delivery = trial.delivery
                self._out.keep(name, annotated_trial(dataset, file_name, delivery, kept, outcome, self._clock()))
                return
        self._out.keep(name, _pieces(dataset, trial, _refused(kept)))


def _refused(kept: Found) -> dict[int, list[str]]:
    """Row number -> the rules that refuse it."""
    refused: dict[int, list[str]] = defaultdict(list)
    for rule_id, level, rows in kept:
        if level == REQUIRED:
            for row in rows.tolist():
                refused[row].append(rule_id)
    return refused


def _pieces(dataset: Dataset, trial: Trial, refused: Mapping[int, Sequence[str]]) -> Iterator[bytes]:
    """The rows that would be refused, in the file's own format and encoding."""
    delivery = trial.delivery
    file_format = delivery.file_format()
    codec_of = {"csv": csv_codec, "json_lines": json_codec}.get(file_format)
    encoding = codec_of(dataset, trial.name, delivery.original) if codec_of else DATABASE_ENCODING
    columns = [column.source for column in dataset.columns]
    lines = (line_of(row) for row in _rows(dataset, trial, refused))
    return RefusedFile.like(file_format).pieces(columns, lines, encoding=encoding, sheet=dataset.server.sheet)


def _rows(dataset: Dataset, trial: Trial, refused: Mapping[int, Sequence[str]]) -> Iterator[RefusedRow]:
    before = 0
    for chunk in trial.delivery.chunks():
        places = [place for place in range(chunk.num_rows) if before + place + 1 in refused]
        columns = [chunk.column(column.name).take(places).to_pylist() for column in dataset.columns]
        for place, cells in zip(places, zip(*columns, strict=True), strict=True):
            number = before + place + 1
            yield RefusedRow(number, "quarantined", reasons_of(dataset, refused[number]), cells)
        before += chunk.num_rows
