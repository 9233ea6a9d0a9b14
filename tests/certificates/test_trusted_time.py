"""Time stamps of a real authority (openssl): what is accepted, and that every other one is refused in our words."""

import hashlib
import subprocess
import warnings
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from certificates.time_stamps import request_for, token_of
from certificates.trusted_time import BadAnchor, BadTimeStamp, _check_purpose, open_response, read_anchors, verify_token
from tests.time_authority import KEYS, NONCE, TimeAuthority

DATA = b"hub.example/ledger\n1\n..."


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TimeAuthority:
    return TimeAuthority.found(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def token(authority: TimeAuthority) -> bytes:
    return authority.stamp(DATA)


def reason(token: bytes, anchors: list[x509.Certificate], data: bytes = DATA) -> str:
    with pytest.raises(BadTimeStamp) as caught:
        verify_token(token, data, anchors)
    return caught.value.reason


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("named", ["sha1", "sha256", "sha512"])
def test_tokens_of_each_kind(tmp_path: Path, kind: str, named: str) -> None:
    authority = TimeAuthority.found(tmp_path, kind, named=named)
    token = authority.stamp(DATA)
    for anchor in (authority.root, authority.certificate, authority.root + authority.certificate):
        found = verify_token(token, DATA, read_anchors(anchor))
        assert (found.authority, found.policy, found.serial) == ("CN=Clock", "1.2.3.4.1", 2)
        assert found.latest == int(found.at.timestamp()) + 2  # one and a half seconds, rounded up


def test_openssl_reads_our_question_and_agrees_on_the_answer(authority: TimeAuthority) -> None:
    digest = hashlib.sha256(DATA).digest()
    response = authority.answer(request_for(digest, NONCE))
    token, found = open_response(response, DATA, NONCE, read_anchors(authority.root))
    (authority.folder / "token").write_bytes(token)
    shown = subprocess.run(
        ["openssl", "ts", "-verify", "-token_in", "-in", "token", "-digest", digest.hex(), "-CAfile", "root.pem"],
        cwd=authority.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Verification: OK" in shown.stdout + shown.stderr
    text = subprocess.run(
        ["openssl", "ts", "-reply", "-token_in", "-in", "token", "-token_out", "-text"],
        cwd=authority.folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert found.at.strftime("%H:%M:%S") in text
    assert hex(NONCE) in text.lower()


def test_another_question_and_refusals(authority: TimeAuthority) -> None:
    anchors = read_anchors(authority.root)
    response = authority.answer(request_for(hashlib.sha256(DATA).digest(), NONCE))
    for changed, nonce, data, expected in (
        (response, NONCE + 1, DATA, "nonce"),
        (response, NONCE, DATA + b"!", "imprint"),
        (response[:-1], NONCE, DATA, "refused"),
        (b"", NONCE, DATA, "refused"),
        (bytes.fromhex("30053003020102"), NONCE, DATA, "refused"),  # status 2: rejection
    ):
        with pytest.raises(BadTimeStamp) as caught:
            open_response(changed, data, nonce, anchors)
        assert caught.value.reason == expected


def test_another_authority(tmp_path: Path, token: bytes) -> None:
    other = TimeAuthority.found(tmp_path)
    assert reason(token, read_anchors(other.root)) == "chain"
    assert reason(token, []) == "chain"


def test_a_certificate_that_is_not_for_time(tmp_path: Path) -> None:
    """OpenSSL stamps with none of them, so what looks at certificates is asked by itself."""
    for number, usage in enumerate(("timeStamping", "critical,timeStamping,serverAuth", "critical,codeSigning")):
        authority = TimeAuthority.found(tmp_path / str(number), usage=usage)
        certificate = x509.load_pem_x509_certificate(authority.certificate)
        with pytest.raises(BadTimeStamp) as caught:
            _check_purpose(certificate)
        assert caught.value.reason == "purpose"


def test_every_byte_of_a_token_counts(authority: TimeAuthority, token: bytes) -> None:
    anchors = read_anchors(authority.root)
    assert verify_token(token, DATA, anchors)
    found = 0
    for place in range(len(token)):
        for mask in (0x01, 0x80):
            changed = bytearray(token)
            changed[place] ^= mask
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the library's, about what such a certificate then says
                with pytest.raises(BadTimeStamp):
                    verify_token(bytes(changed), DATA, anchors)
            found += 1
    print(f"time stamp token: {found} changes, all found")  # noqa: T201 - the count is asked for
    assert found == 2 * len(token)


@given(st.binary(max_size=200))
def test_anything_else_is_refused_in_our_words(data: bytes) -> None:
    assert reason(data, []) == "form"
    with pytest.raises(BadTimeStamp):
        open_response(data, DATA, NONCE, [])


@given(st.data())
def test_cut_and_mixed_tokens(authority: TimeAuthority, token: bytes, data: st.DataObject) -> None:
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(token))] * 2)))
    filler = data.draw(st.binary(max_size=8))
    changed = token[:start] + filler + token[end:]
    if changed != token:
        with pytest.raises(BadTimeStamp):
            verify_token(changed, DATA, read_anchors(authority.root))


def test_tokens_are_no_responses(token: bytes) -> None:
    with pytest.raises(ValueError, match=r"granted|tag"):
        token_of(token)


def test_files_without_certificates() -> None:
    for content in (b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"\xff"):
        with pytest.raises(BadAnchor):
            read_anchors(content)
