"""What a case-check finds, and what is written down of it: yes, no or unknown, and never a value.

    facts = case_checks.facts(conn, [FactWish(...), ...], now, today)        # hub_api; one call for a whole group
    held = case_checks.held_numbers(conn, [HeldWish(...), ...], today)
    before = case_checks.received_before(conn, [ReceivedWish(...), ...])
    case_checks.note_checks(conn, [CheckMade(...), ...], now)
    case_checks.note_received(conn, Received(...), now).outcome              # "received", "known" or "reason_missing"

The database functions look the grants up themselves: what a grant does not reach comes back as not granted, whoever
calls.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Literal

import sqlalchemy as sa


@dataclass(frozen=True)
class Asking:
    """Who asks, under which grant, why, and about whom.

    Attributes:
        asker: `client:<id>` or `officer:<account>`.
        grant: the id of the grant that is said to cover it; the store looks for itself.
    """

    department: str
    asker: str
    grant: int
    purpose: str
    service_item: str
    subject_kind: str
    subject_key: str
    subject_name: str


@dataclass(frozen=True)
class FactWish:
    """What a row of the subject in a dataset should say: (column, operation, values), all of them in one row.

    Attributes:
        act: `matching` (operation `same` alone) or `query` (all others).
    """

    asking: Asking
    act: Literal["matching", "query"]
    dataset: str
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Fact:
    """What was found.

    Attributes:
        found: the subject has a row there that holds today.
        doubtful: a row of the subject is being checked: refused, absent from the last delivery.
        answer: None where there is no row, or it does not say.
    """

    granted: bool
    data_as_of: datetime | None
    fresh: bool
    found: bool
    doubtful: bool
    answer: bool | None


@dataclass(frozen=True)
class HeldWish:
    """A holder's certificates of one type."""

    asking: Asking
    certificate_type: str
    holder_code_type: str


@dataclass(frozen=True)
class ReceivedWish:
    """A material of the subject, by the name that it has in every item."""

    department: str
    subject_kind: str
    subject_key: str
    case: str
    kept_as: str


@dataclass(frozen=True)
class ReceivedBefore:
    """When it was received; `same_case`: at another step of the case that is asked about."""

    same_case: bool
    item: str
    received_at: datetime


@dataclass(frozen=True)
class CheckMade:
    """A case-check to be written down: (material, outcome, reason) each."""

    item: str
    item_version: str
    department: str
    case: str
    subject_kind: str
    subject_key: str
    materials: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Received:
    """A material that an office has received.

    Attributes:
        form: `paper` or `file`.
        reason: why it was taken although the hub could have answered; one of `case_tables.PAPER_REASONS`.
        file_digest: SHA-256 in hex of the file that the office keeps; "" without one.
    """

    item: str
    material: str
    kept_as: str
    department: str
    case: str
    subject_kind: str
    subject_key: str
    form: Literal["paper", "file"]
    reason: str | None
    file_digest: str = ""


@dataclass(frozen=True)
class ReceivedNow:
    """What came of it.

    Attributes:
        outcome: `received`; `known`: it was received before, and stays as it was written down then;
            `reason_missing`: nothing was written down, as the hub could have answered and no reason was given.
        hub_reason: what the last check of the case had said of this material; None if there was none.
    """

    outcome: Literal["received", "known", "reason_missing"]
    could_have: bool
    hub_reason: str | None
    received_at: datetime | None


_FACTS = sa.text("SELECT * FROM hub.case_facts(CAST(:wanted AS jsonb), :asked_at, :asked_on)")
_HELD = sa.text("SELECT * FROM hub.held_numbers(CAST(:wanted AS jsonb), :asked_on)")
_BEFORE = sa.text("SELECT * FROM hub.received_before(CAST(:wanted AS jsonb))")
_NOTE_CHECKS = sa.text("SELECT hub.note_case_checks(CAST(:checks AS jsonb), :at)")
_NOTE_RECEIVED = sa.text("SELECT * FROM hub.note_received(CAST(:given AS jsonb), :at)")


def facts(conn: sa.Connection, wanted: Sequence[FactWish], now: datetime, today: date) -> list[Fact | None]:
    """For each wish, in order, what was found; None for a dataset in which nobody can be looked up."""
    if not wanted:
        return []
    sent = [
        {
            **asdict(each.asking),
            "place": place,
            "act": each.act,
            "dataset": each.dataset,
            "conditions": [
                {"column": column, "operation": operation, "values": list(values)}
                for column, operation, values in each.conditions
            ],
        }
        for place, each in enumerate(wanted)
    ]
    rows = conn.execute(_FACTS, {"wanted": _json(sent), "asked_at": now, "asked_on": today})
    found = {
        row.place: Fact(row.granted, row.data_as_of, row.fresh, row.found, row.doubtful, row.answer) for row in rows
    }
    return [found.get(place) for place in range(len(wanted))]


def held_numbers(conn: sa.Connection, wanted: Sequence[HeldWish], today: date) -> list[tuple[str, ...]]:
    """For each wish, in order, the numbers of at most four certificates, good ones first."""
    if not wanted:
        return []
    sent = [
        {
            **asdict(each.asking),
            "place": place,
            "certificate_type": each.certificate_type,
            "holder_name": each.asking.subject_name,
            "holder_code_type": each.holder_code_type,
            "holder_code": each.asking.subject_key,
        }
        for place, each in enumerate(wanted)
    ]
    numbers: dict[int, list[str]] = {}
    for row in conn.execute(_HELD, {"wanted": _json(sent), "asked_on": today}):
        numbers.setdefault(row.place, []).append(row.certificate_number)
    return [tuple(numbers.get(place, ())) for place in range(len(wanted))]


def received_before(conn: sa.Connection, wanted: Sequence[ReceivedWish]) -> list[ReceivedBefore | None]:
    """For each wish, in order, when that material was received last; of this case first."""
    if not wanted:
        return []
    sent = [{**asdict(each), "place": place} for place, each in enumerate(wanted)]
    found = {
        row.place: ReceivedBefore(row.same_case, row.item, row.received_at)
        for row in conn.execute(_BEFORE, {"wanted": _json(sent)})
    }
    return [found.get(place) for place in range(len(wanted))]


def note_checks(conn: sa.Connection, checks: Sequence[CheckMade], now: datetime) -> None:
    """Write down what was answered, by one statement, in the transaction that answers."""
    if checks:
        sent = [{**asdict(each), "materials": [_material(one) for one in each.materials]} for each in checks]
        conn.execute(_NOTE_CHECKS, {"checks": _json(sent), "at": now})


def note_received(conn: sa.Connection, received: Received, now: datetime) -> ReceivedNow:
    """Write down that a material was received; once in a case."""
    given = {**asdict(received), "file_digest": received.file_digest or None}
    row = conn.execute(_NOTE_RECEIVED, {"given": _json(given), "at": now}).one()
    return ReceivedNow(row.outcome, row.could_have, row.hub_reason, row.received_at)


def _material(told: tuple[str, str, str]) -> Mapping[str, str]:
    return dict(zip(("material", "outcome", "reason"), told, strict=True))


def _json(sent: Any) -> str:  # noqa: ANN401 - JSON
    return json.dumps(sent, ensure_ascii=False)
