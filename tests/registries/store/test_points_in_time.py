"""Reads on two axes against the slow model of `histories`, over random histories."""

import datetime as dt
from collections.abc import Sequence

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from registries.contracts.model import Column, Dataset, RegisterRole, ValidTime
from registries.home import Role
from registries.store import planner, points_in_time, registers, shapes
from registries.store.engine import Store
from registries.store.points_in_time import NOW as TODAY
from registries.store.points_in_time import Moment
from tests.registries.store.conftest import Stores
from tests.registries.store.deliveries import take_in
from tests.registries.store.histories import FOREVER, HOMES, NOTES, PERMITS, VISITS, Believed, Row, joined, register
from tests.registries.store.random_histories import (
    CATALOGUE,
    DAYS,
    FEW,
    MINUTE,
    Delivered,
    Step,
    act,
    deliver,
    delivery,
    step,
)
from tests.registries.store.sample_catalogue import NOW, catalogue_of, make_dataset

ASKED = (None, *map(dt.date.fromisoformat, (*DAYS, "2024-03-16", FOREVER)))


@pytest.fixture
def everything(hub: Stores) -> Store:
    """The owner's store, who may do what the loader and the pages may, so that no example has to be committed."""
    planner.plan(hub.store(Role.LOAD), CATALOGUE)
    return hub.store(Role.OWNER)


def told(conn: sa.Connection, dataset: Dataset, moment: Moment) -> dict[str, tuple[object, ...]]:
    kept = [column.name for column in dataset.stored_columns]
    found = conn.execute(points_in_time.rows(dataset, moment)).mappings().all()
    shown = {row["number"]: (*(_text(row[name]) for name in kept), row["since_batch"], row["mark"]) for row in found}
    assert len(shown) == len(found)
    return shown


