"""Every case of the vectors from elsewhere: which ones are run, which are left out and why; the counts are printed.

test_jose and test_merkle look at the same files from their module's side; here nothing may go unaccounted for.
"""

import base64
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from certificates import compact
from certificates.jose import ES256, BadKey, Key, VerificationError, key_from_jwk, signature_holds, verify
from certificates.merkle import verify_consistency, verify_inclusion

VECTORS = Path(__file__).parents[3] / "shared" / "vectors"
WYCHEPROOF, MERKLE = VECTORS / "wycheproof", VECTORS / "merkle" / "testdata"
pytestmark = pytest.mark.skipif(not VECTORS.is_dir(), reason=f"the vectors from elsewhere are not at {VECTORS}")

NO_SECRETS = "no shared secrets: nothing is ever verified with HMAC"
NO_RSA = "no RSA: keys are for ES256, Ed25519 or SM2-SM3"
NO_P521 = "no P-521; and the vector's alg ES521 is none (its name is ES512)"
NO_KID = (
    "valid for ES256, but its header lacks typ, which every type of ours has: tried without that demand in test_jose"
)
LATER = "proofs about subtrees that the tree does not begin with: the ledger gives none"
EMPTY = "proofs about an empty subtree: nothing is proven with an empty tree here"
NOT_ACCEPTED = {"HS": NO_SECRETS, "RS": NO_RSA, "PS": NO_RSA, "ES521": NO_P521, "ES256": NO_KID, "": NO_RSA}


def tell(capsys: pytest.CaptureFixture[str], name: str, run: int, left_out: dict[str, str] | None = None) -> None:
    """Counts, and each case that was left out (its number or name, and why)."""
    out = left_out or {}
    with capsys.disabled():
        sys.stdout.write(f"\n{name}: {run} cases run, {len(out)} left out\n")
        for reason in dict.fromkeys(out.values()):
            cases = ", ".join(case for case, why in out.items() if why == reason)
            sys.stdout.write(f"  {reason}: {cases}\n")


def groups(name: str) -> list[dict[str, Any]]:
    return list(json.loads((WYCHEPROOF / name).read_bytes())["testGroups"])


def reason_for(alg: str) -> str:
    return next(reason for prefix, reason in NOT_ACCEPTED.items() if alg.startswith(prefix))


def test_wycheproof_jws(capsys: pytest.CaptureFixture[str]) -> None:
    left_out: dict[str, str] = {}
    numbers, run = [], 0
    for group in groups("json_web_signature_test.json"):
        jwk = group.get("public", group["private"])
        for case in group["tests"]:
            numbers.append(case["tcId"])
            assert not passes(jwk, case["jws"]), case["tcId"]  # the strict door takes none: its types are ours
            if case["result"] == "valid":
                left_out[str(case["tcId"])] = reason_for(str(jwk.get("alg", "")))
            else:
                run += 1
    assert numbers == list(range(1, len(numbers) + 1))
    assert [number for number, reason in left_out.items() if reason == NO_KID] == ["18", "378"]
    tell(capsys, "Wycheproof JWS", run, left_out)


def passes(jwk: dict[str, Any], token: object) -> bool:
    try:
        key = key_from_jwk({name: value for name, value in jwk.items() if name != "kid"})
        text = token if isinstance(token, str) else json.dumps(token)
        known = {key.kid: key, str(jwk.get("kid")): Key(str(jwk.get("kid")), key.alg, key.public)}
        return any(verify(text, known, typ) is not None for typ in ("JWT", "JOSE"))
    except (BadKey, VerificationError):
        return False


def raw_of(der: bytes) -> bytes:
    """r||s of a DER signature in its one spelling; nothing for all others."""
    try:
        r, s = decode_dss_signature(der)
        return r.to_bytes(32, "big") + s.to_bytes(32, "big") if encode_dss_signature(r, s) == der else b""
    except (ValueError, OverflowError):
        return b""


