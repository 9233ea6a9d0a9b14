"""What is past its time goes, with a record, and nothing that is still needed does."""

import datetime as dt
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from registries.contracts.faults import ContractFaults
from registries.contracts.periods import Period
from registries.home import Role
from registries.keeping_faults import KeepingBusy
from registries.landing_faults import LandingFailed
from registries.retention import Keeper
from registries.retention_rules import FILE, RetentionRules
from registries.store import expiries, ledger
from registries.store.access_tables import subject_access
from registries.store.engine import Store
from registries.store.expiries import Expiry
from tests.conftest import Hub
from tests.quality.conftest import LICENCES, NOW, NUMBERS, RESIDENTS, Delivery, asked, licence, opened, resident

RULES = RetentionRules(Period(90, "d"), Period(5, "y"), Period(5, "y"))
LATER = NOW + dt.timedelta(days=200)
ROWS = [resident(number) for number in NUMBERS]
Gone = list[tuple[str, str | None, int | None, int | None]]


def keeper(hub: Hub, now: dt.datetime = LATER, rules: RetentionRules = RULES) -> Keeper:
    return Keeper(hub.home, hub.store(Role.LOAD), hub.catalogue, rules, now)


def deliver(hub: Hub, dataset: str, *deliveries: list[dict[str, str | None]]) -> None:
    """Each one a snapshot of its own."""
    intake = opened(hub)
    for rows in deliveries:
        count = len(list(hub.home.landed.glob("*.parquet")))
        intake.take_in(dataset, connector=Delivery(hub.catalogue.dataset(dataset), rows, f"{dataset} {count}"))


def gone(expired: list[Expiry]) -> Gone:
    return [(each.what, each.dataset, each.batch, each.count) for each in expired]


def landed(hub: Hub) -> list[str]:
    return sorted(file.name for file in hub.home.landed.iterdir() if file.is_file())


def checked(hub: Hub) -> ledger.LedgerReport:
    with hub.store(Role.OWNER).begin() as conn:
        report = ledger.check(conn)
    assert report.faults == []
    return report


def test_landed_files_go_but_what_is_served_stays(hub: Hub) -> None:
    deliver(hub, RESIDENTS, ROWS, ROWS[:3], ROWS)
    digests = asked(hub, "SELECT landed_digest FROM hub.batch ORDER BY number")
    expired = keeper(hub).expire()
    assert gone(expired) == [("landed", RESIDENTS, 1, 2), ("landed", RESIDENTS, 2, 2)]
    assert [(each.digest or b"").hex() for each in expired] == [digest for (digest,) in digests[:2]]
    assert landed(hub) == ["3.original", "3.parquet"]
    assert {each.rule for each in expired} == {"90d, hub"}
    assert keeper(hub).expire() == []


def test_nothing_goes_before_its_time(hub: Hub) -> None:
    deliver(hub, RESIDENTS, ROWS, ROWS[:3], ROWS)
    assert keeper(hub, NOW + dt.timedelta(days=90)).expire() == []
    assert len(landed(hub)) == 6


def test_what_quarantine_refers_to_stays_until_it_is_mended(hub: Hub) -> None:
    old = licence("440500000000001", updated_at="2025-12-31 08:00:00")
    deliver(hub, LICENCES, [old, licence("440500000000002", status_code="77")], [licence("440500000000003")], [old])
    (open_rows,) = asked(hub, "SELECT count(*) FROM hub.refused_row WHERE until_batch IS NULL")
    keeper(hub).expire()
    kept = {name.partition(".")[0] for name in landed(hub)}
    assert ("1" in kept) == (open_rows != (0,))
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(sa.text("UPDATE hub.refused_row SET until_batch = NULL WHERE batch = 1"))
        conn.execute(sa.text("DELETE FROM hub.expiry"))
        due = expiries.landed_due(conn, LICENCES, LATER)
        conn.execute(sa.text("UPDATE hub.refused_row SET until_batch = 2 WHERE batch = 1"))
        then = expiries.landed_due(conn, LICENCES, LATER)
    assert 1 not in [number for number, _ in due]
    assert 1 in [number for number, _ in then]


def test_what_an_open_case_refers_to_stays(hub: Hub) -> None:
    deliver(hub, RESIDENTS, ROWS, ROWS, ROWS)
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(
            sa.text(
                'WITH made AS (INSERT INTO hub."case" (kind, cause, dataset, department, rule_id, opened_batch, state,'
                " opened_at, due_on, rows, rows_open) VALUES ('rectification', 'finding', :name, 'x', 'r', 1, 'open',"
                " now(), now(), 1, 1) RETURNING number)"
                " INSERT INTO hub.case_row (case_number, subject_digest, opened_batch, row_number, state)"
                " SELECT number, '', 1, 1, 'open' FROM made"
            ),
            {"name": RESIDENTS},
        )
    assert gone(keeper(hub).expire()) == [("landed", RESIDENTS, 2, 2)]


