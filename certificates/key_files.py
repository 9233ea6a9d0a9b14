"""Private keys as encrypted PEM files (PKCS#8), whichever algorithm they are for.

Example:
    >>> from certificates.jose import SM2_SM3, new_key
    >>> key = new_key(SM2_SM3)
    >>> from_pem(to_pem(key, b"passphrase"), b"passphrase", SM2_SM3).kid == key.kid
    True
"""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from certificates.jose import SM2_SM3, BadKey, Key, key_from_private
from certificates.sm import pem as sm_pem
from certificates.sm.sm2 import Sm2PrivateKey


def to_pem(key: Key, passphrase: bytes) -> bytes:
    """The encrypted file of a key in memory: AES for keys of P-256 and Ed25519, SM4 for those of SM2.

    Raises:
        BadKey: It has no private half here.
    """
    if isinstance(key.private, Sm2PrivateKey):
        return sm_pem.to_pem(key.private, passphrase)
    if not isinstance(key.private, EllipticCurvePrivateKey | Ed25519PrivateKey):
        raise BadKey("私钥不在本机内存中", "its private half is not in memory here")
    return key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase))


def from_pem(pem: bytes, passphrase: bytes, alg: str) -> Key:
    """The key of an encrypted file.

    Raises:
        ValueError: The passphrase is another one, or the file holds no key for this algorithm.
    """
    if alg == SM2_SM3:
        return key_from_private(sm_pem.from_pem(pem, passphrase))
    try:
        private = load_pem_private_key(pem, passphrase)
    except (TypeError, UnsupportedAlgorithm) as error:
        raise ValueError("no encrypted private key") from error
    if not isinstance(private, EllipticCurvePrivateKey | Ed25519PrivateKey):
        raise ValueError("another kind of key")  # noqa: TRY004 - what is wrong is the file's content
    key = key_from_private(private)
    if key.alg != alg:
        raise ValueError("a key for another algorithm")
    return key
