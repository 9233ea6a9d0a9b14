"""Random histories: deliveries of each kind of dataset, joins and separations, carried out on a store and a model.

deliver(conn, model, delivered, at)
act(conn, "join", (former, present), edges, at)
"""

import datetime as dt

import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from registries.contracts.model import Dataset
from registries.store import subjects
from registries.store.subjects import Why
from registries.store.tables import batch as batch_row
from tests.registries.store.deliveries import take_in
from tests.registries.store.histories import FOREVER, HOMES, NOTES, PERMITS, VISITS, Believed, Row, joined
from tests.registries.store.sample_catalogue import catalogue_of

CATALOGUE = catalogue_of(HOMES, VISITS, NOTES, PERMITS)
POPULATION = CATALOGUE.register("population")
NUMBERS = ("110105194912310021", "11010519491231002X", "440524188001010014", "110101199003072316")
DAYS = tuple(f"2024-0{month}-15" for month in range(1, 6))
MINUTE = dt.timedelta(minutes=1)

FEW = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # examples are small, and each costs a second
)


some_day = st.sampled_from([*DAYS, None])
names = st.sampled_from(["张三", "李四", None])
home = st.fixed_dictionaries(
    {
        "number": st.sampled_from(NUMBERS),
        "name": names,
        "valid_from": some_day,
        "valid_until": st.sampled_from([*DAYS, FOREVER, None]),
    }
)
visit = st.fixed_dictionaries(
    {
        "number": st.sampled_from(NUMBERS),
        "name": names,
        "address": st.sampled_from(["长平路", None]),
        "valid_from": some_day,
        "operation": st.sampled_from(["U", "U", "D"]),
        "word": st.integers(1, 9).map(str),
    }
)
note = st.fixed_dictionaries(
    {
        "number": st.sampled_from(NUMBERS),
        "name": names,
        "valid_until": some_day,
        "operation": st.sampled_from(["U", "U", "D"]),
    }
)
permit = st.fixed_dictionaries(
    {
        "number": st.sampled_from(NUMBERS[:3]),
        "name": st.just("张三"),
        "code": st.just(NUMBERS[0]),
        "status": st.sampled_from(["10", "05"]),
        "valid_from": some_day,
        "valid_until": st.sampled_from([*DAYS, FOREVER, None]),
    }
)
OF_KIND = {HOMES.name: home, VISITS.name: visit, NOTES.name: note, PERMITS.name: permit}
Delivered = tuple[list[tuple[Row, bool]], bool, int]  # rows with whether each is refused; a whole snapshot; minutes


def delivery(dataset: Dataset) -> st.SearchStrategy[Delivered]:
    unique = (lambda one: (one[0]["number"], one[0]["word"])) if dataset.watermark else (lambda one: one[0]["number"])
    refused = st.sampled_from([False, False, False, True]) if dataset.delivery == "snapshot" else st.just(False)
    rows = st.lists(st.tuples(OF_KIND[dataset.name], refused), min_size=1, max_size=5, unique_by=unique)
    whole = st.just(True) if dataset.delivery == "snapshot" else st.sampled_from([False, False, True])
    steps = st.sampled_from([0, 1, 2, 5, -3])  # clocks step back, too
    return st.tuples(rows, whole, steps).map(_without_deletes)


def _without_deletes(given: Delivered) -> Delivered:
    rows, whole, minutes = given
    kept = [({**row, "operation": "U"} if whole and "operation" in row else row, refused) for row, refused in rows]
    return kept, whole, minutes


def deliver(conn: sa.Connection, model: Believed, delivered: Delivered, at: dt.datetime) -> None:
    """The same delivery to the store and to the model."""
    rows, whole, _ = delivered
    taken, _ = take_in(conn, model.dataset, rows, close=whole)
    conn.execute(sa.update(batch_row).where(batch_row.c.number == taken.number).values(taken_over_at=at))
    model.take_in(rows, whole=whole, at=at, number=taken.number)


Step = tuple[str, object]
step = st.one_of(
    st.tuples(st.just("homes"), delivery(HOMES)),
    st.tuples(st.just("visits"), delivery(VISITS)),
    st.tuples(st.just("join"), st.tuples(st.sampled_from(NUMBERS), st.sampled_from(NUMBERS[1:]))),
    st.tuples(st.just("separate"), st.integers(0, 2)),
)


def act(conn: sa.Connection, what: str, given_: object, edges: list[tuple[int, str, str]], at: dt.datetime) -> None:
    why = Why("更正", "test", at)
    if what == "separate":
        if edges:
            gone = edges.pop(int(str(given_)) % len(edges))
            subjects.separate(conn, gone[0], why)
        return
    former, present = given_  # type: ignore[misc] # a pair, by `what`
    ends = joined([(one, other) for _, one, other in edges])
    end = ends.get(present, present)
    if former in ends or former in {end, present}:
        return  # refused by the store, which would end the transaction: tested with the joins
    edges.append((subjects.join(conn, POPULATION, former, present, why), former, present))
