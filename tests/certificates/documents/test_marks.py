"""Marked copies: what a mark may say, what its statement covers, and when it has expired."""

import random
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certificates.documents.drawing import A5
from certificates.documents.errors import BadMark
from certificates.documents.examining import examine_document
from certificates.documents.making import make_document
from certificates.documents.marks import Mark
from certificates.documents.replacing import COPY, attached, replace_statement
from certificates.documents.stored_zip import write_zip
from certificates.evidence.findings import Found
from certificates.evidence.given import Given
from certificates.keys import KeyPurpose
from tests.certificates.documents.made_receipts import MARK, NOW, VERIFICATION, MadeHub, make_hub

KINDS = ("pdf", "ofd")
TODAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("member", "changed"),
    [
        ("cause", ""),
        ("cause", "因" * 61),
        ("purpose", " \n "),
        ("purpose", "用\u202e途"),
        ("maker", "x" * 81),
        ("expires_on", None),
        ("expires_on", TODAY - timedelta(days=1)),
        ("expires_on", TODAY + timedelta(days=367)),
    ],
)
def test_a_mark_must_say_everything_in_few_words(member: str, changed: object) -> None:
    members = {"cause": "a", "purpose": "b", "maker": "c", "expires_on": TODAY} | {member: changed}
    with pytest.raises(BadMark) as refused:
        Mark.parse(**members, today=TODAY)  # type: ignore[arg-type] # wrong on purpose
    assert refused.value.member == member


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_is_genuine_and_tells_its_mark(made_hub: MadeHub, kind: str) -> None:
    report = examine_document("copy", made_hub.copy(kind, made_hub.evidence()), made_hub.given)
    assert report.genuine
    assert all(check.found == Found.PASS for check in report.checks)
    assert report.content["copy"]["cause"] == MARK.cause
    assert report.content["copy"]["expires_on"] == "2026-04-01"
    assert report.receipt is not None
    assert report.receipt.answer["code"] == "valid"


@pytest.mark.parametrize("kind", KINDS)
def test_an_expired_copy_is_refused_on_the_day_after(made_hub: MadeHub, kind: str) -> None:
    copy = made_hub.copy(kind, made_hub.evidence())
    last_moment = datetime(2026, 4, 1, 15, 59, 59, tzinfo=UTC)  # midnight in China is 16:00 UTC
    assert examine_document("copy", copy, replace(made_hub.given, at=last_moment)).genuine
    late = examine_document("copy", copy, replace(made_hub.given, at=last_moment + timedelta(seconds=1)))
    assert not late.genuine
    assert late.refusal is not None
    assert "有效期" in late.refusal.zh
    assert [check.reason for check in late.checks if check.found == Found.FAIL] == ["expired"]


def test_without_a_moment_expiry_stays_open(made_hub: MadeHub) -> None:
    copy = made_hub.copy("pdf", made_hub.evidence())
    report = examine_document("copy", copy, Given(made_hub.ring.jwks()))
    assert report.genuine
    assert "copy expiry" in {point.name for point in report.open_points}


@pytest.mark.parametrize("kind", KINDS)
def test_another_copy_s_statement_does_not_fit(made_hub: MadeHub, kind: str) -> None:
    evidence = made_hub.evidence()
    longer = replace(MARK, expires_on=date(2026, 9, 1))
    statement = attached(made_hub.copy(kind, evidence, longer))[COPY]
    forged = replace_statement(made_hub.copy(kind, evidence), statement, kind)
    report = examine_document("copy", forged, made_hub.given)
    assert [check.reason for check in report.checks if check.found == Found.FAIL] == ["mark: document"]


def test_another_receipt_s_statement_does_not_fit(made_hub: MadeHub) -> None:
    other = made_hub.evidence({**VERIFICATION, "code": "expired"}, jti="fedcba9876543210")
    statement = attached(made_hub.copy("pdf", other))[COPY]
    forged = replace_statement(made_hub.copy("pdf", made_hub.evidence()), statement, "pdf")
    report = examine_document("copy", forged, made_hub.given)
    assert [check.reason for check in report.checks if check.found == Found.FAIL] == ["mark: receipt"]


