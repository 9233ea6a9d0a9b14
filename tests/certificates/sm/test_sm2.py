"""SM2 and SM3 against GM/T 0003.5's known answer, another library, and the openssl command."""

import re
import secrets
import shutil
import subprocess
from pathlib import Path

import gmalg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certificates import der
from certificates.sm import curve
from certificates.sm.names import USER_ID
from certificates.sm.sm2 import Sm2PrivateKey, Sm2PublicKey, new_private_key, repeatable_nonces
from certificates.sm.sm3 import hmac_sm3, sm3

# GM/T 0003.5, appendix A.2
NUMBER = 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8
NONCE = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
POINT = (
    0x09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020,
    0xCCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13,
)
IDENTITY = "B2E14C5C79C6DF5B85F4FE7ED8DB7A262B9DA7E07CCB0EA9F4747B8CCDA8A4F3"
DIGEST = "F0B43E94BA45ACCAACE692ED534382EB17E6AB5A19CE7B31F4486FDFC0D28640"
SIGNATURE = (
    "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
    "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
)
MESSAGE = b"message digest"

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl command is not installed")


def test_known_answer_of_gm_t_0003_5() -> None:
    key = Sm2PrivateKey(NUMBER)
    public = key.public_key()
    assert public.point == POINT
    assert public.identity_digest.hex().upper() == IDENTITY
    assert public.digest(MESSAGE).hex().upper() == DIGEST
    signature = key.sign_with(MESSAGE, lambda *_: NONCE)
    assert signature.hex().upper() == SIGNATURE
    assert public.verifies(MESSAGE, signature)


def test_known_answers_of_gm_t_0004() -> None:
    assert sm3(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert sm3(b"abcd" * 16).hex() == "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"
    inner = sm3(bytes(0x36 ^ byte for byte in b"k".ljust(64, b"\0")) + b"data")
    assert hmac_sm3(b"k", b"data") == sm3(bytes(0x5C ^ byte for byte in b"k".ljust(64, b"\0")) + inner)


def padded(*numbers: bytes) -> bytes:
    """r||s of the library's numbers, which come without leading zeros."""
    return b"".join(number.rjust(32, b"\0") for number in numbers)


def oracle(key: Sm2PrivateKey, nonce: int | None = None) -> gmalg.SM2:
    public = b"\x04" + key.public_key().x.to_bytes(32, "big") + key.public_key().y.to_bytes(32, "big")
    rest = {} if nonce is None else {"rnd_fn": lambda _bits: nonce}
    return gmalg.SM2(key.number.to_bytes(32, "big"), USER_ID, public, **rest)


EDGES = [1, 2, 3, 255, 256, 257, 1 << 128, curve.ORDER - 2, curve.ORDER - 3]
numbers = st.one_of(st.sampled_from(EDGES), st.integers(1, curve.ORDER - 2))


@settings(max_examples=25, deadline=None)
@given(numbers, numbers, st.binary(max_size=200))
def test_signs_as_another_library_does_with_the_same_nonce(number: int, nonce: int, data: bytes) -> None:
    key = Sm2PrivateKey(number)
    r, s = oracle(key, nonce).sign(data)
    assert key.sign_with(data, lambda *_: nonce) == padded(r, s)


@settings(max_examples=15, deadline=None)
@given(numbers, st.binary(max_size=200))
def test_another_library_accepts_what_is_signed_and_the_other_way_round(number: int, data: bytes) -> None:
    key = Sm2PrivateKey(number)
    signature = key.sign(data)
    assert oracle(key).verify(data, signature[:32], signature[32:])
    r, s = oracle(key).sign(data)
    assert key.public_key().verifies(data, padded(r, s))
    assert not key.public_key().verifies(data + b".", padded(r, s))


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.sampled_from([*EDGES, curve.ORDER - 1]), st.integers(1, curve.ORDER - 1)))
def test_multiples_are_the_same_both_ways(number: int) -> None:
    found = curve.point_times_base(number)
    assert curve.is_on_curve(found)
    assert found == curve.sum_of_multiples(number, 0, curve.BASE) == curve.sum_of_multiples(0, number, curve.BASE)
    rest = curve.sum_of_multiples(curve.ORDER - number, number, curve.BASE)
    assert rest is None  # the point at infinity
    assert curve.sum_of_multiples(1, number, curve.BASE) == (
        None if number == curve.ORDER - 1 else curve.point_times_base(number + 1)
    )


def test_every_changed_byte_of_a_signature_is_found() -> None:
    key = new_private_key()
    public, signature = key.public_key(), key.sign(MESSAGE)
    changed = [
        signature[:place] + bytes([signature[place] ^ mask]) + signature[place + 1 :]
        for place in range(len(signature))
        for mask in (0x01, 0x80)
    ]
    assert [each for each in changed if public.verifies(MESSAGE, each)] == []


