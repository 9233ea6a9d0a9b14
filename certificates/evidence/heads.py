"""A checkpoint beside what speaks for it: a time authority's stamp over it, and witnesses that cosigned it.

Example:
    >>> from certificates.evidence.findings import Findings
    >>> found = Findings("note")
    >>> look_at_head(found, "note", None, Given({"keys": []}))
    (None, None)
    >>> [point.name for point in found.open_points]
    ['trusted time', 'one ledger']
"""

from collections.abc import Mapping, Sequence
from typing import Any

from certificates.checkpoints import BadCheckpoint, BadProof, Checkpoint, open_checkpoint
from certificates.cosignatures import parse_verifier, verify_cosignatures
from certificates.errors import CertificatesError
from certificates.evidence.findings import Findings, Part
from certificates.evidence.given import Given
from certificates.evidence.times import shown_time
from certificates.jose import SM2_SM3, Key
from certificates.proven_times import log_keys, proven_time, sound_keys, stamped_time
from certificates.receipts import Receipt
from certificates.trusted_time import BadTimeStamp, read_anchors

Seen = tuple[int | None, CertificatesError | None]
"""The Unix time by which a checkpoint was signed, if a clock that is trusted says so; what is wrong, if anything is."""


def checkpoint_keys(jwks: Mapping[str, Any], proven: int | None = None) -> list[Key]:
    """The keys for checkpoints in a published JWK set that count: none that was stolen before the proven Unix time.

    Raises:
        BadKey: It is no JWK set, or a key for checkpoints in it cannot be used.
    """
    return sound_keys(log_keys(jwks), proven)


def open_head(note: str, keys: Sequence[Key]) -> Checkpoint:
    """Verify a checkpoint's note: signed by Ed25519, as every one is, and no line of any key given is wrong.

    Raises:
        BadCheckpoint: With a ``reason``.
    """
    open_checkpoint(note, keys)
    return open_checkpoint(note, [key for key in keys if key.alg != SM2_SM3])


def proven_latest(receipt: Receipt, given: Given) -> int | None:
    """By when a receipt stood in the ledger, by a clock that is trusted; None if nothing given proves it.

    Raises:
        BadAnchor: The time authority's certificate cannot be read.
        BadKey: The keys cannot be used.
    """
    if given.proof is None or given.anchors is None:
        return None
    anchors, keys = read_anchors(given.anchors), log_keys(given.jwks)
    try:
        return proven_time(given.proof, receipt.leaf_data, keys, anchors, token=given.time_stamp).latest
    except (BadProof, BadCheckpoint, BadTimeStamp):
        return None  # what is wrong with them is told where they are looked at


def proven_of_note(note: str, token: bytes | None, given: Given) -> int | None:
    """By when a checkpoint was signed, as ``proven_latest``."""
    stamp = token or given.time_stamp
    if stamp is None or given.anchors is None:
        return None
    try:
        return stamped_time(note, stamp, log_keys(given.jwks), read_anchors(given.anchors)).latest
    except (BadCheckpoint, BadTimeStamp):
        return None


def look_at_head(found: Findings, note: str, token: bytes | None, given: Given) -> Seen:
    """Check the stamp and the cosignatures of a checkpoint that was verified, or say what is not established without.

    Raises:
        BadAnchor, BadVerifier: What was given of the authority or the witnesses cannot be read.
    """
    _look_at_sm2(found, note, given)
    latest, error = _look_at_stamp(found, note, token or given.time_stamp, given)
    return latest, error or _look_at_witnesses(found, note, given)


def _look_at_sm2(found: Findings, note: str, given: Given) -> None:
    """Where the hub has keys for it, whether a checkpoint is signed by SM2, too; before the SM profile none was."""
    keys = [known.key for known in log_keys(given.jwks) if known.key.alg == SM2_SM3]
    if not keys:
        return
    try:
        open_checkpoint(note, keys)
    except BadCheckpoint:
        zh = "未见国密签名：检查点出自启用国密之前，或该行已被改动。"
        en = "It has no SM2 signature: from before the SM profile, or that line was changed."
        found.left_open("sm2", zh, en)
        return
    found.passed("sm2", Part.INTEGRITY, "国密签名正确。", "Its SM2 signature holds, too.")


def _look_at_stamp(found: Findings, note: str, token: bytes | None, given: Given) -> Seen:
    if token is None or given.anchors is None:
        zh = "签发时间由平台自述：没有可核对的时间戳（须有时间戳和时间戳机构证书）。"
        en = "The time is the hub's own word: it takes a time stamp and its authority's certificate (--anchors)."
        found.left_open("trusted time", zh, en)
        return None, None
    try:
        proven = stamped_time(note, token, log_keys(given.jwks), read_anchors(given.anchors))
    except (BadTimeStamp, BadCheckpoint) as error:
        zh, en = "时间戳不符。", "The time stamp does not hold."
        found.failed("trusted time", Part.INTEGRITY, zh, en, error.reason)
        return None, error
    when = shown_time(proven.latest)
    zh, en = f"时间戳机构证明不晚于 {when}。", f"By a time authority's clock it existed at {when}."
    found.passed("trusted time", Part.INTEGRITY, zh, en)
    return proven.latest, None


def _look_at_witnesses(found: Findings, note: str, given: Given) -> CertificatesError | None:
    if not given.witnesses:
        zh = "是否向所有人出示同一日志，须有见证签名（见证方公钥），或与他人所持检查点比对。"
        en = "Whether everybody is shown this same ledger: it takes a witness's key, or somebody else's checkpoint."
        found.left_open("one ledger", zh, en)
        return None
    wanted = [parse_verifier(text) for text in given.witnesses]
    missing = {each.name for each in wanted} - {cosigned.witness for cosigned in verify_cosignatures(note, wanted)}
    if missing:
        zh, en = "缺少见证签名，或见证签名不符。", "A witness's cosignature is missing or wrong."
        found.failed("one ledger", Part.INTEGRITY, zh, en, "cosignature")
        return BadCheckpoint("cosignature")
    zh, en = f"{len(wanted)} 个见证方已签名。", f"It is cosigned by {len(wanted)} witnesses."
    found.passed("one ledger", Part.INTEGRITY, zh, en)
    return None
