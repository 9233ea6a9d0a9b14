"""Identity providers of the government's own, at which people sign in instead of here, and how they are asked.

    HUB_HOME/identity_providers.json
    [{"id": "gov", "name_zh": "统一身份认证", "name_en": "Single sign-on", "issuer": "https://id.example",
      "client_id": "mianzheng", "second_factor": true}]

The secret that the hub has with one stands in `HUB_HOME/secrets/oidc_<id>.client_secret`. Addresses come from this file
and from what the issuer publishes below its own; nothing that a visitor sends is ever fetched. No redirect is followed,
no proxy of the environment is used, answers are bounded, and only loopback may do without TLS.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from exchange_api.people.errors import ProviderDown
from registries.errors import HomeError
from registries.home import HubHome

FILE = "identity_providers.json"
ALGORITHMS: Final = ("ES256", "ES384", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512", "EdDSA", "Ed25519")
"""What an ID token may be signed with; whatever else a provider announces is passed over: `none` and shared secrets."""
MOST_BYTES = 256 * 1024
SECONDS = 5.0
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_ID = re.compile(r"[a-z0-9_]{1,32}")
_TEXTS = ("id", "name_zh", "name_en", "issuer", "client_id")


@dataclass(frozen=True)
class Provider:
    """One provider, as the operator describes it.

    Attributes:
        second_factor: whether the provider itself asks for one, so that the hub doesn't.
        secret: what the hub shows the provider; empty: nothing but PKCE (a public client).
    """

    id: str
    name_zh: str
    name_en: str
    issuer: str
    client_id: str
    second_factor: bool
    secret: str


def configured(home: HubHome) -> tuple[Provider, ...]:
    """The providers of a hub; none without the file.

    Raises:
        registries.errors.HomeError: the file can't be read as what it should be.
    """
    file = home.path / FILE
    if not file.exists():
        return ()
    try:
        listed = json.loads(file.read_bytes())
        return tuple(_provider(home, one) for one in listed)
    except (ValueError, TypeError, KeyError, OSError) as error:
        raise HomeError(
            f"{FILE} 内容不合规。请按 exchange_api/people/providers.py 的样例改正。",
            f"{FILE} is not as it should be. Mend it after the example in exchange_api/people/providers.py.",
        ) from error


def _provider(home: HubHome, one: Mapping[str, Any]) -> Provider:
    texts = {name: one[name] for name in _TEXTS}
    if not all(isinstance(text, str) and text for text in texts.values()) or not _ID.fullmatch(texts["id"]):
        raise ValueError("texts")
    if not is_safe(texts["issuer"]):
        raise ValueError("issuer")
    secret = home.secret_or_none(f"oidc_{texts['id']}.client_secret") or ""
    return Provider(**texts, second_factor=one.get("second_factor", False) is True, secret=secret)


def is_safe(address: object) -> bool:
    """Whether an address is one that the hub may ask: TLS, or a server on this machine."""
    if not isinstance(address, str):
        return False
    parts = urlsplit(address)
    here = parts.scheme == "http" and parts.hostname in _LOOPBACK
    return bool(parts.hostname) and (parts.scheme == "https" or here)


def ask(method: str, url: object, body: str | None = None, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A provider's JSON answer.

    Raises:
        ProviderDown: it can't be reached, takes too long, or answers no object of JSON with status 200.
    """
    if not is_safe(url):
        raise ProviderDown
    sent = {"Accept": "application/json", **(headers or {})}
    try:
        with (
            httpx.Client(timeout=SECONDS, follow_redirects=False, trust_env=False) as http,
            http.stream(method, str(url), content=body, headers=sent) as response,
        ):
            found = json.loads(_bounded(response)) if response.status_code == httpx.codes.OK else None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError):
        raise ProviderDown from None
    if not isinstance(found, dict):
        raise ProviderDown
    return found


def _bounded(response: httpx.Response) -> bytes:
    read = bytearray()
    for chunk in response.iter_bytes():
        read += chunk
        if len(read) > MOST_BYTES:
            raise ValueError("too long")
    return bytes(read)
