"""A month is closed once, when it is over: its scores are kept and told in the ledger, and late data change nothing.

    closed = close_months(store_load, clock())    # whichever are over and not closed yet; the worker asks every hour
    faults = list(month_faults(conn))             # months that somebody changed afterwards

Before a month is closed the scores that it is made of are held against the ledger: what was polished before the first
of the month does not slip in. The entry's payload is canonical JSON of everything that is kept of the month, without a
salt (it holds sums alone), so that it can be made again from the tables even where its body is gone.

    >>> month_payload(MonthContent(date(2026, 10, 1), (), (), (), ())).decode()
    '{"datasets":[],"failures":[],"month":"2026-10","scores":[],"uses":[]}'
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from certificates.china_time import CHINA
from quality.errors import ScoresChanged
from quality.score_check import batch_faults
from registries.store import inspections, ledger, monthly, report_entries, score_entries
from registries.store.engine import Store
from registries.store.monthly import Bounds, MonthContent

Connection = Any
"""The store's transaction; SQLAlchemy's name for it is known in registries only."""

KIND: Final = "month"
ISSUER: Final = "scores"
_TABLES: Final = {
    "datasets": ("dataset",),
    "scores": ("dataset", "dimension", "level"),
    "failures": ("dataset", "rule_id"),
    "uses": ("figure", "department", "name"),
}
"""What a payload lists, and by which columns a line of it is known."""


@dataclass(frozen=True)
class MonthFault:
    """Something of a closed month that is not as the ledger says.

    Attributes:
        line: which one, `scores transport.permits accuracy 1`; empty where it is about the whole month.
        what: `entry_missing`, `month_missing`, `changed`, `added` or `taken_away`.
    """

    month: str
    what: str
    line: str = ""


def close_months(store_load: Store, now: datetime) -> list[date]:
    """Close every month that is over and not closed yet, the earliest first; which ones.

    Raises:
        ScoresChanged: a score that a month is made of is not as the ledger says; that month and later ones stay open.
    """
    with store_load.begin() as conn:
        open_months = due(conn, now)
    if open_months:
        _follow_answers(store_load)
    for month in open_months:
        with store_load.begin() as conn:
            close_month(conn, month, now)
    if open_months:
        with store_load.begin() as conn:
            ledger.sequence(conn)
    return open_months


def _follow_answers(store_load: Store) -> None:
    """Uses are counted where answers are followed, place by place."""
    followed = 1
    while followed:
        with store_load.begin() as conn:
            followed = inspections.catch_up(conn)


def due(conn: Connection, now: datetime) -> list[date]:
    """The months that are over and not closed, from that of the first batch on."""
    first = monthly.first_delivery(conn)
    if first is None:
        return []
    closed, found = set(monthly.months(conn)), []
    bounds = Bounds(first.astimezone(CHINA).date().replace(day=1))
    while bounds.until <= now:
        if bounds.month not in closed:
            found.append(bounds.month)
        bounds = Bounds(bounds.next)
    return found


def close_month(conn: Connection, month: date, now: datetime) -> None:
    """Keep a month and write it into the ledger, in one transaction. Raises ScoresChanged as `close_months`."""
    bounds = Bounds(month)
    with closing(batch_faults(conn, monthly.gather(conn, bounds))) as faults:
        first = next(faults, None)
    if first is not None:
        raise ScoresChanged(f"{month:%Y-%m}", first.dataset, first.rule_id)
    monthly.write(conn, bounds)
    body = month_payload(monthly.content(conn, month))
    ledger.append(conn, [month_entry(month, body)], now)


def month_payload(kept: MonthContent) -> bytes:
    """The bytes that the ledger's leaf is the digest of; the same for the same content, wherever it is read."""
    members: dict[str, object] = {"month": f"{kept.month:%Y-%m}"}
    members |= {name: [_plain(line._asdict()) for line in getattr(kept, name)] for name in _TABLES}
    return json.dumps(members, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def month_entry(month: date, body: bytes) -> ledger.NewEntry:
    """The ledger's entry of a month: there is one for each, so that a month is closed once."""
    return ledger.NewEntry(KIND, ISSUER, f"{KIND}:{month:%Y-%m}", hashlib.sha256(body).digest(), body)


def month_faults(conn: Connection) -> Iterator[MonthFault]:
    """Closed months that are not as the ledger says, and what of them. As any role that reads both."""
    entries = score_entries.of_kind(conn, ISSUER, KIND)
    standing = monthly.months(conn)
    for name, leaf, payload in entries:
        month = date.fromisoformat(f"{name.partition(':')[2]}-01")
        if month not in standing:
            yield MonthFault(f"{month:%Y-%m}", "month_missing")
        else:
            yield from _month_faults(monthly.content(conn, month), leaf, payload)
    told = {name for name, _, _ in entries}
    for month in standing:
        if f"{KIND}:{month:%Y-%m}" not in told:
            yield MonthFault(f"{month:%Y-%m}", "entry_missing")


def leaves_of(conn: Connection, contents: Iterable[MonthContent]) -> tuple[dict[str, str], list[str]]:
    """What the ledger holds of these months, by month in hex, and those months that are not as it says.

    For whoever makes a report of them, as hub_page, which reads no bodies.
    """
    told = report_entries.leaves(conn, ISSUER, KIND)
    leaves, doubted = {}, []
    for kept in contents:
        month, leaf = f"{kept.month:%Y-%m}", told.get(f"{KIND}:{kept.month:%Y-%m}")
        if leaf is None or hashlib.sha256(month_payload(kept)).digest() != leaf:
            doubted.append(month)
        else:
            leaves[month] = leaf.hex()
    return leaves, doubted


def _month_faults(kept: MonthContent, leaf: bytes, payload: bytes | None) -> Iterator[MonthFault]:
    now = month_payload(kept)
    if hashlib.sha256(now).digest() == leaf:
        return
    month, named = f"{kept.month:%Y-%m}", False
    if payload is not None and hashlib.sha256(payload).digest() == leaf:
        for what, line in _differences(json.loads(payload), json.loads(now)):
            named = True
            yield MonthFault(month, what, line)
    if not named:
        yield MonthFault(month, "changed")


def _differences(was: dict[str, Any], now: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, keys in _TABLES.items():
        before, after = _by_key(was[name], keys), _by_key(now[name], keys)
        for key in sorted(before.keys() | after.keys()):
            if before.get(key) != after.get(key):
                what = "taken_away" if key not in after else "added" if key not in before else "changed"
                yield what, f"{name} {key}"


def _by_key(lines: Iterable[dict[str, Any]], keys: Iterable[str]) -> dict[str, dict[str, Any]]:
    return {" ".join(str(line[key]) for key in keys): line for line in lines}


def _plain(line: dict[str, object]) -> dict[str, object]:
    return {name: _moment(value) if isinstance(value, datetime) else value for name, value in line.items()}


def _moment(value: datetime) -> str:
    """In UTC: the zone of a connection must not change a payload."""
    return value.astimezone(UTC).isoformat(timespec="microseconds")
