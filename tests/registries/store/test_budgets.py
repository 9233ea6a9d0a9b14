"""Budgets are exact, across processes too; who guesses is ended within fifty, and that stands in the ledger."""

import datetime as dt
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Protocol

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from certificates.jose import new_key
from certificates.verdicts import RefusalReason
from registries.errors import StoreError
from registries.home import HubHome, Role
from registries.store import accounts, budgets, clients, grants
from registries.store.budgets import Ended, Key, Limit, Miss, Scope, Spend
from registries.store.engine import Store

NOW = dt.datetime(2026, 3, 2, 2, 10, tzinfo=dt.UTC)
"""Ten past ten in China."""
CLIENT = "client:approval"


class Stores(Protocol):
    """What these tests need of the fixture `hub`."""

    home: HubHome

    def store(self, role: Role) -> Store: ...


def spend(count: int = 1, *, asker: str = CLIENT, grants: tuple[int, ...] = ()) -> Spend:
    return Spend(asker, "civil_affairs", "行政许可审批", grants, count)


@pytest.fixture
def owner(hub: Stores) -> Store:
    return hub.store(Role.OWNER)


@pytest.fixture
def api(hub: Stores) -> Store:
    return hub.store(Role.API)


def limit(owner: Store, scope: Scope, number: str, per_hour: int | None, per_day: int | None = None) -> None:
    with owner.begin() as conn:
        budgets.set_limit(conn, Key(scope, number), Limit(per_hour, per_day), "test")


@contextmanager
def statements() -> Iterator[list[str]]:
    """What any store executes meanwhile."""
    told: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        told.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield told
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


def taken(api: Store, spends: list[Spend], now: dt.datetime = NOW) -> dict[int, budgets.Exhausted]:
    with api.begin() as conn:
        return budgets.take(conn, spends, now)


def test_the_first_ones_are_served_and_the_rest_is_refused_until_the_hour_ends(owner: Store, api: Store) -> None:
    limit(owner, "client", "approval", 5)
    refused = taken(api, [spend(), spend(3), spend(2), spend(1)])
    assert {place: one.reason for place, one in refused.items()} == {2: RefusalReason.BUDGET_SPENT}
    assert refused[2].again_at == dt.datetime(2026, 3, 2, 3, 0, tzinfo=dt.UTC)
    assert set(taken(api, [spend(), spend(asker="client:other")])) == {0}
    assert taken(api, [spend(5)], NOW + dt.timedelta(minutes=50)) == {}


def test_a_day_is_a_day_in_china(owner: Store, api: Store) -> None:
    limit(owner, "officer", "7", None, 2)
    evening = dt.datetime(2026, 3, 2, 15, 59, tzinfo=dt.UTC)
    assert taken(api, [spend(2, asker="officer:7")]) == {}
    assert taken(api, [spend(asker="officer:7")], evening)[0].again_at == evening + dt.timedelta(minutes=1)
    assert taken(api, [spend(asker="officer:7")], evening + dt.timedelta(minutes=1)) == {}


def test_a_question_is_taken_from_all_of_its_budgets_or_from_none(owner: Store, api: Store) -> None:
    with owner.begin() as conn:
        number = grants.add_grant(
            conn, "civil_affairs", "verification", "行政许可审批", "市政数局", dt.date(2026, 1, 1), certificate_type="T"
        )
        conn.execute(sa.text("UPDATE hub.grant_right SET per_day = 3 WHERE id = :id"), {"id": number})
    limit(owner, "purpose", "civil_affairs/行政许可审批", 100)
    refused = taken(api, [spend(2, grants=(number,)), spend(2, grants=(number,)), spend(4), spend(1, grants=(number,))])
    assert [(place, one.scope) for place, one in refused.items()] == [(1, "grant")]
    with api.begin() as conn:
        keys = [Key("purpose", "civil_affairs/行政许可审批"), Key("grant", str(number)), Key("client", "approval")]
        left = {one.key.scope: (one.hour_left, one.day_left) for one in budgets.standing(conn, keys, NOW)}
    assert left == {"purpose": (93, None), "grant": (None, 0), "client": (99_993, 999_993)}


def test_what_has_no_limit_is_not_counted(owner: Store, api: Store) -> None:
    limit(owner, "client", "approval", None)
    assert taken(api, [spend(10_000_000)]) == {}
    with owner.begin() as conn:
        assert conn.execute(sa.text("SELECT count(*) FROM hub.budget_spent")).scalar_one() == 0


@pytest.mark.parametrize("allowed", [40, 9_000])
def test_many_at_once_spend_no_more_than_there_is(owner: Store, hub: Stores, allowed: int) -> None:
    limit(owner, "client", "approval", allowed)
    portion = allowed // 20
    barrier = threading.Barrier(8)

    def ask(turn: int) -> int:
        with Store(hub.home.store_url(Role.API), pool_size=1) as api:
            barrier.wait()
            told = [taken(api, [spend(portion), spend(1, asker=f"officer:{turn}")]) for _ in range(4)]
        return sum(0 not in refused for refused in told)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(8))) == 20  # of 32
    assert set(taken(hub.store(Role.API), [spend(1)])) == {0}


