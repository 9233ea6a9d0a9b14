"""The archive package of a case (办件归档包): everything that shows, years later and offline, what was verified for it.

One zip, stored and in a fixed order::

    README.txt               how to verify, in Chinese and English
    manifest.json            every file with its SHA-256; the case, the hub, the trust root
    manifest.jws             the hub's signature over the manifest, typ hub-package+jwt
    metadata.xml             the case and its receipts in the terms of GB/T 36903 and of archives
    keys.jwks                the hub's published keys
    checkpoint.txt           the checkpoint of the ledger that all proofs are under
    time-stamp.tst           a time authority's word (RFC 3161) by when it was signed, if there is one
    receipts/<id>/           receipt.jws, proof.txt, document.pdf, document.ofd, metadata.xml

Example:
    >>> folder_of({"jti": "../etc"})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    certificates.documents.errors.BadDocument: ...
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from xml.sax.saxutils import quoteattr

from certificates import compact
from certificates.china_time import CHINA
from certificates.documents.errors import BadDocument, EmptyCase
from certificates.documents.making import MEDIA_TYPES, Evidence, make_document
from certificates.documents.metadata import NAMESPACE, as_xml, element, told
from certificates.documents.stored_zip import write_zip
from certificates.jose import Key, sign, signing_input
from certificates.receipts import answer_of

FORMAT: Final = "mianzheng-case-package/1"
TYP_PACKAGE: Final = "hub-package+jwt"
MANIFEST: Final = "manifest.json"
STATEMENT: Final = "manifest.jws"
README: Final = "README.txt"
TIME_STAMP: Final = "time-stamp.tst"
KINDS: Final = ("pdf", "ofd")

_FOLDER = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)
_MEDIA: Final = {
    **MEDIA_TYPES,
    "pdf": "application/pdf",
    "ofd": "application/ofd",
    "jwks": "application/jwk-set+json",
    "tst": "application/octet-stream",
}


@dataclass(frozen=True)
class Case:
    """What a package is about and who makes it.

    Attributes:
        issuer: The hub.
        fingerprint: Of its trust root.
        jwks: Its published keys.
        checkpoint: The signed note that all proofs are under.
        made_at: Unix time.
        time_stamp: The RFC 3161 token over the checkpoint, DER; empty if it has none.
    """

    number: str
    issuer: str
    fingerprint: str
    jwks: Mapping[str, Any]
    checkpoint: str
    made_at: int
    time_stamp: bytes = b""


@dataclass(frozen=True)
class PackageDraft:
    """A package before its manifest is signed: what has to be written down first."""

    signing_input: bytes
    members: Mapping[str, bytes]

    def signed(self, key: Key) -> bytes:
        """The zip file."""
        statement = sign(self.signing_input, key).encode("ascii")
        return write_zip({name: statement if name == STATEMENT else data for name, data in self.members.items()})


def draft_package(case: Case, receipts: Sequence[Evidence], *, jti: str, key: Key) -> PackageDraft:
    """A package, to be written down and then signed with this key.

    Args:
        case: What it is about, and what goes into it beside the receipts.
        receipts: In the order in which they shall stand.
        jti: The package's own id, random.
        key: The hub's key for documents.

    Raises:
        EmptyCase: There is no receipt.
        DocumentsMissing: The extra is not installed.
    """
    if not receipts:
        raise EmptyCase
    files = _files(case, receipts)
    manifest = _manifest(case, receipts, files)
    payload = {"iss": case.issuer, "iat": case.made_at, "jti": jti, "manifest": digest_of(manifest)}
    readme = files.pop(README)
    members = {README: readme, MANIFEST: manifest, STATEMENT: b"", **files}
    return PackageDraft(signing_input(payload, key, TYP_PACKAGE), members)


def digest_of(data: bytes) -> str:
    """SHA-256, base64url."""
    return compact.encode(hashlib.sha256(data).digest())


def folder_of(payload: Mapping[str, Any]) -> str:
    """Where a receipt's files stand. Raises BadDocument for an id that is no name of a folder."""
    name = payload["jti"]
    if not isinstance(name, str) or _FOLDER.fullmatch(name) is None:
        raise BadDocument("receipt id")
    return f"receipts/{name}"


def _files(case: Case, receipts: Sequence[Evidence]) -> dict[str, bytes]:
    files = {
        README: _readme(case).encode(),
        "metadata.xml": _metadata(case, receipts),
        "keys.jwks": json.dumps(case.jwks, ensure_ascii=False, indent=1).encode(),
        "checkpoint.txt": case.checkpoint.encode(),
    }
    if case.time_stamp:
        files[TIME_STAMP] = case.time_stamp
    for receipt in receipts:
        folder = folder_of(compact.parse(receipt.token).payload)
        files |= {f"{folder}/{name}": data for name, data in _of_receipt(receipt) if data}
    return files


