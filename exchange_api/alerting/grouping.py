"""Who hears of what, and when: alerts are grouped for each receiver, and wait while it is quiet.

    with Transaction(store_load) as work:
        alert_everybody(work.conn, now, settings, calendar)     # how many alerts were begun

Publishers hear of what they have to mend, stewards of what is held, drifts, is late or overdue, and an escalation goes
to the department's administrator and to the authority. Several things of one kind and dataset are one alert.

    >>> tuple(hearing.value for hearing, _ in WHO["escalated"])
    ('department_administrator', 'hub_administrator')
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta, timezone
from itertools import groupby
from typing import Any, Final

from exchange_api.people.roles import Role, roles_of
from registries.alert_settings import AlertSettings, Quiet
from registries.store import alert_deliveries, alerts
from registries.store.alert_deliveries import Wishes
from registries.store.alerts import AlertKind, Group, Hearer, Noted
from registries.store.cases import YELLOW_BEFORE
from registries.working_days import WorkingDays

CHINA: Final = timezone(timedelta(hours=8))
GROUPED_FOR: Final = timedelta(minutes=10)
"""So long an alert waits for more of its kind."""

KEPT: Final = timedelta(days=400)
"""So long an alert stays on the page."""

WHO: Final[Mapping[AlertKind, tuple[tuple[Role, bool], ...]]] = {
    "held": ((Role.PUBLISHER, False), (Role.STEWARD, True)),
    "refused": ((Role.PUBLISHER, False),),
    "case_opened": ((Role.PUBLISHER, False),),
    "yellow": ((Role.PUBLISHER, False),),
    "red": ((Role.PUBLISHER, False),),
    "overdue": ((Role.STEWARD, True),),
    "drift": ((Role.STEWARD, True),),
    "late": ((Role.PUBLISHER, False), (Role.STEWARD, True)),
    "escalated": ((Role.DEPARTMENT_ADMINISTRATOR, False), (Role.HUB_ADMINISTRATOR, True)),
}
"""Kind -> roles, and whether they hear of every department or of their own."""

_LONGEST_WAIT: Final = 60


def alert_everybody(
    conn: Any,  # noqa: ANN401 - SQLAlchemy's, whose name only registries know
    now: datetime,
    settings: AlertSettings | None,
    calendar: WorkingDays,
) -> int:
    """Note what is new, and tell whom it concerns; how many alerts were begun."""
    today = now.astimezone(CHINA).date()
    alerts.forget(conn, now - KEPT)
    noted = alerts.note(conn, now, today, calendar.after(today, YELLOW_BEFORE))
    if not noted:
        return 0
    people = alerts.hearers(conn, sorted({role.value for those in WHO.values() for role, _ in those}))
    wishes = alert_deliveries.wishes_of_all(conn, [one.account_id for one in people])
    closings = {
        one.account_id: closes_at(now, settings, wishes.get(one.account_id, Wishes()), calendar) for one in people
    }
    return alerts.spread(conn, list(groups(noted, people, closings)), now)


def groups(noted: Sequence[Noted], people: Sequence[Hearer], closings: Mapping[int, datetime]) -> Iterator[Group]:
    """One group for each receiver, kind, department and dataset."""
    ordered = sorted(noted, key=_cause)
    for (kind, department, dataset), several in groupby(ordered, key=_cause):
        things = list(several)
        for one in people:
            if hears(one, kind, department):
                until = closings[one.account_id]
                yield Group(one.account_id, kind, department, dataset, len(things), things[-1].reference, until)


def _cause(one: Noted) -> tuple[AlertKind, str, str]:
    return one.kind, one.department, one.dataset


def hears(one: Hearer, kind: AlertKind, department: str) -> bool:
    """Whether an account hears of this kind in that department."""
    roles = roles_of(one.roles)
    return any(role in roles and (far or one.department == department) for role, far in WHO[kind])


def closes_at(now: datetime, settings: AlertSettings | None, wishes: Wishes, calendar: WorkingDays) -> datetime:
    """When an alert that begins now is closed and sent: soon, but not while it is quiet for the receiver."""
    moment = (now + GROUPED_FOR).astimezone(CHINA)
    hours = [settings.quiet] if settings and settings.quiet else []
    if wishes.quiet_from is not None and wishes.quiet_until is not None:
        hours.append(Quiet(wishes.quiet_from, wishes.quiet_until))
    days_off = settings is not None and settings.working_days_only
    for _ in range(_LONGEST_WAIT):
        if days_off and not calendar.is_working(moment.date()):
            moment = _midnight_after(moment)
        elif (quiet := next((one for one in hours if one.holds(moment.time())), None)) is not None:
            moment = _end_of(quiet, moment)
        else:
            break
    return moment


def _midnight_after(moment: datetime) -> datetime:
    return datetime.combine(moment.date() + timedelta(days=1), time(), CHINA)


def _end_of(quiet: Quiet, moment: datetime) -> datetime:
    end = datetime.combine(moment.date(), quiet.until, CHINA)
    return end if end > moment else end + timedelta(days=1)
