"""The hub's keys over HTTP: rotated under load, stolen; time stamps served, in proofs, and missed."""

import base64
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import httpx
import pytest

from certificates.checkpoints import parse_proof, verify_proof
from certificates.documents.examining_packages import examine_package
from certificates.evidence.given import Given
from certificates.keys import KeyPurpose
from certificates.proven_times import log_keys, proven_time, sound_keys, stamped_bytes
from certificates.receipts import BadReceipt, Receipt, open_receipt, receipt_keys, verify_receipt
from certificates.trust_root import verify_key_set
from certificates.trusted_time import read_anchors
from registries.home import Role
from registries.hub_keys import open_keys
from registries.store.engine import Store
from registries.time_authority import TimeAuthority, stamp_latest
from tests import time_authority
from tests.exchange_api.conftest import Asking, Certificates, Clock, Hub, Served, send, serving
from tests.softhsm import LIBRARY, needs_softhsm, softhsm

NUMBER = "440500000000001"
THREADS, QUESTIONS, ROTATIONS = 8, 160, 6


@pytest.fixture(scope="module")
def clock_house(tmp_path_factory: pytest.TempPathFactory) -> time_authority.TimeAuthority:
    return time_authority.TimeAuthority.found(tmp_path_factory.mktemp("authority"))


def stamp(hub: Hub, house: time_authority.TimeAuthority) -> None:
    with house.serving() as url, Store(hub.home.store_url(Role.LOAD)) as store:
        assert stamp_latest(store, TimeAuthority(url, house.root)) is not None


