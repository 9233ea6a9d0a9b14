"""What a dry run found, kept sealed beside the file that it tried, as long as that: positions only, no values.

keep(landing, upload.path, findings)
faults = kept(landing, upload.path)             # None: nothing was kept, or it has expired
"""

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from quality.workbooks.faults import Faults, RowNumbers
from registries.landing import Landing
from registries.landing_faults import LandedMissing, UploadTooLarge

_BESIDE: Final = "-faults"


def keep(landing: Landing, path: str, findings: Iterable[tuple[str, int, RowNumbers]]) -> None:
    """Keep all findings of an upload; those of a file so large that nobody marks it in a workbook are let go.

    Raises:
        LandingFailed: the folder can't be written.
    """
    content = Faults.of(findings).to_bytes()
    try:
        landing.land_upload(_name(path), io.BytesIO(content))
    except UploadTooLarge:
        return


def kept(landing: Landing, path: str) -> Faults | None:
    """What was kept of the upload at `path`."""
    try:
        with landing.open_upload(landing.upload_path(_name(path))) as file:
            return Faults.from_bytes(file.read())
    except LandedMissing:
        return None


def _name(path: str) -> str:
    return Path(path).stem + _BESIDE
