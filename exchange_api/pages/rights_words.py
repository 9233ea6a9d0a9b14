"""How states, acts, steps and cards of applications and grants are called, in both languages."""

from collections.abc import Mapping
from typing import Final

from exchange_api.pages.views.frame import Words
from exchange_api.pages.views.rights import StateTag

ACTS: Final[Mapping[str, Words]] = {
    "verification": Words("核验", "Verification"),
    "matching": Words("比对", "Matching"),
    "query": Words("查询", "Query"),
    "retrieval": Words("调阅", "Retrieval"),
}
STATES: Final[Mapping[str, StateTag]] = {
    "draft": StateTag("", Words("草稿", "draft"), "mend"),
    "pending": StateTag("blue", Words("待答复", "pending"), "clock"),
    "supplementing": StateTag("gold", Words("待补正", "incomplete"), "warn"),
    "granted": StateTag("green", Words("已授权", "granted"), "check"),
    "refused": StateTag("red", Words("未同意", "refused"), "cross"),
    "withdrawn": StateTag("", Words("已撤回", "withdrawn"), "stop"),
}
HOLDS: Final = StateTag("green", Words("有效", "in force"), "check")
RESTS: Final = StateTag("gold", Words("暂停", "suspended"), "pause")
ENDED: Final = StateTag("red", Words("已终止", "ended"), "stop")
OVER: Final = StateTag("", Words("已到期", "over"), "clock")
NOT_YET: Final = StateTag("blue", Words("未到起始日", "not yet"), "clock")

STEPS: Final[Mapping[str, Words]] = {
    "drafted": Words("起草", "drafted"),
    "changed": Words("修改", "changed"),
    "submitted": Words("本单位同意并提交", "submitted with its head's consent"),
    "supplement_asked": Words("一次性告知补正", "what is missing was said, once"),
    "supplemented": Words("补正", "what was missing was given"),
    "longer_asked": Words("申请延长答复期限", "more time was asked for"),
    "longer_allowed": Words("同意延长", "more time was allowed"),
    "longer_denied": Words("不同意延长", "more time was denied"),
    "granted": Words("同意授权", "granted"),
    "refused": Words("不同意并说明理由", "refused with reasons"),
    "withdrawn": Words("撤回", "withdrawn"),
    "provided": Words("已提供数据", "data provided"),
    "grant_suspended": Words("暂停", "suspended"),
    "grant_resumed": Words("恢复", "resumed"),
    "grant_ended": Words("终止", "ended"),
    "grant_extended": Words("延长有效期", "extended"),
    "stop_announced": Words("告知拟停止共享", "a stop was announced"),
    "stop_agreed": Words("使用部门同意停止", "its user agreed to the stop"),
    "stop_objected": Words("使用部门不同意停止", "its user objected to the stop"),
    "stop_filed": Words("数据主管部门备案", "filed by the authority"),
    "stop_dropped": Words("撤销停止告知", "the notice was taken back"),
}
NOTICES: Final[Mapping[str, Words]] = {
    "asking": Words("征求使用部门意见", "its user is being asked"),
    "agreed": Words("使用部门同意，待备案", "agreed, to be filed"),
    "objected": Words("使用部门不同意，待主管部门处理", "objected, with the authority"),
    "filed": Words("已备案", "filed"),
    "dropped": Words("已撤销", "taken back"),
}
TOLD: Final[Mapping[str, Words]] = {
    "consent": Words("同意依据", "consent"),
    "reason": Words("理由", "reason"),
    "due_on": Words("答复期限", "answer due"),
    "wanting": Words("需补正", "missing"),
    "supplement": Words("补正内容", "given"),
    "days": Words("工作日", "working days"),
    "grants": Words("授权", "grants"),
    "provide_by": Words("提供期限", "provide by"),
    "until": Words("新截止日期", "until"),
    "before": Words("原截止日期", "before"),
    "stop_on": Words("拟停止日期", "stop on"),
    "answer": Words("意见", "answer"),
}
CARDS: Final[Mapping[str, Words]] = {
    "answer": Words("答复共享申请", "answer an application"),
    "provide": Words("提供已同意共享的数据", "provide what was granted"),
    "grant_ends": Words("授权即将到期", "a grant ends"),
    "stop_notice": Words("答复停止共享的告知", "answer a notice of stopping"),
    "case": Words("办结工单", "settle a case"),
}
COLOURS: Final[Mapping[str, tuple[str, str, Words]]] = {
    "yellow": ("gold", "warn", Words("黄牌", "yellow")),
    "red": ("red", "stop", Words("红牌", "red")),
}
SIDES: Final[Mapping[str, Words]] = {
    "own": Words("本部门申请的", "Ours"),
    "asked": Words("向本部门申请的", "Asked of us"),
    "all": Words("全部", "All"),
}
GRANT_SIDES: Final[Mapping[str, Words]] = {
    "own": Words("本部门使用的", "We use"),
    "asked": Words("本部门提供的", "We provide"),
    "all": Words("全部", "All"),
}