def test_transactions_with_much_left_do_not_wait_for_each_other(owner: Store, api: Store) -> None:
    limit(owner, "client", "approval", 100_000)
    with api.begin() as first, api.begin() as second:
        second.execute(sa.text("SET LOCAL lock_timeout = '200ms'"))
        assert budgets.take(first, [spend(256)], NOW) == {}
        assert budgets.take(second, [spend(256)], NOW) == {}
    with owner.begin() as conn:
        rows = conn.execute(sa.text("SELECT slot, hour_count FROM hub.budget_spent WHERE scope = 'client'")).all()
    assert sorted(rows) == [(1, 256), (2, 256)]


def test_a_group_costs_one_statement_and_two_where_something_does_not_fit(owner: Store, api: Store) -> None:
    group = [spend(asker=f"officer:{number % 40}") for number in range(256)]
    with statements() as told:
        assert taken(api, group) == {}
    assert len(told) == 1
    limit(owner, "officer", "3", 10)
    with statements() as told:
        assert len(taken(api, group)) == 4  # officer 3 asked 7 times before, and asks 7 times again: 3 fit
    assert len(told) == 2


def test_fifty_misses_within_ten_minutes_end_a_client(owner: Store, api: Store) -> None:
    with owner.begin() as conn:
        clients.add_client(conn, "approval", "civil_affairs", "审批系统")
        clients.add_client_key(conn, "approval", new_key("ES256").to_jwk())
    missed(api, 30, NOW)
    missed(api, 30, NOW + dt.timedelta(minutes=10))  # the first thirty are past
    assert taken(api, [spend()], NOW) == {}
    with api.begin() as conn:
        ended = budgets.note(conn, [Miss(CLIENT, place) for place in range(5, 30)], NOW + dt.timedelta(minutes=15))
    assert ended == [Ended(CLIENT, after=24, told=1)]  # the fiftieth is told, and none after it
    assert {one.reason for one in taken(api, [spend(), spend()]).values()} == {RefusalReason.TOO_MANY_MISSES}
    with api.begin() as conn:
        found = clients.client_with_keys(conn, "approval")
        assert found is not None
        assert found.state == "suspended"
        assert budgets.stopped(conn) == 1
        wanted = sa.text(
            "SELECT b.payload FROM hub.ledger_entry e JOIN hub.ledger_body b ON b.entry_id = e.id"
            " WHERE e.kind = 'alarm' AND e.issuer = 'inspection'"
        )
        (body,) = conn.execute(wanted).scalars()
    assert json.loads(body) | {"stop": 0} == {
        "act": "stop",
        "asker": CLIENT,
        "at": "2026-03-02T02:25:00+00:00",
        "first_miss_at": "2026-03-02T02:20:00+00:00",
        "misses": 55,
        "stop": 0,
    }
    assert missed(api, 3, NOW + dt.timedelta(minutes=15)) == [Ended(CLIENT, after=-1, told=0)]


def test_an_officer_who_guesses_is_signed_out_and_closed(owner: Store, api: Store) -> None:
    with owner.begin() as conn:
        number = accounts.add_account(conn, "zhang", "hash", "张", "office", ("officer",))
    with api.begin() as conn:
        accounts.open_session(conn, b"t" * 32, number, b"c" * 32, NOW, NOW + dt.timedelta(hours=1))
        ended = budgets.note(conn, [Miss(f"officer:{number}", 2, 1000), Miss(f"officer:{number}", 7, 4)], NOW)
    assert ended == [Ended(f"officer:{number}", after=2, told=50)]
    with api.begin() as conn:
        assert accounts.session_by_digest(conn, b"t" * 32) is None
        account = accounts.account_by_login(conn, "zhang")
    assert account is not None
    assert (account.state, account.locked_because) == ("locked", "inspection")


def test_misses_of_two_processes_at_once_are_counted_together(api: Store) -> None:
    barrier = threading.Barrier(4)

    def guess(_: int) -> list[Ended]:
        barrier.wait()
        return missed(api, 20, NOW)

    with ThreadPoolExecutor(4) as pool:
        told = [each for each in pool.map(guess, range(4)) if each]
    assert sorted((each[0].after, each[0].told) for each in told) == [(-1, 0), (9, 1)]


def test_the_api_can_neither_read_nor_raise_a_budget(api: Store) -> None:
    for statement in (
        "UPDATE hub.budget_limit SET per_hour = NULL",
        "SELECT * FROM hub.asker_stopped",
        "DELETE FROM hub.budget_spent",
        "UPDATE hub.asker_misses SET moments = '{}'",
        "SELECT * FROM hub.budgets_left('{client}', '{x}', '{1}', now())",
    ):
        with pytest.raises(StoreError, match="42501"), api.begin() as conn:
            conn.execute(sa.text(statement))


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 30)), min_size=1, max_size=30), st.integers(0, 60))
def test_what_may_be_told_is_never_more_than_there_is_room_for(misses: list[tuple[int, int]], room: int) -> None:
    group = [Miss(CLIENT, place, count) for place, (_, count) in enumerate(misses)]
    ended = budgets._ended(CLIENT, room, group)
    before = sum(miss.count for miss in group if miss.place < ended.after)
    told = before + ended.told
    assert told <= room
    assert told == min(room, sum(miss.count for miss in group))


def missed(api: Store, count: int, now: dt.datetime) -> list[Ended]:
    with api.begin() as conn:
        return budgets.note(conn, [Miss(CLIENT, place) for place in range(count)], now)
