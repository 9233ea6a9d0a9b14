"""Pushed deliveries over real HTTP: who may send, what is kept, the same is the same, what came of each row."""

import dataclasses
import hashlib
import http.client
import json
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from certificates.jose import ES256, Key, new_key, sign, signing_input
from certificates.pushes import TYP_PUSH, PushedDelivery
from certificates.receipts import TYP_REQUEST
from exchange_api.pushing import MOST_ROWS, MOST_WAITING
from mianzheng.publishers import register_publisher
from mianzheng.pushed_intake import MOST_ATTEMPTS, take_next_push
from mianzheng.worker import take_any
from quality.intake import Intake
from registries.connectors.pushed import PushedRows
from registries.home import Role
from registries.landing import UPLOAD_LIMIT
from registries.store import batches, clients, pushes, roles, uploads
from tests.exchange_api.conftest import Clock, Hub, Served, add_client, serving
from tests.pushed_contracts import DEEDS, DROPPED, OWNER, TARIFFS, deed, take_contracts_up

Row = dict[str, Any]
NDJSON = "application/x-ndjson"


def ndjson(rows: Sequence[Row]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


@dataclasses.dataclass
class Sender:
    """A department's system, by hand: each part of what it sends can be made wrong."""

    client_id: str
    key: Key
    clock: Clock
    served: Served
    waits: bool = True
    count: int = 0
    tokens: list[str] = dataclasses.field(default_factory=list)

    def token(self, path: str, delivery: object = None, *, typ: str = TYP_PUSH, **claims: object) -> str:
        self.count += 1
        issued = int(self.clock().timestamp())
        payload: dict[str, object] = {
            "iss": self.client_id,
            "aud": self.served.url,
            "iat": issued,
            "exp": issued + 60,
            "jti": f"{self.client_id}-{self.count:020}",
            "url": self.served.url + path,
        }
        payload |= {} if delivery is None else {"delivery": delivery}
        return sign(signing_input(payload | claims, self.key, typ), self.key)

    def pushing(self, dataset: str, sequence: int, body: bytes, **claims: object) -> str:
        delivery = PushedDelivery.of(dataset, sequence, [body]).to_json()
        return self.token(f"/v1/datasets/{dataset}/batches", delivery, **claims)  # type: ignore[arg-type]  # claims only

    def push(self, dataset: str, sequence: int, rows: Sequence[Row], **claims: object) -> httpx.Response:
        body = ndjson(rows)
        return self.post(dataset, self.pushing(dataset, sequence, body, **claims), body)

    def post(self, dataset: str, token: str, body: bytes | Iterator[bytes], kind: str = NDJSON) -> httpx.Response:
        headers = {"hub-request": token, "content-type": kind} | ({} if self.waits else {"prefer": "respond-async"})
        return self.served.http.post(f"/v1/datasets/{dataset}/batches", content=body, headers=headers)

    def try_out(self, dataset: str, rows: Sequence[Row]) -> httpx.Response:
        body = ndjson(rows)
        path = f"/v1/datasets/{dataset}/batches?dry_run=1"
        self.tokens.append(self.token(path, PushedDelivery.of(dataset, 1, [body]).to_json()))
        headers = {"hub-request": self.tokens[-1], "content-type": NDJSON}
        return self.served.http.post(
            path, content=body, headers=headers | ({} if self.waits else {"prefer": "respond-async"})
        )

    def look(self, path: str, **claims: object) -> httpx.Response:
        return self.served.http.get(path, headers={"hub-request": self.token(path, **claims)})  # type: ignore[arg-type]


@pytest.fixture
def served(hub: Hub, clock: Clock) -> Iterator[Served]:
    take_contracts_up(hub.home, hub.store(Role.LOAD), clock())
    with serving(hub, clock) as running:
        yield running


@pytest.fixture
def sender(hub: Hub, served: Served, clock: Clock) -> Sender:
    key = new_key(ES256)
    for _ in range(2):  # as at every start
        register_publisher(hub.home, "deeds", "housing", "登记系统", key.to_jwk(), by="市数据局", now=clock())
    return Sender("deeds", key, clock, served)


@pytest.fixture
def hasty(sender: Sender) -> Sender:
    """Asks for answers without waiting for the intake."""
    return dataclasses.replace(sender, waits=False)


@pytest.fixture
def intake(hub: Hub, clock: Clock, served: Served) -> Iterator[Intake]:  # noqa: ARG001 - its contracts are in force
    with Intake.open(hub.home, clock) as opened:
        yield opened


@pytest.fixture
def worker(hub: Hub, intake: Intake, clock: Clock) -> Iterator[None]:
    """The intake worker, warm."""
    with working(hub, intake, clock):
        yield


@contextmanager
def working(hub: Hub, intake: Intake, clock: Clock) -> Iterator[None]:
    ending = threading.Event()

    def run() -> None:
        for _ in uploads.listen(hub.store(Role.LOAD), 0.2):
            while take_any(hub.store(Role.LOAD), intake, clock):
                pass
            if ending.is_set():
                return

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


def asked(hub: Hub, statement: str) -> list[tuple[Any, ...]]:
    with hub.store(Role.OWNER).begin() as conn:
        return [tuple(row) for row in conn.execute(sa.text(statement))]


def landed(hub: Hub) -> list[Path]:
    return [path for path in hub.home.landed.rglob("*") if path.is_file()]


def problem(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json", response.text
    return response.status_code, response.json()["code"]


# --- what came of each row


@pytest.mark.usefixtures("worker")
def test_each_row_is_answered_with_the_contracts_reasons_and_no_value(hub: Hub, sender: Sender) -> None:
    rows = [
        deed("粤2020汕头0001"),
        deed("粤2020汕头0002", status="sold"),
        deed("粤2020汕头0003", owner=None, issued_on="2020-02-30"),
        deed("粤2020汕头0004", area=True),
    ]
    response = sender.push(DEEDS, 1, rows)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert (answer["state"], answer["sequence"], answer["next_sequence"]) == ("done", 1, 2)
    assert [row["result"] for row in answer["rows"]] == ["accepted", "quarantined", "quarantined", "quarantined"]
    assert [sorted(reason["rule"] for reason in row["reasons"]) for row in answer["rows"]] == [
        [],
        ["status-code_table"],
        ["issued_on-format", "owner-required"],
        ["area-format"],
    ]
    assert all(reason["zh"] and reason["en"] for row in answer["rows"] for reason in row["reasons"])
    counts = answer["counts"]
    assert counts["pulled"] == counts["accepted"] + counts["quarantined"] + counts["held"] == 4
    assert not [value for value in ("sold", "02-30", *OWNER[:2], "粤2020") if value in response.text]
    assert asked(hub, "SELECT deliverer, source FROM hub.batch") == [("client deeds", "push #1")]
    assert response.headers["location"] == f"/v1/datasets/{DEEDS}/batches/{answer['delivery']}"
    assert sender.look(response.headers["location"]).json() == answer
    assert not [path for path in landed(hub) if "uploads" in path.parts]


@pytest.mark.usefixtures("worker")
def test_numbers_keep_their_text_and_a_delete_deletes(hub: Hub, sender: Sender) -> None:
    body = ndjson([deed("x")]).replace(b'"x"', b"440507199003071234").replace(b"88.5", b"88.50")
    assert sender.post(DEEDS, sender.pushing(DEEDS, 3, body), body).json()["counts"]["new"] == 1
    assert asked(hub, "SELECT number, area::text FROM data.housing__deeds") == [("440507199003071234", "88.50")]
    gone = {"number": "440507199003071234", "changed_at": "2026-03-01 09:00:00", "op": "D"}
    answer = sender.push(DEEDS, 4, [gone]).json()
    assert (answer["state"], answer["counts"]["deleted"], answer["counts"]["quarantined"]) == ("done", 1, 0), answer
    assert asked(hub, "SELECT number, mark FROM data.housing__deeds") == [("440507199003071234", "vanished")]


@pytest.mark.usefixtures("worker")
def test_a_delivery_of_which_too_much_is_refused_is_held(sender: Sender) -> None:
    rows = [{"code": f"{number}", "price": "x" if number > 20 else 1} for number in range(1, 41)]
    response = sender.push(TARIFFS, 1, rows)
    assert response.status_code == 200
    assert response.json()["state"] == "held"
    assert [row["result"] for row in response.json()["rows"]] == ["held"] * 20 + ["quarantined"] * 20


@pytest.mark.usefixtures("worker")
def test_of_a_large_delivery_only_refused_rows_are_told_page_by_page(sender: Sender) -> None:
    rows = [{"code": f"{number}", "price": "x" if number <= 1_500 else 1} for number in range(1, 9_001)]
    answer = sender.push(TARIFFS, 1, rows).json()
    assert answer["counts"]["quarantined"] == 1_500
    assert [row["row"] for row in answer["rows"]] == list(range(1, 1_001))
    path = f"/v1/datasets/{TARIFFS}/batches/{answer['delivery']}?after={answer['rows_after']}"
    rest = sender.look(path).json()
    assert [row["row"] for row in rest["rows"]] == list(range(1_001, 1_501))
    assert rest["rows_after"] is None


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b'{"code": "b", "price": {"amount": "secret-1"}}', "2"),
        (b'{"code": "b", "code": "secret-2"}', "2"),
        (b'{"code": "b", "colour": "secret-3"}', "2"),
        (b'["secret-4"]', "2"),
        (b'{"code": "secret-5', "2"),
        (b'{"code": "secret-6", "price": NaN}', "2"),
    ],
)
def test_what_are_no_rows_is_refused_as_a_whole_by_its_row_number(
    hub: Hub, sender: Sender, line: bytes, words: str
) -> None:
    body = b'{"code": "a", "price": 1}\n' + line + b"\n"
    response = sender.post(TARIFFS, sender.pushing(TARIFFS, 1, body), body)
    assert problem(response) == (422, "delivery-refused")
    assert words in response.json()["detail_en"]
    assert "secret" not in response.text
    path = f"/v1/datasets/{TARIFFS}/batches/{response.json()['delivery']}"
    assert sender.look(path).json() == response.json()
    assert sender.post(TARIFFS, sender.pushing(TARIFFS, 1, body), body).json() == response.json()
    assert asked(hub, "SELECT count(*) FROM data.housing__tariffs") == [(0,)]
    assert not [path for path in landed(hub) if "uploads" in path.parts]
    assert sender.push(TARIFFS, response.json()["next_sequence"], [{"code": "a", "price": 1}]).status_code == 200


