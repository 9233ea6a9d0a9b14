"""Verifying files that somebody dropped on the page: as the offline verifier does it, with this hub's keys.

Nothing is kept. Anybody may do that, so an address may do it so often in a minute and no more, and few files are looked
at at a time.

    report = Verifying(parts.keys, parts.status_lists, parts.clock, parts.meters).verify(address, files, root="")
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from certificates.errors import CertificatesError
from certificates.evidence.findings import Report
from certificates.evidence.gathering import File, gather
from certificates.evidence.given import Given
from certificates.keys import KeyRing
from certificates.offline import examine, unusable
from exchange_api.errors import Overloaded, TooManyFiles
from exchange_api.meters import Meters
from exchange_api.status_lists import StatusLists

A_MINUTE = timedelta(minutes=1)
PER_MINUTE = 30
"""Files from one address; a counter with a scanner needs fewer."""

AT_A_TIME = 2
MOST_ADDRESSES = 10_000


class Verifying:
    """The desk where files are verified."""

    def __init__(self, keys: KeyRing, lists: StatusLists, clock: Callable[[], datetime], meters: Meters) -> None:
        self._keys = keys
        self._lists = lists
        self._clock = clock
        self._meters = meters
        self._free = threading.BoundedSemaphore(AT_A_TIME)
        self._seen: dict[str, deque[datetime]] = {}
        self._lock = threading.Lock()

    def verify(self, address: str, files: Sequence[File], root: str) -> Report:
        """Verify what was dropped, at this moment.

        Args:
            address: Who asks, for the bound alone.
            files: At least one; the first that can be verified is, the others stand beside it.
            root: The trust root's fingerprint, or "".

        Raises:
            TooManyFiles: This address has had its share of this minute.
            Overloaded: Others are being looked at.
        """
        now = self._clock()
        self._keys.refresh()
        self._count(address, now)
        if not self._free.acquire(blocking=False):
            raise Overloaded
        try:
            report = self._look(files, Given(self._keys.jwks(), at=now, root=root.strip() or None))
        finally:
            self._free.release()
        self._note(report)
        return report

    def _look(self, files: Sequence[File], given: Given) -> Report:
        try:
            kind, name, content, whole = gather(files, given)
        except CertificatesError as error:
            return unusable("", error)
        if kind == "credential":  # its status is known here
            whole = replace(whole, lists={**whole.lists, **self._own_lists()})
        return examine(kind, content, whole, name)

    def _own_lists(self) -> dict[str, str]:
        addresses = self._lists.addresses()
        return {address: self._lists.token(int(address.rpartition("/")[2])).token for address in addresses}

    def _note(self, report: Report) -> None:
        for reason in {check.reason for check in report.checks if check.reason is not None}:
            self._meters.note_refused_token("page", reason)

    def _count(self, address: str, now: datetime) -> None:
        with self._lock:
            if len(self._seen) >= MOST_ADDRESSES:
                self._seen = {one: times for one, times in self._seen.items() if times[-1] > now - A_MINUTE}
            times = self._seen.setdefault(address, deque(maxlen=PER_MINUTE))
            if len(times) == PER_MINUTE and times[0] > now - A_MINUTE:
                raise TooManyFiles(1 + int((times[0] + A_MINUTE - now).total_seconds()))
            times.append(now)
