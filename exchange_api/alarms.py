"""What operators should see to: keys that are due, entries without a trusted time, who was stopped for guessing.

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
from registries.store import budgets, time_stamps
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
        others = [*self._of_time(), *self._of_guessing()]
        try:
            self.keys.refresh()
        except CertificatesError:  # that the keys cannot be read is a fault, told by readiness
            return others
        of_keys = [Alarm(alarm.zh, alarm.en, alarm.overdue) for alarm in self.keys.alarms(self.clock())]
        return [*of_keys, *others]

    def measure(self, meters: Meters) -> None:
        """Tell the metrics the days left of each key, how long entries have waited for a time stamp, and the alarms."""
        moment = self.clock().timestamp()
        for state in self.keys.states():
            if state.status == KeyStatus.ACTIVE and state.expires_at is not None:
                meters.set_key_days(state.purpose.value, (state.expires_at - moment) / _DAY)
        since = self.waiting_since()
        meters.set_stamp_wait(0.0 if since is None else max(0.0, moment - since.timestamp()))
        meters.set_stopped(self.stopped())
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

    def stopped(self) -> int:
        """How many clients and officers were stopped for guessing, and wait for an inspector."""
        try:
            with Transaction(self.store) as work:
                return budgets.stopped(work.conn)
        except RegistriesError:  # as above
            return 0

    def _of_guessing(self) -> list[Alarm]:
        count = self.stopped()
        if not count:
            return []
        return [
            Alarm(
                f"有 {count} 个系统或账号因十分钟内查无结果过多被停止作答。请监督检查人员在“监督检查”页核实处置。",
                f"{count} clients or accounts were stopped: too many of their questions found nothing within ten "
                "minutes. An inspector should look at them on the page Inspection.",
                overdue=True,
            )
        ]

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