# --- the same is the same


@pytest.mark.usefixtures("worker")
def test_the_same_again_gets_the_same_answer(hub: Hub, sender: Sender) -> None:
    body = ndjson([deed("a"), deed("b", op="X")])
    token = sender.pushing(DEEDS, 7, body)
    first = sender.post(DEEDS, token, body)
    sender.push(DEEDS, 9, [deed("c")])
    for again in (token, sender.pushing(DEEDS, 7, body)):
        assert sender.post(DEEDS, again, body).content == first.content
    assert asked(hub, "SELECT count(*) FROM hub.batch") == [(2,)]
    other = sender.push(DEEDS, 7, [deed("z")])
    assert problem(other) == (409, "sequence-taken")
    assert other.json()["next_sequence"] == 10


@pytest.mark.usefixtures("worker")
def test_parallel_copies_are_one_batch(hub: Hub, sender: Sender) -> None:
    body = ndjson([deed(f"粤{number}") for number in range(50)])
    token = sender.pushing(DEEDS, 1, body)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: sender.post(DEEDS, token, body), range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert asked(hub, "SELECT count(*), sum(new) FROM hub.batch") == [(1, 50)]
    assert asked(hub, "SELECT count(*) FROM hub.push") == [(1,)]
    assert not [path for path in landed(hub) if "uploads" in path.parts]


