"""A receipt, looked at step by step: form, type, key, algorithm, signature, claims, the key's period, time, logging.

Example:
    >>> from certificates.evidence.given import Given
    >>> examine_receipt("no receipt", Given({"keys": []})).refusal.reason
    'form'
"""

from typing import Any

from certificates.checkpoints import BadCheckpoint, BadProof, Checkpoint, parse_proof, verify_proof
from certificates.evidence.findings import Findings, Part, Report
from certificates.evidence.given import Given
from certificates.evidence.heads import checkpoint_keys, look_at_head, proven_latest
from certificates.evidence.steps import fail_at, pass_all
from certificates.evidence.times import shown_time
from certificates.jose import SM2_SM3, Key
from certificates.receipts import BadReceipt, Receipt, open_receipt, receipt_keys

VALID = "valid"
SKEW = 60
"""Seconds by which the clock here may be behind the hub's."""


def examine_receipt(token: str, given: Given) -> Report:
    """Verify a receipt and, if its proof is given, that it stands in the ledger.

    Raises:
        BadKey: The keys are no JWK set, or cannot be used.
    """
    found = Findings("receipt")
    keys = receipt_keys(given.jwks)
    checkpoint_keys(given.jwks)  # unusable ones are told whether there is a proof or not
    try:
        receipt = open_receipt(token, keys, lambda opened: proven_latest(opened, given))
    except BadReceipt as error:
        fail_at(found, error.reason)
        return found.refused(error)
    pass_all(found)
    early = _look_at_time(found, receipt, given)
    if early is not None:
        return found.refused(early)
    return _with_logging(found, receipt, keys[receipt.kid].key.alg, given)


def _who_must_have_signed(log_keys: list[Key], alg: str) -> list[list[Key]]:
    """The families of keys of which one each must have signed: Ed25519's, and SM2's too for a receipt under SM2."""
    families = [[key for key in log_keys if key.alg != SM2_SM3]]
    of_sm2 = [key for key in log_keys if key.alg == SM2_SM3]
    return [*families, of_sm2] if alg == SM2_SM3 and of_sm2 else families


def _look_at_time(found: Findings, receipt: Receipt, given: Given) -> BadReceipt | None:
    code = str(receipt.answer.get("code", ""))
    if given.moment is None:
        found.left_open("time", "没有给出核对时刻。", "No moment to judge by was given.")
    elif receipt.iat > given.moment + SKEW:
        zh, en = "签发时间晚于核对时刻。", "It was signed after the moment that is judged by."
        found.failed("time", Part.STATUS, zh, en, "from the future")
        return BadReceipt("from the future")
    when = shown_time(receipt.iat)
    tell = found.passed if code == VALID else found.negative
    tell("verdict", Part.STATUS, f"{when} 的结论：{code}。", f"The verdict at {when}: {code}.")
    found.left_open(
        "later changes",
        "此后证照状态有无变化，须再次核验。",
        "Whether the certificate has changed since then: ask the hub again.",
    )
    return None


def _with_logging(found: Findings, receipt: Receipt, alg: str, given: Given) -> Report:
    content = receipt_members(receipt)
    if given.proof is None:
        found.left_open("logging", "未提供存证证明。", "No proof of its logging was given.")
        return found.report({**content, "logged": None}, receipt=receipt)
    try:
        families = _who_must_have_signed(checkpoint_keys(given.jwks, proven_latest(receipt, given)), alg)
        head, *_ = [verify_proof(given.proof, receipt.leaf_data, family) for family in families]
        proof = parse_proof(given.proof)
    except (BadProof, BadCheckpoint) as error:
        zh, en = "存证证明与回执不符。", "The proof does not lead from this receipt to a checkpoint of the ledger."
        found.failed("logging", Part.INTEGRITY, zh, en, error.reason)
        return found.refused(error)
    zh, en = f"已存证，日志共 {head.size} 条。", f"It stands in the ledger of {head.size} entries."
    found.passed("logging", Part.INTEGRITY, zh, en)
    _, refusal = look_at_head(found, proof.checkpoint, proof.extra or None, given)
    if refusal is not None:
        return found.refused(refusal)
    return found.report({**content, "logged": ledger_head(head)}, receipt=receipt, checkpoint=head)


def ledger_head(checkpoint: Checkpoint) -> dict[str, Any]:
    """A checkpoint as a report's JSON has it."""
    return {"origin": checkpoint.origin, "size": checkpoint.size}


def receipt_members(receipt: Receipt) -> dict[str, Any]:
    """A receipt as a report's JSON has it."""
    return {
        "issuer": receipt.iss,
        "audience": receipt.aud,
        "issued_at": shown_time(receipt.iat),
        "id": receipt.jti,
        "request": receipt.req,
        "key": receipt.kid,
        "data_as_of": None if receipt.data_as_of is None else shown_time(receipt.data_as_of),
        receipt.act: dict(receipt.answer),
    }
