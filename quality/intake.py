"""归集: the way of a batch, in the seven steps of the design, in its order.

    with Intake.open(HubHome(path), clock) as intake:
        outcome = intake.take_in("public_security.residents")
        outcome.state, outcome.counts

Whatever stops it, at whatever moment, the next call finishes the same batch: a step writes down that it is done in
the transaction that does it, and an unfinished step is done again from its beginning. What a batch changes in the
store, it changes in one transaction (step 6). Nothing here returns, raises or logs a value of a row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import TracebackType
from typing import Literal, Self

from certificates.sealing import sealing_key
from certificates.types import CertificateType, load_types
from quality import dry_runs, holding, telling, turnover
from quality.checking import Checked, check, unknowable
from quality.dry_runs import DryRun
from quality.errors import UnknownCertificateType, UnknownDataset
from quality.parting import Parting
from quality.rules import compile_rules, day_of
from quality.scores import RuleScore
from registries.connectors.faults import SourceFault
from registries.connectors.kinds import Connector, connector_for
from registries.contract_model import Dataset
from registries.departments import Catalogue, load_catalogue
from registries.home import HubHome, Role, SourceLocations
from registries.landing import Landed, Landing
from registries.landing_faults import LandedMissing
from registries.store import batches
from registries.store.batches import Batch, BatchCounts
from registries.store.engine import Store
from registries.store.stage import Stage

__all__ = ["DryRun", "Intake", "IntakeOutcome", "Progress", "Step", "quiet"]


class Step(StrEnum):
    """The steps of a batch, in their order."""

    OPEN = "open"
    PULL = "pull"
    LAND = "land"
    CHECK = "check"
    PART = "part"
    TAKE_OVER = "take_over"
    TELL = "tell"


Progress = Callable[[Step, str, int], None]
"""Told at each step's beginning, and within it, how many rows of a dataset went through so far."""


def quiet(step: Step, dataset: str, rows: int) -> None:
    """The progress display of callers that show none."""


@dataclass(frozen=True)
class IntakeOutcome:
    """What became of a delivery: counts and scores only.

    Attributes:
        batch: the batch's number; None if the source had nothing new, and then there is no batch.
        state: `held` batches wait for a steward, and what is served stays as it was.
        landed_digest: SHA-256, in hex, of what was landed.
    """

    dataset: str
    batch: int | None
    state: Literal["done", "nothing_new", "held"]
    counts: BatchCounts
    scores: tuple[RuleScore, ...] = ()
    landed_digest: str | None = None


