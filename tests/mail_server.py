"""A mail server for tests: a real one on loopback that answers as told, and keeps what it took.

with mail_server() as mail:
    mail.port
    mail.answers["away@x.example"] = "550 no such mailbox"
    mail.taken                      # messages, in order
"""

import contextlib
import dataclasses
import email
import email.policy
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller


@dataclasses.dataclass
class MailServer:
    """What was taken, and what is answered to whom."""

    answers: dict[str, str] = dataclasses.field(default_factory=dict)
    taken: list[EmailMessage] = dataclasses.field(default_factory=list)
    port: int = 0

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: ANN401, N802 - the library's
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: ANN401, N802 - the library's
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.taken.append(message)
        return "250 taken"


@contextlib.contextmanager
def mail_server() -> Iterator[MailServer]:
    mail = MailServer()
    controller = _OnAnyPort(mail, hostname="127.0.0.1", port=0)
    controller.start()
    try:
        mail.port = controller.server.sockets[0].getsockname()[1]
        yield mail
    finally:
        controller.stop()


class _OnAnyPort(Controller):
    """The library tries the port that it was given; here it is the one that the system gave."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()
