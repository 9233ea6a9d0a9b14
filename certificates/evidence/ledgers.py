"""Checkpoints (signed notes) and proofs of inclusion (tlog-proof) on their own.

Example:
    >>> from certificates.evidence.given import Given
    >>> examine_note("nothing", Given({"keys": []})).refusal.reason
    'form'
"""

from certificates import merkle
from certificates.checkpoints import BadCheckpoint, BadProof, Checkpoint, parse_proof
from certificates.evidence.findings import Findings, Part, Report
from certificates.evidence.given import Given
from certificates.evidence.heads import checkpoint_keys, look_at_head, open_head, proven_of_note
from certificates.receipts import BadReceipt, open_receipt, receipt_keys


def examine_note(note: str, given: Given) -> Report:
    """Verify a checkpoint's note with the log's keys.

    Raises:
        BadKey: The keys are no JWK set, or cannot be used.
    """
    found = Findings("note")
    keys = checkpoint_keys(given.jwks, proven_of_note(note, None, given))
    try:
        head = open_head(note, keys)
    except BadCheckpoint as error:
        note_failed(found, error)
        return found.refused(error)
    note_holds(found, head)
    _, refusal = look_at_head(found, note, None, given)
    if refusal is not None:
        return found.refused(refusal)
    return found.report(checkpoint_members(head), checkpoint=head)


def examine_proof(text: str, given: Given) -> Report:
    """Verify a proof's checkpoint and, with the receipt that it is about, its path.

    Raises:
        BadKey: The keys are no JWK set, or cannot be used.
    """
    found = Findings("proof")
    checkpoint_keys(given.jwks)  # unusable ones are told whatever the proof is
    try:
        proof = parse_proof(text)
    except BadProof as error:
        found.failed(
            "form", Part.INTEGRITY, "证明格式不规范。", "The proof's form is not as it should be.", error.reason
        )
        return found.refused(error)
    stamp = proof.extra or None
    try:
        head = open_head(proof.checkpoint, checkpoint_keys(given.jwks, proven_of_note(proof.checkpoint, stamp, given)))
    except BadCheckpoint as error:
        note_failed(found, error)
        return found.refused(error)
    note_holds(found, head)
    _, refusal = look_at_head(found, proof.checkpoint, stamp, given)
    if refusal is not None:
        return found.refused(refusal)
    return _with_path(found, head, proof.index, proof.path, given)


def _with_path(found: Findings, head: Checkpoint, index: int, path: tuple[bytes, ...], given: Given) -> Report:
    content = {**checkpoint_members(head), "index": index}
    if given.receipt is None:
        found.left_open("path", "未提供所证明的回执。", "The receipt that it is about was not given.")
        return found.report(content, checkpoint=head)
    try:
        leaf = merkle.leaf_hash(open_receipt(given.receipt, receipt_keys(given.jwks)).leaf_data)
    except BadReceipt as error:
        found.failed(
            "receipt", Part.INTEGRITY, "所给回执未通过验证。", "The receipt given is not genuine.", error.reason
        )
        return found.refused(error)
    if not merkle.verify_inclusion(leaf, index, head.size, path, head.root):
        zh, en = "路径不能从该回执到达检查点。", "The path does not lead from this receipt to the checkpoint."
        found.failed("path", Part.INTEGRITY, zh, en, "path")
        return found.refused(BadProof("path"))
    found.passed("path", Part.INTEGRITY, "回执在日志之中。", "The receipt is in the ledger.")
    return found.report(content, checkpoint=head)


def note_holds(found: Findings, head: Checkpoint) -> None:
    """Note what a checkpoint that was accepted shows."""
    found.passed("form", Part.INTEGRITY, "格式规范。", "Its form is strict.")
    found.passed("key", Part.ISSUER, "由所给日志公钥签名。", "It is signed with one of the ledger's keys given.")
    found.passed("signature", Part.INTEGRITY, "签名正确。", "The signature holds.")
    found.passed("size", Part.STATUS, f"日志共 {head.size} 条。", f"The ledger has {head.size} entries here.")


def note_failed(found: Findings, error: BadCheckpoint) -> None:
    """Note where a checkpoint was refused."""
    if error.reason not in {"unsigned", "signature"}:
        zh, en = "检查点格式不规范。", "The checkpoint's form is not as it should be."
        found.failed("form", Part.INTEGRITY, zh, en, error.reason)
        return
    found.passed("form", Part.INTEGRITY, "格式规范。", "Its form is strict.")
    if error.reason == "unsigned":
        zh, en = "没有所给日志公钥的签名。", "None of the ledger's keys given signed it."
        found.failed("key", Part.ISSUER, zh, en, error.reason)
        return
    found.passed("key", Part.ISSUER, "由所给日志公钥签名。", "It names one of the ledger's keys given.")
    found.failed("signature", Part.INTEGRITY, "签名不符。", "The signature does not hold.", error.reason)


def checkpoint_members(head: Checkpoint) -> dict[str, object]:
    """A checkpoint as a report's JSON has it."""
    return {"origin": head.origin, "size": head.size, "root": head.root.hex()}
