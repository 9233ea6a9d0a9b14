"""What can go wrong when people work on cases; each says its cause and the next step itself.

>>> NotNow.kind.name
'case-not-now'
"""

from http import HTTPStatus
from typing import ClassVar

from exchange_api.errors import ExchangeApiError, Kind


class CaseworkError(ExchangeApiError):
    """The root of what work on cases refuses: raised only through its children."""


class NotNow(CaseworkError):
    """Raised when an act is not this person's, or not possible as the case stands now."""

    kind: ClassVar[Kind | None] = Kind("case-not-now", HTTPStatus.CONFLICT, "当前不能这样办理", "Not possible now")

    def __init__(self) -> None:
        super().__init__(
            "该工单当前不能由您这样办理：可能已办结、已有人办理，或须由另一人审核。请刷新页面查看",
            "as the case stands this is not yours to do: it may be closed, or need another person; reload the page",
        )


class ActIncomplete(CaseworkError):
    """Raised when an act lacks its reason, its person or its words."""

    kind: ClassVar[Kind | None] = Kind(
        "case-act-incomplete", HTTPStatus.UNPROCESSABLE_ENTITY, "办理内容不完整", "Act not complete"
    )

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"请补充：{zh}", f"complete it: {en}")


class NothingToRaise(CaseworkError):
    """Raised when a case is to be raised about no row that the hub knows."""

    kind: ClassVar[Kind | None] = Kind(
        "case-nothing-to-raise", HTTPStatus.UNPROCESSABLE_ENTITY, "未找到对应数据", "No such rows"
    )

    def __init__(self) -> None:
        super().__init__(
            "没有找到所指的数据行。请核对数据资源、批次和行号后重新提出",
            "no such rows are known; compare dataset, batch and row numbers and raise it again",
        )
