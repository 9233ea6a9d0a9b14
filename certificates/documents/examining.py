"""A document of the hub, looked at: the receipt inside and its proof, the mark of a copy, and whether the pages say so.

Nothing beside cryptography and PyJWT is needed for all but the pages of a plain document: those are drawn again and
compared, where what draws them is installed (extra ``documents``).

Example:
    >>> from certificates.evidence.given import Given
    >>> examine_document("a.pdf", b"no document", Given({"keys": []})).refusal.reason
    'form'
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from certificates import compact
from certificates.documents.errors import BadDocument, CopyExpired, DocumentsMissing
from certificates.documents.marks import CopyStatement, day_of, open_copy, receipt_digest
from certificates.documents.replacing import COPY, attached, kind_of, replace_statement
from certificates.documents.sheet import VERSION, Sheet
from certificates.errors import CertificatesError
from certificates.evidence.findings import Findings, Part, Report
from certificates.evidence.given import Given
from certificates.evidence.receipts import examine_receipt
from certificates.published_keys import published_keys

PURPOSE = "document"
"""``purpose`` of keys for marks and manifests among the published keys."""


def examine_document(_name: str, content: bytes, given: Given) -> Report:
    """Verify a PDF or OFD that the hub made.

    Raises:
        BadKey: The keys are no JWK set, or cannot be used.
    """
    found = Findings("document")
    try:
        files = attached(content)
        token = files["receipt.jws"].decode("ascii")
        sheet = Sheet.read(files["sheet.json"], token, files.get("proof.txt", b"").decode())
    except BadDocument as error:
        return _refused(found, error)
    except UnicodeDecodeError:
        return _refused(found, BadDocument("text"))
    found.passed("document", Part.INTEGRITY, "文档格式规范。", "The document's form is strict.")
    receipt = examine_receipt(token, replace(given, proof=sheet.proof or given.proof))
    found.checks += receipt.checks
    found.open_points += receipt.open_points
    if receipt.refusal is not None:
        return found.refused(receipt.refusal)
    marked: dict[str, Any] = {}
    try:
        if COPY in files:
            marked = _look_at_mark(found, content, files, given)
        else:
            _look_at_pages(found, content, sheet)
    except (BadDocument, CopyExpired) as error:
        return found.refused(error)
    content_told = {**receipt.content, **marked, "format": kind_of(content)}
    return found.report(content_told, receipt=receipt.receipt, checkpoint=receipt.checkpoint)


def _refused(found: Findings, error: BadDocument) -> Report:
    zh, en = "不是本平台出具的文档，或已被改动。", "It is no document of the hub, or was changed."
    found.failed("document", Part.INTEGRITY, zh, en, error.reason)
    return found.refused(error)


def _look_at_mark(found: Findings, content: bytes, files: Mapping[str, bytes], given: Given) -> dict[str, Any]:
    """The statement over the whole file, then its last day."""
    try:
        statement = open_copy(files[COPY].decode("latin-1"), published_keys(given.jwks, PURPOSE))
        _check_statement(statement, content, files)
    except BadDocument as error:
        zh, en = (
            "加注声明与文件不符，或已被改动。",
            "The statement about the copy does not fit the file, or was changed.",
        )
        found.failed("mark", Part.INTEGRITY, zh, en, error.reason)
        raise
    found.passed(
        "mark", Part.INTEGRITY, "加注声明属于本文件，一字未改。", "The mark is this file's; no byte was changed."
    )
    last = statement.mark.expires_on
    if given.at is None:
        found.left_open("copy expiry", f"加注件可用至 {last}。", f"The copy may be used until {last}.")
    elif statement.mark.expired_on(day_of(given.at)):
        zh, en = f"加注件已于 {last} 后失效。", f"The copy must not be used after {last}."
        found.failed("copy expiry", Part.STATUS, zh, en, "expired")
        raise CopyExpired
    else:
        found.passed("copy expiry", Part.STATUS, f"加注件可用至 {last}。", f"The copy may be used until {last}.")
    found.left_open(
        "copy purpose",
        "是否用于所注事由，须由受理人核对。",
        "Whether it is being used for what it was made for: compare the mark with the matter at hand.",
    )
    return {"copy": {"id": statement.jti, "made_at": statement.made_at, **statement.mark.to_json()}}


def _check_statement(statement: CopyStatement, content: bytes, files: Mapping[str, bytes]) -> None:
    token = files["receipt.jws"].decode("ascii")
    if statement.receipt != receipt_digest(token):
        raise BadDocument("mark: receipt")
    blank = replace_statement(content, b"0" * len(files[COPY]), kind_of(content))
    if statement.document != compact.encode(hashlib.sha256(blank).digest()):
        raise BadDocument("mark: document")


def _look_at_pages(found: Findings, content: bytes, sheet: Sheet) -> None:
    """Whether what the receipt says, drawn again, is this file."""
    try:
        same = None if sheet.version != VERSION else _drawn_again(sheet, kind_of(content)) == content
    except DocumentsMissing:
        same = None
    except (CertificatesError, ValueError, KeyError, TypeError, AttributeError):  # a receipt that no hub composed
        same = False
    if same is None:
        zh, en = (
            "未重绘页面，以本报告所列结论为准。",
            "The pages were not drawn again: what counts is the verdict told here.",
        )
        found.unknown("pages", Part.INTEGRITY, zh, en)
    elif same:
        found.passed("pages", Part.INTEGRITY, "页面与回执一致。", "The pages say what the receipt says.")
    else:
        zh, en = "页面与回执不一致：文件已被改动。", "The pages are not those of the receipt: the file was changed."
        found.failed("pages", Part.INTEGRITY, zh, en, "pages")
        raise BadDocument("pages")


def _drawn_again(sheet: Sheet, kind: str) -> bytes:
    from certificates.documents.making import render

    return render(sheet, kind)