def test_keys_rotate_under_load(
    hub: Hub, served: Served, asking: Asking, certificates: Certificates, clock: Clock
) -> None:
    """Another process rotates while many ask: every answer verifies, and with the keys that are published then."""
    certificates.add(NUMBER)
    tokens = [asking.token(served.url, asking.question(NUMBER)) for _ in range(QUESTIONS)]

    def ask(token: str) -> dict[str, Any]:
        headers = {"content-type": "application/jwt"}
        answer = httpx.post(f"{served.url}/v1/verifications", content=token, headers=headers, timeout=60)
        assert answer.status_code == 200, answer.text
        jwks = httpx.get(f"{served.url}/v1/keys.jwks", timeout=60).json()
        verify_receipt(answer.json()["receipt"], jwks)
        body: dict[str, Any] = answer.json()
        return body

    operator = open_keys(hub.home, clock())
    with ThreadPoolExecutor(THREADS) as pool:
        futures = []
        for turn in range(ROTATIONS):
            share = tokens[turn * QUESTIONS // ROTATIONS : (turn + 1) * QUESTIONS // ROTATIONS]
            futures += [pool.submit(ask, token) for token in share]
            futures[-len(share)].result()  # one of them is answered before, others meanwhile
            for purpose in (KeyPurpose.RECEIPT, KeyPurpose.CHECKPOINT):
                operator.prepare(purpose, clock())
                operator.rotate(purpose, clock())
        answers = [future.result() for future in futures]
    jwks = served.http.get("/v1/keys.jwks").json()
    receipts = [verify_receipt(body["receipt"], jwks) for body in answers]
    for body, receipt in zip(answers, receipts, strict=True):
        assert receipt.answer["code"] == "valid"
        assert proof_holds(body["proof"], receipt, jwks)
    assert len({receipt.jti for receipt in receipts}) == QUESTIONS
    assert len({receipt.kid for receipt in receipts}) > 1
    assert len([entry for entry in jwks["keys"] if entry["purpose"] == "receipt"]) == ROTATIONS + 1
    assert verify_key_set(jwks, operator.fingerprint())


def proof_holds(proof: str, receipt: Receipt, jwks: dict[str, Any]) -> bool:
    return verify_proof(proof, receipt.leaf_data, sound_keys(log_keys(jwks))).size > 0


def test_a_stolen_key_over_http(
    hub: Hub,
    served: Served,
    asking: Asking,
    certificates: Certificates,
    clock: Clock,
    clock_house: time_authority.TimeAuthority,
) -> None:
    """What was stamped before the theft stays good; what was asked after the last stamp does not."""
    certificates.add(NUMBER)
    before = asking.ask(served, NUMBER).json()
    stamp(hub, clock_house)
    after = asking.ask(served, NUMBER).json()
    ring = open_keys(hub.home, clock())
    since = datetime.now(UTC) + timedelta(minutes=5)  # by the authority's clock, which is this machine's
    stolen = ring.active(KeyPurpose.RECEIPT).kid
    ring.compromise(stolen, since, since)
    jwks = served.http.get("/v1/keys.jwks").json()
    anchors = read_anchors(clock_house.root)

    def proven(receipt: Receipt) -> int | None:
        proof = served.http.get(f"/ledger/time-stamps/proofs/{place_of(before)}").text
        return proven_time(proof, receipt.leaf_data, log_keys(jwks), anchors).latest

    assert open_receipt(before["receipt"], receipt_keys(jwks), proven).kid == stolen
    with pytest.raises(BadReceipt) as caught:
        open_receipt(after["receipt"], receipt_keys(jwks), lambda _: None)
    assert caught.value.reason == "key compromised"
    unstamped = served.http.get(f"/ledger/time-stamps/proofs/{place_of(after)}").text
    assert parse_proof(unstamped).extra == b""
    new = verify_receipt(asking.ask(served, NUMBER).json()["receipt"], served.http.get("/v1/keys.jwks").json())
    assert new.kid != stolen


def place_of(answer: dict[str, Any]) -> int:
    return parse_proof(answer["proof"]).index


def test_an_archive_package_outlives_a_theft(
    hub: Hub,
    served: Served,
    asking: Asking,
    certificates: Certificates,
    clock: Clock,
    clock_house: time_authority.TimeAuthority,
) -> None:
    """It holds the stamp over the checkpoint of its proofs, so that nobody has to be asked years later."""
    certificates.add(NUMBER)
    asking.ask(served, NUMBER)
    asking.ask(served, NUMBER)
    documents = served.parts.documents
    plain = documents.package_of("ST-2026-0001").data
    stamp(hub, clock_house)
    stamped = documents.package_of("ST-2026-0001").data
    ring = open_keys(hub.home, clock())
    since = datetime.now(UTC) + timedelta(minutes=5)
    for purpose in (KeyPurpose.RECEIPT, KeyPurpose.CHECKPOINT):
        ring.compromise(ring.active(purpose).kid, since, since)
    for anchors, package, genuine in (
        (clock_house.root, stamped, True),
        (None, stamped, False),
        (clock_house.root, plain, False),
    ):
        report = examine_package("package.zip", package, Given(ring.jwks(), root=ring.fingerprint(), anchors=anchors))
        assert (report.refusal is None) == genuine


@needs_softhsm
def test_a_hub_whose_keys_are_in_a_module(hub: Hub, asking: Asking, certificates: Certificates, clock: Clock) -> None:
    token, pin = softhsm()
    for name, value in (("module", str(LIBRARY)), ("token", token), ("pin", pin)):
        hub.home.keep_secret(f"pkcs11_{name}", value)
    certificates.add(NUMBER)
    with serving(hub, clock) as served:
        assert served.http.get("/health/ready").json()["status"] == "ready"
        tokens = [asking.token(served.url, asking.question(NUMBER)) for _ in range(20)]
        with ThreadPoolExecutor(THREADS) as pool:
            answers = [answer.json() for answer in pool.map(lambda one: send(served, one), tokens)]
        jwks = served.http.get("/v1/keys.jwks").json()
        receipts = [verify_receipt(answer["receipt"], jwks) for answer in answers]
        assert all(proof_holds(answer["proof"], one, jwks) for answer, one in zip(answers, receipts, strict=True))
        kid = served.parts.keys.active(KeyPurpose.RECEIPT).kid
        assert {receipt.kid for receipt in receipts} == {kid}
    assert not (hub.home.keys / f"{kid}.pem").exists()


def test_time_stamps_are_served(
    hub: Hub,
    served: Served,
    asking: Asking,
    certificates: Certificates,
    clock_house: time_authority.TimeAuthority,
) -> None:
    certificates.add(NUMBER)
    asking.ask(served, NUMBER)
    for path in ("latest", "1.tst", "1.checkpoint"):
        assert served.http.get(f"/ledger/time-stamps/{path}").status_code == 404
    stamp(hub, clock_house)
    size = served.http.get("/ledger/time-stamps/latest").json()["size"]
    token = served.http.get(f"/ledger/time-stamps/{size}.tst")
    note = served.http.get(f"/ledger/time-stamps/{size}.checkpoint").text
    assert "immutable" in token.headers["cache-control"]
    (clock_house.folder / "served.tst").write_bytes(token.content)
    digest = sha256(stamped_bytes(note)).hexdigest()
    shown = subprocess.run(
        ["openssl", "ts", "-verify", "-token_in", "-in", "served.tst", "-digest", digest, "-CAfile", "root.pem"],
        cwd=clock_house.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Verification: OK" in shown.stdout + shown.stderr
    proof = served.http.get("/ledger/time-stamps/proofs/0").text
    assert parse_proof(proof).extra == token.content
    assert base64.b64encode(token.content).decode() in proof
    for wrong in ("0.tst", "99.tst", "x.tst", "proofs/99", "proofs/-1"):
        assert served.http.get(f"/ledger/time-stamps/{wrong}").status_code in {404, 422}


def test_an_authority_that_is_down_stops_no_answer(
    hub: Hub, asking: Asking, certificates: Certificates, clock: Clock, clock_house: time_authority.TimeAuthority
) -> None:
    for name, value in (("tsa_url", "http://127.0.0.1:1/"), ("tsa_certificate", clock_house.root.decode())):
        hub.home.keep_secret(name, value)
    certificates.add(NUMBER)
    with serving(hub, clock) as served:
        assert asking.ask(served, NUMBER).json()["verdict"]["code"] == "valid"
        assert served.http.get("/health/ready").json()["alarms"] == []
        clock.move(hours=2)
        assert asking.ask(served, NUMBER).json()["verdict"]["code"] == "valid"
        ready = served.http.get("/health/ready")
        assert ready.status_code == 200
        (alarm,) = ready.json()["alarms"]
        assert "120 minutes" in alarm["en"]
        metrics = served.http.get("/metrics").text
        assert "mianzheng_time_stamp_wait_seconds 7200.0" in metrics
        assert "mianzheng_alarms 1.0" in metrics
