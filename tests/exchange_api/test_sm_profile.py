"""A hub with HUB_PROFILE=sm over real HTTP: what leaves it verifies in a process of its own; tampering is refused."""

import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from certificates import compact, groups
from certificates.credentials import open_credential
from certificates.evidence.findings import Found
from certificates.evidence.given import Given
from certificates.jose import SM2_SM3, new_key
from certificates.offline import examine
from certificates.offline_code import pages
from certificates.published_keys import published_keys
from certificates.receipts import TYP_REQUEST, receipt_keys, verify_receipt
from certificates.sm.sm3 import sm3
from exchange_api.application import create_app
from exchange_api.credentials import PATH
from exchange_api.parts import ApiSettings, open_parts
from registries.home import Role
from registries.store import clients
from tests.exchange_api.conftest import (
    Asking,
    Certificates,
    Clock,
    Hub,
    Served,
    listening,
    running,
    send,
)

NUMBER = "S051520260000001"


@contextmanager
def serving(hub: Hub, clock: Callable[[], datetime], profile: str, port: int = 0) -> Iterator[Served]:
    with (
        listening(port) as (bound, url),
        open_parts(hub.home, clock, ApiSettings(issuer=url, profile=profile)) as parts,
        running(create_app(parts), bound),
        httpx.Client(base_url=url, timeout=30) as http,
    ):
        yield Served(parts, url, http)


@pytest.fixture(name="sm")
def sm_(hub: Hub, certificates: Certificates, clock: Clock) -> Iterator[Served]:
    certificates.add(NUMBER)
    with serving(hub, clock, "sm") as served:
        yield served


def offline(folder: Path, answer: dict[str, str], jwks: str) -> subprocess.CompletedProcess[str]:
    """The verifier in a process of its own, with nothing but three files."""
    for name, text in {"receipt.jws": answer["receipt"], "proof.txt": answer["proof"], "keys.jwks": jwks}.items():
        (folder / name).write_text(text, "utf-8")
    command = [sys.executable, "-m", "certificates", "verify-receipt", str(folder / "receipt.jws"), "--json"]
    command += ["--keys", str(folder / "keys.jwks"), "--proof", str(folder / "proof.txt")]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_an_answer_verifies_offline_and_tampering_is_refused(sm: Served, asking: Asking, tmp_path: Path) -> None:
    token = asking.token(sm.url, asking.question(NUMBER))
    answer = send(sm, token).json()
    jwks = sm.http.get("/v1/keys.jwks").text
    parts = compact.parse(answer["receipt"])
    assert parts.header["alg"] == "SM2-SM3-GROUP"
    assert answer["verdict"]["code"] == "valid"
    assert parts.payload["req"] == compact.encode(sm3(token.encode()))
    good = offline(tmp_path, answer, jwks)
    assert good.returncode == 0, good.stdout + good.stderr
    assert json.loads(good.stdout)["genuine"] is True
    for changed in tampered(answer):
        assert offline(tmp_path, changed, jwks).returncode == 1, changed


def tampered(answer: dict[str, Any]) -> list[dict[str, str]]:
    """One character changed in the payload, in the signature, and in both signatures under the checkpoint."""
    receipt, proof = answer["receipt"], answer["proof"]
    in_payload, in_signature = receipt.index(".") + 40, receipt.rindex(".") + 20
    lines = [place for place in range(len(proof)) if proof.startswith("\n— ", place)]
    assert len(lines) == 2
    in_notes = [proof.index(" ", line + 3) + 30 for line in lines]
    return [{"receipt": other(receipt, place), "proof": proof} for place in (in_payload, in_signature)] + [
        {"receipt": receipt, "proof": other(proof, place)} for place in in_notes
    ]


def other(text: str, place: int) -> str:
    return text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]


def test_answers_of_one_moment_share_a_signature(sm: Served, asking: Asking) -> None:
    tokens = [asking.token(sm.url, asking.question(NUMBER, case=f"ST-{number}")) for number in range(40)]
    with ThreadPoolExecutor(20) as pool:
        answers = [answer.json() for answer in pool.map(lambda token: send(sm, token), tokens)]
    jwks = sm.http.get("/v1/keys.jwks").json()
    for token, answer in zip(tokens, answers, strict=True):
        assert verify_receipt(answer["receipt"], jwks).req == compact.encode(sm3(token.encode()))
    places = [groups.place_of(answer["receipt"]) for answer in answers]
    sizes = [place.size for place in places if place is not None]
    signatures = {compact.parse(answer["receipt"]).signature[:64] for answer in answers}
    assert len(sizes) == len(answers)
    assert len(signatures) < len(answers)
    assert max(sizes) > 1