@pytest.mark.usefixtures("worker")
def test_late_ones_need_a_watermark_and_gaps_do_not_matter(hub: Hub, sender: Sender) -> None:
    path = f"/v1/datasets/{TARIFFS}/batches"
    assert sender.look(path).json() == {"dataset": TARIFFS, "next_sequence": 1}
    assert sender.push(TARIFFS, 5, [{"code": "a", "price": 5}]).status_code == 200
    assert sender.look(path).json()["next_sequence"] == 6
    late = sender.push(TARIFFS, 4, [{"code": "a", "price": 4}])
    assert problem(late) == (409, "too-late")
    assert late.json()["next_sequence"] == 6
    sender.push(DEEDS, 5, [deed("a", area=5, changed_at="2026-03-01 05:00:00")])
    answer = sender.push(DEEDS, 4, [deed("a", area=4, changed_at="2026-03-01 04:00:00"), deed("b")])
    assert (answer.status_code, answer.json()["next_sequence"]) == (200, 6)
    assert asked(hub, "SELECT number, area::int FROM data.housing__deeds ORDER BY 1") == [("A", 5), ("B", 89)]
    assert asked(hub, "SELECT price::int FROM data.housing__tariffs") == [(5,)]


def test_a_jti_names_one_request(hasty: Sender) -> None:
    assert hasty.push(DEEDS, 1, [deed("a")], jti="one-and-the-same-1").status_code == 202
    assert problem(hasty.push(DEEDS, 2, [deed("b")], jti="one-and-the-same-1")) == (409, "request-reused")


