"""Grants in use: they rest, go on, end, last longer; and nobody who provides stops without having asked."""

from collections.abc import Callable

import pytest

from certificates.types import load_types
from exchange_api.errors import NotFound
from exchange_api.sharing.applying import Applying
from exchange_api.sharing.errors import ConsultFirst, MalformedApplication, NoLongerThanBefore, WrongStep
from exchange_api.sharing.holding import Holding
from registries.errors import StoreError
from registries.home import Role
from registries.store import applications, grants, held_grants
from registries.store.grants import Claimant, Grant, Wish
from registries.working_days import shipped
from tests.exchange_api.conftest import Clock, Hub
from tests.exchange_api.sharing_sessions import ASKS, AUTHORITY, CONSENT, DATASET, DRAFTS, PROVIDES, STRANGER, form

WISH = Wish("query", "养老机构轮候", "ELDER-CARE", dataset=DATASET, fields=("name",))
WHO = Claimant("civil_affairs", "officer:2")


@pytest.fixture
def holding(hub: Hub, clock: Clock) -> Holding:
    return Holding(hub.store(Role.PAGE), clock)


@pytest.fixture
def given(hub: Hub, clock: Clock) -> Callable[[], int]:
    """Applies, is granted, and gives the grant's id."""
    applying = Applying(hub.store(Role.PAGE), lambda: hub.catalogue, load_types(), clock, shipped)

    def give() -> int:
        number = applying.draft(DRAFTS, form(valid_from=clock().date().isoformat()))
        applying.submit(ASKS, number, CONSENT)
        applying.grant(PROVIDES, number, CONSENT)
        with hub.store(Role.PAGE).begin() as conn:
            return held_grants.of_application(conn, number)[0].id

    return give


def covers(hub: Hub, clock: Clock) -> bool:
    with hub.store(Role.API).begin() as conn:
        return grants.covering_grants(conn, [(WHO, WISH)], clock().date()) != [None]


def stands(hub: Hub, grant_id: int) -> Grant:
    with hub.store(Role.API).begin() as conn:
        found = held_grants.by_id(conn, grant_id)
    assert found is not None
    return found


def test_it_rests_at_once_goes_on_and_ends_for_good(
    hub: Hub, clock: Clock, holding: Holding, given: Callable[[], int]
) -> None:
    number = given()
    assert covers(hub, clock)
    holding.suspend(PROVIDES, number, "超范围使用")
    assert not covers(hub, clock)
    assert not stands(hub, number).holds(clock().date())
    with pytest.raises(WrongStep):
        holding.suspend(AUTHORITY, number, "再次")
    holding.resume(AUTHORITY, number, "已整改")
    assert covers(hub, clock)
    holding.suspend(AUTHORITY, number, "事件")
    holding.end(PROVIDES, number, "违规使用终止")
    assert not covers(hub, clock)
    for act in (holding.resume, holding.end, holding.suspend):
        with pytest.raises(WrongStep):
            act(AUTHORITY, number, "x")
    with pytest.raises(StoreError), hub.store(Role.PAGE).begin() as conn:
        held_grants.resume(conn, number)
    with hub.store(Role.PAGE).begin() as conn:
        kinds = [step.kind for step in applications.steps(conn, grant_id=number)]
    assert kinds == ["grant_suspended", "grant_resumed", "grant_suspended", "grant_ended"]


def test_a_provider_asks_before_it_stops(hub: Hub, clock: Clock, holding: Holding, given: Callable[[], int]) -> None:
    number = given()
    with pytest.raises(ConsultFirst):
        holding.end(PROVIDES, number, "系统改造")
    with pytest.raises(MalformedApplication):
        holding.announce_stop(PROVIDES, number, "系统改造", "2026-03-02")
    holding.announce_stop(PROVIDES, number, "系统改造", "2026-04-01")
    with pytest.raises(WrongStep):
        holding.announce_stop(PROVIDES, number, "系统改造", "2026-05-01")
    with pytest.raises(WrongStep):
        holding.file_stop(AUTHORITY, number)  # nobody has answered
    holding.answer_stop(ASKS, number, "业务仍需要", agreed=False)
    with pytest.raises(ConsultFirst):
        holding.end(PROVIDES, number, "系统改造")
    holding.file_stop(AUTHORITY, number)
    with pytest.raises(ConsultFirst):
        holding.end(PROVIDES, number, "未到日期")
    assert covers(hub, clock)
    clock.move(days=30)
    holding.end(PROVIDES, number, "已备案,到期停止")
    assert not covers(hub, clock)


def test_a_notice_is_taken_back(hub: Hub, clock: Clock, holding: Holding, given: Callable[[], int]) -> None:
    number = given()
    holding.announce_stop(PROVIDES, number, "系统改造", "2026-04-01")
    holding.answer_stop(ASKS, number, "同意", agreed=True)
    holding.drop_stop(PROVIDES, number, "改造延期")
    clock.move(days=60)
    with pytest.raises(ConsultFirst):
        holding.end(PROVIDES, number, "系统改造")
    holding.end(ASKS, number, "用途已终了")
    with hub.store(Role.PAGE).begin() as conn:
        assert [each.state for each in held_grants.notices(conn, [number])] == ["dropped"]


def test_it_lasts_longer(hub: Hub, clock: Clock, holding: Holding, given: Callable[[], int]) -> None:
    number = given()
    for day in ("2027-03-01", "2026-12-31"):
        with pytest.raises(NoLongerThanBefore):
            holding.extend(PROVIDES, number, day, "继续使用")
    with pytest.raises(MalformedApplication):
        holding.extend(PROVIDES, number, "明年", "继续使用")
    holding.extend(PROVIDES, number, "2028-03-01", "继续使用")
    clock.move(days=500)
    assert covers(hub, clock)


def test_steps_of_others_find_no_grant(holding: Holding, given: Callable[[], int]) -> None:
    number = given()
    for actor in (STRANGER, DRAFTS):
        with pytest.raises(NotFound):
            holding.suspend(actor, number, "x")
    with pytest.raises(NotFound):
        holding.suspend(AUTHORITY, number + 1, "x")
    for act in (
        lambda: holding.suspend(ASKS, number, "x"),
        lambda: holding.extend(ASKS, number, "2030-01-01", "x"),
        lambda: holding.announce_stop(ASKS, number, "x", "2026-05-01"),
        lambda: holding.file_stop(PROVIDES, number),
    ):
        with pytest.raises(NotFound):
            act()
