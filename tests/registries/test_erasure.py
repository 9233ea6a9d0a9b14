"""A subject is erased: from every table and file, for good, or not at all and with the reason."""

import dataclasses
import datetime as dt

import pytest
import sqlalchemy as sa

from certificates.sealing import sealing_key
from registries.compare.images import Images
from registries.contracts.periods import Period, Retention
from registries.departments import Catalogue
from registries.erasure import Eraser
from registries.errors import StoreError
from registries.home import Role
from registries.keeping_faults import ErasureRefused, UnknownSubject
from registries.landing_faults import LandingFailed
from registries.retention import Keeper
from registries.retention_rules import RetentionRules
from registries.store import erasures, ledger, subjects
from registries.store.engine import Store
from registries.store.erasing import Erased, Why
from tests.conftest import Hub
from tests.quality.conftest import LICENCES, RESIDENTS, Delivery, asked, licence, opened, resident
from tests.registries.everywhere import in_landed, in_tables

NOW = dt.datetime(2026, 4, 1, tzinfo=dt.UTC)
NAME = "尉迟独一"
WHY = Why("consent", "本人撤回同意", "test", NOW)
RULES = RetentionRules(Period(90, "d"), Period(5, "y"), Period(5, "y"))


def good_number(place: int) -> str:
    """A citizen number with its check character."""
    body = f"11010119900307{place:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11]


PEOPLE = [good_number(place) for place in range(1, 11)]
FORMER = "110101900307001"  # of 15 digits: another person's to the store, joined below
ROWS = [resident(PEOPLE[0], name=NAME), *(resident(number) for number in PEOPLE[1:])]


def deliver(hub: Hub, dataset: str, rows: list[dict[str, str | None]], name: str) -> None:
    opened(hub).take_in(dataset, connector=Delivery(hub.catalogue.dataset(dataset), rows, name))


def store(hub: Hub) -> Store:
    return Store(hub.home.store_url(Role.OWNER), pool_size=20)


def eraser(hub: Hub, owner: Store, catalogue: Catalogue | None = None) -> Eraser:
    images = Images(hub.home.spill, sealing_key(hub.home.secret("landing_key")))
    return Eraser(hub.home, owner, catalogue or hub.catalogue, images)


def erase(hub: Hub, why: Why = WHY, named: tuple[str, ...] = (RESIDENTS,), key: str = PEOPLE[0]) -> Erased:
    with store(hub) as owner:
        return eraser(hub, owner).erase("population", key, why, named)


def found(hub: Hub, *words: str) -> tuple[list[tuple[str, str]], list[str]]:
    with hub.store(Role.OWNER).begin() as conn:
        return in_tables(conn, words), in_landed(hub.home, words)


def test_nothing_of_the_erased_is_left_and_everything_of_the_others_is(hub: Hub) -> None:
    deliver(hub, RESIDENTS, ROWS, "first")
    deliver(hub, RESIDENTS, [{**ROWS[0], "address": "汕头市龙湖区某路"}, *ROWS[1:]], "second")
    before = asked(hub, "SELECT * FROM data.public_security__residents ORDER BY 1")
    assert found(hub, PEOPLE[0], NAME)[0]
    assert len(found(hub, PEOPLE[0], NAME)[1]) >= 2
    erased = erase(hub)
    assert (erased.counts["rows"], erased.counts["former_rows"], erased.counts["files"]) == (1, 1, 2)
    assert found(hub, PEOPLE[0], NAME) == ([], [])
    after = asked(hub, "SELECT * FROM data.public_security__residents ORDER BY 1")
    assert after == [row for row in before if row[0] != PEOPLE[0]]
    landing = opened(hub).landing
    landed = landing.landed(2)
    assert landed is not None
    rows = landing.rows(landed, [1, 2, 10]).to_pylist()
    assert set(rows[0].values()) == {None}
    assert [row["citizen_number"] for row in rows[1:]] == [PEOPLE[1], PEOPLE[9]]
    assert asked(hub, "SELECT state, rows, subject_digests FROM hub.erased_file") == [("done", 1, None)] * 2


def test_the_erased_do_not_come_back(hub: Hub) -> None:
    deliver(hub, RESIDENTS, ROWS, "first")
    erase(hub)
    deliver(hub, RESIDENTS, ROWS, "again")
    assert asked(hub, "SELECT count(*) FROM data.public_security__residents") == [(9,)]
    assert asked(hub, "SELECT rule_id FROM hub.finding WHERE level = 1") == [(erasures.RULE_ID,)]


