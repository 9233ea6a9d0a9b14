"""What can go wrong in completing paper-era certificates; causes and next steps, never what was typed."""

from http import HTTPStatus
from typing import ClassVar

from exchange_api.errors import ExchangeApiError, Kind

_MEMBERS = {
    "certificate_number": ("证照编号", "the certificate's number"),
    "holder_name": ("姓名或名称", "the holder's name"),
    "holder_code_type": ("证件类型", "the type of the holder's number"),
    "holder_code": ("证件号码", "the holder's number"),
    "refusal": ("不予确认的理由", "the reason of the refusal"),
}


class CompletingError(ExchangeApiError):
    """The root: raised only through its children."""


class TypedRefused(CompletingError):
    """Raised when what was typed is missing, too long, or can't be right by its own check character."""

    kind: ClassVar[Kind | None] = Kind(
        "completion-typed-wrong", HTTPStatus.UNPROCESSABLE_ENTITY, "录入有误", "Typed wrongly"
    )

    def __init__(self, member: str) -> None:
        zh, en = _MEMBERS[member]
        super().__init__(
            f"请检查“{zh}”：不能为空或过长，号码须通过校验位检查。对照证件原件重新录入",
            f"check {en}: it must not be empty or too long, and numbers must pass their check; type it from the paper",
        )


class NotYours(CompletingError):
    """Raised when no grant lets the department verify certificates of the type."""

    kind: ClassVar[Kind | None] = Kind("completion-not-granted", HTTPStatus.FORBIDDEN, "未获授权", "Not allowed")

    def __init__(self) -> None:
        super().__init__(
            "本部门没有核验此类证照的授权，不能补全。请由部门管理员申请授权",
            "the department has no grant to verify such certificates, and so can't complete them; apply for one",
        )


class NothingToComplete(CompletingError):
    """Raised when there is no paper-era certificate of this number that lacks this holder's number."""

    kind: ClassVar[Kind | None] = Kind(
        "nothing-to-complete", HTTPStatus.NOT_FOUND, "没有可补全的证照", "Nothing to complete"
    )

    def __init__(self) -> None:
        super().__init__(
            "没有该编号、该持证主体且缺少证件号码的存量证照。请对照证件核对编号和姓名；已有号码而有误的，请提出异议",
            "there is no paper-era certificate of this number and holder that lacks the holder's number; compare them "
            "with the paper, and dispute a number that is wrong",
        )


class UnderWay(CompletingError):
    """Raised when the certificate is being completed, or was."""

    kind: ClassVar[Kind | None] = Kind("completion-under-way", HTTPStatus.CONFLICT, "已在补全", "Under way already")

    def __init__(self) -> None:
        super().__init__(
            "该证照已有补全申请在办理或已补全。请在列表中查看进度，不必重复提交",
            "this certificate is being completed, or has been; look at the list, and do not file it again",
        )


class SamePerson(CompletingError):
    """Raised when one person would take two of the three steps."""

    kind: ClassVar[Kind | None] = Kind(
        "completion-same-person", HTTPStatus.FORBIDDEN, "须由他人办理", "Somebody else has to"
    )

    def __init__(self) -> None:
        super().__init__(
            "录入、复核、确认须由不同的人办理。请交由另一位人员办理",
            "filing, typing again and confirming are for different people; let somebody else take this step",
        )


class DiffersFromFirst(CompletingError):
    """Raised when the second person typed something else; after the third time the completion is refused."""

    kind: ClassVar[Kind | None] = Kind("completion-differs", HTTPStatus.CONFLICT, "两次录入不一致", "Typed differently")

    def __init__(self, *, last: bool) -> None:
        if last:
            zh, en = (
                "两次录入三次不一致，申请已终止。请核对证件后重新提交",
                "it is refused; file it anew from the paper",
            )
        else:
            zh, en = "与首次录入不一致。请对照扫描件逐字核对后重新录入", "compare with the scan, and type it again"
        super().__init__(zh, f"what was typed differs from the first person's; {en}")


class CompletionGone(CompletingError):
    """Raised when the step can't be taken any more: somebody took it, or it was refused or withdrawn."""

    kind: ClassVar[Kind | None] = Kind("completion-moved-on", HTTPStatus.CONFLICT, "状态已变化", "It has moved on")

    def __init__(self) -> None:
        super().__init__(
            "该申请的状态已变化，不能再办理这一步。请刷新列表查看",
            "it has moved on, and this step can't be taken any more; reload the list",
        )
