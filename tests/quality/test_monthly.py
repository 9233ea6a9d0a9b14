"""A month is closed once: it stays as it was, whatever comes later, and whoever changes it is found out."""

import json

import pytest
import sqlalchemy as sa

from quality.errors import ScoresChanged
from quality.grades import Cell, grade_of
from quality.monthly import MonthFault, close_months, due, leaves_of, month_faults, month_payload
from quality.score_check import batch_faults
from registries.errors import StoreError
from registries.home import Role
from registries.store import ledger, monthly
from registries.store.monthly import Bounds, MonthContent
from registries.store.roles import privilege_faults
from tests.conftest import Hub
from tests.quality.conftest import NUMBERS, resident
from tests.quality.months import GOOD, LICENCES, NAMELESS, OCTOBER, RESIDENTS, SEPTEMBER, Year, at, autumn


def kept(hub: Hub, month: object) -> MonthContent:
    with hub.store(Role.PAGE).begin() as conn:
        return monthly.content(conn, month)  # type: ignore[arg-type] # the two months above


def faults(hub: Hub, statement: str) -> list[MonthFault]:
    """What is found after a statement of the owner's, which is undone again."""
    with hub.store(Role.OWNER).begin() as conn:
        undone = conn.begin_nested()
        conn.execute(sa.text(statement))
        found = list(month_faults(conn))
        undone.rollback()
        return found


def completeness(content: MonthContent, dataset: str) -> float:
    scores = [one for one in content.scores if one.dataset == dataset and one.dimension == "completeness"]
    found = grade_of(Cell(one.dimension, one.level, one.checked, one.failed) for one in scores).total
    assert found is not None
    return float(found)


def test_months_are_closed_once_and_stay_as_they_were(hub: Hub) -> None:
    year, load = autumn(hub), hub.store(Role.LOAD)
    assert close_months(load, at(9, 30, 23)) == []
    with load.begin() as conn:
        assert due(conn, at(11, 1, 0)) == [SEPTEMBER, OCTOBER]
    assert close_months(load, at(11, 1, 0)) == [SEPTEMBER, OCTOBER]
    assert close_months(load, at(11, 2)) == []

    # September was bad, October was mended; who delivered nothing in October stands with what is served
    september, october = kept(hub, SEPTEMBER), kept(hub, OCTOBER)
    assert completeness(september, RESIDENTS) < 1 == completeness(october, RESIDENTS)
    assert [(one.checked, one.failed) for one in september.failures if one.rule_id == "name-required"] == [(4, 1)]
    assert [one for one in october.failures if one.rule_id == "name-required"] == []
    lines = {one.dataset: one for one in october.datasets}
    assert (lines[RESIDENTS].delivered, lines[RESIDENTS].pulled, lines[RESIDENTS].quarantined) == (1, 4, 0)
    assert (lines[LICENCES].delivered, lines[LICENCES].batch) == (0, 2)
    assert set(lines) == {dataset.name for dataset in hub.catalogue.datasets}
    assert (
        lines["transport.road_transport_permits"].batch is None if "transport.road_transport_permits" in lines else True
    )

    # what comes later changes nothing, not even as bad news about the month before
    year.deliver(at(11, 3), RESIDENTS, NAMELESS)
    assert close_months(load, at(11, 4)) == []
    assert kept(hub, OCTOBER) == october
    with load.begin() as conn:
        assert list(month_faults(conn)) == []
        assert ledger.check(conn).faults == []
    with hub.store(Role.PAGE).begin() as conn:
        leaves, doubted = leaves_of(conn, [september, october])
    assert (sorted(leaves), doubted) == (["2026-09", "2026-10"], [])

    # nobody but the owner can change a month, and then it is told which line
    for role in (Role.LOAD, Role.API, Role.PAGE):
        with hub.store(role).begin() as conn:
            assert privilege_faults(conn, role) == []
    for statement in ("UPDATE hub.monthly_score SET failed = 0", "DELETE FROM hub.monthly_dataset"):
        with pytest.raises(StoreError), load.begin() as conn:
            conn.execute(sa.text(statement))
    polished = faults(hub, "UPDATE hub.monthly_score SET failed = 0 WHERE month = '2026-09-01'")
    assert polished
    assert {(one.month, one.what) for one in polished} == {("2026-09", "changed")}
    assert f"scores {RESIDENTS} completeness 1" in {one.line for one in polished}
    gone = faults(hub, "DELETE FROM hub.monthly_failure WHERE month = '2026-09-01'")
    assert {one.what for one in gone} == {"taken_away"}
    use = "INSERT INTO hub.monthly_use VALUES (date '2026-10-01', 'asked', 'x', 'y/z', 9)"
    assert faults(hub, use) == [MonthFault("2026-10", "added", "uses asked x y/z")]
    emptied = "WITH a AS (DELETE FROM hub.monthly_score WHERE month = '2026-09-01') DELETE FROM hub.monthly_dataset"
    assert {one.what for one in faults(hub, emptied)} >= {"month_missing"}
    moved = "UPDATE hub.monthly_dataset SET month = '2026-08-01' WHERE month = '2026-09-01'"
    assert MonthFault("2026-08", "entry_missing") in faults(hub, moved)


