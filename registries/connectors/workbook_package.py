"""What can be seen of a workbook before anything in it is parsed: its first bytes, and its archive's table of contents.

    check_package("permits.xlsx", content)        # a SourceFault, or nothing

The table of contents is bounded before it is read: an archive can list a million members in a few megabytes.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from typing import Final

from registries.connectors.workbook_faults import BYTES, ActiveContent, NotWorkbook, WorkbookTooLarge

_ZIP: Final = b"PK\x03\x04"
_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0"
_END: Final = b"PK\x05\x06"
_END_WITHIN: Final = (1 << 16) + 22
_CONTENTS: Final = struct.Struct("<4s4H2LH")
_MEMBERS: Final = 2_000
_CONTENTS_BYTES: Final = 1 << 20
_UNZIPPED: Final = 1 << 30
_SUSPICIOUS: Final = 64 << 20
_RATIO: Final = 120
"""No sheet that somebody filled shrinks to less than a hundredth; what was made to burst does."""

_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_LINKED: Final = 64 << 10

_OTHERS: Final[Sequence[tuple[bytes, str, str]]] = (
    (b"%PDF", "这是 PDF 文件", "it is a PDF"),
    (b"Rar!", "这是 RAR 压缩包", "it is a RAR archive"),
    (b"7z\xbc\xaf", "这是 7z 压缩包", "it is a 7z archive"),
    (b"\x1f\x8b", "这是 gzip 压缩文件", "it is compressed by gzip"),
    (b"\x89PNG", "这是图片", "it is a picture"),
    (b"\xff\xd8\xff", "这是图片", "it is a picture"),
    (b"\xff\xfe", "这是 UTF-16 文本", "it is UTF-16 text"),
    (b"\xfe\xff", "这是 UTF-16 文本", "it is UTF-16 text"),
    (b"PAR1", "这是 Parquet 文件", "it is Parquet"),
)
_MARKUP: Final = b"<"
_PACKAGES: Final[Mapping[str, tuple[str, str]]] = {
    "xl/workbook.bin": ("这是二进制工作簿 .xlsb", "it is a binary workbook, .xlsb"),
    "content.xml": ("这是 OpenDocument 表格 .ods", "it is an OpenDocument sheet, .ods"),
    "word/document.xml": ("这是 Word 文档", "it is a Word document"),
    "ppt/presentation.xml": ("这是演示文稿", "it is a presentation"),
    "Index/Document.iwa": ("这是 Numbers 表格", "it is a Numbers sheet"),
}
_ACTIVE: Final[Sequence[tuple[str, str, str]]] = (
    ("xl/vbaProject", "宏 (VBA)", "macros"),
    ("xl/macrosheets/", "宏表 (Excel 4.0)", "macro sheets"),
    ("xl/embeddings/", "嵌入的对象", "embedded objects"),
    ("xl/activeX/", "ActiveX 控件", "ActiveX controls"),
    ("xl/externalLinks/", "对其他工作簿的链接", "links to other workbooks"),
    ("xl/connections.xml", "外部数据连接", "connections to outside data"),
)
_DDE: Final = ("DDE 链接", "DDE links")


def check_package(name: str, content: bytes) -> None:
    """Nothing for what looks like a workbook.

    Args:
        name: of the file, for faults.
        content: at most one byte more than BYTES.

    Raises:
        NotWorkbook: something else, damaged, old or encrypted.
        WorkbookTooLarge: by its bytes, its members or what they unpack to.
        ActiveContent: it holds what a table of values has no need of.
    """
    if len(content) > BYTES:
        raise WorkbookTooLarge(name)
    if not content.startswith(_ZIP):
        raise NotWorkbook(name, *_told_apart(content))
    _check_contents(name, content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_members(name, archive)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, UnicodeDecodeError, EOFError, struct.error):
        raise NotWorkbook(name, *_DAMAGED) from None


_DAMAGED: Final = ("压缩包已损坏, 或没有传完", "its archive is damaged, or was cut while it was sent")


def _told_apart(content: bytes) -> tuple[str, str]:
    """What another kind of file is."""
    if not content:
        return "文件是空的", "the file is empty"
    if content.startswith(_OLD_OFFICE):
        if _ENCRYPTED in content:
            return "设有打开密码", "it is protected by a password"
        return "旧版 .xls, 或有密码", "an old .xls, or one with a password"
    for magic, zh, en in _OTHERS:
        if content.startswith(magic):
            return zh, en
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_MARKUP):
        return "这是网页或 XML, 只是改了后缀", "it is a web page or XML under another suffix"
    return "不是工作簿", "another kind of file"


def _check_contents(name: str, content: bytes) -> None:
    """Where the archive's table of contents ends, it says how large it is."""
    place = content.rfind(_END, max(0, len(content) - _END_WITHIN))
    if place < 0 or len(content) < place + _CONTENTS.size:
        raise NotWorkbook(name, *_DAMAGED)
    *_, members, size, _start, _comment = _CONTENTS.unpack_from(content, place)
    if members > _MEMBERS or size > _CONTENTS_BYTES:
        raise WorkbookTooLarge(name)


def _check_members(name: str, archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    names = [one.filename for one in members]
    if len(members) > _MEMBERS or sum(one.file_size for one in members) > _UNZIPPED or any(map(_bursts, members)):
        raise WorkbookTooLarge(name)
    if any(one.flag_bits & 1 for one in members):
        raise NotWorkbook(name, "压缩包设有密码", "its archive is protected by a password")
    if "xl/workbook.xml" not in names:
        raise NotWorkbook(name, *_other_package(names))
    if len(set(names)) < len(names):
        raise NotWorkbook(name, *_DAMAGED)
    _check_active(name, archive, names)


def _bursts(member: zipfile.ZipInfo) -> bool:
    return member.file_size > _SUSPICIOUS and member.file_size > _RATIO * max(1, member.compress_size)


def _other_package(names: Sequence[str]) -> tuple[str, str]:
    for part, words in _PACKAGES.items():
        if part in names:
            return words
    if any(one.lower().endswith((".xlsx", ".xls", ".zip", ".csv")) for one in names):
        return "这是压缩包, 请先解压", "it is an archive; unpack it first"
    return "其他压缩包", "another archive"


def _check_active(name: str, archive: zipfile.ZipFile, names: Sequence[str]) -> None:
    for start, zh, en in _ACTIVE:
        found = [one for one in names if one.startswith(start) and not one.endswith("/")]
        if found:
            raise ActiveContent(name, *(_DDE if any(_is_dde(archive, one) for one in found[:5]) else (zh, en)))


def _is_dde(archive: zipfile.ZipFile, part: str) -> bool:
    """Whether a link runs another program."""
    with archive.open(part) as file:
        return b"ddeLink" in file.read(_LINKED)