def modelled(model: Believed, as_of: dt.date | None, known_at: dt.datetime | None) -> dict[str, tuple[object, ...]]:
    kept = [column.name for column in model.dataset.stored_columns]
    return {
        key: (*(one.row[name] for name in kept), one.since, "vanished" if one.vanished else None)
        for key, one in model.rows(as_of, known_at).items()
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def moments(times: Sequence[dt.datetime]) -> list[dt.datetime | None]:
    return [None, *sorted({time + shift for time in times for shift in (-MINUTE, 0 * MINUTE)})]


@pytest.mark.parametrize("dataset", [HOMES, VISITS, NOTES, PERMITS], ids=lambda dataset: dataset.name)
@FEW
@given(data=st.data())
def test_rows_are_those_that_were_believed_to_hold(everything: Store, dataset: Dataset, data: st.DataObject) -> None:
    model, at = Believed(dataset), NOW
    times = []
    with everything.connect() as conn:  # never committed: each example starts from nothing
        for delivered in data.draw(st.lists(delivery(dataset), min_size=1, max_size=6)):
            at += delivered[2] * MINUTE
            deliver(conn, model, delivered, at)
            times.append(at)
        pairs = st.tuples(st.sampled_from(ASKED), st.sampled_from(moments(times)))
        for as_of, known_at in data.draw(st.lists(pairs, min_size=12, max_size=24, unique=True)):
            expected = modelled(model, as_of, known_at)
            if known_at is None and dataset.delivery == "snapshot":
                expected = {key: (*row[:-1], _mark_now(conn, dataset, key)) for key, row in expected.items()}
            assert told(conn, dataset, Moment(as_of, known_at)) == expected, (as_of, known_at)


def _mark_now(conn: sa.Connection, dataset: Dataset, key: str) -> str | None:
    """Refused updates are marked too, and told as they stand now."""
    current = shapes.current_table(dataset)
    return conn.execute(sa.select(current.c.mark).where(current.c.number == key)).scalar_one()


# --- registers


@FEW
@given(steps=st.lists(step, min_size=2, max_size=8), data=st.data())
def test_a_register_is_the_one_that_was_shown(everything: Store, steps: list[Step], data: st.DataObject) -> None:
    homes, visits, at = Believed(HOMES), Believed(VISITS), NOW
    edges: list[tuple[int, str, str]] = []
    shown = []
    with everything.connect() as conn:
        for what, given_ in steps:
            at += MINUTE
            if what in {"homes", "visits"}:
                deliver(conn, homes if what == "homes" else visits, given_, at)  # type: ignore[arg-type] # by `what`
            else:
                act(conn, what, given_, edges, at)
            shown.append((at, _register(conn, sa.select(registers.view("population", CATALOGUE))), list(edges)))
        assert _register(conn, _rows(TODAY)) == shown[-1][1]
        moments_ = data.draw(st.lists(st.tuples(st.sampled_from(ASKED), st.sampled_from(shown)), max_size=8))
        for as_of, (known_at, view, then) in [(None, shown[0]), (None, shown[-1]), *moments_]:
            parts = (homes.rows(as_of, known_at), visits.rows(as_of, known_at))
            aliases = joined([(former, present) for _, former, present in then])
            expected = register(parts, (HOMES, VISITS), aliases)
            assert as_of is not None or view == expected
            assert _register(conn, _rows(Moment(as_of, known_at))) == expected


def _rows(moment: Moment) -> sa.Select[*tuple[object, ...]]:
    found = points_in_time.register_rows("population", CATALOGUE, moment)
    assert found is not None
    return found


def _register(conn: sa.Connection, wanted: sa.Select[*tuple[object, ...]]) -> dict[str, dict[str, str | None]]:
    rows = conn.execute(wanted).mappings().all()
    kept = {row["subject_key"]: {name: row[name] for name in ("name", "address", "dataset")} for row in rows}
    assert len(kept) == len(rows)
    return kept


# --- one by one


def homes(*rows: tuple[str, str | None, str | None, str | None]) -> list[tuple[Row, bool]]:
    return [(dict(zip(("number", "name", "valid_from", "valid_until"), row, strict=True)), False) for row in rows]


def known(conn: sa.Connection, as_of: str | None, minutes: int | None) -> list[tuple[object, ...]]:
    moment = Moment(
        dt.date.fromisoformat(as_of) if as_of else None, None if minutes is None else NOW + minutes * MINUTE
    )
    rows = conn.execute(points_in_time.rows(HOMES, moment, subjects=["1"])).mappings()
    return [(row["name"], _text(row["valid_until"])) for row in rows]


def test_a_correction_of_the_past_keeps_what_was_believed_before(everything: Store) -> None:
    with everything.connect() as conn:
        model = Believed(HOMES)
        deliver(conn, model, (homes(("1", "张三", "2024-01-01", "2024-06-30")), True, 0), NOW)
        deliver(conn, model, (homes(("1", "张三", "2024-01-01", "2024-03-31")), True, 0), NOW + 10 * MINUTE)
        assert known(conn, "2024-05-01", None) == []
        assert known(conn, "2024-05-01", 9) == [("张三", "2024-06-30")]
        assert known(conn, "2024-05-01", 10) == []
        assert known(conn, "2024-03-31", 10) == [("张三", "2024-03-31")]  # ends are inclusive
        assert known(conn, "2024-04-01", 10) == []
        assert known(conn, "2024-05-01", -1) == []


def test_what_vanished_is_known_until_then(everything: Store) -> None:
    with everything.connect() as conn:
        model = Believed(HOMES)
        deliver(conn, model, (homes(("1", "张三", None, None)), True, 0), NOW)
        deliver(conn, model, (homes(("2", "李四", None, None)), True, 0), NOW + 10 * MINUTE)
        assert [known(conn, None, minutes) for minutes in (None, 10, 9)] == [[], [], [("张三", None)]]
        told_ = conn.execute(points_in_time.versions(HOMES, subjects=["1"])).mappings().all()
        assert [(row["since_batch"], row["until_batch"], row["known"]) for row in told_] == [(1, 2, False)]


SLIPS = make_dataset(
    "test_market.slips",
    [
        Column("area", "区", key=True),
        Column("no", "号", "integer", key=True),
        Column("owner", "所有人"),
        Column("ends", "止"),
        Column("made_at", "时间", "timestamp"),
    ],
    register=RegisterRole("population", "owner", {}),
    valid_time=ValidTime("made_at", "ends", ("长期",)),
)


@pytest.mark.parametrize(
    ("ends", "as_of", "holds"),
    [
        ("长期", "2999-01-01", True),
        ("2024-05-31", "2024-05-31", True),
        ("2024-05-31", "2024-06-01", False),
        ("见附件", "2999-01-01", True),  # nobody can tell when it ends
        (None, "2024-01-15", True),  # made at half past eleven of that day
        (None, "2024-01-14", False),
    ],
)
def test_texts_times_and_keys_of_several_columns(hub: Stores, ends: str | None, as_of: str, holds: bool) -> None:
    planner.plan(hub.store(Role.LOAD), catalogue_of(SLIPS))
    row: Row = {"area": "a", "no": "7", "owner": "1", "ends": ends, "made_at": "2024-01-15 23:30:00"}
    with hub.store(Role.LOAD).connect() as conn:
        take_in(conn, SLIPS, [(row, False), ({**row, "no": "8", "owner": "2"}, False)])
        moment = Moment(dt.date.fromisoformat(as_of))
        found = conn.execute(points_in_time.rows(SLIPS, moment, keys=[("a", 7), ("b", 7)])).all()
        assert [found_row.no for found_row in found] == ([7] if holds else [])
        found = conn.execute(points_in_time.rows(SLIPS, moment, subjects=["2"])).all()
        assert [found_row.no for found_row in found] == ([8] if holds else [])


@FEW
@given(delivered=st.lists(delivery(PERMITS), min_size=2, max_size=5))
def test_certificates_that_had_vanished_were_not_in_their_register(
    everything: Store, delivered: list[Delivered]
) -> None:
    model, at, shown = Believed(PERMITS), NOW, []
    view = sa.select(registers.view("certificates", CATALOGUE).c.subject_key)
    with everything.connect() as conn:
        for one in delivered:
            at += MINUTE
            deliver(conn, model, one, at)
            shown.append((at, sorted(conn.execute(view).scalars())))
        for known_at, numbers in shown:
            found = points_in_time.register_rows("certificates", CATALOGUE, Moment(known_at=known_at))
            assert found is not None
            assert sorted(row.subject_key for row in conn.execute(found)) == numbers


def test_who_is_in_no_register_is_nobodys_subject(everything: Store) -> None:
    with everything.connect() as conn:
        take_in(conn, NOTES, [({"number": "1", "operation": "U"}, False)])
        assert conn.execute(points_in_time.rows(NOTES, subjects=["1"])).all() == []
        assert len(conn.execute(points_in_time.rows(NOTES)).all()) == 1
        assert points_in_time.register_rows("public_credit", CATALOGUE) is None
