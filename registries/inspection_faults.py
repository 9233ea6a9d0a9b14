"""What the inspector's desk refuses, with cause and next step.

>>> InspectionRefused("HB065").reason
'HB065'
"""

from collections.abc import Mapping
from typing import ClassVar

from registries.errors import StoreError


class InspectionRefused(StoreError):
    """Raised when an inspector, or who sees values, may not do what was asked; `reason` is a key of `REASONS`."""

    REASONS: ClassVar[Mapping[str, tuple[str, str]]] = {
        "reason": ("须写明理由。请写明依据，不写号码", "a reason is needed; say what it rests on, without numbers"),
        "subject": (
            "主体标识无法识别。请核对后重新填写",
            "the subject's key can't be read; compare it and enter it again",
        ),
        "HB061": (
            "须由在岗的监督检查人员办理。请以本人账号登录",
            "only an inspector in office may do this; sign in with that account",
        ),
        "HB062": ("没有这项停用，可能已恢复。请刷新列表", "nobody is stopped by that any more; reload the list"),
        "HB063": ("不能为本人恢复。请由另一名监督检查人员办理", "nobody lets himself in; another inspector has to"),
        "HB064": (
            "没有待核准的检索，可能已核准或已过期。请刷新列表",
            "no such search waits; it was decided on or has expired; reload the list",
        ),
        "HB065": (
            "申请人与核准人须为两人。请由另一名监督检查人员核准",
            "who asks may not approve; another inspector has to decide",
        ),
        "HB066": (
            "没有可查看的检索：须经核准，一日内由申请人查看一次。请重新申请",
            "no look is open: it needs an approval, and the asker has one look within a day of it; ask again",
        ),
        "HB067": (
            "本时段的查看次数已用完。请稍后再办，确有需要的由平台管理员调整限额",
            "the budget of this hour or day is spent; try later, or have the hub's operator raise it",
        ),
    }

    def __init__(self, reason: str) -> None:
        super().__init__(*self.REASONS[reason], sqlstate=reason)
        self.reason = reason
