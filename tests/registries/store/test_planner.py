"""Contracts become tables; they grow in place, and nothing that would lose data is done."""

import dataclasses

import pytest
import sqlalchemy as sa

from registries.contracts.model import Column, RegisterRole
from registries.errors import PlanRefused
from registries.store import planner, registers, shapes
from registries.store.engine import Store
from registries.store.planner import Change
from tests.registries.store.deliveries import take_in
from tests.registries.store.sample_catalogue import CATALOGUE, PEOPLE, catalogue_of


def people_with(*columns: Column) -> object:
    changed = {column.name: column for column in columns}
    kept = [changed.pop(column.name, column) for column in PEOPLE.columns]
    return dataclasses.replace(PEOPLE, columns=(*kept, *changed.values()), contract_version="1.1.0")


def test_planning_twice_changes_nothing(load: Store) -> None:
    assert planner.plan(load, CATALOGUE) == []


def test_columns_are_added_and_widened_with_their_rows_kept(load: Store) -> None:
    with load.begin() as conn:
        take_in(conn, PEOPLE, [({"number": "1", "points": "7", "born_on": "2000-01-02"}, False)])
    wider = people_with(Column("points", "积分", "number"), Column("born_on", "出生"), Column("email", "邮箱"))
    changes = planner.plan(load, catalogue_of(wider))  # type: ignore[arg-type] # a dataset
    told = {(change.what, change.relation.removeprefix("test_police__people"), change.column) for change in changes}
    assert {
        ("column_widened", "", "points"),
        ("column_widened", "_history", "born_on"),
        ("column_added", "", "email"),
    } <= told
    with load.begin() as conn:
        row = conn.execute(sa.select(shapes.current_table(wider))).mappings().one()  # type: ignore[arg-type] # as above
        assert (row["points"], row["born_on"], row["email"]) == (7, "2000-01-02", None)
    assert planner.plan(load, catalogue_of(wider)) == []  # type: ignore[arg-type] # as above


@pytest.mark.parametrize(
    "column",
    [Column("name", "姓名", "integer"), Column("points", "积分", "date"), Column("since_batch", "保留")],
    ids=["narrower", "another", "reserved"],
)
def test_what_would_lose_data_is_refused(load: Store, column: Column) -> None:
    with pytest.raises(PlanRefused) as caught:
        planner.plan(load, catalogue_of(people_with(column)))  # type: ignore[arg-type] # a dataset
    assert caught.value.column == column.name


def test_another_key_is_refused(load: Store) -> None:
    with pytest.raises(PlanRefused):
        planner.plan(load, catalogue_of(dataclasses.replace(PEOPLE, key=("number", "name"))))


def test_a_view_follows_its_contracts(load: Store) -> None:
    role = RegisterRole("population", "number", {"name": "name"}, where=(("division", "440507"), ("born_on", None)))
    narrowed = catalogue_of(dataclasses.replace(PEOPLE, register=role))
    assert Change("view_made", "register_population") in planner.plan(load, narrowed)
    rows = [("1", "440507", None), ("2", "440507", "2000-01-01"), ("3", None, None)]
    with load.begin() as conn:
        staged = [({"number": key, "division": division, "born_on": born}, False) for key, division, born in rows]
        take_in(conn, PEOPLE, staged)
        view = registers.view("population", narrowed)
        assert conn.execute(sa.select(view.c.subject_key)).scalars().all() == ["1"]
