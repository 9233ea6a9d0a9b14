"""Batches are numbered without gaps, one at a time per dataset, and a source that is confirmed stays fresh."""

import datetime as dt
import threading

import pytest
import sqlalchemy as sa

from registries.errors import DatasetBusy, StoreError
from registries.store import batches
from registries.store.engine import Store
from registries.store.tables import dataset as dataset_row
from tests.registries.store.deliveries import take_in
from tests.registries.store.sample_catalogue import LICENCES, NOW, PEOPLE


def test_numbers_have_no_gaps_even_when_attempts_fail(load: Store) -> None:
    def deliver(dataset: object) -> None:
        with load.begin() as conn:
            batches.open_batch(conn, dataset, "s", "i", "d", NOW)  # type: ignore[arg-type] # both are datasets

    with load.connect() as conn:
        assert batches.open_batch(conn, PEOPLE, "s", "i", "d", NOW).number == 1  # rolled back
    threads = [threading.Thread(target=deliver, args=[dataset]) for dataset in (PEOPLE, LICENCES) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with load.begin() as conn:
        found = batches.list_batches(conn)
        assert sorted(batch.number for batch in found) == list(range(1, 9))
        assert sorted(batch.sequence for batch in found if batch.dataset == PEOPLE.name) == [1, 2, 3, 4]


def test_one_process_at_a_time_per_dataset(load: Store) -> None:
    with batches.dataset_lock(load, PEOPLE.name):
        with pytest.raises(DatasetBusy), batches.dataset_lock(load, PEOPLE.name):
            pass
        with batches.dataset_lock(load, LICENCES.name):
            pass
    with batches.dataset_lock(load, PEOPLE.name):
        pass


def test_a_batch_is_found_by_how_far_it_came(load: Store, page: Store) -> None:
    with load.begin() as conn:
        done, _ = take_in(conn, PEOPLE, [({"number": "1"}, False)])
        begun = batches.open_batch(conn, PEOPLE, "s", "i", "d", NOW)
    with load.begin() as conn:
        assert batches.last_done(conn, PEOPLE.name) == done
        assert batches.unfinished(conn, PEOPLE.name) == begun
        batches.mark_failed(conn, begun, "SourceDown")
        assert batches.unfinished(conn, PEOPLE.name) is None
    with page.begin() as conn:
        assert [batch.number for batch in batches.list_batches(conn, "test_police")] == [2, 1]
        assert [batch.number for batch in batches.list_batches(conn, dataset=PEOPLE.name, before=2)] == [1]
        assert batches.list_batches(conn, "nobody") == []
        assert batches.get(conn, 9) is None
        first = batches.get(conn, 1)
        assert first is not None
        assert first.counts is not None
        assert first.counts.new == 1


def test_a_done_batch_must_have_counts(load: Store) -> None:
    with load.begin() as conn:
        begun = batches.open_batch(conn, PEOPLE, "s", "i", "d", NOW)
    with pytest.raises(StoreError), load.begin() as conn:
        batches.mark_done(conn, begun)


def test_freshness_moves_forward_only(load: Store) -> None:
    as_of = sa.select(dataset_row.c.data_as_of).where(dataset_row.c.name == PEOPLE.name)
    with load.begin() as conn:
        take_in(conn, PEOPLE, [({"number": "1"}, False)])
        assert conn.execute(as_of).scalar() == NOW
        batches.confirm_fresh(conn, PEOPLE.name, NOW + dt.timedelta(days=1))
        batches.confirm_fresh(conn, PEOPLE.name, NOW)
        assert conn.execute(as_of).scalar() == NOW + dt.timedelta(days=1)