@pytest.mark.parametrize("name", ["ecdsa_secp256r1_sha256_test.json", "ecdsa_secp256r1_sha256_p1363_test.json"])
def test_wycheproof_p256(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    run = 0
    for group in groups(name):
        point = bytes.fromhex(group["publicKey"]["uncompressed"])
        key = Key("x", ES256, EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point))
        for case in group["tests"]:
            given = bytes.fromhex(case["sig"])
            raw = given if "p1363" in name else raw_of(given)
            assert signature_holds(bytes.fromhex(case["msg"]), raw, key) == (case["result"] == "valid"), case["tcId"]
            run += 1
    tell(capsys, f"Wycheproof {name}", run)


def test_wycheproof_ed25519(capsys: pytest.CaptureFixture[str]) -> None:
    run = 0
    for group in groups("ed25519_test.json"):
        x = compact.encode(bytes.fromhex(group["publicKey"]["pk"]))
        key = key_from_jwk({"kty": "OKP", "crv": "Ed25519", "x": x})
        for case in group["tests"]:
            given = bytes.fromhex(case["sig"])
            assert signature_holds(bytes.fromhex(case["msg"]), given, key) == (case["result"] == "valid"), case["tcId"]
            run += 1
    tell(capsys, "Wycheproof ed25519_test.json", run)


def decoded(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def holds(folder: str, case: dict[str, Any]) -> bool | None:
    """What the ledger's verification says of a case; None where it has nothing of the kind."""
    proof = [decoded(node) for node in case["proof"] or []]
    if folder == "inclusion":
        leaf, root = decoded(case["leafHash"]), decoded(case["root"])
        return verify_inclusion(leaf, case["leafIdx"], case["treeSize"], proof, root)
    if folder == "consistency":
        roots = decoded(case["root1"]), decoded(case["root2"])
        return verify_consistency(case["size1"], case["size2"], proof, *roots)
    return of_subtree(folder, case, proof)


def of_subtree(folder: str, case: dict[str, Any], proof: list[bytes]) -> bool | None:
    """A subtree is a tree of its own; whether a tree begins with it is asked of the leftmost alone."""
    start, end = case["start"], case["end"]
    if folder == "subtreeconsistency" and (start == end or (start and is_subtree(start, end))):
        return None
    if not is_subtree(start, end):
        return False
    if folder == "subtreeinclusion":
        index, root = case["leafIdx"] - start, decoded(case["root"])
        return verify_inclusion(decoded(case["leafHash"]), index, end - start, proof, root)
    return verify_consistency(end, case["size"], proof, decoded(case["root1"]), decoded(case["root2"]))


def reason_left_out(case: dict[str, Any]) -> str:
    return EMPTY if case["start"] == case["end"] else LATER


def is_subtree(start: int, end: int) -> bool:
    """Whether [start, end) is one that a Merkle tree has: start is a multiple of the width's power of two."""
    return 0 <= start < end and start % (1 << (end - start - 1).bit_length()) == 0


@pytest.mark.parametrize("folder", ["inclusion", "consistency", "subtreeinclusion", "subtreeconsistency"])
def test_merkle(folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    files = sorted((MERKLE / folder).rglob("*.json"))
    cases = {str(file.relative_to(MERKLE)): json.loads(file.read_bytes()) for file in files}
    found = {name: holds(folder, case) for name, case in cases.items()}
    wrong = [
        (name, cases[name]["desc"])
        for name, held in found.items()
        if held is not None and held == cases[name]["wantErr"]
    ]
    assert wrong == []
    left_out = {name: reason_left_out(cases[name]) for name, held in found.items() if held is None}
    tell(capsys, f"Merkle {folder}", len(files) - len(left_out), left_out)


def test_all_518_merkle_vectors_are_accounted_for() -> None:
    assert len(list(MERKLE.rglob("*.json"))) == 518
