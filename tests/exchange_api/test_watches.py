"""Watches over real HTTP: opened by signed questions, told in a signed feed, posted to a real TLS server, ended."""

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest
import sqlalchemy as sa

from certificates.jose import Key, sign, signing_input
from certificates.keys import KeyPurpose
from certificates.message_signatures import SignatureRefused, Signed, digest_matches, verify_message
from certificates.published_keys import published_keys
from certificates.receipts import TYP_REQUEST, open_receipt, receipt_keys
from exchange_api.watching.messages import FEED_TAG, POST_TAG, answer_components, posted_components
from exchange_api.watching.posting import LEASE, MOST_ATTEMPTS, Poster, Round
from exchange_api.watching.reading import Reading
from registries.home import Role
from registries.store import watch_changes, watch_deliveries
from registries.webhook_hosts import WebhookHosts, pinned
from tests.exchange_api.conftest import (
    HOLDER,
    OTHER_HOLDER,
    TYPE,
    Asking,
    Certificates,
    Clock,
    Hub,
    Served,
    add_client,
)
from tests.hooks import Came, Hook, Reply, hooks

NUMBER, SECOND = "44050000001", "44050000002"


@dataclass
class Watching:
    """A client that watches."""

    asking: Asking
    served: Served
    count: int = field(default=0)

    def open(self, number: str = NUMBER, holder: tuple[str, str, str] = HOLDER, **more: object) -> httpx.Response:
        url = f"{self.served.url}/v1/watches"
        question = self.asking.question(number, holder) | more
        token = self.asking.token(self.served.url, question, url=url)  # type: ignore[arg-type]  # a test's shorthand
        return self.served.http.post("/v1/watches", content=token, headers={"content-type": "application/jwt"})

    def token(self, path: str, key: Key | None = None, typ: str = TYP_REQUEST, **claims: object) -> str:
        self.count += 1
        issued = int(self.asking.clock().timestamp())
        payload = {
            "iss": self.asking.client_id,
            "aud": self.served.url,
            "iat": issued,
            "exp": issued + 60,
            "jti": f"reading-{self.count:020}",
            "url": self.served.url + path,
        }
        return sign(signing_input(payload | claims, key or self.asking.key, typ), key or self.asking.key)

    def send(self, method: str, path: str, token: str | None = None) -> httpx.Response:
        return self.served.http.request(method, path, headers={"hub-request": token or self.token(path)})

    def feed(self, after: int = 0, limit: int = 100) -> dict:
        path = f"/v1/watches/feed?after={after}&limit={limit}"
        response = self.send("GET", path)
        assert response.status_code == 200, response.text
        verified(self.served, response, path)
        return response.json()

    def told(self, after: int = 0) -> list[list[str]]:
        return [event["changed"] for event in self.feed(after)["events"]]


def keys_of(served: Served) -> dict[str, Key]:
    found = published_keys(served.http.get("/v1/keys.jwks").json(), KeyPurpose.MESSAGE.value)
    return {kid: one.key for kid, one in found.items()}


def verified(served: Served, response: httpx.Response, path: str) -> None:
    """As a client verifies an answer of the feed: by published keys and what it asked itself."""
    headers = response.headers
    assert digest_matches(headers["content-digest"], response.content)
    told = answer_components(served.url + path, headers["content-digest"])
    signed = Signed(headers["signature-input"], headers["signature"])
    now = int(served.parts.clock().timestamp())
    verify_message(told, signed, keys_of(served), tag=FEED_TAG, now=now)
    other = answer_components(served.url + path + "0", headers["content-digest"])
    with pytest.raises(SignatureRefused):  # nor is it an answer to another question
        verify_message(other, signed, keys_of(served), tag=FEED_TAG, now=now)


@pytest.fixture
def watching(served: Served, asking: Asking, certificates: Certificates) -> Watching:
    certificates.rows[SECOND] = {}
    certificates.rows.clear()
    certificates.add(NUMBER)
    certificates.add(SECOND)
    return Watching(asking, served)


