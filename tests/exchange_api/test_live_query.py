"""Questions to a source that hands over no data: asked over HTTP of a hub, which asks a real server."""

import base64
import dataclasses
import hashlib
import json
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from certificates.evidence.page import page
from certificates.offline import verify_offline
from certificates.receipts import upstream_digest
from certificates.records import LookUp, Question, SourceState
from certificates.types import load_types
from exchange_api.live_sources import FAILURES, REST
from registries.departments import Catalogue, load_catalogue
from registries.home import Role
from registries.live_records import look_up_of, not_told, together
from registries.store import grants
from registries.store.engine import Store
from tests.exchange_api.conftest import (
    HOLDER,
    OTHER_HOLDER,
    PURPOSE,
    Asking,
    Certificates,
    Clock,
    Hub,
    Served,
    send,
    serving,
)
from tests.exchange_api.statements import statements
from tests.exchange_api.test_answering import ledger_entries, payload_of, verified
from tests.http_interface import Asked, Interface, Reply
from tests.http_interface import served as serving_interface

LIVE = "DEMO00000000000000008"
DATASET = "tax.tax_clearances"
NUMBER = "SZ440500000001"
PLANTED = "PLANTED5EKRET9XQ7Z"
Record = dict[str, object]


def clearance(number: str = NUMBER, holder: tuple[str, str, str] = HOLDER, **more: object) -> Record:
    name, code, code_type = holder
    return {
        "zmbh": number,
        "nsrmc": name,
        "nsrsbh": code,
        "zjlxdm": code_type,
        "kjrq": "2026-02-01",
        "yxqq": "2026-02-01",
        "yxqz": "2026-08-01",
        "zt": "valid",
        "kjjg": "汕头市龙湖区税务局",
        "kjjgdm": PLANTED,
        "xzqhdm": "440507",
        "bz": f"内部备注 {PLANTED}",
        **more,
    }


@dataclasses.dataclass
class Tax:
    """The department's interface. It looks at the number only: whose it is, the hub has to find out."""

    interface: Interface
    records: dict[str, Record] = dataclasses.field(default_factory=dict)
    gate: threading.Event | None = None

    def __call__(self, asked: Asked) -> Reply:
        if self.gate is not None:
            self.gate.wait(60)
        record = self.records.get(asked.body["certificate_number"])
        return Reply({"found": record is not None, "record": record})

    @property
    def asked(self) -> list[Asked]:
        return self.interface.asked


@pytest.fixture
def tax(hub: Hub) -> Iterator[Tax]:
    with serving_interface() as interface:
        found = Tax(interface)
        interface.behaviour = found
        (hub.home.path / "sources.json").write_text(json.dumps({"tax_live": interface.url}))
        hub.home.keep_secret("source_tax_live.token", "tax-token-word")
        yield found
        if found.gate is not None:
            found.gate.set()


@pytest.fixture
def live(hub: Hub, asking: Asking) -> Asking:
    """A client whose department may ask for clearances."""
    with hub.store(Role.OWNER).begin() as conn:
        grants.add_grant(
            conn, "civil_affairs", "verification", PURPOSE, "市政数局", date(2026, 1, 1), certificate_type=LIVE
        )
    return asking


def ask(served: Served, live: Asking, number: str = NUMBER, **more: Any) -> httpx.Response:  # noqa: ANN401 - of a question
    return live.ask(served, number, certificate_type=LIVE, **more)


def verdict_of(served: Served, response: httpx.Response) -> Mapping[str, Any]:
    return verified(served, response).answer


# --- answers


def test_a_question_is_answered_by_the_source_and_proved_by_its_digest(
    served: Served, live: Asking, tax: Tax, clock: Clock
) -> None:
    tax.records[NUMBER] = clearance()
    response = ask(served, live)
    verdict = verdict_of(served, response)
    assert verdict["code"] == "valid"
    assert verdict["certificate"]["number"] == NUMBER
    assert verdict["certificate"]["holders"][0]["name"] == HOLDER[0]
    (asked,) = tax.asked
    raw = tax(asked).content()
    digest = upstream_digest(asked.headers["hub-question"], raw)
    assert verdict["upstream"] == {"dataset": DATASET, "digest": digest, "asked_at": "2026-03-02T02:00:00+00:00"}
    assert asked.headers["authorization"] == "Bearer tax-token-word"
    assert verified(served, response).data_as_of == int(clock().timestamp())


