"""The suite's receipts and checkpoints of the SM profile, good and bad; their keys are a set of their own."""

from collections.abc import Iterator
from typing import Any, Final

from certificates import compact
from certificates.groups import group_algorithm, sign_group
from certificates.jose import ES256, Key, key_in_module, signing_input
from certificates.receipts import TYP_RECEIPT, draft_receipt, sign_drafts
from certificates.sm.sm2 import Sm2PrivateKey, repeatable_nonces
from certificates.trust_root import sign_key_set
from tests.vectors import material as made
from tests.vectors.cases import Case

KEYS_SM: Final = "keys-sm.jwks"


class DeterministicSm2:
    """An SM2 key whose signatures depend on message and key alone."""

    def __init__(self, number: int) -> None:
        self._private = Sm2PrivateKey(number)
        self.public = self._private.public_key()

    def sign_raw(self, data: bytes) -> bytes:
        return self._private.sign_with(data, repeatable_nonces())


def sm2(number: int) -> Key:
    """A key made of a small number."""
    module = DeterministicSm2(number)
    return key_in_module(module.public, module)


ROOT, RECEIPT, LOG, STRANGER = (sm2(number) for number in range(3001, 3005))
_KEYS: Final = [
    made.entry(ROOT, "root"),
    made.entry(RECEIPT, "receipt"),
    made.entry(made.LOG, "checkpoint"),
    made.entry(LOG, "checkpoint_sm2"),
]
JWKS: Final = {"keys": _KEYS, "signatures": [sign_key_set(_KEYS, ROOT, made.NOW)]}

_DRAFTS = [draft_receipt(made.payload(number), RECEIPT) for number in range(1, 6)]
_TOKENS = sign_drafts(_DRAFTS, RECEIPT)
_LEAVES = tuple(draft.leaf_data for draft in _DRAFTS)


def sm_receipts() -> Iterator[Case]:
    """Receipts under SM2, alone and as members of a group."""
    first, _, third, *_ = _TOKENS
    signature = compact.parse(third).signature
    (group_of_one,) = sign_drafts(_DRAFTS[2:3], RECEIPT)
    alone = made.token(made.payload(3), RECEIPT)
    head, place, path = signature[:64], signature[64:72], signature[72:]
    yield _receipt("one of five", third, "index 2 of a group of 5")
    yield _receipt("the last of five", _TOKENS[4], "its path is shorter than the others'")
    yield _receipt("group of one", group_of_one, "no path")
    yield _receipt("signed alone", alone, "alg SM2-SM3, 64 bytes")
    yield _receipt(
        "key of nobody", sign_drafts([draft_receipt(made.payload(), STRANGER)], STRANGER)[0], "not the hub's", "kid"
    )
    for name, changed, why, reason in (
        ("with another's place", compact.parse(first).signature, "index and path are of member 0", "signature"),
        ("with another index", head + (3).to_bytes(4, "big") + place[4:] + path, "the index was changed", "signature"),
        ("with an index beyond", head + (5).to_bytes(4, "big") + place[4:] + path, "5 of 5", "group"),
        ("with another size", head + place[:4] + (6).to_bytes(4, "big") + path, "the size was changed", "signature"),
        ("with a step less", head + place + path[:-32], "the path was cut", "group"),
        ("with a step more", signature + bytes(32), "the path is too long", "group"),
        ("with half a step", signature[:-16], "the path was cut within a step", "group"),
        ("with r and s exchanged", head[32:] + head[:32] + place + path, "s||r", "signature"),
        ("with a signature of zeros", bytes(64) + place + path, "r = s = 0", "signature"),
        ("without its place", head, "64 bytes under a group's alg", "group"),
    ):
        yield _receipt(name, _with_signature(third, changed), why, reason)
    yield _receipt("a place under a plain alg", _with_signature(alone, signature), "not 64 bytes", "signature")
    yield _receipt("alg of other keys' groups", _as_es256(), "the key is for SM2-SM3", "alg")


def sm_proofs() -> Iterator[Case]:
    """A receipt under SM2 demands both signatures of its checkpoint; a note is good if its known lines are."""
    both = made.ledger(_LEAVES, made.LOG, LOG)
    wrong = _with_other_sm2_line(both.note, made.ledger(_LEAVES[:4], made.LOG, LOG).note)
    token = _TOKENS[2]
    for name, proof, why, reason in (
        ("with its proof", both.proof(2), "both signatures", None),
        ("with no SM2 line", made.ledger(_LEAVES, made.LOG).proof(2), "Ed25519 alone", "unsigned"),
        ("with no Ed25519 line", made.ledger(_LEAVES, LOG).proof(2), "SM2 alone", "unsigned"),
        ("with a wrong SM2 line", both.proof(2).replace(both.note, wrong), "of another tree", "signature"),
    ):
        yield _receipt(name, token, why, reason, beside={"proof": proof.encode()})
    yield _case("note", "with both lines", both.note, "as the hub signs it")
    yield _case("note", "with a wrong SM2 line", wrong, "SM2 line of another tree", "signature")


def _as_es256() -> str:
    (token,) = sign_group([signing_input(made.payload(1), RECEIPT, TYP_RECEIPT, group_algorithm(ES256))], RECEIPT)
    return token


def _with_signature(token: str, signature: bytes) -> str:
    return f"{token.rpartition('.')[0]}.{compact.encode(signature)}"


def _with_other_sm2_line(note: str, other: str) -> str:
    lines, others = note.split("\n"), other.split("\n")
    return "\n".join([*lines[:-2], others[-2], ""])


def _receipt(name: str, token: str, why: str, reason: str | None = None, **more: Any) -> Case:  # noqa: ANN401 - fields of Case
    return _case("receipt", name, token, why, reason, **more)


def _case(kind: str, name: str, text: str, why: str, reason: str | None = None, **more: Any) -> Case:  # noqa: ANN401 - fields of Case
    return Case(f"SM {name}", kind, text.encode(), why, reason, keys=KEYS_SM, profile="sm", **more)
