"""Cases (工单) as they are read: one cause each, handed to the department that can mend it, with its rows and steps.

    for each in cases.list_cases(conn, department="civil_affairs", card="red", on=today, calendar=calendar): ...
    cases.rows_of(conn, 17), cases.steps_of(conn, 17)
    cases.card(case, today, calendar)                        # None, "yellow" or "red"

整改 (`rectification`): a rule or a steward found it in the department's own data. 校核 (`verification`): somebody
else's data, an office, a citizen, or a vanished certificate speaks against it. Cases are opened and closed by
`case_opening` and `case_closing` for the intake, and by `casework` for people.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

import sqlalchemy as sa

from registries.store.casework_tables import case, case_evidence, case_row, case_step
from registries.working_days import WorkingDays

Kind = Literal["rectification", "verification"]
Cause = Literal["finding", "conflict", "vanished", "erased", "move", "dispute", "steward", "objection"]
State = Literal["open", "closed"]
Ending = Literal["mended", "found_right", "beyond_mending", "withdrawn"]
RowState = Literal["open", "mended", "found_right", "beyond_mending", "gone"]
Card = Literal["yellow", "red"]
WORKING_DAYS: Final = 10
"""Decree 809, article 26: how long a provider has to answer; what a rule found has the same time."""

YELLOW_BEFORE: Final = 2
"""Working days before its last day from which a case has a yellow card."""


@dataclass(frozen=True)
class Case:
    """One cause in one dataset.

    Attributes:
        department: who must mend it; `against`: whose data speaks against it, where it is a conflict.
        opened_batch: None where no batch opened it.
        stopped_at: its clock stands since; `stopped_days`: working days that it stood before.
        escalated_to: the administrator of its department, or the authority.
        rows: subjects that it is or was about; `rows_open`: those that are not settled.
        reopened: how often a settled row relapsed after it was closed.
    """

    number: int
    kind: Kind
    cause: Cause
    dataset: str
    department: str
    against: str | None
    rule_id: str | None
    register: str | None
    attribute: str | None
    opened_batch: int | None
    opened_at: datetime
    due_on: date
    state: State
    ending: Ending | None
    assigned_to: str | None
    stopped_at: datetime | None
    stopped_days: int
    escalated_to: Literal["administrator", "authority"] | None
    escalated_at: datetime | None
    reminders: int
    rows: int
    rows_open: int
    reopened: int
    closed_batch: int | None
    closed_at: datetime | None

    @property
    def rows_settled(self) -> int:
        """How many of all are settled."""
        return self.rows - self.rows_open


@dataclass(frozen=True)
class CaseRow:
    """One subject of a case, without saying who: where there is a row, `row_number` of `opened_batch` leads to it."""

    id: int
    opened_batch: int | None
    row_number: int | None
    state: RowState
    closed_batch: int | None
    closed_at: datetime | None


@dataclass(frozen=True)
class CaseStep:
    """What was done to a case; `note` is sealed."""

    id: int
    at: datetime
    act: str
    by: str
    department: str | None
    reason: str | None
    note: bytes | None
    batch: int | None
    rows: int | None


@dataclass(frozen=True)
class CaseEvidence:
    """A file that speaks for the ending of a case; its bytes are sealed at `path`."""

    digest: bytes
    media_type: str
    size: int
    path: str
    by: str
    landed_at: datetime


@dataclass(frozen=True)
class Figures:
    """Cases of a department, or of all, counted.

    Attributes:
        overdue: open, with its clock running after its last day; `due_soon`: with a yellow card.
        in_time, late: of those closed in the time asked for, by their last day.
        beyond_mending: rows that nobody can mend any more, openly counted.
    """

    department: str
    open: int
    stopped: int
    due_soon: int
    overdue: int
    in_time: int
    late: int
    rows: int
    rows_open: int
    beyond_mending: int


_SHOWN = tuple(column for column in case.c)
_ROW = tuple(case_row.c[name] for name in ("id", "opened_batch", "row_number", "state", "closed_batch", "closed_at"))
_STEP = tuple(column for column in case_step.c if column.name != "case_number")


def card(found: Case, today: date, calendar: WorkingDays) -> Card | None:
    """Yellow with at most two working days left, red after the last day; none while the clock stands, or at the end."""
    if found.state != "open" or found.stopped_at is not None:
        return None
    if found.due_on < today:
        return "red"
    return "yellow" if calendar.between(today, found.due_on) <= YELLOW_BEFORE else None


def list_cases(
    conn: sa.Connection,
    department: str | None = None,
    dataset: str | None = None,
    state: State | None = "open",
    before: int | None = None,
    limit: int = 50,
    *,
    kind: str | None = None,
    cause: str | None = None,
    rule_id: str | None = None,
    assigned_to: str | None = None,
    card: Card | None = None,
    on: date | None = None,
    calendar: WorkingDays | None = None,
) -> list[Case]:
    """Cases, latest first.

    `department`: who must mend it, or whose data speaks against it. `before` is a number from the page before. `card`:
    only those with that card `on` a day of `calendar`, which are needed then. Not for hub_api.
    """
    wanted = sa.select(*_SHOWN).order_by(case.c.number.desc()).limit(limit)
    for column, value in (
        (case.c.dataset, dataset),
        (case.c.state, state),
        (case.c.kind, kind),
        (case.c.cause, cause),
        (case.c.rule_id, rule_id),
        (case.c.assigned_to, assigned_to),
    ):
        if value is not None:
            wanted = wanted.where(column == value)
    if department is not None:
        wanted = wanted.where(concerns(department))
    if before is not None:
        wanted = wanted.where(case.c.number < before)
    if card is not None and on is not None and calendar is not None:
        wanted = wanted.where(_has_card(card, on, calendar))
    return [Case(*row) for row in conn.execute(wanted)]


def concerns(department: str) -> sa.ColumnElement[bool]:
    """The case is this department's to mend, or its data speaks against it."""
    return sa.or_(case.c.department == department, case.c.against == department)


