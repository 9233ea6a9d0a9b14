"""Tokens that PyJWT lets pass and that the strict door refuses: each with its signature right, and the reason expected.

A token is given as a function of a key, a type and a payload, so that it can be sent to a real endpoint as well.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from certificates import compact
from certificates.compact import MAX_DEPTH, MAX_TOKEN
from certificates.jose import Key, sign

Make = Callable[[Key, str, Mapping[str, Any]], str]


def signed(header: str, payload: str, key: Key) -> str:
    """A token over parts that are encoded already, well or badly."""
    return sign(f"{header}.{payload}".encode("ascii"), key)


def header_of(key: Key, kind: str, **more: object) -> str:
    return json.dumps({"alg": key.alg, "kid": key.kid, "typ": kind} | more)


def encoded(text: str) -> str:
    return compact.encode(text.encode("utf-8"))


def with_header(change: Callable[[str], str]) -> Make:
    return lambda key, typ, payload: signed(encoded(change(header_of(key, typ))), encoded(json.dumps(payload)), key)


def with_payload(change: Callable[[str], str]) -> Make:
    return lambda key, typ, payload: signed(encoded(header_of(key, typ)), encoded(change(json.dumps(payload))), key)


def with_member(**more: object) -> Make:
    return lambda key, typ, payload: signed(encoded(header_of(key, typ, **more)), encoded(json.dumps(payload)), key)


def with_encoding(part: int, change: Callable[[str], str]) -> Make:
    """One of the first two parts spelled in another way, and signed so."""

    def make(key: Key, typ: str, payload: Mapping[str, Any]) -> str:
        parts = [encoded(header_of(key, typ)), encoded(json.dumps(payload))]
        parts[part] = change(parts[part])
        return signed(*parts, key)

    return make


def with_signature(change: Callable[[str], str]) -> Make:
    """The signature spelled in another way: nothing that was signed changes."""

    def make(key: Key, typ: str, payload: Mapping[str, Any]) -> str:
        data, _, signature = signed(encoded(header_of(key, typ)), encoded(json.dumps(payload)), key).rpartition(".")
        return f"{data}.{change(signature)}"

    return make


def unused_bits(text: str) -> str:
    """The last character with a bit set that stands for nothing (64 bytes leave four of them)."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) | 1]


def padded(text: str) -> str:
    return text + "=" * (-len(text) % 4 or 4)


def with_utf16(key: Key, typ: str, payload: Mapping[str, Any]) -> str:
    return signed(encoded(header_of(key, typ)), compact.encode(json.dumps(payload).encode("utf-16")), key)


def deep(text: str) -> str:
    return text[:-1] + ', "deep": ' + "[" * MAX_DEPTH + "]" * MAX_DEPTH + "}"


def member(text: str) -> Callable[[str], str]:
    return lambda json_text: json_text[:-1] + ", " + text + "}"


QUIRKY: dict[str, tuple[Make, str]] = {
    "padded header": (with_encoding(0, padded), "form"),
    "padded signature": (with_signature(padded), "form"),
    "payload in UTF-16": (with_utf16, "no unicode"),
    "member twice in the header": (with_header(member('"typ": "other"')), "member twice"),
    "member twice in the payload": (with_payload(member('"iss": "client-1"')), "member twice"),
    "member twice within the payload": (with_payload(member('"a": {"b": 1, "b": 2}')), "member twice"),
    "fraction": (with_payload(member('"a": 1.5')), "not an integer"),
    "time with an exponent": (with_payload(member('"nbf": 1e3')), "not an integer"),
    "NaN": (with_payload(member('"a": NaN')), "not an integer"),
    "Infinity": (with_payload(member('"a": -Infinity')), "not an integer"),
    "lone surrogate": (with_payload(member('"a": "\\ud800"')), "no unicode"),
    "too deep": (with_payload(deep), "too deep"),
    "too long": (with_payload(member(f'"a": "{"x" * MAX_TOKEN}"')), "too long"),
    "no kid": (with_header(lambda text: json.dumps({**json.loads(text), "kid": "x"}).replace(', "kid": "x"', "")),
               "header members"),
    "no typ": (with_header(lambda text: json.dumps({"alg": json.loads(text)["alg"], "kid": json.loads(text)["kid"]})),
               "header members"),
    "a key in the header": (with_member(jwk={"kty": "EC"}), "header members"),
    "a key's address in the header": (with_member(jku="https://evil.example/keys"), "header members"),
    "a certificate's address in the header": (with_member(x5u="https://evil.example/chain"), "header members"),
    "certificates in the header": (with_member(x5c=["MIIB"]), "header members"),
    "content type in the header": (with_member(cty="JWT"), "header members"),
    "empty kid": (with_member(kid=""), "header values"),
    "typ that is no text": (with_member(typ=["a"]), "header values"),
    "kid of nobody": (with_member(kid="../../etc/passwd"), "kid"),
    "another type": (with_member(typ="JWT"), "typ"),
}  # fmt: skip
"""Name to how it is made, and the reason with which it is refused."""

MISSPELLED: dict[str, tuple[Make, str]] = {
    "padded payload": (with_encoding(1, padded), "form"),
    "line feeds in the signature": (with_signature(lambda text: text[:9] + "\n" * 4 + text[9:]), "form"),
    "line feeds after the signature": (with_signature(lambda text: text + "\n" * 4), "form"),
    "blanks in the payload's encoding": (with_encoding(1, lambda text: text[:8] + " " * 4 + text[8:]), "form"),
    "stray characters in the payload's encoding": (with_encoding(1, lambda text: text[:8] + "!*$%" + text[8:]), "form"),
    "unused bits of the signature": (with_signature(unused_bits), "encoding"),
}
"""As above; PyJWT refused these, too, when this was written: its predecessors did not."""
