"""Watches in the store: what opens one, what is told and when, the feed's places, who may read what."""

import datetime as dt
import threading
from collections.abc import Sequence

import pytest
import sqlalchemy as sa

from certificates.records import Question
from registries.contracts.model import CertificateMapping, Column
from registries.errors import StoreError
from registries.home import Role
from registries.store import certificates, clients, grants, planner, roles, watch_changes, watches
from registries.store.grants import Claimant, Grant
from registries.store.watches import NewWatch
from tests.registries.store.conftest import Stores
from tests.registries.store.deliveries import Row, take_in
from tests.registries.store.sample_catalogue import LICENCE_TYPE, NOW, catalogue_of, make_dataset

TODAY = NOW.date()
HOLDER = ("汕头示例有限公司", "91440500MA4UHGDR0K", "001")
LICENCES = make_dataset(
    "test_market.watched",
    [
        Column("licence_no", "证照编号", key=True),
        *(Column(name, name) for name in ("holder", "holder_code", "code_type", "status", "issuer")),
        *(Column(name, name, "date") for name in ("valid_from", "valid_until")),
    ],
    certificate=CertificateMapping(
        type_code=LICENCE_TYPE,
        number="licence_no",
        holder_name="holder",
        holder_code="holder_code",
        holder_code_type="code_type",
        status="status",
        valid_from="valid_from",
        valid_until="valid_until",
        issuing_authority_name="issuer",
    ),
)
VALID, REVOKED = "10", "22"
CLAIMANT = Claimant("office", "client:approval")


def licence(number: str, **more: str | None) -> Row:
    name, code, code_type = HOLDER
    return {
        "licence_no": number,
        "holder": name,
        "holder_code": code,
        "code_type": code_type,
        "status": VALID,
        "issuer": "汕头市市场监督管理局",
        "valid_from": "2020-01-01",
        "valid_until": "2030-12-31",
    } | more


class Watching:
    """A client with a grant, and certificates that come in."""

    def __init__(self, hub: Stores) -> None:
        self.load, self.api, self.owner = (hub.store(role) for role in (Role.LOAD, Role.API, Role.OWNER))
        planner.plan(self.load, catalogue_of(LICENCES))
        self.rows: dict[str, Row] = {}
        with self.owner.begin() as conn:
            clients.add_client(conn, "approval", "office", "审批系统")
            grants.add_grant(conn, "office", "verification", "审批", "me", dt.date(2020, 1, 1))
            (self.grant,) = grants.list_grants(conn)

    def put(self, number: str, *, refused: bool = False, **more: str | None) -> None:
        self.deliver({**self.rows, number: licence(number, **more)}, [number] if refused else [])

    def deliver(self, rows: dict[str, Row], refused: Sequence[str] = ()) -> None:
        self.rows = rows
        with self.load.begin() as conn:
            take_in(conn, LICENCES, [(row, number in refused) for number, row in rows.items()])

    def open(self, number: str, *, name: str = HOLDER[0], grant: Grant | None = None, **more: object) -> str | None:
        question = Question(LICENCE_TYPE, number, name, *HOLDER[1:], "审批", "item", "case-1")
        wanted = certificates.wanted(question, grant or self.grant, CLAIMANT)
        values = {"case_number": "case-1", "webhook": None, "host": None, "expiry_days": None} | more
        until = values.pop("until", TODAY + dt.timedelta(days=90))
        new = NewWatch(f"w-{number}-{len(name)}", "approval", wanted, until=until, **values)  # type: ignore[arg-type]  # a test's shorthand
        with self.api.begin() as conn:
            (opened,) = watches.open_watches(conn, [new], NOW, TODAY)
        return opened

    def look(self, days: int = 0) -> int:
        now = NOW + dt.timedelta(days=days)
        with self.load.begin() as conn:
            return watch_changes.note_all(conn, now, now.date())

    def told(self, after: int = 0) -> list[tuple[str, ...]]:
        with self.api.begin() as conn:
            return [event.changed for event in watches.feed(conn, "approval", after=after, limit=100)]

    def change(self, statement: str, **bound: object) -> None:
        with self.owner.begin() as conn:
            conn.execute(sa.text(statement), bound)


@pytest.fixture
def watching(hub: Stores) -> Watching:
    return Watching(hub)


