"""Sources that are asked at the moment of a question (不落地), each bounded by its own time, connections and breaker.

    with LiveSources(catalogue, home.sources, home.source_secret, types, clock, meters) as live:
        live.serves(question.certificate_type)
        live.ask(question).result().look_up

All sources are asked in one thread of their own, by one event loop: a slow one holds nobody up but those who ask it.
What it says lives in memory until the question is answered; logs and meters name datasets and kinds of failure only.
"""

import asyncio
import logging
import secrets
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import Final, Self

from certificates.receipts import upstream_digest
from certificates.records import LookUp, Question
from certificates.types import CertificateType
from exchange_api.breakers import Breaker
from exchange_api.meters import Meters
from registries.connectors.faults import SourceFault, SourceUnknown
from registries.connectors.live_query import CONNECTIONS, LiveQuery, Told
from registries.connectors.remote_faults import PageDown, SourceBusy, SourceResting
from registries.contracts.model import Dataset
from registries.departments import Catalogue
from registries.errors import RegistriesError
from registries.home import SourceLocations
from registries.live_records import look_up_of, not_told

FAILURES: Final = 5
REST: Final = timedelta(seconds=30)
MOST_WAITING: Final = 256
"""Questions that may wait for one source; more are answered at once, as unavailable."""

SECONDS_TO_FINISH: Final = 5.0
_QUESTION_ID_BYTES: Final = 16
_log = logging.getLogger("mianzheng.live")


@dataclass(frozen=True)
class Finding:
    """What became of asking: the look-up to judge, and what the receipt says of it.

    Attributes:
        upstream: `dataset`, `digest` of the raw answer (see certificates.receipts; None without an answer), `asked_at`
            (None where it was not even asked).
    """

    look_up: LookUp
    upstream: Mapping[str, str | None]


@dataclass
class Source:
    """One dataset's source.

    Attributes:
        terms: contract, address and token that it was opened with.
        waiting: questions under way.
    """

    terms: tuple[Dataset, str, str | None]
    query: LiveQuery
    breaker: Breaker = field(default_factory=lambda: Breaker(FAILURES, REST))
    room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CONNECTIONS))
    waiting: int = 0

    @property
    def dataset(self) -> Dataset:
        """As the contract describes it."""
        return self.terms[0]

    def check_room(self, now: datetime) -> None:
        """SourceBusy or SourceResting if it is not to be asked now."""
        if self.waiting >= MOST_WAITING:
            raise SourceBusy(self.query.description)
        if not self.breaker.lets_through(now):
            raise SourceResting(self.query.description)


