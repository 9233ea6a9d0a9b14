"""Events in certificates' lives: classified over whole batches as one by one, answered from, insert-only."""

import datetime as dt
import random
from collections.abc import Sequence

import pytest
import sqlalchemy as sa

from certificates.life import Event, Move, classify
from certificates.records import LookUp, Question
from certificates.status import BAD_NEWS, Status
from certificates.terms import Term
from certificates.types import load_types
from certificates.verdicts import Verdict, judge
from registries.contracts.model import CertificateMapping, Column
from registries.errors import StoreError
from registries.home import Role
from registries.store import cases, certificates, grants, planner
from registries.store.certificates import Sought
from registries.store.engine import Store
from registries.store.grants import Grant
from registries.store.life_tables import certificate_event
from registries.store.tables import certificate
from tests.registries.store.conftest import Stores
from tests.registries.store.deliveries import Row, take_in
from tests.registries.store.sample_catalogue import CLAIMANT, NOW, add_claimant, catalogue_of, make_dataset

TYPES = load_types()
PERMIT_TYPE = "11100000000019713D008"  # its ministry's rules know timely renewal
CODES = {status: code for code, status in TYPES[PERMIT_TYPE].status_map.items()}
TODAY = NOW.date()
DAY = dt.date.fromisoformat
PERMITS = make_dataset(
    "test_transport.permits",
    [
        Column("permit_no", "证照编号", key=True),
        *(Column(name, name) for name in ("holder", "holder_code", "status", "reason", "version", "identifier")),
        *(Column(name, name) for name in ("issuer", "principal", "trust")),
        *(Column(name, name, "date") for name in ("since", "valid_from", "valid_until", "applied_on")),
    ],
    certificate=CertificateMapping(
        type_code=PERMIT_TYPE,
        number="permit_no",
        holder_name="holder",
        holder_code="holder_code",
        status="status",
        status_since="since",
        status_reason="reason",
        valid_from="valid_from",
        valid_until="valid_until",
        identifier="identifier",
        issuing_authority_name="issuer",
        version="version",
        trust_level="trust",
        principal="principal",
        renewal_applied_on="applied_on",
    ),
)


@pytest.fixture
def planned(load: Store) -> Store:
    planner.plan(load, catalogue_of(PERMITS))
    return load


@pytest.fixture
def grant(owner: Store, planned: Store) -> Grant:  # noqa: ARG001 - the dataset is planned first
    with owner.begin() as conn:
        add_claimant(conn)
        grants.add_grant(
            conn, "test_office", "verification", "审批", "me", DAY("2020-01-01"), certificate_type=PERMIT_TYPE
        )
        wish = grants.Wish("verification", "审批", "item", PERMIT_TYPE)
        (found,) = grants.covering_grants(conn, [(grants.Claimant("test_office", ""), wish)], TODAY)
    assert found is not None
    return found


def permit(number: str = "A", status: Status = Status.VALID, **more: str | None) -> Row:
    return {
        "permit_no": number,
        "holder": "汕头示例有限公司",
        "holder_code": "91440500MA4UHGDR0K",
        "status": CODES[status],
        "valid_from": "2020-01-01",
        "valid_until": "2030-12-31",
        "issuer": "汕头市交通运输局",
        **more,
    }


def deliver(store: Store, *rows: Row) -> None:
    with store.begin() as conn:
        take_in(conn, PERMITS, [(row, False) for row in rows])


def question(number: str, day: str | None) -> Question:
    return Question.parse(
        {
            "certificate_type": PERMIT_TYPE,
            "certificate_number": number,
            "holder_name": "汕头示例有限公司",
            "holder_code": "91440500MA4UHGDR0K",
            "holder_code_type": "999",
            "purpose": "审批",
            "service_item": "item",
            "case": "case",
            **({} if day is None else {"as_of": day}),
        }
    )


def look_up(api: Store, grant: Grant, day: str | None = None) -> tuple[LookUp, Verdict]:
    asked = question("A", day)
    with api.begin() as conn:
        (found,) = certificates.find_certificates(conn, [Sought(asked, grant, CLAIMANT)], NOW, TODAY)
    return found, judge(asked, found, TODAY, TYPES)


