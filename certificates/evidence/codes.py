"""The offline code of a printed receipt: as text, or as a picture or PDF of the paper (extra ``image``).

Example:
    >>> from certificates.evidence.given import Given
    >>> examine_code("code.txt", b"MZ1:damaged", Given({"keys": []})).refusal.reason
    'form'
"""

from dataclasses import replace

from certificates import code_images, offline_code
from certificates.evidence.findings import Check, Findings, Found, Part, Report
from certificates.evidence.given import Given
from certificates.evidence.reading import as_text
from certificates.evidence.receipts import examine_receipt
from certificates.offline_code import BadCode

_HOLDS = ("离线码完整。", "The offline code is whole.")


def examine_code(name: str, content: bytes, given: Given) -> Report:
    """Read the one receipt in an offline code, and its proof; then verify both.

    Raises:
        UnusableFile: It is neither text nor a picture.
        UnreadableImage, ImageExtraMissing: The picture can't be opened here.
        BadKey: The keys are no JWK set, or cannot be used.
    """
    found = Findings("code")
    try:
        code = offline_code.read("\n".join(_lines(name, content)))
    except BadCode as error:
        zh, en = "离线码不完整或已损坏。", "The offline code is damaged, or parts of it are missing."
        found.failed("code", Part.INTEGRITY, zh, en, error.reason)
        return found.refused(error)
    report = examine_receipt(code.receipt, replace(given, proof=code.proof or given.proof))
    return replace(report, kind="code", checks=(Check("code", Part.INTEGRITY, Found.PASS, *_HOLDS), *report.checks))


def _lines(name: str, content: bytes) -> list[str]:
    """A picture may hold other codes than ours; a text may not."""
    if code_images.is_image(content):
        return [line for line in code_images.read_codes(content) if offline_code.looks_like(line)]
    return as_text(name, content).splitlines()
