"""Receipts of deliveries, as they lie in a drop folder's ``out/``: what became of a file, signed by the hub.

Example:
    >>> from certificates.delivery_receipts import make_delivery_receipt
    >>> from certificates.evidence.given import Given
    >>> from certificates.jose import ES256, new_key
    >>> key = new_key(ES256)
    >>> data = make_delivery_receipt({"file": "a.csv", "made_at": "2026-03-01T08:00:00+00:00"}, key)
    >>> examine_delivery("a.csv.receipt.json", data, Given({"keys": [{**key.to_jwk(), "purpose": "message"}]})).genuine
    True
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from certificates.delivery_receipts import verify_delivery_receipt
from certificates.evidence.findings import Findings, Report
from certificates.evidence.given import Given
from certificates.evidence.reading import as_text
from certificates.evidence.steps import fail_at, pass_all
from certificates.jose import VerificationError, Verified
from certificates.published_keys import PublishedKey, published_keys

PURPOSE: Final = "message"


def examine_delivery(name: str, content: bytes, given: Given) -> Report:
    """Verify the receipt of a delivery: what is printed is what was signed, by a key that counted then.

    Raises:
        BadKey: The keys are no JWK set, or one of this purpose cannot be used.
        UnusableFile: The file is too large, or no text.
    """
    found, keys = Findings("delivery"), published_keys(given.jwks, PURPOSE)
    data = as_text(name, content).encode()
    try:
        verified = verify_delivery_receipt(data, {kid: each.key for kid, each in keys.items()})
        _look_at_period(verified, keys)
    except VerificationError as error:
        fail_at(found, "claims" if error.reason == "payload" else error.reason)
        return found.refused(error)
    pass_all(found)
    receipt = verified.payload
    if receipt.get("sha256") is not None:
        found.left_open(
            "file",
            f"所交付的文件是否就是这一份：请核对其 SHA-256 是否为 {receipt['sha256']}。",
            f"Whether it is about the file you have: its SHA-256 must be {receipt['sha256']}.",
        )
    return found.report(dict(receipt))


def _look_at_period(verified: Verified, keys: Mapping[str, PublishedKey]) -> None:
    """The key that signed must count at the moment that the receipt names."""
    try:
        made = int(datetime.fromisoformat(str(verified.payload["made_at"])).timestamp())
    except (KeyError, ValueError):
        raise VerificationError("claims") from None
    signed_by = keys[verified.header["kid"]]
    if not signed_by.counts_at(made):
        raise VerificationError("key compromised" if signed_by.compromised else "key retired")