def verdict(api: Store, grant: Grant, day: str | None = None) -> str:
    return look_up(api, grant, day)[1].code.value


def moves(owner: Store) -> list[tuple[str, bool]]:
    with owner.begin() as conn:
        wanted = sa.select(certificate_event.c.move, certificate_event.c.lawful).order_by(certificate_event.c.batch)
        return [(row.move, row.lawful) for row in conn.execute(wanted)]


# --- the same rules as one by one

STATES = sorted(CODES)
DAYS = [None, "2021-03-01", "2022-03-01", "2023-03-01"]
ENDS = [None, "2024-12-31", "2026-12-31", "9999-12-31"]
VERSIONS = [None, "001", "002", "003", "第二版"]


def random_row(rng: random.Random, number: str) -> Row:
    return permit(
        number,
        rng.choice(STATES),
        since=rng.choice(DAYS),
        reason=rng.choice([None, " ", "决定书〔2024〕1号"]),
        valid_from=rng.choice(DAYS),
        valid_until=rng.choice(ENDS),
        version=rng.choice(VERSIONS),
        applied_on=rng.choice([None, "2024-11-01", "2024-12-20"]),
    )


def day_of(row: Row, name: str) -> dt.date | None:
    text = row[name]
    return None if text is None or text == "9999-12-31" else DAY(text)


def event_of(row: Row) -> Event:
    version = row["version"] or ""
    return Event(
        next(status for status, code in CODES.items() if code == row["status"]),
        day_of(row, "since"),
        row["reason"] or "",
        term=Term(day_of(row, "valid_from"), day_of(row, "valid_until"), row["valid_until"] == "9999-12-31"),
        version=int(version) if version.isascii() and version.isdigit() else 0,
        renewal_applied_on=day_of(row, "applied_on"),
    )


def told_one_by_one(rows: Sequence[Row]) -> list[tuple[str, bool]]:
    lawful: Event | None = None
    before: Row | None = None
    told = []
    for row in rows:
        if row != before:
            move, known = classify(lawful, event_of(row))
            told.append((move.value, known))
            lawful = event_of(row) if known else lawful
        before = row
    return told


def test_moves_are_the_same_over_whole_batches_and_one_by_one(planned: Store, owner: Store) -> None:
    rng = random.Random(36904)
    numbers = [f"{place:04}" for place in range(400)]
    histories: dict[str, list[Row]] = {number: [random_row(rng, number)] for number in numbers}
    deliver(planned, *(histories[number][0] for number in numbers))
    for _ in range(5):
        for number in numbers:
            last = histories[number][-1]
            changed = dict(rng.sample(sorted(random_row(rng, number).items()), 4)) | {"permit_no": number}
            histories[number].append(last if rng.random() < 0.2 else last | changed)
        deliver(planned, *(histories[number][-1] for number in numbers))
    found: dict[str, list[tuple[str, bool]]] = {number: [] for number in numbers}
    with owner.begin() as conn:
        wanted = sa.select(certificate.c.number, certificate_event.c.move, certificate_event.c.lawful)
        joined = wanted.join_from(
            certificate_event, certificate, certificate.c.id == certificate_event.c.certificate_id
        )
        for row in conn.execute(joined.order_by(certificate_event.c.batch)):
            found[row.number].append((row.move, row.lawful))
    assert found == {number: told_one_by_one(rows) for number, rows in histories.items()}
    kinds = {move for each in found.values() for move, _ in each}
    assert kinds >= {move.value for move in Move if move not in {Move.TRANSFER, Move.SUSPEND, Move.ENDORSE}}
    assert {lawful for each in found.values() for _, lawful in each} == {True, False}