def test_numbers_out_of_range_never_verify() -> None:
    public = Sm2PrivateKey(NUMBER).public_key()
    r, s = (int(SIGNATURE[start : start + 64], 16) for start in (0, 64))
    for first, second in ((0, s), (r, 0), (r, curve.ORDER - r), (curve.ORDER, s), (r, curve.ORDER), (r, 2**256 - 1)):
        assert not public.verifies(MESSAGE, first.to_bytes(32, "big") + second.to_bytes(32, "big"))
    wider = r + curve.ORDER  # the same number, written otherwise
    assert wider >= 1 << 256 or not public.verifies(MESSAGE, wider.to_bytes(32, "big") + s.to_bytes(32, "big"))
    assert not public.verifies(MESSAGE, bytes.fromhex(SIGNATURE)[:-1])
    assert not public.verifies(MESSAGE, bytes.fromhex(SIGNATURE) + b"\0")


def test_what_is_no_key_is_refused() -> None:
    for number in (0, -1, curve.ORDER - 1, curve.ORDER):
        with pytest.raises(ValueError, match="no private key"):
            Sm2PrivateKey(number)
    for x, y in ((0, 0), (POINT[0], POINT[1] ^ 1), (POINT[0] + curve.FIELD, POINT[1]), (-1, 1)):
        with pytest.raises(ValueError, match="not on the curve"):
            Sm2PublicKey(x, y)


def test_one_message_signed_twice_has_two_signatures_unless_they_shall_be_repeatable() -> None:
    key = new_private_key()
    assert key.sign(MESSAGE) != key.sign(MESSAGE)
    again = [key.sign_with(MESSAGE, repeatable_nonces()) for _ in range(2)]
    assert again[0] == again[1]
    assert again[0] != key.sign_with(MESSAGE + b".", repeatable_nonces())


def test_a_key_does_not_show_its_number() -> None:
    assert str(NUMBER) not in repr(Sm2PrivateKey(NUMBER))


# --- openssl


def openssl(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, check=False, timeout=60)


def public_file(folder: Path, public: Sm2PublicKey) -> str:
    point = b"\x00\x04" + public.x.to_bytes(32, "big") + public.y.to_bytes(32, "big")
    kind = der.sequence(der.oid("1.2.840.10045.2.1"), der.oid("1.2.156.10197.1.301"))
    (folder / "public.der").write_bytes(der.sequence(kind, der.element(0x03, point)))
    return "public.der"


def as_der(signature: bytes) -> bytes:
    return der.sequence(*(der.integer(int.from_bytes(part, "big")) for part in halves(signature)))


def halves(signature: bytes) -> tuple[bytes, bytes]:
    return signature[:32], signature[32:]


OPTIONS = ("-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678")


@needs_openssl
def test_openssl_accepts_what_is_signed_and_refuses_what_was_changed(tmp_path: Path) -> None:
    key = new_private_key()
    data = secrets.token_bytes(1000)
    public_file(tmp_path, key.public_key())
    for content, accepted in ((data, True), (data + b".", False)):
        (tmp_path / "data").write_bytes(content)
        (tmp_path / "signature").write_bytes(as_der(key.sign(data)))
        files = ("-in", "data", "-sigfile", "signature", "-inkey", "public.der", "-pubin", "-keyform", "DER")
        found = openssl(tmp_path, "pkeyutl", "-verify", *OPTIONS, *files)
        assert (found.returncode == 0) is accepted, found.stderr.decode()


@needs_openssl
def test_what_openssl_signs_verifies(tmp_path: Path) -> None:
    assert openssl(tmp_path, "genpkey", "-algorithm", "SM2", "-out", "key").returncode == 0
    shown = openssl(tmp_path, "pkey", "-in", "key", "-text", "-noout").stdout.decode()
    found = re.search(r"pub:\s+((?:[0-9a-f]{2}[:\s]*)+)", shown)
    assert found is not None
    point = bytes.fromhex(re.sub(r"[^0-9a-f]", "", found[1]))
    public = Sm2PublicKey(int.from_bytes(point[1:33], "big"), int.from_bytes(point[33:65], "big"))
    (tmp_path / "data").write_bytes(MESSAGE)
    done = openssl(tmp_path, "pkeyutl", "-sign", *OPTIONS, "-in", "data", "-inkey", "key", "-out", "signature")
    assert done.returncode == 0, done.stderr.decode()
    r, s = (der.number(each) for each in der.children(der.read((tmp_path / "signature").read_bytes())))
    assert public.verifies(MESSAGE, r.to_bytes(32, "big") + s.to_bytes(32, "big"))
