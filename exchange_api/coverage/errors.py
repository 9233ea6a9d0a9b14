"""What can go wrong when a department declares what it has issued.

>>> DeclarationRefused("year", "年份", "the year").kind.name
'declaration-refused'
"""

from http import HTTPStatus
from typing import ClassVar

from exchange_api.errors import ExchangeApiError, Kind


class DeclarationRefused(ExchangeApiError):
    """Raised when a member of a declaration is missing or can't be as it is; `member` names it."""

    kind: ClassVar[Kind] = Kind(
        "declaration-refused", HTTPStatus.UNPROCESSABLE_ENTITY, "申报内容不合规", "Declaration refused"
    )

    def __init__(self, member: str, zh: str, en: str) -> None:
        super().__init__(f"请检查“{zh}”，更正后重新提交", f"check “{en}” and send it again", member=member)
        self.member = member