@pytest.fixture
def hook() -> Iterator[Hook]:
    with hooks() as running:
        yield running


@pytest.fixture
def poster(served: Served, hook: Hook, hub: Hub, clock: Clock) -> Poster:
    """The process that posts, with the hook's host allowed."""
    hosts = WebhookHosts(hub.home.path)
    entry = pinned(f"approval.test:{hook.port}", ["127.0.0.1"], clients=["approval-1"], authority=hook.authority)
    hosts.allow(entry)
    return Poster(served.parts.store_api, served.parts.keys, hosts, clock, lambda: 0.5)


def change(hub: Hub, clock: Clock, number: str, status: str) -> None:
    """A certificate moves, as after a take-over."""
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(
            sa.text("UPDATE hub.certificate SET status = :status WHERE number = :number"),
            {"status": status, "number": number},
        )
    with hub.store(Role.LOAD).begin() as conn:
        watch_changes.note_all(conn, clock(), clock().date())


def test_the_life_of_a_watch(watching: Watching, certificates: Certificates, hub: Hub, clock: Clock) -> None:
    served = watching.served
    opened = watching.open(expiry_days=30)
    assert opened.status_code == 200, opened.text
    keys = receipt_keys(served.http.get("/v1/keys.jwks").json())
    receipt = open_receipt(opened.json()["receipt"], keys)
    watch = receipt.answer["opened"]
    assert (receipt.act, receipt.answer["code"], watch["webhook"], watch["expiry_days"]) == ("watch", "valid", None, 30)
    assert watch["until"] == (clock().date() + dt.timedelta(days=90)).isoformat()
    assert watching.open(expiry_days=7).json()["verdict"]["opened"]["id"] == watch["id"]  # the same for the same case
    assert watching.feed() == {"events": [], "first": 1, "last": 0, "more": False, "next": "/v1/watches/feed?after=0"}

    certificates.rows[NUMBER]["status_code"] = "22"
    certificates.deliver()
    (event,) = watching.feed()["events"]
    assert event | {"at": None} == {
        "event": f"{watch['id']}.1",
        "sequence": 1,
        "watch": watch["id"],
        "certificate_type": TYPE,
        "changed": ["status"],
        "at": None,
    }
    change(hub, clock, NUMBER, "valid")
    assert watching.feed(after=1)["events"][0]["sequence"] == 2
    page = watching.feed(limit=1)
    assert (page["more"], page["next"], page["last"]) == (True, "/v1/watches/feed?after=1", 2)

    listed = watching.send("GET", "/v1/watches?case=ST-2026-0001")
    verified(served, listed, "/v1/watches?case=ST-2026-0001")
    assert [(one["id"], one["state"], one["expiry_days"]) for one in listed.json()["watches"]] == [
        (watch["id"], "open", 7)
    ]
    assert watching.send("GET", "/v1/watches?case=other").json() == {"watches": []}
    for _ in range(2):
        ended = watching.send("POST", f"/v1/watches/{watch['id']}/end")
        assert (ended.json()["state"], ended.json()["ended_because"]) == ("ended", "client")
    change(hub, clock, NUMBER, "suspended")
    assert len(watching.told()) == 2
    everything = listed.text + opened.json()["receipt"] + json.dumps(watching.feed())
    assert not any(part in everything for part in (NUMBER, HOLDER[0], HOLDER[1]))


