"""The outer form of a compact JWS (RFC 7515), read strictly, before any library sees it.

What lenient parsers let pass is refused here: padding and stray characters in base64url, unused bits that are not zero,
members given twice, numbers that are no integers, texts that are no Unicode, other header members than ``alg``, ``kid``
and ``typ``, and anything too long or too deep. So one token has one spelling, and every changed character is seen.

Example:
    >>> encode(b"ab"), decode("YWI")
    ('YWI', b'ab')
"""

import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

MAX_TOKEN = 32_768
"""Characters of a whole token."""

MAX_DEPTH = 8
"""Nested objects and arrays in a payload."""

HEADER_MEMBERS = frozenset({"alg", "kid", "typ"})

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)
_OUTER = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)", re.ASCII)
_MAX_HEADER_TEXT = 256
_TO_URL: Final = bytes.maketrans(b"+/", b"-_")
_LAST: Final = {2: frozenset("AQgw"), 3: frozenset("AEIMQUYcgkosw048")}
"""The last characters, by length modulo 4, whose unused bits are zero."""
_KEPT_HEADERS: Final = 256
_SHORT: Final = 512
"""Bytes of a header that is remembered: all that a client's key and type come to."""


REASONS = (
    *("too long", "form", "encoding", "json", "too deep", "no unicode"),
    *("member twice", "not an integer", "header members", "header values"),
)
"""Every code that ``NotCompact`` has: what is counted, and told to nobody outside."""


class NotCompact(ValueError):
    """Raised, inside this room only, with one of ``REASONS``: what is wrong with a token's form."""


@dataclass(frozen=True)
class Compact:
    """A token taken apart; nothing in it has been verified."""

    header: Mapping[str, str]
    payload: Mapping[str, Any]
    signature: bytes
    signing_input: bytes


def split(token: str, longest: int = MAX_TOKEN) -> tuple[bytes, bytes, bytes, bytes]:
    """Header, payload, signature and signing input of a token of at most so many characters, as bytes."""
    if len(token) > longest:
        raise NotCompact("too long")
    found = _OUTER.fullmatch(token)
    if found is None:
        raise NotCompact("form")
    header, payload, signature = (_decoded(part) for part in found.groups())
    return header, payload, signature, token[: found.end(2)].encode("ascii")


def parse(token: str, longest: int = MAX_TOKEN) -> Compact:
    """Take a token apart.

    Args:
        token: As it was received.
        longest: Characters that it may have.

    Raises:
        NotCompact: Anything about its form.
    """
    header, payload, signature, signing_input = split(token, longest)
    members = _header(header) if len(header) > _SHORT else _known_header(header)
    return Compact(dict(members), parse_object(payload), signature, signing_input)


@lru_cache(_KEPT_HEADERS)
def _known_header(text: bytes) -> Mapping[str, str]:
    """A header that comes again with each of a client's requests is read once; faults are not remembered."""
    return _header(text)


def _header(text: bytes) -> Mapping[str, str]:
    header = parse_object(text)
    if header.keys() != HEADER_MEMBERS:
        raise NotCompact("header members")
    if not all(isinstance(value, str) and 0 < len(value) <= _MAX_HEADER_TEXT for value in header.values()):
        raise NotCompact("header values")
    return header


def encode(data: bytes) -> str:
    """Base64url without padding (RFC 7515, section 2)."""
    return binascii.b2a_base64(data, newline=False).rstrip(b"=").translate(_TO_URL).decode("ascii")


def decode(text: str) -> bytes:
    """The bytes of the one canonical base64url spelling.

    Raises:
        NotCompact: Another character, padding, a length that cannot be, or unused bits that are set.
    """
    if _BASE64URL.fullmatch(text) is None:
        raise NotCompact("encoding")
    return _decoded(text)


def _decoded(text: str) -> bytes:
    """As `decode`, of characters that have been looked at: what is left are length and unused bits."""
    over = len(text) % 4
    if over and text[-1] not in _LAST.get(over, ()):
        raise NotCompact("encoding")
    return binascii.a2b_base64(text.replace("-", "+").replace("_", "/") + "=" * (-over % 4))


def parse_object(text: bytes) -> dict[str, Any]:
    """A JSON object in UTF-8, strictly: no member twice, integers only, no lone surrogates, not too deep.

    Raises:
        NotCompact: Anything else.
    """
    try:
        value = _DECODER.decode(text.decode("utf-8"))
    except NotCompact:
        raise
    except UnicodeDecodeError:
        raise NotCompact("no unicode") from None
    except (ValueError, RecursionError):
        raise NotCompact("json") from None
    if not isinstance(value, dict):
        raise NotCompact("json")
    if text.count(b"{") + text.count(b"[") > MAX_DEPTH and not _is_shallow(value, MAX_DEPTH):
        raise NotCompact("too deep")
    if b"\\u" in text and not _is_unicode(value):
        raise NotCompact("no unicode")
    return value


def _is_shallow(value: dict[str, Any] | list[Any], levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_is_shallow(part, levels - 1) for part in inner if isinstance(part, dict | list))


def _is_unicode(value: Mapping[str, Any]) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _members_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise NotCompact("member twice")
    return members


def _refuse_number(_text: str) -> None:
    raise NotCompact("not an integer")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_members_once, parse_float=_refuse_number, parse_constant=_refuse_number, strict=True
)
