"""Overdue cases go up by themselves: to their department's administrator, and after so many days to the authority.

escalate_overdue(store_load, now, calendar)      # once a day is enough; twice changes nothing
"""

from datetime import datetime
from typing import Final, Literal

from certificates.china_time import CHINA
from exchange_api.transactions import Transaction
from registries.store import case_steps, casework
from registries.store.case_steps import NewStep
from registries.store.cases import Case
from registries.store.engine import Store
from registries.working_days import WorkingDays

TO_AUTHORITY_AFTER: Final = 5
"""Working days after the last day, from which the data authority hears of it."""


def escalate_overdue(
    store: Store, now: datetime, calendar: WorkingDays, to_authority_after: int = TO_AUTHORITY_AFTER
) -> int:
    """Escalate every case that is due for it; how many.

    Args:
        store: as the role hub_load or hub_page sees it.
        now: against which they are overdue.
        calendar: of working days.
        to_authority_after: in working days.
    """
    today = now.astimezone(CHINA).date()
    with Transaction(store) as work:
        steps = []
        for found in casework.overdue(work.conn, today):
            to = _next(found, calendar.between(found.due_on, today), to_authority_after)
            if to is not None and casework.escalate(work.conn, found.number, to, now):
                steps.append(NewStep(found.number, "escalated", reason=to))
        case_steps.take(work.conn, steps, now)
        return len(steps)


def _next(found: Case, late: int, to_authority_after: int) -> Literal["administrator", "authority"] | None:
    """To whom it goes now; None if it is there already. Nobody is passed over."""
    if found.escalated_to is None:
        return "administrator"
    return "authority" if found.escalated_to == "administrator" and late >= to_authority_after else None
