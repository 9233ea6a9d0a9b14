"""Operators' folders in a running hub: taken up whole, or refused with reasons while what was accepted goes on."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from mianzheng.monthly_contracts import write_monthly_contracts
from registries.errors import HomeError, StoreError
from registries.home import Role
from registries.operators.folders import Contracts, catalogue_folder, operators_folder, version_folder
from registries.operators.take_up import Looks, TakenUp, look, take_up
from registries.store import registers
from registries.store.planner import plan
from tests.conftest import Hub
from tests.made_contracts import DEPARTMENT, REGISTER, TREES, with_girth, write_department

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def taken(hub: Hub) -> Callable[[], TakenUp]:
    """Take up whatever lies in the hub's folder."""
    return lambda: take_up(hub.home, hub.store(Role.LOAD), NOW)


def columns(hub: Hub, table: str) -> list[str]:
    with hub.store(Role.OWNER).begin() as conn:
        return [column["name"] for column in sa.inspect(conn).get_columns(table, schema="data")]


def tables(hub: Hub) -> set[str]:
    with hub.store(Role.OWNER).begin() as conn:
        inspector = sa.inspect(conn)
        return {*inspector.get_table_names(schema="data"), *inspector.get_view_names(schema="data")}


def test_a_new_folder_is_in_force_with_its_tables_and_its_register(hub: Hub, taken: Callable[[], TakenUp]) -> None:
    contracts = Contracts(hub.home)
    assert (contracts.number(), "forestry.trees" in contracts.catalogue()) == (0, False)
    write_department(operators_folder(hub.home))
    assert taken() == TakenUp(1, accepted=("forestry",))
    catalogue = contracts.catalogue()
    assert catalogue.dataset("forestry.trees").title_zh == "古树名木普查信息"
    assert catalogue.register("ancient_trees").subject_kind.zh == "树木"
    assert "public_security.residents" in catalogue
    assert {"forestry__trees", "forestry__trees_history", "register_ancient_trees"} <= tables(hub)
    with hub.store(Role.LOAD).begin() as conn:
        assert conn.execute(sa.select(registers.view("ancient_trees", catalogue))).all() == []


def test_a_department_that_is_built_in_is_replaced_with_its_service_items(
    hub: Hub, taken: Callable[[], TakenUp]
) -> None:
    write_monthly_contracts(hub.home)
    before = Contracts(hub.home).catalogue()
    assert taken().refused == ()
    after = Contracts(hub.home).catalogue()
    assert after.items == before.items != ()
    assert {one.sla.update_every_days for one in after.datasets} == {31, 30, 90, 365}
    assert {one.name for one in after.datasets} == {one.name for one in before.datasets}


def test_nothing_changes_when_nothing_changed(hub: Hub, taken: Callable[[], TakenUp]) -> None:
    write_department(operators_folder(hub.home))
    taken()
    contracts = Contracts(hub.home)
    first = contracts.catalogue()
    assert taken() == TakenUp(1)
    assert contracts.catalogue() is first


def test_a_changed_folder_adds_its_column_to_the_table(hub: Hub, taken: Callable[[], TakenUp]) -> None:
    write_department(operators_folder(hub.home))
    taken()
    contracts = Contracts(hub.home)
    assert contracts.catalogue().dataset("forestry.trees").contract_version == "1.0.0"
    write_department(operators_folder(hub.home), trees=with_girth())
    assert taken() == TakenUp(2, accepted=("forestry",))
    assert contracts.catalogue().dataset("forestry.trees").contract_version == "1.1.0"
    assert "girth" in columns(hub, "forestry__trees")