def test_joined_keys_go_with_their_entries_and_the_ledger_stays_whole(hub: Hub) -> None:
    deliver(hub, RESIDENTS, ROWS, "first")
    with hub.store(Role.OWNER).begin() as conn:
        register = hub.catalogue.register("population")
        subjects.join(conn, register, PEOPLE[9], PEOPLE[0], subjects.Why("户籍档案更正", "test", NOW))
        ledger.sequence(conn)
        digests = conn.execute(
            sa.text("SELECT hub.subject_digest('natural_person', key) FROM unnest(CAST(:keys AS text[])) AS key"),
            {"keys": [PEOPLE[0], PEOPLE[9]]},
        ).scalars()
        known = [bytes(digest) for digest in digests]
    erased = erase(hub, key=PEOPLE[9])  # a former key finds the subject as well
    assert (erased.counts["rows"], erased.counts["joins"], erased.counts["bodies"]) == (2, 1, 1)
    assert found(hub, PEOPLE[0], PEOPLE[9], NAME) == ([], [])
    with hub.store(Role.OWNER).begin() as conn:
        assert in_tables(conn, known) == []
        report = ledger.check(conn)
    assert (report.faults, report.erased) == ([], 1)


def test_the_record_says_why_and_not_who(hub: Hub) -> None:
    deliver(hub, RESIDENTS, ROWS, "first")
    erase(hub)
    ((ground, reason, datasets),) = asked(hub, "SELECT ground, reason, datasets FROM hub.erasure")
    assert (ground, reason, datasets) == ("consent", "本人撤回同意", [RESIDENTS])
    ((body,),) = asked(
        hub, "SELECT convert_from(payload, 'UTF8') FROM hub.ledger_body JOIN hub.ledger_entry ON id = entry_id"
        " WHERE kind = 'erasure'"
    )  # fmt: skip
    assert '"reason":"本人撤回同意"' in str(body)
    assert '"rows":1' in str(body)


def refused(hub: Hub, why: Why = WHY, named: tuple[str, ...] = (RESIDENTS,), key: str = PEOPLE[0]) -> set[str]:
    """What stands against it; nothing is erased."""
    before = asked(hub, "SELECT * FROM data.public_security__residents ORDER BY 1")
    with pytest.raises(ErasureRefused) as caught:
        erase(hub, why, named, key)
    assert asked(hub, "SELECT * FROM data.public_security__residents ORDER BY 1") == before
    assert asked(hub, "SELECT count(*) FROM hub.erasure") == [(0,)]
    assert PEOPLE[0] not in str(caught.value)
    assert NAME not in str(caught.value)
    return {reason.what for reason in caught.value.reasons}


def test_what_stands_against_it_is_told(hub: Hub) -> None:
    deliver(hub, RESIDENTS, ROWS, "first")
    assert refused(hub, named=()) == {"named"}
    assert refused(hub, named=(RESIDENTS, "no.such")) == {"named"}
    assert refused(hub, key=good_number(99)) == {"nothing"}
    assert refused(hub, dataclasses.replace(WHY, reason=" ")) == {"reason"}
    assert refused(hub, dataclasses.replace(WHY, reason=f"{NAME}来电")) == {"reason"}
    assert refused(hub, dataclasses.replace(WHY, reason=f"号码 {PEOPLE[0]}")) == {"reason"}
    with pytest.raises(UnknownSubject):
        erase(hub, key=" ")


def test_an_open_case_stands_against_it(hub: Hub) -> None:
    deliver(hub, RESIDENTS, ROWS, "first")
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(
            sa.text(
                'WITH made AS (INSERT INTO hub."case" (kind, cause, dataset, department, rule_id, opened_batch, state,'
                " opened_at, due_on, rows, rows_open) VALUES ('rectification', 'finding', :name, 'x', 'r', 1, 'open',"
                " now(), now(), 1, 1) RETURNING number)"
                " INSERT INTO hub.case_row (case_number, subject_digest, opened_batch, state)"
                " SELECT number, hub.digest(hub.digest_key('key'), ARRAY[:name, :key]), 1, 'open' FROM made"
            ),
            {"name": RESIDENTS, "key": PEOPLE[0]},
        )
    assert refused(hub) == {"case"}
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(sa.text("UPDATE hub.case_row SET state = 'mended', closed_at = now()"))
    assert erase(hub).counts["cases"] == 1
    assert found(hub, PEOPLE[0], NAME) == ([], [])


def test_an_unfinished_batch_stands_against_it(hub: Hub) -> None:
    deliver(hub, RESIDENTS, ROWS, "first")
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(sa.text("UPDATE hub.batch SET state = 'landed' WHERE number = 1"))
    assert refused(hub) == {"unfinished"}


