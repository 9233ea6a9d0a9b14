"""What offline verification found: every check in its order, the verdict in three parts, and what stays open.

Integrity says whether this is what was signed and logged; issuer, whether a key signed it that is good for that;
status, what it says and whether that still counts. A part fails if one of its checks does, and is unknown if one of
them could not be made, or none was.

Example:
    >>> report = Report("note", (Check("form", Part.INTEGRITY, Found.PASS, "格式正确。", "Its form is right."),))
    >>> report.genuine, report.part(Part.INTEGRITY).value, report.part(Part.STATUS).value
    (True, 'pass', 'unknown')
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from certificates.checkpoints import Checkpoint
from certificates.errors import CertificatesError
from certificates.receipts import Receipt

FORMAT = "mianzheng-verification/1"
"""Changes when a reader of the JSON would have to change."""


class Part(StrEnum):
    """The three parts of the verdict."""

    INTEGRITY = "integrity"
    STATUS = "status"
    ISSUER = "issuer"


class Found(StrEnum):
    """What one check found.

    NEGATIVE is no fault of the file: it is genuine, and what it says is something else than "valid".
    """

    PASS = "pass"  # noqa: S105 - an outcome, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"
    NEGATIVE = "negative"


@dataclass(frozen=True)
class Check:
    """One check, in the order in which they were made.

    Attributes:
        name: What was looked at: "form", "signature" and the like.
        reason: A code for programs where it failed; None otherwise.
    """

    name: str
    part: Part
    found: Found
    zh: str
    en: str
    reason: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As the report's JSON has it."""
        members = {"check": self.name, "part": self.part.value, "found": self.found.value, "zh": self.zh, "en": self.en}
        return members if self.reason is None else {**members, "reason": self.reason}


@dataclass(frozen=True)
class OpenPoint:
    """Something that could not be established offline, and what would establish it."""

    name: str
    zh: str
    en: str

    def to_json(self) -> dict[str, str]:
        """As the report's JSON has it."""
        return {"point": self.name, "zh": self.zh, "en": self.en}


@dataclass(frozen=True)
class Report:
    """What was found about one file.

    Attributes:
        kind: What the file was taken for: "receipt", "note" and the like.
        content: What the file says, readable; only if it is genuine.
        receipt: The receipt, if the file is one and genuine.
        checkpoint: The checkpoint that the file or its proof leads to.
        refusal: Why it is not accepted, as an officer reads it.
        usable: Whether the files could be read at all.
    """

    kind: str
    checks: tuple[Check, ...] = ()
    open_points: tuple[OpenPoint, ...] = ()
    content: Mapping[str, Any] = field(default_factory=dict)
    receipt: Receipt | None = None
    checkpoint: Checkpoint | None = None
    refusal: CertificatesError | None = None
    usable: bool = True

    @property
    def genuine(self) -> bool:
        """Whether everything that was given holds."""
        return self.usable and self.refusal is None and all(check.found != Found.FAIL for check in self.checks)

    @property
    def settled(self) -> bool:
        """Whether, beside that, nothing stays open."""
        return self.genuine and not self.open_points

    def part(self, part: Part) -> Found:
        """The verdict's part: failed, negative, unknown, or passed; in this order, the worst of its checks."""
        found = {check.found for check in self.checks if check.part == part}
        for worst in (Found.FAIL, Found.NEGATIVE):
            if worst in found:
                return worst
        return Found.PASS if found == {Found.PASS} else Found.UNKNOWN

    def to_json(self) -> dict[str, Any]:
        """For ``--json`` and for programs; texts are Chinese and English."""
        return {
            "format": FORMAT,
            "kind": self.kind,
            "genuine": self.genuine,
            "usable": self.usable,
            "verdict": {part.value: self.part(part).value for part in Part},
            **({} if self.refusal is None else {"zh": self.refusal.zh, "en": self.refusal.en}),
            "checks": [check.to_json() for check in self.checks],
            "not_established": [point.to_json() for point in self.open_points],
            **(self.content if self.genuine else {}),
        }


class Findings:
    """Checks and open points while they are being gathered."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.checks: list[Check] = []
        self.open_points: list[OpenPoint] = []

    def passed(self, name: str, part: Part, zh: str, en: str) -> None:
        """A check that holds."""
        self.checks.append(Check(name, part, Found.PASS, zh, en))

    def failed(self, name: str, part: Part, zh: str, en: str, reason: str) -> None:
        """A check that does not hold."""
        self.checks.append(Check(name, part, Found.FAIL, zh, en, reason))

    def negative(self, name: str, part: Part, zh: str, en: str) -> None:
        """A check that holds, and says something else than "valid"."""
        self.checks.append(Check(name, part, Found.NEGATIVE, zh, en))

    def unknown(self, name: str, part: Part, zh: str, en: str) -> None:
        """A check that could not be made; it is an open point, too."""
        self.checks.append(Check(name, part, Found.UNKNOWN, zh, en))
        self.left_open(name, zh, en)

    def left_open(self, name: str, zh: str, en: str) -> None:
        """Something that no check here could establish."""
        self.open_points.append(OpenPoint(name, zh, en))

    def refused(self, error: CertificatesError) -> Report:
        """The report of something that is not accepted; what stays open matters no more."""
        return Report(self.kind, tuple(self.checks), refusal=error)

    def report(self, content: Mapping[str, Any], **more: Any) -> Report:  # noqa: ANN401 - fields of Report, typed there
        """The report of what was looked at to its end."""
        return Report(self.kind, tuple(self.checks), tuple(self.open_points), content, **more)
