"""Documents as OFD (GB/T 33190-2016): a zip of XML files, the font and the evidence, with GB/T 36903 names as metadata.

Stored without compression and with fixed dates, so that the same document is the same bytes wherever it is written.

Example:
    >>> from certificates.documents.drawing import A5, Document, Page, Text
    >>> from certificates.documents.typeface import load_typeface
    >>> page = Page(A5, [Text(10, 10, 9, "核验件")])
    >>> write_ofd(Document("t", "a", "s", 0, "0" * 32, [page]), load_typeface())[:2]
    b'PK'
"""

import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from certificates.documents.drawing import POINT, Box, Colour, Document, Item, Page, Paper, Text, texts_of
from certificates.documents.pdf_objects import number
from certificates.documents.stored_zip import write_zip
from certificates.documents.truetype import FAMILY
from certificates.documents.typeface import Typeface

ATTACHED: Final = "Doc_0/Attachs/"
"""Where the evidence stands in the zip."""

CREATOR: Final = "Mianzheng documents"
CREATOR_VERSION: Final = "1"
FONT_ID: Final = 1

_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = 'xmlns:ofd="http://www.ofdspec.org/2016"'
_Next = Callable[[], int]


def write_ofd(document: Document, face: Typeface) -> bytes:
    """The file's bytes."""
    subset = face.subset(texts_of(document.pages))
    identifiers = count(FONT_ID + 1)
    places = [(f"Pages/Page_{place}/Content.xml", next(identifiers)) for place in range(len(document.pages))]
    contents = [_content(page, face, lambda: next(identifiers)) for page in document.pages]
    members = {
        "OFD.xml": _root(document),
        "Doc_0/Document.xml": _document(document, places, next(identifiers)),
        "Doc_0/PublicRes.xml": _resources(),
        "Doc_0/Res/font.ttf": subset.data,
        **{f"Doc_0/{place}": content for (place, _), content in zip(places, contents, strict=True)},
    }
    if document.attachments:
        members[f"{ATTACHED}Attachments.xml"] = _attachments(document)
    members |= {f"{ATTACHED}{one.name}": one.data for one in document.attachments}
    return write_zip(members)


def _root(document: Document) -> bytes:
    """OFD.xml: what the document is, in the order of GB/T 33190, clause 7.4."""
    day = _day(document.made_at)
    custom = "".join(
        f"<ofd:CustomData Name={quoteattr(name)}>{escape(value)}</ofd:CustomData>" for name, value in document.metadata
    )
    return (
        f'{_XML}<ofd:OFD {_NAMESPACE} Version="1.0" DocType="OFD"><ofd:DocBody><ofd:DocInfo>'
        f"<ofd:DocID>{document.identity}</ofd:DocID><ofd:Title>{escape(document.title)}</ofd:Title>"
        f"<ofd:Author>{escape(document.author)}</ofd:Author><ofd:Subject>{escape(document.subject)}</ofd:Subject>"
        f"<ofd:CreationDate>{day}</ofd:CreationDate><ofd:ModDate>{day}</ofd:ModDate>"
        f"<ofd:DocUsage>Normal</ofd:DocUsage><ofd:Creator>{CREATOR}</ofd:Creator>"
        f"<ofd:CreatorVersion>{CREATOR_VERSION}</ofd:CreatorVersion>"
        + (f"<ofd:CustomDatas>{custom}</ofd:CustomDatas>" if custom else "")
        + "</ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>\n"
    ).encode()


def _document(document: Document, places: list[tuple[str, int]], last: int) -> bytes:
    """Document.xml; ``last`` is larger than every identifier that was given."""
    pages = "".join(f'<ofd:Page ID="{identifier}" BaseLoc="{place}"/>' for place, identifier in places)
    attached = "<ofd:Attachments>Attachs/Attachments.xml</ofd:Attachments>" if document.attachments else ""
    return (
        f"{_XML}<ofd:Document {_NAMESPACE}><ofd:CommonData><ofd:MaxUnitID>{last}</ofd:MaxUnitID>"
        f"{_area('ofd:PageArea', document.pages[0].paper)}<ofd:PublicRes>PublicRes.xml</ofd:PublicRes>"
        f"</ofd:CommonData><ofd:Pages>{pages}</ofd:Pages>{attached}</ofd:Document>\n"
    ).encode()


