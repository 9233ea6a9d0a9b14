"""Ask a running hub as a relying system does: one signed request in, one signed receipt out, over real HTTP."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from certificates.jose import Key
from certificates.keys import KeyPurpose, KeyRing
from certificates.requests import make_request
from mianzheng.errors import MianzhengError
from registries.home import HubHome

CLIENT = "demo-approval-system"
VERIFICATIONS = "/v1/verifications"


@dataclass(frozen=True)
class Client:
    """A relying system: its name and its signing key."""

    name: str
    key: Key


@dataclass(frozen=True)
class Answered:
    """What the hub sent back: the receipt (compact JWS), its proof and the verdict."""

    body: Mapping[str, Any]

    @property
    def receipt(self) -> str:
        """The receipt, one compact JWS."""
        return str(self.body["receipt"])

    @property
    def proof(self) -> str:
        """The ledger's proof, as a tlog-proof file."""
        return str(self.body["proof"])

    @property
    def verdict(self) -> Mapping[str, Any]:
        """The verdict inside the receipt."""
        found: Mapping[str, Any] = self.body["verdict"]
        return found


def demonstration_client(home: HubHome, now: datetime) -> Client:
    """The sample city's approval system, with the key that it keeps in its own folder."""
    folder = home.path / "sample_city" / "approval_system"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    ring = KeyRing.open(folder, home.secret_or_new("demo_client_passphrase"), now=now)
    return Client(CLIENT, ring.active(KeyPurpose.CLIENT))


def ask(address: str, client: Client, question: Mapping[str, Any], now: datetime) -> Answered:
    """POST one question to the hub at `address`.

    Raises:
        MianzhengError: the hub can't be reached, or answered with a problem document instead of a receipt.
    """
    request = {
        "issuer": client.name,
        "audience": address,
        "url": address + VERIFICATIONS,
        "jti": secrets.token_urlsafe(24),
    }
    token = make_request(question, client.key, now=now, **request)
    try:
        response = httpx.post(
            address + VERIFICATIONS,
            content=token,
            headers={"content-type": "application/jose"},
            timeout=30,
            trust_env=False,
        )
    except httpx.TransportError as error:
        raise MianzhengError(
            f"无法连接 {address}。请先运行 make run。",
            f"{address} can't be reached. Start the hub with make run first.",
        ) from error
    if response.status_code != httpx.codes.OK:
        problem = response.json()
        raise MianzhengError(str(problem.get("title")), str(problem.get("detail")))
    return Answered(response.json())
