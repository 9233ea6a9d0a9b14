"""SM2 private keys as PEM files: PKCS#8 (RFC 5958), encrypted (RFC 8018, PBES2) with SM4-CBC under PBKDF2-HMAC-SM3.

``openssl`` reads what is written here if it knows that PRF; what it writes itself (``openssl pkcs8 -topk8``, with
AES-256 or ``-v2 sm4-cbc``) is read here.

Example:
    >>> from certificates.sm.sm2 import new_private_key
    >>> key = new_private_key()
    >>> from_pem(to_pem(key, b"passphrase"), b"passphrase") == key
    True
"""

import base64
import binascii
import secrets
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256, SM4
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import SHA256, SM3, HashAlgorithm
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.padding import PKCS7

from certificates.sm import der
from certificates.sm.names import OID_CURVE, OID_SM3_HMAC, OID_SM4_CBC
from certificates.sm.sm2 import Sm2PrivateKey

_BEGIN: Final = b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
_END: Final = b"-----END ENCRYPTED PRIVATE KEY-----\n"
_LINE: Final = 64
_LENGTH: Final = 32
_BLOCK: Final = 16
_ITERATIONS: Final = 100_000  # a tenth of a second; the hub's own passphrase is random and long
_MOST_ITERATIONS: Final = 10_000_000
_SALT: Final = 16

_OID_EC = der.oid("1.2.840.10045.2.1")
_OID_PBES2 = der.oid("1.2.840.113549.1.5.13")
_OID_PBKDF2 = der.oid("1.2.840.113549.1.5.12")
_CIPHERS: dict[bytes, type[SM4 | AES256]] = {
    der.oid(OID_SM4_CBC): SM4,
    der.oid("2.16.840.1.101.3.4.1.42"): AES256,
}
_KEY_LENGTHS: Final = {SM4: 16, AES256: 32}
_PRFS: dict[bytes, type[HashAlgorithm]] = {
    der.oid(OID_SM3_HMAC): SM3,
    der.oid("1.2.840.113549.2.9"): SHA256,
}
_KEY_ALGORITHM = der.element(der.SEQUENCE, _OID_EC, der.oid(OID_CURVE))


@dataclass(frozen=True)
class _Sealing:
    """How a key file is encrypted: cipher, PRF, and their numbers."""

    cipher: type[SM4 | AES256]
    prf: type[HashAlgorithm]
    salt: bytes
    iterations: int
    start: bytes

    def algorithm(self) -> bytes:
        """Its AlgorithmIdentifier."""
        cipher = next(oid for oid, kind in _CIPHERS.items() if kind is self.cipher)
        prf = next(oid for oid, kind in _PRFS.items() if kind is self.prf)
        numbers = der.element(der.OCTETS, self.salt), der.integer(self.iterations)
        prf_algorithm = der.element(der.SEQUENCE, prf, der.element(der.NULL))
        derivation = der.element(der.SEQUENCE, _OID_PBKDF2, der.element(der.SEQUENCE, *numbers, prf_algorithm))
        scheme = der.element(der.SEQUENCE, cipher, der.element(der.OCTETS, self.start))
        return der.element(der.SEQUENCE, _OID_PBES2, der.element(der.SEQUENCE, derivation, scheme))

    def seal(self, plain: bytes, passphrase: bytes) -> bytes:
        """Encrypt."""
        padder = PKCS7(8 * _BLOCK).padder()
        encryptor = self._cipher(passphrase).encryptor()
        return encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()

    def unseal(self, sealed: bytes, passphrase: bytes) -> bytes:
        """Decrypt. ValueError: most probably another passphrase."""
        decryptor, unpadder = self._cipher(passphrase).decryptor(), PKCS7(8 * _BLOCK).unpadder()
        return unpadder.update(decryptor.update(sealed) + decryptor.finalize()) + unpadder.finalize()

    def _cipher(self, passphrase: bytes) -> Cipher[CBC]:
        length = _KEY_LENGTHS[self.cipher]
        key = PBKDF2HMAC(self.prf(), length, self.salt, self.iterations).derive(passphrase)
        return Cipher(self.cipher(key), CBC(self.start))


