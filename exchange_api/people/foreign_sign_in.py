"""Signing in at another provider: OpenID Connect's code flow with PKCE, state, nonce and the exact issuer.

    sent = foreign.start("gov", "/officer")     # redirect to sent.address, keep sent.state in a cookie of this browser
    back = foreign.come_back(query, cookie)     # the account that an administrator linked; raises otherwise

A person is who the provider says by (issuer, subject), and nobody else: e-mail addresses and names are not even
looked at. State, nonce and verifier count once and for ten minutes, and state only in the browser that was sent.
Authlib builds what is sent and judges the ID token (OpenID Connect Core 3.1.3.7); algorithms are ours to name.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from authlib.integrations.base_client.sync_openid import OpenIDMixin
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc.errors import JoseError  # what Authlib raises; nothing else of it is used here

from exchange_api.people.accounts import subject_digest
from exchange_api.people.errors import ForeignSignInFailed, NotLinked, ProviderDown
from exchange_api.people.providers import ALGORITHMS, Provider, ask, is_safe
from exchange_api.transactions import Transaction
from registries.store import sign_ins
from registries.store.accounts import Account
from registries.store.engine import Store
from registries.store.sign_ins import Sent

LIVES: Final = timedelta(minutes=10)
METADATA_FOR: Final = timedelta(hours=1)
SKEW_SECONDS: Final = 60
SCOPE: Final = "openid"
"""Nothing but who it is: names and addresses are not asked for."""
BACK: Final = "/sign-in/back"
"""Where people come back to, below the hub's address; the provider's operator enters it there."""
WELL_KNOWN: Final = "/.well-known/openid-configuration"
_LONGEST = 4096


@dataclass(frozen=True)
class SentAway:
    """Where the browser goes, and what it keeps in a cookie until it is back."""

    address: str
    state: str


@dataclass(frozen=True)
class Back:
    """Who came back: the linked account, whether a second factor was seen there, and where to go."""

    account: Account
    second_factor: bool
    next: str


class ForeignSignIn:
    """Sends people to providers and takes them back; `place` is the hub's own address for coming back."""

    def __init__(self, store: Store, clock: Callable[[], datetime], providers: Sequence[Provider], place: str) -> None:
        self._store = store
        self._clock = clock
        self.providers = {provider.id: provider for provider in providers}
        self._of_issuer = {provider.issuer: _Discovered(provider, clock) for provider in providers}
        self._place = place

    def start(self, provider_id: str, next_place: str) -> SentAway:
        """Send somebody to a provider.

        Raises:
            ForeignSignInFailed: there is no such provider.
            ProviderDown: it does not say where people sign in.
        """
        provider = self.providers.get(provider_id)
        if provider is None:
            raise ForeignSignInFailed
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        address = prepare_grant_uri(
            self._of_issuer[provider.issuer].address("authorization_endpoint"),
            provider.client_id,
            "code",
            self._place,
            SCOPE,
            state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
            prompt="login",
        )
        now = self._clock()
        with Transaction(self._store) as work:
            sent = Sent(provider.issuer, nonce, verifier, next_place)
            sign_ins.keep_sent(work.conn, _digest(state), sent, now + LIVES, now)
        return SentAway(str(address), state)

    def come_back(self, query: Mapping[str, str], cookie: str) -> Back:
        """Take somebody back.

        Args:
            query: what the provider sent with the browser.
            cookie: the state that this browser was given; without it somebody else's sign-in could be slipped in.

        Raises:
            ForeignSignInFailed: anything of it does not hold. ProviderDown: the provider does not answer.
            NotLinked: the person has no account here, or a closed one.
        """
        state, code = query.get("state", ""), query.get("code", "")
        if not state or not hmac.compare_digest(state.encode("utf-8", "replace"), cookie.encode("utf-8", "replace")):
            raise ForeignSignInFailed
        with Transaction(self._store) as work:
            sent = sign_ins.take_sent(work.conn, _digest(state), self._clock())
        if sent is None or not 0 < len(code) <= _LONGEST or sent.issuer not in self._of_issuer:
            raise ForeignSignInFailed
        if query.get("iss", sent.issuer) != sent.issuer:  # RFC 9207: another provider's answer, mixed up on purpose
            raise ForeignSignInFailed
        discovered = self._of_issuer[sent.issuer]
        subject = discovered.subject(code, sent, self._place)
        with Transaction(self._store) as work:
            account = sign_ins.account_of(work.conn, sent.issuer, subject_digest(sent.issuer, subject))
        if account is None or account.state == "closed":
            raise NotLinked
        return Back(account, discovered.provider.second_factor, sent.next)