def one(conn: sa.Connection, number: int, *, of_department: str | None = None) -> Case | None:
    """The case of a number; None if there is none, or it does not concern that department."""
    wanted = sa.select(*_SHOWN).where(case.c.number == number)
    if of_department is not None:
        wanted = wanted.where(concerns(of_department))
    row = conn.execute(wanted).first()
    return None if row is None else Case(*row)


def rows_of(
    conn: sa.Connection, number: int, after: int = 0, limit: int = 50, *, state: RowState | None = None
) -> list[CaseRow]:
    """Rows of a case in the order in which they came; `after` is an id of the page before."""
    wanted = sa.select(*_ROW).where(case_row.c.case_number == number, case_row.c.id > after)
    if state is not None:
        wanted = wanted.where(case_row.c.state == state)
    return [CaseRow(*row) for row in conn.execute(wanted.order_by(case_row.c.id).limit(limit))]


def row_states(conn: sa.Connection, number: int) -> dict[str, int]:
    """How many rows of a case are in which state; a row that relapsed counts as often as it came."""
    counted = sa.select(case_row.c.state, sa.func.count()).where(case_row.c.case_number == number)
    return {state: count for state, count in conn.execute(counted.group_by(case_row.c.state))}  # noqa: C416 - rows of two


def steps_of(conn: sa.Connection, number: int) -> list[CaseStep]:
    """What was done to a case, in order."""
    rows = conn.execute(sa.select(*_STEP).where(case_step.c.case_number == number).order_by(case_step.c.id))
    return [CaseStep(*row) for row in rows]


def evidence_of(conn: sa.Connection, number: int) -> list[CaseEvidence]:
    """The files that speak for the ending of a case, as they came."""
    named = ("digest", "media_type", "size", "path", "by", "landed_at")
    wanted = sa.select(*(case_evidence.c[name] for name in named)).where(case_evidence.c.case_number == number)
    rows = conn.execute(wanted.order_by(case_evidence.c.landed_at, case_evidence.c.digest))
    return [CaseEvidence(bytes(row.digest), *row[1:]) for row in rows]


def figures(
    conn: sa.Connection,
    today: date,
    calendar: WorkingDays,
    *,
    department: str | None = None,
    closed_since: datetime | None = None,
    closed_before: datetime | None = None,
) -> list[Figures]:
    """Cases counted by the department that must mend them, in the order of departments; one statement.

    `today` and `calendar`: for the cards. `closed_since`, `closed_before`: which closed cases count as in time or late;
    None: all. Not for hub_api.
    """
    is_open = case.c.state == "open"
    closed = [case.c.state == "closed"]
    closed += [] if closed_since is None else [case.c.closed_at >= closed_since]
    closed += [] if closed_before is None else [case.c.closed_at < closed_before]
    in_time = sa.cast(sa.func.timezone("Asia/Shanghai", case.c.closed_at), sa.Date) <= case.c.due_on
    beyond = (
        sa.select(sa.func.count())
        .select_from(case_row)
        .where(case_row.c.case_number == case.c.number, case_row.c.state == "beyond_mending")
        .scalar_subquery()
    )
    counted = sa.select(
        case.c.department,
        _count(is_open),
        _count(is_open, case.c.stopped_at.is_not(None)),
        _count(_has_card("yellow", today, calendar)),
        _count(_has_card("red", today, calendar)),
        _count(*closed, in_time),
        _count(*closed, ~in_time),
        sa.cast(sa.func.coalesce(sa.func.sum(case.c.rows), 0), sa.BigInteger),
        sa.cast(sa.func.coalesce(sa.func.sum(case.c.rows_open), 0), sa.BigInteger),
        sa.cast(sa.func.coalesce(sa.func.sum(sa.case((case.c.ending == "beyond_mending", beyond))), 0), sa.BigInteger),
    )
    if department is not None:
        counted = counted.where(case.c.department == department)
    rows = conn.execute(counted.group_by(case.c.department).order_by(case.c.department))
    return [Figures(*row) for row in rows]


def _count(*which: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.count().filter(*which)


def _has_card(colour: Card, on: date, calendar: WorkingDays) -> sa.ColumnElement[bool]:
    running = [case.c.state == "open", case.c.stopped_at.is_(None)]
    if colour == "red":
        return sa.and_(*running, case.c.due_on < on)
    return sa.and_(*running, case.c.due_on.between(on, _yellow_until(on, calendar)))


def _yellow_until(on: date, calendar: WorkingDays) -> date:
    """The latest last day to which at most `YELLOW_BEFORE` working days are left."""
    return calendar.after(on, YELLOW_BEFORE + 1) - timedelta(days=1)
