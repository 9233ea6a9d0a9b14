"""Scans and other evidence go when what they speak for ended long enough ago; with the record of all that expires.

    keeper = EvidenceKeeper(home, store, rules, now)
    keeper.due()                 # how many files
    keeper.finish(planned)       # removes the files of a plan, those that are still there

What nothing refers to, as a request was cut short, goes by the rule of landed files.
"""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from registries.home import HubHome
from registries.landing_faults import LandingFailed
from registries.retention_rules import RetentionRules, Rule
from registries.store import evidence_files, expiries
from registries.store.engine import Store
from registries.store.expiries import Expiry

FOLDERS: Final = ("cases", "completions", "disputes", "objections")
"""Of HUB_HOME/landed: each kind of matter has a folder of its own."""


class EvidenceKeeper:
    """Lets evidence go; `now` is the moment that records name."""

    def __init__(self, home: HubHome, store: Store, rules: RetentionRules, now: datetime) -> None:
        self._home = home
        self._store = store
        self._rules = rules
        self._now = now

    @property
    def rule(self) -> Rule:
        """How long evidence is kept after its matter has ended."""
        return self._rules.of(None, "evidence")

    def due(self, before: datetime | None = None) -> list[Path]:
        """The files that are needed no more; `before`: of a plan that was made earlier."""
        limit = before or self.rule.before(self._now)
        unknown = self._rules.of(None, "landed").before(self._now)
        with self._store.begin() as conn:
            needed, known = evidence_files.needed(conn, limit), evidence_files.known(conn)
        files = (file for name in FOLDERS for file in sorted((self._home.landed / name).glob("uploads/*")))
        return [
            file for file in files if file.name not in needed and _written(file) < _limit(file, known, limit, unknown)
        ]

    def finish(self, planned: Expiry) -> Expiry:
        """Remove the files of a plan; twice does no harm. LandingFailed if one can't be removed."""
        files = self.due(planned.before)
        try:
            for file in files:
                file.unlink(missing_ok=True)
        except OSError as error:
            raise LandingFailed(error.strerror or "I/O") from None
        digest = hashlib.sha256("\n".join(file.name for file in files).encode()).digest()
        with self._store.begin() as conn:
            return expiries.done(conn, planned, len(files), self._now, digest)


def _limit(file: Path, known: frozenset[str], ended: datetime, unknown: datetime) -> datetime:
    return ended if file.name in known else unknown


def _written(file: Path) -> datetime:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)
