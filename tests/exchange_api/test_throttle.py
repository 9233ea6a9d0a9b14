"""Waiting after failures: it doubles, it ends, and it remembers a bounded number of keys."""

from datetime import UTC, datetime, timedelta

from exchange_api.throttle import FIRST_WAIT, FORGET_AFTER, FREE_TRIES, LONGEST_WAIT, MOST_REMEMBERED, Throttle

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def test_free_tries_then_waits_that_double_up_to_a_quarter_of_an_hour() -> None:
    throttle, waits = Throttle(), []
    for _ in range(FREE_TRIES + 15):
        throttle.failed("zhang", NOW)
        waits.append(throttle.seconds_to_wait("zhang", NOW))
    assert waits[: FREE_TRIES - 1] == [0] * (FREE_TRIES - 1)
    assert waits[FREE_TRIES - 1 : FREE_TRIES + 2] == [FIRST_WAIT, 2 * FIRST_WAIT, 4 * FIRST_WAIT]
    assert waits[-1] == LONGEST_WAIT
    assert throttle.seconds_to_wait("li", NOW) == 0


def test_a_wait_ends_and_a_success_forgets() -> None:
    throttle = Throttle()
    for _ in range(FREE_TRIES):
        throttle.failed("zhang", NOW)
    assert throttle.seconds_to_wait("zhang", NOW + timedelta(seconds=FIRST_WAIT - 1)) == 1
    assert throttle.seconds_to_wait("zhang", NOW + timedelta(seconds=FIRST_WAIT)) == 0
    throttle.succeeded("zhang")
    throttle.failed("zhang", NOW)
    assert throttle.seconds_to_wait("zhang", NOW) == 0


def test_memory_is_bounded() -> None:
    throttle = Throttle()
    for number in range(MOST_REMEMBERED + 10):
        throttle.failed(str(number), NOW + timedelta(microseconds=number))
    assert len(throttle._failures) <= MOST_REMEMBERED


def test_half_an_hour_of_peace_forgets() -> None:
    throttle = Throttle()
    for _ in range(FREE_TRIES + 9):
        throttle.failed("zhang", NOW)
    later = NOW + FORGET_AFTER
    assert throttle.seconds_to_wait("zhang", later) == 0
    throttle.failed("zhang", later)
    assert throttle.seconds_to_wait("zhang", later) == 0
