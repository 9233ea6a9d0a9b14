"""A client on trial against a hub: sends what a requirement asks for and remembers what went to and fro.

trial = Trial(client, question, clock, sandbox=True)
came = trial.post(trial.signed(question))
came.status, came.body["code"]
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import httpx

from certificates import compact
from certificates.jose import Key, sign, signing_input
from certificates.receipts import TYP_REQUEST, Receipt, open_receipt, receipt_keys
from certificates.requests import common_claims
from exchange_api.client import VERIFICATIONS, Client, Signed
from exchange_api.conformance.report import Exchange
from exchange_api.errors import ExchangeApiError

HIDDEN: Final = "…"
_OPEN: Final = frozenset({"certificate_type", "holder_code_type", "as_of"})
_LONG: Final = 60


class Unmet(ExchangeApiError):
    """Raised when a requirement is not met; `zh` and `en` say what came instead."""


@dataclass(frozen=True)
class Came:
    """A response."""

    status: int
    body: Mapping[str, Any] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)

    @property
    def code(self) -> str:
        """A problem's code; "" for an answer."""
        return str(self.body.get("code", "")) if self.status >= httpx.codes.BAD_REQUEST else ""


class Trial:
    """One client's trial; `exchanges` are those since the last requirement began."""

    def __init__(
        self, client: Client, key: Key, question: Mapping[str, str], clock: Callable[[], datetime], *, sandbox: bool
    ) -> None:
        self.client = client
        self.key = key
        self.question = dict(question)
        self.sandbox = sandbox
        self.exchanges: list[Exchange] = []
        self._clock = clock
        self._http = httpx.Client(timeout=30, trust_env=False, follow_redirects=False)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def claims(self, question: Mapping[str, Any] | None = None, **changed: object) -> dict[str, Any]:
        """A request's claims as they should be, with `changed` put over them; None leaves one out."""
        hub = self.client.hub
        claims = common_claims(
            self.client.client_id, hub, hub + VERIFICATIONS, self._clock(), secrets.token_urlsafe(24)
        )
        whole = {**claims, "question": dict(self.question if question is None else question), **changed}
        return {name: value for name, value in whole.items() if value is not None}

    def token(self, claims: Mapping[str, Any], key: Key | None = None, typ: str = TYP_REQUEST) -> str:
        """The claims, signed."""
        own = key or self.key
        return sign(signing_input(claims, own, typ), own)

    def post(self, token: str, media_type: str = "application/jwt") -> Came:
        """Send a request once, as it is."""
        place = f"POST {VERIFICATIONS}"
        return self._note(
            {place: media_type, "claims": self._told(token)}, self._try("POST", VERIFICATIONS, token, media_type)
        )

    def get(self, path: str, **headers: str) -> Came:
        """Read something open."""
        return self._note({f"GET {path}": headers}, self._try("GET", path, None, "", headers))

    def verified(self, token: str, came: Came) -> Receipt:
        """The receipt that came for a token, verified as the client does. Raises exchange_api.client.ClientError."""
        claims = compact.parse(token).payload
        signed = Signed(VERIFICATIONS, token, str(claims["jti"]), int(claims["exp"]))
        return self.client.check(signed, came.body).told

    def opened(self, came: Came) -> Receipt:
        """The receipt that came, its signature alone verified."""
        return open_receipt(str(came.body.get("receipt")), receipt_keys(self.client.keys()))

    def _try(
        self, method: str, path: str, content: str | None, media_type: str, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        of_body = {"content-type": media_type} if media_type else {}
        url = path if path.startswith("http") else self.client.hub + path
        try:
            return self._http.request(method, url, content=content, headers={**of_body, **(headers or {})})
        except httpx.TransportError:
            raise Unmet("没有回应，请检查网络和地址", "no response; check the network and the address") from None

    def _note(self, sent: Mapping[str, Any], response: httpx.Response) -> Came:
        try:
            body = response.json()
        except ValueError:
            body = {}
        came = Came(response.status_code, body if isinstance(body, dict) else {}, response.headers)
        self.exchanges.append(Exchange(sent, came.status, self._shown(came)))
        return came

    def _told(self, token: str) -> Mapping[str, Any]:
        """A token's claims for the report, its question's values hidden unless they are a sandbox's."""
        try:
            claims = dict(compact.parse(token).payload)
        except compact.NotCompact:
            return {"text": token[:_LONG] + HIDDEN}
        if not self.sandbox and isinstance(claims.get("question"), dict):
            question = claims["question"].items()
            claims["question"] = {name: value if name in _OPEN else HIDDEN for name, value in question}
        return claims

    def _shown(self, came: Came) -> Mapping[str, Any]:
        """What came, shortened: tokens and proofs are in the archive, not in a report."""
        if "verdict" in came.body:
            verdict = came.body["verdict"]
            return {
                "receipt": HIDDEN,
                "proof": HIDDEN,
                "verdict": {"code": verdict.get("code"), "zh": verdict.get("zh")},
            }
        return {name: value for name, value in came.body.items() if name not in {"keys", "signatures", "tries"}}