class LiveSources:
    """All live sources of one API process.

    Args:
        catalogue: the contracts in force now.
        locations: where their servers are now.
        secret: of a server, what.
        types: certificate types by code.
        clock: gives the time, with a time zone.
        meters: count what became of asking.
    """

    def __init__(
        self,
        catalogue: Callable[[], Catalogue],
        locations: Callable[[], SourceLocations],
        secret: Callable[[str, str], str | None],
        types: Mapping[str, CertificateType],
        clock: Callable[[], datetime],
        meters: Meters,
    ) -> None:
        self._catalogue = catalogue
        self._locations = locations
        self._secret = secret
        self._types = types
        self._clock = clock
        self._meters = meters
        self._known: tuple[Catalogue | None, Mapping[str, list[Dataset]]] = (None, {})
        self._sources: dict[str, Source] = {}
        self._retired: list[Source] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="live-sources", daemon=True)

    def __enter__(self) -> Self:
        self._datasets("")  # reads the contracts now, and not while somebody waits
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Let what is under way finish, for a few seconds."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def serves(self, certificate_type: str) -> bool:
        """Whether a source of this type is asked at the moment of a question."""
        return certificate_type in self._types and bool(self._datasets(certificate_type))

    def ask(self, question: Question) -> "Future[Finding]":
        """Ask the type's sources; the future never fails: a source that doesn't answer is a finding too."""
        return asyncio.run_coroutine_threadsafe(self._ask_all(question), self._loop)

    def _datasets(self, certificate_type: str) -> list[Dataset]:
        """Those in force now; while contracts can't be read, those that were: answers go on."""
        try:
            catalogue = self._catalogue()
        except RegistriesError as fault:
            _log.warning("contracts: %s", type(fault).__name__)
            return self._known[1].get(certificate_type, [])
        if catalogue is not self._known[0]:
            self._known = catalogue, _by_type(catalogue)
        return self._known[1].get(certificate_type, [])

    async def _ask_all(self, question: Question) -> Finding:
        """Of several sources the first that has the record; if none has, one that did not answer decides."""
        asked = [self._ask_one(each, question) for each in self._datasets(question.certificate_type)]
        found = await asyncio.gather(*asked)
        if not found:  # the contract went away meanwhile
            return Finding(not_told(), {"dataset": None, "digest": None, "asked_at": None})
        return min(found, key=_rank)

    async def _ask_one(self, dataset: Dataset, question: Question) -> Finding:
        now = self._clock()
        upstream: dict[str, str | None] = {"dataset": dataset.name, "digest": None, "asked_at": None}
        question_id = secrets.token_hex(_QUESTION_ID_BYTES)
        try:
            source = self._source(dataset)
            source.check_room(now)
            upstream["asked_at"] = now.isoformat(timespec="seconds")
            answer = await self._in_time(source, question, question_id)
        except RegistriesError as fault:
            self._note(dataset, fault)
            return Finding(not_told(), upstream)
        self._meters.note_live(dataset.name, "answered")
        upstream["digest"] = upstream_digest(question_id, answer.content)
        kind = self._types[question.certificate_type]
        return Finding(look_up_of(dataset, kind, answer.row, question, now), upstream)

    async def _in_time(self, source: Source, question: Question, question_id: str) -> Told:
        """The answer within the contract's time, waiting for a free connection included."""
        source.waiting += 1
        try:
            async with asyncio.timeout(source.dataset.server.timeout_seconds), source.room:
                return await self._counted(source, question, question_id)
        except TimeoutError:
            raise PageDown(source.query.description, None, "timeout") from None
        finally:
            source.waiting -= 1

    async def _counted(self, source: Source, question: Question, question_id: str) -> Told:
        """The answer, with success or failure told to the breaker."""
        try:
            answer = await source.query.ask(question, question_id)
        except (SourceFault, asyncio.CancelledError):  # the latter: its time was over
            source.breaker.fail(self._clock())
            raise
        source.breaker.succeed()
        return answer

    def _source(self, dataset: Dataset) -> Source:
        """The source as contract, address and token have it now; what it was before is closed when nobody uses it."""
        address = self._locations().get(dataset.server.name)
        if not address:
            raise SourceUnknown(dataset.server.name)
        terms = (dataset, address, self._secret(dataset.server.name, "token"))
        known = self._sources.get(dataset.name)
        if known is None or known.terms[0] is not dataset or known.terms[1:] != terms[1:]:
            if known is not None:
                self._retired.append(known)
            known = Source(terms, LiveQuery(dataset, address, lambda what: self._secret(dataset.server.name, what)))
            self._sources[dataset.name] = known
        return known

    def _note(self, dataset: Dataset, fault: RegistriesError) -> None:
        outcome = fault.code if isinstance(fault, PageDown) else type(fault).__name__
        self._meters.note_live(dataset.name, outcome)
        _log.warning("live source of %s: %s", dataset.name, outcome)

    async def _close(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        _, late = await asyncio.wait(others, timeout=SECONDS_TO_FINISH) if others else (others, set())
        for task in late:
            task.cancel()
        for source in (*self._sources.values(), *self._retired):
            await source.query.close()


def _by_type(catalogue: Catalogue) -> dict[str, list[Dataset]]:
    found: dict[str, list[Dataset]] = {}
    for dataset in catalogue.datasets:
        if dataset.server.kind == "live_query" and dataset.certificate is not None:
            found.setdefault(dataset.certificate.type_code, []).append(dataset)
    return found


def _rank(finding: Finding) -> int:
    """A record, then one that is being checked, then a source that did not answer, then none."""
    look_up = finding.look_up
    if look_up.record is not None:
        return 0
    return 1 if look_up.being_checked else 3 if look_up.source.fresh else 2
