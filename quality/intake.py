"""归集: the way of a batch, in the seven steps of the design, in its order.

    with Intake.open(HubHome(path), clock) as intake:
        outcome = intake.take_in("public_security.residents")           # the next delivery
        outcome.state, outcome.counts
        outcomes = intake.take_in_all("market_regulation.enterprises")  # all that wait, in their order

Whatever stops it, at whatever moment, the next call finishes the same batch: a step writes down that it is done in
the transaction that does it, and an unfinished step is done again from its beginning. What a batch changes in the
store, it changes in one transaction (steps 4 to 6). Nothing here returns, raises or logs a value of a row.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import TracebackType
from typing import Any, Literal, Self

from certificates.sealing import sealing_key
from certificates.types import CertificateType, load_types
from quality import dry_runs, holding, opening, releasing, telling, turnover
from quality.checking import Checked, check, unknowable
from quality.dry_runs import DryRun
from quality.errors import UnknownCertificateType, UnknownDataset
from quality.judging import landed_chunks
from quality.parting import Findings, Parting
from quality.rules import compile_rules, day_of
from quality.scores import RuleScore
from registries.compare.choosing import engine_of
from registries.compare.engines import Engine, LocalEngine
from registries.compare.images import Images
from registries.compare.placing import Placing, placing_for
from registries.compare.suppressed import suppressed
from registries.connectors.faults import SourceFault
from registries.connectors.kinds import Connector, Secrets, connector_for, no_secrets
from registries.contracts.model import Dataset
from registries.departments import Catalogue
from registries.home import HubHome, Role, SourceLocations
from registries.landing import Landed, Landing
from registries.landing_faults import LandedMissing
from registries.operators.folders import Contracts
from registries.store import batches
from registries.store.batches import Batch, BatchCounts
from registries.store.engine import Store
from registries.store.held_batches import Decision
from registries.store.owed_replies import owe_for_fault
from registries.working_days import WorkingDays, shipped, working_days

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


Connection = Any
"""The store's transaction; SQLAlchemy's name for it is known in registries only."""

Progress = Callable[[Step, str, int], None]
"""Told at each step's beginning, and within it, how many rows of a dataset went through so far."""


def quiet(step: Step, dataset: str, rows: int) -> None:
    """The progress display of callers that show none."""


