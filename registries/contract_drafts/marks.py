r"""Marks in drafts of contracts: where an engineer has to decide; one that is left is a fault.

Example:
    >>> [fault.line for fault in marks_left("a.odcs.yaml", 'id: x\ndomain: "⟦待填 domain⟧"  # ⟦待填 anything⟧')]
    [2]
"""

import re
from collections.abc import Iterator
from typing import Final

from registries.contracts.faults import Fault

MARK: Final = re.compile(r"⟦待填 ([a-z_]+)⟧")
_REMARK: Final = "  # "


def mark(what: str) -> str:
    """A mark for something to decide; a comment beside it says what."""
    return f"⟦待填 {what}⟧"


def marks_left(file: str, text: str) -> Iterator[Fault]:
    """A fault for each mark that is left, with its line; what stands in comments is passed over."""
    for number, line in enumerate(text.splitlines(), 1):
        for found in MARK.finditer(line.partition(_REMARK)[0]):
            yield Fault(
                file,
                number,
                f"待填项 {found[1]} 尚未填写",
                f"{found[1]} is not filled in",
                "请按该行的注释填写",
                "fill it in as the comment on its line says",
            )
