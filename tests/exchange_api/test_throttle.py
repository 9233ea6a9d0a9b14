"""Waiting after failures: it doubles, it ends, all processes know it, and it can't be used to shut somebody out."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from exchange_api.errors import TooManyTries
from exchange_api.people.devices import device_cookie, known_device
from exchange_api.throttle import ADDRESS, FIRST_WAIT, LOGIN, LOGIN_HERE, Throttle, seconds_to_wait
from registries.home import Role
from registries.store.sign_ins import FORGET_AFTER, Failures
from tests.exchange_api.conftest import Hub

NOW = datetime(2026, 3, 2, tzinfo=UTC)
ELSEWHERE, OFFICE = "203.0.113.9", "10.0.0.7"
KEY = b"k" * 32


@pytest.mark.parametrize("limit", [LOGIN, LOGIN_HERE, ADDRESS])
def test_free_tries_then_waits_that_double_up_to_the_longest(limit: object) -> None:
    assert isinstance(limit, type(LOGIN))
    waits = [seconds_to_wait(Failures(count, NOW), limit, NOW) for count in range(1, limit.free + 15)]
    assert waits[: limit.free - 1] == [0] * (limit.free - 1)
    assert waits[limit.free - 1 : limit.free + 1] == [FIRST_WAIT, 2 * FIRST_WAIT]
    assert waits[-1] == limit.longest
    assert waits == sorted(waits)
    assert seconds_to_wait(Failures(limit.free, NOW - timedelta(seconds=FIRST_WAIT)), limit, NOW) == 0


def refused(throttle: Throttle, address: str, device: str = "", now: datetime = NOW) -> int:
    """Seconds that this login has to wait, 0 for none."""
    try:
        throttle.refuse_haste(throttle.keys("zhang", address, device), now)
    except TooManyTries as haste:
        return haste.seconds
    return 0


def test_guessing_elsewhere_costs_the_owner_half_a_minute_and_a_known_browser_nothing(hub: Hub) -> None:
    guessing, mine = Throttle(hub.store(Role.API)), Throttle(hub.store(Role.API))  # as in two processes
    device = known_device(KEY, "zhang", device_cookie(KEY, "zhang"))
    for _ in range(40):
        guessing.failed(guessing.keys("zhang", ELSEWHERE, ""), NOW)
    assert refused(mine, ELSEWHERE) == LOGIN_HERE.longest
    assert refused(mine, OFFICE) == LOGIN.longest
    assert refused(mine, OFFICE, device) == 0
    assert known_device(KEY, "zhang", device_cookie(b"x" * 32, "zhang")) == ""
    assert refused(mine, OFFICE, now=NOW + FORGET_AFTER) == 0


def test_a_success_forgets_the_login_and_not_the_address(hub: Hub) -> None:
    throttle = Throttle(hub.store(Role.API))
    keys = throttle.keys("zhang", OFFICE, "")
    for _ in range(ADDRESS.free):
        throttle.failed(keys, NOW)
    throttle.succeeded(keys)
    assert refused(throttle, OFFICE) == FIRST_WAIT  # the address's own
    assert refused(throttle, ELSEWHERE) == 0
    assert refused(throttle, "127.0.0.1") == 0  # behind a proxy of this machine nobody is told apart


def test_no_list_of_who_tried_stands_anywhere(hub: Hub) -> None:
    throttle = Throttle(hub.store(Role.API))
    throttle.failed(throttle.keys("zhang", OFFICE, ""), NOW)
    throttle.failed(throttle.keys("li", OFFICE, ""), NOW + FORGET_AFTER)
    with hub.store(Role.OWNER).begin() as conn:
        kept = conn.execute(sa.text("SELECT f::text FROM hub.sign_in_failure f")).scalars().all()
    assert len(kept) == 3  # what is old was forgotten
    assert not any(word in line for line in kept for word in ("zhang", OFFICE))
