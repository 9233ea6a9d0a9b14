"""A client's own signing key, read from the PEM file in which it keeps it: never the hub's keys.

Example:
    >>> from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    >>> from certificates.jose import ES256, new_key
    >>> key = new_key(ES256)
    >>> pem = key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    >>> read_client_key(pem).kid == key.kid
    True
"""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from certificates.errors import CertificatesError
from certificates.jose import Key, key_from_private


class NoClientKey(CertificatesError):
    """Raised when a file is not an unencrypted private key, in PEM, for ES256 or Ed25519."""

    def __init__(self) -> None:
        super().__init__(
            "这不是可用的客户端私钥：应为未加密的 PEM（P-256 或 Ed25519）。可用 openssl genpkey 生成。",
            "This is no usable client key: an unencrypted PEM for P-256 or Ed25519 is needed. Make one with openssl "
            "genpkey.",
        )


def read_client_key(pem: bytes) -> Key:
    """The signing key in a PEM (PKCS#8 or SEC 1).

    Raises:
        NoClientKey: it is something else.
    """
    try:
        private = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # its messages may quote the file
        raise NoClientKey from None
    if isinstance(private, Ed25519PrivateKey):
        return key_from_private(private)
    if isinstance(private, EllipticCurvePrivateKey) and isinstance(private.curve, SECP256R1):
        return key_from_private(private)
    raise NoClientKey
