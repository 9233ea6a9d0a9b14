"""Every column of every row of a ledger of 300 entries, changed by XOR 0x01 and 0x80: all found, their places named.

Rows are changed a few dozen at a time, always the same column of all of them; each must be named by itself.
"""

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA

from certificates.checkpoints import Checkpoint, sign_checkpoint
from certificates.cosignatures import cosign, verifier
from certificates.jose import ED25519, new_key
from registries.store import cosignatures, ledger
from registries.store.engine import Store
from registries.store.ledger import NewEntry
from registries.store.ledger_rows import Cosignature
from registries.store.ledger_tables import (
    checkpoint,
    cosignature,
    ledger_body,
    ledger_entry,
    ledger_node,
    ledger_sequence,
    ledger_waiting,
)

NOW = dt.datetime(2026, 3, 1, 9, 0, tzinfo=dt.UTC)
SIZE, LATE = 300, 3
ROUNDS = 7
MASKS = (0x01, 0x80)
LOG_KEY, WITNESS_KEY = new_key(ED25519), new_key(ED25519)
WITNESS = "office.example/w1"
KEYS = [LOG_KEY.public_only()]

TABLES = (ledger_entry, ledger_body, ledger_sequence, ledger_node, checkpoint, cosignature, ledger_waiting)
PLACE = sa.select(ledger_sequence.c.index)
PLACES: dict[str, sa.ColumnElement[int]] = {
    "ledger_entry": PLACE.where(ledger_sequence.c.entry_id == ledger_entry.c.id).scalar_subquery(),
    "ledger_body": PLACE.where(ledger_sequence.c.entry_id == ledger_body.c.entry_id).scalar_subquery(),
    "ledger_sequence": ledger_sequence.c.index,
    "ledger_node": ledger_node.c.index.op("<<")(sa.cast(ledger_node.c.level, sa.Integer)),
    "checkpoint": checkpoint.c.size - 1,
    "cosignature": cosignature.c.size - 1,
    "ledger_waiting": sa.null(),
}


def entry(name: str, kind: str = "answer") -> NewEntry:
    payload = f"signing input of {name}".encode()
    asked = hashlib.sha256(name.encode()).digest()
    return NewEntry(kind, "client-1", name, hashlib.sha256(payload).digest(), payload, asked)


@pytest.fixture
def disarmed(owner: Store, load: Store, api: Store) -> Iterator[sa.Connection]:
    """A ledger without keys and triggers, as an administrator of the database may have made it."""
    with load.begin() as merging:
        ledger.append(merging, [entry(f"late-{number}", "batch") for number in range(LATE)], NOW)
        for number in range(0, SIZE, 30):
            fill(api, number)
    with owner.connect() as conn:
        keys = "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype IN ('f', 'p', 'u')"
        for name, constraint in conn.execute(sa.text(f"{keys} ORDER BY contype")).all():
            if "ledger" in name or name in {checkpoint.fullname, cosignature.fullname}:
                conn.execute(sa.text(f'ALTER TABLE {name} DROP CONSTRAINT IF EXISTS "{constraint}" CASCADE'))
        for table in TABLES:
            conn.execute(sa.text(f"ALTER TABLE {table.fullname} DISABLE TRIGGER USER"))
        conn.execute(sa.text("ALTER TABLE hub.ledger_entry ALTER COLUMN id DROP IDENTITY"))
        yield conn


def fill(api: Store, first: int) -> None:
    with api.begin() as conn:
        ledger.append(conn, [entry(f"jti-{number}") for number in range(first, first + 30)], NOW)
        head = ledger.sequence(conn)
        note = sign_checkpoint(Checkpoint("hub.example/ledger", head.size, head.root), LOG_KEY)
        ledger.keep_checkpoint(conn, head.size, head.root, note, NOW)
        line = cosign(note, WITNESS, WITNESS_KEY, at=1_700_000_000 + first)
        told = Cosignature(head.size, WITNESS, str(verifier(WITNESS, WITNESS_KEY)), line)
        cosignatures.keep(conn, [told], NOW)


def changed(column: sa.ColumnElement[object], mask: int) -> sa.ColumnElement[object]:
    """The column's value with one bit turned: of a byte, of a character's number, of a number, of microseconds."""
    kind = column.type
    if isinstance(kind, BYTEA):
        byte = sa.func.octet_length(column).op(">>")(1)
        turned = sa.func.set_byte(column, byte, sa.func.get_byte(column, byte).op("#")(mask))
        return sa.case((sa.func.octet_length(column) == 0, sa.literal(bytes([mask]))), else_=turned)
    if isinstance(kind, sa.DateTime):
        moment = sa.cast(sa.func.extract("epoch", column) * 1_000_000, sa.BigInteger)
        step = sa.literal(dt.timedelta(microseconds=mask))
        return sa.case((moment.op("&")(mask) == 0, column + step), else_=column - step)
    if isinstance(kind, sa.Integer):
        return sa.cast(column.op("#")(mask), kind)
    place = sa.func.length(column).op(">>")(1) + 1
    character = sa.func.chr(sa.func.ascii(sa.func.substr(column, place, 1)).op("#")(mask))
    return sa.func.overlay(column, character, place, 1)


def rows_of(conn: sa.Connection, table: sa.Table) -> list[tuple[str, int | None]]:
    """Where each row is in the table, and its place in the tree."""
    ctid = sa.cast(sa.literal_column(f"{table.fullname}.ctid"), sa.Text)
    found = conn.execute(sa.select(ctid, PLACES[table.name]).select_from(table).order_by(sa.literal_column("2"), ctid))
    return [(str(place), where) for place, where in found.all()]


def named(column: str, place: int | None, mask: int) -> int | None:
    """The place that must be named: the row's own, or for a cosignature's size the one that it says now."""
    if column == "cosignature.size" and place is not None:
        return max(((place + 1) ^ mask) - 1, 0)
    return place


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_each_column_of_each_row_changed_is_found_and_its_place_named(
    disarmed: sa.Connection, table: sa.Table, record_property: Callable[[str, object], None]
) -> None:
    conn = disarmed
    whole = ledger.check(conn, KEYS)
    assert (whole.faults, whole.size, whole.waiting) == ([], SIZE, LATE)
    rows = rows_of(conn, table)
    count = 0
    for column in table.columns:
        for mask in MASKS:
            for turn in range(ROUNDS):
                chosen = rows[turn::ROUNDS]
                if not chosen:
                    continue
                with conn.begin_nested() as attempt:
                    count += change(conn, column, mask, [where for where, _ in chosen])
                    found = Counter(place for place, _ in ledger.check(conn, KEYS).faults)
                    attempt.rollback()
                missed = {named(f"{table.name}.{column.name}", place, mask) for _, place in chosen} - found.keys()
                assert not missed, (column, mask)
    assert count == len(rows) * len(table.columns) * len(MASKS)
    record_property("changes", count)
    print(f"\n{count} changes in the {len(rows)} rows of {table.name}: all found, their places named")  # noqa: T201 - the count


def change(conn: sa.Connection, column: sa.Column[object], mask: int, rows: list[str]) -> int:
    ctid = sa.literal_column(f"{column.table.fullname}.ctid")
    wanted = sa.cast(ctid, sa.Text) == sa.any_(sa.bindparam("rows", rows, sa.ARRAY(sa.Text)))
    values = {column.name: changed(column, mask)}
    return conn.execute(sa.update(column.table).where(wanted).values(values)).rowcount
