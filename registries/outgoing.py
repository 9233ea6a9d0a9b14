"""HUB_HOME/out: files on their way out, sealed, until they are where they belong or past their time.

out = Outgoing(home.out, sealing_key(home.secret("landing_key")))
out.keep("7.refused", pieces)
with out.open("7.refused") as file: place.put("out", "refused.shops.csv", file)
out.remove("7.refused")
"""

import contextlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, cast

from certificates.sealing import SealBroken, SealedReader, SealedWriter
from registries.landing_faults import LandedMissing, LandingFailed

_NAME: Final = re.compile(r"[a-z0-9.]{1,64}")


class Outgoing:
    """The folder (0700); each file is sealed with a key of its own made from `key` (32 bytes)."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = folder
        self._key = key

    def keep(self, name: str, pieces: Iterable[bytes]) -> None:
        """Seal a file, whole or not at all; LandingFailed if the folder can't be written."""
        path = self._path(name)
        part = path.with_name(f"{path.name}.part")
        try:
            with open(part, "wb", opener=_private) as file:
                with SealedWriter(file, self._key) as sink:
                    for piece in pieces:
                        sink.write(piece)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise LandingFailed(error.strerror or "I/O") from None

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """A file's content, seekable; LandedMissing if it is gone or damaged."""
        try:
            with self._path(name).open("rb") as file:
                yield cast("BinaryIO", SealedReader(file, self._key))
        except (FileNotFoundError, SealBroken):
            raise LandedMissing(name) from None

    def __contains__(self, name: str) -> bool:
        return self._path(name).exists()

    def remove(self, name: str) -> None:
        """Remove a file; nothing where there is none. LandingFailed if it can't be."""
        try:
            self._path(name).unlink(missing_ok=True)
        except OSError as error:
            raise LandingFailed(error.strerror or "I/O") from None

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name) or name.startswith("."):
            raise ValueError("not a name of an outgoing file")
        return self._folder / name


def kept_as(number: int, identity: str) -> tuple[str, str, str]:
    """Names that a reply's files have here: its receipt, the refused rows of a batch, and those of a trial."""
    return f"{number}.receipt", f"{number}.refused", f"trial.{identity[:32]}"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
