"""What can go wrong at the counter: a code that says nothing, a spreadsheet without numbers, a link that came twice.

>>> CodeNotRead().kind.name
'code-not-read'
"""

from http import HTTPStatus
from typing import ClassVar

from exchange_api.errors import ExchangeApiError, Kind


class CounterError(ExchangeApiError):
    """The root of this package's errors: raised only through its children."""


class CodeNotRead(CounterError):
    """Raised when a picture holds no code, or a text is none that names a certificate."""

    kind: ClassVar[Kind | None] = Kind(
        "code-not-read", HTTPStatus.UNPROCESSABLE_ENTITY, "没有读到编号", "No number was read"
    )

    def __init__(self) -> None:
        super().__init__(
            "没有读到证照编号、电子证照标识或本平台回执的离线码。请对准后重扫,或直接键入证照编号",
            "no certificate number, identifier or offline code of a receipt was read; scan again, or type the number",
        )


class CodeNotGenuine(CounterError):
    """Raised when what was scanned looks like a receipt or credential of this hub, and is none."""

    kind: ClassVar[Kind | None] = Kind(
        "code-not-genuine", HTTPStatus.UNPROCESSABLE_ENTITY, "不是本平台出具", "Not made by this hub"
    )

    def __init__(self) -> None:
        super().__init__(
            "所扫内容不是本平台出具的回执或核验件,或已被改动,未采用其中任何内容。请键入证照编号重新核验",
            "what was scanned is no receipt or credential of this hub, or was changed; nothing of it was taken over; "
            "type the certificate's number and verify it",
        )


class SheetNotRead(CounterError):
    """Raised when a file of numbers can't be worked on: what is wrong with it, and how to mend that."""

    kind: ClassVar[Kind | None] = Kind(
        "sheet-not-read", HTTPStatus.UNPROCESSABLE_ENTITY, "表格无法核验", "Spreadsheet can't be used"
    )


class LinkRefused(CounterError):
    """Raised when a link is not signed by a registered system, is for another hub, or has expired."""

    kind: ClassVar[Kind | None] = Kind("link-refused", HTTPStatus.FORBIDDEN, "链接无效", "Link refused")

    def __init__(self) -> None:
        super().__init__(
            "链接不是由已登记的业务系统为本平台签发,或已过期。请回到业务系统重新点击,或在本页直接填写",
            "the link was not signed for this hub by a registered system, or has expired; go back and follow it again, "
            "or fill in the form here",
        )


class LinkUsed(CounterError):
    """Raised when a link is followed a second time."""

    kind: ClassVar[Kind | None] = Kind("link-used", HTTPStatus.CONFLICT, "链接已使用", "Link used before")

    def __init__(self) -> None:
        super().__init__(
            "该链接只能使用一次,已经用过。请回到业务系统重新点击",
            "the link works once, and was used before; go back to the system that gave it and follow it again",
        )


class PanelNotAllowed(CounterError):
    """Raised when a page that may not frame the panel asks for it."""

    kind: ClassVar[Kind | None] = Kind("panel-not-allowed", HTTPStatus.FORBIDDEN, "不允许嵌入", "May not be framed")

    def __init__(self) -> None:
        super().__init__(
            "该系统的网址未列入允许嵌入的名单(HUB_PANEL_ORIGINS)。请联系平台管理员添加后再试",
            "this system's origin is not among those that may frame the panel (HUB_PANEL_ORIGINS); ask the operator "
            "to add it",
        )
