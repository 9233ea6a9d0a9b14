"""Receipts of deliveries: what became of a file, signed by the hub, for the department that delivered it.

The receipt is a file of two members: `receipt`, for people and programs, and `jws`, a compact JWS over just that
receipt, so that a printed or forwarded copy can be held against the hub's published keys.

Example:
    >>> from certificates.jose import ES256, new_key
    >>> key = new_key(ES256)
    >>> data = make_delivery_receipt({"file": "shops_1.csv", "state": "done"}, key)
    >>> read_delivery_receipt(data, {key.kid: key})["state"]
    'done'
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from certificates.jose import Key, VerificationError, Verified, sign, signing_input, verify

TYP_DELIVERY: Final = "hub-delivery+jwt"
STARTS: Final = re.compile(rb'\s*\{\s*"receipt"\s*:')
"""How such a file begins, however it is laid out: to tell it from other JSON."""


def make_delivery_receipt(receipt: Mapping[str, Any], key: Key) -> bytes:
    """The receipt's file: indented JSON, UTF-8."""
    members = dict(receipt)
    token = sign(signing_input(members, key, TYP_DELIVERY), key)
    return f"{json.dumps({'receipt': members, 'jws': token}, ensure_ascii=False, indent=2)}\n".encode()


def read_delivery_receipt(data: bytes, keys: Mapping[str, Key]) -> Mapping[str, Any]:
    """The receipt of a file, if it is as the hub signed it. Errors as `verify_delivery_receipt`."""
    return verify_delivery_receipt(data, keys).payload


def verify_delivery_receipt(data: bytes, keys: Mapping[str, Key]) -> Verified:
    """The same with the header, which names the key.

    Raises:
        VerificationError: It is no such file, was changed, or another key signed it.
    """
    try:
        told = json.loads(data)
        receipt, token = told["receipt"], told["jws"]
    except (ValueError, TypeError, KeyError):
        raise VerificationError("form") from None
    if not isinstance(token, str):
        raise VerificationError("form")
    verified = verify(token, keys, TYP_DELIVERY)
    if verified.payload != receipt:
        raise VerificationError("payload")
    return verified
