"""How acts, steps and endings of cases are called on pages.

>>> STEPS["stopped"].zh
'停表'
"""

from collections.abc import Mapping

from exchange_api.pages.views.frame import Words

STEPS: Mapping[str, Words] = {
    "opened": Words("立案", "opened"),
    "rows_added": Words("新增问题行", "rows added"),
    "rows_mended": Words("部分改正", "rows mended"),
    "assigned": Words("指派", "assigned"),
    "stopped": Words("停表", "clock stopped"),
    "resumed": Words("恢复计时", "clock resumed"),
    "escalated": Words("升级督办", "escalated"),
    "reminded": Words("发出催办函", "reminder sent"),
    "evidence": Words("提交佐证", "evidence added"),
    "answered": Words("答复：数据无误", "answered: the data is right"),
    "asked_beyond_mending": Words("申请：无法改正", "asked: beyond mending"),
    "approved": Words("同意", "approved"),
    "refused": Words("不同意", "refused"),
    "closed": Words("办结", "closed"),
    "reopened": Words("复发重开", "reopened by relapse"),
}
ENDINGS: Mapping[str, Words] = {
    "mended": Words("已改正", "mended"),
    "found_right": Words("核实无误", "found right"),
    "beyond_mending": Words("无法改正（公开计数）", "beyond mending, openly counted"),
    "withdrawn": Words("已撤回", "withdrawn"),
}
CARDS: Mapping[str, tuple[str, Words, str]] = {
    "yellow": ("gold", Words("黄牌", "yellow card"), "clock"),
    "red": ("red", Words("红牌", "red card"), "warn"),
}
ACTS: Mapping[str, tuple[Words, Words]] = {
    "assign": (Words("指派", "Assign"), Words("指派给本部门的一个账号", "To an account of the department")),
    "stop": (
        Words("停表", "Stop the clock"),
        Words("停表期间不计入办理期限，理由须从列表中选择", "The time does not count; choose a reason"),
    ),
    "resume": (
        Words("恢复计时", "Resume the clock"),
        Words("期限按停表的工作日顺延", "The last day moves by the working days that it stood"),
    ),
    "remind": (
        Words("催办", "Remind"),
        Words("登记一次催办并打印催办函", "Counts a reminder and prints the letter"),
    ),
    "evidence": (
        Words("提交佐证", "Add evidence"),
        Words("PDF、OFD、JPEG、PNG，加密保存", "PDF, OFD, JPEG or PNG; sealed"),
    ),
    "answer": (
        Words("答复：数据无误", "Answer: the data is right"),
        Words("须由数据管家（另一人）同意后办结", "A steward, another person, has to approve"),
    ),
    "ask_beyond_mending": (
        Words("申请：无法改正", "Ask: beyond mending"),
        Words(
            "须本部门另一人和数据管家都同意；此后按可信等级 D 提供，不计入得分，公开计数",
            "Another person of the department and a steward have to approve; then it is served at trust level D",
        ),
    ),
    "approve": (Words("同意", "Approve"), Words("提出人不能自己同意", "Nobody approves what he proposed")),
    "refuse": (Words("不同意", "Refuse"), Words("退回改正", "The rows have to be mended")),
    "withdraw": (Words("撤回", "Withdraw"), Words("由提出人撤回", "By who raised it")),
}
