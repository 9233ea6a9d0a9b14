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

from certificates import der
from certificates.der import Node
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

_OID_EC = "1.2.840.10045.2.1"
_OID_PBES2 = "1.2.840.113549.1.5.13"
_OID_PBKDF2 = "1.2.840.113549.1.5.12"
_CIPHERS: dict[str, type[SM4 | AES256]] = {OID_SM4_CBC: SM4, "2.16.840.1.101.3.4.1.42": AES256}
_KEY_LENGTHS: Final = {SM4: 16, AES256: 32}
_PRFS: dict[str, type[HashAlgorithm]] = {OID_SM3_HMAC: SM3, "1.2.840.113549.2.9": SHA256}
_KEY_ALGORITHM = der.sequence(der.oid(_OID_EC), der.oid(OID_CURVE))
_BITS: Final = 0x03
_CONTEXT_1: Final = 0xA1


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
        prf_algorithm = der.sequence(der.oid(prf), der.element(der.NULL, b""))
        numbers = der.sequence(der.octets(self.salt), der.integer(self.iterations), prf_algorithm)
        derivation = der.sequence(der.oid(_OID_PBKDF2), numbers)
        scheme = der.sequence(der.oid(cipher), der.octets(self.start))
        return der.sequence(der.oid(_OID_PBES2), der.sequence(derivation, scheme))

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
    sealed = der.octets(sealing.seal(_private_key_info(key), passphrase))
    text = base64.b64encode(der.sequence(sealing.algorithm(), sealed))
    lines = [text[start : start + _LINE] + b"\n" for start in range(0, len(text), _LINE)]
    return b"".join((_BEGIN, *lines, _END))


def from_pem(pem: bytes, passphrase: bytes) -> Sm2PrivateKey:
    """The key of an encrypted file.

    Raises:
        ValueError: It is no encrypted SM2 key, or the passphrase is another one.
    """
    algorithm, sealed = der.children(der.read(_decoded(pem)), der.SEQUENCE)
    return _read_private_key_info(_read_sealing(algorithm).unseal(der.content(sealed, der.OCTETS), passphrase))


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
    point_beside = der.element(_CONTEXT_1, der.element(_BITS, b"\x00" + point))
    ec_key = der.sequence(der.integer(1), der.octets(key.number.to_bytes(_LENGTH, "big")), point_beside)
    return der.sequence(der.integer(0), _KEY_ALGORITHM, der.octets(ec_key))


def _read_private_key_info(data: bytes) -> Sm2PrivateKey:
    version, algorithm, octets, *_ = der.children(der.read(data), der.SEQUENCE)
    if der.number(version) != 0 or algorithm.whole != _KEY_ALGORITHM:
        raise ValueError("no SM2 key")
    ec_version, number, *_ = der.children(der.read(der.content(octets, der.OCTETS)), der.SEQUENCE)
    secret = der.content(number, der.OCTETS)
    if der.number(ec_version) != 1 or len(secret) != _LENGTH:
        raise ValueError("no SM2 key")
    return Sm2PrivateKey(int.from_bytes(secret, "big"))


def _read_sealing(algorithm: Node) -> _Sealing:
    scheme, parameters = der.children(algorithm, der.SEQUENCE)
    derivation, encryption = der.children(parameters, der.SEQUENCE)
    kdf, numbers = der.children(derivation, der.SEQUENCE)
    if (der.dotted(scheme), der.dotted(kdf)) != (_OID_PBES2, _OID_PBKDF2):
        raise ValueError("another scheme")
    salt, iterations, *_, prf = der.children(numbers, der.SEQUENCE)
    prf_name, *_ = der.children(prf, der.SEQUENCE)
    cipher, start = der.children(encryption, der.SEQUENCE)
    kind, digest = _CIPHERS.get(der.dotted(cipher)), _PRFS.get(der.dotted(prf_name))
    if kind is None or digest is None:
        raise ValueError("another cipher")
    count, block = _count(der.number(iterations)), _block(der.content(start, der.OCTETS))
    return _Sealing(kind, digest, der.content(salt, der.OCTETS), count, block)


def _count(iterations: int) -> int:
    if not 0 < iterations <= _MOST_ITERATIONS:
        raise ValueError("iterations")
    return iterations


def _block(start: bytes) -> bytes:
    if len(start) != _BLOCK:
        raise ValueError("block")
    return start
