"""How states, verdicts, dimensions and levels are called on pages, and which tone and mark each has.

A tone is a colour; its words and its mark stand beside it always, because colour alone tells nothing to many people.

    >>> VERDICTS["no_match"].name.zh
    '不相符'
"""

from collections.abc import Mapping
from typing import NamedTuple

from exchange_api.pages.views.frame import Words
from exchange_api.pages.views.publisher import Level


class Shown(NamedTuple):
    """How a verdict looks. Blue means: the hub cannot tell, and that is nobody's fault at the counter."""

    name: Words
    tone: str
    icon: str


VERDICTS: Mapping[str, Shown] = {
    "valid": Shown(Words("有效", "Valid"), "green", "check"),
    "not_yet_valid": Shown(Words("尚未生效", "Not yet valid"), "gold", "clock"),
    "expired": Shown(Words("已过期", "Expired"), "red", "clock"),
    "endorsement_due": Shown(Words("应当签注", "Endorsement due"), "gold", "warn"),
    "suspended": Shown(Words("暂扣", "Suspended"), "red", "pause"),
    "cancelled": Shown(Words("已注销", "Cancelled"), "red", "cross"),
    "revoked_void": Shown(Words("已撤销", "Revoked as void"), "red", "cross"),
    "revoked_penalty": Shown(Words("已吊销", "Revoked as a penalty"), "red", "cross"),
    "superseded": Shown(Words("已换发", "Superseded"), "gold", "warn"),
    "transferred": Shown(Words("已转出", "Transferred out"), "gold", "warn"),
    "pending_check": Shown(Words("待校核", "Being checked"), "blue", "clock"),
    "not_covered": Shown(Words("未归集", "Not collected"), "blue", "info"),
    "no_match": Shown(Words("不相符", "No match"), "gold", "question"),
    "unavailable": Shown(Words("来源中断", "Source down"), "blue", "info"),
    "refused": Shown(Words("未获授权", "Not allowed"), "grey", "stop"),
}

ANSWERED = Shown(Words("已答复", "Answered"), "blue", "info")
"""An answer of an act that has no verdicts of these names."""

ACTS: Mapping[str, Words] = {
    "verification": Words("核验", "Verification"),
    "matching": Words("比对", "Matching"),
    "query": Words("查询", "Query"),
    "retrieval": Words("调阅", "Retrieval"),
    "certificates": Words("名下证照", "A subject's certificates"),
    "case_check": Words("办件核验", "Case check"),
}
"""What an answer's member in the receipt says that it was."""

OUTCOMES: Mapping[str, Shown] = {
    "pass": Shown(Words("通过", "pass"), "green", "check"),
    "fail": Shown(Words("不通过", "fail"), "red", "cross"),
    "warn": Shown(Words("提示", "note"), "gold", "warn"),
    "unknown": Shown(Words("不能确定", "unknown"), "blue", "question"),
}

CHECKS: Mapping[str, Words] = {
    "record": Words("记录", "Record"),
    "holder": Words("持证主体", "Holder"),
    "status": Words("证照状态", "Status"),
    "validity": Words("有效期", "Validity"),
    "issuer": Words("颁发机构", "Issuer"),
    "integrity": Words("数据完整", "Integrity"),
    "freshness": Words("来源更新", "Freshness"),
    "quality": Words("数据质量", "Data quality"),
    "disputes": Words("校核争议", "Disputes"),
}

OBJECT_KINDS: Mapping[str, Words] = {
    "vehicle": Words("车辆", "Vehicle"),
    "real_estate_unit": Words("不动产单元", "Real-estate unit"),
}
"""What certificates are about besides their holders; any other kind is called as its contract calls it."""

BATCH_STATES: Mapping[str, tuple[str, Words]] = {
    "opened": ("blue", Words("归集中", "running")),
    "landed": ("blue", Words("已落地", "landed")),
    "taken_over": ("blue", Words("已入库", "taken over")),
    "done": ("green", Words("已完成", "done")),
    "held": ("gold", Words("挂起待放行", "held")),
    "failed": ("red", Words("失败", "failed")),
}

