"""A certificate's life: every move is an event with who, when, from when and why, and the state is a fold over them.

Moves that law does not know are refused here, where the hub or an issuer makes them. What a source delivers is
classified by the same rules (``classify``): no statement is dropped, but one that no lawful move leads to says so.

Example:
    >>> from datetime import UTC
    >>> at = datetime(2024, 3, 1, 9, tzinfo=UTC)
    >>> issued = Life().move(Act(Move.ISSUE, date(2020, 1, 1), "汕头市市监局", at), term=Term(date(2020, 1, 1)))
    >>> revoked = issued.move(Act(Move.REVOKE_PENALTY, date(2024, 3, 1), "汕头市市监局", at, "处罚决定〔2024〕1号"))
    >>> revoked.on(date(2024, 2, 29), today=date(2024, 6, 1)).status.status.value
    'valid'
    >>> revoked.on(date(2024, 3, 1), today=date(2024, 6, 1)).status.status.value
    'revoked_penalty'
    >>> revoked.move(Act(Move.RENEW, date(2024, 4, 1), "汕头市市监局", at))  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    certificates.status.IllegalMove: no such move
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from certificates.errors import CertificatesError
from certificates.identifiers import CertificateIdentifier, MalformedIdentifier
from certificates.status import LIFTED_BY_DECISION, MOVES, DayStatus, IllegalMove, Status, StatusEvent, status_on
from certificates.terms import Term, term_on


class Move(StrEnum):
    """What can happen to a certificate."""

    ISSUE = "issue"  # 签发
    RENEW = "renew"  # 延续
    RENEWAL_PENDING = "renewal_pending"  # 延续受理: applied for and not decided
    CHANGE = "change"  # 变更: the version goes up by one
    ENDORSE = "endorse"  # 签注
    SUSPEND = "suspend"  # 暂扣
    RESTORE = "restore"  # 恢复: 暂扣发还, 取消转出, a decision that lifts a cancellation or a revocation
    CANCEL = "cancel"  # 注销
    REVOKE_VOID = "revoke_void"  # 撤销
    REVOKE_PENALTY = "revoke_penalty"  # 吊销
    TRANSFER = "transfer"  # 转出
    EXPIRE = "expire"  # 过期失效
    SUPERSEDE = "supersede"  # 换发
    CORRECT = "correct"  # 更正: what was written down wrongly; the state stays


LEADS_TO: Final = {
    Move.ISSUE: Status.VALID,
    Move.RENEW: Status.VALID,
    Move.SUSPEND: Status.SUSPENDED,
    Move.RESTORE: Status.VALID,
    Move.CANCEL: Status.CANCELLED,
    Move.REVOKE_VOID: Status.REVOKED_VOID,
    Move.REVOKE_PENALTY: Status.REVOKED_PENALTY,
    Move.TRANSFER: Status.TRANSFERRED,
    Move.EXPIRE: Status.EXPIRED,
    Move.SUPERSEDE: Status.SUPERSEDED,
}
"""The state after each move; the others leave it as it is."""

MOVE_TO: Final = {
    Status.DRAFT: Move.CORRECT,
    Status.VALID: Move.ISSUE,
    Status.SUSPENDED: Move.SUSPEND,
    Status.EXPIRED: Move.EXPIRE,
    Status.SUPERSEDED: Move.SUPERSEDE,
    Status.CANCELLED: Move.CANCEL,
    Status.REVOKED_VOID: Move.REVOKE_VOID,
    Status.REVOKED_PENALTY: Move.REVOKE_PENALTY,
    Status.TRANSFERRED: Move.TRANSFER,
}
"""The move by which a first statement of each state, or one after another state, is known."""

FROM: Final = {
    Move.ISSUE: frozenset({None, Status.DRAFT}),
    Move.RENEW: frozenset({Status.VALID, Status.EXPIRED}),
    Move.RENEWAL_PENDING: frozenset({Status.VALID}),
    Move.CHANGE: frozenset({Status.VALID}),
    Move.ENDORSE: frozenset({Status.VALID, Status.EXPIRED}),
    Move.RESTORE: frozenset({Status.SUSPENDED, Status.TRANSFERRED}) | LIFTED_BY_DECISION,
    Move.CORRECT: frozenset(Status),
}
"""The states from which a move can be made, beyond what ``MOVES`` says of the states alone."""

NEEDS_REASON: Final = frozenset(
    {Move.SUSPEND, Move.CANCEL, Move.REVOKE_VOID, Move.REVOKE_PENALTY, Move.CORRECT, Move.TRANSFER}
)
_PAPER_ERA: Final = frozenset({"C", "D"})
_TRUST: Final = frozenset({"A", "B", "C", "D"})


class IncompleteMove(CertificatesError):
    """Raised when a move lacks what has to be written down with it, or is dated before what it ends.

    Attributes:
        move: Which move.
        member: What is missing or wrong: ``by``, ``reason``, ``principal``, ``since``, ``term``, ``trust_level``,
            ``identifier``.
    """

    def __init__(self, move: Move, member: str) -> None:
        self.move, self.member = move, member
        super().__init__(
            f"{move} 缺少或误填 {member}。证照变动须写明办理机关、日期、依据，代签发的须写明委托机关。请补正后再报。",
            f"The move {move} lacks {member}, or it is wrong. Each move names who, from when and why, and on behalf of "
            "whom where it is made so. Complete it and send it again.",
        )


@dataclass(frozen=True)
class Act:
    """A move as it is made.

    Attributes:
        since: From when it counts.
        by: Who makes it (办理机关).
        at: When it was written down, with its zone.
        reason: Why; mandatory for what takes something away, and for what lifts that.
        trust_level: A (born digital and checked) to D (paper era).
        on_behalf: It is made for another authority (代签发), which ``principal`` names.
        identifier: 电子证照标识 that comes with it. What a source delivers with a wrong check character is a finding;
            what is made here with one is refused.
    """

    move: Move
    since: date
    by: str
    at: datetime
    reason: str = ""
    trust_level: str = "A"
    on_behalf: bool = False
    principal: str = ""
    identifier: str = ""


@dataclass(frozen=True)
class Event(StatusEvent):
    """A move as it is kept: a statement about the state, with who, when and why. ``version`` 0: it is not known."""

    move: Move = Move.CORRECT
    by: str = ""
    at: datetime | None = None
    trust_level: str = "A"
    principal: str = ""
    version: int = 0
    renewal_applied_on: date | None = None


@dataclass(frozen=True)
class Standing:
    """A certificate on one day: its state, its dates and version, and when its renewal was applied for."""

    status: DayStatus
    term: Term | None
    version: int
    renewal_applied_on: date | None


@dataclass(frozen=True)
class Life:
    """The events of one certificate, in the order in which they were written down."""

    events: tuple[Event, ...] = ()

    @property
    def status(self) -> Status | None:
        """The state that the last event led to; None before a certificate is issued."""
        return self.events[-1].status if self.events else None

    def move(self, act: Act, term: Term | None = None) -> "Life":
        """The life with one move more; ``term``: the dates that come with it (issue, renew, endorse, correct).

        Raises:
            IllegalMove: Law knows no such move from this state.
            IncompleteMove: Something that belongs to it is missing.
        """
        after = self._state_after(act)
        self._check_complete(act, term)
        last = self.events[-1] if self.events else None
        renewal = act.move in {Move.RENEW, Move.ENDORSE}
        event = Event(
            status=after,
            since=act.since,
            reason=act.reason,
            learnt_on=act.at.date(),
            term=last.term if term is None and last else replace(term or Term(), renewal=renewal),
            move=act.move,
            by=act.by,
            at=act.at,
            trust_level=act.trust_level,
            principal=act.principal,
            version=_version_after(act.move, last),
            renewal_applied_on=_applied_on(act, last),
        )
        return Life((*self.events, event))

    def known_at(self, moment: datetime) -> "Life":
        """The life as far as it had been written down at a moment."""
        return Life(tuple(event for event in self.events if event.at is None or event.at <= moment))

    def on(self, day: date, *, today: date) -> Standing:
        """The certificate on one day, by everything in this life.

        Raises:
            IllegalMove: Nothing has been issued.
        """
        if self.status is None:
            raise IllegalMove(Status.DRAFT, Status.DRAFT)
        lawful = [event for event in self.events if event.lawful]
        begun = [event for event in lawful if (event.since or date.min) <= day] or lawful[:1]
        return Standing(
            status_on(self.events[-1].status, self.events, day, today=today),
            term_on((event.term for event in lawful if event.term is not None), day),
            begun[-1].version,
            begun[-1].renewal_applied_on,
        )

    def _state_after(self, act: Act) -> Status:
        before = self.status
        after = LEADS_TO.get(act.move) or (Status.VALID if act.move == Move.ENDORSE else before) or Status.DRAFT
        known = FROM.get(act.move)
        if known is not None and before not in known:
            raise IllegalMove(before or Status.DRAFT, after)
        if before is None and act.move != Move.ISSUE:
            raise IllegalMove(Status.DRAFT, after)
        if before is not None and before != after and after not in MOVES[before]:
            raise IllegalMove(before, after)
        if act.move in LEADS_TO and act.move != Move.RENEW and before == after:
            raise IllegalMove(before, after)
        if before in LIFTED_BY_DECISION and before != after and not act.reason.strip():
            raise IllegalMove(before, after, needs_decision=True)
        return after

    def _check_complete(self, act: Act, term: Term | None) -> None:
        last = self.events[-1] if self.events else None
        wrong = {
            "by": not act.by.strip(),
            "reason": act.move in NEEDS_REASON and not act.reason.strip(),
            "principal": act.on_behalf != bool(act.principal.strip()),
            "trust_level": act.trust_level not in _TRUST,
            "since": last is not None and act.move != Move.CORRECT and act.since < (last.since or date.min),
            "identifier": bool(act.identifier) and not _is_identifier(act.identifier, _version_after(act.move, last)),
            "term": act.move in {Move.RENEW, Move.ENDORSE} and not _is_later(term, last),
        }
        for member, missing in wrong.items():
            if missing:
                raise IncompleteMove(act.move, member)


def is_paper_era(trust_level: str) -> bool:
    """Whether a record is from the paper era, and says less than one that was born digital."""
    return trust_level in _PAPER_ERA


def _is_later(term: Term | None, last: Event | None) -> bool:
    return term is not None and (last is None or last.term is None or term.reaches_beyond(last.term))


def _is_identifier(text: str, version: int) -> bool:
    """Whether it has the form and the check character of GB/T 36904, and is of this version."""
    try:
        parsed = CertificateIdentifier.parse(text)
    except MalformedIdentifier:
        return False
    return parsed.check_ok and int(parsed.version) == version


def _version_after(move: Move, last: Event | None) -> int:
    """GB/T 36904: a new version with every change and every renewal."""
    if last is None:
        return 1
    return last.version + 1 if move in {Move.CHANGE, Move.RENEW} else last.version


def _applied_on(act: Act, last: Event | None) -> date | None:
    if act.move == Move.RENEWAL_PENDING:
        return act.since
    return None if last is None or act.move == Move.RENEW else last.renewal_applied_on


def classify(before: Event | None, after: Event, *, endorsed: bool = False) -> tuple[Move, bool]:
    """Which move leads from a source's last lawful statement to its present one, and whether law knows it.

    Args:
        before: The last lawful statement; None for the first one.
        after: The statement that came; its own ``move`` is not read.
        endorsed: Certificates of the type go on by endorsement.

    The store does the same over whole batches (``registries.store.certificate_moves``); a test compares the two.
    """
    if before is None:
        return MOVE_TO[after.status], True
    longer = after.term is not None and before.term is not None and after.term.reaches_beyond(before.term)
    longer_by = Move.ENDORSE if endorsed else Move.RENEW
    lawful = _is_lawful(before, after)
    if before.status == after.status:
        return _same_state(before, after, longer_by if longer else None) if lawful else Move.CORRECT, lawful
    if after.status != Status.VALID:
        return MOVE_TO[after.status], lawful
    if before.status == Status.DRAFT:
        return Move.ISSUE, lawful
    return longer_by if before.status == Status.EXPIRED and longer else Move.RESTORE, lawful


def _is_lawful(before: Event, after: Event) -> bool:
    if 0 < after.version < before.version:
        return False
    if before.status == after.status:
        return True
    if after.status not in MOVES[before.status]:
        return False
    lifted_earlier = (
        after.status == Status.VALID
        and after.since is not None
        and before.since is not None
        and after.since < before.since
    )
    return bool(after.reason.strip()) or not (before.status in LIFTED_BY_DECISION or lifted_earlier)


def _same_state(before: Event, after: Event, longer_by: Move | None) -> Move:
    if before.status != Status.VALID:
        return Move.CORRECT
    if longer_by is not None:
        return longer_by
    if after.version > before.version > 0:
        return Move.CHANGE
    applied = after.renewal_applied_on
    return Move.RENEWAL_PENDING if applied is not None and applied != before.renewal_applied_on else Move.CORRECT
