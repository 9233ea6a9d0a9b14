"""How alerts leave the hub: the operator's HUB_HOME/alerts.json, read anew whenever it is asked for.

    {"address": "https://hub.example", "quiet": {"from": "18:00", "until": "08:30"},
     "mail": {"relay": "mail.example:587", "sender": "mianzheng@hub.example", "security": "starttls", "login": "hub"}}

A password stands in HUB_HOME/secrets/alert_mail_password. Without the file alerts are on the page alone.

    >>> AlertSettings(quiet=Quiet(dt.time(18), dt.time(8, 30))).quiet.holds(dt.time(7))
    True
"""

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from registries.errors import HomeError

FILE: Final = "alerts.json"
SECRET: Final = "alert_mail_password"  # noqa: S105 - the name of a file, not what stands in it
_LAST_PORT: Final = 65_535
_SECURITY: Final = ("none", "starttls", "tls")
Security = Literal["none", "starttls", "tls"]


@dataclass(frozen=True)
class Quiet:
    """From when until when nothing is sent, by the clock of China; over midnight where it ends before it begins."""

    since: dt.time
    until: dt.time

    def holds(self, moment: dt.time) -> bool:
        """Whether it is quiet then."""
        if self.since <= self.until:
            return self.since <= moment < self.until
        return moment >= self.since or moment < self.until


@dataclass(frozen=True)
class Relay:
    """The operator's mail server."""

    host: str
    port: int
    sender: str
    security: Security = "starttls"
    login: str | None = None


@dataclass(frozen=True)
class AlertSettings:
    """What the operator set.

    Attributes:
        address: where people open the hub; links begin with it.
        quiet: for everybody; none: somebody is always reached.
        working_days_only: whether days off are quiet, too.
    """

    address: str = ""
    quiet: Quiet | None = None
    working_days_only: bool = True
    relay: Relay | None = None


def alert_settings(home: Path) -> AlertSettings | None:
    """What stands in the file; None without one. HomeError if it is not as it should be."""
    try:
        told = json.loads((home / FILE).read_text("utf-8"))
        return _settings(told)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        raise HomeError(
            f"HUB_HOME/{FILE} 不可读或内容不合规。请按 registries/alert_settings.py 开头的样例更正",
            f"HUB_HOME/{FILE} can't be read or is not as it should be; see the example in registries/alert_settings.py",
        ) from None


def _settings(told: dict[str, Any]) -> AlertSettings:
    if set(told) - {"address", "quiet", "working_days_only", "mail"}:
        raise ValueError(FILE)
    quiet, mail = told.get("quiet"), told.get("mail")
    return AlertSettings(
        str(told.get("address", "")).rstrip("/"),
        None if quiet is None else Quiet(*(dt.time.fromisoformat(quiet[name]) for name in ("from", "until"))),
        bool(told.get("working_days_only", True)),
        None if mail is None else _relay(mail),
    )


def _relay(mail: dict[str, Any]) -> Relay:
    host, _, port = str(mail["relay"]).rpartition(":")
    security = mail.get("security", "starttls")
    if not host or not 0 < int(port) <= _LAST_PORT or security not in _SECURITY or "@" not in mail["sender"]:
        raise ValueError(FILE)
    return Relay(host, int(port), str(mail["sender"]), security, mail.get("login"))