def test_what_opens_no_watch(watching: Watching, hub: Hub, clock: Clock, poster: Poster) -> None:
    def reason(**more: object) -> str:
        answer = watching.open(**more)  # type: ignore[arg-type]  # members of the question
        assert answer.status_code == 200, answer.text
        return str(answer.json()["verdict"]["opened"]["reason"])

    assert reason(holder=OTHER_HOLDER) == reason(number="44059999999") == "nothing_to_watch"
    assert reason(until=(clock().date() - dt.timedelta(days=1)).isoformat()) == "until_out_of_reach"
    assert reason(until=(clock().date() + dt.timedelta(days=401)).isoformat()) == "until_out_of_reach"
    assert reason(webhook="https://elsewhere.test/x") == "webhook_not_allowed"
    poster.hosts.allow(pinned("elsewhere.test", ["127.0.0.1"], clients=["somebody-else"]))
    assert reason(webhook="https://elsewhere.test/x") == "webhook_not_allowed"
    refused = watching.open(purpose="其他用途").json()["verdict"]
    assert (refused["code"], "opened" in refused) == ("refused", False)
    for wrong in (
        {"webhook": "http://approval.test/x"},
        {"webhook": "https://127.0.0.1/x"},
        {"webhook": 7},
        {"expiry_days": -1},
        {"expiry_days": True},
        {"until": "2026-13-01"},
        {"until": "20260301"},
        {"as_of": "2026-03-01"},
        {"other": "x"},
    ):
        answer = watching.open(**wrong)  # type: ignore[arg-type]  # what is wrong on purpose
        assert (answer.status_code, answer.json()["code"]) == (422, "malformed-question"), wrong
    with hub.store(Role.OWNER).begin() as conn:
        assert conn.execute(sa.text("SELECT count(*) FROM hub.watch")).scalar() == 0


def test_who_may_read(watching: Watching, hub: Hub, clock: Clock) -> None:
    opened = watching.open().json()["verdict"]["opened"]["id"]
    change(hub, clock, NUMBER, "suspended")
    other = Watching(Asking("approval-2", add_client(hub, "approval-2"), clock), watching.served)
    path = "/v1/watches/feed"
    assert other.told() == []
    assert other.send("GET", "/v1/watches").json() == {"watches": []}
    ended = other.send("POST", f"/v1/watches/{opened}/end")
    assert (ended.status_code, ended.json()["code"]) == (404, "no-such-watch")

    def refused(token: str, at: str = path) -> tuple[int, str]:
        answer = watching.send("GET", at, token)
        return answer.status_code, answer.json()["code"]

    assert watching.served.http.get(path).json()["code"] == "not-a-signed-reading"
    assert refused("x") == (401, "not-verified")
    assert refused(watching.token(path, other.asking.key)) == (401, "not-verified")
    assert refused(watching.token(path, iss="nobody")) == (401, "not-verified")
    assert refused(watching.token(path, typ="hub-push+jwt")) == (401, "not-verified")
    assert refused(watching.token(path), path + "?after=1") == (401, "wrong-url")
    assert refused(watching.token(path, question={})) == (400, "malformed-request")
    assert refused(watching.token(path, aud="https://other.example")) == (401, "wrong-audience")
    clock.move(minutes=5)
    late = watching.token(path)
    clock.move(minutes=5)
    assert refused(late) == (401, "stale")
    assert watching.send("GET", path + "?after=-1").status_code == 422
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(sa.text("UPDATE hub.client SET state = 'suspended' WHERE id = 'approval-1'"))
    assert refused(watching.token(path)) == (403, "client-rests")


def test_events_are_posted_signed_in_order_and_until_they_arrive(
    watching: Watching, hub: Hub, clock: Clock, hook: Hook, poster: Poster
) -> None:
    watch = watching.open(webhook=hook.url).json()["verdict"]["opened"]
    assert watch["webhook"] == hook.url
    assert poster.round() == Round()
    change(hub, clock, NUMBER, "suspended")
    change(hub, clock, NUMBER, "valid")
    hook.behaviour = lambda _: Reply(503)
    assert poster.round() == Round(again=1)  # the second waits for the first
    assert poster.round() == Round()
    clock.move(seconds=6)
    hook.behaviour = lambda _: Reply(302, {"Location": "https://169.254.169.254/"})
    assert poster.round() == Round(again=1)
    clock.move(seconds=11)
    hook.behaviour = lambda _: Reply()
    assert [poster.round(), poster.round(), poster.round()] == [Round(sent=1), Round(sent=1), Round()]
    sequences = [json.loads(came.body)["sequence"] for came in hook.came]
    assert sequences == [1, 1, 1, 2]
    assert hook.came[0].body == hook.came[2].body
    assert [json.loads(came.body) for came in hook.came[2:]] == watching.feed()["events"]
    for came in hook.came:
        arrived(came, hook, watching.served, int(clock().timestamp()))
    assert not any(part in str(hook.came) for part in (NUMBER, HOLDER[0], HOLDER[1], "ST-2026-0001"))


