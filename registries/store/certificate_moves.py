"""Events in certificates' lives, written set-based when look-ups are composed: what moved, and whether law knows it.

    certificate_moves.write_events(conn, moved, endorsed=False)      # in the merge's transaction

An event is written where a source says something else than with the last event: another state, day, reason, date,
version, principal or application for renewal. The move is judged against the last lawful event by the rules of
``certificates.life.classify``; tests compare the two.
"""

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert

from certificates.life import MOVE_TO, Move
from certificates.status import LIFTED_BY_DECISION, MOVES, Status
from registries.store.life_tables import certificate_event
from registries.store.tables import Word, certificate

Value = sa.ColumnElement[Any]

TOLD: Final = {
    "status": "status",
    "since": "status_since",
    "reason": "status_reason",
    "valid_from": "valid_from",
    "valid_until": "valid_until",
    "long_term": "long_term",
    "version": "version",
    "principal": "principal",
    "renewal_applied_on": "renewal_applied_on",
}
"""What an event says -> the column of the look-up that says it; any of them makes an event when it differs."""

_BESIDE: Final = ("issuing_authority_name", "issuing_authority_code", "trust_level")
_CHINA: Final = "Asia/Shanghai"


def composed_columns() -> list[sa.Column[Any]]:
    """The columns of the look-up that events are made of, for the table of those that were written just now."""
    names = ("id", "number", *TOLD.values(), *_BESIDE)
    return [sa.Column(name, certificate.c[name].type) for name in names]


def write_events(conn: sa.Connection, composed: sa.Table, batch: int, *, first: bool, endorsed: bool) -> None:
    """Write the events of certificates that were composed just now.

    Args:
        conn: the merge's transaction.
        composed: those certificates, with `composed_columns`.
        batch: which brought them.
        first: there was nothing of the dataset before.
        endorsed: certificates of the type go on by endorsement.
    """
    authority = sa.func.coalesce(composed.c.issuing_authority_name, composed.c.issuing_authority_code)
    said: list[tuple[str, Value]] = [
        ("certificate_id", composed.c.id),
        ("batch", sa.literal(batch)),
        *((name, composed.c[column]) for name, column in TOLD.items()),
        ("learnt_on", _day_of(batch)),
        ("authority", authority),
        ("trust_level", composed.c.trust_level),
    ]
    if first:
        said += [("move", _first_move(composed.c.status)), ("lawful", sa.true())]
        rows = sa.select(*(value.label(name) for name, value in said)).select_from(composed)
    else:
        last, base = _latest(composed), _latest(composed, certificate_event.c.lawful)
        differs = (composed.c[column].is_distinct_from(last.c[name]) for name, column in TOLD.items())
        move, lawful = _classified(base, composed, endorsed=endorsed)
        said += [("move", move), ("lawful", lawful)]
        home = composed.outerjoin(last, last.c.certificate_id == composed.c.id)
        home = home.outerjoin(base, base.c.certificate_id == composed.c.id)
        rows = sa.select(*(value.label(name) for name, value in said)).select_from(home).where(sa.or_(*differs))
    known = rows.where(composed.c.status.is_not(None))
    conn.execute(insert(certificate_event).from_select([name for name, _ in said], known))


def _day_of(batch: int) -> Value:
    """The day in China on which the batch was opened, found once."""
    table = sa.table("batch", sa.column("number"), sa.column("opened_at"), schema="hub")
    day = sa.cast(sa.func.timezone(_CHINA, table.c.opened_at), sa.Date)
    return sa.select(day).where(table.c.number == batch).scalar_subquery()


def _latest(composed: sa.Table, *which: sa.ColumnElement[bool]) -> sa.Subquery:
    """Of each composed certificate the last event, or the last of those."""
    event = certificate_event
    return (
        sa.select(event)
        .where(event.c.certificate_id.in_(sa.select(composed.c.id)), *which)
        .ext(distinct_on(event.c.certificate_id))
        .order_by(event.c.certificate_id, event.c.batch.desc())
        .subquery()
    )


# --- certificates.life.classify, over whole sets


def _classified(base: sa.Subquery, composed: sa.Table, *, endorsed: bool) -> tuple[Value, Value]:
    """The move from the last lawful event, and whether law knows it."""
    before, after = base.c, composed.c
    known, same = before.certificate_id.is_not(None), after.status == before.status
    lawful = sa.case(
        (~known, sa.true()),
        (_went_back(before.version, after.version), sa.false()),
        (same, sa.true()),
        (~_allowed(before.status, after.status), sa.false()),
        else_=sa.or_(_named(after.status_reason), ~_lifts_silently(before, after)),
    )
    longer, longer_by = _longer(before, after), _word(Move.ENDORSE if endorsed else Move.RENEW)
    valid = after.status == Status.VALID.value
    applied = after.renewal_applied_on.is_not(None) & after.renewal_applied_on.is_distinct_from(
        before.renewal_applied_on
    )
    move = sa.case(
        (~known, _first_move(after.status)),
        (same & (~lawful | ~valid), _word(Move.CORRECT)),
        (same & longer, longer_by),
        (same & _went_on(before.version, after.version), _word(Move.CHANGE)),
        (same & applied, _word(Move.RENEWAL_PENDING)),
        (same, _word(Move.CORRECT)),
        (~valid, _first_move(after.status)),
        (before.status == Status.DRAFT.value, _word(Move.ISSUE)),
        ((before.status == Status.EXPIRED.value) & longer, longer_by),
        else_=_word(Move.RESTORE),
    )
    return move, lawful


def _word(move: Move) -> sa.BindParameter[str]:
    return sa.literal(move.value, Word)


def _first_move(status: Value) -> Value:
    return sa.case(*((status == state.value, _word(move)) for state, move in MOVE_TO.items()))


def _allowed(before: Value, after: Value) -> Value:
    return sa.case(
        *((before == state.value, after.in_(_values(after_it))) for state, after_it in MOVES.items()), else_=sa.false()
    )


def _values(states: frozenset[Status]) -> Sequence[str]:
    return sorted(state.value for state in states)


def _lifts_silently(before: Any, after: Any) -> Value:  # noqa: ANN401 - SQLAlchemy's collections of columns
    """A decision is lifted, or a state is ended before it began: both need a reason."""
    earlier = (after.status == Status.VALID.value) & (after.status_since < before.since)
    return sa.or_(before.status.in_(_values(LIFTED_BY_DECISION)), sa.func.coalesce(earlier, sa.false()))


def _named(reason: Value) -> Value:
    return sa.func.coalesce(reason, "").regexp_match("[^[:space:]]")


def _longer(before: Any, after: Any) -> Value:  # noqa: ANN401 - SQLAlchemy's collections of columns
    later = sa.func.coalesce(after.valid_until > before.valid_until, sa.false())
    return sa.case((after.long_term | before.long_term, after.long_term & ~before.long_term), else_=later)


def _number(version: Value) -> Value:
    return sa.case((version.regexp_match("^[0-9]{1,9}$"), sa.cast(version, sa.Integer)), else_=0)


def _went_back(before: Value, after: Value) -> Value:
    return (_number(after) > 0) & (_number(after) < _number(before))


def _went_on(before: Value, after: Value) -> Value:
    return (_number(before) > 0) & (_number(after) > _number(before))
