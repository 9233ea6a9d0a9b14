"""Rows whose keys were erased are refused when they come again, with that reason, and their source gets one case."""

import datetime as dt

import pyarrow as pa
import pytest
import sqlalchemy as sa

from quality.reasons import ERASED, reasons_of
from registries.compare.suppressed import keyed, suppressed
from registries.home import Role
from registries.store import cases, digests
from registries.store.keeping_tables import erased_key
from registries.store.shapes import current_table
from tests.conftest import Hub
from tests.quality.conftest import ENTERPRISES, RESIDENTS, Delivery, asked, opened, resident


def good_number(place: int) -> str:
    """A citizen number with its check character."""
    body = f"11010119900307{place:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11]


PEOPLE = [good_number(place) for place in range(1, 11)]
ROWS = [resident(number) for number in PEOPLE]
NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def deliver(hub: Hub, rows: list[dict[str, str | None]], name: str) -> dict[str, int]:
    outcome = opened(hub).take_in(RESIDENTS, connector=Delivery(hub.catalogue.dataset(RESIDENTS), rows, name))
    return {"quarantined": outcome.counts.quarantined, "new": outcome.counts.new}


def erase(hub: Hub, *numbers: str) -> None:
    """As erasing does, of one dataset."""
    dataset = hub.catalogue.dataset(RESIDENTS)
    current = current_table(dataset)
    with hub.store(Role.OWNER).begin() as conn:
        made = "INSERT INTO hub.erasure (subject_kind, ground, reason, erased_by, erased_at, datasets, counts)"
        number = conn.execute(
            sa.text(f"{made} VALUES ('natural_person', 'other', 'x', 'x', now(), '{{}}', '{{}}') RETURNING id")
        ).scalar_one()
        chosen = current.c.citizen_number.in_(numbers)
        keys = sa.select(sa.literal(RESIDENTS), digests.current_key(dataset, current), sa.literal(number))
        conn.execute(sa.insert(erased_key).from_select(["dataset", "key_digest", "erasure"], keys.where(chosen)))
        conn.execute(sa.delete(current).where(chosen))


def open_rows(conn: sa.Connection) -> list[int | None]:
    """The rows of the one case that is open."""
    (case,) = cases.list_cases(conn)
    assert case.cause == "erased"
    return [row.row_number for row in cases.rows_of(conn, case.number, state="open")]


def test_erased_rows_are_refused_with_their_reason_and_the_source_is_told_once(hub: Hub) -> None:
    deliver(hub, ROWS, "first")
    erase(hub, PEOPLE[0], PEOPLE[2])
    assert deliver(hub, ROWS, "second") == {"quarantined": 2, "new": 0}
    assert asked(hub, "SELECT row_number, rule_id, level FROM hub.finding ORDER BY row_number") == [
        (1, ERASED, 1),
        (3, ERASED, 1),
    ]
    assert asked(hub, "SELECT count(*) FROM data.public_security__residents") == [(8,)]
    with hub.store(Role.LOAD).begin() as conn:
        assert open_rows(conn) == [1, 3]
    deliver(hub, ROWS, "third")
    with hub.store(Role.LOAD).begin() as conn:
        assert open_rows(conn) == [1, 3]
    deliver(hub, ROWS[1:], "fourth")
    with hub.store(Role.LOAD).begin() as conn:
        assert open_rows(conn) == [3]


def test_they_are_refused_on_a_first_load_too(hub: Hub) -> None:
    deliver(hub, ROWS, "first")
    erase(hub, *PEOPLE)
    assert deliver(hub, ROWS[:1], "second")["new"] == 0
    assert asked(hub, "SELECT count(*) FROM data.public_security__residents") == [(0,)]


def test_the_reason_is_told_in_words(hub: Hub) -> None:
    (reason,) = reasons_of(hub.catalogue.dataset(RESIDENTS), [ERASED])
    assert "第四十七条" in reason.zh
    assert reason.columns == ("citizen_number",)


def test_datasets_of_which_nobody_was_erased_are_not_looked_at(hub: Hub) -> None:
    deliver(hub, ROWS, "first")
    erase(hub, PEOPLE[0])
    with hub.store(Role.LOAD).begin() as conn:
        assert suppressed(conn, hub.catalogue.dataset(ENTERPRISES)) is None
        found = suppressed(conn, hub.catalogue.dataset(RESIDENTS))
    assert found is not None
    table = pa.table({"citizen_number": [None, PEOPLE[0], PEOPLE[1]]})
    assert found.positions(table).tolist() == [1]


@pytest.mark.parametrize("text", ["x", "汕头", "a\x1fb", ""])
def test_a_digest_is_the_stores_own(hub: Hub, text: str) -> None:
    with hub.store(Role.LOAD).begin() as conn:
        digest = keyed(conn, "key")
        theirs = conn.execute(
            sa.text("SELECT encode(hub.digest(hub.digest_key('key'), ARRAY['a.b', :text, 'z']), 'hex')"), {"text": text}
        ).scalar_one()
    ours = digest.of(pa.table({"one": [text], "two": ["z"]}), "a.b", ["one", "two"])
    assert ours.to_pylist() == [theirs]
