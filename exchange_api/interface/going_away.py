"""Addresses that will end say so in every answer: Deprecation (RFC 9745), Sunset (RFC 8594) and a Link to what follows.

    app.add_middleware(GoingAway, table=load_going_away())

Which ones is data (`going_away.yaml`); the description marks their operations as deprecated. An address answers as it
always did until the day of its sunset, which is at least half a year after its deprecation.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_FILE: Final = Path(__file__).with_name("going_away.yaml")


@dataclass(frozen=True)
class Ending:
    """One address that will end.

    Attributes:
        path: as in the description, `{…}` standing for one segment.
        deprecated: when that was said.
        sunset: from when on it may be gone.
        successor: what to use instead.
    """

    path: str
    deprecated: datetime
    sunset: datetime
    successor: str

    def matches(self, path: str) -> bool:
        """Whether an address is this one."""
        parts = (re.escape(part) if part[:1] != "{" else "[^/]+" for part in self.path.split("/"))
        return re.fullmatch("/".join(parts), path) is not None

    def headers(self) -> dict[str, str]:
        """What answers say.

        >>> from datetime import UTC, datetime
        >>> at = datetime(2026, 1, 1, tzinfo=UTC)
        >>> Ending("/v1/a", at, at, "/v2/a").headers()["Deprecation"]
        '@1767225600'
        """
        return {
            "Deprecation": f"@{int(self.deprecated.timestamp())}",
            "Sunset": format_datetime(self.sunset, usegmt=True),
            "Link": f'<{self.successor}>; rel="successor-version", </v1/docs>; rel="deprecation"; type="text/html"',
        }


class GoingAway:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, *, table: Sequence[Ending]) -> None:
        self._app = app
        self._table = tuple(table)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, with what has to be said."""
        found = next((one for one in self._table if scope["type"] == "http" and one.matches(scope["path"])), None)
        if found is None:
            await self._app(scope, receive, send)
            return

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(found.headers())
            await send(message)

        await self._app(scope, receive, telling)


@cache
def load_going_away() -> tuple[Ending, ...]:
    """What ends, as the file says."""
    rows: list[Mapping[str, Any]] = yaml.safe_load(_FILE.read_text(encoding="utf-8")) or []
    return tuple(read_ending(row) for row in rows)


def read_ending(row: Mapping[str, Any]) -> Ending:
    """One row of the file; its days begin at midnight, UTC."""
    days = [datetime.combine(row[name], datetime.min.time(), UTC) for name in ("deprecated", "sunset")]
    return Ending(str(row["path"]), days[0], days[1], str(row["successor"]))
