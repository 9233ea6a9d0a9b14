"""The states as a machine: moves that law knows, and what was so on each day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates.status import (
    BAD_NEWS,
    MOVES,
    IllegalMove,
    Status,
    StatusEvent,
    check_move,
    illegal_moves,
    status_on,
    timeline,
)

FIRST = date(2020, 1, 1)
TODAY = date(2024, 6, 1)
DAYS = st.dates(FIRST, TODAY)
REVOKED = st.sampled_from([Status.REVOKED_VOID, Status.REVOKED_PENALTY, Status.CANCELLED])


def test_every_state_has_its_moves() -> None:
    assert MOVES.keys() == set(Status)
    assert all(status not in MOVES[status] for status in Status)
    assert all(Status.DRAFT not in after for after in MOVES.values())


@pytest.mark.parametrize("before", list(Status))
@pytest.mark.parametrize("after", list(Status))
def test_moves(before: Status, after: Status) -> None:
    if before == after or after in MOVES[before]:
        check_move(before, after, "决定书〔2024〕1号")
        return
    with pytest.raises(IllegalMove) as caught:
        check_move(before, after, "决定书〔2024〕1号")
    assert (caught.value.before, caught.value.after) == (before, after)


@pytest.mark.parametrize("before", [Status.CANCELLED, Status.REVOKED_VOID, Status.REVOKED_PENALTY])
def test_a_revocation_is_lifted_by_a_named_decision_only(before: Status) -> None:
    check_move(before, Status.VALID, "复议决定书")
    with pytest.raises(IllegalMove):
        check_move(before, Status.VALID, "  ")


def test_illegal_moves_are_found_by_position() -> None:
    order = [Status.VALID, Status.SUSPENDED, Status.TRANSFERRED, Status.VALID, Status.CANCELLED, Status.VALID]
    assert illegal_moves(StatusEvent(status, FIRST) for status in order) == [2, 5]


@given(REVOKED, DAYS, DAYS)
def test_what_was_revoked_is_never_valid_from_that_day_on(status: Status, since: date, day: date) -> None:
    events = (StatusEvent(Status.VALID, FIRST), StatusEvent(status, since, "处罚"))
    found = status_on(status, events, day, today=TODAY)
    if day >= since or status == Status.REVOKED_VOID:
        assert found.status == status
    else:
        assert (found.status, found.later) == (Status.VALID, status)


@given(REVOKED, DAYS)
def test_revoked_without_a_day_is_revoked_on_every_day(status: Status, day: date) -> None:
    assert status_on(status, (), day, today=TODAY).status == status
    assert status_on(status, (StatusEvent(status, None),), day, today=TODAY).status == status


@given(st.sampled_from(sorted(BAD_NEWS)), DAYS, DAYS)
def test_before_a_first_statement_that_is_bad_nothing_is_claimed(status: Status, since: date, day: date) -> None:
    found = status_on(status, (StatusEvent(status, since),), day, today=TODAY)
    if status == Status.REVOKED_VOID or day >= since:
        assert found.status == status
    else:
        assert (found.status, found.later) == (None, status)


@given(REVOKED | st.just(Status.SUSPENDED), DAYS, st.integers(1, 400), DAYS)
def test_what_was_restored_is_valid_from_that_day_on(status: Status, since: date, length: int, day: date) -> None:
    restored = since + timedelta(days=length)
    events = (
        StatusEvent(Status.VALID, FIRST),
        StatusEvent(status, since, "决定"),
        StatusEvent(Status.VALID, restored, "撤销原决定"),
    )
    today = max(TODAY, restored)
    found = status_on(Status.VALID, events, day, today=today)
    assert found.status == (status if since <= day < restored else Status.VALID)


@given(st.lists(st.builds(StatusEvent, st.sampled_from(list(Status)), DAYS | st.none()), max_size=8), DAYS)
def test_the_last_word_counts_for_today_and_later(events: list[StatusEvent], day: date) -> None:
    current = events[-1].status if events else Status.VALID
    for asked in (TODAY, TODAY + timedelta(days=40)):
        assert status_on(current, events, asked, today=TODAY).status == current
    known = timeline(events)
    assert [event.since or date.min for event in known] == sorted({event.since or date.min for event in known})
    if current == Status.REVOKED_VOID:
        assert status_on(current, events, day, today=TODAY).status == current


def test_a_correction_that_reaches_further_back_replaces_what_was_said() -> None:
    revoked = StatusEvent(Status.REVOKED_PENALTY, date(2024, 3, 1))
    corrected = StatusEvent(Status.VALID, date(2024, 2, 1), "登记错误更正")
    assert timeline((StatusEvent(Status.VALID, FIRST), revoked, corrected)) == (
        StatusEvent(Status.VALID, FIRST),
        corrected,
    )
    assert status_on(Status.VALID, (revoked, corrected), date(2024, 3, 5), today=TODAY).status == Status.VALID


def test_events_that_lag_behind_the_current_state() -> None:
    suspended = StatusEvent(Status.SUSPENDED, date(2024, 3, 1))
    lifted = status_on(Status.VALID, (suspended,), date(2024, 4, 1), today=TODAY)
    assert lifted.status == Status.SUSPENDED
    assert status_on(Status.VALID, (suspended,), TODAY, today=TODAY).status == Status.VALID
    newly_bad = status_on(Status.CANCELLED, (StatusEvent(Status.VALID, FIRST),), date(2023, 1, 1), today=TODAY)
    assert newly_bad.status == Status.CANCELLED