def test_a_run_that_was_cut_short_is_finished_by_the_next(hub: Hub) -> None:
    deliver(hub, RESIDENTS, ROWS, ROWS, ROWS)
    in_the_way = hub.home.landed / "2.original"
    in_the_way.unlink()
    in_the_way.mkdir()  # what can't be removed as a file
    with pytest.raises(LandingFailed):
        keeper(hub).expire()
    assert asked(hub, "SELECT batch, state FROM hub.expiry ORDER BY id") == [(1, "done"), (2, "planned")]
    assert asked(hub, "SELECT count(*) FROM hub.ledger_entry WHERE kind = 'retention'") == [(0,)]
    in_the_way.rmdir()
    assert gone(keeper(hub).expire()) == [("landed", RESIDENTS, 2, 1)]
    assert landed(hub) == ["3.original", "3.parquet"]
    entries = asked(hub, "SELECT jti FROM hub.ledger_entry WHERE kind = 'retention'")
    assert entries == [("run:1",)]
    checked(hub)


def test_the_ledger_tells_of_each_run_by_counts_and_digests(hub: Hub) -> None:
    deliver(hub, RESIDENTS, ROWS, ROWS)
    keeper(hub).expire()
    ((body,),) = asked(hub, "SELECT payload FROM hub.ledger_body JOIN hub.ledger_entry ON id = entry_id WHERE kind = 'retention'")  # fmt: skip  # noqa: E501 - one statement
    told = bytes(body).decode()  # type: ignore[call-overload] # of the database
    assert '"what":"landed"' in told
    assert '"count":2' in told
    assert not any(number in told for number in NUMBERS)
    assert checked(hub).waiting == 0


def test_former_rows_go_by_when_they_were_replaced(hub: Hub) -> None:
    changed = [resident(NUMBERS[0], name="李四"), *ROWS[1:]]
    deliver(hub, RESIDENTS, ROWS, changed, ROWS)
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(sa.text("UPDATE hub.batch SET taken_over_at = '2022-03-01' WHERE number = 2"))
    years = RetentionRules(Period(50, "y"), Period(3, "y"), Period(5, "y"))
    assert keeper(hub, rules=years).due()[0].count == 1
    expired = keeper(hub, rules=years).expire()
    assert gone(expired) == [("history", RESIDENTS, 2, 1)]
    assert asked(hub, "SELECT until_batch FROM data.public_security__residents_history") == [(3,)]
    assert keeper(hub, rules=years).expire() == []
    with hub.store(Role.LOAD).begin() as conn:
        floor = expiries.history_floor(conn, RESIDENTS)
    assert floor == Period(3, "y").before(LATER)


def test_the_digest_of_former_rows_depends_on_the_rows(make_hub: Callable[[], Hub]) -> None:
    found = []
    for name in ("李四", "李四", "王五"):
        hub = make_hub()
        with hub.store(Role.OWNER).begin() as conn:
            conn.execute(sa.text("UPDATE hub.pepper SET secret = ''"))
        deliver(hub, RESIDENTS, [resident(NUMBERS[0], name=name)], ROWS[:1])
        rules = RetentionRules(Period(50, "y"), Period(1, "d"), Period(5, "y"))
        found.append(keeper(hub, rules=rules).expire()[0].digest)
    assert found[0] == found[1] != found[2]


def answers(conn: sa.Connection, *moments: dt.datetime, kind: str = "answer") -> None:
    for moment in moments:
        body = f"{kind} {moment}".encode()
        entry = ledger.NewEntry(kind, "client:x", f"{kind}{moment}", hashlib.sha256(body).digest(), body, b"x")
        ledger.append(conn, [entry], moment)
    ledger.sequence(conn)


def year(number: int) -> dt.datetime:
    return dt.datetime(number, 1, 1, tzinfo=dt.UTC)


def test_bodies_go_and_the_ledger_stays_whole(hub: Hub) -> None:
    with hub.store(Role.LOAD).begin() as conn:
        answers(conn, year(2015), year(2016), year(2026))
        answers(conn, year(2015), kind="batch")
    expired = keeper(hub).expire()
    assert gone(expired) == [("bodies", None, None, 2)]
    leaves = [hashlib.sha256(f"answer {year(number)}".encode()).digest() for number in (2015, 2016)]
    assert expired[0].digest == hashlib.sha256(b"".join(leaves)).digest()
    assert checked(hub).erased == 2


