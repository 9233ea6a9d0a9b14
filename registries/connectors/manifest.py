"""A manifest beside a file: what the department vouches for, so that half a file is never taken for the whole.

    enterprises_20260131.csv
    enterprises_20260131.csv.manifest.json    {"sha256": "9f86...", "rows": 8123}

It is optional, and so is each of its members; one that is there has to agree.
"""

import json
import re
from dataclasses import dataclass
from typing import BinaryIO, Final

from registries.connectors.file_faults import ManifestDisagrees, ManifestUnreadable

_LIMIT: Final = 64 << 10
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Manifest:
    """What a manifest says: SHA-256 of the file's bytes, in hex; rows without any header. None: it does not say."""

    source: str
    sha256: str | None = None
    rows: int | None = None

    def check_bytes(self, sha256: str) -> None:
        """ManifestDisagrees unless the file's digest is the one told."""
        if self.sha256 is not None and self.sha256 != sha256:
            raise ManifestDisagrees(self.source, "sha256 不同", "another sha256")

    def check_rows(self, rows: int) -> None:
        """ManifestDisagrees unless the file has as many rows as told."""
        if self.rows is not None and self.rows != rows:
            raise ManifestDisagrees(
                self.source, f"清单 {self.rows:,} 行, 文件 {rows:,} 行", f"{self.rows:,} rows told, {rows:,} found"
            )


def read_manifest(source: str, file: BinaryIO) -> Manifest:
    """A manifest's content; ManifestUnreadable for anything else than its two members."""
    try:
        told = json.loads(file.read(_LIMIT))
    except (ValueError, RecursionError):
        raise ManifestUnreadable(source) from None
    if not isinstance(told, dict):
        raise ManifestUnreadable(source)
    sha256, rows = told.get("sha256"), told.get("rows")
    digest = sha256.lower() if isinstance(sha256, str) else sha256
    whole = rows is None or (type(rows) is int and rows >= 0)
    if not whole or not (digest is None or (isinstance(digest, str) and _SHA256.fullmatch(digest))):
        raise ManifestUnreadable(source)
    return Manifest(source, digest, rows)