ROW_OUTCOMES: Mapping[str, tuple[str, Words]] = {
    "accepted": ("green", Words("已接收，待改进", "accepted, to be improved")),
    "quarantined": ("red", Words("隔离", "quarantined")),
    "held": ("gold", Words("挂起", "held")),
}

LEVELS: Mapping[int, Level] = {
    1: Level("red", Words("必达", "level 1")),
    2: Level("gold", Words("应达", "level 2")),
    3: Level("blue", Words("优秀", "level 3")),
}

DIMENSIONS: Mapping[str, Words] = {
    "conformity": Words("规范性", "Conformity"),
    "completeness": Words("完整性", "Completeness"),
    "accuracy": Words("准确性", "Accuracy"),
    "consistency": Words("一致性", "Consistency"),
    "timeliness": Words("时效性", "Timeliness"),
    "accessibility": Words("可访问性", "Accessibility"),
}
"""The six dimensions of GB/T 36344-2018, in its order."""

FIELD_KINDS: Mapping[str, Words] = {
    "text": Words("文本", "text"),
    "date": Words("日期", "date"),
    "amount": Words("金额", "amount"),
    "code": Words("代码", "code"),
}

COLUMN_TYPES: Mapping[str, Words] = {
    "string": Words("文本", "text"),
    "integer": Words("整数", "integer"),
    "number": Words("数值", "number"),
    "date": Words("日期", "date"),
    "timestamp": Words("日期时间", "time"),
    "boolean": Words("是/否", "yes or no"),
}

CASE_KINDS: Mapping[str, Words] = {
    "rectification": Words("整改", "rectification"),
    "verification": Words("校核", "verification"),
}

CASE_CAUSES: Mapping[str, Words] = {
    "finding": Words("规则发现的问题", "found by a rule"),
    "conflict": Words("与数源部门不一致", "differs from the authority"),
    "vanished": Words("记录从来源中消失", "the record vanished from its source"),
    "erased": Words("已依法删除的数据再次交付", "delivered again after it was erased by law"),
    "move": Words("证照状态变更不合法定流程", "the certificate's state moved as law does not know"),
    "dispute": Words("使用部门提出异议", "disputed by who used it"),
    "steward": Words("数据管理员提出", "raised by a steward"),
    "objection": Words("当事人在窗口或热线提出异议", "objected to at a window or hotline"),
}

MOVES: Mapping[str, Shown] = {
    "issue": Shown(Words("签发", "issued"), "green", "paper"),
    "renew": Shown(Words("延续", "renewed"), "green", "check"),
    "renewal_pending": Shown(Words("延续受理", "renewal applied for"), "gold", "clock"),
    "change": Shown(Words("变更", "changed"), "blue", "mend"),
    "endorse": Shown(Words("签注", "endorsed"), "green", "check"),
    "suspend": Shown(Words("暂扣", "suspended"), "red", "pause"),
    "restore": Shown(Words("恢复", "restored"), "green", "check"),
    "cancel": Shown(Words("注销", "cancelled"), "red", "cross"),
    "revoke_void": Shown(Words("撤销", "revoked as void"), "red", "cross"),
    "revoke_penalty": Shown(Words("吊销", "revoked as a penalty"), "red", "cross"),
    "transfer": Shown(Words("转出", "transferred out"), "gold", "warn"),
    "expire": Shown(Words("过期", "expired"), "gold", "clock"),
    "supersede": Shown(Words("换发", "superseded"), "gold", "warn"),
    "correct": Shown(Words("更正", "corrected"), "blue", "mend"),
}
"""What can happen to a certificate."""

CASE_STATES: Mapping[str, tuple[str, Words]] = {
    "open": ("gold", Words("办理中", "open")),
    "closed": ("green", Words("已办结", "closed")),
}
