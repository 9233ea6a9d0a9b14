"""Names and numbers of Chinese commercial cryptography (商用密码) as this room writes them, each in one place.

JOSE has no registered names for SM2 and SM3: those here are the hub's own, fixed once. The object identifiers are
those of GM/T 0006; the signer's identity that everybody uses unless agreed otherwise is that of GM/T 0009 (GB/T 35276).

Example:
    >>> SM2_SM3, CURVE
    ('SM2-SM3', 'SM2')
"""

from typing import Final

SM2_SM3: Final = "SM2-SM3"
"""``alg`` of a JWS: SM2 signature (GB/T 32918.2) over SM3 (GB/T 32905), as r||s, 64 bytes."""

CURVE: Final = "SM2"
"""``crv`` of a JWK with ``kty`` EC: the curve of GB/T 32918.5 (sm2p256v1)."""

USER_ID: Final = b"1234567812345678"
"""The signer's identity that enters each digest."""

OID_CURVE: Final = "1.2.156.10197.1.301"
OID_SM3_HMAC: Final = "1.2.156.10197.1.401.2"
OID_SM4_CBC: Final = "1.2.156.10197.1.104.2"