def test_what_was_polished_before_a_month_is_closed_does_not_slip_in(hub: Hub) -> None:
    autumn(hub)
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(sa.text("UPDATE hub.score SET failed = 0 WHERE rule_id = 'name-required'"))
    with pytest.raises(ScoresChanged) as changed:
        close_months(hub.store(Role.LOAD), at(11, 1))
    assert (changed.value.month, changed.value.dataset, changed.value.rule_id) == (
        "2026-09",
        RESIDENTS,
        "name-required",
    )
    assert "name-required" in changed.value.zh
    with hub.store(Role.PAGE).begin() as conn:
        assert monthly.months(conn) == []


def test_rows_beyond_mending_are_out_of_the_score_and_openly_counted(hub: Hub) -> None:
    year = Year(hub)
    homeless = [resident(NUMBERS[0], address=None), *GOOD[1:]]
    year.deliver(at(10, 5), RESIDENTS, homeless)
    before = score(hub, 1, "address-present")
    with hub.store(Role.OWNER).begin() as conn:  # what two sides approved, as it stands in the store afterwards
        conn.execute(
            sa.text("UPDATE hub.case_row SET state = 'beyond_mending', closed_at = now() - interval '9 years'")
        )
        conn.execute(
            sa.text(
                """UPDATE hub."case" SET state = 'closed', ending = 'beyond_mending', rows_open = 0,
                   closed_at = '2026-10-05'"""
            )
        )
    year.deliver(at(10, 6), RESIDENTS, [homeless[0], resident(NUMBERS[1], name="李四"), *GOOD[2:]])
    assert (before, score(hub, 2, "address-present")) == ((4, 1, 0), (3, 0, 1))
    with hub.store(Role.LOAD).begin() as conn:
        assert list(batch_faults(conn)) == []
    assert close_months(hub.store(Role.LOAD), at(11, 1)) == [OCTOBER]
    october = kept(hub, OCTOBER)
    (line,) = [one for one in october.datasets if one.dataset == RESIDENTS]
    assert line.beyond_mending == 1
    assert sum(one.beyond_mending for one in october.scores) == 1


def score(hub: Hub, batch: int, rule: str) -> tuple[object, ...]:
    """Checked, failed and beyond mending."""
    with hub.store(Role.PAGE).begin() as conn:
        wanted = "SELECT checked, failed, beyond_mending FROM hub.score WHERE batch = :batch AND rule_id = :rule"
        return tuple(conn.execute(sa.text(wanted), {"batch": batch, "rule": rule}).one())


def test_a_month_is_one_of_china_and_its_payload_is_canonical() -> None:
    december = Bounds(SEPTEMBER.replace(month=12))
    assert (december.next.isoformat(), december.until.isoformat()) == ("2027-01-01", "2027-01-01T00:00:00+08:00")
    told = json.loads(month_payload(MonthContent(SEPTEMBER, (), (), (), ())))
    assert told == {"datasets": [], "failures": [], "month": "2026-09", "scores": [], "uses": []}
    assert len(GOOD) == len(NAMELESS)
