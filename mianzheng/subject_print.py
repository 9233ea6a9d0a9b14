"""What is held on a subject as a page to print: every member with its name in both languages, nothing left out.

printable(document)          # HTML with nothing outside itself

>>> "&lt;b&gt;" in printable({"held": [{"value": "<b>"}]})
True
"""

from collections.abc import Mapping
from html import escape
from typing import Any, Final

LABELS: Final[Mapping[str, tuple[str, str]]] = {
    "subject": ("主体", "subject"),
    "register": ("基础库", "register"),
    "keys": ("标识", "keys"),
    "made_at": ("生成时间", "made at"),
    "held": ("持有的数据", "data held"),
    "certificates": ("证照", "certificates"),
    "conflicts": ("部门间不一致", "where departments differ"),
    "refused": ("未接收的行", "refused rows"),
    "cases": ("工单", "cases"),
    "joined_keys": ("合并的号码", "joined keys"),
    "asked": ("谁查询过", "who asked"),
    "withheld": ("依法未提供", "withheld by law"),
    "department": ("部门", "department"),
    "dataset": ("数据资源", "dataset"),
    "relation": ("与本人的关系", "relation to the subject"),
    "state": ("状态", "state"),
    "values": ("内容", "values"),
    "column": ("字段", "column"),
    "value": ("值", "value"),
    "masked": ("已遮蔽", "masked"),
    "since": ("自批次", "since batch"),
    "until": ("至批次", "until batch"),
    "batch": ("批次", "batch"),
    "delivered_by": ("交付方式", "delivered by"),
    "at": ("时间", "at"),
    "by": ("查询方", "by"),
    "act": ("行为", "act"),
    "purpose": ("用途", "purpose"),
    "service_item": ("事项", "service item"),
    "case": ("办件编号", "case"),
    "verdict": ("结论", "verdict"),
    "holders": ("持证主体", "holders"),
    "objects": ("证照标的", "objects"),
    "status_events": ("状态变更", "status events"),
    "ground": ("依据", "ground"),
    "name": ("名称", "name"),
    "mark": ("标记", "mark"),
    "type_code": ("证照类型代码", "type code"),
    "number": ("编号", "number"),
    "identifier": ("电子证照标识", "identifier"),
    "issuing_authority_name": ("颁发机构", "issuing authority"),
    "issued_on": ("颁发日期", "issued on"),
    "valid_from": ("有效期自", "valid from"),
    "valid_until": ("有效期至", "valid until"),
    "long_term": ("长期", "long term"),
    "status": ("状态", "status"),
    "reason": ("理由", "reason"),
    "role": ("角色", "role"),
    "code": ("代码", "code"),
    "code_type": ("代码类型", "code type"),
    "kind": ("种类", "kind"),
    "certificate_type": ("证照类型", "certificate type"),
    "as_of": ("查询日期", "as of"),
    "what": ("事项", "what"),
}
_STYLE: Final = (
    "body{font:14px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}h1{font-size:20px}h2{font-size:16px;"
    "border-bottom:1px solid #999;margin-top:2em}dl{display:grid;grid-template-columns:14em 1fr;gap:0 1em;"
    "margin:0 0 1em}dt{color:#555}dd{margin:0;overflow-wrap:anywhere}li{break-inside:avoid}small{color:#666}"
)
_NOTHING: Final = "<p>无 <small>none</small></p>"


def printable(document: Mapping[str, Any]) -> str:
    """The document as HTML in UTF-8, for a browser to print; it loads nothing."""
    parts = "".join(f"<h2>{_label(name)}</h2>{_shown(value) or _NOTHING}" for name, value in document.items())
    title = "个人信息查询结果"
    return (
        f'<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
        f"<h1>{title} <small>What the hub holds on a subject</small></h1>{parts}</html>"
    )


def _shown(value: Any) -> str:  # noqa: ANN401 - JSON
    if isinstance(value, Mapping):
        if "column" in value:
            return f"{escape(str(value['zh']))}: {_shown(value['value'])}"
        words = f"{escape(str(value['zh']))} <small>{escape(str(value['en']))}</small>" if "zh" in value else ""
        told = {name: inner for name, inner in value.items() if inner is not None and name not in {"zh", "en"}}
        pairs = "".join(f"<dt>{_label(name)}</dt><dd>{_shown(inner)}</dd>" for name, inner in told.items())
        return f"{words}<dl>{pairs}</dl>" if pairs else words
    if isinstance(value, list | tuple):
        return "<ol>" + "".join(f"<li>{_shown(inner)}</li>" for inner in value) + "</ol>" if value else ""
    return "" if value is None else escape(str(value))


def _label(name: str) -> str:
    zh, en = LABELS.get(name, (name, ""))
    return f"{escape(zh)} <small>{escape(en)}</small>"
