"""Makes documents of receipts: PDF or OFD, plain, or as a marked copy that the hub signs.

Example:
    >>> FORMATS["pdf"].media_type
    'application/pdf'
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from certificates import compact
from certificates.documents import words
from certificates.documents.drawing import A4, Attachment, Document, Paper
from certificates.documents.marks import Mark, blank_statement, compose_copy, copy_signing_input, sign_copy
from certificates.documents.metadata import as_xml, pairs, told
from certificates.documents.ofd import write_ofd
from certificates.documents.pdf import write_pdf
from certificates.documents.replacing import replace_statement
from certificates.documents.sheet import Sheet, draw
from certificates.documents.typeface import Typeface, load_typeface
from certificates.jose import Key
from certificates.offline_code import BadCode
from certificates.offline_code import pages as code_lines

COPY: Final = "copy.jws"


@dataclass(frozen=True)
class Format:
    """A file format that documents are written in."""

    extension: str
    media_type: str
    write: Callable[[Document, Typeface], bytes]


FORMATS: Final[Mapping[str, Format]] = {
    "pdf": Format("pdf", "application/pdf", write_pdf),
    "ofd": Format("ofd", "application/ofd", write_ofd),
}


@dataclass(frozen=True)
class Evidence:
    """A receipt with what proves it.

    Attributes:
        proof: Its tlog-proof file; "" if there is none yet.
        fingerprint: Of the trust root.
        type_name: What the certificate's type is called; "" if it is not known.
    """

    token: str
    proof: str
    fingerprint: str
    type_name: str


@dataclass(frozen=True)
class CopyDraft:
    """A marked copy before its statement is signed: what has to be written down first.

    Attributes:
        signing_input: What will be signed.
        blank: The file with zeros in the statement's place.
    """

    signing_input: bytes
    blank: bytes
    format: Format

    def signed(self, key: Key) -> bytes:
        """The file, with the statement that this key signs."""
        return replace_statement(self.blank, sign_copy(self.signing_input, key).encode("ascii"), self.format.extension)


def make_document(evidence: Evidence, kind: str, paper: Paper = A4) -> bytes:
    """A plain document of a receipt; the same receipt and proof give the same bytes.

    Args:
        evidence: The receipt and what proves it.
        kind: A key of ``FORMATS``.
        paper: The pages' size.

    Raises:
        DocumentsMissing: The extra is not installed.
    """
    return render(sheet_of(evidence, paper), kind)


def draft_copy(
    evidence: Evidence, kind: str, mark: Mark, *, made_at: int, jti: str, key: Key, paper: Paper = A4
) -> CopyDraft:
    """A marked copy, to be written down and then signed with this key.

    Args:
        evidence: The receipt and what proves it.
        kind: A key of ``FORMATS``.
        mark: What the copy is for, printed over every page.
        made_at: Unix time.
        jti: The copy's own id, random.
        key: The hub's key for documents.
        paper: The pages' size.

    Raises:
        DocumentsMissing: The extra is not installed.
    """
    sheet = replace(sheet_of(evidence, paper), mark=mark)
    issuer = str(compact.parse(evidence.token).payload["iss"])

    def payload(digest: bytes) -> dict[str, Any]:
        return compose_copy(issuer, made_at, jti, evidence.token, mark, digest)

    blank = render(sheet, kind, statement=blank_statement(payload(bytes(32)), key), made_at=made_at)
    signing = copy_signing_input(payload(hashlib.sha256(blank).digest()), key)
    return CopyDraft(signing, blank, FORMATS[kind])


def sheet_of(evidence: Evidence, paper: Paper) -> Sheet:
    """What the pages of a plain document are made of."""
    try:
        codes = code_lines(evidence.token, evidence.proof)
    except BadCode:  # too large for paper: the file alone carries the evidence
        codes = []
    return Sheet(evidence.token, evidence.proof, tuple(codes), evidence.fingerprint, evidence.type_name, paper)


def render(sheet: Sheet, kind: str, *, statement: bytes | None = None, made_at: int | None = None) -> bytes:
    """A sheet as a file.

    Args:
        sheet: What the pages are made of.
        kind: A key of ``FORMATS``.
        statement: What stands in the place of a marked copy's statement.
        made_at: Unix time at which a copy was made; a plain document has its receipt's.
    """
    face = load_typeface()
    payload = compact.parse(sheet.token).payload
    moment = payload["iat"] if made_at is None else made_at
    members = told(sheet.token, sheet.type_name, sheet.fingerprint, sheet.mark, moment)
    contents = {"receipt.jws": sheet.token.encode("ascii"), "proof.txt": sheet.proof.encode()}
    contents |= {"metadata.xml": as_xml(members), "sheet.json": sheet.parameters()}
    if statement is not None:
        contents[COPY] = statement
    identity = hashlib.sha256(b"\0".join((sheet.token.encode(), sheet.parameters(), repr(sheet.mark).encode())))
    document = Document(
        title=f"{words.TITLE[0]} {sheet.type_name}".strip(),
        author=payload["iss"],
        subject=words.HEAD[0],
        made_at=moment,
        identity=identity.hexdigest()[:32],
        pages=draw(sheet, face),
        attachments=tuple(
            Attachment(name, MEDIA_TYPES[name.rpartition(".")[2]], words.ATTACHED[name], data)
            for name, data in contents.items()
            if data
        ),
        metadata=pairs(members),
    )
    return FORMATS[kind].write(document, face)


MEDIA_TYPES: Final = {
    "jws": "application/jose",
    "txt": "text/plain",
    "xml": "application/xml",
    "json": "application/json",
}
