"""What can go wrong with applications and grants; each says its code and status itself.

>>> AlreadyAsked.kind.name
'already-asked'
"""

from http import HTTPStatus
from typing import ClassVar

from exchange_api.errors import ExchangeApiError, Kind


class SharingError(ExchangeApiError):
    """The root of what applications and grants refuse."""


class NotShared(SharingError):
    """Raised when something is asked for that is not shared, or not collected."""

    kind: ClassVar[Kind] = Kind("not-shared", HTTPStatus.CONFLICT, "不予共享", "Not shared")

    def __init__(self, legal_basis: str = "") -> None:
        zh, en = (f"（依据:{legal_basis}）", f" ({legal_basis})") if legal_basis else ("", "")
        super().__init__(
            f"该数据不予共享或尚未归集{zh}。请在目录中另选数据资源,或与提供部门协商",
            f"it is not shared, or not collected{en}; choose something else in the catalogue or talk to its provider",
        )


class MalformedApplication(SharingError):
    """Raised when a member of an application is missing or can't be as it is; `member` names it."""

    kind: ClassVar[Kind] = Kind(
        "malformed-application", HTTPStatus.UNPROCESSABLE_ENTITY, "申请内容不合规", "Malformed application"
    )

    def __init__(self, member: str, zh: str, en: str) -> None:
        super().__init__(f"请检查“{zh}”,填写完整且符合目录后重新提交", f"check “{en}” and send it again", member=member)
        self.member = member


class WrongStep(SharingError):
    """Raised when a step is not possible as the application or grant stands."""

    kind: ClassVar[Kind] = Kind("wrong-step", HTTPStatus.CONFLICT, "当前状态不能办理", "Not possible now")

    def __init__(self) -> None:
        super().__init__(
            "它的状态已经变化,不能再这样办理。请刷新页面,按当前状态办理",
            "its state has changed, and this can't be done any more; reload the page and see what can",
        )


class AlreadyAsked(SharingError):
    """Raised when a provider asks a second time for material, or for more time: the decree allows each once."""

    kind: ClassVar[Kind] = Kind("already-asked", HTTPStatus.CONFLICT, "只能一次", "Once only")

    def __init__(self) -> None:
        super().__init__(
            "补正材料和延长答复期限各只能提出一次。请据现有材料作出决定",
            "missing material and more time can be asked for once each; decide on what there is",
        )


class ConsentMissing(SharingError):
    """Raised when nobody says by which decision the head of the unit agreed, or reasons are missing."""

    kind: ClassVar[Kind] = Kind("consent-missing", HTTPStatus.UNPROCESSABLE_ENTITY, "缺少意见", "Consent missing")

    def __init__(self) -> None:
        super().__init__(
            "请写明本单位负责人同意的依据(职务、日期或文号),或作出决定的理由",
            "say by which decision the head of the unit agreed (office, day or number), or give the reasons",
        )


class TooLongAsked(SharingError):
    """Raised when more than ten working days are asked for."""

    kind: ClassVar[Kind] = Kind("too-long-asked", HTTPStatus.UNPROCESSABLE_ENTITY, "延长过多", "Too long")

    def __init__(self, most: int) -> None:
        super().__init__(
            f"延长答复最多 {most} 个工作日,请改正天数",
            f"at most {most} working days more can be asked for; mend the number",
        )


class ConsultFirst(SharingError):
    """Raised when a provider ends a grant that is not misused, without having asked its user and filed it."""

    kind: ClassVar[Kind] = Kind("consult-first", HTTPStatus.CONFLICT, "应先协商备案", "Consult first")

    def __init__(self) -> None:
        super().__init__(
            "提供部门不得擅自停止共享。请先告知使用部门并协商,由数据主管部门备案,到期后再停止",
            "a provider may not stop by itself; announce it, hear who uses it, let the authority file it, then stop",
        )


class NoLongerThanBefore(SharingError):
    """Raised when a grant shall be extended to a day that is not later than its last one."""

    kind: ClassVar[Kind] = Kind("not-later", HTTPStatus.UNPROCESSABLE_ENTITY, "日期不晚", "Not later")

    def __init__(self) -> None:
        super().__init__(
            "新的截止日期应晚于原截止日期,请改正", "the new last day must be later than the present one; mend it"
        )
