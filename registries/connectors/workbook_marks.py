"""What the hub writes into a workbook to know it again when it comes back: a sheet that nobody sees.

>>> Form.read([["dataset", "transport.driver_permits"], ["contract_version", "1.0.0"], ["x", 1.0]])
Form(dataset='transport.driver_permits', version='1.0.0')
>>> Form.read([["dataset", "=cmd()"]]) is None
True
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

MARKS: Final = "免证契约"
"""The sheet's name."""

DATASET: Final = "dataset"
VERSION: Final = "contract_version"
_MEMBERS: Final = 2
_DATASET: Final = re.compile(r"[a-z][a-z0-9_]{0,63}\.[a-z][a-z0-9_]{0,63}")
_VERSION: Final = re.compile(r"[0-9A-Za-z.+-]{1,32}")


@dataclass(frozen=True)
class Form:
    """Which dataset a workbook was made for, and by which version of its contract."""

    dataset: str
    version: str

    @classmethod
    def read(cls, rows: Iterable[Sequence[object]]) -> Self | None:
        """What the sheet says: a name and a value in a row; None where it is not as the hub wrote it."""
        told: Mapping[str, str] = {str(row[0]): str(row[1]) for row in rows if len(row) >= _MEMBERS}
        dataset, version = told.get(DATASET, ""), told.get(VERSION, "")
        if not _DATASET.fullmatch(dataset) or not _VERSION.fullmatch(version):
            return None
        return cls(dataset, version)

    def rows(self) -> list[tuple[str, str]]:
        """What the sheet is to say."""
        return [(DATASET, self.dataset), (VERSION, self.version)]