def to_pem(key: Sm2PrivateKey, passphrase: bytes) -> bytes:
    """The encrypted file of a key."""
    sealing = _Sealing(SM4, SM3, secrets.token_bytes(_SALT), _ITERATIONS, secrets.token_bytes(_BLOCK))
    sealed = der.element(der.OCTETS, sealing.seal(_private_key_info(key), passphrase))
    text = base64.b64encode(der.element(der.SEQUENCE, sealing.algorithm(), sealed))
    lines = [text[start : start + _LINE] + b"\n" for start in range(0, len(text), _LINE)]
    return b"".join((_BEGIN, *lines, _END))


def from_pem(pem: bytes, passphrase: bytes) -> Sm2PrivateKey:
    """The key of an encrypted file.

    Raises:
        ValueError: It is no encrypted SM2 key, or the passphrase is another one.
    """
    outer = der.inside(_decoded(pem), der.SEQUENCE)
    if [tag for tag, _ in outer] != [der.SEQUENCE, der.OCTETS]:
        raise ValueError("no encrypted private key")
    return _read_private_key_info(_read_sealing(outer[0][1]).unseal(outer[1][1], passphrase))


def _decoded(pem: bytes) -> bytes:
    if not (pem.startswith(_BEGIN) and pem.endswith(_END)):
        raise ValueError("no encrypted private key")
    try:
        return base64.b64decode(pem[len(_BEGIN) : -len(_END)].replace(b"\n", b""), validate=True)
    except binascii.Error:
        raise ValueError("base64") from None


def _private_key_info(key: Sm2PrivateKey) -> bytes:
    public = key.public_key()
    point = b"\x04" + public.x.to_bytes(_LENGTH, "big") + public.y.to_bytes(_LENGTH, "big")
    key_in_octets = der.element(der.OCTETS, key.number.to_bytes(_LENGTH, "big"))
    point_beside = der.element(der.CONTEXT_1, der.element(der.BITS, b"\x00", point))
    ec_key = der.element(der.SEQUENCE, der.integer(1), key_in_octets, point_beside)
    return der.element(der.SEQUENCE, der.integer(0), _KEY_ALGORITHM, der.element(der.OCTETS, ec_key))


def _read_private_key_info(data: bytes) -> Sm2PrivateKey:
    version, algorithm, octets = der.inside(data, der.SEQUENCE)[:3]
    if der.natural(version[1]) != 0 or der.element(*algorithm) != _KEY_ALGORITHM:
        raise ValueError("no SM2 key")
    ec_version, number, *_ = der.inside(octets[1], der.SEQUENCE)
    if der.natural(ec_version[1]) != 1 or len(number[1]) != _LENGTH:
        raise ValueError("no SM2 key")
    return Sm2PrivateKey(int.from_bytes(number[1], "big"))


def _read_sealing(algorithm: bytes) -> _Sealing:
    (scheme_tag, scheme), (_, parameters) = der.elements(algorithm)
    (_, derivation), (_, encryption) = der.elements(parameters)
    (kdf_tag, kdf), (_, numbers) = der.elements(derivation)
    if (der.element(scheme_tag, scheme), der.element(kdf_tag, kdf)) != (_OID_PBES2, _OID_PBKDF2):
        raise ValueError("another scheme")
    (_, salt), (_, iterations), *_, (_, prf) = der.elements(numbers)
    cipher, (_, start) = der.elements(encryption)
    prf_name, *_ = der.elements(prf)
    count = der.natural(iterations)
    try:
        kinds = _CIPHERS[der.element(*cipher)], _PRFS[der.element(*prf_name)]
    except KeyError:
        raise ValueError("another cipher") from None
    if not 0 < count <= _MOST_ITERATIONS or len(start) != _BLOCK:
        raise ValueError("numbers out of range")
    return _Sealing(*kinds, salt, count, start)