def test_what_was_revoked_is_never_valid_on_any_day_and_what_is_contested_is_not_valid(
    planned: Store, api: Store, grant: Grant
) -> None:
    rng = random.Random(17710)
    histories = {f"{place:04}": [random_row(rng, f"{place:04}")] for place in range(150)}
    deliver(planned, *(rows[-1] for rows in histories.values()))
    for _ in range(3):
        for number, rows in histories.items():
            rows.append({**random_row(rng, number), "valid_until": "9999-12-31", "valid_from": "2020-01-01"})
        deliver(planned, *(rows[-1] for rows in histories.values()))
    days = [None, "2019-12-31", "2020-01-01", "2021-03-01", "2022-02-28", "2022-03-01", "2023-03-02", "2026-02-27"]
    asked = [question(number, day) for number in histories for day in days]
    with api.begin() as conn:
        found = certificates.find_certificates(conn, [Sought(one, grant, CLAIMANT) for one in asked], NOW, TODAY)
    codes = {
        (one.certificate_number, one.as_of): judge(one, look_up, TODAY, TYPES).code.value
        for one, look_up in zip(asked, found, strict=True)
    }
    seen = set()
    for number, rows in histories.items():
        lawful: Event | None = None
        known = True
        for row in rows:
            _, known = classify(lawful, event_of(row))
            lawful = event_of(row) if known else lawful
        assert lawful is not None
        last = event_of(rows[-1])
        told = {codes[number, None if day is None else DAY(day)] for day in days}
        if lawful.status == Status.REVOKED_VOID and (known or last.status in BAD_NEWS):
            assert told == {"revoked_void"}
        if lawful.status in BAD_NEWS or not known:
            assert codes[number, None] != "valid"
        if known and lawful.status == Status.VALID:
            assert codes[number, None] == "valid"
        seen.add((lawful.status, known))
    assert seen >= {(Status.REVOKED_VOID, True), (Status.REVOKED_VOID, False), (Status.VALID, True)}


# --- answered from


def test_what_no_lawful_move_leads_to_is_being_checked(planned: Store, api: Store, owner: Store, grant: Grant) -> None:
    deliver(planned, permit())
    deliver(planned, permit(status=Status.REVOKED_PENALTY, since="2024-03-01", reason="处罚"))
    assert verdict(api, grant) == "revoked_penalty"
    deliver(planned, permit(since="2025-03-01"))  # valid again, and nobody says by what decision
    assert verdict(api, grant) == "pending_check"
    assert verdict(api, grant, "2025-02-28") == "revoked_penalty"
    assert verdict(api, grant, "2024-02-29") == "valid"
    with owner.begin() as conn:
        (case,) = cases.list_cases(conn, dataset=PERMITS.name)
    assert (case.cause, case.kind, case.state) == ("move", "rectification", "open")
    assert moves(owner) == [("issue", True), ("revoke_penalty", True), ("restore", False)]


def test_a_named_decision_restores_and_closes_the_case(planned: Store, api: Store, owner: Store, grant: Grant) -> None:
    deliver(planned, permit(status=Status.REVOKED_VOID, since="2024-03-01", reason="骗取"))
    deliver(planned, permit(since="2025-03-01"))
    deliver(planned, permit(since="2025-03-01", reason="行政判决书〔2025〕9号"))
    assert verdict(api, grant) == "valid"
    assert verdict(api, grant, "2025-02-28") == "revoked_void"
    with owner.begin() as conn:
        assert cases.list_cases(conn, dataset=PERMITS.name) == []
        (case,) = cases.list_cases(conn, dataset=PERMITS.name, state="closed")
    assert case.closed_batch is not None


def test_the_source_may_take_its_word_back(planned: Store, api: Store, owner: Store, grant: Grant) -> None:
    revoked = permit(status=Status.REVOKED_VOID, since="2024-03-01", reason="骗取")
    for row in (permit(), revoked, permit(), revoked):
        deliver(planned, row)
    assert verdict(api, grant) == "revoked_void"
    assert moves(owner)[2:] == [("restore", False), ("correct", True)]
    with owner.begin() as conn:
        assert cases.list_cases(conn, dataset=PERMITS.name) == []


def test_bad_news_is_told_whatever_led_to_it(planned: Store, api: Store, grant: Grant) -> None:
    deliver(planned, permit(status=Status.SUPERSEDED, since="2023-01-01"))
    deliver(planned, permit(status=Status.EXPIRED, since="2024-01-01"))
    assert verdict(api, grant) == "pending_check"
    deliver(planned, permit(status=Status.REVOKED_PENALTY, since="2024-02-01", reason="处罚"))
    assert verdict(api, grant) == "revoked_penalty"


