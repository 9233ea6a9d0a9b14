"""The states of a certificate, the moves that law knows between them, and the state on a given day.

No national set of states exists: each ministry's codes are mapped to these by the certificate type's table.

Example:
    >>> from datetime import date
    >>> suspended = StatusEvent(Status.SUSPENDED, date(2024, 3, 1), "整顿")
    >>> events = (suspended, StatusEvent(Status.VALID, date(2024, 5, 1), "发还"))
    >>> status_on(Status.VALID, events, date(2024, 4, 1), today=date(2024, 6, 1)).status
    <Status.SUSPENDED: 'suspended'>
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise

from certificates.errors import CertificatesError
from certificates.terms import Term


class Status(StrEnum):
    """The canonical states (the sources' own codes are kept beside them)."""

    DRAFT = "draft"
    VALID = "valid"
    SUSPENDED = "suspended"  # 暂扣
    EXPIRED = "expired"
    SUPERSEDED = "superseded"  # 换发、变更
    CANCELLED = "cancelled"  # 注销
    REVOKED_VOID = "revoked_void"  # 撤销: void from the beginning
    REVOKED_PENALTY = "revoked_penalty"  # 吊销: from the day of the decision
    TRANSFERRED = "transferred"  # 转出


BAD_NEWS = frozenset(
    {
        Status.SUSPENDED,
        Status.SUPERSEDED,
        Status.CANCELLED,
        Status.REVOKED_VOID,
        Status.REVOKED_PENALTY,
        Status.TRANSFERRED,
    }
)
"""States that are told at once, whatever is being checked. Not ``expired``: what is checked may be the renewal."""

_ENDINGS = frozenset({Status.EXPIRED, Status.CANCELLED, Status.REVOKED_VOID, Status.REVOKED_PENALTY})

MOVES: Mapping[Status, frozenset[Status]] = {
    Status.DRAFT: frozenset({Status.VALID, Status.CANCELLED}),
    Status.VALID: _ENDINGS | {Status.SUSPENDED, Status.SUPERSEDED, Status.TRANSFERRED},
    Status.SUSPENDED: _ENDINGS | {Status.VALID},
    Status.EXPIRED: frozenset(
        {Status.VALID, Status.SUPERSEDED, Status.CANCELLED, Status.REVOKED_VOID, Status.REVOKED_PENALTY}
    ),
    Status.SUPERSEDED: frozenset({Status.CANCELLED, Status.REVOKED_VOID, Status.REVOKED_PENALTY}),
    Status.TRANSFERRED: frozenset({Status.VALID, Status.CANCELLED}),
    Status.CANCELLED: frozenset({Status.VALID}),
    Status.REVOKED_VOID: frozenset({Status.VALID}),
    Status.REVOKED_PENALTY: frozenset({Status.VALID}),
}
"""From each state to those it may become, after the operations of the housing ministry's interface:
新发, 延续, 暂扣, 暂扣发还, 过期失效, 注销, 撤销, 吊销, 转出, 取消转出, 变更."""

LIFTED_BY_DECISION = frozenset({Status.CANCELLED, Status.REVOKED_VOID, Status.REVOKED_PENALTY})
"""States that end only by a decision, which the reason has to name."""


@dataclass(frozen=True)
class StatusEvent:
    """One statement of the source: from this day on, this state.

    Attributes:
        since: First day of the state; None where the source names no day: a first statement counts for every day then,
            a later one from ``learnt_on``, and for every day where that is not known either.
        reason: The source's words, possibly empty.
        learnt_on: The day on which the hub learnt of it.
        lawful: A move that law knows leads to it from the last lawful statement. What is not lawful is being checked.
        term: The dates that the certificate had with it.
    """

    status: Status
    since: date | None
    reason: str = ""
    learnt_on: date | None = None
    lawful: bool = True
    term: Term | None = None


@dataclass(frozen=True)
class DayStatus:
    """What the source's statements say about one day.

    Attributes:
        status: The state on that day; None if no statement reaches back to that day and none can be inferred, or if
            it is contested.
        since: First day of that state, if told.
        reason: The source's reason for that state.
        later: The state that followed, where the day asked for lies before it.
        contested: The source's last word, which no lawful move leads to, and the state that it speaks against.
    """

    status: Status | None
    since: date | None = None
    reason: str = ""
    later: Status | None = None
    contested: tuple[Status, Status] | None = None


class IllegalMove(CertificatesError):
    """Raised when a state cannot become another one, or not without a stated decision."""

    def __init__(self, before: Status, after: Status, *, needs_decision: bool = False) -> None:
        self.before = before
        self.after = after
        if needs_decision:
            zh = f"状态由 {before} 恢复为 {after} 须写明依据的决定。请补充原因后再报。"
            en = f"To lift {before} to {after} a decision must be named as the reason. Add it and send again."
        else:
            zh = f"状态不能由 {before} 变为 {after}。请核对来源系统中的状态变更记录。"
            en = f"A certificate cannot move from {before} to {after}. Check the changes recorded in the source system."
        super().__init__(zh, en)


def check_move(before: Status, after: Status, reason: str = "") -> None:
    """Refuse a move that law does not know; to lift a cancellation or revocation, the decision must be named.

    Raises:
        IllegalMove: What is wrong with it.
    """
    if before == after:
        return
    if after not in MOVES[before]:
        raise IllegalMove(before, after)
    if before in LIFTED_BY_DECISION and not reason.strip():
        raise IllegalMove(before, after, needs_decision=True)


def illegal_moves(events: Iterable[StatusEvent]) -> list[int]:
    """Positions (from 0) of the events that law does not know as a move from the one before. A finding, no refusal."""
    faults = []
    for position, (earlier, event) in enumerate(pairwise(events), start=1):
        try:
            check_move(earlier.status, event.status, event.reason)
        except IllegalMove:
            faults.append(position)
    return faults


def timeline(events: Iterable[StatusEvent]) -> tuple[StatusEvent, ...]:
    """The lawful statements in force, oldest day first, from statements in the order in which the hub learnt of them.

    The last word counts from its own day on: a correction that reaches further back replaces what was said of the
    days after it.
    """
    return tuple(event for _, event in _begun_on(events))


def _begun_on(events: Iterable[StatusEvent]) -> list[tuple[date, StatusEvent]]:
    """The timeline, each statement with the day from which it counts."""
    kept: list[tuple[date, StatusEvent]] = []
    for event in events:
        if event.lawful:
            start = event.since or (event.learnt_on if kept else None) or date.min
            kept = [earlier for earlier in kept if earlier[0] < start]
            kept.append((start, event))
    return kept


def status_on(current: Status, events: Iterable[StatusEvent], day: date, *, today: date) -> DayStatus:
    """The state on one day, as known today.

    Args:
        current: The state that the source gives now; it decides for today and later days, whatever the events say,
            unless the source's last word is no lawful move.
        events: Statements in the order in which the hub learnt of them.
        day: The day asked for, past or not.
        today: The day of asking.
    """
    told = tuple(events)
    lawful = [event for event in told if event.lawful]
    if not lawful or told[-1].lawful:
        return _lawful_on(current, told, day, today)
    found = _lawful_on(lawful[-1].status, lawful, day, today)
    return _contested(found, told[-1], lawful[-1].status, day)


def _contested(found: DayStatus, word: StatusEvent, against: Status, day: date) -> DayStatus:
    """With a last word that no lawful move leads to: bad news is told at once, all else is being checked."""
    if day < (word.since or word.learnt_on or date.min):
        return found
    if word.status in BAD_NEWS:
        bad = found.status in BAD_NEWS
        return found if bad else DayStatus(word.status, word.since, word.reason)
    return DayStatus(None, contested=(word.status, against))


def _lawful_on(current: Status, events: Iterable[StatusEvent], day: date, today: date) -> DayStatus:
    known = list(events)
    if not known or known[-1].status != current:
        known.append(StatusEvent(current, today if current == Status.VALID else None))
    last = known[-1]
    if day >= today or current == Status.REVOKED_VOID:  # 撤销 takes the certificate back from the beginning
        return DayStatus(current, last.since, last.reason)
    return _on_past_day(_begun_on(known), day)


def _on_past_day(known: list[tuple[date, StatusEvent]], day: date) -> DayStatus:
    begun = [event for start, event in known if start <= day]
    following = known[len(begun)][1] if len(begun) < len(known) else None
    later = following.status if following else None
    if begun:
        if _may_have_begun(begun[-1], following, day):
            return DayStatus(None, later=later)
        standing = begun[-1]
        after = (event.status for _, event in known[len(begun) :] if event.status != standing.status)
        return DayStatus(standing.status, standing.since, standing.reason, next(after, None))
    # Before the first statement: the days before a certificate is stated to be valid, or has run out, are told by its
    # dates. Before a first statement of anything else the hub does not know, and says so.
    inferable = later in {Status.VALID, Status.EXPIRED}
    return DayStatus(Status.VALID if inferable else None, later=later)


def _may_have_begun(standing: StatusEvent, following: StatusEvent | None, day: date) -> bool:
    """Bad news without a day came some time after the hub had last heard otherwise: between the two nobody knows."""
    if following is None or following.since is not None or following.status not in BAD_NEWS:
        return False
    return standing.learnt_on is not None and day > standing.learnt_on