# --- nothing is lost


def test_a_worker_that_comes_later_answers_the_same(hub: Hub, hasty: Sender, clock: Clock, intake: Intake) -> None:
    response = hasty.push(DEEDS, 1, [deed("a")])
    assert (response.status_code, response.json()["state"]) == (202, "waiting")
    stored = next(path for path in landed(hub) if "uploads" in path.parts)
    assert OWNER[0].encode() not in stored.read_bytes()
    with working(hub, intake, clock):
        pass
    answer = hasty.look(response.headers["location"])
    assert (answer.status_code, answer.json()["state"]) == (200, "done")


def test_a_worker_that_died_before_it_could_say_so_left_one_batch(
    hub: Hub, hasty: Sender, clock: Clock, intake: Intake
) -> None:
    body = ndjson([deed("a")])
    response = hasty.post(DEEDS, hasty.pushing(DEEDS, 1, body), body)
    path = Path(asked(hub, "SELECT path FROM hub.push")[0][0])
    dataset = intake.catalogue.dataset(DEEDS)
    rows = PushedRows(dataset, "deeds", 1, hashlib.sha256(body).digest(), lambda: intake.landing.open_upload(path))
    outcome = intake.take_in(DEEDS, connector=rows, deliverer="client deeds")
    assert take_next_push(hub.store(Role.LOAD), intake, clock, set())
    answer = hasty.look(response.headers["location"]).json()
    assert (answer["state"], answer["batch"], answer["counts"]["new"]) == ("done", outcome.batch, 1)
    assert asked(hub, "SELECT count(*) FROM hub.batch") == [(1,)]


def test_a_busy_dataset_waits_and_does_not_keep_others_waiting(
    hub: Hub, hasty: Sender, clock: Clock, intake: Intake
) -> None:
    store = hub.store(Role.LOAD)
    waiting = [hasty.push(DEEDS, number, [deed("a")]).headers["location"] for number in (1, 2)]
    free = hasty.push(TARIFFS, 1, [{"code": "a"}]).headers["location"]
    passed_over: set[str] = set()
    with batches.dataset_lock(store, DEEDS):
        while take_next_push(store, intake, clock, passed_over):
            pass
    assert passed_over == {DEEDS}
    assert [hasty.look(path).status_code for path in (*waiting, free)] == [202, 202, 200]
    while take_next_push(store, intake, clock, set()):
        pass
    assert [hasty.look(path).status_code for path in waiting] == [200, 200]
    assert asked(hub, "SELECT array_agg(sequence ORDER BY batch) FROM hub.push WHERE dataset = 'housing.deeds'") == [
        ([1, 2],)
    ]


def test_a_delivery_under_which_workers_end_is_given_up(hub: Hub, hasty: Sender, clock: Clock, intake: Intake) -> None:
    store, path = hub.store(Role.LOAD), hasty.push(DEEDS, 1, [deed("a")]).headers["location"]
    for _ in range(MOST_ATTEMPTS):
        with store.begin() as conn:
            assert pushes.next_waiting(conn) is not None
    assert take_next_push(store, intake, clock, set())
    assert problem(hasty.look(path)) == (422, "delivery-refused")


