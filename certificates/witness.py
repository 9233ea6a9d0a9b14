r"""What a witness decides (C2SP tlog-witness, ``add-checkpoint``): whether a log's checkpoint goes on from the last.

Pure: the request's text, what the witness knows of the log, and its key come in; what is to be answered and remembered
goes out. Whoever keeps the memory has to make deciding and remembering one step.

Example:
    >>> from certificates.checkpoints import Checkpoint, sign_checkpoint
    >>> from certificates.cosignatures import LOG, verifier
    >>> from certificates.jose import ED25519, new_key
    >>> log, key = new_key(ED25519), new_key(ED25519)
    >>> note = sign_checkpoint(Checkpoint("hub.example/ledger", 1, bytes(32)), log)
    >>> known = KnownLog((verifier("hub.example/ledger", log, LOG),))
    >>> decide(parse_submission(f"old 0\n\n{note}"), known, WitnessKey("office.example/w1", key), at=0).status.value
    200
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from certificates import compact, merkle
from certificates.checkpoints import BadCheckpoint, Checkpoint, open_checkpoint
from certificates.cosignatures import LOG, Verifier, cosign
from certificates.jose import Key, key_from_jwk

MOST_BYTES: Final = 65_536
"""Of a request: far more than a proof of 63 lines and a note need."""

SIZE_TYPE: Final = "text/x.tlog.size"
"""Content type of an answer that tells the size that the witness knows."""

_OLD = re.compile(r"old (?P<size>0|[1-9][0-9]{0,18})", re.ASCII)
_MOST_PROOF = 63
_HASH = 32


class MalformedSubmission(ValueError):
    """Raised when a request is not what add-checkpoint takes; the witness answers 400."""


@dataclass(frozen=True)
class Submission:
    """A request, taken apart; nothing in it has been verified."""

    old: int
    proof: tuple[bytes, ...]
    note: str

    @property
    def origin(self) -> str:
        """Which log it says that it is of."""
        return self.note.partition("\n")[0]

    def text(self) -> str:
        """The request's body."""
        lines = [f"old {self.old}", *(base64.b64encode(node).decode("ascii") for node in self.proof)]
        return "\n".join(lines) + "\n\n" + self.note


@dataclass(frozen=True)
class KnownLog:
    """What a witness knows of a log: its keys, and the last checkpoint that it cosigned (None before the first)."""

    keys: tuple[Verifier, ...]
    last: Checkpoint | None = None


@dataclass(frozen=True)
class WitnessKey:
    """A witness's name and its signing key."""

    name: str
    key: Key


@dataclass(frozen=True)
class Decision:
    """What to answer.

    Attributes:
        status: HTTP status.
        body: of the answer: the cosignature line, or the known size in a conflict, or a word of explanation.
        cosigned: the checkpoint to remember, before the answer leaves; None if none was cosigned.
        content_type: of the body.
        suspicious: whether the log's own key signed something that contradicts what the witness knows: evidence.
    """

    status: HTTPStatus
    body: str
    cosigned: Checkpoint | None = None
    content_type: str = "text/plain; charset=utf-8"
    suspicious: bool = False


def parse_submission(text: str) -> Submission:
    """Take a request's body apart.

    Raises:
        MalformedSubmission: Its form is not that of add-checkpoint.
    """
    head, blank, note = text.partition("\n\n")
    first, *rest = head.split("\n")
    found = _OLD.fullmatch(first)
    if len(text) > MOST_BYTES or not blank or found is None or len(rest) > _MOST_PROOF:
        raise MalformedSubmission
    return Submission(int(found["size"]), tuple(_hash(line) for line in rest), note)


def decide(submission: Submission, known: KnownLog, own: WitnessKey, *, at: int) -> Decision:
    """Cosign a checkpoint of a known log, or say why not, as tlog-witness asks.

    Args:
        submission: the request.
        known: the log of ``submission.origin``; for logs that are not known the answer is 404.
        own: the witness's key.
        at: Unix time.
    """
    try:
        checkpoint = open_checkpoint(submission.note, _log_keys(known.keys), origin=submission.origin)
    except BadCheckpoint:
        return _refused(HTTPStatus.FORBIDDEN, "no known key of the log signed this checkpoint")
    if submission.old > checkpoint.size:
        return _refused(HTTPStatus.BAD_REQUEST, "old is larger than the checkpoint")
    last_size = known.last.size if known.last else 0
    if submission.old != last_size:
        return Decision(HTTPStatus.CONFLICT, f"{last_size}\n", None, SIZE_TYPE, _contradicts(checkpoint, known.last))
    if not _goes_on(known.last, checkpoint, submission.proof):
        if known.last is not None and known.last.size == checkpoint.size and not submission.proof:
            return Decision(HTTPStatus.CONFLICT, f"{last_size}\n", None, SIZE_TYPE, suspicious=True)
        return _refused(HTTPStatus.UNPROCESSABLE_ENTITY, "the consistency proof does not verify", suspicious=True)
    return Decision(HTTPStatus.OK, cosign(submission.note, own.name, own.key, at=at), checkpoint)


def _goes_on(last: Checkpoint | None, new: Checkpoint, proof: Sequence[bytes]) -> bool:
    if last is None or last.size == 0:
        return not proof
    return merkle.verify_consistency(last.size, new.size, proof, last.root, new.root)


def _contradicts(new: Checkpoint, last: Checkpoint | None) -> bool:
    """Two roots for one size; a smaller size alone may be an old request that comes late."""
    return last is not None and new.size == last.size and new.root != last.root


def _refused(status: HTTPStatus, why: str, *, suspicious: bool = False) -> Decision:
    return Decision(status, f"{why}\n", suspicious=suspicious)


def _log_keys(verifiers: Sequence[Verifier]) -> list[Key]:
    jwks = ({"kty": "OKP", "crv": "Ed25519", "x": compact.encode(each.raw)} for each in verifiers if each.kind == LOG)
    return [key_from_jwk(jwk) for jwk in jwks]


def _hash(line: str) -> bytes:
    try:
        data = base64.b64decode(line, validate=True)
    except binascii.Error:
        raise MalformedSubmission from None
    if len(data) != _HASH or base64.b64encode(data).decode("ascii") != line:
        raise MalformedSubmission
    return data
