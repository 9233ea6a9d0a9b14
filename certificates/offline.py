"""Verify a receipt anywhere: with the receipt, the hub's published keys, and if wanted the proof of its logging.

Needs this folder, cryptography and PyJWT; no network, no store, no other room. The page that an officer or an auditor
reads stands here too, in Chinese and English.

Example:
    $ python -m certificates verify-receipt receipt.jws --keys keys.jwks --proof receipt.tlog-proof
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from certificates.checkpoints import BadCheckpoint, BadProof, Checkpoint, verify_proof
from certificates.compact import MAX_TOKEN, NotCompact, parse_object
from certificates.errors import CertificatesError
from certificates.jose import BadKey, Key, key_from_jwk
from certificates.receipts import BadReceipt, Receipt, open_receipt, receipt_keys

GENUINE: Final = 0
REFUSED: Final = 1
UNUSABLE: Final = 2

_MAX_FILE = 1_000_000


class UnusableFile(CertificatesError):
    """Raised when a file given cannot be read, or does not hold what it should."""

    def __init__(self, name: str, cause_zh: str, cause_en: str) -> None:
        super().__init__(
            f"文件 {name} {cause_zh}。请检查路径和内容。", f"The file {name} {cause_en}. Check its path and content."
        )


@dataclass(frozen=True)
class Report:
    """What offline verification found.

    Attributes:
        receipt: The receipt, if it is genuine and its proof, if one was given, holds.
        checkpoint: The checkpoint that the proof leads to, if one was given.
        refusal: Why the receipt or its proof is not accepted.
    """

    receipt: Receipt | None
    checkpoint: Checkpoint | None = None
    refusal: CertificatesError | None = None

    @property
    def genuine(self) -> bool:
        """Whether everything that was given holds."""
        return self.receipt is not None

    def to_json(self) -> dict[str, Any]:
        """For ``--json``."""
        if self.receipt is None:
            return {"genuine": False, **_reason(self.refusal)}
        return {"genuine": True, **_members(self.receipt), "logged": _head(self.checkpoint)}

    def text(self) -> str:
        """The page to read, in Chinese and English."""
        if self.receipt is None:
            return "\n  ".join(["✗ 未通过 / NOT VERIFIED", *_reason(self.refusal).values()])
        return _page(self.receipt, self.checkpoint)


def verify_file(file: Path, jwks: Mapping[str, Any], proof: Path | None = None) -> Report:
    """Verify a receipt's file and, if given, the file of the proof that it stands in the ledger.

    Raises:
        UnusableFile: A file cannot be read.
        BadKey: The keys are no JWK set, or cannot be used.
    """
    token = _one_line(_read(file))
    return verify_offline(token, jwks, None if proof is None else _read(proof))


def verify_offline(token: str, jwks: Mapping[str, Any], proof: str | None = None) -> Report:
    """Verify a receipt and, if given, the proof that it stands in the ledger. What does not hold is in the report.

    Raises:
        BadKey: The keys are no JWK set, or cannot be used.
    """
    keys, log_keys = receipt_keys(jwks), checkpoint_keys(jwks)
    try:
        receipt = open_receipt(token, keys)
        checkpoint = None if proof is None else verify_proof(proof, receipt.leaf_data, log_keys)
    except (BadReceipt, BadProof, BadCheckpoint) as error:
        return Report(None, refusal=error)
    return Report(receipt, checkpoint)


def checkpoint_keys(jwks: Mapping[str, Any]) -> list[Key]:
    """The keys for checkpoints in a published JWK set."""
    return [key_from_jwk(entry) for entry in jwks["keys"] if entry.get("purpose") == "checkpoint"]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command ``python -m certificates``. Exit status: 0 genuine, 1 refused, 2 files or arguments are unusable."""
    options = _parser().parse_args(arguments)
    try:
        report = verify_file(options.file, _read_keys(options.keys), options.proof)
    except (UnusableFile, BadKey) as error:
        shown = json.dumps({"genuine": False, **_reason(error)}, ensure_ascii=False, indent=2)
        sys.stdout.write(f"{shown}\n" if options.json else f"! 无法验证 / CANNOT VERIFY\n  {error.zh}\n  {error.en}\n")
        return UNUSABLE
    shown = json.dumps(report.to_json(), ensure_ascii=False, indent=2) if options.json else report.text()
    sys.stdout.write(f"{shown}\n")
    return GENUINE if report.genuine else REFUSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m certificates",
        description="核验件（非电子证照原件）离线验证 / verify receipts offline",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser(
        "verify-receipt",
        help="验证回执 / verify a receipt",
        epilog="example: python -m certificates verify-receipt receipt.jws --keys keys.jwks --proof receipt.tlog-proof",
    )
    command.add_argument("file", metavar="FILE", type=Path, help="回执文件 / the receipt, a compact JWS")
    command.add_argument("--keys", metavar="JWKS", type=Path, required=True, help="平台公钥 / the hub's published keys")
    command.add_argument("--proof", metavar="FILE", type=Path, help="存证证明 / proof of its logging (tlog-proof)")
    command.add_argument("--json", action="store_true", help="以 JSON 输出 / print JSON")
    return parser


