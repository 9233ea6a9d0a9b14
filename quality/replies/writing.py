"""Writes the replies that are owed: receipt and refused rows, sealed in HUB_HOME/out, then where the file came from.

    with Replies.open(home, clock) as replies:
        replies.send_owed("market_regulation.enterprises")      # those of one dataset; of all without it

Where the contract names no folder for answers, and where a place can't be reached for long, they stay in HUB_HOME/out
and can be downloaded there. Whatever stops it, the next call writes the same files again.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Final, Self

from certificates.delivery_receipts import make_delivery_receipt
from certificates.key_states import KeyPurpose
from certificates.keys import KeyRing
from certificates.sealing import sealing_key
from quality.batch_entry import ISSUER, KIND
from quality.dry_runs import ReasonCount
from quality.reasons import reasons_of
from quality.refused_rows.reading import RefusedRows, landed_of
from quality.replies.receipt import Told, receipt_of
from quality.workbooks.errors import WorkbookNotMade
from quality.workbooks.giving_back import annotated_batch, is_round_trip
from registries.connectors.arrivals import TRIAL
from registries.connectors.faults import SourceFault
from registries.connectors.kinds import reply_place
from registries.connectors.place import Place
from registries.contracts.model import Dataset
from registries.departments import Catalogue
from registries.errors import HomeError
from registries.home import HubHome, Role
from registries.hub_keys import open_keys
from registries.landing import Landed, Landing
from registries.landing_faults import LandedMissing
from registries.operators.folders import Contracts
from registries.outgoing import Outgoing, kept_as
from registries.store import batches, delivery_replies, ledger, quarantine
from registries.store.batches import Batch
from registries.store.delivery_replies import Reply
from registries.store.engine import Store

RECEIPT: Final = ".receipt.json"
REFUSED: Final = "refused."
"""Before a file's name: what comes back must not look like the next delivery to the contract's pattern."""

MOST_ATTEMPTS: Final = 10
FIRST_PAUSE: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(hours=6)
_FIRST_ROWS: Final = 20
Connection = Any
"""The store's transaction; SQLAlchemy's name for it is known in registries only."""


@dataclass(frozen=True)
class Made:
    """A file of a reply: its name in HUB_HOME/out, and where it goes."""

    kept_as: str
    name: str


class Replies:
    """Writes replies; one per process, used by one thread at a time."""

    def __init__(
        self, home: HubHome, store: Store, catalogue: Callable[[], Catalogue], clock: Callable[[], datetime]
    ) -> None:
        key = sealing_key(home.secret("landing_key"))
        self._home = home
        self._store = store
        self._clock = clock
        self._out = Outgoing(home.out, key)
        self._landing = Landing(home.landed, key)
        self._refused = RefusedRows(store, self._landing)
        self._catalogue = catalogue
        self._ring: KeyRing | None = None

    @classmethod
    def open(cls, home: HubHome, clock: Callable[[], datetime]) -> Self:
        """For a HUB_HOME; HomeError if it was not set up."""
        return cls(home, Store(home.store_url(Role.LOAD)), Contracts(home).catalogue, clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give the store's connections back."""
        self._store.dispose()

    def send_owed(self, dataset: str | None = None) -> int:
        """Write every reply whose time has come; how many reached the place that they belong to.

        Raises:
            LandingFailed: HUB_HOME/out can't be written.
        """
        count = 0
        while True:
            with self._store.begin() as conn:
                reply = delivery_replies.next_owed(conn, self._clock(), dataset)
                if reply is None:
                    return count
                count += self._send(conn, reply)

    # --- one reply

    def _send(self, conn: Connection, reply: Reply) -> bool:
        catalogue = self._catalogue()
        if reply.dataset not in catalogue or delivery_replies.is_outdated(conn, reply):
            delivery_replies.settle(conn, reply, "kept", [], self._clock())
            return False
        dataset = catalogue.dataset(reply.dataset)
        files = self._make(conn, dataset, reply)
        names = [file.name for file in files]
        if dataset.server.answers is None:
            delivery_replies.settle(conn, reply, "kept", names, self._clock())
            return False
        try:
            self._hand_over(reply, dataset, dataset.server.answers, files)
        except (SourceFault, HomeError) as fault:
            return self._put_off(conn, reply, names, type(fault).__name__)
        delivery_replies.settle(conn, reply, "written", names, self._clock())
        for file in files:
            self._out.remove(file.kept_as)
        return True

    def _put_off(self, conn: Connection, reply: Reply, names: Sequence[str], hindrance: str) -> bool:
        if reply.attempts + 1 >= MOST_ATTEMPTS:
            delivery_replies.settle(conn, reply, "kept", names, self._clock())
        else:
            pause = min(FIRST_PAUSE * 2**reply.attempts, LONGEST_PAUSE)
            delivery_replies.put_off(conn, reply, hindrance, self._clock() + pause)
        return False

    def _hand_over(self, reply: Reply, dataset: Dataset, folder: str, files: Sequence[Made]) -> None:
        """The refused rows first: who sees the receipt finds what it names. What an earlier reply left there goes."""
        place: Place = reply_place(dataset, self._home.sources(), self._home.secret_or_none)
        if len(files) == 1:
            place.remove(folder, _refused_name(reply.file_name))
        for file in reversed(files):
            with self._out.open(file.kept_as) as content:
                place.put(folder, file.name, content)

    # --- its files

    def _make(self, conn: Connection, dataset: Dataset, reply: Reply) -> list[Made]:
        """Receipt, then refused rows if there are any; sealed in HUB_HOME/out."""
        batch = None if reply.batch is None else batches.get(conn, reply.batch)
        refused = self._keep_refused(dataset, reply, batch)
        told = Told(
            dataset,
            reply,
            batch,
            _reasons(conn, dataset, reply, batch),
            _place(conn, batch),
            None if refused is None else refused.name,
        )
        key = self._keys.active(KeyPurpose.MESSAGE)
        receipt = Made(kept_as(reply.id, reply.identity)[0], f"{reply.file_name}{RECEIPT}")
        self._out.keep(
            receipt.kept_as, [make_delivery_receipt(receipt_of(told, self._keys.fingerprint(), self._clock()), key)]
        )
        return [receipt] if refused is None else [receipt, refused]

    def _keep_refused(self, dataset: Dataset, reply: Reply, batch: Batch | None) -> Made | None:
        """The refused rows with why beside them; None where none was refused, or what was landed is gone."""
        if batch is None:
            return self._kept_trial(reply)
        counts = batch.counts
        if counts is None or not counts.quarantined + counts.held:
            return None
        landed = landed_of(batch, self._home.landed)
        if landed is None:
            return None
        made = Made(kept_as(reply.id, reply.identity)[1], _refused_name(reply.file_name))
        with contextlib.suppress(LandedMissing):
            self._keep_rows(made, dataset, batch, landed, workbook=is_round_trip(dataset, batch.source, counts.pulled))
            return made
        return None

    def _keep_rows(self, made: Made, dataset: Dataset, batch: Batch, landed: Landed, *, workbook: bool) -> None:
        """A workbook comes back whole, with its faults in red; other files, and one too large for that, in part."""
        if workbook:
            with contextlib.suppress(WorkbookNotMade):
                self._out.keep(made.kept_as, annotated_batch(self._store, self._landing, dataset, batch, landed))
                return
        self._out.keep(made.kept_as, self._refused.given_back(dataset, landed).pieces)

    def _kept_trial(self, reply: Reply) -> Made | None:
        """What a trial kept of the rows that it would refuse."""
        name = kept_as(reply.id, reply.identity)[2]
        return Made(name, _refused_name(reply.file_name)) if name in self._out else None

    @property
    def _keys(self) -> KeyRing:
        if self._ring is None:
            self._ring = open_keys(self._home, self._clock())
        self._ring.refresh()
        return self._ring


def _refused_name(file_name: str) -> str:
    return f"{REFUSED}{file_name.removesuffix(TRIAL)}"


def _place(conn: Connection, batch: Batch | None) -> int | None:
    """Where the batch's entry stands in the ledger."""
    if batch is None:
        return None
    pair = (ISSUER, f"{KIND}:{batch.dataset}:{batch.sequence}")
    entry = ledger.stored(conn, [pair]).get(pair)
    return None if entry is None else ledger.position(conn, entry.entry_id)


def _reasons(conn: Connection, dataset: Dataset, reply: Reply, batch: Batch | None) -> list[ReasonCount]:
    if batch is None:
        return [ReasonCount(**one) for one in (reply.outcome or {}).get("reasons", ())]
    return list(_told(dataset, quarantine.reasons_of(conn, batch.number, _FIRST_ROWS)))


def _told(dataset: Dataset, counted: Sequence[quarantine.Reason]) -> Iterator[ReasonCount]:
    for one in counted:
        (words,) = reasons_of(dataset, [one.rule_id])
        yield ReasonCount(one.rule_id, one.level, words.zh, words.en, one.rows, one.first_row_numbers)