def test_too_many_waiting_are_refused_early(hasty: Sender) -> None:
    for number in range(1, MOST_WAITING + 1):
        assert hasty.push(DEEDS, number, [deed("a")]).status_code == 202
    assert problem(hasty.push(DEEDS, MOST_WAITING + 1, [deed("a")])) == (503, "too-many-waiting")


# --- what is not what was signed


def test_another_body_than_the_signed_one_leaves_nothing(hub: Hub, sender: Sender) -> None:
    body = ndjson([deed("a"), deed("b")])
    token = sender.pushing(DEEDS, 1, body)
    for sent in (body[:-3], body + b"\n", body.replace(b"88.5", b"88.6"), b"", iter([body[:10], body[20:]])):
        assert problem(sender.post(DEEDS, token, sent)) == (400, "body-differs")
    rows = PushedDelivery.of(DEEDS, 1, [body]).to_json() | {"rows": 3}
    miscounted = sender.token(f"/v1/datasets/{DEEDS}/batches", rows)
    assert problem(sender.post(DEEDS, miscounted, body)) == (400, "body-differs")
    assert landed(hub) == []
    assert asked(hub, "SELECT count(*) FROM hub.push") == [(0,)]


def test_too_large_is_refused_early(hub: Hub, sender: Sender) -> None:
    delivery = PushedDelivery(DEEDS, 1, bytes(32), MOST_ROWS)
    path = f"/v1/datasets/{DEEDS}/batches"
    blocks = (bytes(1 << 20) for _ in range(UPLOAD_LIMIT // (1 << 20) + 1))
    assert problem(sender.post(DEEDS, sender.token(path, delivery.to_json()), blocks)) == (413, "body-too-large")
    many = dataclasses.replace(delivery, rows=MOST_ROWS + 1)
    assert problem(sender.post(DEEDS, sender.token(path, many.to_json()), b"{}")) == (413, "too-many-rows")
    declared = http.client.HTTPConnection(sender.served.url.removeprefix("http://"))
    declared.request("POST", path, headers={"content-type": NDJSON, "content-length": str(10 * UPLOAD_LIMIT)})
    assert declared.getresponse().status == 413
    declared.close()
    assert landed(hub) == []


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "", "application/x-ndjson2"])
def test_other_content_types_are_refused(sender: Sender, kind: str) -> None:
    body = ndjson([deed("a")])
    response = sender.post(DEEDS, sender.pushing(DEEDS, 1, body), body, kind)
    assert problem(response) == (415, "wrong-media-type")


# --- who sends


def signed(sender: Sender, body: bytes, **claims: object) -> httpx.Response:
    return sender.post(DEEDS, sender.pushing(DEEDS, 1, body, **claims), body)


def test_only_the_clients_own_fresh_request_for_this_address_counts(hub: Hub, sender: Sender, clock: Clock) -> None:
    body, now = ndjson([deed("a")]), int(clock().timestamp())
    path = f"/v1/datasets/{DEEDS}/batches"
    delivery = PushedDelivery.of(DEEDS, 1, [body]).to_json()
    add_client(hub, "other", "housing")
    stranger = dataclasses.replace(sender, client_id="deeds", key=new_key(ES256))
    refused = {
        "typ": (sender.post(DEEDS, sender.token(path, delivery, typ=TYP_REQUEST), body), 401, "not-verified"),
        "key": (signed(stranger, body), 401, "not-verified"),
        "issuer": (signed(sender, body, iss="other"), 401, "not-verified"),
        "unknown": (signed(sender, body, iss="nobody"), 401, "not-verified"),
        "strange": (signed(sender, body, iss="../\u0000'"), 401, "not-verified"),
        "audience": (signed(sender, body, aud="https://elsewhere.example"), 401, "wrong-audience"),
        "audiences": (signed(sender, body, aud=[sender.served.url]), 401, "wrong-audience"),
        "url": (signed(sender, body, url=sender.served.url + path + "/1"), 401, "wrong-url"),
        "question": (signed(sender, body, question={}), 400, "malformed-request"),
        "long": (signed(sender, body, exp=now + 121), 400, "lives-too-long"),
        "stale": (signed(sender, body, iat=now - 200, exp=now - 100), 401, "stale"),
        "future": (signed(sender, body, iat=now + 61, exp=now + 90), 401, "from-the-future"),
        "look": (sender.post(DEEDS, sender.token(path), body), 400, "malformed-request"),
        "dataset": (
            sender.post(DEEDS, sender.token(path, delivery | {"dataset": TARIFFS}), body),
            400,
            "malformed-delivery",
        ),
        "none": (
            sender.served.http.post(path, content=body, headers={"content-type": NDJSON}),
            400,
            "not-a-signed-push",
        ),
        "no token": (sender.post(DEEDS, "Bearer abc", body), 400, "not-a-signed-push"),
        "twice": (
            sender.served.http.post(
                path,
                content=body,
                headers=[("content-type", NDJSON), *[("hub-request", sender.token(path, delivery))] * 2],
            ),
            400,
            "not-a-signed-push",
        ),
    }
    assert {name: problem(response) for name, (response, _, _) in refused.items()} == {
        name: (status, kind) for name, (_, status, kind) in refused.items()
    }
    assert landed(hub) == []


