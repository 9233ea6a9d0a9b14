"""Checkpoints of the ledger as signed notes, and proofs that an entry is in it, as one text file.

Formats: C2SP signed-note (Ed25519), tlog-checkpoint and tlog-proof. A proof holds the entry's index, its audit path and
a checkpoint; with the log's public key it can be checked anywhere, without the hub.

In the SM profile the log signs twice: by Ed25519, which all who know the formats read, and by SM2-SM3 in a line of its
own. signed-note has no type for SM2; its key id is the first four bytes of SHA-256 over the name, a line feed, 0xff,
``mianzheng SM2-SM3`` and the key's 64 bytes x||y, and the 64 bytes r||s are over the note's text.

Example:
    >>> from certificates.jose import ED25519, new_key
    >>> key = new_key(ED25519)
    >>> note = sign_checkpoint(Checkpoint("hub.example/ledger", 1, bytes(32)), key)
    >>> open_checkpoint(note, [key]).size
    1
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certificates import merkle
from certificates.errors import CertificatesError
from certificates.jose import Key, raw_signature, signature_holds
from certificates.sm.sm2 import Sm2PublicKey

PROOF_HEADER = "c2sp.org/tlog-proof@v1"

_ED25519_NOTE = b"\x01"
_SM2_NOTE = b"\xffmianzheng SM2-SM3"
_KEY_ID = 4
_HASH = 32
_MAX_NOTE = 65_536
_MAX_PATH = 64
_NAME = re.compile(r"[^\s+\x00-\x1f]+")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_SIGNATURE_LINE = re.compile(r"— (?P<name>[^\s+]+) (?P<signature>[A-Za-z0-9+/]+=*)")


class BadCheckpoint(CertificatesError):
    """Raised when a checkpoint is malformed, or no known key of the log signed it.

    Attributes:
        reason: A code for counting and for tests.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            "存证日志的检查点未通过验证。请向平台重新获取，并核对公钥。",
            "The ledger's checkpoint could not be verified. Get it from the hub again and check the keys.",
        )


class BadProof(CertificatesError):
    """Raised when a proof is malformed, or does not lead from the entry to its checkpoint.

    Attributes:
        reason: A code for counting and for tests.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            "存证证明未通过验证：该回执不在所给检查点的日志中，或证明文件已被改动。请向平台重新获取证明。",
            "The proof does not show this receipt in the ledger, or was changed. Get the proof from the hub again.",
        )


@dataclass(frozen=True)
class Checkpoint:
    """The ledger's head: its name, the number of its entries and the root over them (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The note's text, which is what is signed (C2SP tlog-checkpoint)."""
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n"


@dataclass(frozen=True)
class Proof:
    """An entry's place and audit path in the tree of a checkpoint.

    Attributes:
        extra: What the format leaves to applications: here a time stamp over the checkpoint, if there is one.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: str
    extra: bytes = b""

    def text(self) -> str:
        """The proof as a file (C2SP tlog-proof)."""
        extra = [f"extra {_base64(self.extra)}"] if self.extra else []
        lines = [PROOF_HEADER, *extra, f"index {self.index}", *(_base64(node) for node in self.path)]
        return "\n".join(lines) + "\n\n" + self.checkpoint


def sign_checkpoint(checkpoint: Checkpoint, *keys: Key) -> str:
    """The signed note of a checkpoint, a line for each key; the keys' name in it is the origin.

    Raises:
        BadCheckpoint: The origin cannot be a key name, or a key is none for Ed25519 or SM2 that signs.
    """
    if _NAME.fullmatch(checkpoint.origin) is None or len(checkpoint.root) != _HASH:
        raise BadCheckpoint("origin or root")
    if not keys or any(key.private is None or not _public_bytes(key) for key in keys):
        raise BadCheckpoint("key")
    text = checkpoint.text()
    signatures = [_key_id(checkpoint.origin, key) + raw_signature(text.encode(), key) for key in keys]
    lines = [f"— {checkpoint.origin} {_base64(signature)}\n" for signature in signatures]
    return "\n".join((text, "".join(lines)))


def open_checkpoint(note: str, keys: Iterable[Key], *, origin: str | None = None) -> Checkpoint:
    """Verify a checkpoint's note. Signatures of others (witnesses) are ignored, as the format asks.

    Args:
        note: The signed note.
        keys: The log's public keys; one of them must have signed, and no line of any of them may be wrong.
        origin: The name that the log must have; None accepts the name that the log's key signed for itself.

    Raises:
        BadCheckpoint: With a ``reason``.
    """
    text, lines = _take_apart(note)
    checkpoint = _parse_text(text)
    if origin is not None and checkpoint.origin != origin:
        raise BadCheckpoint("origin")
    signatures = [_parse_signature(line) for line in lines]
    own = [signature for name, signature in signatures if name == checkpoint.origin]
    holding = [key for key in keys if _signed(text, checkpoint.origin, own, key)]  # looks at every known key's line
    if not holding:
        raise BadCheckpoint("unsigned")
    return checkpoint


def parse_checkpoint(note: str) -> Checkpoint:
    """What a checkpoint's note says. Nothing is verified.

    Raises:
        BadCheckpoint: Its form is not that of a checkpoint.
    """
    return _parse_text(_take_apart(note)[0])