def test_the_law_may_keep_a_dataset(hub: Hub) -> None:
    deliver(hub, RESIDENTS, ROWS, "first")
    kept = Retention(erasure="refused", legal_basis="户口登记条例")
    datasets = tuple(
        dataclasses.replace(one, retention=kept) if one.name == RESIDENTS else one for one in hub.catalogue.datasets
    )
    catalogue = dataclasses.replace(hub.catalogue, datasets=datasets)
    with store(hub) as owner, pytest.raises(ErasureRefused, match="户口登记条例"):
        eraser(hub, owner, catalogue).erase("population", PEOPLE[0], WHY, (RESIDENTS,))


def test_a_dataset_that_allows_it_needs_no_name(hub: Hub) -> None:
    deliver(hub, RESIDENTS, ROWS, "first")
    datasets = tuple(
        dataclasses.replace(one, retention=Retention(erasure="allowed")) if one.name == RESIDENTS else one
        for one in hub.catalogue.datasets
    )
    with store(hub) as owner:
        one = eraser(hub, owner, dataclasses.replace(hub.catalogue, datasets=datasets))
        assert one.plan("population", PEOPLE[0]).rows == {RESIDENTS: frozenset({(PEOPLE[0],)})}
        assert one.erase("population", PEOPLE[0], WHY).counts["rows"] == 1


def test_files_that_could_not_be_written_are_gone_through_by_the_next_run(hub: Hub) -> None:
    deliver(hub, RESIDENTS, ROWS, "first")
    in_the_way = hub.home.landed / "purged"
    in_the_way.write_bytes(b"")
    with pytest.raises(LandingFailed):
        erase(hub)
    in_the_way.unlink()
    assert found(hub, PEOPLE[0], NAME) == ([], ["1.parquet"])
    Keeper(hub.home, hub.store(Role.LOAD), hub.catalogue, RULES, NOW).expire()
    assert found(hub, PEOPLE[0], NAME) == ([], [])


def test_a_certificate_that_others_hold_too_stays(hub: Hub) -> None:
    marriages = "civil_affairs.marriages"
    dataset = hub.catalogue.dataset(marriages)
    mapping = dataset.certificate
    assert mapping is not None
    first, second = mapping.holders[:2]
    row = {mapping.number: "J440500-2026-000001", first.name: NAME, first.code: PEOPLE[0], second.name: "李四"}
    row |= {second.code: PEOPLE[1]} | {name: "111" for one in (first, second) if (name := one.code_type)}
    with hub.store(Role.OWNER).begin() as conn:
        columns = {column.name for column in dataset.stored_columns}
        names = [name for name in row if name in columns]
        statement = f"INSERT INTO data.{dataset.table_name} ({', '.join(names)}, since_batch) VALUES ({', '.join(':' + name for name in names)}, 1)"  # noqa: E501, S608 - names of a contract
        conn.execute(sa.text(statement), {name: row[name] for name in names})
    assert refused(hub, named=(marriages,)) == {"shared"}


def test_a_licence_goes_with_its_look_up(hub: Hub) -> None:
    deliver(hub, LICENCES, [licence(f"44050000000000{place}") for place in range(8)], "first")
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(sa.text("UPDATE hub.case_row SET state = 'mended', closed_at = now() WHERE state = 'open'"))
    assert asked(hub, "SELECT count(*) FROM hub.certificate") == [(8,)]
    with store(hub) as owner:
        erased = eraser(hub, owner).erase("legal_entities", "91110000600037341L", WHY, (LICENCES,))
    assert (erased.counts["rows"], erased.counts["certificates"]) == (8, 8)
    assert found(hub, "91110000600037341L", "汕头某某有限公司", "44050000000000") == ([], [])


def test_what_breaks_under_way_leaves_everything_as_it_was(hub: Hub) -> None:
    deliver(hub, RESIDENTS, ROWS, "first")
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(sa.text("CREATE FUNCTION hub.breaks() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE; END'"))
        conn.execute(sa.text("CREATE TRIGGER breaks BEFORE INSERT ON hub.erased_file EXECUTE FUNCTION hub.breaks()"))
    before = asked(hub, "SELECT * FROM data.public_security__residents ORDER BY 1")
    with pytest.raises(StoreError):
        erase(hub)
    assert asked(hub, "SELECT * FROM data.public_security__residents ORDER BY 1") == before
    assert asked(hub, "SELECT count(*) FROM hub.erased_key") == [(0,)]
    assert asked(hub, "SELECT count(*) FROM hub.ledger_entry WHERE kind = 'erasure'") == [(0,)]
    assert found(hub, PEOPLE[0])[1] != []