def test_what_changes_is_told_once(watching: Watching) -> None:
    watching.put("A")
    watching.put("B")
    assert watching.open("A") == "w-A-8"
    watching.put("B", status=REVOKED)  # another's
    watching.deliver(watching.rows)  # the same again
    assert watching.told() == []
    watching.put("A", status=REVOKED)
    watching.put("A", valid_until="2031-12-31")
    watching.put("A", valid_until="2031-12-31", issuer="潮州市市场监督管理局")
    assert watching.told() == [("status",), ("status", "validity"), ("content",)]
    assert watching.look() == 0
    assert watching.told(after=2) == [("content",)]


def test_marks_and_refused_rows_are_told(watching: Watching) -> None:
    watching.put("A")
    watching.put("B")
    watching.open("A")
    watching.put("A", refused=True, status=REVOKED)
    assert watching.told() == [("mark", "checking")]
    watching.put("A")
    assert watching.told(after=1) == [("mark", "checking")]
    del watching.rows["A"]
    watching.deliver(watching.rows)  # vanished
    assert watching.told(after=2) == [("mark",)]


def test_what_is_not_there_yet_is_told_when_it_comes_to_that_holder(watching: Watching) -> None:
    watching.put("B")
    watching.open("A")
    watching.open("A", name="另一家有限公司")
    watching.put("A")
    with watching.api.begin() as conn:
        (event,) = watches.feed(conn, "approval", after=0, limit=10)
    assert (event.watch_id, event.changed, event.id) == ("w-A-8", ("appeared",), "w-A-8.1")


def test_running_out_is_told_ahead_and_on_the_day_after(watching: Watching) -> None:
    watching.put("A", valid_until=(TODAY + dt.timedelta(days=40)).isoformat())
    watching.put("B", valid_from=(TODAY + dt.timedelta(days=5)).isoformat())
    watching.open("A", expiry_days=30)
    watching.open("B")
    assert [watching.look(days) for days in (0, 4, 5, 9, 10, 40, 41, 42)] == [0, 0, 1, 0, 1, 0, 1, 0]
    assert watching.told() == [("began",), ("expiring",), ("expired",)]
    watching.put("A", valid_until="2099-01-01")
    assert watching.told(after=3) == [("validity",)]


def test_a_watch_ends_with_its_day_its_grant_or_its_client(watching: Watching) -> None:
    for number in "ABC":
        watching.put(number)
        watching.open(number, until=TODAY + dt.timedelta(days=3) if number == "A" else TODAY + dt.timedelta(days=90))
    with watching.api.begin() as conn:
        assert not watches.end_watch(conn, "w-B-8", "somebody-else", NOW)
        assert watches.end_watch(conn, "w-B-8", "approval", NOW)
        assert not watches.end_watch(conn, "w-B-8", "approval", NOW)
    assert watching.look(4) == 1
    watching.change("UPDATE hub.grant_right SET ended_at = :now, ended_because = 'test'", now=NOW)
    assert watching.look(4) == 1
    assert watching.told() == [("ended",), ("ended",)]
    with watching.api.begin() as conn:
        assert {one.id: one.ended_because for one in watches.list_watches(conn, "approval")} == {
            "w-A-8": "until",
            "w-B-8": "client",
            "w-C-8": "grant",
        }
    with watching.owner.begin() as conn:
        assert conn.execute(sa.text("SELECT count(*) FROM hub.watch_subject")).scalar() == 0  # nobody's any more
    watching.put("A", status=REVOKED)
    assert len(watching.told()) == 2


def test_nothing_is_told_while_the_grant_or_the_client_rests(watching: Watching) -> None:
    watching.put("A")
    watching.open("A")
    watching.change("UPDATE hub.grant_right SET suspended_at = :now, suspended_because = 'test'", now=NOW)
    watching.put("A", status=REVOKED)
    assert watching.look() == 0
    watching.change("UPDATE hub.grant_right SET suspended_at = NULL, suspended_because = NULL")
    watching.change("UPDATE hub.client SET state = 'suspended'")
    assert watching.look() == 0
    watching.change("UPDATE hub.client SET state = 'active'")
    assert watching.look() == 1
    assert watching.told() == [("status",)]


