"""What operators should see to before it becomes a fault: keys that are due, entries that no trusted clock has seen.

    for alarm in alarms.all(): print(alarm.en)

An alarm stops no answer. It stands in readiness beside the faults, in the metrics, and on the page of keys and trust.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from certificates.errors import CertificatesError
from certificates.keys import KeyRing, KeyStatus
from exchange_api.meters import Meters
from exchange_api.transactions import Transaction
from registries.errors import RegistriesError
from registries.store import time_stamps
from registries.store.engine import Store
from registries.time_authority import is_overdue

_DAY = 86_400


@dataclass(frozen=True)
class Alarm:
    """What is the matter, and what to do; `overdue` if the time for that is over."""

    zh: str
    en: str
    overdue: bool


@dataclass(frozen=True)
class Alarms:
    """The alarms of one API process.

    Attributes:
        stamps_expected: whether the hub was told of a time authority.
    """

    store: Store
    keys: KeyRing
    clock: Callable[[], datetime]
    stamps_expected: bool

    def all(self) -> list[Alarm]:
        """Every alarm; those about keys first, soonest first."""
        try:
            self.keys.refresh()
        except CertificatesError:  # that the keys cannot be read is a fault, told by readiness
            return self._of_time()
        of_keys = [Alarm(alarm.zh, alarm.en, alarm.overdue) for alarm in self.keys.alarms(self.clock())]
        return [*of_keys, *self._of_time()]

    def measure(self, meters: Meters) -> None:
        """Tell the metrics the days left of each key, how long entries have waited for a time stamp, and the alarms."""
        moment = self.clock().timestamp()
        for state in self.keys.states():
            if state.status == KeyStatus.ACTIVE and state.expires_at is not None:
                meters.set_key_days(state.purpose.value, (state.expires_at - moment) / _DAY)
        since = self.waiting_since()
        meters.set_stamp_wait(0.0 if since is None else max(0.0, moment - since.timestamp()))
        meters.set_alarms(len(self.all()))

    def waiting_since(self) -> datetime | None:
        """Since when entries have waited for a time stamp; None if none do, or none is expected."""
        if not self.stamps_expected:
            return None
        try:
            with Transaction(self.store) as work:
                return time_stamps.waiting_since(work.conn)
        except RegistriesError:  # that the store is down is a fault, told by readiness
            return None

    def _of_time(self) -> list[Alarm]:
        since = self.waiting_since()
        if since is None or not is_overdue(since, self.clock()):
            return []
        minutes = int((self.clock() - since).total_seconds()) // 60
        return [
            Alarm(
                f"存证日志已有 {minutes} 分钟没有新的可信时间戳。作答不受影响；"
                "请检查时间戳机构（HUB_TSA_URL）和调度进程。",
                f"The ledger has had no new time stamp for {minutes} minutes. Answers go on; look at the time "
                "authority (HUB_TSA_URL) and at the scheduler.",
                overdue=True,
            )
        ]
