"""The offline code: whole receipts in a few QR codes, in any order, and nothing changed unnoticed."""

import contextlib
import hashlib
import random
import sys
import zlib
from pathlib import Path

import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st

from certificates import base45, offline_code
from certificates.offline_code import BadCode, OfflineCode, join, looks_like, pages, read, whole
from tests.certificates.code_sheets import receipt_and_proof

RECEIPT, PROOF = receipt_and_proof()
LINES = pages(RECEIPT, PROOF)
DICTIONARY = Path(offline_code.__file__).with_name("offline_code_1.txt")


def line_of(packed: bytes) -> str:
    name = hashlib.sha256(packed).hexdigest()[:8].upper()
    return f"MZ1:{name}:1:1:{base45.encode(packed)}:"


def packed_of(folded: bytes) -> bytes:
    deflating = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, DICTIONARY.read_bytes())
    return deflating.compress(folded) + deflating.flush()


def test_a_receipt_comes_back_byte_for_byte() -> None:
    assert read("\n".join(LINES)) == OfflineCode(RECEIPT, PROOF)
    assert read("\r\n".join(reversed(LINES)) + "\r\n\r\n") == OfflineCode(RECEIPT, PROOF)
    assert join([*LINES, *LINES]) == [OfflineCode(RECEIPT, PROOF)]


def test_without_proof() -> None:
    lines = pages(RECEIPT)
    assert len(lines) <= 2
    assert join(lines) == [OfflineCode(RECEIPT, "")]


def test_codes_of_sane_size() -> None:
    """A ledger of a million entries fits four codes of version 16 at most, in the alphanumeric mode."""
    assert len(LINES) <= 4
    for line in LINES:
        code = segno.make(line, error="m", micro=False)
        assert (code.mode, int(code.version) <= 16) == ("alphanumeric", True)
        assert len(code.matrix) <= 81


def test_the_dictionary_never_changes() -> None:
    """Another dictionary would make every printed code unreadable: a new one needs a new version."""
    assert hashlib.sha256(DICTIONARY.read_bytes()).hexdigest() == offline_code.DICTIONARY_DIGEST


def test_receipts_on_one_sheet_are_told_apart() -> None:
    other = receipt_and_proof(300)
    mixed = [*LINES, *pages(*other)]
    random.Random(5).shuffle(mixed)
    assert {each.receipt for each in join(mixed)} == {RECEIPT, other[0]}
    with pytest.raises(BadCode, match="二维码"):
        read("\n".join(mixed))


def test_each_part_is_needed() -> None:
    for missing in LINES:
        some = [line for line in LINES if line != missing]
        assert not whole(some)
        with pytest.raises(BadCode) as refused:
            join(some)
        assert refused.value.reason == "parts missing"
    assert whole([*LINES, "something else"])
    assert not whole(["something else"])


def test_every_changed_character_is_found() -> None:
    text = "\n".join(LINES)
    found = 0
    for place, character in enumerate(text):
        for mask in (0x01, 0x80):
            changed = text[:place] + chr(ord(character) ^ mask) + text[place + 1 :]
            try:
                assert read(changed) != OfflineCode(RECEIPT, PROOF)
            except BadCode:
                found += 1
    assert found == 2 * len(text)
    sys.stdout.write(f"{found} changed characters of an offline code were found\n")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("hello", "version"),
        ("MZ2:00000000:1:1:000:", "version"),
        ("MZ1:00000000:1:1:000", "form"),
        ("MZ1:00000000:2:1:000:", "place"),
        ("MZ1:00000000:1:17:000:", "place"),
        ("MZ1:00000000:1:1:000:", "digest"),
        ("MZ1:00000000:1:1:::::", "encoding"),
        (line_of(b"\xff"), "compression"),
        (line_of(packed_of(b"\x00\x00") + b"more"), "compression"),
        (line_of(packed_of(b"\x00")), "content"),
        (line_of(packed_of(b"\x05\x00\x00")), "content"),
        (line_of(packed_of(b"\x00\x00\x00")), "content"),
        (line_of(packed_of(b"\x02\x03\xff\x00")), "content"),
        (line_of(packed_of(b"\x80" * 8 + b"\x01")), "content"),
        (line_of(packed_of(bytes(2_000_000))), "compression"),
    ],
)
def test_what_is_refused(text: str, reason: str) -> None:
    with pytest.raises(BadCode) as refused:
        read(text)
    assert refused.value.reason == reason


def test_what_is_too_large_for_paper() -> None:
    for text in (random.Random(1).randbytes(8_000).hex(), "a" * 100_000):
        with pytest.raises(BadCode):
            pages(text)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300), st.text(alphabet="abcABC019+/-_=.\n— ", max_size=300))
def test_any_two_texts(receipt: str, proof: str) -> None:
    try:
        receipt.encode()
    except UnicodeEncodeError:
        return
    assert join(pages(receipt, proof)) == [OfflineCode(receipt, proof)]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=100) | st.binary(max_size=60).map(lambda data: line_of(packed_of(data))))
def test_nothing_raw_is_raised(text: str) -> None:
    with contextlib.suppress(BadCode):
        assert join(text.splitlines())


def test_lines_are_recognised() -> None:
    assert all(looks_like(line) for line in LINES)
    assert not looks_like(RECEIPT)
