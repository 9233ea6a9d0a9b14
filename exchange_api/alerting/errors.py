"""What can go wrong with alerts; each says its cause, the next step, and how it looks on the wire.

>>> WishRefused("mail").kind.name
'alert-wish-refused'
"""

from http import HTTPStatus
from typing import ClassVar, Literal

from exchange_api.errors import ExchangeApiError, Kind

_WORDS = {
    "mail": ("邮箱格式不正确。请核对后重填", "that is no mail address; check it"),
    "webhook": (
        "通知地址不可用：应为 https 地址，且其主机已由平台运维允许用于提醒",
        "the webhook must be an https address whose host the hub's operator allowed for alerts",
    ),
    "quiet": ("免打扰时段的起止须同时填写", "quiet hours need both a beginning and an end"),
}


class AlertingError(ExchangeApiError):
    """The root of this package's errors: raised only through its children."""


class WishRefused(AlertingError):
    """Raised when somebody wants to be told in a way that is not possible."""

    kind: ClassVar[Kind] = Kind(
        "alert-wish-refused", HTTPStatus.UNPROCESSABLE_ENTITY, "提醒设置不可用", "Alert setting refused"
    )

    def __init__(self, which: Literal["mail", "webhook", "quiet"]) -> None:
        super().__init__(*_WORDS[which])