def _read_keys(path: Path) -> dict[str, Any]:
    try:
        return parse_object(_read(path).encode())
    except NotCompact:
        raise UnusableFile(path.name, "不是 JSON 对象", "is no JSON object") from None


def _one_line(text: str) -> str:
    """A text file may end with one line feed; everything else in it belongs to the receipt and must be right."""
    return text.removesuffix("\n")[: MAX_TOKEN + 1]


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_FILE + 1)
        text = content.decode("utf-8")
    except OSError:
        raise UnusableFile(path.name, "无法读取", "cannot be read") from None
    except UnicodeDecodeError:
        raise UnusableFile(path.name, "不是 UTF-8 文本", "is no text in UTF-8") from None
    if len(content) > _MAX_FILE:
        raise UnusableFile(path.name, "过大", "is too large")
    return text


def _reason(error: CertificatesError | None) -> dict[str, str]:
    return {} if error is None else {"zh": error.zh, "en": error.en}


def _head(checkpoint: Checkpoint | None) -> dict[str, Any] | None:
    return None if checkpoint is None else {"origin": checkpoint.origin, "size": checkpoint.size}


def _members(receipt: Receipt) -> dict[str, Any]:
    return {
        "issuer": receipt.iss,
        "audience": receipt.aud,
        "issued_at": _time(receipt.iat),
        "id": receipt.jti,
        "request": receipt.req,
        "key": receipt.kid,
        "data_as_of": None if receipt.data_as_of is None else _time(receipt.data_as_of),
        "verification": dict(receipt.verification),
    }


def _page(receipt: Receipt, checkpoint: Checkpoint | None) -> str:
    verdict = receipt.verification
    rows = [
        "✓ 回执真实，未被改动 / genuine and unchanged",
        "",
        f"结论 / verdict   {verdict.get('code', '')}",
        f"                 {verdict.get('zh', '')}",
        f"                 {verdict.get('en', '')}",
        f"签发 / issuer    {receipt.iss}",
        f"给予 / for       {receipt.aud}",
        f"时间 / time      {_time(receipt.iat)}",
        f"编号 / id        {receipt.jti}",
        f"存证 / ledger    {_logged(checkpoint)}",
    ]
    asked = _rows_of_members("所问 / asked", verdict.get("asked"), _ASKED)
    found = _rows_of_members("证照 / certificate", verdict.get("certificate"), _LABELS)
    upstream = _rows_of_members("实时查询 / asked of its source", verdict.get("upstream"), _UPSTREAM)
    return "\n".join([*rows, *asked, *found, *upstream, *_rows_of_checks(verdict.get("lines"))])


_LABELS = {
    "type": "类型 / type",
    "number": "编号 / number",
    "issuing_authority": "颁发机构 / issuer",
    "issued_on": "颁发日期 / issued on",
    "valid_from": "有效期起 / valid from",
    "valid_until": "有效期止 / valid until",
    "holders": "持证主体 / holders",
    "objects": "标的 / objects",
}


_ASKED = {
    "certificate_type": "类型 / type",
    "purpose": "事由 / purpose",
    "service_item": "事项 / service item",
    "case": "办件 / case",
    "as_of": "核验日 / as of",
    "department": "部门 / department",
}


_UPSTREAM = {
    "dataset": "数据资源 / dataset",
    "asked_at": "时间 / at",
    "digest": "应答摘要 / digest of its answer",
}


def _rows_of_members(title: str, members: object, labels: Mapping[str, str]) -> list[str]:
    if not isinstance(members, dict):
        return []
    return ["", title, *(f"  {label}  {_value(members.get(name))}" for name, label in labels.items())]


def _value(value: object) -> str:
    if isinstance(value, list):
        return "、".join(map(_entry, value)) or "—"
    return "—" if value is None else str(value)


def _entry(value: object) -> str:
    """A holder with the role, an object with its number; receipts made before there were roles hold names alone."""
    if not isinstance(value, dict):
        return str(value)
    told = [str(value[member]) for member in ("number", "name") if value.get(member)]
    role = value.get("role") or value.get("kind")
    return " ".join(told) + (f"（{role}）" if role else "")


_OUTCOMES = {"pass": "✓", "fail": "✗", "warn": "!", "unknown": "?"}


def _rows_of_checks(lines: object) -> list[str]:
    if not isinstance(lines, list) or not lines:
        return []
    shown = [line for line in lines if isinstance(line, dict)]
    rows = [
        f"  {_OUTCOMES.get(str(line.get('outcome')), ' ')} {line.get('zh', '')} {line.get('en', '')}" for line in shown
    ]
    return ["", "检查 / checks", *rows]


def _logged(checkpoint: Checkpoint | None) -> str:
    if checkpoint is None:
        return "未提供证明 / no proof given"
    return f"已存证 / logged: {checkpoint.origin}, {checkpoint.size}"


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
