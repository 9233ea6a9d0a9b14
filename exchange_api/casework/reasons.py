"""The reasons that people choose when they work on cases: fixed lists, since free words would name people.

>>> reason_words("archive_lost")[0]
'档案灭失或无法查证'
"""

from collections.abc import Mapping
from typing import Final

Reasons = Mapping[str, tuple[str, str]]

STOP: Final[Reasons] = {
    "other_department": ("等待其他部门协查", "another department has to help"),
    "upper_level": ("等待上级或垂直系统处理", "a system of a higher level has to change it"),
    "proceedings": ("涉及行政复议、诉讼等程序", "a review or lawsuit is under way"),
    "system_move": ("来源系统停机或迁移", "the source is down or being moved"),
    "subject_needed": ("需当事人到场或补充材料", "the person concerned has to come or hand something in"),
}
RIGHT: Final[Reasons] = {
    "matches_archive": ("已核对原始档案，数据无误", "compared with the archive: it is right"),
    "rule_does_not_fit": ("规则不适用于此类数据", "the rule does not fit such data"),
    "lawful_exception": ("属有文件依据的特殊情形", "a lawful exception, with its document"),
    "other_side_wrong": ("对方数据有误", "the other side's data is wrong"),
}
BEYOND: Final[Reasons] = {
    "archive_lost": ("档案灭失或无法查证", "the archive is lost or says nothing"),
    "issuer_gone": ("原颁发机构已撤销且无承接单位", "its issuer is gone and nobody took over"),
    "subject_gone": ("主体已死亡、注销或无法联系", "the subject is dead, dissolved or can't be reached"),
    "no_procedure": ("没有可供更正的法定程序", "the law knows no way to correct it"),
}
REFUSE: Final[Reasons] = {
    "not_convincing": ("依据不足", "not well enough founded"),
    "evidence_missing": ("缺少佐证材料", "evidence is missing"),
    "can_be_mended": ("仍可改正，请改正后重新报送", "it can be mended; mend it and deliver again"),
}
WITHDRAW: Final[Reasons] = {
    "raised_in_error": ("提出有误", "raised in error"),
    "settled_otherwise": ("已另行解决", "settled in another way"),
}
RAISE: Final[Reasons] = {
    "looks_wrong": ("数据明显异常", "it looks wrong"),
    "reported": ("收到反映或投诉", "somebody reported it"),
    "inspection": ("检查、审计中发现", "found in an inspection or audit"),
    "sample": ("抽样核对不符", "a sample did not agree"),
}
ESCALATE: Final[Reasons] = {
    "administrator": ("超期，提请部门负责人督办", "overdue: to the department's administrator"),
    "authority": ("持续超期，报数据主管部门督办", "still overdue: to the data authority"),
}
SIDES: Final[Reasons] = {
    "provider": ("数据提供部门同意", "approved by the department"),
    "steward": ("数据管家同意", "approved by a steward"),
}
OUTCOMES: Final[Reasons] = {
    "corrected": ("数据有误，已更正", "the data was wrong and is mended"),
    "confirmed": ("数据无误", "the data is right"),
    "not_ours": ("不属于本部门职责", "not this department's"),
    "withdrawn": ("提出单位撤回", "withdrawn by who filed it"),
    "status": ("状态有误", "its state"),
    "validity": ("有效期有误", "its dates"),
    "holder": ("持证主体有误", "its holder"),
    "content": ("登记内容有误", "its contents"),
    "missing": ("应有而没有", "it is missing"),
    "objection": ("当事人提出异议", "objected to by the person concerned"),
}
_ALL: Final[Reasons] = {
    **OUTCOMES,
    **SIDES,
    **ESCALATE,
    **RAISE,
    **WITHDRAW,
    **REFUSE,
    **BEYOND,
    **RIGHT,
    **STOP,
}


def reason_words(code: str) -> tuple[str, str]:
    """A reason in both languages; an unknown code stands for itself."""
    return _ALL.get(code, (code, code))
