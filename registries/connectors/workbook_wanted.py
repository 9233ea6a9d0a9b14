"""What the hub tells the process that reads a workbook; apart, so that the hub itself loads no parser.

>>> Wanted(("名称",), ("name",), (False,), "免证:", None, None, 10, 10, 1 << 30, 5).as_json()[-45:]
'"rows": 10, "width": 10, "memory": 1073741824, "seconds": 5}'
"""

import json
from dataclasses import asdict, dataclass
from typing import Final

WRONG: Final = 3
"""The process's exit code when something is wrong with the workbook."""

HEADERS: Final = b"headers"
"""What the answer's metadata calls the places of the columns wanted, in the order in which they stand in the sheet."""


@dataclass(frozen=True)
class Wanted:
    """What the hub wants of a workbook.

    Attributes:
        columns: the headers to look for; names: what the contract calls them.
        numeric: which of them hold numbers.
        ours: how the headers begin that are passed over.
        sheet: by name; None: the one visible sheet that has the columns.
        form: the dataset whose template it may be; None: of any.
        rows, width: at most.
        memory: bytes of address space, seconds: of processor time.
    """

    columns: tuple[str, ...]
    names: tuple[str, ...]
    numeric: tuple[bool, ...]
    ours: str
    sheet: str | None
    form: str | None
    rows: int
    width: int
    memory: int
    seconds: int

    def as_json(self) -> str:
        """For the process's argument."""
        return json.dumps(asdict(self))
