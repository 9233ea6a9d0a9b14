"""To which hosts the hub may post by itself: the operator's list, with the addresses that each host is pinned to.

    HUB_HOME/webhooks.json: [{"host": "approval.example", "port": 443, "addresses": ["203.0.113.7"],
                              "clients": ["approval-1"], "authority": "-----BEGIN CERTIFICATE-----…"}]

Names are resolved once, when the operator allows a host, and never when something is posted: what a name server says
later changes nothing. Addresses of private networks are pinned only where the operator writes them down.

    >>> place = WebhookPlace.parse("https://approval.example/hub/events?x=1")
    >>> place.host, place.port, place.target
    ('approval.example', 443, '/hub/events?x=1')
"""

import ipaddress
import json
import re
import socket
import ssl
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, Self

from registries.errors import HomeError, RegistriesError

FILE: Final = "webhooks.json"
_LONGEST: Final = 1_024
_HTTPS: Final = 443
_LAST_PORT: Final = 65_535
# The last label begins with a letter, so that no writing of an address (127.0.0.1, 0x7f.1, 2130706433, [::1]) is a name
_NAME: Final = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(_NAME, re.ASCII)
_URL = re.compile(
    rf"https://(?P<host>{_NAME})(?::(?P<port>[1-9][0-9]{{0,4}}))?(?P<target>/[!$-;=?-\[\]_a-z~]*)", re.ASCII
)

Resolve = Callable[[str, int], Sequence[str]]
"""The addresses of a host and port."""


class NoWebhookPlace(RegistriesError):
    """Raised when an address is none to which events can be posted."""

    def __init__(self) -> None:
        super().__init__(
            "通知地址应为 https://主机名/路径：仅限主机名,不得为 IP 地址,不含账号、片段,长度不超过 1024",
            "a webhook is https://host/path: a host's name, no IP address, no user, no fragment, at most 1024 long",
        )


class HostNotPinned(RegistriesError):
    """Raised when a host can't be allowed as it is: no name, no address, or one that must be written down."""


@dataclass(frozen=True)
class WebhookPlace:
    """An address to which events are posted; `target` is its path with its query."""

    host: str
    port: int
    target: str

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read an address strictly; NoWebhookPlace for anything else."""
        found = _URL.fullmatch(url) if len(url) <= _LONGEST else None
        if found is None or int(found["port"] or _HTTPS) > _LAST_PORT:
            raise NoWebhookPlace
        return cls(found["host"], int(found["port"] or _HTTPS), found["target"])

    @property
    def authority(self) -> str:
        """Host and port, as lists and stores name it."""
        return f"{self.host}:{self.port}"

    @property
    def host_field(self) -> str:
        """The field Host of a request."""
        return self.host if self.port == _HTTPS else self.authority

    def url_at(self, address: str) -> str:
        """The same place at one of its pinned addresses."""
        literal = f"[{address}]" if ":" in address else address
        return f"https://{literal}:{self.port}{self.target}"


@dataclass(frozen=True)
class AllowedHost:
    """A host on the list.

    Attributes:
        addresses: the only ones that are connected to.
        clients: whose webhooks it may be; None: any client's.
        authority: PEM of the certificate authority, where the host's certificate is of a private one.
    """

    host: str
    port: int
    addresses: tuple[str, ...]
    clients: tuple[str, ...] | None = None
    authority: str | None = None

    @property
    def name(self) -> str:
        """Host and port."""
        return f"{self.host}:{self.port}"

    def is_for(self, client_id: str) -> bool:
        """Whether a client's webhooks may lead here."""
        return self.clients is None or client_id in self.clients


