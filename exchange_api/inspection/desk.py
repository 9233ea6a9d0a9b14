"""What an inspector does: looks at what is unusual, opens receipts behind it, lets people in, searches by subject.

    desk = Desk(parts.store_page, parts.clock, working_days(parts.home))
    found = desk.findings(session, period)
    desk.lift(session, stop_id, "联调数据有误，已更正")

The desk first follows the ledger to its end, so that what was answered a moment ago is seen. Everything here is of
role hub_page, by functions that demand the session's account to be an inspector's.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from certificates.china_time import CHINA
from certificates.receipts import resume
from exchange_api.errors import NotFound
from exchange_api.people.signed_in import Session
from exchange_api.transactions import Transaction
from registries.contracts.model import Register
from registries.store import inspection_searches, inspections
from registries.store.engine import Store
from registries.store.inspection_lines import (
    AccessLine,
    AfterHours,
    AnswerLine,
    Caseless,
    Crowded,
    Outlier,
    Repeated,
    Stop,
)
from registries.store.inspection_searches import AskedLine, Search
from registries.store.inspections import Act, Hours, Period, Wanted
from registries.working_days import WorkingDays

OPENS, CLOSES = time(7, 30), time(19, 0)
"""Half an hour before halls open, and after the last of their late days; overtime beyond that should be explained."""

LONGEST_DAYS: Final = 92
SUBJECTS: Final = frozenset({"natural_person", "legal_entity"})
_ROUNDS: Final = 50


@dataclass(frozen=True)
class Findings:
    """What is unusual in a period.

    Attributes:
        behind: whether the ledger goes further than what was looked at; the next look goes on.
    """

    stops: list[Stop]
    caseless: list[Caseless]
    crowded: list[Crowded]
    after_hours: list[AfterHours]
    repeated: list[Repeated]
    outliers: list[Outlier]
    guessers: list[Outlier]
    accesses: list[AccessLine]
    behind: bool


@dataclass(frozen=True)
class OpenedReceipt:
    """A receipt as the desk shows it: who got it, when, its payload, and its place in the ledger."""

    asker: str
    at: datetime
    payload: Mapping[str, Any]
    place: int | None


@dataclass(frozen=True)
class Desk:
    """The inspector's desk."""

    store_page: Store
    clock: Callable[[], datetime]
    calendar: WorkingDays

    def catch_up(self) -> bool:
        """Follow the ledger; whether its end was reached."""
        for _ in range(_ROUNDS):
            with Transaction(self.store_page) as work:
                if inspections.catch_up(work.conn) < inspections.AT_ONCE:
                    return True
        return False

    def findings(self, session: Session, period: Period) -> Findings:
        """Everything that is unusual in the period, each kind with its worst first.

        Raises:
            InspectionRefused: the account is no inspector's or auditor's.
        """
        reached = self.catch_up()
        account, hours = session.account_id, Hours(OPENS, CLOSES, [*self._free_days(period)])
        with Transaction(self.store_page) as work:
            return Findings(
                stops=inspections.stops(work.conn, account),
                caseless=inspections.caseless(work.conn, account, period),
                crowded=inspections.crowded(work.conn, account, period),
                after_hours=inspections.after_hours(work.conn, account, period, hours),
                repeated=inspections.repeated(work.conn, account, period),
                outliers=inspections.outliers(work.conn, account, period),
                guessers=inspections.outliers(work.conn, account, period, of_misses=True),
                accesses=inspections.accesses(work.conn, account, period),
                behind=not reached,
            )

    def answers(self, session: Session, period: Period, wanted: Wanted) -> list[AnswerLine]:
        """The answers behind a finding."""
        with Transaction(self.store_page) as work:
            return inspections.answers(work.conn, session.account_id, period, wanted)

    def receipt(self, session: Session, entry_id: int) -> OpenedReceipt:
        """One receipt's content; that it was opened stands in the ledger.

        Raises:
            NotFound: it never was an answer, or its body was erased.
        """
        act = self._act(session, "监督检查调阅回执")
        with Transaction(self.store_page) as work:
            found = inspections.receipt(work.conn, session.account_id, entry_id, act)
        if found is None:
            raise NotFound("回执", "receipt")
        payload = resume(found.payload)[1].payload
        return OpenedReceipt(found.asker_name or found.asker, found.at, payload, found.place)

    def lift(self, session: Session, stop_id: int, reason: str) -> None:
        """Let somebody ask again. Raises InspectionRefused."""
        with Transaction(self.store_page) as work:
            inspections.lift(work.conn, session.account_id, stop_id, self._act(session, reason))

    # --- searching by subject

    def searches(self, session: Session) -> list[Search]:
        """The latest searches, by whomever."""
        with Transaction(self.store_page) as work:
            return inspection_searches.searches(work.conn, session.account_id, self.clock())

    def ask_search(self, session: Session, register: Register, key: str, reason: str) -> None:
        """Ask for a search. Raises InspectionRefused."""
        with Transaction(self.store_page) as work:
            act = self._act(session, reason)
            inspection_searches.ask(work.conn, register, key, session.account_id, act)

    def decide_search(self, session: Session, search: int, *, agree: bool) -> None:
        """Approve or decline somebody else's search. Raises InspectionRefused."""
        with Transaction(self.store_page) as work:
            inspection_searches.decide(work.conn, search, session.account_id, agree, self._act(session, ""))

    def look(self, session: Session, search: int) -> list[AskedLine]:
        """The one look of an approved search. Raises InspectionRefused."""
        self.catch_up()
        with Transaction(self.store_page) as work:
            return inspection_searches.look(work.conn, search, session.account_id, self._act(session, ""))

    def _act(self, session: Session, reason: str) -> Act:
        return Act(session.login, reason, self.clock())

    def _free_days(self, period: Period) -> Iterator[date]:
        day = period.since.astimezone(CHINA).date()
        while day <= period.until.astimezone(CHINA).date():
            if not self.calendar.is_working(day):
                yield day
            day += timedelta(days=1)


def searchable(registers: Iterable[Register]) -> list[Register]:
    """The registers of whose subjects somebody asks: people and legal entities."""
    return [one for one in registers if one.merged and one.subject_kind.id in SUBJECTS]


def period_of(since: date, until: date) -> Period:
    """From the beginning of a day until the end of another, in China; at most three months."""
    since, until = min(since, until), max(since, until)
    since = max(since, until - timedelta(days=LONGEST_DAYS - 1))
    first, last = (datetime.combine(day, time(), CHINA) for day in (since, until + timedelta(days=1)))
    return Period(first, last)
