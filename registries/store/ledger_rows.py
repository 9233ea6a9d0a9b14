"""The ledger's values: what is appended, what comes back, and the digest that each row carries over its own columns.

>>> len(body_digest(b"payload", b"digest"))
32
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class NewEntry:
    """What is to be written down.

    Attributes:
        kind: `answer` (appended in order, under the ledger's lock) or any other word, such as `batch` or `key`.
        issuer, jti: who asked and their request's id; together unique in the ledger.
        leaf: 32 bytes, SHA-256 of `payload`; for receipts of the JWS signing input.
        payload: the bytes behind the leaf; kept apart, erasable.
        request_digest: SHA-256 of the request's bytes: the same request gets the same answer again.
        beside: what travels beside the payload, which holds a digest of it; empty: nothing.
    """

    kind: str
    issuer: str
    jti: str
    leaf: bytes
    payload: bytes
    request_digest: bytes = b""
    beside: bytes = b""


@dataclass(frozen=True)
class Appended:
    """A new entry; it gets its place in the tree by `ledger.sequence`."""

    entry_id: int


@dataclass(frozen=True)
class Stored:
    """This issuer and jti were written down before; payload and digest are None if the body was erased."""

    entry_id: int
    payload: bytes | None
    request_digest: bytes | None
    beside: bytes | None = None


@dataclass(frozen=True)
class TreeHead:
    """Size and root hash (RFC 6962) of the tree."""

    size: int
    root: bytes


@dataclass(frozen=True)
class Checkpoint:
    """A signed note over a tree head."""

    size: int
    root: bytes
    note: str
    made_at: datetime


@dataclass(frozen=True)
class Grown:
    """What new entries make of the tree.

    Attributes:
        before: the head as it was.
        places: of the new entries, by entry id, in order.
        nodes: by level and index: the new ones, and of the others those that new entries' paths can need.
        kept: the latest checkpoint.
        made: the new nodes: level, index, hash.
    """

    before: TreeHead
    head: TreeHead
    places: Mapping[int, int]
    nodes: Mapping[tuple[int, int], bytes]
    kept: Checkpoint | None
    made: Sequence[tuple[int, int, bytes]] = ()


@dataclass(frozen=True)
class Cosignature:
    """What a witness at another office said of a checkpoint.

    Attributes:
        size: of the checkpoint.
        witness: the witness's name.
        verifier: its verifier key (C2SP vkey).
        line: its signature line, with the line end, as it stands below a note.
    """

    size: int
    witness: str
    verifier: str
    line: str


@dataclass(frozen=True)
class LedgerReport:
    """What a check found.

    Attributes:
        size: entries that have a place.
        faults: place in the tree (None: not in it yet) and what is wrong there, in places' order.
        erased: entries whose body was erased, which is no fault.
        waiting: entries that have no place yet, which is no fault.
    """

    size: int
    faults: list[tuple[int | None, str]]
    erased: int = 0
    waiting: int = 0


def entry_digest(kind: str, issuer: str, jti: str, leaf: bytes, made_at: datetime) -> bytes:
    """32 bytes over an entry's columns."""
    return _digest(b"entry", kind.encode(), issuer.encode(), jti.encode(), leaf, _moment(made_at))


def body_digest(payload: bytes, request_digest: bytes) -> bytes:
    """32 bytes over a body's columns."""
    return _digest(b"body", payload, request_digest)


def beside_digest(content: bytes) -> bytes:
    """32 bytes over what stands beside a body."""
    return _digest(b"beside", content)


def checkpoint_digest(size: int, root: bytes, note: str, made_at: datetime) -> bytes:
    """32 bytes over a checkpoint's columns."""
    return _digest(b"checkpoint", str(size).encode(), root, note.encode(), _moment(made_at))


def cosignature_digest(one: Cosignature, made_at: datetime) -> bytes:
    """32 bytes over a cosignature's columns."""
    told = (str(one.size).encode(), one.witness.encode(), one.verifier.encode(), one.line.encode())
    return _digest(b"cosignature", *told, _moment(made_at))


def _digest(*parts: bytes) -> bytes:
    state = hashlib.sha256()
    for part in parts:
        state.update(len(part).to_bytes(8, "big"))  # lengths, so that no two rows join to the same bytes
        state.update(part)
    return state.digest()


def _moment(moment: datetime) -> bytes:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").encode()