class WebhookHosts:
    """The operator's list, read anew whenever it is asked for: who is taken off it is posted nothing from then on."""

    def __init__(self, home: Path) -> None:
        self._file = home / FILE

    @property
    def exists(self) -> bool:
        """Whether an operator has allowed any."""
        return self._file.exists()

    def all(self) -> list[AllowedHost]:
        """Every allowed host. HomeError if the file can't be read."""
        if not self.exists:
            return []
        try:
            return [_host(one) for one in json.loads(self._file.read_text("utf-8"))]
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise _malformed() from error

    def of(self, place: WebhookPlace, client_id: str) -> AllowedHost | None:
        """The entry by which a client may be posted to there; None if there is none."""
        found = (one for one in self.all() if (one.host, one.port) == (place.host, place.port))
        return next((one for one in found if one.is_for(client_id)), None)

    def allow(self, host: AllowedHost) -> None:
        """Put a host on the list, instead of what was said of it before."""
        others = [one for one in self.all() if one.name != host.name]
        self._write([*others, host])

    def forbid(self, name: str) -> bool:
        """Take a host off the list, by host and port; False if it was not on it."""
        kept = [one for one in self.all() if one.name != name]
        found = len(kept) < len(self.all())
        if found:
            self._write(kept)
        return found

    def _write(self, hosts: Iterable[AllowedHost]) -> None:
        text = json.dumps([asdict(one) for one in hosts], ensure_ascii=False, indent=2)
        aside = self._file.with_suffix(".new")
        try:
            aside.write_text(text + "\n", "utf-8")
            aside.chmod(0o600)
            aside.replace(self._file)
        except OSError as error:
            raise _malformed() from error


def pinned(
    name: str,
    addresses: Sequence[str] = (),
    *,
    clients: Sequence[str] = (),
    authority: str | None = None,
    resolve: Resolve | None = None,
) -> AllowedHost:
    """An entry for a host, `name` or `name:port`, pinned to these addresses, or to those that it has now.

    Args:
        name: of the host.
        addresses: written down by the operator; they may be private, never link-local.
        clients: whose webhooks it may be; none named: any client's.
        authority: PEM of a private certificate authority.
        resolve: asks the name server; by default the system's.

    Raises:
        HostNotPinned: it is no host's name, has no address, or has one that must be written down to be meant.
    """
    host, _, port = name.partition(":")
    if _HOST.fullmatch(host) is None or not (port or "443").isdecimal() or not 0 < int(port or _HTTPS) <= _LAST_PORT:
        raise HostNotPinned("主机应写作 名称 或 名称:端口,不得为 IP 地址", "a host is name or name:port, no IP address")
    entry = AllowedHost(host, int(port or _HTTPS), (), tuple(clients) or None, _checked_authority(authority))
    if addresses:
        return replace(entry, addresses=tuple(_checked(one, written=True) for one in addresses))
    found = (resolve or _resolve)(entry.host, entry.port)
    if not found:
        raise HostNotPinned(
            f"主机 {host} 无法解析。请核对名称,或用 --address 写明地址",
            f"host {host} has no address; check its name, or write its address down with --address",
        )
    return replace(entry, addresses=tuple(_checked(one, written=False) for one in found))


def _checked(address: str, *, written: bool) -> str:
    """An address in its one form, if it may be posted to."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        raise HostNotPinned(f"{address} 不是 IP 地址", f"{address} is no IP address") from None
    real = getattr(found, "ipv4_mapped", None) or found
    if real.is_link_local or real.is_multicast or real.is_unspecified:
        raise HostNotPinned(f"地址 {found} 不可使用", f"address {found} can't be used")
    if not (written or real.is_global):
        raise HostNotPinned(
            f"主机解析到内部地址 {found}。如确为本意,请用 --address {found} 写明",
            f"the host resolves to the internal address {found}; if that is meant, write --address {found}",
        )
    return str(found)


def _checked_authority(pem: str | None) -> str | None:
    if pem is None:
        return None
    try:
        ssl.create_default_context(cadata=pem)
    except ssl.SSLError:
        raise HostNotPinned("证书颁发机构文件不是 PEM 证书", "the authority's file is no certificate in PEM") from None
    return pem


def _resolve(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def _host(told: object) -> AllowedHost:
    """An entry of the file, checked as `pinned` does: people write it by hand."""
    if not isinstance(told, dict):
        raise TypeError
    clients, authority = told.get("clients"), told.get("authority")
    if not isinstance(told["addresses"], list) or not told["addresses"] or not isinstance(clients, list | None):
        raise TypeError
    return pinned(
        f"{told['host']}:{told.get('port', _HTTPS)}",
        [str(one) for one in told["addresses"]],
        clients=[str(one) for one in clients or ()],
        authority=None if authority is None else str(authority),
    )


def _malformed() -> HomeError:
    return HomeError(
        f"HUB_HOME/{FILE} 不可读写。请用 mianzheng watches allow 维护",
        f"HUB_HOME/{FILE} can't be read or written; keep it with mianzheng watches allow",
    )