class Intake:
    """Takes batches in; one per process, used by one thread at a time.

    Args:
        store: as the role hub_load sees it.
        landing: where deliveries are kept, sealed.
        catalogue: all contracts.
        types: certificate types by code.
        clock: gives the time, with a time zone.
        sources: where the contracts' servers are.
    """

    def __init__(
        self,
        store: Store,
        landing: Landing,
        catalogue: Catalogue,
        types: Mapping[str, CertificateType],
        clock: Callable[[], datetime],
        sources: SourceLocations,
    ) -> None:
        self.landing = landing
        self.catalogue = catalogue
        self._store = store
        self._types = types
        self._clock = clock
        self._sources = sources

    @classmethod
    def open(cls, home: HubHome, clock: Callable[[], datetime]) -> Self:
        """The intake of a HUB_HOME; HomeError if it was not set up."""
        landing = Landing(home.landed, sealing_key(home.secret("landing_key")))
        store = Store(home.store_url(Role.LOAD))
        return cls(store, landing, load_catalogue(), load_types(), clock, home.sources())

    def close(self) -> None:
        """Give the store's connections back."""
        self._store.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def take_in(
        self,
        dataset_name: str,
        *,
        progress: Progress = quiet,
        connector: Connector | None = None,
        deliverer: str = "pull",
    ) -> IntakeOutcome:
        """Take the dataset's next delivery in, or finish the one that was begun.

        Args:
            dataset_name: `<department>.<table>`.
            progress: is told how far it is.
            connector: what was delivered; by default the source that the contract names is pulled.
            deliverer: who delivered it, for the batch's record.

        Raises:
            UnknownDataset: no contract describes it.
            DatasetBusy: another process is taking it in.
            SourceFault: the source can't be read as it is; what the hub serves stays as it was.
        """
        dataset = self._dataset(dataset_name)
        with batches.dataset_lock(self._store, dataset.name):
            progress(Step.OPEN, dataset.name, 0)
            batch = self._open(dataset, connector, deliverer, progress)
            if batch is None:
                return IntakeOutcome(dataset.name, None, "nothing_new", BatchCounts())
            return self._finish(dataset, batch, connector, progress)

    def dry_run(self, dataset_name: str, connector: Connector) -> DryRun:
        """What taking this delivery in would do; nothing is kept. Errors as `take_in`."""
        dataset = self._dataset(dataset_name)
        with batches.dataset_lock(self._store, dataset.name):
            return dry_runs.dry_run(self._store, self.catalogue, dataset, connector, self._clock())

    def _finish(self, dataset: Dataset, batch: Batch, connector: Connector | None, progress: Progress) -> IntakeOutcome:
        """Steps 2 to 7, or those of them that an earlier attempt has left."""
        if batch.state == "opened":
            batch = self._pull_and_land(dataset, batch, connector or self._source(dataset), progress)
        if batch.state == "landed":
            landed = self._landed(batch)
            checked = self._check(dataset, batch, landed, progress)
            parting = self._part(dataset, batch, checked, progress)
            batch = self._take_over(dataset, batch, landed, checked, parting, progress)
        return self._tell(dataset, batch, progress)

    # 1. Open: take the dataset's lock (above), see whether there is anything new, write down the intention.

    def _open(self, dataset: Dataset, connector: Connector | None, deliverer: str, progress: Progress) -> Batch | None:
        """The batch to work on: the unfinished one, or a new one; None if the source has nothing new."""
        compile_rules(dataset, day_of(self._clock()))  # a contract that can't be executed costs no batch
        begun = self._begun(dataset)
        if begun is not None and begun.state != "opened" and connector is None:
            return begun  # the source is not needed any more
        source = connector or self._source(dataset)
        identity = source.identity()
        if begun is not None and (begun.identity, begun.contract_version) == (identity, dataset.contract_version):
            return begun
        if begun is not None:
            self._end(dataset, begun, progress)
        return self._open_new(dataset, source, identity, deliverer)

    def _begun(self, dataset: Dataset) -> Batch | None:
        """The unfinished batch, unless the contract has changed under what it landed."""
        with self._store.begin() as conn:
            begun = batches.unfinished(conn, dataset.name)
            if begun is not None and begun.state == "landed" and begun.contract_version != dataset.contract_version:
                batches.mark_failed(conn, begun, "contract_changed")
                return None
        return begun

    def _end(self, dataset: Dataset, begun: Batch, progress: Progress) -> None:
        """Another delivery has come: what was landed of the one begun is finished, what wasn't can't be any more."""
        if begun.state != "opened":
            self._finish(dataset, begun, None, progress)
            return
        with self._store.begin() as conn:
            batches.mark_failed(conn, begun, "superseded")

    def _open_new(self, dataset: Dataset, source: Connector, identity: str, deliverer: str) -> Batch | None:
        now = self._clock()
        with self._store.begin() as conn:
            before = batches.last_done(conn, dataset.name)
            if before is None or (before.identity, before.contract_version) != (identity, dataset.contract_version):
                return batches.open_batch(conn, dataset, source.description, identity, deliverer, now)
            if dataset.server.kind == "database" and before.hold_reason is None:
                batches.confirm_fresh(conn, dataset.name, now)
        return None

    # 2. Pull, in columns and chunks. 3. Land the original and the rows, sealed, before anybody judges them.

    def _pull_and_land(self, dataset: Dataset, batch: Batch, source: Connector, progress: Progress) -> Batch:
        progress(Step.PULL, dataset.name, 0)
        try:
            landed = self.landing.land(batch.number, source, lambda rows: progress(Step.PULL, dataset.name, rows))
        except SourceFault as fault:
            self._fail(batch, type(fault).__name__)
            raise
        progress(Step.LAND, dataset.name, landed.rows)
        with self._store.begin() as conn:
            return batches.mark_landed(conn, batch, landed, self._clock())

    # 4. Check every row against the contract's rules, and stage it for the rules that see more than one row.

    def _check(self, dataset: Dataset, batch: Batch, landed: Landed, progress: Progress) -> Checked:
        progress(Step.CHECK, dataset.name, 0)
        with self._store.begin() as conn:
            stage = Stage(conn, dataset, batch)
            stage.create()
            return check(
                conn,
                dataset,
                self.landing.read(landed),
                stage,
                day_of(batch.opened_at),
                lambda rows: progress(Step.CHECK, dataset.name, rows),
                bad_news_codes=holding.bad_news_codes(dataset, self._types),
                unknowable=unknowable(conn, self.catalogue, dataset),
            )

    # 5. Part the rows: accepted, quarantined with every reason that applies, or all of them held at the gate.

    def _part(self, dataset: Dataset, batch: Batch, checked: Checked, progress: Progress) -> Parting:
        progress(Step.PART, dataset.name, checked.pulled)
        with self._store.begin() as conn:
            return turnover.part(conn, dataset, batch, checked)

    # 6. Take over, in one transaction: merge, look-ups, status events, quarantine, scores, the ledger's entry.

    def _take_over(
        self, dataset: Dataset, batch: Batch, landed: Landed, checked: Checked, parting: Parting, progress: Progress
    ) -> Batch:
        progress(Step.TAKE_OVER, dataset.name, parting.accepted)
        news = holding.news_of(dataset, checked, parting, self.landing, landed)
        with self._store.begin() as conn:
            kind = self._certificate_type(dataset)
            return turnover.take_over(conn, dataset, batch, checked, parting, kind, news, self._clock())

    # 7. Tell: conflicts become cases, as findings did; the ledger's entry gets its place; the batch is done.

    def _tell(self, dataset: Dataset, batch: Batch, progress: Progress) -> IntakeOutcome:
        counts = batch.counts or BatchCounts()
        progress(Step.TELL, dataset.name, counts.pulled)
        done = telling.tell(self._store, self.catalogue, dataset, batch, self._clock())
        state: Literal["held", "done"] = "held" if done.hold_reason else "done"
        scores = telling.kept_scores(self._store, done)
        return IntakeOutcome(dataset.name, done.number, state, counts, scores, done.landed_digest)

    # What the steps share.

    def _dataset(self, name: str) -> Dataset:
        if name not in self.catalogue:
            raise UnknownDataset(name)
        dataset = self.catalogue.dataset(name)
        if dataset.certificate is not None and dataset.certificate.type_code not in self._types:
            raise UnknownCertificateType(name, dataset.certificate.type_code)
        return dataset

    def _certificate_type(self, dataset: Dataset) -> CertificateType | None:
        return None if dataset.certificate is None else self._types[dataset.certificate.type_code]

    def _source(self, dataset: Dataset) -> Connector:
        return connector_for(dataset, self._sources)

    def _landed(self, batch: Batch) -> Landed:
        """What the batch landed, unchanged since; if it is gone or damaged, the next call pulls a new batch."""
        try:
            landed = self.landing.landed(batch.number)
        except LandedMissing:
            landed = None
        if landed is None or landed.digest != batch.landed_digest:
            self._fail(batch, "landed_missing")
            raise LandedMissing(f"{batch.number}.parquet")
        return landed

    def _fail(self, batch: Batch, reason_code: str) -> None:
        with self._store.begin() as conn:
            batches.mark_failed(conn, batch, reason_code)