def arrived(came: Came, hook: Hook, served: Served, now: int) -> None:
    """As a client's system verifies what is posted to it."""
    assert came.path == "/hub/events?system=1"
    assert came.headers["host"] == f"approval.test:{hook.port}"
    assert digest_matches(came.headers["content-digest"], came.body)
    told = posted_components(hook.url, came.headers["content-digest"])
    signed = Signed(came.headers["signature-input"], came.headers["signature"])
    verify_message(told, signed, keys_of(served), tag=POST_TAG, now=now)
    with pytest.raises(SignatureRefused):
        verify_message(told, signed, keys_of(served), tag=FEED_TAG, now=now)


def test_whoever_dies_holds_nothing_for_ever(
    watching: Watching, hub: Hub, clock: Clock, hook: Hook, poster: Poster
) -> None:
    watching.open(webhook=hook.url)
    watching.open(SECOND, webhook=hook.url)
    change(hub, clock, NUMBER, "suspended")
    change(hub, clock, SECOND, "suspended")
    with hub.store(Role.API).begin() as conn:
        (dying,) = watch_deliveries.claim(conn, clock(), "who dies", clock() + LEASE, 1)
        assert [one.event.place for one in watch_deliveries.claim(conn, clock(), "x", clock() + LEASE, 9)] == [2]
    assert poster.round() == Round()
    clock.move(seconds=61)
    assert poster.round() == Round(sent=2)
    with hub.store(Role.API).begin() as conn:  # who was thought dead comes back, and changes nothing
        assert not watch_deliveries.finish(conn, dying, 200, clock())
        assert not watch_deliveries.retry(conn, dying, watch_deliveries.Failed("timeout"), clock())
    change(hub, clock, NUMBER, "valid")
    change(hub, clock, NUMBER, "suspended")
    with hub.store(Role.API).connect() as held:  # in a transaction that is still open
        assert len(watch_deliveries.claim(held, clock(), "busy", clock() + LEASE, 9)) == 1
        assert poster.round() == Round()
    assert [poster.round().sent, poster.round().sent] == [1, 1]
    came = [json.loads(one.body)["sequence"] for one in hook.came]
    assert (sorted(came[:2]), came[2:]) == ([1, 2], [3, 4])  # two watches are told side by side


