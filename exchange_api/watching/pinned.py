"""One signed post to an address that the operator allowed: to its pinned addresses only, and no further.

    outcome = await PinnedPost(clock).post("https://approval.example/hook", body, place, host, key)

No name is resolved, TLS is verified for the host's name, no redirect is followed, no proxy of the environment is used,
nothing is read of an answer but its status, and the whole takes no more than TOTAL_SECONDS.
"""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Final

import httpx

from certificates.jose import Key
from exchange_api.watching.messages import signed_post
from registries.store.watch_deliveries import Failed
from registries.webhook_hosts import AllowedHost, WebhookPlace

CONNECT_SECONDS: Final = 5.0
TOTAL_SECONDS: Final = 10.0
UNREACHABLE: Final = frozenset({"unreachable", "timeout", "tls"})


@dataclass
class PinnedPost:
    """Posts; what a host's certificate is judged by is made once for each authority."""

    clock: Callable[[], datetime]
    _trust: dict[str | None, ssl.SSLContext] = field(default_factory=dict)

    async def post(self, url: str, body: bytes, place: WebhookPlace, host: AllowedHost, key: Key) -> int | Failed:
        """To the first pinned address that can be connected to."""
        failed = Failed("unreachable")
        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                for address in host.addresses:
                    outcome = await self._post_to(address, url, body, place, host, key)
                    if not isinstance(outcome, Failed) or outcome.fault not in UNREACHABLE:
                        return outcome
                    failed = outcome
        except TimeoutError:
            return Failed("timeout")
        return failed

    async def _post_to(
        self, address: str, url: str, body: bytes, place: WebhookPlace, host: AllowedHost, key: Key
    ) -> int | Failed:
        signed = signed_post(url, body, key, self.clock())
        headers = {**signed, "Host": place.host_field, "User-Agent": "mianzheng"}
        limits = httpx.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS)
        named = {"sni_hostname": place.host}  # TLS asks for, and verifies, the name; the address is the pinned one
        try:
            async with (
                httpx.AsyncClient(
                    verify=self._trusted(host), trust_env=False, follow_redirects=False, timeout=limits
                ) as http,
                http.stream("POST", place.url_at(address), content=body, headers=headers, extensions=named) as answer,
            ):
                return _judged(answer.status_code)
        except httpx.TransportError as error:
            return Failed(_fault(error))

    def _trusted(self, host: AllowedHost) -> ssl.SSLContext:
        """By whose certificates a host may show who it is; made once for each authority, since that takes long."""
        if host.authority not in self._trust:
            self._trust[host.authority] = ssl.create_default_context(cadata=host.authority)
        return self._trust[host.authority]


def _judged(status: int) -> int | Failed:
    if httpx.codes.is_success(status):
        return status
    return Failed("gone" if status == HTTPStatus.GONE else "status", status)


def _fault(error: httpx.TransportError) -> str:
    """A code for what stood in the way; the library's own words may quote the address."""
    if isinstance(error, httpx.TimeoutException):
        return "timeout"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return "tls"
        cause = cause.__cause__ or cause.__context__
    return "unreachable"
