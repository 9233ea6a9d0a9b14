"""What was scanned is told from its content: numbers, identifiers, receipts of this hub in several codes, nothing."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certificates import offline_code
from certificates.identifiers import CertificateIdentifier
from exchange_api.counter.codes import Desk, Pictures, Scanned, looks_like_code, read_code
from exchange_api.counter.errors import CodeNotGenuine, CodeNotRead
from exchange_api.errors import Overloaded
from tests.certificates.code_sheets import saved, sheet
from tests.certificates.documents.made_receipts import NOW, VERIFICATION, MadeHub, make_hub

NOBODY = Desk({"keys": []}, None)
IDENTIFIER = "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.002.S"
FULL_WIDTH = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})


def test_a_plain_number_is_a_number() -> None:
    assert read_code(["S051520243060073"], NOBODY) == Scanned("number", {"certificate_number": "S051520243060073"})
    assert read_code([" 粤交运管许可汕字440500123456号 "], NOBODY).fields == {
        "certificate_number": "粤交运管许可汕字440500123456号"
    }


@pytest.mark.parametrize(
    ("text", "kind"),
    [("11010519491231002x", "111"), ("91110000600037341L", "001"), ("１１０１０５１９４９１２３１００２Ｘ", "111")],
)
def test_a_number_that_says_whose_it_is_goes_to_the_holder(text: str, kind: str) -> None:
    found = read_code([text], NOBODY)
    assert (found.kind, found.fields["holder_code_type"]) == ("holder", kind)


@pytest.mark.parametrize("text", [IDENTIFIER, IDENTIFIER.lower(), f"https://zz.example/c?id={IDENTIFIER}&x=1"])
def test_an_identifier_gives_type_and_number(text: str) -> None:
    found = read_code([text], NOBODY)
    wanted = {"certificate_type": "11100000000013338W011", "certificate_number": "20230000403"}
    assert (found.kind, found.fields) == ("identifier", wanted)


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=32), st.booleans())
@settings(max_examples=50, deadline=None)
def test_every_identifier_is_read_in_full_width_too(serial: str, wide: bool) -> None:
    text = str(CertificateIdentifier.make("11100000000013338W011", "11430000006122244L", serial, "001"))
    found = read_code([text.translate(FULL_WIDTH) if wide else text], NOBODY)
    assert found.fields["certificate_number"] == serial


@pytest.mark.parametrize("text", ["", " ", "https://example.org/x?y=1", "a\x00b", "x" * 200])
def test_what_names_no_certificate_is_not_read(text: str) -> None:
    with pytest.raises(CodeNotRead):
        read_code([text], NOBODY)


@given(st.lists(st.text(max_size=80), max_size=4))
@settings(max_examples=200, deadline=None)
def test_arbitrary_texts_are_read_or_refused(texts: list[str]) -> None:
    with contextlib.suppress(CodeNotRead, CodeNotGenuine):
        assert read_code(texts, NOBODY).fields


def test_only_more_than_a_number_has_to_be_read_first() -> None:
    assert not any(map(looks_like_code, ["S051520243060073", "11010519491231002X", "粤交 运管（许可）字 1-2/3 号"]))
    assert all(
        map(
            looks_like_code, [IDENTIFIER, "https://a.example/1", "eyJhbGciOiJFUzI1NiJ9.e30.AA", "MZ1:0A1B2C3D:1:2:BB8:"]
        )
    )
    assert looks_like_code(IDENTIFIER.translate(FULL_WIDTH))


# --- receipts


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> MadeHub:
    return make_hub(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def desk(hub: MadeHub) -> Desk:
    return Desk(hub.ring.jwks(), NOW)


@pytest.fixture(scope="module")
def lines(hub: MadeHub) -> list[str]:
    receipt = hub.evidence()
    found = offline_code.pages(receipt.token, receipt.proof)
    assert len(found) > 1
    return found


FILLED = {
    "certificate_type": "11100000MB0143028R001",
    "certificate_number": "S051520243060073",
    "holder_name": "汕头市\U00020bb7野家<&>有限公司",
}


def test_a_receipts_codes_in_any_order_fill_the_form(lines: list[str], desk: Desk) -> None:
    found = read_code([*reversed(lines), lines[0]], desk)
    assert (found.kind, found.fields, found.said) == ("receipt", FILLED, "valid")
    assert found.said_at.startswith("2026-03-02")


def test_a_field_of_one_line_swallows_the_ends_of_lines(lines: list[str], desk: Desk) -> None:
    assert read_code(["".join(lines)], desk).fields == FILLED
    assert read_code(["".join(lines).translate(FULL_WIDTH)], desk).fields == FILLED


def test_what_is_missing_of_a_code_is_counted(lines: list[str], desk: Desk) -> None:
    found = read_code(lines[:1], desk)
    assert (found.kind, found.have, found.of) == ("parts", 1, len(lines))
    assert not found.fields


def test_the_code_that_was_scanned_last_counts(hub: MadeHub, lines: list[str], desk: Desk) -> None:
    other = hub.evidence(jti="fedcba9876543210")
    other_lines = offline_code.pages(other.token, other.proof)
    assert read_code([*lines[:1], *other_lines], desk).kind == "receipt"
    assert read_code([*lines, *other_lines[:1]], desk).have == 1


def test_a_persons_name_is_masked_in_a_receipt_and_not_filled_in(hub: MadeHub, desk: Desk) -> None:
    holder = {"name": "张*三", "role": "", "asked": True}
    person = VERIFICATION | {"certificate": VERIFICATION["certificate"] | {"holders": [holder]}}
    found = read_code([hub.evidence(person).token], desk)
    assert "holder_name" not in found.fields
    assert found.fields["certificate_number"] == FILLED["certificate_number"]


def test_a_receipt_of_another_hub_or_a_changed_one_fills_in_nothing(hub: MadeHub, desk: Desk, tmp_path: Path) -> None:
    theirs = make_hub(tmp_path).evidence().token
    ours = hub.evidence().token
    changed = f"{ours[:-4]}{'AAAA' if ours[-4:] != 'AAAA' else 'BBBB'}"
    for token in (theirs, changed):
        with pytest.raises(CodeNotGenuine):
            read_code([token], desk)


# --- pictures


def picture(*texts: str) -> bytes:
    return saved(sheet(texts, dpi=200))


def test_a_photograph_of_a_receipts_codes(lines: list[str], desk: Desk) -> None:
    assert read_code(Pictures().read(picture(*lines)), desk).fields == FILLED


def test_a_picture_without_a_code_and_no_picture() -> None:
    for content in (picture(), b"GIF89a", b"\x89PNG\r\n but no more"):
        with pytest.raises(CodeNotRead):
            Pictures().read(content)


def test_few_pictures_at_a_time() -> None:
    """One that never comes to its end takes a place; when all are taken, the next is sent away."""
    pictures = Pictures()
    for _ in range(2):
        assert pictures._free.acquire(blocking=False)
    with pytest.raises(Overloaded):
        pictures.read(picture("S051520243060073"))