def test_a_watch_needs_a_grant_and_the_same_again_is_the_same(watching: Watching) -> None:
    watching.put("A")
    with watching.owner.begin() as conn:
        other = grants.add_grant(conn, "office", "verification", "其他", "me", dt.date(2020, 1, 1))
        elsewhere = next(one for one in grants.list_grants(conn) if one.id == other)
    assert watching.open("A", grant=elsewhere) is None
    first = watching.open("A")
    with watching.api.begin() as conn:
        question = Question(LICENCE_TYPE, "A", *HOLDER, "审批", "item", "case-1")
        wanted = certificates.wanted(question, watching.grant, CLAIMANT)
        again = NewWatch("w-other", "approval", wanted, "case-1", "https://a.example/x", "a.example:443", 7, TODAY)
        assert watches.open_watches(conn, [again], NOW, TODAY) == [first]
        assert watches.open_counts(conn, ["approval", "nobody"]) == {"approval": 1, "nobody": 0}
        kept = watches.watch_of(conn, str(first), "approval")
        assert watches.watch_of(conn, str(first), "nobody") is None
    assert kept is not None
    assert (kept.webhook, kept.expiry_days, kept.until) == ("https://a.example/x", 7, TODAY)


def test_a_dispute_is_told_when_it_is_opened_and_closed(watching: Watching) -> None:
    watching.put("A")
    watching.open("A")
    watching.change(
        """
        INSERT INTO hub.dispute (reference, case_number, dataset, provider, certificate_type, match_digest, department,
                                 asker, kind, statement, state, opened_at, due_on)
        SELECT 'd', 1, 'x', 'x', 'x', match_digest, 'x', 'x', 'status', '\\x01', 'open', :now, :now
          FROM hub.watch_subject
        """,
        now=NOW,
    )
    assert watching.look() == 1
    watching.change("DELETE FROM hub.dispute")
    assert watching.look() == 1
    assert watching.told() == [("disputed",), ("disputed",)]


def test_what_a_pass_behind_the_batch_missed_is_found_by_the_next(watching: Watching) -> None:
    watching.put("A")
    watching.open("A")
    watching.change("UPDATE hub.certificate SET status = 'suspended', digest = '\\x01'")
    assert watching.look() == 1
    watching.change("DELETE FROM hub.certificate")
    assert watching.look() == 1
    assert watching.told() == [("status",), ("gone",)]


def test_places_have_no_gaps_however_many_tell_at_once(watching: Watching) -> None:
    for number in "ABCDEFGH":
        watching.rows[number] = licence(number)
    watching.deliver(watching.rows)
    for number in "ABCDEFGH":
        watching.open(number)
    watching.change("UPDATE hub.certificate SET status = 'suspended'")
    threads = [threading.Thread(target=watching.look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with watching.api.begin() as conn:
        events = watches.feed(conn, "approval", after=0, limit=100)
        assert [event.place for event in events] == list(range(1, 9))
        assert len({event.watch_id for event in events}) == 8
        assert watches.feed_bounds(conn, "approval") == (1, 8)
        assert watches.feed_bounds(conn, "nobody") == (1, 0)


def test_what_is_old_is_forgotten_and_places_go_on(watching: Watching) -> None:
    watching.put("A")
    watching.open("A")
    watching.put("A", status=REVOKED)
    assert watching.look(91) == 1  # the watch is over
    assert watching.told() == [("ended",)]
    assert watching.look(200) == 0
    with watching.api.begin() as conn:
        assert watches.feed_bounds(conn, "approval") == (3, 2)
        assert watches.list_watches(conn, "approval") == []


def test_who_may_read_of_whom_a_watch_is(watching: Watching, hub: Stores) -> None:
    watching.put("A")
    watching.open("A")
    for role in (Role.API, Role.PAGE):
        with pytest.raises(StoreError), hub.store(role).begin() as conn:
            conn.execute(sa.text("SELECT * FROM hub.watch_subject"))
        with hub.store(role).begin() as conn:
            assert not [fault for fault in roles.privilege_faults(conn, role) if "watch" in fault]
    with watching.owner.begin() as conn:
        conn.execute(sa.text("GRANT SELECT (match_digest) ON hub.watch_subject TO hub_api"))
    with hub.store(Role.API).begin() as conn:
        assert any("watch_subject" in fault for fault in roles.privilege_faults(conn, Role.API))
    with watching.owner.begin() as conn:
        values = conn.execute(sa.text("SELECT w::text || s::text FROM hub.watch w, hub.watch_subject s")).scalar_one()
    assert HOLDER[1] not in values
    assert HOLDER[0] not in values
