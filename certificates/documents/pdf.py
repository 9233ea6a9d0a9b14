"""Documents as PDF, laid out by the rules of PDF/A-3 (ISO 19005-3, level B).

One embedded font, no transparency, the colours' profile, metadata as XMP, and the evidence as embedded files.

Uncompressed on purpose: the same document is the same bytes wherever it is written, and its evidence can be cut out
with any tool.

Example:
    >>> from certificates.documents.drawing import A5, Document, Page, Text
    >>> from certificates.documents.typeface import load_typeface
    >>> page = Page(A5, [Text(10, 10, 9, "核验件")])
    >>> write_pdf(Document("t", "a", "s", 0, "0" * 32, [page]), load_typeface())[:8]
    b'%PDF-1.7'
"""

import hashlib
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import escape

from certificates.documents.colour_profile import srgb_profile
from certificates.documents.drawing import POINT, Attachment, Box, Colour, Document, Item, Page, Text, texts_of
from certificates.documents.pdf_objects import PdfFile, number, text
from certificates.documents.truetype import FAMILY
from certificates.documents.typeface import ASCENT, DESCENT, Subset, Typeface

PRODUCER: Final = "Mianzheng documents 1"
BOLD_STROKE: Final = 0.028
"""A bold line is a stroked one, this much of its size wide."""


def write_pdf(document: Document, face: Typeface) -> bytes:
    """The file's bytes."""
    subset = face.subset(texts_of(document.pages))
    file = PdfFile()
    catalogue, tree = file.reserve(), file.reserve()
    font = _font(file, subset)
    pages = [_page(file, tree, font, page, subset) for page in document.pages]
    kids = " ".join(f"{page} 0 R" for page in pages)
    file.fill(tree, f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode("ascii"))
    embedded = [(one.name, _attachment(file, one, document.made_at)) for one in document.attachments]
    file.fill(catalogue, _catalogue(file, tree, embedded, document))
    return file.write(catalogue, _information(file, document), document.identity)


def _catalogue(file: PdfFile, tree: int, embedded: list[tuple[str, int]], document: Document) -> bytes:
    metadata = file.add_stream("/Type /Metadata /Subtype /XML", _xmp(document))
    profile = file.add_stream("/N 3", srgb_profile())
    intent = (
        f"<< /Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier {text('sRGB')} "
        f"/DestOutputProfile {profile} 0 R >>"
    )
    names = " ".join(f"{text(name)} {place} 0 R" for name, place in sorted(embedded))
    files = " ".join(f"{place} 0 R" for _, place in embedded)
    beside = f"/Names << /EmbeddedFiles << /Names [{names}] >> >> /AF [{files}] " if embedded else ""
    return (
        f"<< /Type /Catalog /Pages {tree} 0 R /Metadata {metadata} 0 R /OutputIntents [{intent}] {beside}"
        "/Lang (zh-CN) /ViewerPreferences << /DisplayDocTitle true >> >>"
    ).encode("ascii")


def _information(file: PdfFile, document: Document) -> int:
    moment = text(_moment(document.made_at).strftime("D:%Y%m%d%H%M%SZ"))
    return file.add(
        f"<< /Title {text(document.title)} /Author {text(document.author)} /Subject {text(document.subject)} "
        f"/Creator {text(PRODUCER)} /Producer {text(PRODUCER)} /CreationDate {moment} /ModDate {moment} >>".encode(
            "ascii"
        )
    )


def _xmp(document: Document) -> bytes:
    """The same as in the information dictionary, and the level of PDF/A."""
    moment = _moment(document.made_at).strftime("%Y-%m-%dT%H:%M:%SZ")
    one = '<rdf:Alt><rdf:li xml:lang="x-default">{}</rdf:li></rdf:Alt>'
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/" '
        'xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">'
        "<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>"
        f"<dc:title>{one.format(escape(document.title))}</dc:title>"
        f"<dc:creator><rdf:Seq><rdf:li>{escape(document.author)}</rdf:li></rdf:Seq></dc:creator>"
        f"<dc:description>{one.format(escape(document.subject))}</dc:description>"
        f"<xmp:CreateDate>{moment}</xmp:CreateDate><xmp:ModifyDate>{moment}</xmp:ModifyDate>"
        f"<xmp:CreatorTool>{PRODUCER}</xmp:CreatorTool><pdf:Producer>{PRODUCER}</pdf:Producer>"
        '</rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end="r"?>'
    ).encode()