@pytest.mark.parametrize("member", ["sequence", "rows", "body_digest", "dataset"])
@pytest.mark.parametrize("value", [None, 0, -1, "1", True, [], "A" * 44, 2**53])
def test_a_delivery_is_described_exactly(sender: Sender, member: str, value: object) -> None:
    body = ndjson([deed("a")])
    wrong = PushedDelivery.of(DEEDS, 1, [body]).to_json() | {member: value}
    response = sender.post(DEEDS, sender.token(f"/v1/datasets/{DEEDS}/batches", wrong), body)
    assert problem(response) == (400, "malformed-delivery")
    assert member in response.json()["detail_en"]


def test_unknown_and_foreign_datasets_are_one_answer(hub: Hub, sender: Sender) -> None:
    answers = [
        sender.push(name, 1, [deed("a")]) for name in ("housing.nothing", "public_security.residents", "no.such")
    ]
    assert {problem(answer) for answer in answers} == {(404, "not-found")}
    assert len({answer.content for answer in answers}) == 1
    assert problem(sender.push(DROPPED, 1, [{"code": "a"}])) == (409, "not-pushed")
    assert problem(sender.look("/v1/datasets/no.such/batches")) == (404, "not-found")
    assert landed(hub) == []


def test_a_client_needs_the_right_to_push_and_is_not_suspended(hub: Hub, sender: Sender, clock: Clock) -> None:
    asking = dataclasses.replace(sender, client_id="asking", key=add_client(hub, "asking", "housing"))
    for name in (DEEDS, "no.such"):
        assert problem(asking.push(name, 1, [deed("a")])) == (403, "may-not-push")
    with hub.store(Role.OWNER).begin() as conn:
        today = clock().date()
        pushes.give_right(conn, "asking", "市数据局", today - timedelta(days=9), today - timedelta(days=2))
        clients.suspend_client(conn, "deeds")
    assert problem(asking.push(DEEDS, 1, [deed("a")])) == (403, "may-not-push")
    assert problem(sender.push(DEEDS, 1, [deed("a")])) == (403, "may-not-push")


def test_results_are_the_departments_own(hub: Hub, hasty: Sender, clock: Clock) -> None:
    response = hasty.push(DEEDS, 1, [deed("a")])
    path = response.headers["location"]
    register = {"by": "市数据局", "now": clock()}
    keys = {name: new_key(ES256) for name in ("second", "police")}
    register_publisher(hub.home, "second", "housing", "", keys["second"].to_jwk(), **register)  # type: ignore[arg-type]
    register_publisher(hub.home, "police", "public_security", "", keys["police"].to_jwk(), **register)  # type: ignore[arg-type]
    second, police = (dataclasses.replace(hasty, client_id=name, key=key) for name, key in keys.items())
    assert second.look(path).json() == response.json()
    assert problem(police.look(path)) == (404, "not-found")
    assert problem(hasty.look(path.replace(DEEDS, TARIFFS))) == (404, "not-found")
    assert problem(hasty.served.http.get(path)) == (400, "not-a-signed-push")
    body = ndjson([deed("a")])
    bringing = hasty.pushing(DEEDS, 1, body, url=hasty.served.url + path)
    assert problem(hasty.served.http.get(path, headers={"hub-request": bringing})) == (400, "malformed-request")


