"""Reads the QR codes of a picture, a photograph or a scanned PDF, for the offline code. Needs the extra ``image``.

What is drawn there is not to be trusted: sizes are bounded before anything is decoded, and only formats that cameras
and scanners make are opened.

    lines = read_codes(Path("photo.jpg").read_bytes())
    receipt = offline_code.join(line for line in lines if offline_code.looks_like(line))
"""

import io
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from certificates import offline_code
from certificates.errors import CertificatesError

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_PIXELS: Final = 60_000_000
"""Of one picture or page: what the largest cameras of telephones make."""

MOST_PAGES: Final = 20
SCAN_DPI: Final = 200
SMALL, LARGE = 1_600, 4_500
"""Pixels on the longer side: below the one, pictures are enlarged where parts are missing; above the other, all are
made smaller."""

_FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP")
_POINTS_PER_INCH = 72


class UnreadableImage(CertificatesError):
    """Raised when a file is no picture or PDF that can be opened, or is too large."""

    def __init__(self) -> None:
        super().__init__(
            "图片无法打开，或尺寸过大。请提供 PNG、JPEG、WebP、TIFF、BMP 图片或 PDF 扫描件（不超过 20 页）。",
            "The picture cannot be opened, or is too large. Give PNG, JPEG, WebP, TIFF, BMP or a PDF (up to 20 pages).",
        )


class ImageExtraMissing(CertificatesError):
    """Raised when the libraries that read pictures are not installed."""

    def __init__(self) -> None:
        super().__init__(
            "未安装读取图片所需的组件（image：zxing-cpp、pillow、pypdfium2）。请安装后重试，或输入离线码文本。",
            "What reads pictures (image: zxing-cpp, pillow, pypdfium2) is missing. Install it, or give the code text.",
        )


def is_image(content: bytes) -> bool:
    """Whether a file begins as a picture or PDF that this module opens."""
    starts = (b"%PDF-", b"\x89PNG\r\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"BM")
    return content.startswith(starts) or (content[:4] == b"RIFF" and content[8:12] == b"WEBP")


def read_codes(content: bytes) -> list[str]:
    """The texts of all QR codes in a picture or PDF, page by page, as they stand there.

    Raises:
        UnreadableImage: It is none, or too large.
        ImageExtraMissing: zxing-cpp, Pillow or, for a PDF, pypdfium2 is not installed.
    """
    try:
        images = _pages_of_pdf(content) if content.startswith(b"%PDF-") else _frames(content)
        return [text for image in images for text in _codes(image)]
    except ImportError:
        raise ImageExtraMissing from None


def _frames(content: bytes) -> "Iterator[Image]":
    from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as opened:
            for place, frame in enumerate(ImageSequence.Iterator(opened)):
                if place >= MOST_PAGES or frame.width * frame.height > MOST_PIXELS:
                    raise UnreadableImage
                yield ImageOps.exif_transpose(frame).convert("L")
    except (
        *(OSError, ValueError, SyntaxError, EOFError, struct.error, ArithmeticError, KeyError, IndexError, TypeError),
        *(UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning),
    ):  # what Pillow's readers of damaged files raise
        raise UnreadableImage from None


def _pages_of_pdf(content: bytes) -> "Iterator[Image]":
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError:
        raise UnreadableImage from None
    with document:
        if len(document) > MOST_PAGES:
            raise UnreadableImage
        for page in document:
            scale = SCAN_DPI / _POINTS_PER_INCH
            width, height = page.get_size()
            if width * height * scale * scale > MOST_PIXELS:
                raise UnreadableImage
            yield page.render(scale=scale, grayscale=True).to_pil()


def _codes(image: "Image") -> list[str]:
    """What is read at first sight, and where parts are missing after smoothing, sharpening or scaling; each once."""
    found: dict[str, None] = {}
    for attempt in _attempts(image):
        found |= dict.fromkeys(_read(attempt))
        if offline_code.whole(found):
            break
    return list(found)


def _read(image: "Image") -> list[str]:
    import zxingcpp

    formats = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
    return [code.text for code in zxingcpp.read_barcodes(image, formats=formats, text_mode=zxingcpp.TextMode.Plain)]


def _attempts(image: "Image") -> "Iterator[Image]":
    from PIL import Image, ImageFilter, ImageOps

    image.thumbnail((LARGE, LARGE))
    yield image
    yield image.filter(ImageFilter.GaussianBlur(1))
    factor = 2.0 if max(image.size) <= SMALL else 0.5
    scaled = image.resize((int(image.width * factor), int(image.height * factor)), Image.Resampling.BICUBIC)
    yield scaled
    for radius in (2, 3, 4):
        yield image.filter(ImageFilter.UnsharpMask(radius, 300, 0))
    yield scaled.filter(ImageFilter.UnsharpMask(4, 300, 0))
    yield ImageOps.autocontrast(image.filter(ImageFilter.MedianFilter(3)), cutoff=2)