class _Discovered(OpenIDMixin):  # type: ignore[misc] # Authlib ships no types
    """What one provider publishes about itself, read again every hour; Authlib's mixin asks this class for it."""

    def __init__(self, provider: Provider, clock: Callable[[], datetime]) -> None:
        self.provider = provider
        self.client_id = provider.client_id
        self._clock = clock
        self._metadata: tuple[datetime, dict[str, Any]] | None = None

    def address(self, name: str) -> str:
        """One of the provider's addresses.

        Raises:
            ProviderDown: it publishes none that may be asked.
        """
        found = self.load_server_metadata().get(name)
        if not is_safe(found):
            raise ProviderDown
        return str(found)

    def load_server_metadata(self) -> dict[str, Any]:
        """What the issuer publishes, if it is published by that issuer, exactly."""
        now = self._clock()
        if self._metadata is None or not timedelta() <= now - self._metadata[0] < METADATA_FOR:
            found = ask("GET", self.provider.issuer.rstrip("/") + WELL_KNOWN)
            if found.get("issuer") != self.provider.issuer:
                raise ProviderDown
            announced = found.get("id_token_signing_alg_values_supported") or ["RS256"]
            allowed = [name for name in ALGORITHMS if name in announced]
            self._metadata = (now, found | {"id_token_signing_alg_values_supported": allowed, "jwks": None})
        return self._metadata[1]

    def fetch_jwk_set(self, force: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002 - Authlib's signature
        """The provider's keys; asked for again when a token names one that is not there."""
        metadata = self.load_server_metadata()
        if force or metadata["jwks"] is None:
            metadata["jwks"] = ask("GET", metadata.get("jwks_uri"))
        keys: dict[str, Any] = metadata["jwks"]
        return keys

    def subject(self, code: str, sent: Sent, place: str) -> str:
        """Whom the provider says the code stands for.

        Raises:
            ForeignSignInFailed: its ID token does not hold. ProviderDown: it gives none.
        """
        with _authlibs_errors():
            claims = self.parse_id_token(
                self._token(code, sent, place),
                sent.nonce,
                claims_options={
                    "iss": {"essential": True, "value": self.provider.issuer},
                    "aud": {"essential": True, "value": self.client_id},
                    "sub": {"essential": True},
                    "nonce": {"essential": True, "value": sent.nonce},
                },
                claims_cls=_claims_at(self._clock()),
                leeway=SKEW_SECONDS,
            )
        subject = claims["sub"]
        if not isinstance(subject, str) or not subject:
            raise ForeignSignInFailed
        return subject

    def _token(self, code: str, sent: Sent, place: str) -> dict[str, Any]:
        url, provider = self.address("token_endpoint"), self.provider
        body = prepare_token_request("authorization_code", "", place, code=code, code_verifier=sent.verifier)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        way = "client_secret_basic" if provider.secret else "none"
        _, headers, body = ClientAuth(provider.client_id, provider.secret, way).prepare("POST", url, headers, body)
        found = ask("POST", url, body, headers)
        if not isinstance(found.get("id_token"), str):
            raise ForeignSignInFailed
        return found


def _claims_at(now: datetime) -> type:
    """Authlib's judgement of an ID token, at a time that is given rather than read."""

    class Claims(CodeIDToken):  # type: ignore[misc] # Authlib ships no types
        def validate(self, _now: int | None = None, leeway: int = 0) -> None:
            super().validate(int(now.timestamp()), leeway)

    return Claims


@contextmanager
def _authlibs_errors() -> Iterator[None]:
    """No error of the library leaves this module, and none says what was in a token."""
    try:
        yield
    except (JoseError, ValueError, TypeError, KeyError):
        raise ForeignSignInFailed from None


def _digest(state: str) -> bytes:
    return hashlib.sha256(state.encode("utf-8", "replace")).digest()
