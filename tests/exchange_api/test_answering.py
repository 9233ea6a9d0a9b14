"""The way of a question, asked over HTTP of a hub on real PostgreSQL."""

import base64
import gc
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from certificates.checkpoints import verify_proof
from certificates.jose import ES256, key_from_jwk, new_key
from certificates.keys import KeyPurpose
from certificates.receipts import Receipt, verify_receipt
from exchange_api.answers import Answer
from exchange_api.errors import NotFound
from registries.errors import StoreDown
from registries.home import Role
from registries.store import clients, ledger
from tests.exchange_api.conftest import (
    DATASET,
    HOLDER,
    OTHER_HOLDER,
    TYPE,
    Asking,
    Certificates,
    Clock,
    Hub,
    Served,
    add_client,
    licence,
    send,
    serving,
    serving_twice,
    signed_content,
)
from tests.exchange_api.statements import statements

NUMBER = "440500000000001"


@pytest.fixture(params=["one application", "two applications"])
def served(hub: Hub, certificates: Certificates, clock: Clock, request: pytest.FixtureRequest) -> Iterator[Served]:  # noqa: ARG001 - the source is covered
    """All of what follows holds whether one application answers or several share the database."""
    serve = serving if request.param == "one application" else serving_twice
    with serve(hub, clock) as running:
        yield running