BROKEN = {
    "another key": (TREES.replace("primaryKey: true", "required: true").replace(
        "name: species\n", "name: species\n        primaryKey: true\n"), "key"),
    "no such type": (TREES.replace("logicalType: date", "logicalType: day"), "day"),
    "no such register": (TREES.replace("register: ancient_trees", "register: old_trees"), "old_trees"),
    "another type": (TREES.replace("logicalType: date", "logicalType: boolean"), "can only be widened"),
    "half a file": (TREES[: len(TREES) // 2], "servers"),
    "the same version": (with_girth("1.0.0"), "at least 1.1.0"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_folder_that_can_not_be_used_is_refused_whole(hub: Hub, taken: Callable[[], TakenUp], name: str) -> None:
    write_department(operators_folder(hub.home))
    taken()
    text, said = BROKEN[name]
    raised = text if name == "the same version" else text.replace('version: "1.0.0"', 'version: "2.0.0"')
    write_department(operators_folder(hub.home), trees=raised)
    done = taken()
    assert (done.number, done.accepted, done.retired) == (1, (), ())
    (refusal,) = Contracts(hub.home).refusals()
    assert (refusal.department, refusal.at) == ("forestry", NOW)
    assert refusal.faults
    assert name == "half a file" or any(said in fault.en for fault in refusal.faults)
    assert Contracts(hub.home).catalogue().dataset("forestry.trees").contract_version == "1.0.0"
    assert columns(hub, "forestry__trees")[:4] == ["tree_number", "species", "protection", "planted_on"]


def test_a_refusal_keeps_its_time_and_ends_when_it_is_mended(hub: Hub) -> None:
    place = write_department(operators_folder(hub.home), trees=TREES.replace("forestry_drop", "'"))
    first = take_up(hub.home, hub.store(Role.LOAD), NOW)
    again = take_up(hub.home, hub.store(Role.LOAD), LATER)
    assert [each.at for each in first.refused] == [each.at for each in again.refused] == [NOW]
    assert first.refused[0].faults[0].file == "forestry/trees.odcs.yaml"
    (place / "trees.odcs.yaml").write_text(TREES, "utf-8")
    assert take_up(hub.home, hub.store(Role.LOAD), LATER) == TakenUp(1, accepted=("forestry",))
    assert Contracts(hub.home).refusals() == ()


def test_one_bad_folder_does_not_hold_up_another(hub: Hub, taken: Callable[[], TakenUp]) -> None:
    folder = operators_folder(hub.home)
    write_department(folder)
    (folder / "harbours").mkdir()
    (folder / "harbours" / "department.yaml").write_text(DEPARTMENT, "utf-8")
    done = taken()
    assert done.accepted == ("forestry",)
    assert [each.department for each in done.refused] == ["harbours"]


def test_new_folders_may_refer_to_each_other(hub: Hub, taken: Callable[[], TakenUp]) -> None:
    folder = operators_folder(hub.home)
    shutil.copytree(write_department(folder, register=None), folder / "parks")
    (folder / "parks" / "trees.odcs.yaml").unlink()
    (folder / "parks" / "trees.register.odcs.yaml").write_text(REGISTER.replace("forestry", "parks"), "utf-8")
    (folder / "parks" / "department.yaml").write_text(DEPARTMENT.replace("forestry", "parks"), "utf-8")
    assert taken() == TakenUp(1, accepted=("forestry", "parks"))


def test_what_others_refer_to_can_not_be_retired(hub: Hub, taken: Callable[[], TakenUp]) -> None:
    test_new_folders_may_refer_to_each_other(hub, taken)
    shutil.rmtree(operators_folder(hub.home) / "parks")
    done = taken()
    assert (done.number, done.retired) == (1, ())
    assert [(each.department, each.faults[0].file) for each in done.refused] == [("parks", "forestry.trees")]
    shutil.rmtree(operators_folder(hub.home) / "forestry")
    assert taken() == TakenUp(2, retired=("forestry", "parks"))


def test_a_removed_folder_retires_its_datasets_and_leaves_their_tables(hub: Hub, taken: Callable[[], TakenUp]) -> None:
    place = write_department(operators_folder(hub.home))
    taken()
    (place / "department.yaml").unlink()
    half = taken()
    assert (half.number, half.refused[0].faults[0].cause_en) == (1, "the folder has no department.yaml")
    assert "forestry.trees" in Contracts(hub.home).catalogue()
    shutil.rmtree(place)
    assert taken() == TakenUp(2, retired=("forestry",))
    assert "forestry.trees" not in Contracts(hub.home).catalogue()
    assert "forestry__trees" in tables(hub)
    assert "register_ancient_trees" not in tables(hub)


def test_a_folder_that_is_not_mounted_retires_nothing(hub: Hub, taken: Callable[[], TakenUp]) -> None:
    write_department(operators_folder(hub.home))
    taken()
    operators_folder(hub.home).rename(hub.home.path / "elsewhere")
    assert taken() == TakenUp(1)
    assert "forestry.trees" in Contracts(hub.home).catalogue()


def test_a_link_out_of_the_folder_is_not_followed(hub: Hub, taken: Callable[[], TakenUp], tmp_path: Path) -> None:
    place = write_department(operators_folder(hub.home))
    (tmp_path / "secret.yaml").write_text("password: hunter2", "utf-8")
    (place / "more.odcs.yaml").symlink_to(tmp_path / "secret.yaml")
    (refusal,) = taken().refused
    assert [fault.file for fault in refusal.faults] == ["forestry/more.odcs.yaml"]
    assert "hunter2" not in (catalogue_folder(hub.home) / "refused.json").read_text("utf-8")


def test_a_folder_that_is_still_being_copied_is_not_judged(hub: Hub) -> None:
    looks, store = Looks(hub.home), hub.store(Role.LOAD)
    assert look(looks, store, NOW) is None
    assert look(looks, store, NOW) == TakenUp(0)
    place = write_department(operators_folder(hub.home), register=None)
    assert look(looks, store, NOW) is None
    (place / "trees.register.odcs.yaml").write_text(REGISTER, "utf-8")
    assert look(looks, store, NOW) is None
    assert look(looks, store, NOW) == TakenUp(1, accepted=("forestry",))
    assert look(looks, store, NOW) is None


def test_what_was_accepted_is_used_whatever_becomes_of_the_folder(hub: Hub, taken: Callable[[], TakenUp]) -> None:
    place = write_department(operators_folder(hub.home))
    taken()
    (place / "trees.odcs.yaml").write_text("nonsense", "utf-8")
    assert Contracts(hub.home).catalogue().dataset("forestry.trees").contract_version == "1.0.0"
    assert (version_folder(hub.home, 1) / "forestry" / "trees.odcs.yaml").read_text("utf-8") == TREES


def test_what_a_killed_process_left_is_done_again(hub: Hub, taken: Callable[[], TakenUp]) -> None:
    write_department(operators_folder(hub.home))
    (version_folder(hub.home, 1) / "forestry").mkdir(parents=True)
    (version_folder(hub.home, 1) / "forestry" / "old.odcs.yaml").write_text("half", "utf-8")
    (catalogue_folder(hub.home) / ".staging-left").mkdir()
    assert Contracts(hub.home).number() == 0
    assert taken() == TakenUp(1, accepted=("forestry",))
    assert "forestry.trees" in Contracts(hub.home).catalogue()
    assert not list(catalogue_folder(hub.home).glob(".staging-*"))


def test_an_accepted_folder_that_a_newer_hub_can_not_use_is_dropped_with_reasons(
    hub: Hub, taken: Callable[[], TakenUp]
) -> None:
    place = write_department(operators_folder(hub.home))
    taken()
    for copy in (place, version_folder(hub.home, 1) / "forestry"):
        (copy / "trees.odcs.yaml").write_text(TREES.replace("v3.2.0", "v1.0.0"), "utf-8")
    done = taken()
    assert (done.number, done.retired) == (2, ("forestry",))
    assert "v1.0.0" in done.refused[0].faults[0].en
    assert "public_security.residents" in Contracts(hub.home).catalogue()


@pytest.mark.parametrize("role", [Role.API, Role.PAGE])
def test_the_roles_of_the_web_can_not_plan_tables(hub: Hub, taken: Callable[[], TakenUp], role: Role) -> None:
    write_department(operators_folder(hub.home))
    taken()
    wider = Contracts(hub.home).catalogue()
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(sa.text("DROP VIEW data.register_ancient_trees"))
        conn.execute(sa.text("DROP TABLE data.forestry__trees"))
    with pytest.raises(StoreError):
        plan(hub.store(role), wider)


def test_a_damaged_pointer_says_what_to_do(hub: Hub) -> None:
    (catalogue_folder(hub.home) / "current.json").write_text("{", "utf-8")
    with pytest.raises(HomeError, match="judged anew"):
        Contracts(hub.home).catalogue()
