"""The outer form of tokens: one spelling each, and nothing lenient."""

import base64
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates.compact import MAX_DEPTH, MAX_TOKEN, NotCompact, decode, encode, parse, parse_object

HEADER = {"alg": "ES256", "kid": "k", "typ": "t"}


def token(header: object = None, payload: str = "{}", signature: bytes = b"s") -> str:
    text = header if isinstance(header, str) else json.dumps(HEADER if header is None else header)
    return ".".join(encode(part) for part in (text.encode("utf-8", "surrogatepass"), payload.encode(), signature))


@given(st.binary(max_size=200))
def test_encoding_round_trip(data: bytes) -> None:
    assert decode(encode(data)) == data
    assert encode(data) == base64.urlsafe_b64encode(data).decode().rstrip("=")


@given(st.binary(min_size=1, max_size=40), st.data())
def test_each_byte_string_has_one_spelling(data: bytes, draw: st.DataObject) -> None:
    text = encode(data)
    place = draw.draw(st.integers(0, len(text) - 1))
    other = text[:place] + draw.draw(st.characters(max_codepoint=0x2FF)) + text[place + 1 :]
    if other != text:
        with suppress(NotCompact):
            assert decode(other) != data


@pytest.mark.parametrize("text", ["YQ==", "YR", "YWJ", "A", "a b", "a\n", "YWI\n", "a+", "a/", "é", "YQ=", "ＹＱ"])
def test_other_spellings_are_refused(text: str) -> None:
    with pytest.raises(NotCompact):
        decode(text)


def test_the_only_last_characters_are_those_whose_unused_bits_are_zero() -> None:
    alphabet = encode(bytes(range(256)) + b"\xff\xfe\xfb\xf0") + "-_"
    for text in (start + last for start in ("A", "AB", "_-") for last in sorted(set(alphabet))):
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if encode(data) == text:
            assert decode(text) == data
        else:
            with pytest.raises(NotCompact):
                decode(text)


def test_a_header_that_comes_again_is_read_alike_and_is_the_callers_own() -> None:
    first, second = parse(token()), parse(token(payload='{"a":1}'))
    assert first.header == second.header == HEADER
    first.header.clear()  # type: ignore[attr-defined] # a dictionary, whatever callers may do with it
    assert parse(token()).header == HEADER


def test_a_good_token() -> None:
    found = parse(token(payload='{"a":[1,{"b":"中"}],"c":true,"d":null}'))
    assert found.header == HEADER
    assert found.payload == {"a": [1, {"b": "中"}], "c": True, "d": None}
    assert found.signature == b"s"


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "ES256", "kid": "k"},
        {"alg": "ES256", "typ": "t"},
        {},
        [],
        "null",
        "not json",
        '{"alg":"ES256","alg":"none","kid":"k","typ":"t"}',
        '{"alg":"ES256","kid":"\\ud800","typ":"t"}',
        *({**HEADER, name: "x"} for name in ("jwk", "jku", "x5u", "x5c", "crit", "b64", "cty", "zip")),
        *({**HEADER, name: value} for name in HEADER for value in (None, 1, [], {}, "", "x" * 257)),
    ],
)
def test_headers_that_are_refused(header: object) -> None:
    with pytest.raises(NotCompact):
        parse(token(header))


@pytest.mark.parametrize(
    "payload",
    ["", "[]", "1", '"x"', "{", '{"a":1,"a":1}', '{"a":{"b":1,"b":2}}', '{"a":1.0}', '{"a":1e3}', '{"a":NaN}',
     '{"a":Infinity}', '{"a":-Infinity}', '{"a":"\\ud800"}', '{"a":"\x01"}', "{'a':1}", '{"a":1}x', '\ufeff{"a":1}',
     '{"a":' + "1" * 5000 + "}"],
)  # fmt: skip
def test_payloads_that_are_refused(payload: str) -> None:
    with pytest.raises(NotCompact):
        parse(token(payload=payload))


def test_depth() -> None:
    def nested(depth: int) -> bytes:
        return ('{"a":' * depth + "1" + "}" * depth).encode()

    assert parse_object(nested(MAX_DEPTH))
    with pytest.raises(NotCompact):
        parse_object(nested(MAX_DEPTH + 1))
    with pytest.raises(NotCompact):
        parse_object(b'{"a":' + b"[" * 15_000 + b"]" * 15_000 + b"}")
    assert parse_object(b'{"a":"' + b"[{" * 50 + b'"}')
    assert parse_object(b'{"a":[' + b",".join([b"[]"] * 50) + b"]}")


def test_size_and_parts() -> None:
    good = token()
    for bad in (
        "",
        ".",
        "..",
        good + ".",
        "." + good,
        good + "\n",
        good.replace(".", ".."),
        good.rsplit(".", 1)[0] + ".",
    ):
        with pytest.raises(NotCompact):
            parse(bad)
    with pytest.raises(NotCompact):
        parse(good + "A" * MAX_TOKEN)


def test_bytes_that_are_no_utf8() -> None:
    head, _, signature = token().split(".")
    with pytest.raises(NotCompact):
        parse(f"{head}.{encode(b'{' + bytes([34, 255, 34]) + b':1}')}.{signature}")


@given(st.text(max_size=300))
def test_any_text_parses_or_is_refused(text: str) -> None:
    with pytest.raises(NotCompact):
        parse(text)
