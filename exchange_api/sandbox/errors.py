"""What a sandbox refuses that a hub has no word for.

>>> BadClientName.kind.name
'bad-client-name'
"""

from http import HTTPStatus

from exchange_api.errors import ExchangeApiError, Kind


class BadClientName(ExchangeApiError):
    """Raised when a client can't be called so."""

    kind = Kind("bad-client-name", HTTPStatus.UNPROCESSABLE_ENTITY, "客户端编号不合规", "Bad client name")

    def __init__(self) -> None:
        super().__init__(
            "客户端编号应为 1 至 64 个字母、数字或 . _ : -。请改正后重新登记",
            "a client's name has 1 to 64 letters, digits or . _ : -; mend it and register again",
        )


class SandboxFull(ExchangeApiError):
    """Raised when a sandbox knows as many clients as it can."""

    kind = Kind("sandbox-full", HTTPStatus.SERVICE_UNAVAILABLE, "沙箱客户端过多", "Sandbox full")

    def __init__(self) -> None:
        super().__init__("沙箱登记的客户端过多,请重启沙箱", "too many clients are registered; start the sandbox again")