def own_note(note: str) -> str:
    """A checkpoint's note with the ledger's own signatures alone, without those of witnesses. Nothing is verified.

    Raises:
        BadCheckpoint: Its form is not that of a checkpoint.
    """
    text, lines = _take_apart(note)
    origin = _parse_text(text).origin
    own = [line for line in lines if _parse_signature(line)[0] == origin]
    return "\n".join((text, *own, ""))


def prove(index: int, checkpoint: Checkpoint, note: str, read: merkle.NodeReader) -> Proof:
    """The proof that entry ``index`` is under a checkpoint, from the ledger's stored nodes."""
    return Proof(index, tuple(merkle.inclusion_proof(index, checkpoint.size, read)), note)


def proof_texts(places: Iterable[int], checkpoint: Checkpoint, note: str, read: merkle.NodeReader) -> dict[int, str]:
    """The proof files of many entries under one checkpoint, by index: the same as ``prove(…).text()`` of each."""
    paths = merkle.inclusion_texts(places, checkpoint.size, read, lambda node: _base64(node) + "\n")
    return {place: f"{PROOF_HEADER}\nindex {place}\n{path}\n{note}" for place, path in paths.items()}


def parse_proof(text: str) -> Proof:
    """Take a proof file apart; nothing is verified.

    Raises:
        BadProof: Its form is not that of tlog-proof.
    """
    if len(text) > _MAX_NOTE:
        raise BadProof("too long")
    head, blank, note = text.partition("\n\n")
    lines = head.split("\n")
    if not blank or lines.pop(0) != PROOF_HEADER:
        raise BadProof("form")
    extra = _extra(lines.pop(0)) if lines and lines[0].startswith("extra ") else b""
    word, _, number = lines.pop(0).partition(" ") if lines else ("", "", "")
    if word != "index" or _NUMBER.fullmatch(number) is None or len(lines) > _MAX_PATH:
        raise BadProof("index")
    return Proof(int(number), tuple(_proof_hash(line) for line in lines), note, extra)


def verify_proof(text: str, leaf_data: bytes, keys: Sequence[Key], *, origin: str | None = None) -> Checkpoint:
    """Verify that an entry with this leaf data (32 bytes, for receipts ``Receipt.leaf_data``) is in the ledger.

    Raises:
        BadProof: The proof is malformed or leads elsewhere.
        BadCheckpoint: Its checkpoint cannot be verified.
    """
    proof = parse_proof(text)
    checkpoint = open_checkpoint(proof.checkpoint, keys, origin=origin)
    leaf = merkle.leaf_hash(leaf_data)
    if not merkle.verify_inclusion(leaf, proof.index, checkpoint.size, proof.path, checkpoint.root):
        raise BadProof("path")
    return checkpoint


def _take_apart(note: str) -> tuple[str, list[str]]:
    text, blank, signatures = note.rpartition("\n\n")
    if len(note) > _MAX_NOTE or not blank or not signatures.endswith("\n"):
        raise BadCheckpoint("form")
    if any(character < " " and character != "\n" for character in note):
        raise BadCheckpoint("control characters")
    return f"{text}\n", signatures[:-1].split("\n")


def _parse_text(text: str) -> Checkpoint:
    lines = text.split("\n")[:-1]
    if len(lines) != len(("origin", "size", "root")):  # no extension lines: nobody audits them
        raise BadCheckpoint("lines")
    origin, size, root = lines
    if _NAME.fullmatch(origin) is None or _NUMBER.fullmatch(size) is None:
        raise BadCheckpoint("origin or size")
    try:
        return Checkpoint(origin, int(size), _unbase64(root, _HASH))
    except ValueError:
        raise BadCheckpoint("root") from None


def _parse_signature(line: str) -> tuple[str, bytes]:
    found = _SIGNATURE_LINE.fullmatch(line)
    if found is None:
        raise BadCheckpoint("signature line")
    try:
        return found["name"], _unbase64(found["signature"])
    except ValueError:
        raise BadCheckpoint("signature line") from None


def _signed(text: str, name: str, signatures: Iterable[bytes], key: Key) -> bool:
    if not _public_bytes(key):
        return False
    known = [signature for signature in signatures if signature[:_KEY_ID] == _key_id(name, key)]
    return any(_holds(text, signature[_KEY_ID:], key) for signature in known)


def _holds(text: str, signature: bytes, key: Key) -> bool:
    if not signature_holds(text.encode(), signature, key):
        raise BadCheckpoint("signature")
    return True


def _key_id(name: str, key: Key) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _public_bytes(key)).digest()[:_KEY_ID]


def _public_bytes(key: Key) -> bytes:
    """The signature's type and the public key; empty for keys that sign no notes."""
    public = key.public
    if isinstance(public, Ed25519PublicKey):
        return _ED25519_NOTE + public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    if isinstance(public, Sm2PublicKey):
        return _SM2_NOTE + public.x.to_bytes(_HASH, "big") + public.y.to_bytes(_HASH, "big")
    return b""


def _extra(line: str) -> bytes:
    try:
        return _unbase64(line.removeprefix("extra "))
    except ValueError:
        raise BadProof("extra") from None


def _proof_hash(line: str) -> bytes:
    try:
        return _unbase64(line, _HASH)
    except ValueError:
        raise BadProof("hash") from None


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _unbase64(text: str, length: int | None = None) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("base64") from None
    if _base64(data) != text or (length is not None and len(data) != length):
        raise ValueError("base64")
    return data
