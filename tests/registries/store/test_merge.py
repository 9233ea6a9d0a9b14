"""The merge against a slow obvious model: the same rows, history, marks and counts, whatever comes."""

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from registries.contracts.model import Column, Dataset
from registries.errors import StoreError
from registries.store import batches, planner, shapes
from registries.store.batches import Batch, BatchCounts
from registries.store.engine import Store
from registries.store.merge import MergeCounts
from registries.store.stage import Stage
from tests.registries.store import deliveries
from tests.registries.store.deliveries import Row, Staged
from tests.registries.store.sample_catalogue import LICENCES, NOW, PEOPLE, catalogue_of, make_dataset, text_batch


def take_in(conn: sa.Connection, dataset: Dataset, rows: Sequence[Staged], *, close: bool = True) -> MergeCounts:
    """The counts alone of a delivery."""
    return deliveries.take_in(conn, dataset, rows, close=close)[1]


class Model:
    """What the merge should do, one row at a time."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.current: dict[tuple[str, ...], tuple[Row, int, str | None]] = {}
        self.history: list[tuple[Row, int, int]] = []
        self.batch = 0

    def take_in(self, rows: Sequence[Staged], *, close: bool) -> MergeCounts:
        self.batch += 1
        keyed = [(self.key(row), row, refused) for row, refused in rows]
        accepted: dict[tuple[str, ...], Row] = {}
        repeated = 0
        for key, row, refused in keyed:
            unequal = any(other_key == key and other != row for other_key, other, _ in keyed)
            if refused or key is None or unequal:
                continue
            repeated += key in accepted
            accepted[key] = row
        new = changed = 0
        for key, row in accepted.items():
            if key not in self.current:
                new += 1
                self.current[key] = (row, self.batch, None)
            elif self.current[key][0] != row:
                changed += 1
                self.history.append((*self.current[key][:2], self.batch))
                self.current[key] = (row, self.batch, None)
            else:
                self.current[key] = (*self.current[key][:2], None)
        pulled = {key for key, _, _ in keyed}
        for key in pulled - accepted.keys():
            if key in self.current:
                self.current[key] = (*self.current[key][:2], "update_refused")
        vanished = self.vanish(pulled) if close else 0
        return MergeCounts(new, changed, len(accepted) - new - changed, 0, repeated, vanished)

    def vanish(self, pulled: set[tuple[str, ...] | None]) -> int:
        gone = [key for key in self.current if key not in pulled]
        if self.dataset.certificate or None in pulled:
            gone = [key for key in gone if self.current[key][2] != "vanished"]
            self.current.update({key: (*self.current[key][:2], "vanished") for key in gone})
        else:
            self.history += [(*self.current.pop(key)[:2], self.batch) for key in gone]
        return len(gone)

    def key(self, row: Row) -> tuple[str, ...] | None:
        parts = tuple(part for name in self.dataset.key if (part := row.get(name)) is not None)
        return parts if len(parts) == len(self.dataset.key) else None


def stored(conn: sa.Connection, dataset: Dataset) -> tuple[list[object], list[object]]:
    """Current and former rows, as text, sorted."""
    names = [column.name for column in dataset.columns]

    def rows(table: sa.Table, *more: str) -> list[object]:
        texts = [sa.cast(table.c[name], sa.Text) for name in (*names, *more)]
        return sorted((tuple(row) for row in conn.execute(sa.select(*texts))), key=repr)

    current = rows(shapes.current_table(dataset), "since_batch", "mark")
    return current, rows(shapes.history_table(dataset), "since_batch", "until_batch")


def modelled(model: Model) -> tuple[list[object], list[object]]:
    names = [column.name for column in model.dataset.columns]
    current = [(*(row.get(name) for name in names), str(since), mark) for row, since, mark in model.current.values()]
    history = [(*(row.get(name) for name in names), str(since), str(until)) for row, since, until in model.history]
    return sorted(current, key=repr), sorted(history, key=repr)


people_rows = st.fixed_dictionaries(
    {
        "number": st.sampled_from(["1", "2", "3", "4", None]),
        "name": st.sampled_from(["张三", "", 'a"b,\n', None]),
        "born_on": st.sampled_from(["2000-02-29", None]),
        "points": st.sampled_from(["0", "-7", None]),
    }
)
licence_rows = st.fixed_dictionaries(
    {"licence_no": st.sampled_from(["A", "B", "C"]), "status": st.sampled_from(["10", "05", None])}
)


def batches_of(rows: st.SearchStrategy[Row]) -> st.SearchStrategy[list[tuple[list[Staged], bool]]]:
    # a row without a readable key is always refused: keys are required by every contract
    staged = st.tuples(rows, st.booleans()).map(lambda pair: (pair[0], pair[1] or pair[0].get("number", "") is None))
    return st.lists(st.tuples(st.lists(staged, max_size=7), st.sampled_from([True, True, False])), max_size=5)


def run_against_model(store: Store, dataset: Dataset, delivered: list[tuple[list[Staged], bool]]) -> None:
    model = Model(dataset)
    with store.connect() as conn:  # never committed: each example starts from nothing
        for rows, close in delivered:
            counts = take_in(conn, dataset, rows, close=close)
            assert counts == model.take_in(rows, close=close)
            assert stored(conn, dataset) == modelled(model)


FEW = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # examples are small, and each costs a second
)


@FEW
@given(delivered=batches_of(people_rows))
def test_people_merge_as_the_model_does(load: Store, delivered: list[tuple[list[Staged], bool]]) -> None:
    run_against_model(load, PEOPLE, delivered)


@FEW
@given(delivered=batches_of(licence_rows))
def test_certificates_merge_as_the_model_does(load: Store, delivered: list[tuple[list[Staged], bool]]) -> None:
    run_against_model(load, LICENCES, delivered)


PARTS = make_dataset(
    "test_lands.parts",
    [
        Column("district", "区", key=True),
        Column("no", "号", "integer", key=True),
        Column("day", "日", "date", key=True),
        Column("size", "面积", "number"),
    ],
)


def part(no: str, size: str | None = "1", district: str = "a", day: str = "2024-01-31") -> Row:
    return {"district": district, "no": no, "day": day, "size": size}


def test_keys_of_several_typed_columns(load: Store) -> None:
    planner.plan(load, catalogue_of(PARTS))
    with load.begin() as conn:
        first = [(part("1"), False), (part("2"), False), (part("02"), False), (part("x"), True)]
        assert take_in(conn, PARTS, first) == MergeCounts(2, 0, 0, 0, 1, 0)
        second = [(part("1", None), False), (part("2", "1.0"), False), (part("2", "1.0", "b"), False)]
        assert take_in(conn, PARTS, second) == MergeCounts(1, 1, 1, 0, 0, 0)
        third = [(part("01"), False), (part("1", "5"), False), (part("2", day="2024-13-31"), True)]
        assert take_in(conn, PARTS, third) == MergeCounts(0, 0, 0, 0, 0, 2)
        current = shapes.current_table(PARTS)
        marks = conn.execute(sa.select(current.c.no, current.c.size, current.c.mark)).all()
        assert [tuple(row) for row in marks] == [(1, None, "update_refused")]


def test_the_same_batch_twice_writes_nothing(load: Store) -> None:
    rows = [({"number": str(number), "name": "x"}, number == 3) for number in range(1, 6)]
    table = shapes.current_table(PEOPLE)
    places = sa.select(sa.literal_column("ctid"), table.c.number).order_by(table.c.number)
    with load.begin() as conn:
        take_in(conn, PEOPLE, rows)
    with load.begin() as conn:
        before = conn.execute(places).all()
        assert take_in(conn, PEOPLE, rows) == MergeCounts(0, 0, 4, 0, 0, 0)
        assert conn.execute(places).all() == before


def test_a_first_load_leaves_its_key_behind(load: Store) -> None:
    with load.begin() as conn:
        take_in(conn, PEOPLE, [({"number": "1"}, False)])
        assert sa.inspect(conn).get_pk_constraint(PEOPLE.table_name, schema="data")["constrained_columns"] == ["number"]


def test_a_value_of_the_wrong_type_stops_the_merge_whole(load: Store) -> None:
    with pytest.raises(StoreError) as caught, load.begin() as conn:
        take_in(conn, PEOPLE, [({"number": "1", "points": "many"}, False)])
    assert "many" not in str(caught.value)
    with load.begin() as conn:
        assert stored(conn, PEOPLE) == ([], [])
        assert batches.list_batches(conn) == []


def test_counts_that_do_not_add_up_are_refused(load: Store) -> None:
    with load.begin() as conn:
        batch = batches.open_batch(conn, PEOPLE, "test", "x", "test", NOW)
    with pytest.raises(StoreError) as caught, load.begin() as conn:
        batches.mark_taken_over(conn, batch, BatchCounts(5, 3, 1, 0, 3), NOW)
    assert "batch_pulled_check" in caught.value.en


def test_references_and_unequal_values(load: Store) -> None:
    from registries.contracts.model import RuleSpec

    def rule(**arguments: object) -> RuleSpec:
        return RuleSpec(
            "r", 2, "consistency", "0402", "reference", "mianzheng:reference", arguments, ("division",), "", "", "1"
        )

    with load.begin() as conn:
        take_in(conn, PEOPLE, [({"number": "1", "name": "A"}, False), ({"number": "2", "name": "B"}, False)])
        batch = Batch(9, PEOPLE.name, 9, "opened", "", "", "", "", dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
        stage = Stage(conn, PEOPLE, batch)
        stage.create()
        rows: list[Row] = [
            {"number": "1", "division": "A", "name": "x"},
            {"number": "2", "division": "Z", "name": "x"},
            {"number": "3", "division": None, "name": None},
            {"number": "4", "division": "B", "name": None},
            {"number": "4", "division": "B", "name": "x"},
            {"number": "4", "division": "B", "name": "x"},
        ]
        stage.copy_in(np.arange(1, 7), text_batch(PEOPLE, rows), np.zeros(6, np.bool_))
        by_dataset = rule(column="division", dataset=PEOPLE.name, target_column="name")
        assert [found.tolist() for found in stage.missing_references(by_dataset)] == [[2]]
        by_register = rule(column="division", register="population")
        assert [found.tolist() for found in stage.missing_references(by_register)] == [[1, 2, 4, 5, 6]]
        assert [found.tolist() for found in stage.unequal_keys()] == [[4, 5, 6]]
        assert [found.tolist() for found in stage.unequal_values(["name"])] == [[1, 2, 5, 6]]
