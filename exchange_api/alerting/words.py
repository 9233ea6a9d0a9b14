"""What an alert says, in both languages: what happened, how often, in which dataset, and where to look.

>>> told = Telling("red", "交通运输局", "驾驶员证", "transport.driver_permits", 2, "17/2026-03-19", "https://hub.example")
>>> told.zh
'2 件工单已逾期（红牌）：交通运输局“驾驶员证”'
>>> told.link
'https://hub.example/publisher/cases/17'
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from registries.store.alerts import AlertKind


class KindWords(NamedTuple):
    """A kind's name, what happened so many times (`{n}`), and the page below which the thing stands."""

    name_zh: str
    name_en: str
    zh: str
    en: str
    place: str


KINDS: Final[Mapping[AlertKind, KindWords]] = {
    "held": KindWords(
        "批次挂起",
        "Batch held",
        "{n} 个批次被挂起，等待数据管家处理",
        "{n} held for a steward to decide",
        "/publisher/batches/",
    ),
    "refused": KindWords(
        "有行被退回", "Rows refused", "{n} 个批次有行被退回，请改正后重新报送", "{n} with refused rows to mend",
        "/publisher/batches/",
    ),
    "case_opened": KindWords("新工单", "New case", "{n} 件新工单", "{n} new case(s)", "/publisher/cases/"),
    "yellow": KindWords(
        "即将到期",
        "Due soon",
        "{n} 件工单即将到期（黄牌）",
        "{n} case(s) due within two working days",
        "/publisher/cases/",
    ),
    "red": KindWords("已逾期", "Overdue", "{n} 件工单已逾期（红牌）", "{n} case(s) overdue", "/publisher/cases/"),
    "overdue": KindWords(
        "部门逾期",
        "A department is overdue",
        "{n} 件工单逾期未办",
        "{n} case(s) not dealt with in time",
        "/steward/cases/",
    ),
    "drift": KindWords(
        "数据漂移", "Drift", "{n} 个批次与历史明显不同", "{n} unlike the dataset's own history", "/publisher/batches/"
    ),
    "late": KindWords("逾期未报", "Late", "数据未按时报送", "not delivered in time", "/steward/cases/"),
    "escalated": KindWords(
        "升级督办", "Escalated", "{n} 件工单升级督办", "{n} case(s) escalated", "/steward/cases/"
    ),
}  # fmt: skip
CHANNELS: Final = {"mail": ("邮件", "mail"), "webhook": ("系统通知", "webhook")}
FAULTS: Final[Mapping[str, tuple[str, str]]] = {
    "unreachable": ("无法连接，请检查对方服务与地址", "no connection: look at the service and its address"),
    "timeout": ("响应超时，请检查对方服务", "no answer in time: look at the service"),
    "tls": ("证书不被信任，请更新证书", "certificate not trusted: renew it"),
    "status": ("对方未受理，请检查对方日志", "not accepted: look at the other side's log"),
    "gone": ("对方声明地址已停用，请更新地址", "the address is no longer in use: give another one"),
    "refused": ("邮件服务器拒收，请核对收件地址", "the mail server refused it: check the address"),
    "no_relay": ("未配置邮件服务器，请联系平台运维", "no mail server is set up: ask the hub's operator"),
    "not_allowed": ("主机不在允许列表，请联系平台运维", "the host is not allowed: ask the hub's operator"),
    "sign_in": (
        "邮件服务器不接受平台的账号，请联系平台运维",
        "the mail server refuses the hub's sign-in: ask the operator",
    ),
}


@dataclass(frozen=True)
class Telling:
    """One alert as it is told; `address` is where people open the hub."""

    kind: AlertKind
    department: str
    title: str
    dataset: str
    count: int
    reference: str
    address: str = ""

    @property
    def zh(self) -> str:
        """In Chinese."""
        return f"{KINDS[self.kind].zh.format(n=self.count)}：{self.department}“{self.title}”"

    @property
    def en(self) -> str:
        """In English."""
        return f"{self.dataset}: {KINDS[self.kind].en.format(n=self.count)}"

    @property
    def link(self) -> str:
        """Where to look: at the latest of them."""
        return f"{self.address}{KINDS[self.kind].place}{self.reference.partition('/')[0]}"
