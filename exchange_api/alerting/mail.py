"""An alert as a mail, handed to the operator's relay: plain text, both languages, nothing of a row or a person in it.

    sent = MailDoor(relay, password).send("clerk@transport.example", mail_of(telling, relay, reference, now))

The relay is asked at most SECONDS; a certificate that its name does not fit is refused unless the operator chose no
encryption at all.
"""

import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from exchange_api.alerting.words import KINDS, Telling
from registries.alert_settings import Relay

SECONDS: Final = 10.0
_FOR_GOOD: Final = range(500, 600)


@dataclass(frozen=True)
class MailFault:
    """Why a mail was not taken: a code, what the relay said by number, and whether trying again may help."""

    fault: str
    status: int | None = None
    again: bool = True


def mail_of(telling: Telling, sender: str, receiver: str, reference: str, now: datetime) -> EmailMessage:
    """The mail; the same alert has the same Message-ID, so that a mailbox shows it once."""
    message = EmailMessage()
    message["Subject"] = f"【免证】{KINDS[telling.kind].name_zh} {KINDS[telling.kind].name_en}：{telling.dataset}"
    message["From"], message["To"] = sender, receiver
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<alert-{reference}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(
        f"{telling.zh}\n{telling.en}\n\n查看 Open: {telling.link}\n提醒设置 Settings: {telling.address}/alerts\n"
    )
    return message


@dataclass(frozen=True)
class MailDoor:
    """The way to the relay; `trust` makes what its certificate is judged by."""

    relay: Relay
    password: str | None = None
    trust: Callable[[], ssl.SSLContext] = ssl.create_default_context

    def send(self, receiver: str, message: EmailMessage) -> MailFault | None:
        """Hand a mail over; None where the relay took it."""
        try:
            with self._connected() as server:
                server.send_message(message, self.relay.sender, [receiver])
        except (OSError, smtplib.SMTPException) as error:
            return _fault_of(error)
        return None

    def _connected(self) -> smtplib.SMTP:
        relay = self.relay
        if relay.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(relay.host, relay.port, timeout=SECONDS, context=self.trust())
        else:
            server = smtplib.SMTP(relay.host, relay.port, timeout=SECONDS)
        try:
            if relay.security == "starttls":
                server.starttls(context=self.trust())
            if relay.login is not None:
                server.login(relay.login, self.password or "")
        except (OSError, smtplib.SMTPException):
            server.close()
            raise
        return server


def _fault_of(error: OSError | smtplib.SMTPException) -> MailFault:
    """A code, and the relay's number where it gave one; its words may quote an address."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            return _refused(next((told[0] for told in error.recipients.values()), _FOR_GOOD.start))
        case smtplib.SMTPAuthenticationError():
            return MailFault("sign_in", error.smtp_code)
        case smtplib.SMTPResponseException():
            return _refused(error.smtp_code)
        case ssl.SSLError():
            return MailFault("tls")
        case TimeoutError():
            return MailFault("timeout")
    return MailFault("unreachable")


def _refused(code: int) -> MailFault:
    return MailFault("refused", code, again=code not in _FOR_GOOD)
