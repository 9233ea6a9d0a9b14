"""The digest: equal for equal content whatever detours led there, and different for any difference."""

from collections.abc import Callable

import sqlalchemy as sa

from registries.home import Role
from registries.store import digest, planner, shapes
from registries.store.engine import Store
from tests.registries.store.conftest import Stores
from tests.registries.store.deliveries import Staged, take_in
from tests.registries.store.sample_catalogue import CATALOGUE, LICENCES, PEOPLE

PEOPLE_ROWS: list[Staged] = [({"number": "1", "name": "a"}, False), ({"number": "2"}, True)]
LICENCE_ROWS: list[Staged] = [({"licence_no": "A", "status": "10", "holder": "x"}, False)]


def found(store: Store) -> dict[str, str]:
    with store.begin() as conn:
        return digest.store_digest(conn)


def test_the_order_of_datasets_and_the_pepper_do_not_matter(make_hub: Callable[[], Stores]) -> None:
    stores = [make_hub().store(Role.LOAD) for _ in range(2)]
    for store, order in zip(stores, ((PEOPLE, LICENCES), (LICENCES, PEOPLE)), strict=True):
        planner.plan(store, CATALOGUE)
        with store.begin() as conn:
            for dataset in order:
                take_in(conn, dataset, PEOPLE_ROWS if dataset is PEOPLE else LICENCE_ROWS)
    assert found(stores[0]) == found(stores[1])
    assert len(found(stores[0])["total"]) == 64


def test_any_difference_shows_in_its_table_and_in_the_total(load: Store) -> None:
    with load.begin() as conn:
        take_in(conn, PEOPLE, PEOPLE_ROWS)
    before = found(load)
    with load.begin() as conn:
        conn.execute(sa.update(shapes.current_table(PEOPLE)).values(name="b"))
    after = found(load)
    assert {name for name in before if before[name] != after[name]} == {f"data.{PEOPLE.table_name}", "total"}