def test_what_never_arrives_is_kept_and_can_be_sent_again(
    watching: Watching, hub: Hub, clock: Clock, hook: Hook, poster: Poster
) -> None:
    watching.open(webhook=hook.url)
    watching.open(SECOND, webhook=hook.url)
    change(hub, clock, NUMBER, "suspended")
    hook.behaviour = lambda _: Reply(410)
    assert poster.round() == Round(dead=1)
    change(hub, clock, NUMBER, "valid")
    poster.hosts.forbid(f"approval.test:{hook.port}")
    assert poster.round() == Round(dead=1)  # who is taken off the list is posted nothing
    entry = pinned(f"approval.test:{hook.port}", ["127.0.0.1"], authority=hook.authority)
    poster.hosts.allow(entry)
    change(hub, clock, NUMBER, "suspended")
    hook.behaviour = lambda _: Reply(silent=True)
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(sa.text("UPDATE hub.watch_delivery SET attempts = :most"), {"most": MOST_ATTEMPTS - 2})
    assert poster.round() == Round(again=1)
    change(hub, clock, SECOND, "suspended")
    with hub.store(Role.API).begin() as conn:
        watch_deliveries.rest(conn, f"approval.test:{hook.port}", clock() + dt.timedelta(hours=2))
    clock.move(hours=1)
    assert poster.round() == Round()  # a host that can't be reached is left alone, with all that waits for it
    clock.move(hours=1)
    assert poster.round() == Round(again=1, dead=1)
    hook.behaviour = lambda _: Reply()
    with hub.store(Role.PAGE).begin() as conn:
        dead = watch_deliveries.list_deliveries(conn, "dead", department="civil_affairs")
        assert [(one.event.place, one.fault, one.status) for one in dead] == [
            (3, "unreachable", None),
            (2, "not_allowed", None),
            (1, "gone", 410),
        ]
        assert watch_deliveries.list_deliveries(conn, "dead", department="elsewhere") == []
        assert watch_deliveries.resend(conn, [(one.event.client_id, one.event.place) for one in dead], clock()) == 3
        assert watch_deliveries.counts(conn) == {"waiting": 4, "sent": 0, "dead": 0, "dropped": 0}
    clock.move(hours=2)
    while poster.round().any:
        pass
    with hub.store(Role.PAGE).begin() as conn:
        assert watch_deliveries.counts(conn)["sent"] == 4


def test_only_pinned_hosts_that_show_who_they_are(
    watching: Watching, hub: Hub, clock: Clock, hook: Hook, poster: Poster
) -> None:
    name = f"approval.test:{hook.port}"

    def outcome() -> tuple[str | None, int | None]:
        clock.move(hours=2)
        poster.round()
        with hub.store(Role.API).begin() as conn:
            (one,) = watch_deliveries.list_deliveries(conn, "waiting")
        return one.fault, one.status

    watching.open(webhook=hook.url)
    change(hub, clock, NUMBER, "suspended")
    hook.behaviour = lambda _: Reply(500)
    assert outcome() == ("status", 500)
    seen = len(hook.came)
    poster.hosts.allow(pinned(name, ["127.0.0.1"]))  # by the system's authorities
    assert outcome() == ("tls", None)
    with hooks("another.test") as another:
        poster.hosts.allow(pinned(name, ["127.0.0.1"], authority=another.authority))
        assert outcome() == ("tls", None)
    poster.hosts.allow(pinned(name, ["127.0.0.2"], authority=hook.authority))  # nobody listens there
    assert outcome() == ("unreachable", None)
    assert len(hook.came) == seen
    poster.hosts.allow(pinned(name, ["127.0.0.2", "127.0.0.1"], authority=hook.authority))
    assert outcome() == ("status", 500)


def test_who_answers_drop_by_drop_keeps_nobody(
    watching: Watching, hub: Hub, clock: Clock, hook: Hook, poster: Poster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exchange_api.watching.pinned.TOTAL_SECONDS", 0.5)
    watching.open(webhook=hook.url)
    change(hub, clock, NUMBER, "suspended")
    hook.behaviour = lambda _: Reply(200, drip=0.05)
    assert poster.round() == Round(again=1)
    with hub.store(Role.API).begin() as conn:
        assert [one.fault for one in watch_deliveries.list_deliveries(conn, "waiting")] == ["timeout"]
    ended = watching.send("GET", "/v1/watches").json()["watches"][0]["id"]
    watching.send("POST", f"/v1/watches/{ended}/end")
    clock.move(hours=1)
    assert poster.round() == Round()  # what waits is not posted any more


def test_an_answer_of_the_feed_says_that_it_was_signed_by_the_key_for_messages(watching: Watching) -> None:
    reading: Reading = watching.served.parts.watching
    page = reading.feed(watching.token("/v1/watches/feed"), "/v1/watches/feed", after=0)
    assert reading.keys.active(KeyPurpose.MESSAGE).kid in page.headers["Signature-Input"]
