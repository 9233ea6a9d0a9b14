"""The client: verifies every receipt and proof, sends a question again without ever getting a second answer."""

import dataclasses
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from certificates.client_keys import read_client_key
from certificates.jose import ES256, new_key
from certificates.receipts import verify_receipt
from certificates.trust_root import fingerprint
from exchange_api.client import VERIFICATIONS, Client, Refused, Unanswered, Untrusted
from tests import http_interface
from tests.exchange_api.sandbox_served import ServedSandbox, serving_sandbox
from tests.http_interface import Asked, Interface, Reply

ROOT = Path(__file__).parents[2]
CASE = {"case": "SBX-2026-0001"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedSandbox]:
    with serving_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def hub(served: ServedSandbox) -> Iterator[Client]:
    with Client(served.url, served.client_id, served.key, sandbox=True) as client:
        yield client


@pytest.fixture
def hall() -> Iterator[Interface]:
    """Something that stands where the hub should."""
    with http_interface.served() as interface:
        yield interface


def question(served: ServedSandbox, place: int = 0) -> dict[str, str]:
    return {**served.sandbox.numbers.answers()[place].question, **CASE}


def test_every_fixed_number_comes_to_its_answer(served: ServedSandbox, hub: Client) -> None:
    tries = served.sandbox.numbers.answers()
    answers = [hub.verify(**one.question, **CASE) for one in tries]
    assert [one.code for one in answers] == [one.code for one in tries]
    assert {one.told.aud for one in answers} == {"sandbox:approval-1"}
    assert {one.code for one in tries} == {
        *("valid", "not_yet_valid", "expired", "endorsement_due", "suspended", "cancelled", "revoked_void"),
        *("revoked_penalty", "superseded", "transferred", "pending_check", "not_covered", "no_match"),
        *("unavailable", "refused"),
    }


def test_a_sandboxs_receipt_counts_for_nobody_who_did_not_ask_for_one(served: ServedSandbox) -> None:
    with (
        Client(served.url, served.client_id, served.key) as client,
        pytest.raises(Untrusted, match="trust") as refused,
    ):
        client.verify(**question(served))
    assert refused.value.reason == "issuer or audience"


def test_the_trust_roots_fingerprint_is_looked_at(served: ServedSandbox) -> None:
    known = fingerprint(served.sandbox.jwks())
    with Client(served.url, served.client_id, served.key, root=known, sandbox=True) as client:
        assert client.verify(**question(served)).code == "valid"
    with (
        Client(served.url, served.client_id, served.key, root="0000 " * 10, sandbox=True) as client,
        pytest.raises(Untrusted) as refused,
    ):
        client.verify(**question(served))
    assert refused.value.reason == "keys"


def test_a_problem_is_told_with_its_code(served: ServedSandbox, hub: Client) -> None:
    with pytest.raises(Refused) as refused:
        hub.verify(**question(served) | {"certificate_type": "too short"})
    assert (refused.value.status, refused.value.code) == (422, "malformed-question")
    with (
        Client(served.url, served.client_id, new_key(ES256), sandbox=True) as stranger,
        pytest.raises(Refused) as unknown,
    ):
        stranger.verify(**question(served))
    assert unknown.value.code == "not-verified"


def test_the_same_bytes_again_get_the_same_answer_and_other_bytes_none(served: ServedSandbox, hub: Client) -> None:
    signed = hub.sign(VERIFICATIONS, question(served))
    assert hub.send(signed).receipt == hub.send(signed).receipt
    with pytest.raises(Refused) as refused:
        hub.ask(VERIFICATIONS, question(served) | {"case": "another"}, jti=signed.jti)
    assert refused.value.code == "request-reused"


def test_a_busy_hub_is_asked_again_with_the_same_bytes_and_no_sooner_than_it_said(
    served: ServedSandbox, hall: Interface
) -> None:
    sent: list[str] = []
    waited: list[float] = []

    def behave(asked: Asked) -> Reply:
        sent.append(asked.path)
        return Reply({"code": "overloaded", "detail": "忙", "detail_en": "busy"}, 503, {"Retry-After": "3"})

    hall.behaviour = behave
    with Client(hall.url, "approval-1", served.key, pause=waited.append) as client, pytest.raises(Refused):
        client.send(dataclasses.replace(client.sign(VERIFICATIONS, {}), token='"stands for a token"'))
    assert sent == [VERIFICATIONS] * 6
    assert len(waited) == 5
    assert min(waited) >= 3


def test_silence_is_told_and_the_question_can_be_sent_on(served: ServedSandbox) -> None:
    with (
        Client("http://127.0.0.1:9", served.client_id, served.key, sandbox=True, pause=lambda _: None) as client,
        pytest.raises(Unanswered) as silent,
    ):
        client.verify(**question(served))
    assert silent.value.signed.token.count(".") == 2


@pytest.mark.parametrize("member", ["receipt", "proof"])
def test_what_was_changed_on_the_way_is_not_trusted(served: ServedSandbox, hub: Client, member: str) -> None:
    signed = hub.sign(VERIFICATIONS, question(served))
    answer = dict(hub.send(signed).body)
    other = dict(hub.verify(**question(served, 5)).body)
    for body in ({**answer, member: other[member]}, {**answer, member: answer[member][:-3] + "AA\n"}, other):
        with pytest.raises(Untrusted):
            hub._verified(signed, body["receipt"], body["proof"])


def test_what_the_readme_shows_runs_as_it_stands(served: ServedSandbox, tmp_path: Path) -> None:
    made = ["openssl", "ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", "approval.pem"]
    subprocess.run(made, cwd=tmp_path, check=True, capture_output=True)
    key = read_client_key((tmp_path / "approval.pem").read_bytes())
    served.sandbox.register("approval-1", key.to_jwk())
    shown = re.search(r"```python\n(.+?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert shown is not None
    assert len(shown[1].splitlines()) <= 10
    script = shown[1].replace("http://127.0.0.1:8490", served.url)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
    )
    served.sandbox.register("approval-1", served.key.to_jwk())
    assert ran.stdout.startswith("valid ")
    assert verify_receipt((tmp_path / "receipt.jws").read_text(), served.sandbox.jwks()).answer["code"] == "valid"


def test_the_client_needs_nothing_but_httpx_and_certificates() -> None:
    script = (
        "import sys\n"
        "import exchange_api.client\n"
        "print(sorted(name for name in sys.modules if name.split('.')[0] in "
        "{'registries', 'quality', 'pipelines', 'exchange_api', 'fastapi', 'starlette', 'sqlalchemy', 'mianzheng'}))\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert ran.stdout.strip() == "['exchange_api', 'exchange_api.client']"