def test_the_digest_is_the_questions_id_and_the_answer() -> None:
    wanted = hashlib.sha256(b"0123\n{}").digest()
    assert upstream_digest("0123", b"{}") == base64.urlsafe_b64encode(wanted).rstrip(b"=").decode()


def test_the_receipt_is_verified_offline_and_shows_what_the_source_said(served: Served, live: Asking, tax: Tax) -> None:
    tax.records[NUMBER] = clearance()
    answer = ask(served, live).json()
    report = verify_offline(answer["receipt"], served.http.get("/v1/keys.jwks").json(), answer["proof"])
    assert report.genuine
    assert DATASET in page(report)
    assert answer["verdict"]["upstream"]["digest"] in page(report)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"zt": "suspended"}, "suspended"),
        ({"zt": "revoked_penalty"}, "revoked_penalty"),
        ({"yxqz": "2026-03-02"}, "valid"),
        ({"yxqz": "20260301"}, "expired"),
        ({"yxqz": "长期"}, "valid"),
        ({"yxqq": "2026-03-03"}, "not_yet_valid"),
        ({"zt": "77"}, "pending_check"),
        ({"zt": None}, "pending_check"),
        ({"yxqz": "2026-02-30"}, "pending_check"),
        ({"yxqz": "soon"}, "pending_check"),
        ({"kjrq": None}, "pending_check"),
        ({"nsrmc": "汕头市示例 贸易有限公司", "nsrsbh": HOLDER[1].lower()}, "valid"),
        ({"zmbh": "ＳＺ440500000001"}, "valid"),
        ({"zmbh": "SZ440500000002"}, "no_match"),
        ({"nsrmc": OTHER_HOLDER[0]}, "no_match"),
        ({"nsrsbh": OTHER_HOLDER[1]}, "no_match"),
        ({"zjlxdm": "099"}, "no_match"),
        ({"nsrmc": None, "nsrsbh": None}, "no_match"),
    ],
)
def test_what_the_source_says_is_judged_as_what_the_store_holds(
    served: Served, live: Asking, tax: Tax, more: Record, code: str
) -> None:
    tax.records[NUMBER] = clearance(**more)
    assert verdict_of(served, ask(served, live))["code"] == code


def test_no_such_number_and_another_holder_are_one_answer(served: Served, live: Asking, tax: Tax) -> None:
    tax.records["SZ440500000002"] = clearance("SZ440500000002", OTHER_HOLDER, zt="77")
    ask(served, live)  # connections and caches are warm
    counts, answers = [], []
    for number in ("SZ440500000009", "SZ440500000002"):
        with statements(served) as counted:
            answers.append(ask(served, live, number))
        counts.append(counted)
    assert counts[0] == counts[1]
    tokens = [answer.json()["receipt"] for answer in answers]
    assert len(tokens[0]) == len(tokens[1])
    first, second = (payload_of(token) for token in tokens)
    assert first["verification"]["code"] == "no_match"
    told = [payload["verification"]["upstream"].pop("digest") for payload in (first, second)]
    assert {name for name in first if first[name] != second[name]} <= {"jti", "req", "salt", "iat"}
    for digest, asked in zip(told, tax.asked[1:], strict=True):  # nobody can try answers against it
        raw = tax(asked).content()
        assert digest != base64.urlsafe_b64encode(hashlib.sha256(raw).digest()).rstrip(b"=").decode()


def test_two_questions_for_one_answer_have_digests_that_differ(served: Served, live: Asking, tax: Tax) -> None:
    digests = {verdict_of(served, ask(served, live))["upstream"]["digest"] for _ in range(3)}
    assert len(digests) == len({asked.headers["hub-question"] for asked in tax.asked}) == 3


# --- refusals and replays


def test_a_question_without_a_grant_causes_no_request(served: Served, live: Asking, tax: Tax, hub: Hub) -> None:
    refused = verdict_of(served, ask(served, live, purpose="好奇"))
    assert refused["code"] == "refused"
    assert "upstream" not in refused
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(sa.text("UPDATE hub.client SET state = 'suspended'"))
    assert verdict_of(served, ask(served, live))["code"] == "refused"
    token = live.token("https://other.example", live.question(NUMBER, certificate_type=LIVE))
    assert send(served, token).status_code == 401
    assert tax.asked == []