def test_a_copy_of_another_hub_is_refused(made_hub: MadeHub, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = make_hub(tmp_path_factory.mktemp("other"))
    report = examine_document("copy", made_hub.copy("pdf", made_hub.evidence()), other.given)
    assert not report.genuine
    assert report.refusal is not None


def test_a_receipt_s_key_signs_no_copies(made_hub: MadeHub) -> None:
    jwks = made_hub.ring.jwks()
    keys = [entry for entry in jwks["keys"] if entry["purpose"] != KeyPurpose.DOCUMENT]
    report = examine_document("copy", made_hub.copy("pdf", made_hub.evidence()), Given({"keys": keys}, at=NOW))
    assert [check.reason for check in report.checks if check.found == Found.FAIL] == ["mark: kid"]


@pytest.mark.parametrize("kind", KINDS)
def test_changed_bytes_anywhere_are_found(made_hub: MadeHub, kind: str) -> None:
    """Each byte of the statement, and some everywhere else: the digest in it covers the whole file."""
    copy = made_hub.copy(kind, made_hub.evidence(), paper=A5)
    start = copy.index(attached(copy)[COPY])
    chosen = random.Random(7).sample(range(len(copy)), 400)
    places = [*range(start, start + len(attached(copy)[COPY])), *chosen]
    for place in places:
        for flip in (0x01, 0x80):
            changed = copy[:place] + bytes([copy[place] ^ flip]) + copy[place + 1 :]
            assert not examine_document("copy", changed, made_hub.given).genuine, place
    sys.stdout.write(f"{2 * len(places)} changes of a copy as {kind}, all found\n")


@pytest.mark.parametrize("kind", KINDS)
def test_a_plain_document_is_genuine(made_hub: MadeHub, kind: str) -> None:
    report = examine_document("plain", make_document(made_hub.evidence(), kind), made_hub.given)
    assert report.genuine
    assert {check.name for check in report.checks} >= {"pages", "signature", "document"}
    assert all(check.found == Found.PASS for check in report.checks)


def test_pages_that_say_something_else_are_found(made_hub: MadeHub) -> None:
    """Somebody moves one line out of sight; the receipt inside stays as it is."""
    plain = make_document(made_hub.evidence(), "pdf")
    place = plain.index(b" Tm <", 100_000)
    changed = plain[: place - 3] + b"999" + plain[place:]
    report = examine_document("plain", changed, made_hub.given)
    assert [check.reason for check in report.checks if check.found == Found.FAIL] == ["pages"]
    assert not report.genuine


def test_a_document_without_its_mark_is_found(made_hub: MadeHub) -> None:
    """Taking the statement out of a copy makes no plain document of it."""
    import io
    import zipfile

    with zipfile.ZipFile(io.BytesIO(made_hub.copy("ofd", made_hub.evidence()))) as archive:
        members = {name: archive.read(name) for name in archive.namelist() if not name.endswith(COPY)}
    report = examine_document("plain", write_zip(members), made_hub.given)
    assert not report.genuine


def test_without_what_draws_pages_they_stay_open(made_hub: MadeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = make_document(made_hub.evidence(), "pdf")
    monkeypatch.setitem(sys.modules, "segno", None)
    report = examine_document("plain", plain, made_hub.given)
    assert report.genuine
    assert "pages" in {point.name for point in report.open_points}


def test_an_unsigned_receipt_inside_is_refused(made_hub: MadeHub, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = make_hub(tmp_path_factory.mktemp("forger"))
    report = examine_document("plain", make_document(other.evidence(), "pdf"), made_hub.given)
    assert not report.genuine
    assert report.receipt is None


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([b"", b"%PDF-1.7\n", b"PK\x03\x04"]))
def test_arbitrary_bytes_are_refused_and_nothing_is_raised(made_hub_bytes: MadeHub, data: bytes, start: bytes) -> None:
    assert not examine_document("x", start + data, made_hub_bytes.given).genuine


@pytest.fixture(scope="session")
def made_hub_bytes(made_hub: MadeHub) -> MadeHub:
    return made_hub
