"""What keeps the agent from taking a call; each is a status of `mapping.yaml`, told in the envelope.

raise NotTaken("missing", ["useCause"])
"""

from collections.abc import Sequence
from http import HTTPStatus

from exchange_api.errors import ExchangeApiError, Kind


class NotTaken(ExchangeApiError):
    """Raised when a call is not taken. `reason` is a key of the mapping's statuses, `names` the members at fault."""

    kind = Kind("agent-call-not-taken", HTTPStatus.BAD_REQUEST, "代理未受理", "The agent did not take the call")

    def __init__(self, reason: str, names: Sequence[str] = ()) -> None:
        self.reason = reason
        self.names = tuple(names)
        told = "、".join(names)
        super().__init__(
            f"代理未受理该调用（{reason}）：{told}。请对照接口映射改正后重发",
            f"the agent did not take the call ({reason}): {', '.join(names)}; compare with the mapping and send again",
        )


class QueueDamaged(ExchangeApiError):
    """Raised when a sealed question can't be opened: changed, cut, or sealed with another key."""

    kind = Kind("agent-queue-damaged", HTTPStatus.SERVICE_UNAVAILABLE, "代理队列受损", "The agent's queue is damaged")

    def __init__(self) -> None:
        super().__init__(
            "代理的一条排队记录无法打开。请核对代理文件夹的密钥，或移走该文件后以新的 requestId 再问",
            "a queued question can't be opened; compare the key of the agent's folder, or move the file away and ask "
            "again with another requestId",
        )
