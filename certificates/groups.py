"""One signature for a group of tokens: each carries the signature over a Merkle root, and its own path to that root.

Where a signature is slow or costly (SM2 in a module, a remote service) the tokens of one moment share one. Nothing
else about them changes: a token stays one compact JWS that stands alone, its signing input is what the ledger holds,
and after a crash it can be signed anew, alone or in another group.

Header: ``alg`` is ``SM2-SM3-GROUP`` or ``ES256-GROUP`` (the key's own algorithm with ``-GROUP``). The signature part
holds, one after the other: 64 bytes signature, 4 bytes index of the token in its group and 4 bytes size of the group
(both big-endian), then the path, 32 bytes a step, from the leaf up. The tree is that of RFC 6962 with the digest H that
goes with the algorithm (SM3 or SHA-256): a leaf is H(0x00 || signing input), an inner node H(0x01 || left || right).
Signed is the text ``group_text``.

A path shows its neighbours' hashes: tokens in a group must hold something that nobody can guess (receipts are salted).

Example:
    >>> from certificates.jose import ES256, new_key, signing_input
    >>> key = new_key(ES256)
    >>> drafts = [signing_input({"n": n}, key, "example+jwt", group_algorithm(ES256)) for n in range(3)]
    >>> tokens = sign_group(drafts, key)
    >>> [verify(token, {key.kid: key}, "example+jwt").payload["n"] for token in tokens]
    [0, 1, 2]
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from certificates import compact, jose, merkle
from certificates.jose import Key, VerificationError, Verified, digest, raw_signature, signature_holds

MOST: Final = 1 << 16
"""Tokens in one group."""

_SUFFIX: Final = "-GROUP"
_SIGNATURE: Final = 64
_NUMBER: Final = 4
_HASH: Final = 32
_HEAD: Final = _SIGNATURE + 2 * _NUMBER


@dataclass(frozen=True)
class Place:
    """A token's place in its group, and its path (32 bytes a step, from the leaf up) to the root."""

    index: int
    size: int
    path: tuple[bytes, ...]


def group_algorithm(alg: str) -> str:
    """The ``alg`` of tokens that a key of this algorithm signs as a group."""
    return alg + _SUFFIX


def is_grouped(alg: str) -> bool:
    """Whether an ``alg`` is one of a group."""
    return alg.endswith(_SUFFIX)


def group_text(root: bytes, size: int, alg: str) -> bytes:
    """What is signed for a group: four lines that no signing input of a token can be."""
    return f"mianzheng.group@v1\n{group_algorithm(alg)}\n{size}\n{base64.b64encode(root).decode()}\n".encode("ascii")


def sign_group(signing_inputs: Sequence[bytes], key: Key) -> list[str]:
    """The tokens, in order, of signing inputs whose headers name this key and its group algorithm.

    Raises:
        ValueError: None, or more than ``MOST``.
        BadKey: The key has no private half.
    """
    size = len(signing_inputs)
    if not 0 < size <= MOST:
        raise ValueError("a group has 1 to 65,536 tokens")
    leaves = [_leaf(data, key.alg) for data in signing_inputs]
    tree = merkle.levels(leaves, lambda left, right: _node(left, right, key.alg))
    signature = raw_signature(group_text(tree[-1][0], size, key.alg), key)
    places = [Place(index, size, tuple(merkle.path_in(tree, index))) for index in range(size)]
    return [
        f"{data.decode('ascii')}.{compact.encode(_pack(signature, place))}"
        for data, place in zip(signing_inputs, places, strict=True)
    ]


def verify(token: str, keys: Mapping[str, Key], typ: str) -> Verified:
    """As ``jose.verify``, for tokens signed alone and for those of a group.

    Raises:
        VerificationError: As ``jose.verify``; also "group", if the signature part is no place in a group.
    """
    parts, key = jose.find_key(token, keys, typ)
    if parts.header["alg"] != group_algorithm(key.alg):
        return jose.verify(token, keys, typ)
    signature, place = _unpack(parts.signature)
    root = merkle.root_above(
        _leaf(parts.signing_input, key.alg),
        place.index,
        place.size,
        place.path,
        lambda left, right: _node(left, right, key.alg),
    )
    if root is None:
        raise VerificationError("group")
    if not signature_holds(group_text(root, place.size, key.alg), signature, key):
        raise VerificationError("signature")
    return Verified(parts.header, parts.payload, parts.signing_input)


def place_of(token: str) -> Place | None:
    """A token's place in its group, unverified; None for a token signed alone.

    Raises:
        VerificationError: Its form is wrong.
    """
    try:
        parts = compact.parse(token)
    except compact.NotCompact as error:
        raise VerificationError(str(error)) from None
    return _unpack(parts.signature)[1] if is_grouped(parts.header["alg"]) else None


def _pack(signature: bytes, place: Place) -> bytes:
    numbers = (number.to_bytes(_NUMBER, "big") for number in (place.index, place.size))
    return b"".join((signature, *numbers, *place.path))


def _unpack(data: bytes) -> tuple[bytes, Place]:
    steps, rest = divmod(len(data) - _HEAD, _HASH)
    if steps < 0 or rest:
        raise VerificationError("group")
    index, size = (int.from_bytes(data[at : at + _NUMBER], "big") for at in (_SIGNATURE, _SIGNATURE + _NUMBER))
    if size > MOST:
        raise VerificationError("group")
    path = tuple(data[start : start + _HASH] for start in range(_HEAD, len(data), _HASH))
    return data[:_SIGNATURE], Place(index, size, path)


def _leaf(data: bytes, alg: str) -> bytes:
    return digest(b"\x00" + data, alg)


def _node(left: bytes, right: bytes, alg: str) -> bytes:
    return digest(b"\x01" + left + right, alg)
