"""Housekeeping of what the hub holds: files, scans, former rows and bodies go by their rules, with a record.

    keeper = Keeper(home, store, catalogue, rules, clock)     # the store as hub_load sees it
    keeper.due()                                              # what would go now
    keeper.expire()                                           # what went

The intention is written down before a file is touched; whatever stops it, the next call finishes it first.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from registries.contracts.model import Dataset
from registries.departments import Catalogue
from registries.erased_files import blank_erased
from registries.errors import DatasetBusy
from registries.evidence_retention import EvidenceKeeper
from registries.home import HubHome
from registries.landing_faults import LandingFailed
from registries.reply_retention import ReplyKeeper
from registries.retention_rules import RetentionRules, Rule
from registries.store import batches, expiries, ledger
from registries.store.engine import Store
from registries.store.expiries import Expiry, What

UPLOADS: Final = "uploads"


@dataclass(frozen=True)
class Due:
    """What is to go by a rule: of a dataset (None: of the hub), how many files, rows or bodies."""

    what: What
    dataset: str | None
    batch: int | None
    rule: str
    before: datetime
    count: int


class Keeper:
    """Lets go what is past its time.

    Args:
        home: of the hub: where landed files are.
        store: as the role hub_load sees it.
        catalogue: the contracts in force.
        rules: the hub's own periods.
        now: the moment against which everything is judged.
    """

    def __init__(self, home: HubHome, store: Store, catalogue: Catalogue, rules: RetentionRules, now: datetime) -> None:
        self._home = home
        self._store = store
        self._catalogue = catalogue
        self._rules = rules
        self._now = now
        self._folder = home.landed
        self._replies = ReplyKeeper(home, store, catalogue, now)
        self._evidence = EvidenceKeeper(home, store, rules, now)

    def due(self) -> list[Due]:
        """What `expire` would let go now; nothing is changed."""
        found = [self._due("uploads", None, None, self._rules.of(None, "landed"), len(self._old_uploads()))]
        with self._store.begin() as conn:
            for name in expiries.landed_datasets(conn):
                rule = self._rules.of(self._contract(name), "landed")
                numbers = [number for number, _ in expiries.landed_due(conn, name, rule.before(self._now))]
                found += [self._due("landed", name, number, rule, len(self._files(number))) for number in numbers]
            for dataset in self._catalogue.datasets:
                rule = self._rules.of(dataset, "history")
                latest = expiries.history_due(conn, dataset, rule.before(self._now))
                count = expiries.count_history(conn, dataset, rule.before(self._now)) if latest else 0
                found.append(self._due("history", dataset.name, latest, rule, count))
        for name in self._replies.datasets():
            rule = self._rules.of(self._contract(name), "landed")
            found.append(self._due("replies", name, None, rule, self._replies.due(name, rule.before(self._now))))
        found.append(self._due("evidence", None, None, self._evidence.rule, len(self._evidence.due())))
        found.append(self._due("bodies", None, None, self._rules.of(None, "bodies"), self._count_bodies()))
        return [each for each in found if each.count]

    def expire(self) -> list[Expiry]:
        """Finish what was begun and let go what is due; what went, with counts and digests.

        Raises:
            KeepingBusy: another process is just at it.
            LandingFailed: a file can't be removed; the next call goes on there.
        """
        with expiries.one_at_a_time(self._store):
            with self._store.begin() as conn:
                run, begun = expiries.next_run(conn), expiries.planned(conn)
            blank_erased(self._home, self._store, self._catalogue, self._now)
            self._replies.forget_erased()
            gone = [self._finish(each) for each in begun]
            gone += self._uploads(run)
            gone += self._expired_evidence(run)
            for name in self._landed_datasets():
                gone += self._landed(run, name)
            for name in self._replies.datasets():
                gone += self._expired_replies(run, name)
            for dataset in self._catalogue.datasets:
                gone += self._history(run, dataset)
            gone += self._bodies(run)
            with self._store.begin() as conn:
                expiries.write_down(conn, self._now)
            with self._store.begin() as conn:
                ledger.sequence(conn)
        return [each for each in gone if each.count]

    # --- files: the intention, the deed, the record

    def _landed_datasets(self) -> list[str]:
        with self._store.begin() as conn:
            return expiries.landed_datasets(conn)

    def _landed(self, run: int, name: str) -> list[Expiry]:
        """A dataset that is just being taken in waits for the next run: its batches may be opened again."""
        rule = self._rules.of(self._contract(name), "landed")
        before = rule.before(self._now)
        with suppress(DatasetBusy), batches.dataset_lock(self._store, name):
            with self._store.begin() as conn:
                planned = [
                    expiries.plan(
                        *(conn, run, "landed", str(rule), before, self._now),
                        dataset=name,
                        batch_number=number,
                        digest=digest,
                    )
                    for number, digest in expiries.landed_due(conn, name, before)
                ]
            return [self._finish(each) for each in planned]
        return []

    def _uploads(self, run: int) -> list[Expiry]:
        if not self._old_uploads():
            return []
        rule = self._rules.of(None, "landed")
        with self._store.begin() as conn:
            planned = expiries.plan(conn, run, "uploads", str(rule), rule.before(self._now), self._now)
        return [self._finish(planned)]

    def _expired_evidence(self, run: int) -> list[Expiry]:
        if not self._evidence.due():
            return []
        with self._store.begin() as conn:
            planned = self._plan(conn, run, "evidence", self._evidence.rule)
        return [self._finish(planned)]

    def _expired_replies(self, run: int, name: str) -> list[Expiry]:
        rule = self._rules.of(self._contract(name), "landed")
        if not self._replies.due(name, rule.before(self._now)):
            return []
        with self._store.begin() as conn:
            planned = expiries.plan(conn, run, "replies", str(rule), rule.before(self._now), self._now, dataset=name)
        return [self._finish(planned)]

    def _finish(self, planned: Expiry) -> Expiry:
        """Remove the files of a plan, those that are still there; twice does no harm."""
        if planned.what == "replies":
            return self._replies.finish(planned)
        if planned.what == "evidence":
            return self._evidence.finish(planned)
        files = self._old_uploads(planned.before) if planned.batch is None else self._files(planned.batch)
        try:
            for file in files:
                file.unlink(missing_ok=True)
        except OSError as error:
            raise LandingFailed(error.strerror or "I/O") from None
        with self._store.begin() as conn:
            return expiries.done(conn, planned, max(len(files), 1), self._now)

    def _files(self, number: int) -> list[Path]:
        return sorted(self._folder.glob(f"{number}.*"))

    def _old_uploads(self, before: datetime | None = None) -> list[Path]:
        """Files of the upload folder that nobody waits for and that were written before the rule's moment."""
        limit = before or self._rules.of(None, "landed").before(self._now)
        with self._store.begin() as conn:
            waiting = {Path(path).name for path in expiries.waiting_files(conn)}
        files = (file for file in sorted(self._folder.glob(f"{UPLOADS}/*")) if file.name not in waiting)
        return [file for file in files if datetime.fromtimestamp(file.stat().st_mtime, UTC) < limit]

    # --- rows and bodies: in the transaction that records them

    def _history(self, run: int, dataset: Dataset) -> list[Expiry]:
        rule = self._rules.of(dataset, "history")
        before = rule.before(self._now)
        with self._store.begin() as conn:
            latest = expiries.history_due(conn, dataset, before)
            if latest is None:
                return []
            planned = self._plan(conn, run, "history", rule, dataset.name, latest)
            count, digest = expiries.expire_history(conn, dataset, before)
            return [expiries.done(conn, planned, count, self._now, digest)]

    def _bodies(self, run: int) -> Iterator[Expiry]:
        rule = self._rules.of(None, "bodies")
        while True:
            with self._store.begin() as conn:
                count, digest = expiries.expire_bodies(conn, self._by_type(), rule.before(self._now))
                if not count:
                    return
                planned = self._plan(conn, run, "bodies", rule)
                yield expiries.done(conn, planned, count, self._now, digest)

    def _by_type(self) -> dict[str, datetime]:
        """Certificate type -> before when answers about it go: by the longest rule of the datasets that give it."""
        found: dict[str, datetime] = {}
        for dataset in self._catalogue.datasets:
            if dataset.certificate is not None and dataset.retention.bodies is not None:
                before = self._rules.of(dataset, "bodies").before(self._now)
                kind = dataset.certificate.type_code
                found[kind] = min(before, found.get(kind, before))
        return found

    def _count_bodies(self) -> int:
        """How many bodies would go: erased, counted, and rolled back."""
        count, found = 0, 1
        with self._store.connect() as conn:
            while found:
                found, _ = expiries.expire_bodies(conn, self._by_type(), self._rules.bodies.before(self._now))
                count += found
            conn.rollback()
        return count

    # --- how

    def _plan(
        self, conn: sa.Connection, run: int, what: What, rule: Rule, name: str | None = None, latest: int | None = None
    ) -> Expiry:
        before = rule.before(self._now)
        return expiries.plan(conn, run, what, str(rule), before, self._now, dataset=name, batch_number=latest)

    def _due(self, what: What, name: str | None, number: int | None, rule: Rule, count: int) -> Due:
        return Due(what, name, number, str(rule), rule.before(self._now), count)

    def _contract(self, name: str) -> Dataset | None:
        return self._catalogue.dataset(name) if name in self._catalogue else None
