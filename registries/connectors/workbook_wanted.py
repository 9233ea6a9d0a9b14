"""What the hub tells the process that reads a workbook; apart, so that the hub itself loads no parser.

>>> Wanted(("name",), (False,), "免证:", None, 10, 10, 1 << 30, 5).as_json()[:20]
'{"columns": ["name"]'
"""

import json
from dataclasses import asdict, dataclass
from typing import Final

WRONG: Final = 3
"""The process's exit code when something is wrong with the workbook."""


@dataclass(frozen=True)
class Wanted:
    """What the hub wants of a workbook.

    Attributes:
        columns: the headers to look for.
        numeric: which of them hold numbers.
        ours: how the headers begin that are passed over.
        sheet: by name; None: the one visible sheet that has the columns.
        rows, width: at most.
        memory: bytes of address space, seconds: of processor time.
    """

    columns: tuple[str, ...]
    numeric: tuple[bool, ...]
    ours: str
    sheet: str | None
    rows: int
    width: int
    memory: int
    seconds: int

    def as_json(self) -> str:
        """For the process's argument."""
        return json.dumps(asdict(self))
