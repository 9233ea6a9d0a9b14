"""Only the printed receipt is left: photographed or scanned, it is verified from its codes, with no network at all."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image, ImageFilter

import certificates
from certificates import offline_code
from certificates.code_images import read_codes
from certificates.credentials import open_credential
from certificates.offline import verify_offline
from certificates.published_keys import published_keys
from tests.certificates.code_sheets import saved
from tests.exchange_api.pages.conftest import Town, Watched
from tests.exchange_api.pages.test_counter import ask

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pages")]
Opener = Callable[..., Watched]
POINTS_PER_INCH = 72


@pytest.fixture
def paper(town: Town, open_page: Opener, tmp_path: Path) -> Path:
    """A receipt as it comes out of the printer."""
    page = ask(open_page("officer"), town.numbers["valid"])
    assert page.locator(".codes img").count() >= 1
    file = tmp_path / "receipt.pdf"
    page.pdf(path=file, prefer_css_page_size=True, print_background=True)
    return file


def scanned(paper: Path, dpi: int) -> Image.Image:
    with pypdfium2.PdfDocument(paper) as document:
        assert len(document) == 1
        return document[0].render(scale=dpi / POINTS_PER_INCH, grayscale=True).to_pil()


def code_on(picture: bytes) -> offline_code.OfflineCode:
    found = offline_code.join(read_codes(picture))
    assert len(found) == 1
    return found[0]


def test_the_code_on_the_paper_is_receipt_and_proof(town: Town, paper: Path) -> None:
    code = code_on(paper.read_bytes())
    report = verify_offline(code.receipt, town.parts.keys.jwks(), code.proof)
    assert report.genuine
    assert report.checkpoint is not None


def test_the_fingerprint_of_the_trust_root_is_printed(town: Town, paper: Path) -> None:
    with pypdfium2.PdfDocument(paper) as document:
        text = document[0].get_textpage().get_text_range()
    assert town.parts.keys.fingerprint() in text
    assert "非电子证照原件" in text
    assert "http" not in "".join(read_codes(paper.read_bytes())).lower()


@pytest.mark.parametrize("dpi", [150, 200, 300])
def test_scans_and_photographs_of_it(paper: Path, dpi: int) -> None:
    whole = code_on(paper.read_bytes())
    page = scanned(paper, dpi)
    assert code_on(saved(page, "JPEG", quality=60)) == whole
    photo = page.rotate(8, Image.Resampling.BICUBIC, expand=True, fillcolor=160).filter(ImageFilter.GaussianBlur(0.7))
    assert code_on(saved(photo, "JPEG", quality=50)) == whole


def test_an_officer_with_only_the_paper(town: Town, paper: Path, tmp_path: Path) -> None:
    """The folder `certificates`, a photograph and the archived keys: the offline verifier says what the paper is."""
    room = Path(next(iter(certificates.__path__)))
    shutil.copytree(room, tmp_path / "certificates", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "keys.jwks").write_text(json.dumps(town.parts.keys.jwks()), encoding="utf-8")
    (tmp_path / "photo.jpg").write_bytes(saved(scanned(paper, 200), "JPEG", quality=70))
    command = [sys.executable, "-m", "certificates", "code", "photo.jpg", "--keys", "keys.jwks"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "证照有效" in done.stdout


def test_a_credential_from_the_receipts_page(town: Town, open_page: Opener) -> None:
    page = ask(open_page("officer"), town.numbers["valid"])
    with page.expect_download() as download:
        page.click("form[action='/officer/credential'] button")
    text = download.value.path().read_text(encoding="ascii")
    credential = open_credential(text, published_keys(town.parts.keys.jwks(), "credential"), at=None)
    assert credential.certificate["certificate_number"] == town.numbers["valid"]["certificate_number"]
    page.reload()
    page.wait_for_selector(".verdict")


def test_no_credential_is_offered_for_bad_news(town: Town, open_page: Opener) -> None:
    page = ask(open_page("officer"), town.numbers["revoked"])
    assert page.locator("form[action='/officer/credential']").count() == 0
    assert page.locator(".codes img").count() >= 1