def payload_of(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def verified(served: Served, response: httpx.Response) -> Receipt:
    """The receipt, after verifying it and its proof with the published keys alone."""
    assert response.status_code == 200, response.text
    jwks = served.http.get("/v1/keys.jwks").json()
    receipt = verify_receipt(response.json()["receipt"], jwks)
    log_keys = [key_from_jwk(key) for key in jwks["keys"] if key["purpose"] == "checkpoint"]
    verify_proof(response.json()["proof"], receipt.leaf_data, log_keys)
    assert receipt.answer == response.json()["verdict"]
    return receipt


def problem(response: httpx.Response, status: int, name: str) -> dict[str, Any]:
    """The problem document, which holds cause and next step in both languages."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = response.json()
    assert found["code"] == name
    assert found["detail"] != found["detail_en"]
    assert found["title"] != found["title_en"]
    return found


def ledger_entries(hub: Hub) -> list[tuple[str, str]]:
    with hub.store(Role.OWNER).begin() as conn:
        rows = conn.execute(sa.text("SELECT issuer, jti FROM hub.ledger_entry WHERE kind = 'answer' ORDER BY id"))
        return [(row.issuer, row.jti) for row in rows]


# --- verdicts


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({}, "valid"),
        ({"status_code": "05", "status_since": "2026-01-01", "status_reason": "违法"}, "revoked_penalty"),
        ({"status_code": "03", "status_since": "2026-01-01", "status_reason": "申请"}, "cancelled"),
        ({"valid_until": "2026-03-02"}, "valid"),
        ({"valid_until": "2026-03-01"}, "expired"),
        ({"valid_from": "2026-03-03"}, "not_yet_valid"),
    ],
)
def test_a_known_certificate_gets_its_verdict(
    served: Served, asking: Asking, certificates: Certificates, more: dict[str, str], code: str
) -> None:
    certificates.add(NUMBER, HOLDER, **more)
    receipt = verified(served, asking.ask(served, NUMBER))
    assert receipt.answer["code"] == code
    assert receipt.answer["certificate"]["number"] == NUMBER
    assert receipt.aud == "approval-1"
    assert receipt.answer["asked"]["case"] == "ST-2026-0001"


def test_a_number_in_quarantine_is_pending_and_never_no_match(
    served: Served, asking: Asking, certificates: Certificates
) -> None:
    certificates.refuse(NUMBER)
    receipt = verified(served, asking.ask(served, NUMBER))
    assert receipt.answer["code"] == "pending_check"
    assert "照常办理" in receipt.answer["next"]["zh"]


def test_a_genuine_certificate_whose_update_was_refused_is_pending(
    served: Served, asking: Asking, certificates: Certificates
) -> None:
    certificates.add(NUMBER)
    certificates.refuse(NUMBER)
    assert verified(served, asking.ask(served, NUMBER)).answer["code"] == "pending_check"


def test_a_certificate_that_vanished_is_pending_and_not_cancelled(
    served: Served, asking: Asking, certificates: Certificates
) -> None:
    certificates.add(NUMBER)
    certificates.vanish(NUMBER)
    assert verified(served, asking.ask(served, NUMBER)).answer["code"] == "pending_check"


def test_a_type_that_is_not_collected_says_so(served: Served, asking: Asking, hub: Hub) -> None:
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(sa.text("UPDATE hub.dataset SET data_as_of = NULL"))
    assert verified(served, asking.ask(served, NUMBER)).answer["code"] == "not_covered"


def test_a_source_that_went_silent_is_unavailable(served: Served, asking: Asking, clock: Clock) -> None:
    clock.move(days=60)
    assert verified(served, asking.ask(served, NUMBER)).answer["code"] == "unavailable"


# --- no such number, another holder


def test_no_such_number_and_another_holder_are_one_answer(
    served: Served, asking: Asking, certificates: Certificates
) -> None:
    certificates.add("440500000000002", holder=OTHER_HOLDER)
    asking.ask(served, NUMBER)  # connections and caches are warm
    counts, answers = [], []
    for number in ("440500000000009", "440500000000002"):
        with statements(served) as counted:
            answers.append(asking.ask(served, number))
        counts.append(counted)
    assert counts[0] == counts[1]
    assert sum("hub.find_certificates" in statement for statement in counts[0]) == 1
    tokens = [answer.json()["receipt"] for answer in answers]
    assert len(tokens[0]) == len(tokens[1])
    first, second = (payload_of(token) for token in tokens)
    assert first["verification"]["code"] == "no_match"
    assert {name for name in first if first[name] != second[name]} <= {"jti", "req", "salt", "iat"}


def test_the_number_and_the_holder_are_not_in_the_receipt_of_a_miss(served: Served, asking: Asking) -> None:
    text = json.dumps(payload_of(asking.ask(served, NUMBER).json()["receipt"]), ensure_ascii=False)
    assert NUMBER not in text
    assert HOLDER[0] not in text
    assert HOLDER[1] not in text


# --- refusals


def test_without_a_grant_the_refusal_is_signed_logged_and_looks_nothing_up(
    served: Served, asking: Asking, certificates: Certificates, hub: Hub
) -> None:
    certificates.add(NUMBER)
    asking.ask(served, NUMBER)
    with statements(served) as counted:
        response = asking.ask(served, NUMBER, purpose="好奇")
    receipt = verified(served, response)
    assert receipt.answer["code"] == "refused"
    assert receipt.answer["certificate"] is None
    assert receipt.data_as_of is None
    assert not any("find_certificates" in statement for statement in counted)
    assert len(ledger_entries(hub)) == 2


def test_a_suspended_client_gets_a_signed_refusal(served: Served, asking: Asking, hub: Hub) -> None:
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(sa.text("UPDATE hub.client SET state = 'suspended'"))
    assert verified(served, asking.ask(served, NUMBER)).answer["code"] == "refused"


# --- requests that are not taken


@pytest.mark.parametrize("body", ["", "hello", "a.b.c", "{}", "ü", "e30.e30.e30", "." * 40_000])
def test_what_is_not_a_jws_is_told_so(served: Served, asking: Asking, hub: Hub, body: str) -> None:
    assert asking.key
    response = served.http.post("/v1/verifications", content=body.encode(), headers={"content-type": "application/jwt"})
    problem(response, 400, "not-a-signed-request")
    assert ledger_entries(hub) == []


def test_another_content_type_is_told_so(served: Served) -> None:
    response = served.http.post("/v1/verifications", json={"certificate_number": NUMBER})
    problem(response, 415, "wrong-media-type")


def test_a_huge_body_is_refused_by_its_length_and_while_it_arrives(served: Served) -> None:
    headers = {"content-type": "application/jwt"}
    declared = served.http.post("/v1/verifications", content=b"a" * 100_000, headers=headers)
    problem(declared, 413, "body-too-large")
    streamed = served.http.post("/v1/verifications", content=iter([b"a" * 40_000] * 3), headers=headers)
    problem(streamed, 413, "body-too-large")
    assert streamed.headers["x-content-type-options"] == "nosniff"


def test_a_stale_request_is_told_so_to_the_second(served: Served, asking: Asking, clock: Clock) -> None:
    on_the_edge, late = (asking.token(served.url, asking.question(NUMBER)) for _ in range(2))
    clock.move(seconds=120)  # 60 of its life, 60 for differing clocks
    verified(served, send(served, on_the_edge))
    clock.move(seconds=1)
    assert "时钟" in problem(send(served, late), 401, "stale")["detail"]


@pytest.mark.parametrize(
    ("claims", "status", "name"),
    [
        ({"aud": "https://other.example"}, 401, "wrong-audience"),
        ({"aud": ["the hub"]}, 401, "wrong-audience"),
        ({"url": "https://other.example/v1/verifications"}, 401, "wrong-url"),
        ({"jti": "short"}, 400, "bad-request-id"),
        ({"exp": 99999999999}, 400, "lives-too-long"),
        ({"iat": 99999999999, "exp": 99999999999}, 400, "lives-too-long"),
        ({"admin": True}, 400, "malformed-request"),
        ({"iss": "nobody-we-know"}, 401, "not-verified"),
        ({"iss": "nul\x00inside"}, 401, "not-verified"),
    ],
)
def test_wrong_claims_are_named(
    served: Served, asking: Asking, hub: Hub, claims: dict[str, object], status: int, name: str
) -> None:
    response = send(served, asking.token(served.url, asking.question(NUMBER), **claims))
    problem(response, status, name)
    assert ledger_entries(hub) == []


def test_an_array_with_the_right_audience_is_refused_too(served: Served, asking: Asking) -> None:
    token = asking.token(served.url, asking.question(NUMBER), aud=[served.url])
    problem(send(served, token), 401, "wrong-audience")


def test_a_request_in_another_clients_name_is_refused(served: Served, asking: Asking, hub: Hub) -> None:
    other = Asking("approval-2", add_client(hub, "approval-2"), asking.clock)
    for known in (asking, other):  # whose signatures are looked at before their turn comes
        known.ask(served, NUMBER)
    token = other.token(served.url, other.question(NUMBER), iss=asking.client_id)
    problem(send(served, token), 401, "not-verified")
    stranger = Asking(asking.client_id, new_key(ES256), asking.clock)
    problem(stranger.ask(served, NUMBER), 401, "not-verified")
    assert len(ledger_entries(hub)) == 2


@pytest.mark.parametrize("seen", [False, True])
def test_a_revoked_key_no_longer_asks(served: Served, asking: Asking, hub: Hub, *, seen: bool) -> None:
    if seen:
        verified(served, asking.ask(served, NUMBER))
    with hub.store(Role.OWNER).begin() as conn:
        clients.revoke_client_key(conn, asking.key.kid)
    problem(asking.ask(served, NUMBER), 401, "not-verified")


@pytest.mark.parametrize("member", ["certificate_type", "certificate_number", "holder_name", "purpose", "case"])
def test_a_question_without_a_member_names_it(served: Served, asking: Asking, member: str) -> None:
    question = asking.question(NUMBER)
    del question[member]
    found = problem(send(served, asking.token(served.url, question)), 422, "malformed-question")
    assert member in found["detail"]
    assert member in found["detail_en"]


def test_control_characters_never_reach_the_store(served: Served, asking: Asking) -> None:
    token = asking.token(served.url, asking.question("4405\x00"))
    problem(send(served, token), 422, "malformed-question")


def test_a_request_that_was_changed_is_refused_from_a_known_key_too(served: Served, asking: Asking, hub: Hub) -> None:
    verified(served, asking.ask(served, NUMBER))
    mine, other = (asking.token(served.url, asking.question(NUMBER)) for _ in range(2))
    problem(send(served, f"{signed_content(mine)}.{other.rpartition('.')[2]}"), 401, "not-verified")
    assert len(ledger_entries(hub)) == 1


# --- replays


def test_fifty_parallel_copies_are_one_entry_and_one_answer(
    served: Served, asking: Asking, certificates: Certificates, hub: Hub
) -> None:
    certificates.add(NUMBER)
    token = asking.token(served.url, asking.question(NUMBER))
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: httpx.post(
            f"{served.url}/v1/verifications", content=token, headers={"content-type": "application/jwt"}, timeout=60
        ), range(50)))  # fmt: skip
    receipts = {verified(served, answer).leaf_data for answer in answers}
    assert len(receipts) == 1
    assert len(ledger_entries(hub)) == 1


def test_a_replay_after_a_restart_gets_the_same_answer_from_another_process(
    hub: Hub, asking: Asking, certificates: Certificates, clock: Clock
) -> None:
    certificates.add(NUMBER)
    with serving(hub, clock) as before:
        token = asking.token(before.url, asking.question(NUMBER))
        first = verified(before, send(before, token))
        port = int(before.url.rpartition(":")[2])
    certificates.add("440500000000002")
    with serving(hub, clock, port) as after:
        clock.move(seconds=5)
        again = verified(after, send(after, token))
    assert again.leaf_data == first.leaf_data
    assert len(ledger_entries(hub)) == 1


def test_a_jti_with_other_content_is_refused(served: Served, asking: Asking, hub: Hub) -> None:
    first = asking.token(served.url, asking.question(NUMBER), jti="j" * 32)
    other = asking.token(served.url, asking.question("440500000000009"), jti="j" * 32)
    verified(served, send(served, first))
    problem(send(served, other), 409, "request-reused")
    assert len(ledger_entries(hub)) == 1


def test_copies_with_other_content_in_one_group_are_told_apart(served: Served, asking: Asking, hub: Hub) -> None:
    tokens = [asking.token(served.url, asking.question(f"44050000000000{n}"), jti="j" * 32) for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        statuses = Counter(
            pool.map(lambda token: httpx.post(
                f"{served.url}/v1/verifications", content=token, headers={"content-type": "application/jwt"}
            ).status_code, tokens)
        )  # fmt: skip
    assert statuses == {200: 1, 409: 7}
    assert len(ledger_entries(hub)) == 1


# --- the order of writing and signing


def test_a_crash_between_commit_and_signature_loses_nothing(
    served: Served, asking: Asking, certificates: Certificates, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificates.add(NUMBER)
    token = asking.token(served.url, asking.question(NUMBER))
    with monkeypatch.context() as crash:
        crash.setattr("exchange_api.answering.sign_drafts", _explode)
        with httpx.Client(base_url=served.url) as http:  # the server closes a connection after such a fault
            crashed = http.post("/v1/verifications", content=token, headers={"content-type": "application/jwt"})
        problem(crashed, 500, "internal")
        assert crashed.headers["content-security-policy"].startswith("default-src 'none'")
    assert len(ledger_entries(hub)) == 1
    assert verified(served, send(served, token)).answer["code"] == "valid"
    assert len(ledger_entries(hub)) == 1


def test_nothing_is_signed_if_the_commit_fails(
    served: Served, asking: Asking, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed: list[object] = []
    monkeypatch.setattr("exchange_api.answering.sign_drafts", lambda *given: signed.append(given))
    monkeypatch.setattr(ledger, "settle", _store_down)
    problem(asking.ask(served, NUMBER), 503, "store-down")
    assert signed == []
    assert ledger_entries(hub) == []


def _explode(*_given: object) -> str:
    raise RuntimeError(NUMBER)


def _store_down(*_given: object) -> None:
    raise StoreDown("数据库不可用", "the database is down")


# --- keys


def test_a_receipt_verifies_offline_in_a_process_of_its_own(
    served: Served, asking: Asking, certificates: Certificates, tmp_path: Path
) -> None:
    certificates.add(NUMBER)
    answer = asking.ask(served, NUMBER).json()
    files = {"receipt.jws": answer["receipt"], "proof.txt": answer["proof"]}
    files["keys.jwks"] = served.http.get("/v1/keys.jwks").text
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    good = offline(tmp_path, "receipt.jws")
    assert good.returncode == 0, good.stderr
    changed = answer["receipt"]
    at = changed.index(".") + 40
    (tmp_path / "changed.jws").write_text(changed[:at] + ("A" if changed[at] != "A" else "B") + changed[at + 1 :])
    assert offline(tmp_path, "changed.jws").returncode == 1


def offline(folder: Path, receipt: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "certificates", "verify-receipt", str(folder / receipt)]
    command += ["--keys", str(folder / "keys.jwks"), "--proof", str(folder / "proof.txt")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_old_receipts_verify_after_rotation_and_restart_and_replays_keep_their_key(
    hub: Hub, asking: Asking, certificates: Certificates, clock: Clock
) -> None:
    certificates.add(NUMBER)
    with serving(hub, clock) as before:
        token = asking.token(before.url, asking.question(NUMBER))
        old = send(before, token)
        first = verified(before, old)
        for purpose in (KeyPurpose.RECEIPT, KeyPurpose.CHECKPOINT):
            before.parts.keys.rotate(purpose, clock())
        port = int(before.url.rpartition(":")[2])
    with serving(hub, clock, port) as after:
        assert verified(after, old).kid == first.kid
        assert verified(after, send(after, token)).leaf_data == first.leaf_data
        new = verified(after, asking.ask(after, NUMBER))
        assert new.kid != first.kid


def test_a_rotation_by_another_process_is_picked_up(served: Served, asking: Asking, hub: Hub, clock: Clock) -> None:
    first = verified(served, asking.ask(served, NUMBER))
    from certificates.keys import KeyRing

    other = KeyRing.open(hub.home.keys, hub.home.secret("key_passphrase"), now=clock())
    rotated = other.rotate(KeyPurpose.RECEIPT, clock())
    second = verified(served, asking.ask(served, NUMBER))
    assert (second.kid, second.kid == first.kid) == (rotated.kid, False)


# --- the ledger from outside


def test_checkpoint_and_proofs_are_served(served: Served, asking: Asking) -> None:
    receipts = [verified(served, asking.ask(served, NUMBER)) for _ in range(5)]
    jwks = served.http.get("/v1/keys.jwks").json()
    log_keys = [key_from_jwk(key) for key in jwks["keys"] if key["purpose"] == "checkpoint"]
    for index, receipt in enumerate(receipts):
        proof = served.http.get(f"/v1/ledger/proofs/{index}")
        assert proof.headers["content-type"].startswith("text/plain")
        assert verify_proof(proof.text, receipt.leaf_data, log_keys).size == 5
    assert served.http.get("/v1/ledger/checkpoint").text.splitlines()[1] == "5"
    problem(served.http.get("/v1/ledger/proofs/5"), 404, "not-found")
    problem(served.http.get("/v1/ledger/proofs/-1"), 422, "wrong-members")


def test_many_at_once_share_commits_and_all_get_their_own_answer(
    served: Served, asking: Asking, certificates: Certificates, hub: Hub
) -> None:
    numbers = [f"4405000000{n:05}" for n in range(60)]
    certificates.rows = {number: licence(number, HOLDER) for number in numbers[::2]}
    certificates.deliver()
    tokens = [asking.token(served.url, asking.question(number)) for number in numbers]
    with httpx.Client(limits=httpx.Limits(max_connections=60), timeout=60) as http, ThreadPoolExecutor(60) as pool:
        answers = list(pool.map(lambda token: http.post(
            f"{served.url}/v1/verifications", content=token, headers={"content-type": "application/jwt"}
        ), tokens))  # fmt: skip
    for number, answer in zip(numbers, answers, strict=True):
        receipt = verified(served, answer)
        wanted = "valid" if number in numbers[::2] else "no_match"
        assert receipt.answer["code"] == wanted
        if wanted == "valid":
            assert receipt.answer["certificate"]["number"] == number
    assert len(ledger_entries(hub)) == 60
    with hub.store(Role.OWNER).begin() as conn:
        assert ledger.check(conn).faults == []
        commits = conn.execute(sa.text("SELECT count(*) FROM hub.checkpoint")).scalar_one()
    assert commits < 60


def test_answers_are_given_up_when_they_are_sent_and_not_when_the_collector_finds_them(
    served: Served, asking: Asking, certificates: Certificates
) -> None:
    certificates.add(NUMBER, HOLDER)
    asking.ask(served, NUMBER)
    gc.collect()
    gc.disable()
    try:
        for _ in range(20):
            assert asking.ask(served, NUMBER).status_code == 200
        kept = sum(isinstance(one, Answer) for one in gc.get_objects())
    finally:
        gc.enable()
    assert kept <= 2 * len(served.engines)  # the last group of each application


def test_dataset_names_are_what_the_fixtures_say(served: Served) -> None:
    assert DATASET in served.parts.catalogue
    assert TYPE in served.parts.types
    with pytest.raises(NotFound):
        served.parts.answering.ledger_head.proof(0)
