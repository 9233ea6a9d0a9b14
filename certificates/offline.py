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

from certificates.checkpoints import Checkpoint, verify_proof
from certificates.compact import MAX_TOKEN, NotCompact, parse_object
from certificates.errors import CertificatesError
from certificates.jose import BadKey, Key, key_from_jwk
from certificates.receipts import Receipt, verify_receipt

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
class Finding:
    """What offline verification found: the receipt, and the checkpoint if a proof was given and holds."""

    receipt: Receipt
    checkpoint: Checkpoint | None

    def to_json(self) -> dict[str, Any]:
        """For ``--json``."""
        receipt = self.receipt
        logged = None
        if self.checkpoint is not None:
            logged = {"origin": self.checkpoint.origin, "size": self.checkpoint.size}
        return {
            "genuine": True,
            "issuer": receipt.iss,
            "audience": receipt.aud,
            "issued_at": _time(receipt.iat),
            "id": receipt.jti,
            "request": receipt.req,
            "key": receipt.kid,
            "data_as_of": None if receipt.data_as_of is None else _time(receipt.data_as_of),
            "logged": logged,
            "verification": dict(receipt.verification),
        }


def verify_offline(token: str, jwks: Mapping[str, Any], proof: str | None = None) -> Finding:
    """Verify a receipt and, if given, the proof that it stands in the ledger.

    Raises:
        BadReceipt: The receipt is not as the hub signed it.
        BadProof: The proof does not fit.
        BadCheckpoint: The proof's checkpoint is not the hub's.
        BadKey: The keys cannot be used.
    """
    receipt = verify_receipt(token, jwks)
    if proof is None:
        return Finding(receipt, None)
    return Finding(receipt, verify_proof(proof, receipt.leaf_data, checkpoint_keys(jwks)))


def checkpoint_keys(jwks: Mapping[str, Any]) -> list[Key]:
    """The keys for checkpoints in a published JWK set."""
    return [key_from_jwk(entry) for entry in jwks["keys"] if entry.get("purpose") == "checkpoint"]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command ``python -m certificates``. Exit status: 0 genuine, 1 refused, 2 files or arguments are unusable."""
    options = _parser().parse_args(arguments)
    try:
        finding = verify_offline(*_inputs(options))
    except (UnusableFile, BadKey) as error:
        return _tell_refusal(error, UNUSABLE, as_json=options.json)
    except CertificatesError as error:
        return _tell_refusal(error, REFUSED, as_json=options.json)
    _write(json.dumps(finding.to_json(), ensure_ascii=False, indent=2) if options.json else _page(finding))
    return GENUINE


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


def _inputs(options: argparse.Namespace) -> tuple[str, dict[str, Any], str | None]:
    token = _one_line(_read(options.file))
    try:
        jwks = parse_object(_read(options.keys).encode())
    except NotCompact:
        raise UnusableFile(options.keys.name, "不是 JSON 对象", "is no JSON object") from None
    if not isinstance(jwks.get("keys"), list) or not all(isinstance(key, dict) for key in jwks["keys"]):
        raise UnusableFile(options.keys.name, "不是 JWK Set", "is no JWK set")
    return token, jwks, None if options.proof is None else _read(options.proof)


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


def _tell_refusal(error: CertificatesError, status: int, *, as_json: bool) -> int:
    if as_json:
        _write(json.dumps({"genuine": False, "zh": error.zh, "en": error.en}, ensure_ascii=False, indent=2))
    else:
        mark = "✗ 未通过 / NOT VERIFIED" if status == REFUSED else "! 无法验证 / CANNOT VERIFY"
        _write(f"{mark}\n  {error.zh}\n  {error.en}")
    return status


def _page(finding: Finding) -> str:
    receipt, verdict = finding.receipt, finding.receipt.verification
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
        f"存证 / ledger    {_logged(finding.checkpoint)}",
    ]
    return "\n".join([*rows, *_rows_of(verdict.get("certificate")), *_rows_of_checks(verdict.get("lines"))])


_LABELS = {
    "type": "类型 / type",
    "number": "编号 / number",
    "issuing_authority": "颁发机构 / issuer",
    "issued_on": "颁发日期 / issued on",
    "valid_from": "有效期起 / valid from",
    "valid_until": "有效期止 / valid until",
    "holders": "持证主体 / holders",
}


def _rows_of(certificate: object) -> list[str]:
    if not isinstance(certificate, dict):
        return []
    rows = [f"  {label}  {_value(certificate.get(name))}" for name, label in _LABELS.items()]
    return ["", "证照 / certificate", *rows]


def _value(value: object) -> str:
    if isinstance(value, list):
        return "、".join(map(str, value))
    return "—" if value is None else str(value)


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


def _write(text: str) -> None:
    sys.stdout.write(f"{text}\n")