def _attachment(file: PdfFile, attachment: Attachment, made_at: int) -> int:
    media = "".join(f"#{ord(one):02X}" if one in "/+" else one for one in attachment.media_type)
    moment = text(_moment(made_at).strftime("D:%Y%m%d%H%M%SZ"))
    stream = file.add_stream(
        f"/Type /EmbeddedFile /Subtype /{media} /Params << /Size {len(attachment.data)} /ModDate {moment} >>",
        attachment.data,
    )
    name = text(attachment.name)
    return file.add(
        f"<< /Type /Filespec /F {name} /UF {name} /Desc {text(attachment.says)} /AFRelationship /Source "
        f"/EF << /F {stream} 0 R /UF {stream} 0 R >> >>".encode("ascii")
    )


# --- the font


def _font(file: PdfFile, subset: Subset) -> int:
    tag = "".join(chr(65 + byte % 26) for byte in hashlib.sha256(subset.data).digest()[:6])
    name = f"/{tag}+{FAMILY}"
    program = file.add_stream(f"/Length1 {len(subset.data)}", subset.data)
    descriptor = file.add(
        f"<< /Type /FontDescriptor /FontName {name} /Flags 4 /FontBBox [-1100 -1100 3000 1900] /ItalicAngle 0 "
        f"/Ascent {ASCENT} /Descent {DESCENT} /CapHeight 733 /StemV 80 /FontFile2 {program} 0 R >>".encode("ascii")
    )
    widths = " ".join(map(str, subset.widths))
    descendant = file.add(
        f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont {name} /CIDSystemInfo << /Registry (Adobe) "
        f"/Ordering (Identity) /Supplement 0 >> /FontDescriptor {descriptor} 0 R /DW 1000 /W [0 [{widths}]] "
        "/CIDToGIDMap /Identity >>".encode("ascii")
    )
    to_unicode = file.add_stream("", _to_unicode(subset))
    return file.add(
        f"<< /Type /Font /Subtype /Type0 /BaseFont {name} /Encoding /Identity-H "
        f"/DescendantFonts [{descendant} 0 R] /ToUnicode {to_unicode} 0 R >>".encode("ascii")
    )


def _to_unicode(subset: Subset) -> bytes:
    """Which text a glyph stands for, so that the page can be searched and copied from."""
    lines = [f"<{glyph:04X}> <{one.encode('utf-16-be').hex().upper()}>" for one, glyph in subset.glyphs.items()]
    blocks = (lines[start : start + 100] for start in range(0, len(lines), 100))
    body = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        f"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n{body}\n"
        "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode("ascii")


# --- pages: a PDF's origin is the lower left corner, its unit the point


def _page(file: PdfFile, tree: int, font: int, page: Page, subset: Subset) -> int:
    content = file.add_stream("", "\n".join(_operators(page, subset)).encode("ascii"))
    box = f"[0 0 {number(page.width / POINT)} {number(page.height / POINT)}]"
    return file.add(
        f"<< /Type /Page /Parent {tree} 0 R /MediaBox {box} /Contents {content} 0 R "
        f"/Resources << /Font << /F {font} 0 R >> >> >>".encode("ascii")
    )


def _operators(page: Page, subset: Subset) -> Iterator[str]:
    for item in page.items:
        yield from _drawn(item, page, subset)


def _drawn(item: Item, page: Page, subset: Subset) -> Iterator[str]:
    if isinstance(item, Text):
        yield from _text(item, page, subset)
        return
    yield _fill(item.colour if isinstance(item, Box) else (0, 0, 0))
    rectangles = [(item.x, item.y, item.width, item.height)] if isinstance(item, Box) else item.runs()
    for x, y, width, height in rectangles:
        low = page.height - y - height
        yield " ".join(number(value / POINT) for value in (x, low, width, height)) + " re"
    yield "f"


def _text(item: Text, page: Page, subset: Subset) -> Iterator[str]:
    turn = math.radians(item.angle)
    matrix = (math.cos(turn), math.sin(turn), -math.sin(turn), math.cos(turn))
    at = " ".join(number(value) for value in (*matrix, item.x / POINT, (page.height - item.y) / POINT))
    glyphs = "".join(f"{subset.glyphs[one]:04X}" for one in item.text)
    yield f"BT {_fill(item.colour)} /F {number(item.size)} Tf"
    if item.bold:
        yield f"{_fill(item.colour).upper()} {number(item.size * BOLD_STROKE)} w 2 Tr"
    yield f"{at} Tm <{glyphs}> Tj"
    yield "0 Tr ET" if item.bold else "ET"


def _fill(colour: Colour) -> str:
    return " ".join(number(value / 255) for value in colour) + " rg"


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