def test_whatever_leaves_the_hub_verifies(sm: Served, asking: Asking, clock: Clock) -> None:
    jwks = sm.http.get("/v1/keys.jwks").json()
    given = Given(jwks, at=clock(), root=sm.parts.keys.fingerprint())
    claims = {"url": sm.url + PATH}
    issued = sm.http.post(
        PATH,
        content=asking.token(sm.url, asking.question(NUMBER), **claims),
        headers={"content-type": "application/jwt"},
    ).json()
    uri = open_credential(issued["credential"], published_keys(jwks, "credential"), at=None).status.uri
    status_list = sm.http.get(uri).text
    package = sm.parts.documents.package_of("ST-2026-0001").data
    for kind, content, more in (
        ("receipt", issued["receipt"].encode(), {"proof": issued["proof"]}),
        ("credential", issued["credential"].encode(), {"status_list": status_list}),
        ("status", status_list.encode(), {"uri": uri}),
        ("keys", json.dumps(jwks).encode(), {}),
        ("note", sm.http.get("/ledger/checkpoint").content, {}),
        ("code", "\n".join(pages(issued["receipt"], issued["proof"])).encode(), {}),
        ("package", package, {}),
    ):
        report = examine(kind, content, dataclasses.replace(given, **more))
        assert report.genuine, (kind, report.to_json())
        assert all(check.found == Found.PASS for check in report.checks)
        place = len(content) // 4
        changed = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        assert not examine(kind, changed, dataclasses.replace(given, **more)).genuine, kind


def test_a_replay_gets_the_same_receipt_under_another_signature(sm: Served, asking: Asking) -> None:
    token = asking.token(sm.url, asking.question(NUMBER))
    first, again = (send(sm, token).json()["receipt"] for _ in range(2))
    assert first.rpartition(".")[0] == again.rpartition(".")[0]
    jwks = sm.http.get("/v1/keys.jwks").json()
    assert verify_receipt(first, jwks) == verify_receipt(again, jwks)


def test_a_client_may_sign_with_sm2(sm: Served, asking: Asking, hub: Hub) -> None:
    asking.key = new_key(SM2_SM3)
    with hub.store(Role.OWNER).begin() as conn:
        clients.add_client_key(conn, asking.client_id, asking.key.to_jwk())
    token = asking.token(sm.url, asking.question(NUMBER))
    assert compact.parse(token).header == {"alg": "SM2-SM3", "kid": asking.key.kid, "typ": TYP_REQUEST}
    assert send(sm, token).json()["verdict"]["code"] == "valid"
    assert send(sm, other(token, token.rindex(".") + 20)).status_code == 401


def test_the_profile_is_changed_on_a_hub_with_answers(
    hub: Hub, certificates: Certificates, asking: Asking, clock: Clock, tmp_path: Path
) -> None:
    certificates.add(NUMBER)
    with serving(hub, clock, "") as served:
        port = int(served.url.rpartition(":")[2])
        token = asking.token(served.url, asking.question(NUMBER))
        before = send(served, token).json()
    with serving(hub, clock, "sm", port) as served:
        replayed = send(served, token).json()
        after = asking.ask(served, NUMBER).json()
        jwks = served.http.get("/v1/keys.jwks")
        assert served.http.get("/health/ready").status_code == 200
    assert replayed["receipt"].rpartition(".")[0] == before["receipt"].rpartition(".")[0]
    with serving(hub, clock, "", port) as served:  # who names no profile changes none
        kept = asking.ask(served, NUMBER).json()
    algorithms = [compact.parse(answer["receipt"]).header["alg"] for answer in (before, replayed, after, kept)]
    assert algorithms == ["ES256", "ES256", "SM2-SM3-GROUP", "SM2-SM3-GROUP"]
    for answer in (before, replayed, after, kept):
        assert offline(tmp_path, answer, jwks.text).returncode == 0
    assert {entry.key.alg for entry in receipt_keys(jwks.json()).values()} == {"ES256", "SM2-SM3"}
