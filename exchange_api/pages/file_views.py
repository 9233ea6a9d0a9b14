"""What was found about a dropped file, as the page shows it: read from the offline verifier's report."""

from collections.abc import Iterator, Mapping

from certificates.evidence.findings import Found, Part, Report
from certificates.evidence.page import KINDS, plain
from exchange_api.pages.rendering import NOTHING
from exchange_api.pages.views.frame import Item, Words
from exchange_api.pages.views.verifying import FileView, PartLine, StepLine

PARTS = {
    Part.INTEGRITY: Words("完整性", "Integrity"),
    Part.STATUS: Words("状态", "Status"),
    Part.ISSUER: Words("签发者", "Issuer"),
}
_LOOKS = {
    Found.PASS: ("green", "check", Words("通过", "Pass")),
    Found.FAIL: ("red", "cross", Words("未通过", "Fail")),
    Found.NEGATIVE: ("gold", "warn", Words("不是有效", "Not valid")),
    Found.UNKNOWN: ("gold", "question", Words("未确认", "Open")),
}
_GENUINE = Words("真实，未被改动", "Genuine and unchanged")
_NEGATIVE = Words("真实；结论不是“有效”", "Genuine; its verdict is not “valid”")
_REFUSED = Words("未通过验证", "Not verified")
_UNUSABLE = Words("无法验证", "Cannot be verified")
_KINDS_EN = {
    "receipt": "receipt",
    "jws": "signed file",
    "credential": "credential",
    "status": "status list",
    "note": "checkpoint",
    "proof": "proof of logging",
    "code": "offline code",
    "package": "case package",
    "document": "document of the hub",
    "bundle": "offline bundle",
    "keys": "key file",
}
_NAMES = {
    "verification.code": Words("结论", "Verdict"),
    "verification.zh": Words("说明", "In words"),
    "verification.en": Words("英文说明", "In English"),
    "verification.certificate.number": Words("证照编号", "Certificate number"),
    "verification.certificate.type": Words("证照类型", "Certificate type"),
    "verification.certificate.issuing_authority": Words("颁发机构", "Issuing authority"),
    "verification.certificate.valid_until": Words("有效期止", "Valid until"),
    "verification.asked.case": Words("办件", "Case"),
    "verification.asked.purpose": Words("事由", "Purpose"),
    "disclosed": Words("所出示", "Disclosed"),
    "expires": Words("有效至", "Counts until"),
    "places": Words("位数", "Places"),
    "state": Words("状态", "State"),
    "case": Words("办件", "Case"),
    "hub": Words("平台", "Hub"),
    "made_at": Words("制作时间", "Made at"),
    "issuer": Words("签发平台", "Issued by"),
    "audience": Words("给予", "Made out to"),
    "issued_at": Words("签发时间", "Issued at"),
    "data_as_of": Words("数据截至", "Data as of"),
    "id": Words("回执编号", "Receipt"),
    "logged.origin": Words("存证日志", "Ledger"),
    "logged.size": Words("日志条数", "Entries"),
    "origin": Words("存证日志", "Ledger"),
    "size": Words("日志条数", "Entries"),
    "index": Words("存证序号", "Entry"),
    "trust_root": Words("信任根指纹", "Trust root"),
}
"""What is told of a file's content, in this order; the rest is in the file."""

MOST_TEXT = 300


def file_view(report: Report) -> FileView:
    """The report of one file."""
    tone, icon, title = _title(report)
    kind = Words(KINDS.get(report.kind, "文件"), _KINDS_EN.get(report.kind, "file"))
    says = Words(f"按{kind.zh}验证。", f"Verified as: {kind.en}.")
    if report.refusal is not None:
        says = Words(report.refusal.zh, report.refusal.en)
    return FileView(
        tone=tone,
        icon=icon,
        title=title,
        says=says,
        parts=tuple(PartLine(name, *_LOOKS[report.part(part)]) for part, name in PARTS.items()),
        steps=tuple(
            StepLine(*_LOOKS[check.found], PARTS[check.part], Words(check.zh, check.en)) for check in report.checks
        ),
        open_points=tuple(Words(point.zh, point.en) for point in report.open_points) if report.genuine else (),
        items=tuple(_items(report.content)) if report.genuine else (),
    )


def _title(report: Report) -> tuple[str, str, Words]:
    if report.genuine and report.part(Part.STATUS) == Found.NEGATIVE:
        return "gold", "warn", _NEGATIVE
    if report.genuine:
        return "green", "check", _GENUINE
    return ("red", "cross", _REFUSED) if report.usable else ("gold", "question", _UNUSABLE)


def _items(content: Mapping[str, object]) -> Iterator[Item]:
    for path, words in _NAMES.items():
        value = _member(content, path)
        if value is not None:
            yield Item(words, plain(_text(value))[:MOST_TEXT] or NOTHING)


def _text(value: object) -> str:
    return "；".join(f"{name}：{held}" for name, held in value.items()) if isinstance(value, Mapping) else str(value)


def _member(content: object, path: str) -> object:
    for name in path.split("."):
        content = content.get(name) if isinstance(content, Mapping) else None
    return content