def test_answers_stay_three_years_whatever_the_rule_says(hub: Hub) -> None:
    now = dt.datetime.now(dt.UTC)
    young = now - dt.timedelta(days=3 * 365)
    with hub.store(Role.OWNER).begin() as conn:
        for moment in (young - dt.timedelta(days=30), young):
            looked = {"subject_kind": "x", "subject_digest": b"", "register": "x", "by_whom": "x", "reason": "x"}
            conn.execute(sa.insert(subject_access).values(**looked, values_shown=False, at=moment))
    with hub.store(Role.LOAD).begin() as conn:
        answers(conn, now - dt.timedelta(days=4 * 365), young)
        assert expiries.expire_bodies(conn, {}, now + dt.timedelta(days=9999))[0] == 1
        assert expiries.expire_bodies(conn, {}, now + dt.timedelta(days=9999))[0] == 0
    assert asked(hub, "SELECT at FROM hub.subject_access") == [(young,)]


def test_answers_about_a_type_go_by_its_contract(hub: Hub) -> None:
    with hub.store(Role.LOAD).begin() as conn:
        answers(conn, year(2010), year(2011))
        conn.execute(
            sa.text("SELECT hub.note_asked(ARRAY[min(id)], ARRAY['k'], ARRAY['c'], ARRAY['T']) FROM hub.ledger_entry")
        )
        assert expiries.expire_bodies(conn, {"T": year(2000)}, year(2020))[0] == 1
        assert expiries.expire_bodies(conn, {"T": year(2020)}, year(2000))[0] == 1
        assert conn.execute(sa.text("SELECT count(*) FROM hub.ledger_asked")).scalar() == 0


def test_uploads_go_unless_they_wait(hub: Hub) -> None:
    folder = hub.home.landed / "uploads"
    folder.mkdir(mode=0o700)
    for name in ("a.original", "b.original", "c.original"):
        (folder / name).write_bytes(b"x")
    long_ago = (LATER - dt.timedelta(days=91)).timestamp()
    for name in ("a.original", "b.original"):
        os.utime(folder / name, (long_ago, long_ago))
    now = LATER.timestamp()
    os.utime(folder / "c.original", (now, now))
    add_upload(hub, folder / "b.original")
    assert gone(keeper(hub).expire()) == [("uploads", None, None, 1)]
    assert sorted(file.name for file in folder.iterdir()) == ["b.original", "c.original"]


def add_upload(hub: Hub, path: Path) -> None:
    with hub.store(Role.OWNER).begin() as conn:
        account = conn.execute(
            sa.text(
                "INSERT INTO hub.account (login, password_hash, name, department, roles, state)"
                " VALUES ('a', 'x', 'x', 'x', '{}', 'open') RETURNING id"
            )
        ).scalar()
        conn.execute(
            sa.text(
                "INSERT INTO hub.upload (dataset, account_id, file_name, path, digest, state, dry_run, made_at)"
                " VALUES (:name, :account, 'b', :path, 'x', 'waiting', false, now())"
            ),
            {"name": RESIDENTS, "account": account, "path": str(path)},
        )


def test_what_is_due_is_what_goes_and_looking_changes_nothing(hub: Hub) -> None:
    deliver(hub, RESIDENTS, ROWS, [resident(NUMBERS[0], name="李四"), *ROWS[1:]], ROWS)
    with hub.store(Role.LOAD).begin() as conn:
        answers(conn, year(2015))
    rules = RetentionRules(Period(90, "d"), Period(1, "d"), Period(5, "y"))
    due = keeper(hub, rules=rules).due()
    again = keeper(hub, rules=rules).due()
    expired = keeper(hub, rules=rules).expire()
    assert due == again
    assert [(each.what, each.dataset, each.batch, each.count) for each in due] == gone(expired)
    assert len(due) == 4


def test_one_process_at_a_time(hub: Hub) -> None:
    with Store(hub.home.store_url(Role.LOAD)) as other, expiries.one_at_a_time(other), pytest.raises(KeepingBusy):
        keeper(hub).expire()
    assert keeper(hub).expire() == []


def test_an_operators_rules_replace_the_hubs(tmp_path: Path) -> None:
    assert str(RetentionRules.of_home(tmp_path).of(None, "landed")) == "90d, hub"
    (tmp_path / FILE).write_text("landed: 2y\n", "utf-8")
    assert str(RetentionRules.of_home(tmp_path).landed) == "2y"
    assert str(RetentionRules.of_home(tmp_path).history) == "5y"


@pytest.mark.parametrize("text", ["landed: soon", "bodies: 2y", "lended: 90d", "landed: 90"])
def test_wrong_rules_are_faults(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text, "utf-8")
    with pytest.raises(ContractFaults):
        RetentionRules.of_home(tmp_path)
