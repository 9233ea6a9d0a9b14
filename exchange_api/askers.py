"""Who may ask, and what each kind of asking looks like before it goes the way of a question.

    inquiry = parse_request(token, act)                              # a client's signed request
    inquiry = parse_officers_question(session, {...}, "jti…", act)   # an officer's form; the hub composes the request

Both refuse what is malformed before anything is looked at.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from certificates.compact import MAX_TOKEN, Compact, NotCompact, parse
from certificates.errors import CertificatesError
from certificates.jose import SM2_SM3, Key, VerificationError, key_from_jwk, signature_holds
from certificates.requests import read_request
from exchange_api.acts.act import Act
from exchange_api.acts.verification import VERIFICATIONS_PATH
from exchange_api.errors import ExchangeApiError, FormNotOurs, NotASignedRequest, NotVerified
from exchange_api.sessions import Session
from exchange_api.transactions import Transaction
from registries.store import clients

CLIENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", re.ASCII)
FORM_ID = re.compile(r"[A-Za-z0-9._~-]{16,128}", re.ASCII)


@dataclass(frozen=True)
class Asker:
    """Who asks, once it is known.

    Attributes:
        ledger_name: `client:<id>` or `officer:<account>`: under which name entries stand in the ledger.
        audience: whom the receipt is made out to: a client's id as it calls itself, or the officer's ledger name.
        department: whose grants cover the question.
        active: whether it may ask at present.
    """

    ledger_name: str
    audience: str
    department: str
    active: bool = True


@dataclass(frozen=True)
class SignedRequest:
    """A client's request whose form is right; nothing in it has been verified.

    Attributes:
        act: what is asked.
        parts: the token, taken apart.
        path: where it was sent to, if not where the act is asked.
        signed_by: the key whose signature holds, where that was checked already; whose key it is was not.
    """

    token: str
    issuer: str
    question: Any
    act: Act[Any]
    parts: Compact
    path: str | None = None
    signed_by: Key | None = None


@dataclass(frozen=True)
class OfficersQuestion:
    """A question from an officer's session.

    Attributes:
        request: the canonical request that the hub composed for the officer.
    """

    asker: Asker
    question: Any
    jti: str
    request: bytes
    act: Act[Any]


Inquiry = SignedRequest | OfficersQuestion


@dataclass(frozen=True)
class Known:
    """A question of somebody who is known. `key` names one request for good: its asker and its jti.

    Attributes:
        request: what was asked, byte for byte: the client's token, or the officer's canonical request.
        digest: its SHA-256, by which the ledger knows the same request again, whatever the profile.
    """

    asker: Asker
    question: Any
    jti: str
    request: bytes
    digest: bytes
    act: Act[Any]

    @property
    def key(self) -> tuple[str, str]:
        """Under which issuer and jti the request stands in the ledger."""
        return self.asker.ledger_name, self.jti


Refused = CertificatesError | ExchangeApiError


def parse_request(token: str, act: Act[Any], longest: int = MAX_TOKEN) -> SignedRequest:
    """Read a client's request of at most so many characters strictly.

    Raises:
        NotASignedRequest: it is not a compact JWS with the header and claims that a request has.
        NotVerified: its issuer can't be a client.
        MalformedQuestion: names the member of the question that is wrong.
    """
    try:
        parts = parse(token, longest)
    except NotCompact as error:
        raise NotASignedRequest(str(error)) from None
    issuer, content = parts.payload.get("iss"), parts.payload.get("question")
    if not isinstance(issuer, str) or not isinstance(content, Mapping):
        raise NotASignedRequest("claims")
    if not CLIENT_ID.fullmatch(issuer):  # no client is called so; nothing is looked up for it
        raise NotVerified("iss")
    return SignedRequest(token, issuer, act.parse(content), act, parts)


def parse_officers_question(
    session: Session, content: Mapping[str, object], jti: str, act: Act[Any]
) -> OfficersQuestion:
    """Compose the request that stands for an officer's form; the same form sent twice is the same request.

    Args:
        session: the officer's.
        content: members of the question, as the form gave them.
        jti: made with the form, 16 to 128 characters.
        act: what is asked.

    Raises:
        FormNotOurs: the jti is not one that a form of ours carries.
        MalformedQuestion: names the member that is wrong.
    """
    if not FORM_ID.fullmatch(jti):
        raise FormNotOurs
    asker = officer(session)
    question = act.parse(content)
    request = {"iss": asker.ledger_name, "jti": jti, "question": question.to_json()}
    if act.path != VERIFICATIONS_PATH:  # which has none since before there were others
        request["url"] = act.path
    canonical = json.dumps(request, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return OfficersQuestion(asker, question, jti, canonical.encode(), act)


def registered(work: Transaction, issuer: str) -> tuple[clients.Client, dict[str, Key]]:
    """The client that a request says it is from, with its keys by `kid`; nothing has been verified.

    Raises:
        NotVerified: nobody is registered under that name.
    """
    client = clients.client_with_keys(work.conn, issuer) if CLIENT_ID.fullmatch(issuer) else None
    if client is None:
        raise NotVerified("unknown client")
    return client, {kid: key_from_jwk(jwk) for kid, jwk in client.keys.items()}


def officer(session: Session) -> Asker:
    """The asker that a session's officer is."""
    name = f"officer:{session.account_id}"
    return Asker(name, name, session.department)


