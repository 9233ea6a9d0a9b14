"""QR codes as images in the page: ASCII only, so that every scanner reads them alike, and small enough for paper.

>>> qr_image("MZ1:0A1B2C3D:1:1:BB8:").startswith("data:image/svg+xml")
True
"""

import segno


def qr_image(text: str) -> str:
    """A data address of an SVG, error correction M.

    Raises:
        ValueError: the text is not ASCII.
    """
    if not text.isascii():
        raise ValueError("a QR code holds ASCII only")
    return str(
        segno.make(text, error="m", micro=False).svg_data_uri(border=2, dark="#000", light="#fff", omitsize=True)
    )
