"""The report as an officer or an auditor reads it, in Chinese and English.

Example:
    >>> from certificates.evidence.findings import Report
    >>> print(page(Report("note")).splitlines()[0])
    ✓ 检查点真实，未被改动 / genuine and unchanged
"""

from collections.abc import Mapping
from typing import Any

from certificates.checkpoints import Checkpoint
from certificates.evidence.findings import Found, Part, Report

KINDS = {
    "receipt": "回执",
    "jws": "签名文件",
    "credential": "凭证",
    "status": "状态列表",
    "note": "检查点",
    "proof": "存证证明",
    "log-fsck": "存证日志",
    "keys": "公钥文件",
    "code": "离线码",
    "package": "归档包",
    "document": "核验件",
    "bundle": "离线包",
    "delivery": "投递回执",
}
PARTS = {Part.INTEGRITY: "完整性 / integrity", Part.STATUS: "状态 / status", Part.ISSUER: "签发者 / issuer"}
_MARKS = {Found.PASS: "✓", Found.FAIL: "✗", Found.UNKNOWN: "?", Found.NEGATIVE: "!"}
_DELETE = 0x7F
_DEEP = 2


def page(report: Report) -> str:
    """The whole report as text; control characters of what was signed are not let through to a terminal."""
    if report.genuine:
        body = _receipt(report) if report.receipt is not None else _content(report)
        lines = [f"✓ {KINDS.get(report.kind, '文件')}真实，未被改动 / genuine and unchanged", "", *body]
    else:
        lines = _refusal(report)
    return "\n".join(plain(line) for line in [*lines, *_verification(report), *_open_points(report)])


def plain(text: str) -> str:
    """A text without characters that steer a terminal or turn the direction of writing."""
    return "".join(character if _is_plain(character) else "\ufffd" for character in text)


def _is_plain(character: str) -> bool:
    code = ord(character)
    control = code < ord(" ") or _DELETE <= code <= 0x9F  # noqa: PLR2004 - C1 ends here
    turns = 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069 or code in {0x200E, 0x200F}  # noqa: PLR2004 - Unicode, bidirectional controls
    return not (control or turns)


def _refusal(report: Report) -> list[str]:
    title = "✗ 未通过 / NOT VERIFIED" if report.usable else "! 无法验证 / CANNOT VERIFY"
    return [title, *([] if report.refusal is None else [f"  {report.refusal.zh}", f"  {report.refusal.en}"])]


def _verification(report: Report) -> list[str]:
    if not report.checks:
        return []
    parts = [f"  {_MARKS[report.part(part)]} {name}" for part, name in PARTS.items()]
    steps = [f"    {_MARKS[check.found]} {check.zh} {check.en}" for check in report.checks]
    return ["", "验证 / verification", *parts, *steps]


def _open_points(report: Report) -> list[str]:
    if not report.genuine or not report.open_points:
        return []
    points = [f"  ? {point.zh} {point.en}" for point in report.open_points]
    return ["", "离线不能确认 / not established offline", *points]


def _content(report: Report) -> list[str]:
    return [line for name, value in report.content.items() for line in _member(name, value, 0)]


def _member(name: str, value: object, depth: int) -> list[str]:
    indent = "  " * depth
    if isinstance(value, Mapping) and depth < _DEEP:
        inner = [line for inner, content in value.items() for line in _member(str(inner), content, depth + 1)]
        return [f"{indent}{name}", *inner]
    return [f"{indent}{name}  {'—' if value is None else value}"]


def _receipt(report: Report) -> list[str]:
    receipt = report.content
    verdict: Mapping[str, Any] = report.receipt.answer if report.receipt is not None else {}
    rows = [
        f"结论 / verdict   {verdict.get('code', '')}",
        f"                 {verdict.get('zh', '')}",
        f"                 {verdict.get('en', '')}",
        f"签发 / issuer    {receipt['issuer']}",
        f"给予 / for       {receipt['audience']}",
        f"时间 / time      {receipt['issued_at']}",
        f"编号 / id        {receipt['id']}",
        f"存证 / ledger    {_logged(report.checkpoint)}",
    ]
    asked = _rows_of_members("所问 / asked", verdict.get("asked"), _ASKED)
    found = _rows_of_members("证照 / certificate", verdict.get("certificate"), _LABELS)
    upstream = _rows_of_members("实时查询 / asked of its source", verdict.get("upstream"), _UPSTREAM)
    copy = _rows_of_members("加注件 / marked copy", receipt.get("copy"), _COPY)
    return [*rows, *copy, *asked, *found, *upstream, *_rows_of_checks(verdict.get("lines"))]


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


_COPY = {
    "cause": "制作事由 / cause",
    "purpose": "用途 / purpose",
    "maker": "制作者 / maker",
    "expires_on": "有效期至 / usable until",
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
