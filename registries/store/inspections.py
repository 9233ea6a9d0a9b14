"""The inspector's desk: unusual questions, who was stopped for guessing, and the receipts behind a finding.

    inspections.catch_up(conn)                                                  # hub_load, hub_page
    for line in inspections.repeated(conn, inspector, Period(since, until)): line.asker_name, line.questions
    inspections.lift(conn, inspector, stop_id, Act("zhao", "系统联调，已核实", now))      # in the ledger

What is shown comes from `inspected_answer`, which follows the ledger's answers; each function demands the account of an
inspector (an auditor may look), and PostgreSQL itself checks that. Whatever is done stands in the ledger.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final, NamedTuple, TypeVar

import psycopg
import sqlalchemy as sa

from registries.inspection_faults import InspectionRefused
from registries.store import ledger
from registries.store.inspection_lines import (
    AccessLine,
    AfterHours,
    AnswerLine,
    Caseless,
    Crowded,
    KeptReceipt,
    Outlier,
    Repeated,
    Stop,
)

KIND, ISSUER = "inspection", "inspection"
AT_ONCE: Final = 20_000
MOST: Final = 100
"""Lines of one finding."""


class Period(NamedTuple):
    """From a moment until before another."""

    since: datetime
    until: datetime


@dataclass(frozen=True)
class Hours:
    """When offices work, in China: the times of the day, and which days of the period are free."""

    opens: time
    closes: time
    free_days: Sequence[date]


@dataclass(frozen=True)
class Act:
    """Who does something at the desk, why, and when. `by` is a login."""

    by: str
    reason: str
    now: datetime


@dataclass(frozen=True)
class Wanted:
    """Which answers; None: any. `alike`: of the asker and about the subject of that entry."""

    asker: str | None = None
    department: str | None = None
    service_item: str | None = None
    case_number: str | None = None
    alike: int | None = None
    before: int | None = None


def catch_up(conn: sa.Connection, most: int = AT_ONCE) -> int:
    """Follow the ledger by so many places at most; how many were followed, 0 if all are or somebody else does."""
    return int(conn.execute(_CATCH_UP, {"most": most}).scalar_one())


def caseless(conn: sa.Connection, inspector: int, period: Period) -> list[Caseless]:
    """Questions without a case, or with one that is made up."""
    return _lines(conn, Caseless, "inspect_caseless", inspector, *period, MOST)


def crowded(conn: sa.Connection, inspector: int, period: Period, subjects: int = 5) -> list[Crowded]:
    """Cases under which so many subjects or more were asked about."""
    return _lines(conn, Crowded, "inspect_crowded", inspector, *period, subjects, MOST)


def after_hours(conn: sa.Connection, inspector: int, period: Period, hours: Hours) -> list[AfterHours]:
    """Officers who asked outside office hours; systems work at night, too."""
    return _lines(
        conn,
        AfterHours,
        "inspect_after_hours",
        inspector,
        *period,
        list(hours.free_days),
        hours.opens,
        hours.closes,
        MOST,
    )


def repeated(conn: sa.Connection, inspector: int, period: Period, times: int = 8) -> list[Repeated]:
    """Who asked about one subject so often or more."""
    return _lines(conn, Repeated, "inspect_repeated", inspector, *period, times, MOST)


def outliers(
    conn: sa.Connection, inspector: int, period: Period, *, of_misses: bool = False, peers: int = 4, score: float = 3.5
) -> list[Outlier]:
    """Officers with far more questions, or misses, than the median of those who do the same in their department."""
    return _lines(conn, Outlier, "inspect_outliers", inspector, *period, of_misses, peers, score, MOST)


def answers(conn: sa.Connection, inspector: int, period: Period, wanted: Wanted, most: int = MOST) -> list[AnswerLine]:
    """The answers behind a finding, the latest first."""
    which = (wanted.asker, wanted.department, wanted.service_item, wanted.case_number, wanted.alike, wanted.before)
    return _lines(conn, AnswerLine, "inspect_answers", inspector, *period, *which, most)


def receipt(conn: sa.Connection, inspector: int, entry_id: int, act: Act) -> KeptReceipt | None:
    """One receipt's content; that it was opened stands in the ledger. None if it is gone, or was never an answer."""
    found = _lines(conn, KeptReceipt, "inspect_receipt", inspector, entry_id)
    if not found:
        return None
    write_down(
        conn, f"receipt:{entry_id}:{inspector}:{act.now.timestamp()}", {"act": "receipt", "entry": entry_id}, act
    )
    return found[0]._replace(payload=bytes(found[0].payload))


def stops(conn: sa.Connection, inspector: int, most: int = 20) -> list[Stop]:
    """Who was stopped for guessing; those in force first."""
    return _lines(conn, Stop, "inspect_stops", inspector, most)


def lift(conn: sa.Connection, inspector: int, stop_id: int, act: Act) -> str:
    """Let somebody ask again, with a reason; whom.

    Raises:
        InspectionRefused: no reason, nobody is stopped by that, or it is the inspector's own account.
    """
    reasoned(act)
    asker: str = called(conn, "lift_stop", inspector, stop_id, act.reason.strip(), act.now).scalar_one()
    write_down(conn, f"lift:{stop_id}", {"act": "lift", "stop": stop_id, "asker": asker}, act)
    return asker


def accesses(conn: sa.Connection, inspector: int, period: Period, most: int = MOST) -> list[AccessLine]:
    """Looks at one subject's data through the pages; those in clear first."""
    return _lines(conn, AccessLine, "inspect_accesses", inspector, *period, most)


# --- what the modules of the desk share


def write_down(conn: sa.Connection, jti: str, members: Mapping[str, object], act: Act) -> None:
    """The ledger's entry of an act at the desk: what, by whom and when; a digest of the reason, not its words."""
    told = {
        **members,
        "by": act.by,
        "at": act.now.isoformat(),
        "reason_digest": hashlib.sha256(act.reason.strip().encode()).hexdigest(),
    }
    body = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    ledger.append(conn, [ledger.NewEntry(KIND, ISSUER, jti, hashlib.sha256(body).digest(), body)], act.now)


@contextmanager
def refusals() -> Iterator[None]:
    """PostgreSQL's own refusals as `InspectionRefused`."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        state = error.orig.sqlstate if isinstance(error.orig, psycopg.Error) else None
        if state is not None and state in InspectionRefused.REASONS:
            raise InspectionRefused(state) from None
        raise


def called(conn: sa.Connection, name: str, *given: object) -> sa.CursorResult[*tuple[Any, ...]]:
    """What one of the desk's functions gives; whole numbers are bigint for all of them."""
    values = (sa.literal(one, sa.BigInteger) if type(one) is int else one for one in given)
    function = getattr(sa.func.hub, name)(*values)
    with refusals():
        return conn.execute(sa.select(sa.literal_column("*")).select_from(function))


def reasoned(act: Act) -> None:
    """Raises InspectionRefused if no reason is given."""
    if not act.reason.strip():
        raise InspectionRefused("reason")


Line = TypeVar("Line")
_CATCH_UP = sa.text("SELECT hub.catch_up_inspection(:most)")


def _lines(conn: sa.Connection, line: Callable[..., Line], name: str, *given: object) -> list[Line]:
    return [line(*row) for row in called(conn, name, *given)]
