"""Selective disclosure for JWTs (SD-JWT, RFC 9901): hiding members behind salted digests, and revealing them strictly.

An SD-JWT is ``<signed token>~<disclosure>~...~`` and may end with a key-binding token. Everything that a holder could
smuggle in is refused: a disclosure that nothing refers to, a digest that stands twice, reserved or repeated names.

Example:
    >>> disclosure = disclose("color", "blue", b"salt" * 4)
    >>> reveal({"_sd": [digest(disclosure)], "shape": "round"}, [disclosure])
    {'shape': 'round', 'color': 'blue'}
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from certificates import compact
from certificates.jose import VerificationError

SALT_LENGTH: Final = 16
"""Bytes: 128 bits, as the standard recommends."""

HASH_NAME: Final = "sha-256"
MOST_DISCLOSURES: Final = 64

_SD, _DOTS, _ALG = "_sd", "...", "_sd_alg"
_MEMBER, _ELEMENT = 3, 2  # what the array of a disclosure holds: salt, name, value; or salt, value


class BadDisclosure(VerificationError):
    """Raised when an SD-JWT is malformed, or its disclosures do not fit it.

    Attributes:
        reason: A code for counting and for tests.
    """


@dataclass(frozen=True)
class Parts:
    """An SD-JWT taken apart; nothing in it has been verified.

    Attributes:
        token: The issuer's compact JWS.
        disclosures: As they stand there.
        binding: The key-binding token, or "".
    """

    token: str
    disclosures: tuple[str, ...]
    binding: str = ""

    def presented(self) -> str:
        """Everything up to the key-binding token, the last tilde included: what that one's ``sd_hash`` covers."""
        return "~".join([self.token, *self.disclosures, ""])

    def text(self) -> str:
        """The whole SD-JWT."""
        return self.presented() + self.binding


def split(text: str) -> Parts:
    """Take an SD-JWT apart.

    Raises:
        BadDisclosure: It is too long, or not of this form.
    """
    if len(text) > compact.MAX_TOKEN:
        raise BadDisclosure("too long")
    token, *rest = text.split("~")
    if not rest or not text.isascii():
        raise BadDisclosure("form")
    disclosures, binding = rest[:-1], rest[-1]
    if len(disclosures) > MOST_DISCLOSURES or not token or not all(disclosures):
        raise BadDisclosure("form")
    return Parts(token, tuple(disclosures), binding)


def disclose(name: str, value: object, salt: bytes) -> str:
    """The disclosure of a member."""
    members = [compact.encode(salt), name, value]
    return compact.encode(json.dumps(members, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode())


def digest(disclosure: str) -> str:
    """What stands in ``_sd`` for a disclosure: SHA-256 of its spelling, base64url."""
    return compact.encode(hashlib.sha256(disclosure.encode("ascii")).digest())


def keep(parts: Parts, names: Collection[str]) -> Parts:
    """The same SD-JWT with the disclosures of these members only, without key binding.

    Raises:
        BadDisclosure: A disclosure cannot be read.
    """
    kept = tuple(each for each in parts.disclosures if _parse(each)[-2] in names)
    return Parts(parts.token, kept)


def reveal(payload: Mapping[str, Any], disclosures: Sequence[str]) -> dict[str, Any]:
    """The payload with what the disclosures reveal, and without any digest (RFC 9901, section 7.1).

    Raises:
        BadDisclosure: With a ``reason``.
    """
    if payload.get(_ALG, HASH_NAME) != HASH_NAME:
        raise BadDisclosure("hash")
    by_digest = {digest(each): _parse(each) for each in disclosures}
    if len(by_digest) != len(disclosures):
        raise BadDisclosure("disclosure twice")
    revealing = _Revealing(by_digest)
    revealed = revealing.members({name: value for name, value in payload.items() if name != _ALG})
    if revealing.used != by_digest.keys():
        raise BadDisclosure("disclosure not referred to")
    return revealed


class _Revealing:
    """One walk over a payload; each digest may be met once."""

    def __init__(self, by_digest: Mapping[str, list[Any]]) -> None:
        self._by_digest = by_digest
        self._seen: set[str] = set()
        self.used: set[str] = set()

    def members(self, members: Mapping[str, Any]) -> dict[str, Any]:
        """An object's own members, then those that were hidden."""
        if _DOTS in members:
            raise BadDisclosure("reserved name")
        revealed = {name: self._value(value) for name, value in members.items() if name != _SD}
        hidden = members.get(_SD, [])
        if not isinstance(hidden, list):
            raise BadDisclosure("digests")
        for found in filter(None, (self._meet(each, _MEMBER) for each in hidden)):
            _, name, value = found
            if name in members or name in revealed:
                raise BadDisclosure("name twice")
            revealed[name] = self._value(value)
        return revealed

    def _value(self, value: object) -> object:
        if isinstance(value, dict):
            return self.members(value)
        return self._elements(value) if isinstance(value, list) else value

    def _elements(self, elements: list[Any]) -> list[Any]:
        shown = []
        for element in elements:
            if not isinstance(element, dict) or _DOTS not in element:
                shown.append(self._value(element))
                continue
            if len(element) != 1:
                raise BadDisclosure("reserved name")
            found = self._meet(element[_DOTS], _ELEMENT)
            if found is not None:
                shown.append(self._value(found[-1]))
        return shown

    def _meet(self, hidden: object, length: int) -> list[Any] | None:
        """The disclosure behind a digest, if it was given."""
        if not isinstance(hidden, str) or hidden in self._seen:
            raise BadDisclosure("digests")
        self._seen.add(hidden)
        found = self._by_digest.get(hidden)
        if found is not None:
            if len(found) != length:
                raise BadDisclosure("disclosure")
            self.used.add(hidden)
        return found


def _parse(disclosure: str) -> list[Any]:
    """Salt, name and value; an element of an array has no name. Read by the strict reader of JSON objects."""
    try:
        read = compact.parse_object(b'{"disclosure":' + compact.decode(disclosure) + b"}")
    except compact.NotCompact:
        raise BadDisclosure("disclosure") from None
    found = read["disclosure"]
    if read.keys() != {"disclosure"} or not isinstance(found, list) or len(found) not in {_MEMBER, _ELEMENT}:
        raise BadDisclosure("disclosure")
    if not isinstance(found[0], str) or (len(found) == _MEMBER and not isinstance(found[1], str)):
        raise BadDisclosure("disclosure")
    if len(found) == _MEMBER and found[1] in {_SD, _DOTS}:
        raise BadDisclosure("reserved name")
    return found