class _ToBeHeld(Exception):
    """A batch must be staged whole before it can be held."""


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
        images: what large snapshots are compared with.
        catalogue: all contracts, or what gives those in force now.
        types: certificate types by code.
        clock: gives the time, with a time zone.
        sources: where the contracts' servers are, or what tells it now.
        secrets: gives what the sources' servers ask for.
        engine: checks and compares; by default this machine's cores with DuckDB.
        days: the calendar of working days; by default the one that the hub ships.
    """

    def __init__(
        self,
        store: Store,
        landing: Landing,
        images: Images,
        catalogue: Catalogue | Callable[[], Catalogue],
        types: Mapping[str, CertificateType],
        clock: Callable[[], datetime],
        sources: SourceLocations | Callable[[], SourceLocations],
        secrets: Secrets = no_secrets,
        engine: Engine | None = None,
        days: WorkingDays | None = None,
    ) -> None:
        self.landing = landing
        self._catalogue = catalogue
        self._store = store
        self._types = types
        self._clock = clock
        self._sources = sources
        self._secrets = secrets
        self._engine = engine or LocalEngine()
        self._images = images
        self.days = days or shipped()

    @classmethod
    def open(cls, home: HubHome, clock: Callable[[], datetime]) -> Self:
        """The intake of a HUB_HOME; HomeError if it was not set up, EngineMissing if its engine is not installed."""
        key = sealing_key(home.secret("landing_key"))
        landing, images = Landing(home.landed, key), Images(home.spill, key)
        store = Store(home.store_url(Role.LOAD))
        engine = engine_of(home)
        catalogue, secrets = Contracts(home).catalogue, home.secret_or_none
        how = (catalogue, load_types(), clock, home.sources, secrets, engine, working_days(home))
        return cls(store, landing, images, *how)

    @property
    def catalogue(self) -> Catalogue:
        """All contracts in force now: operators change theirs while the hub runs."""
        return self._catalogue if isinstance(self._catalogue, Catalogue) else self._catalogue()

    def close(self) -> None:
        """Give the store's connections and the engine's memory back."""
        self._store.dispose()
        self._engine.close()

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
            begun = self._begun(dataset)
            if begun is not None and connector is None:
                return self._finish(dataset, begun, progress)  # the source is not needed any more
            return self._take(dataset, connector or self._source(dataset), deliverer, progress)

    def take_in_all(self, dataset_name: str, *, progress: Progress = quiet) -> list[IntakeOutcome]:
        """Finish what was begun and take in every delivery that waits at the source, in their order.

        A delivery that can't be read is passed over where watermarks make the order needless, and its fault is raised
        when the others have been taken in; otherwise nothing that comes after it is touched.

        Returns:
            What became of each; one outcome `nothing_new` if there was none. Errors as `take_in`.
        """
        dataset = self._dataset(dataset_name)
        with batches.dataset_lock(self._store, dataset.name):
            progress(Step.OPEN, dataset.name, 0)
            begun = self._begun(dataset)
            outcomes = [] if begun is None else [self._finish(dataset, begun, progress)]
            outcomes += self._take_each(dataset, progress)
        return [outcome for outcome in outcomes if outcome.state != "nothing_new"] or outcomes[:1]

    def release(self, decision: Decision, *, progress: Progress = quiet) -> IntakeOutcome:
        """Take over what a held batch holds, judged again without the rules that held it; or finish what was begun.

        Raises:
            UnknownDataset, DatasetBusy: as `take_in`.
            ReleaseRefused: it can't be released any more.
        """
        dataset = self._dataset(decision.dataset)
        with batches.dataset_lock(self._store, dataset.name):
            progress(Step.OPEN, dataset.name, 0)
            self._begun(dataset)
            with self._store.begin() as conn:
                unfinished = batches.unfinished(conn, dataset.name)
            if unfinished is not None and unfinished.number != decision.released_batch:
                self._end(dataset, unfinished, progress)
            batch = releasing.open_release(self._store, self.landing, dataset, decision, self._clock())
            return self._outcome(dataset, batch) if batch.state == "done" else self._finish(dataset, batch, progress)

    def dry_run(
        self, dataset_name: str, connector: Connector, told: Callable[[Findings], None] = lambda _: None
    ) -> DryRun:
        """What taking this delivery in would do; nothing is kept; `told` is given all findings. Errors as `take_in`."""
        dataset = self._dataset(dataset_name)
        with batches.dataset_lock(self._store, dataset.name):
            how = (self._store, self._engine, self.catalogue)
            return dry_runs.dry_run(*how, dataset, connector, self._clock(), self.days, told)

    def _take_each(self, dataset: Dataset, progress: Progress) -> Iterator[IntakeOutcome]:
        """Delivery after delivery. Only files wait in a queue: every other source gives all it has at once."""
        passed_over: dict[str, SourceFault] = {}
        outcome = None
        while outcome is None or (outcome.state != "nothing_new" and opening.in_a_queue(dataset)):
            source = self._source(dataset, passed_over)
            try:
                outcome = self._take(dataset, source, "pull", progress)
            except SourceFault as fault:
                if source is None or not opening.may_pass_over(dataset, source, fault, passed_over):
                    raise
                passed_over[str(source.position)] = fault
                continue
            yield outcome
        for first in passed_over.values():
            raise first

    def _take(self, dataset: Dataset, source: Connector | None, deliverer: str, progress: Progress) -> IntakeOutcome:
        """All seven steps of the source's delivery."""
        batch = self._open(dataset, source, deliverer, progress)
        if batch is None or source is None:
            return IntakeOutcome(dataset.name, None, "nothing_new", BatchCounts())
        return self._finish(dataset, self._pull_and_land(dataset, batch, source, progress), progress)

    def _finish(self, dataset: Dataset, batch: Batch, progress: Progress) -> IntakeOutcome:
        """Steps 4 to 7, or those of them that an earlier attempt has left."""
        if batch.state == "landed":
            landed = self._landed(batch)
            try:
                batch = self._judge(dataset, batch, landed, progress)
            except _ToBeHeld:
                batch = self._judge(dataset, batch, landed, progress, whole=True)
        return self._tell(dataset, batch, progress)

    def _judge(
        self, dataset: Dataset, batch: Batch, landed: Landed, progress: Progress, *, whole: bool = False
    ) -> Batch:
        """Steps 4 to 6, in one transaction.

        Args:
            dataset: whose batch was landed.
            batch: as it was landed.
            landed: its rows.
            progress: is told how far it is.
            whole: all rows are staged, however many: each row of a held batch is looked at, and that is rare.

        Raises:
            _ToBeHeld: the batch is to be held, and was not staged whole; nothing is done.
        """
        with self._store.begin() as conn:
            how = (self._engine, self.landing, landed, self._images)
            placing = placing_for(conn, dataset, batch, *how, whole=whole)
            checked = self._check(conn, dataset, batch, landed, placing, progress)
            parting = self._part(conn, dataset, batch, checked, progress)
            if parting.held_by and placing.placed(parting.accepted) is not None:
                raise _ToBeHeld
            return self._take_over(conn, dataset, batch, landed, placing, checked, parting, progress)

    # 1. Open: take the dataset's lock (above), see whether there is anything new, write down the intention.

    def _open(self, dataset: Dataset, source: Connector | None, deliverer: str, progress: Progress) -> Batch | None:
        """The batch to pull into: the one that was opened for this delivery, or a new one; None if nothing is new."""
        compile_rules(dataset, day_of(self._clock()))  # a contract that can't be executed costs no batch
        identity = None if source is None else source.identity()
        with self._store.begin() as conn:
            unfinished = batches.unfinished(conn, dataset.name)
        if unfinished is not None:
            if source is not None and opening.is_of(unfinished, dataset, source, str(identity)):
                return unfinished
            self._end(dataset, unfinished, progress)
        with self._store.begin() as conn:
            if source is None:
                opening.confirm(conn, dataset, self._clock())
                return None
            return opening.open_new(conn, dataset, source, str(identity), deliverer, self._clock())

    def _begun(self, dataset: Dataset) -> Batch | None:
        """The unfinished batch that needs no source any more."""
        with self._store.begin() as conn:
            return opening.begun(conn, dataset)

    def _end(self, dataset: Dataset, begun: Batch, progress: Progress) -> None:
        """Another delivery has come: what was landed of the one begun is finished, what wasn't can't be any more."""
        if begun.state != "opened":
            self._finish(dataset, begun, progress)
            return
        with self._store.begin() as conn:
            batches.mark_failed(conn, begun, "superseded")

    # 2. Pull, in columns and chunks. 3. Land the original and the rows, sealed, before anybody judges them.

    def _pull_and_land(self, dataset: Dataset, batch: Batch, source: Connector, progress: Progress) -> Batch:
        if batch.state != "opened":
            return batch
        progress(Step.PULL, dataset.name, 0)
        try:
            with self._store.begin() as conn:
                opening.stop_if_late(conn, dataset, source)
            landed = self.landing.land(batch.number, source, lambda rows: progress(Step.PULL, dataset.name, rows))
        except SourceFault as fault:
            with self._store.begin() as conn:
                batches.mark_failed(conn, batch, type(fault).__name__)
                owe_for_fault(conn, dataset, batch, fault, self._clock())
            raise
        progress(Step.LAND, dataset.name, landed.rows)
        with self._store.begin() as conn:
            return batches.mark_landed(conn, batch, landed, self._clock(), source.watermark())

    # 4. Check every row against the contract's rules, and stage those that rules about more than one row can be about.

    def _check(
        self, conn: Connection, dataset: Dataset, batch: Batch, landed: Landed, placing: Placing, progress: Progress
    ) -> Checked:
        progress(Step.CHECK, dataset.name, 0)
        return check(
            self._engine,
            dataset,
            landed_chunks(self.landing, landed),
            placing,
            day_of(batch.opened_at),
            lambda rows: progress(Step.CHECK, dataset.name, rows),
            bad_news_codes=holding.bad_news_codes(dataset, self._types),
            unknowable=unknowable(conn, self.catalogue, dataset),
            suppressed=suppressed(conn, dataset),
        )

    # 5. Part the rows: accepted, quarantined with every reason that applies, or all of them held at the gate.

    def _part(self, conn: Connection, dataset: Dataset, batch: Batch, checked: Checked, progress: Progress) -> Parting:
        progress(Step.PART, dataset.name, checked.pulled)
        return turnover.part(conn, dataset, batch, checked, self.days)

    # 6. Take over: merge, look-ups, status events, quarantine, scores, the ledger's entry.

    def _take_over(
        self,
        conn: Connection,
        dataset: Dataset,
        batch: Batch,
        landed: Landed,
        placing: Placing,
        checked: Checked,
        parting: Parting,
        progress: Progress,
    ) -> Batch:
        progress(Step.TAKE_OVER, dataset.name, parting.accepted)
        news = holding.news_of(dataset, checked, parting, self.landing, landed)
        kind = self._certificate_type(dataset)
        return turnover.take_over(conn, dataset, batch, placing, checked, parting, kind, news, self._clock(), self.days)

    # 7. Tell: conflicts become cases, as findings did; the ledger's entry gets its place; the batch is done.

    def _tell(self, dataset: Dataset, batch: Batch, progress: Progress) -> IntakeOutcome:
        counts = batch.counts or BatchCounts()
        progress(Step.TELL, dataset.name, counts.pulled)
        return self._outcome(
            dataset, telling.tell(self._store, self.catalogue, dataset, batch, self._clock(), self.days)
        )

    # What the steps share.

    def _outcome(self, dataset: Dataset, done: Batch) -> IntakeOutcome:
        counts = done.counts or BatchCounts()
        state: Literal["held", "done"] = "held" if done.hold_reason else "done"
        scores = telling.kept_scores(self._store, done)
        return IntakeOutcome(dataset.name, done.number, state, counts, scores, done.landed_digest)

    def _dataset(self, name: str) -> Dataset:
        if name not in self.catalogue:
            raise UnknownDataset(name)
        dataset = self.catalogue.dataset(name)
        if dataset.certificate is not None and dataset.certificate.type_code not in self._types:
            raise UnknownCertificateType(name, dataset.certificate.type_code)
        return dataset

    def _certificate_type(self, dataset: Dataset) -> CertificateType | None:
        return None if dataset.certificate is None else self._types[dataset.certificate.type_code]

    def _source(self, dataset: Dataset, passed_over: Iterable[str] = ()) -> Connector | None:
        """The next delivery, as sources and secrets stand now; None if there is none."""
        with self._store.begin() as conn:
            before = batches.taken(conn, dataset.name)
        before = replace(before, positions=before.positions.union(passed_over))
        sources = self._sources() if callable(self._sources) else self._sources
        return connector_for(dataset, sources, self._secrets, before)

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