def test_a_renewal_leaves_the_days_before_it_as_they_were(
    planned: Store, api: Store, owner: Store, grant: Grant
) -> None:
    deliver(planned, permit(valid_until="2023-12-31", version="001"))
    deliver(planned, permit(valid_from="2024-03-01", valid_until="2028-02-29", version="002"))
    assert moves(owner) == [("issue", True), ("renew", True)]
    days = {"2023-12-31": "valid", "2024-02-15": "expired", "2024-03-01": "valid"}
    assert {day: verdict(api, grant, day) for day in days} == days


def test_a_renewal_applied_for_in_time_counts_until_it_is_decided(planned: Store, api: Store, grant: Grant) -> None:
    deliver(planned, permit(valid_until="2026-02-01"))
    assert verdict(api, grant) == "expired"
    deliver(planned, permit(valid_until="2026-02-01", applied_on="2026-01-20"))
    found, told = look_up(api, grant)
    assert told.code.value == "expired"  # too late for the rule
    assert any("2026-01-20" in line.zh for line in told.lines)
    deliver(planned, permit(valid_until="2026-02-01", applied_on="2025-12-20"))
    found, told = look_up(api, grant)
    assert told.code.value == "valid"
    assert any("第五十条" in line.zh for line in told.lines)
    assert found.record is not None
    assert found.record.digest_ok


def test_who_issued_it_for_whom_and_how_far_it_is_trusted(
    planned: Store, api: Store, owner: Store, grant: Grant
) -> None:
    deliver(planned, permit(principal="广东省交通运输厅", trust="D"))
    found, told = look_up(api, grant)
    assert found.record is not None
    assert (found.record.principal, found.record.trust_level, found.record.digest_ok) == ("广东省交通运输厅", "D", True)
    assert told.certificate is not None
    assert told.certificate["principal"] == "广东省交通运输厅"
    assert next(line.outcome.value for line in told.lines if line.check == "quality") in {"warn", "unknown"}
    with owner.begin() as conn:
        (event,) = conn.execute(sa.select(certificate_event)).all()
        conn.execute(sa.update(certificate).values(principal="别处"))
    assert (event.authority, event.principal, event.trust_level) == ("汕头市交通运输局", "广东省交通运输厅", "D")
    found, _ = look_up(api, grant)
    assert found.record is not None
    assert not found.record.digest_ok
    deliver(planned, permit(principal="广东省交通运输厅", trust="X"))
    found, _ = look_up(api, grant)
    assert found.record is not None
    assert found.record.trust_level == "A"  # no such level: the dataset's


def test_without_an_identifier_it_is_known_by_a_number_of_the_hubs_own(
    planned: Store, api: Store, grant: Grant
) -> None:
    identifier = "1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F"
    deliver(planned, permit())
    found, told = look_up(api, grant)
    assert found.record is not None
    assert found.record.internal_id.startswith("MZ-")
    assert told.certificate is not None
    assert (told.certificate["identifier"], told.certificate["internal_id"]) == (None, found.record.internal_id)
    assert "证照信息" in told.lines[0].zh
    assert look_up(api, grant)[1].certificate == told.certificate
    deliver(planned, permit(identifier=identifier))
    _, told = look_up(api, grant)
    assert told.certificate is not None
    assert (told.certificate["identifier"], told.certificate["internal_id"]) == (identifier, None)


# --- insert-only


@pytest.mark.parametrize(
    "statement", ["UPDATE hub.certificate_event SET lawful = true", "DELETE FROM hub.certificate_event"]
)
@pytest.mark.parametrize("role", [Role.LOAD, Role.API, Role.PAGE])
def test_nobody_changes_an_event(hub: Stores, planned: Store, role: Role, statement: str) -> None:
    deliver(planned, permit())
    with pytest.raises(StoreError), hub.store(role).begin() as conn:
        conn.execute(sa.text(statement))
