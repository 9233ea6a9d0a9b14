"""What is wrong with a contract: every fault at once, each with file, line, cause and mend.

Example:
    >>> fault = Fault("a.odcs.yaml", 3, "未知字段 x", "unknown field x", "请删除", "remove it")
    >>> str(fault)
    'a.odcs.yaml:3: unknown field x; remove it'
"""

from collections.abc import Sequence
from dataclasses import dataclass

from registries.errors import RegistriesError


@dataclass(frozen=True, order=True)
class Fault:
    """One fault: where it stands, what it is, how to mend it."""

    file: str
    line: int
    cause_zh: str
    cause_en: str
    mend_zh: str
    mend_en: str

    @property
    def zh(self) -> str:
        """One line in Chinese."""
        return f"{self.file} 第 {self.line} 行: {self.cause_zh}。{self.mend_zh}"

    @property
    def en(self) -> str:
        """One line in English."""
        return f"{self.file}:{self.line}: {self.cause_en}; {self.mend_en}"

    def __str__(self) -> str:
        return self.en


class ContractFaults(RegistriesError):
    """Raised when a contract or a department's description can't be used; holds all its faults, in file order."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(fault.zh for fault in self.faults), "\n".join(fault.en for fault in self.faults))