def test_other_types_are_not_asked_about(served: Served, live: Asking, tax: Tax, certificates: Certificates) -> None:
    certificates.add("440500000000001")
    assert verdict_of(served, live.ask(served, "440500000000001"))["code"] == "valid"
    assert verdict_of(served, live.ask(served, "440500000000009"))["code"] == "no_match"
    assert tax.asked == []


def test_a_replay_gets_the_stored_answer_without_asking_again(
    hub: Hub, live: Asking, tax: Tax, clock: Clock, certificates: Certificates
) -> None:
    assert certificates.rows == {}
    tax.records[NUMBER] = clearance()
    with serving(hub, clock) as before:
        token = live.token(before.url, live.question(NUMBER, certificate_type=LIVE))
        first = verified(before, send(before, token))
        del tax.records[NUMBER]
        assert verified(before, send(before, token)).leaf_data == first.leaf_data
        port = int(before.url.rpartition(":")[2])
    with serving(hub, clock, port) as after:
        assert verified(after, send(after, token)).leaf_data == first.leaf_data
    assert len(tax.asked) == 1


def test_copies_that_come_together_ask_the_source_once(served: Served, live: Asking, tax: Tax, hub: Hub) -> None:
    tax.gate = threading.Event()
    tax.records[NUMBER] = clearance()
    patient(served)
    token = live.token(served.url, live.question(NUMBER, certificate_type=LIVE))
    with ThreadPoolExecutor(20) as pool:
        futures = [pool.submit(post, served, token) for _ in range(20)]
        until(lambda: waiting_copies(served) == 20)
        tax.gate.set()
        receipts = {verified(served, future.result()).leaf_data for future in futures}
    assert (len(receipts), len(tax.asked), len(ledger_entries(hub))) == (1, 1, 1)


def test_a_jti_with_other_content_is_refused_while_the_first_is_being_asked(
    served: Served, live: Asking, tax: Tax
) -> None:
    tax.gate = threading.Event()
    patient(served)
    one, two = (
        live.token(served.url, live.question(number, certificate_type=LIVE), jti="the-same-jti-0001")
        for number in (NUMBER, "SZ440500000002")
    )
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(post, served, one)]
        until(lambda: len(tax.asked) == 1)  # together in one group the second would be refused at once
        futures.append(pool.submit(post, served, two))
        until(lambda: len(tax.asked) == 2)
        tax.gate.set()
        assert sorted(future.result().status_code for future in futures) == [200, 409]


def post(served: Served, token: str) -> httpx.Response:
    headers = {"content-type": "application/jwt"}
    return httpx.post(f"{served.url}/v1/verifications", content=token, headers=headers, timeout=120)


def waiting_copies(served: Served) -> int:
    return sum(map(len, served.parts.answering._live_questions._waiting.values()))


def until(done: Callable[[], bool]) -> None:
    """Wait until something has happened; the test's own time-out ends what never does."""
    tick = threading.Event()
    while not done():
        tick.wait(0.01)


def patient(served: Served, seconds: float = 60.0) -> None:
    """The contract of the live source, with another time to wait."""
    live = served.parts.answering._live_questions._sources
    catalogue = live._catalogue()
    changed = tuple(
        dataclasses.replace(each, server=dataclasses.replace(each.server, timeout_seconds=seconds))
        if each.name == DATASET
        else each
        for each in catalogue.datasets
    )
    patched = dataclasses.replace(catalogue, datasets=changed)
    live._catalogue = lambda: patched


# --- a source that fails


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Reply(b"", 500), "500"),
        (Reply(b"", 404), "404"),
        (Reply(b"", 302, {"Location": "/live/other"}), "BadAnswer"),
        (Reply(b"<html>"), "BadAnswer"),
        (Reply({"found": "no"}), "BadAnswer"),
        (Reply({"found": True, "record": {"zmbh": NUMBER}}), "SourceChangedShape"),
        (Reply(b" " * 1_000_000), "BadAnswer"),
        (Reply({"found": False}, cut=True), "RemoteProtocolError"),
    ],
)
def test_whatever_is_no_answer_is_unavailable_and_never_no_match(
    served: Served, live: Asking, tax: Tax, reply: Reply, outcome: str
) -> None:
    tax.interface.behaviour = lambda _: reply
    verdict = verdict_of(served, ask(served, live))
    assert verdict["code"] == "unavailable"
    assert verdict["upstream"] == {"dataset": DATASET, "digest": None, "asked_at": "2026-03-02T02:00:00+00:00"}
    assert "照常办理" in verdict["next"]["zh"]
    metrics = served.http.get("/metrics").text
    assert f'mianzheng_live_questions_total{{dataset="{DATASET}",outcome="{outcome}"}} 1.0' in metrics


