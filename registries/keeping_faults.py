"""What can go wrong when data expire, are erased, or are told to the person they are about.

>>> ErasureRefused([KeptBecause("case", "market_regulation.shops", "工单 7 未办结", "case 7 is open")]).reasons[0].what
'case'
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from registries.errors import RegistriesError


class KeepingBusy(RegistriesError):
    """Raised when another process is just expiring or erasing."""

    def __init__(self) -> None:
        super().__init__(
            "另一个进程正在清理或删除数据,请等它结束后再试",
            "another process is expiring or erasing data; wait until it has ended, then try again",
        )


@dataclass(frozen=True)
class KeptBecause:
    """Why something about a subject stays: the kind of reason, which dataset, in words."""

    what: Literal["case", "law", "shared", "mention", "named", "unfinished", "reason", "nothing"]
    dataset: str
    zh: str
    en: str


class ErasureRefused(RegistriesError):
    """Raised when a subject's data can't be erased as asked; `reasons` say all that stands against it."""

    def __init__(self, reasons: Sequence[KeptBecause]) -> None:
        told_zh = "; ".join(dict.fromkeys(reason.zh for reason in reasons))
        told_en = "; ".join(dict.fromkeys(reason.en for reason in reasons))
        super().__init__(
            f"未删除任何数据: {told_zh}。请先处理这些事项, 或向本人书面说明理由",
            f"nothing was erased: {told_en}; see to these first, or tell the person why",
        )
        self.reasons = tuple(reasons)


class UnknownSubject(RegistriesError):
    """Raised when a subject's key has no form that its register's keys have."""

    def __init__(self) -> None:
        super().__init__(
            "号码不合该基础库主体标识的形式,请核对后重新填写",
            "this is no key of a subject of that register; compare it and enter it again",
        )