# --- how it is written down


def test_no_role_may_do_more_than_it_needs(hub: Hub, served: Served) -> None:
    assert served
    for role in (Role.API, Role.PAGE, Role.LOAD):
        with hub.store(role).begin() as conn:
            assert roles.privilege_faults(conn, role) == []
    may = "SELECT has_any_column_privilege('{}', 'hub.push', '{}')"
    wanted = {("hub_api", "INSERT"), ("hub_load", "UPDATE")}
    for role, right in [
        (role, right) for role in ("hub_api", "hub_load", "hub_page") for right in ("INSERT", "UPDATE")
    ]:
        assert asked(hub, may.format(role, right)) == [((role, right) in wanted,)]


def test_the_interface_describes_itself(served: Served) -> None:
    described = served.http.get("/v1/openapi.json").json()
    paths, schemas = described["paths"], described["components"]["schemas"]
    push = paths["/v1/datasets/{name}/batches"]["post"]
    assert {"200", "202", "400", "401", "403", "404", "409", "413", "415", "422"} <= push["responses"].keys()
    assert [one["name"] for one in push["parameters"]] == ["name", "dry_run", "Hub-Request", "Prefer"]
    assert NDJSON in push["requestBody"]["content"]
    assert {"state", "rows", "counts", "next_sequence"} <= schemas["DeliveryResult"]["properties"].keys()


# --- trials


@pytest.mark.usefixtures("worker")
def test_a_trial_says_what_would_come_of_it_and_keeps_nothing(hub: Hub, sender: Sender) -> None:
    rows = [deed("粤2020汕头0001"), deed("粤2020汕头0002", status="sold")]
    response = sender.try_out(DEEDS, rows)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert (answer["state"], answer["counts"]["new"], answer["counts"]["quarantined"]) == ("checked", 1, 1)
    assert [(one["rule"], one["rows"], one["first_rows"]) for one in answer["reasons"]] == [
        ("status-code_table", 1, [2])
    ]
    assert "sold" not in response.text
    assert sender.look(response.headers["location"]).json() == answer
    assert asked(hub, "SELECT count(*) FROM hub.batch") == [(0,)]
    assert asked(hub, "SELECT count(*) FROM data.housing__deeds") == [(0,)]
    assert landed(hub) == []
    assert sender.push(DEEDS, 1, rows).json()["counts"]["new"] == 1  # the trial took no sequence


@pytest.mark.usefixtures("worker")
def test_a_trial_that_can_t_be_read_says_why(sender: Sender) -> None:
    answer = sender.try_out(DEEDS, [{"number": "a", "strange": 1}]).json()
    assert (answer["state"], answer["counts"]) == ("refused", None)
    assert "strange" in answer["fault"]["zh"]


def test_a_trial_is_signed_for_as_such_and_is_the_departments_own(hasty: Sender) -> None:
    body = ndjson([deed("a")])
    earnest = hasty.pushing(DEEDS, 1, body)
    refused = hasty.served.http.post(
        f"/v1/datasets/{DEEDS}/batches?dry_run=1",
        content=body,
        headers={"hub-request": earnest, "content-type": NDJSON},
    )
    assert problem(refused)[0] == 401
    waiting = hasty.try_out(DEEDS, [deed("a")])
    assert (waiting.status_code, waiting.json()["state"]) == (202, "waiting")
    assert problem(hasty.look(waiting.headers["location"].replace(DEEDS, TARIFFS))) == (404, "not-found")
    again = hasty.served.http.post(
        f"/v1/datasets/{DEEDS}/batches?dry_run=1",
        content=body,
        headers={"hub-request": hasty.tokens[-1], "content-type": NDJSON, "prefer": "respond-async"},
    )
    assert again.json()["trial"] == waiting.json()["trial"]
