"""Cosignatures of checkpoints by witnesses (C2SP tlog-cosignature, Ed25519): made, verified, and their verifier keys.

A witness says: at this time, this was the largest tree of that log that I saw, and it began with all those that I saw
before. Who asks for one known witness's cosignature can't be shown a ledger that differs from everybody else's.

Example:
    >>> from certificates.checkpoints import Checkpoint, sign_checkpoint
    >>> from certificates.jose import ED25519, new_key
    >>> note = sign_checkpoint(Checkpoint("hub.example/ledger", 1, bytes(32)), new_key(ED25519))
    >>> key = new_key(ED25519)
    >>> line = cosign(note, "office.example/w1", key, at=1679315147)
    >>> verify_cosignatures(note + line, [verifier("office.example/w1", key)])
    [Cosigned(witness='office.example/w1', at=1679315147)]
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certificates.errors import CertificatesError
from certificates.jose import Key, raw_signature

LOG: Final = 0x01
"""Type of a log's own key in a verifier key (Ed25519)."""

WITNESS: Final = 0x04
"""Type of a witness's key in a verifier key (timestamped Ed25519)."""

_ID = 4
_TIME = 8
_SIGNATURE = 64
_RAW_KEY = 32
_LATEST = 2**63 - 1
_VERIFIER = re.compile(r"(?P<name>[^\s+\x00-\x1f]{1,255})\+(?P<id>[0-9a-f]{8})\+(?P<key>[A-Za-z0-9+/]+=*)")
_LINE = re.compile(r"— (?P<name>[^\s+\x00-\x1f]+) (?P<signature>[A-Za-z0-9+/]+=*)")


class BadVerifier(CertificatesError):
    """Raised when a verifier key (C2SP vkey, ``name+id+key``) is malformed, of another kind, or has another id."""

    def __init__(self) -> None:
        super().__init__(
            "验证公钥（vkey）格式不符。应为“名称+编号+公钥”一行，请向对方重新索取，完整粘贴。",
            "This is no verifier key (vkey), which is one line name+id+key. Get it from its owner again, whole.",
        )


@dataclass(frozen=True)
class Verifier:
    """A name with its public key, of a log or of a witness."""

    name: str
    kind: int
    raw: bytes = field(repr=False)

    @property
    def key_id(self) -> bytes:
        """Four bytes, by which its signature lines are known."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.raw).digest()[:_ID]

    def __str__(self) -> str:
        """The verifier key as C2SP signed-note writes it."""
        encoded = base64.b64encode(bytes([self.kind]) + self.raw).decode("ascii")
        return f"{self.name}+{self.key_id.hex()}+{encoded}"


@dataclass(frozen=True)
class Cosigned:
    """A cosignature that verified: whose, and when it was made (Unix time)."""

    witness: str
    at: int


def verifier(name: str, key: Key, kind: int = WITNESS) -> Verifier:
    """The verifier of a key under a name. BadVerifier where it is no Ed25519 key, or no such name can be."""
    if not isinstance(key.public, Ed25519PublicKey):
        raise BadVerifier
    made = Verifier(name, kind, key.public.public_bytes(Encoding.Raw, PublicFormat.Raw))
    return parse_verifier(str(made))


def parse_verifier(text: str) -> Verifier:
    """Read a verifier key.

    Raises:
        BadVerifier: Anything about it.
    """
    found = _VERIFIER.fullmatch(text.strip())
    data = None if found is None else _unbase64(found["key"])
    if found is None or data is None or len(data) != _RAW_KEY + 1 or data[0] not in {LOG, WITNESS}:
        raise BadVerifier
    made = Verifier(found["name"], data[0], data[1:])
    if made.key_id.hex() != found["id"]:
        raise BadVerifier
    return made


def cosign(note: str, name: str, key: Key, *, at: int) -> str:
    """A witness's signature line (with its line end) over a checkpoint's note, whose own signatures don't count.

    Raises:
        BadVerifier: The key is none of Ed25519, or no key can have that name.
    """
    made = verifier(name, key)
    if not 0 <= at <= _LATEST:
        raise ValueError("a time from 1970 on, of 63 bits")
    signature = raw_signature(_message(note, at), key)
    return f"— {name} {base64.b64encode(made.key_id + at.to_bytes(_TIME, 'big') + signature).decode('ascii')}\n"


def verify_cosignatures(note: str, witnesses: Iterable[Verifier]) -> list[Cosigned]:
    """Which of these witnesses cosigned the checkpoint, and when; lines of others count for nothing.

    The note itself is verified by ``checkpoints.open_checkpoint``. A line with a known witness's name and id whose
    signature is wrong counts for nothing either.
    """
    lines = [found for line in note.rpartition("\n\n")[2].split("\n") if (found := _LINE.fullmatch(line))]
    told = (
        (each, _timestamp(note, each, line["signature"]))
        for each in witnesses
        for line in lines
        if line["name"] == each.name
    )
    first = {each.name: at for each, at in told if at is not None}
    return [Cosigned(name, at) for name, at in first.items()]


def witness_lines(text: str, witnesses: Iterable[Verifier], note: str) -> dict[str, str]:
    """Of an answer of signature lines those that verify for this note, by the witness's name."""
    known = list(witnesses)
    lines = [line for line in text.split("\n") if _LINE.fullmatch(line)]
    bare = note.rpartition("\n\n")[0] + "\n\n"
    return {one.witness: f"{line}\n" for line in lines for one in verify_cosignatures(f"{bare}{line}\n", known)}


def _timestamp(note: str, witness: Verifier, encoded: str) -> int | None:
    data = _unbase64(encoded)
    if witness.kind != WITNESS or data is None or len(data) != _ID + _TIME + _SIGNATURE or data[:_ID] != witness.key_id:
        return None
    at = int.from_bytes(data[_ID : _ID + _TIME], "big")
    try:
        Ed25519PublicKey.from_public_bytes(witness.raw).verify(data[_ID + _TIME :], _message(note, at))
    except InvalidSignature:
        return None
    return at if at <= _LATEST else None


def _message(note: str, at: int) -> bytes:
    text = note.rpartition("\n\n")[0] + "\n"
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def _unbase64(text: str) -> bytes | None:
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
    return data if base64.b64encode(data).decode("ascii") == text else None
