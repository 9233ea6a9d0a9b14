"""Verify anything that left the hub, anywhere: with the file, the hub's published keys, and what stands beside it.

Needs this folder, cryptography and PyJWT; no network, no store, no other room. The command is in
``certificates.offline_command``, the same on a page in ``exchange_api``.

Example:
    >>> from certificates.evidence.given import Given
    >>> report = examine("receipt", b"no receipt", Given({"keys": []}))
    >>> report.genuine, report.to_json()["checks"][0]["reason"]
    (False, 'form')
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from certificates.documents.examining import examine_document
from certificates.documents.examining_packages import examine_package
from certificates.errors import CertificatesError
from certificates.evidence.bundles import examine_bundle
from certificates.evidence.codes import examine_code
from certificates.evidence.credentials import examine_credential
from certificates.evidence.deliveries import examine_delivery
from certificates.evidence.findings import Findings, Report
from certificates.evidence.given import Given
from certificates.evidence.heads import checkpoint_keys
from certificates.evidence.key_sets import examine_keys
from certificates.evidence.ledgers import examine_note, examine_proof
from certificates.evidence.reading import UnusableFile, as_text, as_token, read_bytes, read_text
from certificates.evidence.receipts import examine_receipt
from certificates.evidence.recognising import recognise
from certificates.evidence.statuses import examine_status
from certificates.evidence.tokens import examine_jws
from certificates.evidence.trust import look_at_root

__all__ = ["EXAMINERS", "Given", "Report", "checkpoint_keys", "examine", "judge_with", "verify_file", "verify_offline"]

Examiner = Callable[[str, bytes, Given], Report]
"""From a file's name, its content and what is given beside it to what was found."""


def _of_token(look: Callable[[str, Given], Report]) -> Examiner:
    return lambda name, content, given: look(as_token(name, content), given)


def _of_text(look: Callable[[str, Given], Report]) -> Examiner:
    return lambda name, content, given: look(as_text(name, content), given)


EXAMINERS: Final[Mapping[str, Examiner]] = {
    "receipt": _of_token(examine_receipt),
    "jws": _of_token(examine_jws),
    "bundle": examine_bundle,
    "code": examine_code,
    "credential": _of_token(examine_credential),
    "delivery": examine_delivery,
    "keys": examine_keys,
    "note": _of_text(examine_note),
    "proof": _of_text(examine_proof),
    "document": examine_document,
    "package": examine_package,
    "status": _of_token(examine_status),
}
"""What looks at each kind of file; a mirrored ledger is a folder, and looked at by ``examine_folder``."""


def examine(kind: str | None, content: bytes, given: Given, name: str = "") -> Report:
    """Look at one file; nothing is raised, whatever it holds.

    Args:
        kind: One of ``EXAMINERS``; None recognises it.
        content: The file, byte for byte.
        given: The keys, and what stands beside the file.
        name: What the file is called in messages.
    """
    taken_for = kind or recognise(content)
    look = EXAMINERS.get(taken_for)
    if look is None:
        return unusable(taken_for, UnusableFile(name, "不是可验证的文件", "is none that can be verified here"))
    return judge_with(taken_for, given, lambda: look(name, content, given))


def judge_with(kind: str, given: Given, look: Callable[[], Report]) -> Report:
    """Look at the keys, then at the file; what cannot be read at all is in the report, too."""
    try:
        checks, points, refusal = ((), (), None) if kind in {"keys", "bundle"} else look_at_root(given)
        report = look()
    except CertificatesError as error:
        return unusable(kind, error)
    return replace(
        report,
        checks=(*checks, *report.checks),
        open_points=(*points, *report.open_points),
        refusal=refusal or report.refusal,
    )


def unusable(kind: str, error: CertificatesError) -> Report:
    """The report where a file or the keys could not be read at all."""
    return Report(kind, tuple(Findings(kind).checks), refusal=error, usable=False)


def verify_file(file: Path, jwks: Mapping[str, Any], proof: Path | None = None, at: datetime | None = None) -> Report:
    """Verify a receipt's file and, if given, the file of the proof that it stands in the ledger.

    Raises:
        UnusableFile: A file cannot be read.
        BadKey: The keys are no JWK set, or cannot be used.
    """
    token = as_token(file.name, read_bytes(file))
    return verify_offline(token, jwks, None if proof is None else read_text(proof), at)


def verify_offline(token: str, jwks: Mapping[str, Any], proof: str | None = None, at: datetime | None = None) -> Report:
    """Verify a receipt and, if given, the proof that it stands in the ledger. What does not hold is in the report.

    Raises:
        BadKey: The keys are no JWK set, or cannot be used.
    """
    return examine_receipt(token, Given(jwks, at, proof))
