"""Reports of closed months: scorecards of departments, the hub's monthly and quarterly reports, as PDF or workbook.

    reports.scorecard("transport", date(2026, 10, 1), "pdf")
    reports.monthly(date(2026, 10, 1), "xlsx")
    reports.quarterly(date(2026, 9, 1), "pdf")              # the quarter's last month

Figures come from what was closed alone, held against the ledger first; the same figures are the same file, and its
digest stands in the ledger before the file leaves.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Final, Literal

from exchange_api.documents_made import MadeFile
from exchange_api.reporting.book import as_workbook
from exchange_api.reporting.errors import MonthNotClosed, ReportDoubted
from exchange_api.reporting.figures import MonthFigures, month_figures
from exchange_api.reporting.naming import Names
from exchange_api.reporting.paper import as_pdf
from exchange_api.reporting.periods import QUARTER, period_report
from exchange_api.reporting.scorecard import scorecard
from exchange_api.reporting.sections import Report
from exchange_api.transactions import Transaction
from quality.monthly import due, leaves_of
from registries.departments import Catalogue
from registries.store import monthly, report_entries
from registries.store.engine import Store
from registries.store.monthly import Bounds

Kind = Literal["pdf", "xlsx"]
TREND: Final = 12
"""Months that a scorecard looks back over."""
MEDIA_TYPES: Final = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class Reports:
    """Makes reports. `store` is that of hub_page, which reads months and appends to the ledger."""

    def __init__(self, store: Store, catalogue: Callable[[], Catalogue], clock: Callable[[], datetime]) -> None:
        self._store = store
        self._catalogue = catalogue
        self._clock = clock

    def months(self) -> list[date]:
        """The months that are closed, the latest first."""
        with Transaction(self._store) as work:
            return monthly.months(work.conn)

    def waiting(self) -> list[date]:
        """The months that are over and not closed."""
        with Transaction(self._store) as work:
            return due(work.conn, self._clock())

    def scorecard(self, department: str, month: date, kind: Kind) -> MadeFile:
        """A department's card of a month.

        Raises:
            MonthNotClosed: it is not closed, or the department had no dataset in it.
            ReportDoubted: the month was changed after it was closed.
            DocumentsMissing: what draws PDFs is not installed.
        """
        report, leaves = self._card(department, month)
        return self._made(report, leaves, kind)

    def card(self, department: str, month: date) -> Report:
        """What that card says, before it is a file. Raises as `scorecard`."""
        return self._card(department, month)[0]

    def monthly(self, month: date, kind: Kind) -> MadeFile:
        """The hub's report of a month. Raises as `scorecard`."""
        figures, leaves = self.figures(month, 1)
        return self._made(period_report(figures, Names(self._catalogue())), leaves, kind)

    def quarterly(self, last: date, kind: Kind) -> MadeFile:
        """The hub's report of the quarter that this month ends. Raises as `scorecard`; all three have to be closed."""
        figures, leaves = self.figures(last, QUARTER)
        first = Bounds(figures[0].month)
        if last.month % QUARTER or len(figures) != QUARTER or (last.month - first.month.month) != QUARTER - 1:
            raise MonthNotClosed(f"{last:%Y}-Q{(last.month + 2) // 3}")
        return self._made(period_report(figures, Names(self._catalogue())), leaves, kind)

    def figures(self, last: date, most: int) -> tuple[Sequence[MonthFigures], dict[str, str]]:
        """The figures of up to so many closed months until `last`, in their order, and their leaves in the ledger.

        Raises:
            MonthNotClosed: `last` is not.
            ReportDoubted: a month was changed after it was closed.
        """
        with Transaction(self._store) as work:
            closed = monthly.months(work.conn)
            if last not in closed:
                raise MonthNotClosed(f"{last:%Y-%m}")
            wanted = sorted(month for month in closed if month <= last)[-most:]
            contents = [monthly.content(work.conn, month) for month in wanted]
            leaves, doubted = leaves_of(work.conn, contents)
        if doubted:
            raise ReportDoubted(", ".join(doubted))
        return [month_figures(kept) for kept in contents], leaves

    def _card(self, department: str, month: date) -> tuple[Report, dict[str, str]]:
        figures, leaves = self.figures(month, TREND)
        if department not in figures[-1].departments:
            raise MonthNotClosed(f"{month:%Y-%m}")
        return scorecard(figures, department, Names(self._catalogue())), leaves

    def _made(self, report: Report, leaves: dict[str, str], kind: Kind) -> MadeFile:
        evidence = {"report": report.name, "months": leaves, "ledger": "kind month, issuer scores, SHA-256 leaf"}
        data = as_pdf(report, evidence) if kind == "pdf" else as_workbook(report, evidence)
        name = f"{report.name}.{kind}"
        digest = hashlib.sha256(data).digest()
        payload = {"file": name, "digest": digest.hex(), "months": leaves}
        body = json.dumps(payload, sort_keys=True, separators=(",", ":")).encode()
        with Transaction(self._store) as work:
            report_entries.note(work.conn, digest, body, self._clock())
        return MadeFile(name, MEDIA_TYPES[kind], data)
