"""OFD: read back by a reader that is not ours, and looked at file by file."""

import io
import re
import zipfile
from pathlib import Path

import ofdkit
from fontTools.ttLib import TTFont
from PIL import Image, ImageDraw

from certificates import code_images, offline_code
from certificates.documents.making import make_document
from tests.certificates.documents.made_receipts import MARK, MadeHub, parsed

DOTS = 10
"""Per millimetre."""

OFD = "{http://www.ofdspec.org/2016}"


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def custom(data: bytes) -> dict[str | None, str | None]:
    root = parsed(members(data)["OFD.xml"])
    return {entry.get("Name"): entry.text for entry in root.iter(f"{OFD}CustomData")}


def test_another_reader_finds_its_text(made_hub: MadeHub, tmp_path: Path) -> None:
    file = tmp_path / "a.ofd"
    file.write_bytes(make_document(made_hub.evidence(), "ofd"))
    with ofdkit.open(file) as document:
        shown = "".join("".join(page.text() for page in document.pages).split())
    for wanted in ("核验件（非电子证照原件）", "证照有效。", "S051520243060073", "汕头市〔U+20BB7〕野家<&>有限公司"):
        assert wanted in shown


def test_it_carries_the_names_of_the_certificate_standard(made_hub: MadeHub) -> None:
    found = custom(make_document(made_hub.evidence(), "ofd"))
    assert found["ZZMC"] == "营业执照"
    assert found["ZZLXDM"] == "11100000MB0143028R001"
    assert found["ZZBFRQ"] == "20200102"
    assert found["ZZYXQJZRQ"] == "长期"
    assert found["CZZT"] == "汕头市\U00020bb7野家<&>有限公司"
    assert found["KZ_WJXZ"] == "核验件（非电子证照原件）"


def test_a_copy_tells_cause_maker_and_expiry(made_hub: MadeHub) -> None:
    found = custom(made_hub.copy("ofd", made_hub.evidence()))
    told = {name: found[f"copy_{name}"] for name in ("cause", "creator", "purpose", "expiring_time", "creation_time")}
    assert told == {
        "cause": MARK.cause,
        "creator": MARK.maker,
        "purpose": MARK.purpose,
        "expiring_time": "2026-04-01",
        "creation_time": "2026-03-02T10:00:00+08:00",
    }


def test_every_part_that_is_named_is_there(made_hub: MadeHub) -> None:
    files = members(make_document(made_hub.evidence(), "ofd"))
    document = parsed(files["Doc_0/Document.xml"])
    pages = [page.get("BaseLoc") for page in document.iter(f"{OFD}Page")]
    assert pages
    assert all(f"Doc_0/{place}" in files for place in pages)
    attached = parsed(files["Doc_0/Attachs/Attachments.xml"])
    assert {f"Doc_0/Attachs/{entry.text}" for entry in attached.iter(f"{OFD}FileLoc")} == {
        name for name in files if name.startswith("Doc_0/Attachs/") and not name.endswith("Attachments.xml")
    }
    font = TTFont(io.BytesIO(files["Doc_0/Res/font.ttf"]))
    texts = {
        one
        for place in pages
        for code in parsed(files[f"Doc_0/{place}"]).iter(f"{OFD}TextCode")
        for one in code.text or ""
    }
    assert texts == {chr(code) for code in font.getBestCmap()}


def test_identifiers_are_unique_and_below_the_maximum(made_hub: MadeHub) -> None:
    files = members(make_document(made_hub.evidence(), "ofd"))
    roots = [parsed(content) for name, content in files.items() if name.endswith(".xml") and "Attach" not in name]
    given = [int(element.get("ID", "")) for root in roots for element in root.iter() if element.get("ID")]
    most = int(parsed(files["Doc_0/Document.xml"]).findtext(f".//{OFD}MaxUnitID") or 0)
    assert len(given) == len(set(given))
    assert max(given) < most


def test_its_code_is_read_when_its_paths_are_painted(made_hub: MadeHub) -> None:
    """The QR codes are paths; painted by another program they are the receipt and its proof."""
    evidence = made_hub.evidence()
    content = parsed(members(make_document(evidence, "ofd"))["Doc_0/Pages/Page_0/Content.xml"])
    picture = Image.new("L", (210 * DOTS, 297 * DOTS), 255)
    for path in content.iter(f"{OFD}PathObject"):
        left, top, width, height = (float(value) for value in (path.get("Boundary") or "").split())
        if width != height:  # rules and boxes
            continue
        numbers = [float(one) for one in re.findall(r"-?[0-9.]+", path.findtext(f"{OFD}AbbreviatedData") or "")]
        for start in range(0, len(numbers), 8):
            corners = [
                (left + x, top + y)
                for x, y in zip(numbers[start : start + 8 : 2], numbers[start + 1 : start + 8 : 2], strict=True)
            ]
            ImageDraw.Draw(picture).polygon([(x * DOTS, y * DOTS) for x, y in corners], fill=0)
    made = io.BytesIO()
    picture.save(made, "PNG")
    lines = code_images.read_codes(made.getvalue())
    assert offline_code.join(lines) == [offline_code.OfflineCode(evidence.token, evidence.proof)]


def test_a_character_has_its_own_place(made_hub: MadeHub) -> None:
    content = parsed(members(make_document(made_hub.evidence(), "ofd"))["Doc_0/Pages/Page_0/Content.xml"])
    for code in content.iter(f"{OFD}TextCode"):
        assert len((code.get("DeltaX") or "").split()) == len(code.text or "") - 1


def test_the_same_receipt_gives_the_same_bytes(made_hub: MadeHub) -> None:
    evidence = made_hub.evidence()
    assert make_document(evidence, "ofd") == make_document(evidence, "ofd")


def test_nothing_is_compressed(made_hub: MadeHub) -> None:
    with zipfile.ZipFile(io.BytesIO(make_document(made_hub.evidence(), "ofd"))) as archive:
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
