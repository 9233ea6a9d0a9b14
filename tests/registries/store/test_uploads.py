"""Uploads: the worker is woken when the transaction commits, and no two workers take the same file."""

import threading

from registries.store import accounts, uploads
from registries.store.engine import Store
from tests.registries.store.sample_catalogue import NOW, PEOPLE


def add(api: Store, account_id: int, name: str) -> int:
    with api.begin() as conn:
        return uploads.add_upload(
            conn, PEOPLE.name, account_id, name, f"/landed/{name}", "d", dry_run=True, now=NOW
        )  # fmt: skip


def test_workers_share_the_queue_and_pages_see_the_outcome(owner: Store, load: Store, api: Store, page: Store) -> None:
    with owner.begin() as conn:
        account = accounts.add_account(conn, "li", "hash", "李", "test_police", ("publisher",))
    first, second = add(api, account, "a.csv"), add(api, account, "b.csv")
    with load.begin() as one, load.begin() as other:
        taken, passed = uploads.next_waiting(one), uploads.next_waiting(other)
        assert taken is not None
        assert passed is not None
        assert (taken.id, passed.id) == (first, second)
        uploads.finish_upload(one, taken.id, "checked", {"pulled": 3}, NOW)
    with load.begin() as conn:
        left = uploads.next_waiting(conn)
        assert left is not None
        assert left.id == second
    with page.begin() as conn:
        done = uploads.upload_of(conn, first)
        assert done is not None
        assert (done.state, done.outcome) == ("checked", {"pulled": 3})
        assert [each.id for each in uploads.list_uploads(conn, PEOPLE.name)] == [second, first]


def test_a_listener_is_woken_by_the_commit(owner: Store, load: Store, api: Store) -> None:
    with owner.begin() as conn:
        account = accounts.add_account(conn, "li", "hash", "李", "test_police", ("publisher",))
    heard = uploads.listen(load, timeout=20)
    assert next(heard)  # files may have come while nobody listened
    waker = threading.Thread(target=add, args=[api, account, "a.csv"])
    waker.start()
    assert next(heard)
    waker.join()
    heard.close()  # type: ignore[attr-defined] # a generator: gives its connection back
