"""What can go wrong around watches, and how it looks on the wire."""

from http import HTTPStatus
from typing import ClassVar

from exchange_api.errors import ExchangeApiError, Kind


class NotASignedReading(ExchangeApiError):
    """Raised when a request for watches or their feed comes without one signed request in its header."""

    kind: ClassVar[Kind | None] = Kind(
        "not-a-signed-reading", HTTPStatus.BAD_REQUEST, "缺少签名请求", "Signed request missing"
    )

    def __init__(self) -> None:
        super().__init__(
            "缺少签名请求:请在唯一的 Hub-Request 头中给出类型为 hub-req+jwt 的紧凑格式 JWS,其中没有 question,"
            "url 为含参数的完整地址",
            "the signed request is missing: give one header Hub-Request, a compact JWS of type hub-req+jwt without "
            "question, whose url is the whole address with its query",
        )


class ClientRests(ExchangeApiError):
    """Raised when a known client is suspended."""

    kind: ClassVar[Kind | None] = Kind("client-rests", HTTPStatus.FORBIDDEN, "客户端已停用", "Client suspended")

    def __init__(self) -> None:
        super().__init__(
            "该客户端已停用,不能读取订阅。请联系本部门管理员",
            "this client is suspended and can't read its watches; ask your department's administrator",
        )


class NoSuchWatch(ExchangeApiError):
    """Raised when a client has no watch of that name; one of another client does not exist for it."""

    kind: ClassVar[Kind | None] = Kind("no-such-watch", HTTPStatus.NOT_FOUND, "没有该订阅", "No such watch")

    def __init__(self) -> None:
        super().__init__(
            "没有这个订阅。请用 GET /v1/watches 查看现有订阅",
            "there is no such watch; GET /v1/watches lists those there are",
        )