def test_a_time_out_is_unavailable(served: Served, live: Asking, tax: Tax) -> None:
    tax.records[NUMBER] = clearance()
    tax.gate = threading.Event()
    patient(served, 0.2)
    assert verdict_of(served, ask(served, live))["code"] == "unavailable"


def test_a_source_without_an_address_or_a_server_is_unavailable_and_the_hub_is_ready(
    served: Served, live: Asking, hub: Hub
) -> None:
    assert verdict_of(served, ask(served, live))["upstream"]["asked_at"] is None
    (hub.home.path / "sources.json").write_text(json.dumps({"tax_live": "http://127.0.0.1:1"}))
    assert verdict_of(served, ask(served, live))["code"] == "unavailable"
    assert served.http.get("/health/ready").status_code == 200


def test_a_new_address_and_a_new_token_count_from_the_next_question(
    served: Served, live: Asking, tax: Tax, hub: Hub
) -> None:
    ask(served, live)
    with serving_interface() as moved:
        moved.behaviour = tax
        (hub.home.path / "sources.json").write_text(json.dumps({"tax_live": moved.url}))
        hub.home.keep_secret("source_tax_live.token", "another-word")
        tax.records[NUMBER] = clearance()
        assert verdict_of(served, ask(served, live))["code"] == "valid"
        assert [asked.headers["authorization"] for asked in moved.asked] == ["Bearer another-word"]
    assert len(tax.asked) == 1


def test_after_failures_in_a_row_it_is_left_alone_and_then_tried_by_one(
    served: Served, live: Asking, tax: Tax, clock: Clock
) -> None:
    tax.interface.behaviour = lambda _: Reply(b"", 503)
    for _ in range(FAILURES + 3):
        assert verdict_of(served, ask(served, live))["code"] == "unavailable"
    assert len(tax.asked) == FAILURES
    clock.move(seconds=REST.total_seconds())
    for _ in range(3):
        ask(served, live)
    assert len(tax.asked) == FAILURES + 1
    clock.move(seconds=REST.total_seconds())
    tax.interface.behaviour = tax
    tax.records[NUMBER] = clearance()
    assert [verdict_of(served, ask(served, live))["code"] for _ in range(3)] == ["valid"] * 3


def test_a_slow_source_holds_up_nobody_but_those_who_ask_it(
    served: Served, live: Asking, tax: Tax, certificates: Certificates
) -> None:
    certificates.add("440500000000001")
    tax.gate = threading.Event()
    patient(served)
    tax.records |= {f"SZ{number}": clearance(f"SZ{number}") for number in range(20)}
    tokens = [live.token(served.url, live.question(f"SZ{number}", certificate_type=LIVE)) for number in range(20)]
    normal = [live.token(served.url, live.question("440500000000001")) for _ in range(30)]
    order: list[str] = []
    with ThreadPoolExecutor(50) as pool:

        def noted(kind: str, token: str) -> httpx.Response:
            response = post(served, token)
            order.append(kind)
            return response

        slow = [pool.submit(noted, "live", token) for token in tokens]
        until(lambda: len(tax.asked) >= 10)
        quick: list[Future[httpx.Response]] = [pool.submit(noted, "normal", token) for token in normal]
        assert {verdict_of(served, each.result())["code"] for each in quick} == {"valid"}
        assert not any(each.done() for each in slow)
        tax.gate.set()
        assert {verdict_of(served, each.result())["code"] for each in slow} == {"valid"}
    assert Counter(order[:30]) == {"normal": 30}
    assert len(tax.asked) == 20


def test_a_question_in_a_mixed_group_is_answered_in_its_place(
    served: Served, live: Asking, tax: Tax, certificates: Certificates
) -> None:
    certificates.add("440500000000001")
    tax.records[NUMBER] = clearance()
    with ThreadPoolExecutor(16) as pool:
        wanted = [(NUMBER, LIVE), ("SZ9", LIVE), ("440500000000001", None), ("440500000000009", None)] * 8
        tokens = [
            live.token(served.url, live.question(number, **({"certificate_type": kind} if kind else {})))
            for number, kind in wanted
        ]
        codes = [verdict_of(served, each)["code"] for each in pool.map(lambda token: post(served, token), tokens)]
    assert codes == ["valid", "no_match", "valid", "no_match"] * 8