def _resources() -> bytes:
    return (
        f'{_XML}<ofd:Res {_NAMESPACE} BaseLoc="Res"><ofd:Fonts>'
        f'<ofd:Font ID="{FONT_ID}" FontName="{FAMILY}" FamilyName="{FAMILY}">'
        "<ofd:FontFile>font.ttf</ofd:FontFile></ofd:Font></ofd:Fonts></ofd:Res>\n"
    ).encode()


def _attachments(document: Document) -> bytes:
    """Attachments.xml; sizes are kilobytes, as the standard has them."""
    day = _day(document.made_at)
    entries = "".join(
        f'<ofd:Attachment ID="A{place}" Name={quoteattr(one.name)} Format={quoteattr(one.name.rpartition(".")[2])} '
        f'CreationDate="{day}" Size="{number(len(one.data) / 1024)}" Visible="true">'
        f"<ofd:FileLoc>{escape(one.name)}</ofd:FileLoc></ofd:Attachment>"
        for place, one in enumerate(document.attachments, start=1)
    )
    return f"{_XML}<ofd:Attachments {_NAMESPACE}>{entries}</ofd:Attachments>\n".encode()


# --- pages: an OFD's origin is the upper left corner, its unit the millimetre


def _content(page: Page, face: Typeface, identifier: _Next) -> bytes:
    layer = identifier()
    drawn = "".join(part for item in page.items for part in _drawn(item, page, face, identifier))
    return (
        f"{_XML}<ofd:Page {_NAMESPACE}>{_area('ofd:Area', page.paper)}<ofd:Content>"
        f'<ofd:Layer ID="{layer}" Type="Body">{drawn}</ofd:Layer></ofd:Content></ofd:Page>\n'
    ).encode()


def _drawn(item: Item, page: Page, face: Typeface, identifier: _Next) -> Iterator[str]:
    if isinstance(item, Text):
        yield _text(item, page, face, identifier())
    elif isinstance(item, Box):
        yield _path(identifier(), (item.x, item.y, item.width, item.height), [_at_origin(item)], item.colour)
    else:
        whole = (item.x, item.y, item.side, item.side)
        yield _path(identifier(), whole, [(x - item.x, y - item.y, w, h) for x, y, w, h in item.runs()], (0, 0, 0))


def _at_origin(item: Box) -> tuple[float, float, float, float]:
    return 0, 0, item.width, item.height


def _path(
    identifier: int,
    boundary: tuple[float, float, float, float],
    rectangles: list[tuple[float, float, float, float]],
    colour: Colour,
) -> str:
    data = " ".join(
        f"M {number(x)} {number(y)} L {number(x + w)} {number(y)} L {number(x + w)} {number(y + h)} "
        f"L {number(x)} {number(y + h)} C"
        for x, y, w, h in rectangles
    )
    return (
        f'<ofd:PathObject ID="{identifier}" Boundary="{_numbers(*boundary)}" Stroke="false" Fill="true">'
        f"{_fill(colour)}<ofd:AbbreviatedData>{data}</ofd:AbbreviatedData></ofd:PathObject>"
    )


def _text(item: Text, page: Page, face: Typeface, identifier: int) -> str:
    size = item.size * POINT
    advances = [face.width(one, size) for one in item.text]
    deltas = f' DeltaX="{_numbers(*advances[:-1])}"' if len(advances) > 1 else ""
    if item.angle:
        turn = math.radians(item.angle)
        matrix = _numbers(math.cos(turn), -math.sin(turn), math.sin(turn), math.cos(turn), item.x, item.y)
        boundary, x, y = _numbers(0, 0, page.width, page.height) + f'" CTM="{matrix}', 0.0, 0.0
    else:
        boundary, x, y = _numbers(item.x, item.y - size, sum(advances) + 0.5, size * 1.3), 0.0, size
    weight = ' Weight="700"' if item.bold else ""
    return (
        f'<ofd:TextObject ID="{identifier}" Boundary="{boundary}" Font="{FONT_ID}" Size="{number(size)}"{weight}>'
        f'{_fill(item.colour)}<ofd:TextCode X="{number(x)}" Y="{number(y)}"{deltas}>{escape(item.text)}</ofd:TextCode>'
        "</ofd:TextObject>"
    )


def _fill(colour: Colour) -> str:
    return f'<ofd:FillColor Value="{_numbers(*colour)}"/>'


def _area(name: str, paper: Paper) -> str:
    return f"<{name}><ofd:PhysicalBox>{_numbers(0, 0, paper.width, paper.height)}</ofd:PhysicalBox></{name}>"


def _numbers(*values: float) -> str:
    return " ".join(number(value) for value in values)


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
