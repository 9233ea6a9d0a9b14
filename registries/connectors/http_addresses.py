"""Where an HTTP interface is, and what may be asked there: its own origin alone, with its own credentials.

    place = interface("https://tax.example/api", "/v1/permits", secret, "tax")
    place.same_origin("https://tax.example/api/v1/permits?after=7")

Defends against server-side request forgery: no redirect is followed, no proxy of the environment is used, links lead to
the same scheme, host and port or nowhere, and no request to another place could carry the token.
"""

import logging
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx

from registries.connectors.faults import AddressUnusable

logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs whole addresses, and cursors may hold numbers

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Interface:
    """One path of an interface.

    Attributes:
        url: without credentials.
        headers: token and what is accepted; answers are never compressed, so that their size is what is counted.
        basic: user and password, where the address holds them.
        trust: how the server's certificate is judged.
    """

    url: httpx.URL
    headers: Mapping[str, str]
    basic: tuple[str, str] | None
    trust: ssl.SSLContext | bool

    def same_origin(self, link: str) -> httpx.URL | None:
        """Where a link leads that the interface gave, relative to its url; None if that is another origin."""
        try:
            url = self.url.join(link)
        except (httpx.InvalidURL, ValueError):
            return None
        return url if _origin(url) == _origin(self.url) and not url.userinfo else None


def interface(address: str, path: str, secret: Callable[[str], str | None], source: str) -> Interface:
    """The interface at a path below its address.

    Args:
        address: http or https, from HUB_HOME/sources.json.
        path: from the contract; it can't leave the address's origin.
        secret: asked for `token` (bearer) and `ca` (PEM, where the server's certificate is of a private authority).
        source: what errors call it.

    Raises:
        AddressUnusable
    """
    try:
        url = httpx.URL(f"{address.rstrip('/')}/{path.lstrip('/')}")
        if url.scheme not in _PORTS or not url.host:
            raise AddressUnusable(source, "https://host/path")
        authority = secret("ca")
        trust = ssl.create_default_context(cadata=authority) if authority else True
    except (httpx.InvalidURL, ValueError, ssl.SSLError):
        raise AddressUnusable(source, "https://host/path") from None
    token = secret("token")
    headers = {"accept": "application/json", "accept-encoding": "identity", "user-agent": "mianzheng"}
    if token:
        headers["authorization"] = f"Bearer {token.strip()}"
    basic = (url.username, url.password) if url.userinfo and not token else None
    return Interface(url.copy_with(userinfo=b""), headers, basic, trust)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or _PORTS.get(url.scheme)
