r"""Files that somebody gives the verifier: read with a bound, refused with their name and a next step.

Example:
    >>> as_token("receipt.jws", b"a.b.c\n")
    'a.b.c'
"""

from pathlib import Path
from typing import Any

from certificates.compact import NotCompact, parse_object
from certificates.errors import CertificatesError

MOST_TEXT = 1_000_000
"""Bytes of a token, proof, checkpoint or key set."""

MOST_BYTES = 64_000_000
"""Bytes of an image, a document or a package."""


class UnusableFile(CertificatesError):
    """Raised when a file given cannot be read, or does not hold what it should."""

    def __init__(self, name: str, cause_zh: str, cause_en: str) -> None:
        super().__init__(
            f"文件 {name} {cause_zh}。请检查路径和内容。", f"The file {name} {cause_en}. Check its path and content."
        )


def read_bytes(path: Path, most: int = MOST_BYTES) -> bytes:
    """A file's content.

    Raises:
        UnusableFile: It cannot be read, or is larger than ``most`` bytes.
    """
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except (OSError, ValueError):  # ValueError: a path with a NUL
        raise UnusableFile(path.name, "无法读取", "cannot be read") from None
    if len(content) > most:
        raise UnusableFile(path.name, "过大", "is too large")
    return content


def as_text(name: str, content: bytes) -> str:
    """A file's content as text.

    Raises:
        UnusableFile: It is too large for a text of ours, or not UTF-8.
    """
    if len(content) > MOST_TEXT:
        raise UnusableFile(name, "过大", "is too large")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise UnusableFile(name, "不是 UTF-8 文本", "is no text in UTF-8") from None


def as_json(name: str, content: bytes) -> dict[str, Any]:
    """A file's content as a JSON object, read as strictly as a token's.

    Raises:
        UnusableFile: It is too large, or no JSON object.
    """
    if len(content) > MOST_TEXT:
        raise UnusableFile(name, "过大", "is too large")
    try:
        return parse_object(content)
    except NotCompact:
        raise UnusableFile(name, "不是 JSON 对象", "is no JSON object") from None


def as_token(name: str, content: bytes) -> str:
    """A token's file: it may end with one line feed; everything else in it belongs to the token and must be right.

    Raises:
        UnusableFile: As ``as_text``.
    """
    return as_text(name, content).removesuffix("\n")


def read_text(path: Path) -> str:
    """A text file; the errors are those of ``as_text``."""
    return as_text(path.name, read_bytes(path, MOST_TEXT))


def read_json(path: Path) -> dict[str, Any]:
    """A JSON file; the errors are those of ``as_json``."""
    return as_json(path.name, read_bytes(path, MOST_TEXT))


def read_token(path: Path) -> str:
    """A token's file; the errors are those of ``as_token``."""
    return as_token(path.name, read_bytes(path, MOST_TEXT))
