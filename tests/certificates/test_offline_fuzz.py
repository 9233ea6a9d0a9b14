"""The verifier never raises anything raw: arbitrary bytes, damaged files, odd contents rightly signed, odd keys."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from certificates.checkpoints import Checkpoint
from certificates.evidence.findings import Found, Part, Report
from certificates.evidence.gathering import gather
from certificates.evidence.given import Given
from certificates.evidence.page import page
from certificates.evidence.recognising import recognise
from certificates.evidence.times import read_time, shown_time
from certificates.jose import Key
from certificates.offline import EXAMINERS, examine
from certificates.offline_code import pages
from certificates.offline_command import REFUSED, main
from certificates.receipts import TYP_RECEIPT
from certificates.status_lists import TYP_STATUS_LIST
from tests.vectors import material as made

AT = read_time(str(made.NOW + 60))
LEDGER = made.receipts_ledger()
RECEIPT, PROOF = made.receipt(2), LEDGER.proof(1)
GOOD = [RECEIPT.encode(), PROOF.encode(), LEDGER.note.encode(), "\n".join(pages(RECEIPT, PROOF)).encode(),
        json.dumps(made.JWKS).encode(), b"a.b.c~d~", b"PK\x03\x04", b"%PDF-1.4\n", b"\x89PNG\r\n\x1a\n"]  # fmt: skip
KINDS = [*EXAMINERS, None]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
BOUNDED = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def looked_at(kind: str | None, content: bytes, known: Given) -> Report:
    """Look at a file, and at everything that is shown of the report."""
    report = examine(kind, content, known, "file")
    json.dumps(report.to_json(), ensure_ascii=False)
    shown = page(report)
    assert not [mark for mark in shown if ord(mark) < 32 and mark != "\n"]
    assert report.genuine or Found.FAIL in {report.part(part) for part in Part} or not report.usable
    return report


@BOUNDED
@given(st.sampled_from(KINDS), st.binary(max_size=300))
def test_arbitrary_bytes(kind: str | None, content: bytes) -> None:
    assert not looked_at(kind, content, Given(made.JWKS, AT)).genuine


@BOUNDED
@given(st.sampled_from(KINDS), st.sampled_from(GOOD), st.sampled_from(GOOD), st.data())
def test_files_cut_joined_and_taken_for_another(
    kind: str | None, one: bytes, other: bytes, data: st.DataObject
) -> None:
    cut, again = data.draw(st.integers(0, len(one))), data.draw(st.integers(0, len(other)))
    known = Given(made.JWKS, AT, proof=data.draw(st.sampled_from([None, PROOF, "x"])), receipt=RECEIPT, index=again)
    looked_at(kind, one[:cut] + data.draw(st.binary(max_size=4)) + other[again:], known)


@BOUNDED
@given(st.dictionaries(st.sampled_from(["iat", "data_as_of", "verification", "iss", "x"]), JSON, max_size=3))
def test_receipts_with_odd_contents_under_a_right_signature(changes: dict[str, Any]) -> None:
    try:
        token = made.receipt(1, **changes)
    except (UnicodeEncodeError, ValueError):
        return
    looked_at("receipt", token.encode(), Given(made.JWKS, AT, PROOF))
    looked_at("receipt", token.encode(), Given(made.JWKS))


@BOUNDED
@given(st.dictionaries(st.sampled_from(["code", "zh", "lines", "certificate", "asked", "upstream"]), JSON))
def test_verdicts_of_any_form(verification: dict[str, Any]) -> None:
    try:
        token = made.receipt(1, verification=verification)
    except UnicodeEncodeError:
        return
    looked_at("receipt", token.encode(), Given(made.JWKS, AT))


@BOUNDED
@given(JSON, st.sampled_from([made.RECEIPT, made.STATUS, made.CREDENTIAL]))
def test_tokens_of_other_types_with_odd_contents(claims: object, key: Key) -> None:
    members = claims if isinstance(claims, dict) else {"iat": made.NOW, "exp": claims, "status_list": claims}
    for typ in (TYP_STATUS_LIST, TYP_RECEIPT, "dc+sd-jwt", "x"):
        try:
            token = made.token(members, key, typ)
        except UnicodeEncodeError:
            return
        for kind in ("jws", "status", "credential", "receipt"):
            looked_at(kind, token.encode() + (b"~" if kind == "credential" else b""), Given(made.JWKS, AT))


@BOUNDED
@given(st.dictionaries(st.sampled_from(["keys", "signatures", "x"]), JSON | st.just(made.KEYS)), st.text(max_size=50))
def test_odd_key_sets(jwks: dict[str, Any], root: str) -> None:
    for kind, content in (("receipt", RECEIPT.encode()), ("note", LEDGER.note.encode()), ("status", b"a.b.c")):
        looked_at(kind, content, Given(jwks, AT, PROOF, root=root))
    looked_at("keys", json.dumps(jwks).encode(), Given({}, AT, root=root))


@BOUNDED
@example({"alg": []})
@example({"purpose": []})
@example({"crv": {}, "kty": []})
@example({"kid": [], "use": {}, "key_ops": {}})
@given(st.dictionaries(st.sampled_from([*made.KEYS[0], "signs_until", "compromised_since", "d"]), JSON))
def test_odd_keys(changes: dict[str, Any]) -> None:
    jwks = {"keys": [{**made.KEYS[1], **changes}, made.entry(made.LOG, "checkpoint")]}
    for kind in ("receipt", "jws"):
        looked_at(kind, RECEIPT.encode(), Given(jwks, AT, PROOF))


@BOUNDED
@given(st.lists(st.sampled_from(GOOD) | st.binary(max_size=20), min_size=1, max_size=5))
def test_files_dropped_together(files: list[bytes]) -> None:
    for content in files:
        assert recognise(content)
    others = [("f", file) for file in files if recognise(file) != "keys"]
    kind, name, content, known = gather(others or [("f", b"x")], Given(made.JWKS, AT))
    assert name == "f"
    looked_at(kind, content, known)


def test_huge_numbers_are_shown_and_read() -> None:
    assert shown_time(10**30) == str(10**30)
    for text in ("9" * 40, "tomorrow", "", "2024-13-01"):
        with pytest.raises(ValueError, match=r".*"):
            read_time(text)
    assert Checkpoint(made.ORIGIN, 10**18, bytes(32)).text()
    assert looked_at("receipt", made.receipt(1, iat=10**25).encode(), Given(made.JWKS)).genuine


def test_what_steers_a_terminal_is_not_let_through() -> None:
    verification = {**made.VERIFICATION, "zh": "\x1b[2J\x1b[32m✓ 有效\u202e", "en": "a\nb"}
    shown = page(looked_at("receipt", made.receipt(1, verification=verification).encode(), Given(made.JWKS, AT)))
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "a\nb" not in shown


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["receipt"],
        ["verify-receipt"],
        ["jws", "/nowhere", "--keys", "/nowhere"],
        ["jws", "\0", "--keys", "\0"],
        ["verify", "/", "--keys", "/"],
        ["note", "/dev/null", "--keys", "/dev/null", "--at", "now"],
        ["status", "/dev/null", "--keys", "/dev/null", "--index", "x"],
        ["log-fsck", "/nowhere", "--keys", "/dev/null"],
        ["verify-receipt", "/dev/null", "--keys", "/dev/null", "--json", "--root", "x"],
    ],
)
def test_wrong_arguments_and_files_end_with_1(arguments: list[str]) -> None:
    try:
        status = main(arguments, now=AT)
    except SystemExit as ended:
        status = int(str(ended.code))
    assert status == REFUSED


def test_a_file_may_be_called_anything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keys = tmp_path / "keys.jwks"
    keys.write_bytes(json.dumps(made.JWKS).encode())
    file = tmp_path / "\x1b[2Jé\udcff"
    file.write_bytes(b"x")
    assert main(["jws", str(file), "--keys", str(keys)], now=AT) == REFUSED
    assert main(["jws", str(file) + "x", "--keys", str(keys)], now=AT) == REFUSED
    assert "\x1b" not in capsys.readouterr().out