class Registered:
    """Knows askers: an officer's session was opened before, a client is known by the signature of its request."""

    def __init__(self, audience: str, address: str, used: Callable[[str, datetime], None] | None = None) -> None:
        self._used = used
        self._audience = audience
        self._address = address
        self._keys: dict[str, Key] = {}

    def before_its_turn(self, request: SignedRequest) -> SignedRequest:
        """Check a signature while the store is busy with others, if its key has been seen before.

        Nobody is known by that: whose key it is, and whether it is in use, is asked when the request's turn has come.
        The algorithms of the SM profile take longer than whoever reads requests may be kept.
        """
        key, parts = self._keys.get(request.parts.header["kid"]), request.parts
        if key is None or key.alg == SM2_SM3 or not signature_holds(parts.signing_input, parts.signature, key):
            return request
        return replace(request, signed_by=key)

    def know(self, work: Transaction, inquiries: Sequence[Inquiry], now: datetime) -> list[Known | Refused]:
        """Each inquiry's asker, or why it is not known; a client is looked up once for all of its requests."""
        issuers = sorted({each.issuer for each in inquiries if isinstance(each, SignedRequest)})
        registered = clients.clients_with_keys(work.conn, issuers) if issuers else {}
        return [
            Known(each.asker, each.question, each.jti, each.request, hashlib.sha256(each.request).digest(), each.act)
            if isinstance(each, OfficersQuestion)
            else self._client(each, registered.get(each.issuer), now)
            for each in inquiries
        ]

    def _client(self, request: SignedRequest, client: clients.Client | None, now: datetime) -> Known | Refused:
        if client is None:
            return NotVerified("unknown client")
        keys = {kid: self._key(kid, jwk) for kid, jwk in client.keys.items()}
        here = {"audience": self._audience, "url": self._address + (request.path or request.act.path)}
        token, parts, signed_by = request.token, request.parts, request.signed_by
        try:
            read = read_request(token, keys, **here, now=now, parts=parts, signed_by=signed_by)
        except VerificationError as error:
            return NotVerified(error.reason)
        except CertificatesError as error:
            return error
        if self._used is not None:
            self._used(request.parts.header["kid"], now)
        asker = Asker(f"client:{client.id}", client.id, client.department, active=client.state == "active")
        return Known(asker, request.question, read.jti, request.token.encode(), read.digest, request.act)

    def _key(self, kid: str, jwk: Mapping[str, object]) -> Key:
        """A registered key, read once: its kid is its thumbprint, so that it can't change under its name."""
        if kid not in self._keys:
            self._keys[kid] = key_from_jwk(jwk)
        return self._keys[kid]
