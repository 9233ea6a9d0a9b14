"""What the vectors are made of: fixed keys that sign deterministically, receipts, a small ledger, lists, credentials.

Nothing here is random and nothing asks a clock, so that every build makes the same bytes. The keys are everybody's:
never trust them.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from certificates import merkle, tiles
from certificates.checkpoints import Checkpoint, prove, sign_checkpoint
from certificates.jose import Key, key_from_private, key_in_module, signing_input
from certificates.receipts import TYP_RECEIPT, compose, draft_receipt, sign
from certificates.trust_root import sign_key_set

NOW: Final = 1_704_067_200
"""2024-01-01T00:00:00Z: when everything here is signed, unless it says otherwise."""

HUB: Final = "https://hub.example"
ORIGIN: Final = "hub.example/ledger"


class Deterministic:
    """An ES256 key whose signatures are those of RFC 6979."""

    def __init__(self, number: int) -> None:
        self._private: EllipticCurvePrivateKey = derive_private_key(number, SECP256R1())
        self.public = self._private.public_key()

    def sign_raw(self, data: bytes) -> bytes:
        der = self._private.sign(data, ECDSA(SHA256(), deterministic_signing=True))
        return b"".join(number.to_bytes(32, "big") for number in decode_dss_signature(der))


def es256(number: int) -> Key:
    """A key made of a small number."""
    module = Deterministic(number)
    return key_in_module(module.public, module)


RECEIPT, OLD_RECEIPT, STRANGER, ROOT, OTHER_ROOT = (es256(number) for number in range(2001, 2006))
STATUS, CREDENTIAL, HOLDER = (es256(number) for number in range(2011, 2014))
LOG, OTHER_LOG = (key_from_private(Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)) for number in (1, 2))

RETIRED: Final = NOW - 86_400
"""Until when ``OLD_RECEIPT`` counted."""


def entry(key: Key, purpose: str, **more: object) -> dict[str, Any]:
    return {**key.to_jwk(), "purpose": purpose, "status": "active", "made_at": NOW - 30 * 86_400, **more}


KEYS: Final = [
    entry(ROOT, "root"),
    entry(RECEIPT, "receipt"),
    entry(OLD_RECEIPT, "receipt", status="verify_only", signs_until=RETIRED),
    entry(LOG, "checkpoint"),
    entry(STATUS, "status"),
    entry(CREDENTIAL, "credential"),
]
JWKS: Final[Mapping[str, Any]] = {"keys": KEYS, "signatures": [sign_key_set(KEYS, ROOT, NOW)]}

VERIFICATION: Final[Mapping[str, Any]] = {
    "code": "valid",
    "zh": "证照有效。",
    "en": "The certificate is valid.",
    "next": {"zh": "可以办理。", "en": "Proceed."},
    "lines": [{"check": "holder", "outcome": "pass", "zh": "持证主体相符。", "en": "The holder matches."}],
    "asked": {"certificate_type": "11100000MB0143028R001", "case": "ST-2024-0001"},
    "certificate": {"type": "11100000MB0143028R001", "number": "4405080001234", "holders": [{"name": "李*"}]},
}


def payload(number: int = 1, **changes: object) -> dict[str, Any]:
    """A receipt's payload."""
    made = compose(
        issuer=HUB,
        audience="client-1",
        issued_at=NOW,
        jti=f"receipt-{number:024}",
        request_digest=hashlib.sha256(b"request %d" % number).digest(),
        salt=hashlib.sha256(b"salt %d" % number).digest()[:16],
        data_as_of=None,
        answer=VERIFICATION,
    )
    return {**made, **changes}


def token(members: Mapping[str, Any], key: Key = RECEIPT, typ: str = TYP_RECEIPT) -> str:
    """A signed token with canonical JSON."""
    return sign(signing_input(members, key, typ), key)


def receipt(number: int = 1, **changes: object) -> str:
    """A receipt, right unless ``changes`` make it wrong."""
    return token(payload(number, **changes))


@dataclass(frozen=True)
class Ledger:
    """A small log: nodes, leaf data, head, note."""

    leaves: tuple[bytes, ...]
    nodes: Mapping[tuple[int, int], bytes]
    head: Checkpoint
    note: str

    def proof(self, index: int) -> str:
        """The tlog-proof of an entry."""
        return prove(index, self.head, self.note, self.read).text()

    def read(self, level: int, index: int) -> bytes:
        """A stored node."""
        return self.nodes[level, index]

    def files(self) -> dict[str, bytes]:
        """The log as tlog-tiles: path to content."""
        made = {
            str(tile): b"".join(self.nodes[place] for place in tile.nodes()) for tile in tiles.tiles_of(self.head.size)
        }
        for tile in tiles.bundles_of(self.head.size):
            start = tile.index * tiles.WIDTH
            made[str(tile)] = tiles.bundle(self.leaves[start : start + tile.width])
        return {"checkpoint": self.note.encode(), **made}


def ledger(leaves: tuple[bytes, ...], *keys: Key) -> Ledger:
    """The log of these leaf data (32 bytes each), its checkpoint signed by ``LOG`` or these keys."""
    hashes = [merkle.leaf_hash(leaf) for leaf in leaves]
    nodes = {(level, index): value for level, index, value in merkle.new_nodes(0, hashes, lambda *_: b"")}
    root = merkle.root(len(leaves), lambda *place: nodes[place])
    head = Checkpoint(ORIGIN, len(leaves), root)
    return Ledger(leaves, nodes, head, sign_checkpoint(head, *(keys or (LOG,))))


def receipts_ledger(size: int = 5) -> Ledger:
    """A log of ``size`` receipts; entry ``n`` is the receipt of number ``n + 1``."""
    return ledger(tuple(draft_receipt(payload(number), RECEIPT).leaf_data for number in range(1, size + 1)))


def as_json(members: object) -> bytes:
    """A JSON file."""
    return (json.dumps(members, ensure_ascii=False, indent=1) + "\n").encode()
