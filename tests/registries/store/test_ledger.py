"""The ledger appends once, keeps its order, and proves itself; what is tampered with is in `test_ledger_tampering`."""

import datetime as dt
import hashlib
import threading

import pytest
import sqlalchemy as sa

from certificates import merkle
from registries.errors import LedgerDamaged, StoreError
from registries.store import cosignatures, ledger
from registries.store.engine import Store
from registries.store.ledger import Appended, NewEntry, Stored
from registries.store.ledger_rows import Cosignature
from registries.store.ledger_tables import (
    checkpoint,
    cosignature,
    ledger_body,
    ledger_entry,
    ledger_node,
    ledger_sequence,
)

NOW = dt.datetime(2026, 3, 1, 9, 0, tzinfo=dt.UTC)


def entry(name: str, kind: str = "answer", issuer: str = "client-1") -> NewEntry:
    payload = f"signing input of {name}".encode()
    return NewEntry(
        kind, issuer, name, hashlib.sha256(payload).digest(), payload, hashlib.sha256(name.encode()).digest()
    )


def fill(store: Store, count: int, *, note: bool = True) -> None:
    with store.begin() as conn:
        ledger.append(conn, [entry(f"jti-{number}") for number in range(count)], NOW)
        head = ledger.sequence(conn)
        if note:
            import base64

            text = f"hub.example\n{head.size}\n{base64.b64encode(head.root).decode()}\n\n— hub.example xyz=\n"
            ledger.keep_checkpoint(conn, head.size, head.root, text, NOW)


def test_the_root_is_the_trees_and_every_inclusion_is_provable(api: Store) -> None:
    leaves: list[bytes] = []
    for size in (1, 2, 3, 7, 1, 13):
        new = [entry(f"jti-{len(leaves) + place}") for place in range(size)]
        with api.begin() as conn:
            appended = ledger.append(conn, new, NOW)
            head = ledger.sequence(conn)
        leaves += [merkle.leaf_hash(one.leaf) for one in new]
        nodes = {(level, index): value for level, index, value in merkle.new_nodes(0, leaves, lambda *_: b"")}
        assert head == ledger.TreeHead(len(leaves), merkle.root(len(leaves), lambda level, index: nodes[level, index]))  # noqa: B023 - used at once
        with api.begin() as conn:
            assert ledger.head(conn) == head
            last = appended[-1]
            assert isinstance(last, Appended)
            place = ledger.position(conn, last.entry_id)
            assert place == len(leaves) - 1
            proof = merkle.inclusion_proof(place, head.size, ledger.node_reader(conn))
        assert merkle.verify_inclusion(leaves[place], place, head.size, proof, head.root)


def test_an_empty_ledger_has_the_empty_root(api: Store) -> None:
    with api.begin() as conn:
        assert ledger.sequence(conn) == ledger.TreeHead(0, merkle.EMPTY_ROOT)
        assert ledger.check(conn).faults == []
        assert ledger.latest_checkpoint(conn) is None


def test_a_replay_gets_what_was_stored(api: Store) -> None:
    with api.begin() as conn:
        ledger.append(conn, [entry("a"), entry("b")], NOW)
    with api.begin() as conn:
        again = ledger.append(conn, [entry("b"), entry("c"), entry("c")], NOW)
    assert isinstance(again[0], Stored)
    assert again[0].payload == entry("b").payload
    assert again[0].request_digest == entry("b").request_digest
    assert isinstance(again[1], Appended)
    assert again[2] == Stored(again[1].entry_id, entry("c").payload, entry("c").request_digest)


def test_fifty_parallel_copies_make_one_entry(api: Store) -> None:
    outcomes: list[object] = []

    def ask() -> None:
        with api.begin() as conn:
            outcomes.extend(ledger.append(conn, [entry("same")], NOW))

    threads = [threading.Thread(target=ask) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(outcome, Appended) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, Stored) for outcome in outcomes) == 9


def test_a_long_merge_blocks_no_answer_and_gets_its_place_later(load: Store, api: Store) -> None:
    with load.begin() as merging:
        (late,) = ledger.append(merging, [entry("batch:1", kind="batch", issuer="hub")], NOW)
        fill(api, 3)  # while the merge's transaction is open
    assert isinstance(late, Appended)
    with api.begin() as conn:
        assert ledger.check(conn).waiting == 1
        assert ledger.sequence(conn).size == 4
        assert ledger.position(conn, late.entry_id) == 3
        assert ledger.check(conn) == ledger.LedgerReport(4, [])


def test_answers_in_two_transactions_find_their_places(api: Store) -> None:
    with api.begin() as conn:
        ledger.append(conn, [entry("a")], NOW)
    with api.begin() as conn:
        ledger.append(conn, [entry("b")], NOW)
    with api.begin() as conn:
        assert ledger.sequence(conn).size == 2
        assert ledger.sequence(conn).size == 2


TABLES = (ledger_entry, ledger_body, ledger_sequence, ledger_node, checkpoint, cosignature)


def test_nobody_changes_the_ledger(owner: Store, api: Store) -> None:
    fill(api, 3)
    with api.begin() as conn:
        cosignatures.keep(conn, [Cosignature(3, "w", "w+0+A", "— w A\n")], NOW)
    for table in TABLES:
        first = next(iter(table.columns)).name
        for change in ('UPDATE {} SET "{}" = "{}"', "DELETE FROM {}", "TRUNCATE {} CASCADE"):
            if table is ledger_body and change.startswith("DELETE"):
                continue
            with pytest.raises(StoreError), owner.begin() as conn:
                conn.execute(sa.text(change.format(table.fullname, first, first)))


def test_the_owner_may_erase_a_body_and_proofs_stay(owner: Store, api: Store) -> None:
    fill(api, 3)
    with owner.begin() as conn:
        assert ledger.erase_body(conn, "client-1", "jti-1")
    with owner.begin() as conn:
        assert not ledger.erase_body(conn, "client-1", "jti-1")
        assert ledger.check(conn) == ledger.LedgerReport(3, [], erased=1)
    with api.begin() as conn:
        assert ledger.stored(conn, [("client-1", "jti-1")])["client-1", "jti-1"].payload is None


def test_a_missing_node_stops_appending(owner: Store, api: Store) -> None:
    fill(api, 3)
    with owner.begin() as conn:
        conn.execute(sa.text("ALTER TABLE hub.ledger_node DISABLE TRIGGER ALL"))
        conn.execute(sa.text("DELETE FROM hub.ledger_node WHERE level = 1"))
        assert [place for place, _ in ledger.check(conn).faults]
    with pytest.raises(LedgerDamaged), api.begin() as conn:
        ledger.sequence(conn)
