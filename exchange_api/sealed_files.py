"""Files that speak for something, as windows take them: a scan or a photograph, sealed before it touches a disk.

files = SealedFiles(Landing(home.landed / "completions", key))
kept = files.keep(content, "image/jpeg")          # FileRefused, UploadTooLarge
for piece in files.pieces(kept.path): ...
"""

import hashlib
import io
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO, ClassVar, Final

from exchange_api.acts.dispute import LARGEST_EVIDENCE, MEDIA_TYPES
from exchange_api.errors import ExchangeApiError, Kind
from registries.landing import Landing

_STARTS: Final = {
    "application/pdf": (b"%PDF-",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "application/ofd": (b"PK\x03\x04",),
}
"""What files of these types begin with: the name that a browser gives is not believed."""
_BLOCK: Final = 1 << 16


class FileRefused(ExchangeApiError):
    """Raised when a scan is missing, empty, too large, or is not of a type that is taken."""

    kind: ClassVar[Kind | None] = Kind(
        "scan-refused", HTTPStatus.UNPROCESSABLE_ENTITY, "扫描件不可用", "Scan not accepted"
    )

    def __init__(self) -> None:
        super().__init__(
            "请上传扫描件或照片：PDF、OFD、JPEG 或 PNG，不超过 10 MB，且内容与类型相符",
            "send a scan or a picture: PDF, OFD, JPEG or PNG, at most 10 MB, and what it says it is",
        )


@dataclass(frozen=True)
class KeptFile:
    """A file as the store knows it."""

    digest: bytes
    media_type: str
    size: int
    path: str


class SealedFiles:
    """The files of one kind of matter, in a folder of their own."""

    def __init__(self, landing: Landing) -> None:
        self._landing = landing

    def keep(self, content: bytes, media_type: str) -> KeptFile:
        """Seal a file.

        Raises:
            FileRefused: it is none that is taken.
            registries.landing_faults.LandingFailed: the folder can't be written.
        """
        told = media_type if media_type in MEDIA_TYPES else self._told(content)
        if not 0 < len(content) <= LARGEST_EVIDENCE or not content.startswith(_STARTS.get(told, ())):
            raise FileRefused
        path = self._landing.land_upload(secrets.token_hex(16), io.BytesIO(content), LARGEST_EVIDENCE)
        return KeptFile(hashlib.sha256(content).digest(), told, len(content), str(path))

    def discard(self, kept: KeptFile) -> None:
        """Remove one that nothing refers to."""
        self._landing.discard_upload(Path(kept.path).stem)

    def pieces(self, path: str) -> Iterator[bytes]:
        """A file's content, piece by piece. registries.landing_faults.LandedMissing if it has expired."""
        return _pieces(self._landing.open_upload(Path(path)))

    @staticmethod
    def _told(content: bytes) -> str:
        """The type by what a file begins with; "" if none that is taken does."""
        return next((kind for kind, starts in _STARTS.items() if content.startswith(starts)), "")


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while block := file.read(_BLOCK):
            yield block