# --- nothing is kept


def forms(word: str) -> list[bytes]:
    """The word as text, in hexadecimal, and in base64 at each of the three places that it may begin at."""
    plain = word.encode()
    shifted = [base64.b64encode(b"\0" * shift + plain)[-(-8 * shift // 6) : -4] for shift in range(3)]
    return [plain, plain.hex().encode(), *shifted]


def found_in(store: Store, home: Any, word: str) -> list[str]:  # noqa: ANN401 - a path
    """Every table and every file that holds the word in any of its forms."""
    wanted = forms(word)
    places = [str(path) for path in home.rglob("*") if path.is_file() and any(f in path.read_bytes() for f in wanted)]
    with store.begin() as conn:
        tables = conn.execute(
            sa.text(
                "SELECT table_schema, table_name FROM information_schema.tables"
                " WHERE table_schema IN ('hub', 'data') AND table_type = 'BASE TABLE'"
            )
        ).all()
        for schema, name in tables:
            table = sa.table(name, schema=schema).alias("t")
            for text in conn.scalars(sa.select(sa.literal_column("t::text")).select_from(table)):
                content = text.encode() + b"".join(bytes.fromhex(part) for part in _hexadecimal(text))
                if any(form in content for form in wanted):
                    places.append(f"{schema}.{name}")
    return places


def _hexadecimal(text: str) -> list[str]:
    import re

    return re.findall(r"\\x((?:[0-9a-f]{2})+)", text)


def test_nothing_of_what_the_source_says_is_kept_but_what_the_receipt_shows(
    served: Served,
    live: Asking,
    tax: Tax,
    hub: Hub,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    tax.records[NUMBER] = clearance()
    tax.records["SZ440500000002"] = clearance("SZ440500000002", OTHER_HOLDER, kjjg=f"{PLANTED}局")
    assert verdict_of(served, ask(served, live))["code"] == "valid"
    assert verdict_of(served, ask(served, live, "SZ440500000002"))["code"] == "no_match"
    tax.interface.behaviour = lambda _: Reply(f'{{"found": true, "record": {{"zmbh": "{PLANTED}"}}}}'.encode())
    assert verdict_of(served, ask(served, live, "SZ440500000003"))["code"] == "unavailable"
    store = hub.store(Role.OWNER)
    assert found_in(store, hub.home.path, PLANTED) == []
    assert found_in(store, hub.home.path, OTHER_HOLDER[1]) == []
    assert found_in(store, hub.home.path, NUMBER) != []  # the receipt shows the number: the search finds what is there
    logged = caplog.text + "".join(capfd.readouterr())
    for word in (PLANTED, NUMBER, *HOLDER[:2], *OTHER_HOLDER[:2], "tax-token-word"):
        assert word not in logged
    assert f"live source of {DATASET}: SourceChangedShape" in logged


# --- by the same forms as the store's

QUESTION = Question(LIVE, NUMBER, *HOLDER, PURPOSE, "x", "c")
NOW = datetime(2026, 3, 2, tzinfo=UTC)
STORED = SourceState(covered=True, data_as_of=NOW, fresh=True, score=1.0)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def row_of(catalogue: Catalogue, record: Record) -> dict[str, str | None]:
    return {each.name: record.get(each.source) for each in catalogue.dataset(DATASET).columns}  # type: ignore[misc]


def test_a_type_that_the_store_and_a_live_source_hold_is_missing_only_where_both_say_so(catalogue: Catalogue) -> None:
    kind = load_types()[LIVE]
    hit = look_up_of(catalogue.dataset(DATASET), kind, row_of(catalogue, clearance()), QUESTION, NOW)
    miss = look_up_of(catalogue.dataset(DATASET), kind, None, QUESTION, NOW)
    empty = LookUp(None, being_checked=False, source=STORED)
    stale = dataclasses.replace(empty, source=dataclasses.replace(STORED, fresh=False))
    stored = dataclasses.replace(empty, record=hit.record)
    assert together(stored, not_told()) == stored
    assert together(empty, hit).record == hit.record
    assert together(empty, miss).source.fresh
    assert not together(stale, miss).source.fresh
    assert not together(empty, not_told()).source.fresh
    assert together(dataclasses.replace(empty, being_checked=True), miss).being_checked
    nothing = dataclasses.replace(stale, source=dataclasses.replace(stale.source, covered=False))
    assert together(nothing, miss).source.covered
