"""Deadlines as cards: yellow (黄牌) shortly before a last day, red (红牌) after it; by the department that has to act.

    shown = cards(work, today, calendar, department="tax")        # None: of all departments, for the authority

What has a last day: a provider's answer, the provision of what was granted, a grant's own end, an open notice of
stopping that waits for an answer, and cases (校核, 整改) that a department has to settle.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from certificates.china_time import CHINA
from exchange_api.transactions import Transaction
from registries.store import applications, cases, held_grants
from registries.store.applications import Application
from registries.store.grants import Grant
from registries.store.held_grants import StopNotice
from registries.working_days import WorkingDays

What = Literal["answer", "provide", "grant_ends", "stop_notice", "case"]
YELLOW_BEFORE: Final = 3
"""Working days before a last day from which its card is yellow."""
GRANT_BEFORE: Final = 20
"""Working days before a grant's end: who wants it longer has to apply, and the answer may take ten of them."""
NOTICE_DAYS: Final = 10
"""Working days in which who uses a grant should answer a notice of stopping."""
MOST_CASES: Final = 200
_MOST_DAYS: Final = timedelta(days=60)


@dataclass(frozen=True)
class Card:
    """One thing that is due.

    Attributes:
        department: who has to act.
        number: of the application, the grant or the case.
        days: working days that are left; negative: since when it is overdue.
    """

    colour: Literal["yellow", "red"]
    what: What
    number: int
    department: str
    due_on: date
    days: int


def cards(work: Transaction, today: date, calendar: WorkingDays, department: str | None = None) -> list[Card]:
    """All cards, the most overdue first: of a department, or of all."""
    waiting = applications.waiting(work.conn)
    ending = held_grants.ending(work.conn, today, today + _MOST_DAYS)
    notices = held_grants.notices(work.conn)
    users = {one.id: one.department for one in _of_notices(work, notices)}
    open_cases = cases.list_cases(work.conn, department, limit=MOST_CASES)
    due = [
        *(each for one in waiting for each in _of_application(one)),
        *(("grant_ends", one.id, one.department, one.valid_until) for one in ending if one.valid_until),
        *(
            ("stop_notice", one.grant_id, users[one.grant_id], _answer_by(one, calendar))
            for one in notices
            if one.state == "asking" and one.grant_id in users
        ),
        *(("case", one.number, one.department, one.due_on) for one in open_cases),
    ]
    shown = (_card(*one, today, calendar) for one in due if department in {None, one[2]})
    return sorted((one for one in shown if one is not None), key=lambda one: (one.due_on, one.what, one.number))


def counted(found: Iterable[Card]) -> dict[str, tuple[int, int]]:
    """By department: how many yellow cards and how many red ones."""
    counts: dict[str, tuple[int, int]] = {}
    for one in found:
        yellow, red = counts.get(one.department, (0, 0))
        counts[one.department] = (yellow + (one.colour == "yellow"), red + (one.colour == "red"))
    return counts


def _of_application(one: Application) -> Iterator[tuple[What, int, str, date]]:
    if one.state == "pending" and one.due_on is not None:
        yield "answer", one.id, one.wanted.provider, one.due_on
    if one.state == "granted" and one.provide_by is not None:
        yield "provide", one.id, one.wanted.provider, one.provide_by


def _of_notices(work: Transaction, notices: Iterable[StopNotice]) -> list[Grant]:
    return held_grants.by_ids(work.conn, sorted({one.grant_id for one in notices}))


def _answer_by(notice: StopNotice, calendar: WorkingDays) -> date:
    return calendar.after(notice.made_at.astimezone(CHINA).date(), NOTICE_DAYS)


def _card(what: What, number: int, department: str, due_on: date, today: date, calendar: WorkingDays) -> Card | None:
    left = calendar.between(today, due_on)
    if due_on < today:
        # of two days on one weekend neither is a working day after the other: overdue is overdue
        return Card("red", what, number, department, due_on, min(left, -1))
    if left <= (GRANT_BEFORE if what == "grant_ends" else YELLOW_BEFORE):
        return Card("yellow", what, number, department, due_on, left)
    return None
