"""An archive package, looked at: its form, the signature over its manifest, every file, every receipt with its proof.

The keys inside the package are not trusted: those that are given count, with the trust root's fingerprint.

Example:
    >>> from certificates.evidence.given import Given
    >>> examine_package("a.zip", b"no package", Given({"keys": []})).refusal.reason
    'zip'
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from certificates import compact
from certificates.documents.case_package import FORMAT, MANIFEST, STATEMENT, TIME_STAMP, TYP_PACKAGE, digest_of
from certificates.documents.errors import BadDocument
from certificates.documents.examining import PURPOSE
from certificates.documents.stored_zip import read_zip
from certificates.errors import CertificatesError
from certificates.evidence.findings import Findings, Found, Part, Report
from certificates.evidence.given import Given
from certificates.evidence.receipts import examine_receipt
from certificates.jose import VerificationError
from certificates.published_keys import published_keys, verify_published

_MEMBERS = frozenset({"format", "case", "hub", "made_at", "trust_root", "receipts", "files"})
_FILE = frozenset({"path", "media_type", "bytes", "sha256"})
_RECEIPT = frozenset({"id", "verdict", "issued_at", "folder"})


def examine_package(_name: str, content: bytes, given: Given) -> Report:
    """Verify the archive package of a case.

    Raises:
        BadKey: The keys are no JWK set, or cannot be used.
    """
    found = Findings("package")
    try:
        members = read_zip(content)
        manifest = _manifest(members)
        found.passed("package", Part.INTEGRITY, "归档包格式规范。", "The package's form is strict.")
        _look_at_signature(found, members, given)
        _look_at_files(found, members, manifest["files"])
        told = [_look_at_receipt(found, members, entry, given) for entry in manifest["receipts"]]
    except BadDocument as error:
        zh, en = "归档包不完整或已被改动。", "The package is not whole, or was changed."
        found.failed("package", Part.INTEGRITY, zh, en, error.reason)
        return found.refused(error)
    except CertificatesError as error:
        return found.refused(error)
    named = {name: manifest[name] for name in ("case", "hub", "made_at", "trust_root")}
    found.left_open(
        "completeness",
        "该办件是否还有其他回执，须向平台核对。",
        "Whether there are further receipts of this case: ask the hub.",
    )
    return found.report({**named, "files": len(members), "receipts": told})


def _manifest(members: Mapping[str, bytes]) -> dict[str, Any]:
    try:
        manifest = compact.parse_object(members[MANIFEST])
    except (KeyError, compact.NotCompact):
        raise BadDocument("manifest") from None
    lists = all(isinstance(manifest.get(name), list) for name in ("files", "receipts"))
    if manifest.keys() != _MEMBERS or manifest["format"] != FORMAT or not lists:
        raise BadDocument("manifest")
    for entry, names in [(one, _FILE) for one in manifest["files"]] + [(one, _RECEIPT) for one in manifest["receipts"]]:
        if not isinstance(entry, dict) or entry.keys() != names:
            raise BadDocument("manifest")
    return manifest


def _look_at_signature(found: Findings, members: Mapping[str, bytes], given: Given) -> None:
    statement = members.get(STATEMENT, b"").decode("latin-1")
    keys = published_keys(given.jwks, PURPOSE)
    try:
        verified = verify_published(statement, keys, TYP_PACKAGE)
    except VerificationError as error:
        zh, en = "清单签名不符，或密钥不在所给公钥之中。", "The manifest's signature does not hold with the keys given."
        found.failed("manifest", Part.ISSUER, zh, en, error.reason)
        raise
    if verified.payload.get("manifest") != digest_of(members[MANIFEST]):
        raise BadDocument("manifest digest")
    if given.moment is not None and verified.payload["iat"] > given.moment + 60:
        raise BadDocument("from the future")
    found.passed("manifest", Part.ISSUER, "清单由平台签名。", "The hub signed the manifest.")


def _look_at_files(found: Findings, members: Mapping[str, bytes], listed: Sequence[Mapping[str, Any]]) -> None:
    named = {entry["path"]: entry for entry in listed if isinstance(entry["path"], str)}
    if len(named) != len(listed) or named.keys() | {MANIFEST, STATEMENT} != members.keys():
        raise BadDocument("files")
    for path, entry in named.items():
        data = members[path]
        if (entry["bytes"], entry["sha256"]) != (len(data), hashlib.sha256(data).hexdigest()):
            raise BadDocument("file digest")
    zh, en = f"{len(named)} 个文件与清单一致。", f"{len(named)} files are as the manifest has them."
    found.passed("files", Part.INTEGRITY, zh, en)


def _look_at_receipt(
    found: Findings, members: Mapping[str, bytes], entry: Mapping[str, Any], given: Given
) -> dict[str, Any]:
    """One receipt with its proof; only what failed is told one by one."""
    try:
        token = members[f"{entry['folder']}/receipt.jws"].decode("ascii")
        proof = members.get(f"{entry['folder']}/proof.txt", b"").decode()
    except (KeyError, UnicodeDecodeError):
        raise BadDocument("receipt") from None
    stamp = given.time_stamp or members.get(TIME_STAMP)
    report = examine_receipt(token, replace(given, proof=proof or None, time_stamp=stamp))
    if report.refusal is not None or report.receipt is None:
        found.checks += [check for check in report.checks if check.found == Found.FAIL]
        raise report.refusal or BadDocument("receipt")
    code = str(report.receipt.answer.get("code", ""))
    if (entry["id"], entry["issued_at"], entry["verdict"]) != (report.receipt.jti, report.receipt.iat, code):
        raise BadDocument("receipt")
    zh, en = f"回执 {report.receipt.jti} 真实。", f"Receipt {report.receipt.jti} is genuine."
    found.passed("receipt", Part.INTEGRITY, zh, en)
    found.passed("verdict", Part.STATUS, f"结论：{code}。", f"The verdict: {code}.")
    return {"id": report.receipt.jti, "verdict": code, "issued_at": report.receipt.iat, "logged": bool(proof)}
