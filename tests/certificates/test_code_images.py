"""The offline code read from pictures: scans, photographs with turn and noise, JPEG, several pages, and bad files."""

import contextlib
import io
import random
import struct
import zlib

import pytest
from PIL import Image, ImageFilter

from certificates import code_images, offline_code
from certificates.code_images import UnreadableImage, is_image, read_codes
from tests.certificates.code_sheets import receipt_and_proof, saved, sheet

RECEIPT, PROOF = receipt_and_proof()
LINES = offline_code.pages(RECEIPT, PROOF)


def noisy(page: Image.Image, seed: int, strength: int) -> Image.Image:
    """Grey paper under bad light, with grain."""
    grain = Image.frombytes("L", page.size, random.Random(seed).randbytes(page.width * page.height))
    return Image.blend(page.point(lambda value: 60 + value * 150 // 255), grain, strength / 100)


def leaning(page: Image.Image) -> Image.Image:
    """As a telephone sees a sheet from a little below: the upper edge is shorter."""
    width, height = page.size
    corners = (-0.06 * width, -0.04 * height, -0.02 * width, 1.03 * height, 1.02 * width, 1.05 * height)
    return page.transform(
        page.size,
        Image.Transform.QUAD,
        (*corners, 1.07 * width, -0.03 * height),
        Image.Resampling.BICUBIC,
        fillcolor=255,
    )


def turned(page: Image.Image, degrees: float) -> Image.Image:
    return page.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=255)


def receipt_in(content: bytes) -> tuple[str, str]:
    found = offline_code.join(read_codes(content))
    assert len(found) == 1
    return found[0].receipt, found[0].proof


@pytest.mark.parametrize("dpi", [150, 200, 300, 400])
def test_scans(dpi: int) -> None:
    assert receipt_in(saved(sheet(LINES, dpi))) == (RECEIPT, PROOF)


@pytest.mark.parametrize("degrees", [3, 45, 90, 181, 270])
def test_turned(degrees: int) -> None:
    assert receipt_in(saved(turned(sheet(LINES, 200), degrees), "JPEG", quality=60)) == (RECEIPT, PROOF)


@pytest.mark.parametrize("quality", [15, 30, 60])
def test_jpeg(quality: int) -> None:
    assert receipt_in(saved(sheet(LINES, 300), "JPEG", quality=quality)) == (RECEIPT, PROOF)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_grain_and_bad_light(seed: int) -> None:
    page = noisy(turned(sheet(LINES, 300), seed * 7), seed, 25)
    assert receipt_in(saved(page, "JPEG", quality=50)) == (RECEIPT, PROOF)


def test_a_photograph_from_below() -> None:
    photo = noisy(leaning(sheet(LINES, 350)), 4, 15).filter(ImageFilter.GaussianBlur(1.2))
    assert receipt_in(saved(photo, "JPEG", quality=70)) == (RECEIPT, PROOF)


def test_out_of_focus() -> None:
    assert receipt_in(saved(sheet(LINES, 300).filter(ImageFilter.GaussianBlur(2)), "JPEG")) == (RECEIPT, PROOF)


def test_a_scanned_pdf_of_several_pages() -> None:
    pages = [sheet(LINES[:2], 200), Image.new("L", (1165, 1653), 255), sheet(LINES[2:], 200)]
    file = io.BytesIO()
    pages[0].save(file, "PDF", save_all=True, append_images=pages[1:], resolution=200)
    assert receipt_in(file.getvalue()) == (RECEIPT, PROOF)


def test_a_fax_of_several_pages() -> None:
    pages = [sheet([line], 200).convert("1") for line in LINES]
    file = io.BytesIO()
    pages[0].save(file, "TIFF", save_all=True, append_images=pages[1:], compression="group4")
    assert receipt_in(file.getvalue()) == (RECEIPT, PROOF)


def test_a_sheet_without_codes() -> None:
    assert read_codes(saved(Image.new("L", (400, 300), 255))) == []


def test_kinds() -> None:
    assert all(is_image(saved(Image.new("L", (8, 8)), kind)) for kind in ("PNG", "JPEG", "WEBP", "TIFF", "BMP"))
    assert is_image(b"%PDF-1.7")
    assert not is_image(RECEIPT.encode())


def huge_png() -> bytes:
    """A picture of 30,000 by 30,000 pixels in a file of a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "content", [b"", b"GIF89a", b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", huge_png()]
)
def test_bad_files(content: bytes) -> None:
    with pytest.raises(UnreadableImage):
        read_codes(content)


def test_cut_off_and_damaged_files() -> None:
    """Nothing of Pillow's or PDFium's own is raised, whatever is in the file."""
    chance = random.Random(7)
    file = io.BytesIO()
    sheet(LINES[:1], 80).save(file, "PDF", resolution=80)
    for content in (saved(sheet(LINES[:1], 80), "JPEG"), saved(sheet(LINES[:1], 80)), file.getvalue()):
        for _ in range(20):
            changed = bytearray(content[: chance.randrange(8, len(content))])
            changed[chance.randrange(8, len(changed))] ^= 0x80
            with contextlib.suppress(UnreadableImage):
                assert isinstance(read_codes(bytes(changed)), list)


def test_too_many_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_images, "MOST_PAGES", 1)
    pages = [Image.new("L", (50, 50), 255)] * 2
    for kind in ("PDF", "TIFF"):
        file = io.BytesIO()
        pages[0].save(file, kind, save_all=True, append_images=pages[1:])
        with pytest.raises(UnreadableImage):
            read_codes(file.getvalue())
