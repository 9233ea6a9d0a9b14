"""Signed vectors for those who write a client or a verifier: made anew here, and they must not differ.

``vectors/receipt.json`` holds a request, a receipt, its leaf, a checkpoint and a proof, under fixed keys. Signatures
are made deterministically (RFC 6979 for ES256), so that the whole file is. Run this file to write it:
``python tests/certificates/test_vectors.py``.
"""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from certificates import compact
from certificates.checkpoints import Checkpoint, prove, sign_checkpoint, verify_proof
from certificates.jose import Key, key_from_private, signing_input
from certificates.merkle import leaf_hash, new_nodes, root
from certificates.offline import checkpoint_keys, verify_offline
from certificates.receipts import TYP_REQUEST, compose, draft_receipt
from certificates.records import Question
from certificates.requests import read_request
from certificates.verdicts import RefusalReason, refuse

FILE = Path(__file__).parent / "vectors" / "receipt.json"
NOW = datetime(2024, 1, 1, tzinfo=UTC)
URL = "https://hub.example/v1/verifications"
CLIENT = key_from_private(derive_private_key(1_001, SECP256R1()))
HUB = key_from_private(derive_private_key(1_002, SECP256R1()))
LOG = key_from_private(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
QUESTION = Question(
    certificate_type="11100000MB0143028R001",
    certificate_number="4405080001234",
    holder_name="汕头示例有限公司",
    holder_code="91110000600037341L",
    holder_code_type="001",
    purpose="办理食品经营许可",
    service_item="食品经营许可新办",
    case="ST-2024-0001",
    as_of=date(2024, 1, 1),
)


def sign_deterministically(data: bytes, key: Key) -> str:
    der = key.private.sign(data, ECDSA(SHA256(), deterministic_signing=True))
    raw = b"".join(number.to_bytes(32, "big") for number in decode_dss_signature(der))
    return f"{data.decode()}.{compact.encode(raw)}"


def make_vectors() -> dict[str, Any]:
    issued = int(NOW.timestamp())
    claims = {
        "iss": "client-1",
        "aud": "https://hub.example",
        "iat": issued,
        "exp": issued + 60,
        "jti": "0123456789abcdef0123456789abcdef",
        "url": URL,
        "question": QUESTION.to_json(),
    }
    request = sign_deterministically(signing_input(claims, CLIENT, TYP_REQUEST), CLIENT)
    keys = {CLIENT.kid: CLIENT.public_only()}
    read = read_request(request, keys, audience="https://hub.example", url=URL, now=NOW)
    payload = compose(
        issuer="https://hub.example",
        audience="client-1",
        issued_at=issued,
        jti="fedcba9876543210fedcba9876543210",
        request_digest=read.digest,
        salt=bytes(range(16)),
        data_as_of=None,
        answer=refuse(RefusalReason.NO_GRANT).to_json(),
    )
    draft = draft_receipt(payload, HUB)
    leaves = [leaf_hash(bytes([number]) * 32) for number in range(4)] + [leaf_hash(draft.leaf_data)]
    nodes = {(level, index): value for level, index, value in new_nodes(0, leaves, lambda *_: b"")}
    head = Checkpoint("hub.example/ledger", 5, root(5, lambda *place: nodes[place]))
    note = sign_checkpoint(head, LOG)
    return {
        "question_canonical": QUESTION.canonical().decode(),
        "client_key": CLIENT.to_jwk(),
        "request": request,
        "request_digest": read.digest.hex(),
        "jwks": {"keys": [{**HUB.to_jwk(), "purpose": "receipt"}, {**LOG.to_jwk(), "purpose": "checkpoint"}]},
        "payload": payload,
        "signing_input": draft.signing_input.decode(),
        "leaf_data": draft.leaf_data.hex(),
        "leaf_hash": leaves[4].hex(),
        "receipt": sign_deterministically(draft.signing_input, HUB),
        "checkpoint": note,
        "proof": prove(4, head, note, lambda *place: nodes[place]).text(),
    }


def as_text(vectors: dict[str, Any]) -> str:
    return json.dumps(vectors, ensure_ascii=False, indent=1) + "\n"


def test_the_vectors_made_anew_do_not_differ() -> None:
    assert as_text(make_vectors()) == FILE.read_text(encoding="utf-8")


def test_the_stored_vectors_verify() -> None:
    stored = json.loads(FILE.read_text(encoding="utf-8"))
    receipt = verify_offline(stored["receipt"], stored["jwks"], stored["proof"]).receipt
    assert receipt.answer["code"] == "refused"
    assert receipt.req == compact.encode(bytes.fromhex(stored["request_digest"]))
    keys = checkpoint_keys(stored["jwks"])
    assert verify_proof(stored["proof"], bytes.fromhex(stored["leaf_data"]), keys).size == 5
    assert Question.parse(json.loads(stored["question_canonical"])) == QUESTION


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(as_text(make_vectors()), encoding="utf-8")
