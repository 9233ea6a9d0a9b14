"""SM2 signatures over SM3 (GB/T 32918.2, GM/T 0003.2) as raw r||s.

The nonce is drawn from the system's random numbers, mixed with the key and the message (as RFC 6979, section 3.6, has
it for ECDSA): a weak random source alone does not give the key away, and one message signed twice gives two signatures.

Example:
    >>> key = new_private_key()
    >>> public = key.public_key()
    >>> public.verifies(b"text", key.sign(b"text")), public.verifies(b"texT", key.sign(b"text"))
    (True, False)
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from certificates.sm.curve import BASE, ORDER, A, B, Point, is_on_curve, point_times_base, sum_of_multiples
from certificates.sm.names import USER_ID
from certificates.sm.sm3 import hmac_sm3, sm3

SIGNATURE_LENGTH = 64
_LENGTH = 32

Nonces = Callable[[int, bytes], int]
"""Key and message digest to a number from 1 to ``ORDER`` - 1."""


@dataclass(frozen=True)
class Sm2PublicKey:
    """A point of the curve.

    Raises:
        ValueError: The coordinates are no point of the curve.
    """

    x: int
    y: int

    def __post_init__(self) -> None:
        if not is_on_curve(self.point):
            raise ValueError("not on the curve")

    @property
    def point(self) -> Point:
        """Its affine coordinates."""
        return self.x, self.y

    @cached_property
    def identity_digest(self) -> bytes:
        """Z of GB/T 32918.2, 5.5: the signer's identity, the curve and the key, digested (32 bytes)."""
        bits = (8 * len(USER_ID)).to_bytes(2, "big")
        numbers = (A, B, *BASE, self.x, self.y)
        return sm3(bits + USER_ID + b"".join(number.to_bytes(_LENGTH, "big") for number in numbers))

    def digest(self, data: bytes) -> bytes:
        """What is signed: SM3 of Z and the message."""
        return sm3(self.identity_digest + data)

    def verifies(self, data: bytes, signature: bytes) -> bool:
        """Whether 64 bytes r||s are this key's signature over the data."""
        if len(signature) != SIGNATURE_LENGTH:
            return False
        r, s = (int.from_bytes(part, "big") for part in (signature[:_LENGTH], signature[_LENGTH:]))
        if not (0 < r < ORDER and 0 < s < ORDER) or (r + s) % ORDER == 0:
            return False
        point = sum_of_multiples(s, (r + s) % ORDER, self.point)
        return point is not None and (int.from_bytes(self.digest(data), "big") + point[0]) % ORDER == r


@dataclass(frozen=True)
class Sm2PrivateKey:
    """A number from 1 to ``ORDER`` - 2.

    Raises:
        ValueError: It is another number.
    """

    number: int = field(repr=False)

    def __post_init__(self) -> None:
        if not 0 < self.number < ORDER - 1:
            raise ValueError("no private key of this curve")

    @cached_property
    def _public(self) -> Sm2PublicKey:
        return Sm2PublicKey(*point_times_base(self.number))

    @cached_property
    def _inverse(self) -> int:
        """(1 + d)⁻¹, worked out once, under a random factor."""
        blind = secrets.randbelow(ORDER - 1) + 1
        return pow((1 + self.number) * blind % ORDER, -1, ORDER) * blind % ORDER

    def public_key(self) -> Sm2PublicKey:
        """Its public half."""
        return self._public

    def sign(self, data: bytes) -> bytes:
        """64 bytes r||s over SM3 of Z and the data."""
        return self.sign_with(data, _hedged_nonce)

    def sign_with(self, data: bytes, nonces: Nonces) -> bytes:
        """As ``sign`` with another source of nonces: for known answers, and for test vectors that never change."""
        digest = self._public.digest(data)
        number = int.from_bytes(digest, "big")
        while True:
            nonce = nonces(self.number, digest)
            r = (number + point_times_base(nonce)[0]) % ORDER
            s = (self._inverse * (nonce + r) - r) % ORDER  # = (1 + d)⁻¹ (k - r d): the key enters by its inverse alone
            if r and s and r + nonce != ORDER:
                return r.to_bytes(_LENGTH, "big") + s.to_bytes(_LENGTH, "big")


def new_private_key() -> Sm2PrivateKey:
    """A fresh key from the system's random numbers."""
    return Sm2PrivateKey(secrets.randbelow(ORDER - 2) + 1)


def _hedged_nonce(key: int, digest: bytes) -> int:
    return _nonce(key, digest + secrets.token_bytes(_LENGTH))


def repeatable_nonces() -> Nonces:
    """Nonces that depend on key and message alone, so that test vectors made again are the same."""
    tries = iter(range(1 << 16))

    def nonce(key: int, digest: bytes) -> int:
        return _nonce(key, digest + next(tries).to_bytes(2, "big"))

    return nonce


def _nonce(key: int, seed: bytes) -> int:
    """A number from 1 to ``ORDER`` - 1 whose bias nobody can measure: 512 bits, reduced."""
    secret = key.to_bytes(_LENGTH, "big")
    wide = hmac_sm3(secret, b"\x01" + seed) + hmac_sm3(secret, b"\x02" + seed)
    return int.from_bytes(wide, "big") % (ORDER - 1) + 1
