r"""By when an entry was in the ledger, by a trusted clock: its proof, and a time stamp over the proof's checkpoint.

The token travels in the proof's ``extra`` line (C2SP tlog-proof), or beside it. It covers the checkpoint with the
ledger's own signature, so that nobody who steals the ledger's key later can have prepared it.

A receipt of a stolen key is good if such a time lies before the theft::

    proven = lambda receipt: proven_time(proof, receipt.leaf_data, log_keys(jwks), anchors).latest
    open_receipt(token, receipt_keys(jwks), proven)

Example:
    >>> with_token("c2sp.org/tlog-proof@v1\nindex 0\n\nnote", b"ab").split("\n")[1]
    'extra YWI='
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cryptography.x509 import Certificate

from certificates.checkpoints import BadCheckpoint, open_checkpoint, own_note, parse_proof, verify_proof
from certificates.jose import BadKey, Key, key_from_jwk
from certificates.trusted_time import BadTimeStamp, TrustedTime, verify_token

_PURPOSES = ("checkpoint", "checkpoint_sm2")


@dataclass(frozen=True)
class LogKey:
    """A published key of the ledger, with the Unix time since which somebody else may have had it (None: nobody)."""

    key: Key
    compromised_since: int | None = None


def log_keys(jwks: Mapping[str, Any]) -> list[LogKey]:
    """The keys for checkpoints in a published JWK set, stolen ones included.

    Raises:
        BadKey: It is no JWK set, or one of these keys cannot be used.
    """
    entries = jwks.get("keys")
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise BadKey("不是 JWK Set", "this is no JWK set")
    return [_log_key(entry) for entry in entries if entry.get("purpose") in _PURPOSES]


def sound_keys(keys: Sequence[LogKey], at: int | None = None) -> list[Key]:
    """The keys that count for a checkpoint: those in order, and those stolen after a moment that a clock has proven."""
    return [
        known.key
        for known in keys
        if known.compromised_since is None or (at is not None and at <= known.compromised_since)
    ]


def stamped_bytes(note: str) -> bytes:
    """What a time stamp over a checkpoint covers: the note's text with the ledger's own signatures, in UTF-8.

    Raises:
        certificates.checkpoints.BadCheckpoint: It is no checkpoint.
    """
    return own_note(note).encode()


def with_token(proof: str, token: bytes) -> str:
    """The proof's file with a time stamp over its checkpoint in it.

    Raises:
        certificates.checkpoints.BadProof: It is no proof.
    """
    return replace(parse_proof(proof), extra=token).text()


def stamped_time(
    note: str, token: bytes, keys: Sequence[LogKey], anchors: Sequence[Certificate], *, origin: str | None = None
) -> TrustedTime:
    """By when the ledger's key had signed a checkpoint.

    Raises:
        BadCheckpoint: It cannot be verified; "unsigned" if only a key signed it that was stolen before that time.
        BadTimeStamp: The token cannot be verified, or is over something else.
    """
    proven = verify_token(token, stamped_bytes(note), anchors)
    open_checkpoint(note, sound_keys(keys, proven.latest), origin=origin)
    return proven


def proven_time(
    proof: str,
    leaf_data: bytes,
    keys: Sequence[LogKey],
    anchors: Sequence[Certificate],
    *,
    token: bytes | None = None,
    origin: str | None = None,
) -> TrustedTime:
    """By when an entry stood in the ledger.

    Args:
        proof: The tlog-proof file.
        leaf_data: 32 bytes, as ``Receipt.leaf_data``.
        keys: The ledger's published keys.
        anchors: The time authorities that the verifier knows.
        token: A time stamp over the proof's checkpoint, if it is not in the proof itself.
        origin: The name that the ledger must have.

    Raises:
        BadProof: The proof is malformed or leads elsewhere.
        BadCheckpoint: Its checkpoint cannot be verified.
        BadTimeStamp: There is no token, or it cannot be verified.
    """
    parsed = parse_proof(proof)
    stamp = token or parsed.extra
    if not stamp:
        raise BadTimeStamp("none")
    proven = stamped_time(parsed.checkpoint, stamp, keys, anchors, origin=origin)
    verify_proof(proof, leaf_data, sound_keys(keys, proven.latest), origin=origin)
    return proven


def _log_key(entry: Mapping[str, Any]) -> LogKey:
    since = entry.get("compromised_since")
    stolen = entry.get("status") == "compromised"
    if type(since) not in {int, type(None)} or (stolen and since is None):
        raise BadKey("失密密钥未注明时间", "a compromised key says since when")
    return LogKey(key_from_jwk(entry), since)


__all__ = [
    "BadCheckpoint", "BadTimeStamp", "LogKey", "log_keys", "proven_time", "sound_keys", "stamped_bytes",
    "stamped_time", "with_token",
]  # fmt: skip
