"""PDF: what other programs read and draw of it, and that it is the same bytes each time."""

import io
import re

import pypdf
import pypdfium2
import pytest
from pypdf.generic import DictionaryObject

from certificates import code_images, offline_code
from certificates.documents.drawing import A4, A5, Paper
from certificates.documents.making import make_document
from tests.certificates.documents.made_receipts import FINGERPRINT, MARK, MadeHub


def text_of(data: bytes) -> str:
    """All text as another program copies it."""
    with pypdfium2.PdfDocument(data) as document:
        return "\n".join(page.get_textpage().get_text_range() for page in document)


@pytest.mark.parametrize("paper", [A4, A5])
def test_the_page_says_what_the_receipt_says(made_hub: MadeHub, paper: Paper) -> None:
    evidence = made_hub.evidence()
    shown = "".join(text_of(make_document(evidence, "pdf", paper)).split())
    for wanted in (
        "核验件（非电子证照原件）",
        "证照有效。",
        "S051520243060073",
        "ST-2026-0001",
        "汕头市〔U+20BB7〕野家<&>有限公司",
    ):
        assert wanted in shown
    assert FINGERPRINT.replace(" ", "") in shown


@pytest.mark.parametrize("paper", [A4, A5])
def test_pages_have_the_paper_s_size(made_hub: MadeHub, paper: Paper) -> None:
    with pypdfium2.PdfDocument(make_document(made_hub.evidence(), "pdf", paper)) as document:
        assert [round(size * 25.4 / 72) for size in document[0].get_size()] == [paper.width, paper.height]


@pytest.mark.parametrize("paper", [A4, A5])
def test_the_printed_code_is_the_receipt_and_its_proof(made_hub: MadeHub, paper: Paper) -> None:
    evidence = made_hub.evidence()
    lines = code_images.read_codes(make_document(evidence, "pdf", paper))
    assert offline_code.join(lines) == [offline_code.OfflineCode(evidence.token, evidence.proof)]


def test_another_program_finds_the_evidence_inside(made_hub: MadeHub) -> None:
    evidence = made_hub.evidence()
    reader = pypdf.PdfReader(io.BytesIO(make_document(evidence, "pdf")), strict=True)
    attached = {name: content[0] for name, content in reader.attachments.items()}
    assert attached["receipt.jws"].decode() == evidence.token
    assert attached["proof.txt"].decode() == evidence.proof
    assert attached.keys() == {"receipt.jws", "proof.txt", "metadata.xml", "sheet.json"}


def test_it_is_laid_out_for_archives(made_hub: MadeHub) -> None:
    """What PDF/A-3b asks for and a reader can tell: fonts inside, a colour profile, metadata that agrees."""
    data = make_document(made_hub.evidence(), "pdf")
    reader = pypdf.PdfReader(io.BytesIO(data), strict=True)
    root, info = reader.root_object, reader.metadata
    xmp = root["/Metadata"].get_object().get_data().decode()
    assert "<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>" in xmp
    assert info is not None
    assert info.title == "证照核验回执 营业执照"
    assert info.title in xmp
    assert info.creation_date == info.modification_date
    assert "2026-03-02T02:00:00Z" in xmp
    profile = root["/OutputIntents"][0]["/DestOutputProfile"].get_object().get_data()
    assert profile[36:40] == b"acsp"
    assert int.from_bytes(profile[:4], "big") == len(profile)
    assert len(root["/AF"]) == 4
    assert root["/Lang"] == "zh-CN"
    fonts = reader.pages[0]["/Resources"]["/Font"]
    for font in fonts.values():
        inner: DictionaryObject = font.get_object()["/DescendantFonts"][0].get_object()
        assert "/FontFile2" in inner["/FontDescriptor"].get_object()
    assert not re.search(rb"/(JavaScript|JS|Encrypt|OpenAction|LZWDecode|SMask)\b", data)


def test_the_same_receipt_gives_the_same_bytes(made_hub: MadeHub) -> None:
    evidence = made_hub.evidence()
    assert make_document(evidence, "pdf") == make_document(evidence, "pdf")


def test_a_copy_s_mark_lies_over_every_page(made_hub: MadeHub) -> None:
    with pypdfium2.PdfDocument(made_hub.copy("pdf", made_hub.evidence(), paper=A5)) as document:
        assert len(document) > 1
        for page in document:
            shown = "".join(page.get_textpage().get_text_range().split())
            assert f"仅用于：{MARK.purpose}" in shown
            assert f"事由：{MARK.cause}" in shown
            assert f"有效期至{MARK.expires_on}" in shown
            assert shown.count(MARK.purpose) >= 8


def test_the_code_is_read_under_a_mark_too(made_hub: MadeHub) -> None:
    evidence = made_hub.evidence()
    lines = code_images.read_codes(made_hub.copy("pdf", evidence))
    assert offline_code.join(lines) == [offline_code.OfflineCode(evidence.token, evidence.proof)]