def _of_receipt(receipt: Evidence) -> Iterator[tuple[str, bytes]]:
    payload = compact.parse(receipt.token).payload
    yield "receipt.jws", receipt.token.encode("ascii")
    yield "proof.txt", receipt.proof.encode()
    for kind in KINDS:
        yield f"document.{kind}", make_document(receipt, kind)
    yield "metadata.xml", as_xml(told(receipt.token, receipt.type_name, receipt.fingerprint, None, payload["iat"]))


def _manifest(case: Case, receipts: Sequence[Evidence], files: Mapping[str, bytes]) -> bytes:
    payloads = [compact.parse(receipt.token).payload for receipt in receipts]
    content = {
        "format": FORMAT,
        "case": case.number,
        "hub": case.issuer,
        "made_at": case.made_at,
        "trust_root": case.fingerprint,
        "receipts": [
            {
                "id": one["jti"],
                "verdict": answer_of(one)[1]["code"],
                "issued_at": one["iat"],
                "folder": folder_of(one),
            }
            for one in payloads
        ],
        "files": [
            {
                "path": path,
                "media_type": _MEDIA[path.rpartition(".")[2]],
                "bytes": len(data),
                "sha256": hashlib.sha256(data).hexdigest(),
            }
            for path, data in sorted(files.items())
        ],
    }
    return json.dumps(content, ensure_ascii=False, indent=1).encode()


def _metadata(case: Case, receipts: Sequence[Evidence]) -> bytes:
    """The case, and in it each receipt's members."""
    inner = "".join(
        element(
            told(one.token, one.type_name, one.fingerprint, None, compact.parse(one.token).payload["iat"]), "receipt"
        )
        for one in receipts
    )
    made = quoteattr(datetime.fromtimestamp(case.made_at, CHINA).isoformat())
    head = (
        f"<case xmlns={quoteattr(NAMESPACE)} number={quoteattr(case.number)} hub={quoteattr(case.issuer)} made={made}>"
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}\n{inner}</case>\n'.encode()


def _readme(case: Case) -> str:
    return _README.format(case=case.number, hub=case.issuer, root=case.fingerprint or "—")


_README: Final = """办件归档包 {case}
核验件（非电子证照原件）

本包由 {hub} 出具，内含该办件的全部证照核验回执及其证明。
信任根指纹：{root}
请与档案中另行登记的、或平台公布的信任根指纹核对；不要只相信本包自带的公钥。

离线验证（只需 Python 3.11 以上、cryptography、PyJWT 和 certificates 目录，无需网络）：
  1. 从本包取出 keys.jwks。
  2. python -m certificates package 本文件.zip --keys keys.jwks --root "{root}"
  单独验证一张回执：
  python -m certificates verify-receipt receipt.jws --keys keys.jwks --proof proof.txt --root "{root}"

各文件：manifest.json 列出每个文件的 SHA-256，manifest.jws 是平台对它的签名；metadata.xml 为归档元数据；
receipts/ 下每张回执一个目录：receipt.jws 回执，proof.txt 存证证明，document.pdf 与 document.ofd 供阅读。
time-stamp.tst（如有）是时间戳机构对检查点的证明：验证时加 --anchors 该机构证书.pem；
即使密钥日后失密，此前的回执仍可验证。

--------------------------------------------------------------------------------------------------

Archive package of case {case}
Verification documents, not the certificates themselves

Made by {hub}; it holds all receipts of this case and what proves them.
Fingerprint of the trust root: {root}
Compare it with the fingerprint that your archive has on record, or that the hub publishes; don't rely on the keys in
this package alone.

To verify offline (Python 3.11 or newer, cryptography, PyJWT and the folder certificates; no network):
  1. Take keys.jwks out of this package.
  2. python -m certificates package THIS-FILE.zip --keys keys.jwks --root "{root}"
  One receipt by itself:
  python -m certificates verify-receipt receipt.jws --keys keys.jwks --proof proof.txt --root "{root}"

The files: manifest.json has the SHA-256 of each, manifest.jws is the hub's signature over it; metadata.xml is for the
archive; in receipts/ each receipt has a folder: receipt.jws, proof.txt, and document.pdf and document.ofd for readers.
time-stamp.tst, if it is there, is a time authority's word on the checkpoint: give its certificate (--anchors). With it,
receipts stay good even if the hub's keys are stolen later.
"""
