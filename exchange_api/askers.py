"""Who may ask, and what each kind of asking looks like before it goes the way of a question.

    inquiry = parse_request(token)                        # a client's signed request
    inquiry = parse_officers_question(session, {...}, jti="…")   # an officer's form; the hub composes the request

Both refuse what is malformed before anything is looked at.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from certificates.compact import NotCompact, parse
from certificates.errors import CertificatesError
from certificates.jose import Key, VerificationError, key_from_jwk
from certificates.records import Question
from certificates.requests import read_request
from exchange_api.errors import ExchangeApiError, FormNotOurs, NotASignedRequest, NotVerified
from exchange_api.sessions import Session
from exchange_api.transactions import Transaction
from registries.store import clients

CLIENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", re.ASCII)
_FORM_ID = re.compile(r"[A-Za-z0-9._~-]{16,128}", re.ASCII)


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
        url: the whole address that it was sent to; None: where questions are asked.
    """

    token: str
    issuer: str
    question: Question
    url: str | None = None


@dataclass(frozen=True)
class OfficersQuestion:
    """A question from an officer's session.

    Attributes:
        request: the canonical request that the hub composed for the officer.
    """

    asker: Asker
    question: Question
    jti: str
    request: bytes


Inquiry = SignedRequest | OfficersQuestion


@dataclass(frozen=True)
class Known:
    """A question of somebody who is known. `key` names one request for good: its asker and its jti.

    Attributes:
        request: what was asked, byte for byte: the client's token, or the officer's canonical request.
        digest: its SHA-256, by which the ledger knows the same request again, whatever the profile.
    """

    asker: Asker
    question: Question
    jti: str
    request: bytes
    digest: bytes

    @property
    def key(self) -> tuple[str, str]:
        """Under which issuer and jti the request stands in the ledger."""
        return self.asker.ledger_name, self.jti


Refused = CertificatesError | ExchangeApiError


def parse_request(token: str) -> SignedRequest:
    """Read a client's request strictly.

    Raises:
        NotASignedRequest: it is not a compact JWS with the header and claims that a request has.
        NotVerified: its issuer can't be a client.
        MalformedQuestion: names the member of the question that is wrong.
    """
    try:
        claims = parse(token).payload
    except NotCompact as error:
        raise NotASignedRequest(str(error)) from None
    issuer, content = claims.get("iss"), claims.get("question")
    if not isinstance(issuer, str) or not isinstance(content, Mapping):
        raise NotASignedRequest("claims")
    if not CLIENT_ID.fullmatch(issuer):  # no client is called so; nothing is looked up for it
        raise NotVerified("iss")
    return SignedRequest(token, issuer, Question.parse(content))


def parse_officers_question(session: Session, content: Mapping[str, object], jti: str) -> OfficersQuestion:
    """Compose the request that stands for an officer's form; the same form sent twice is the same request.

    Args:
        session: the officer's.
        content: members of the question, as the form gave them.
        jti: made with the form, 16 to 128 characters.

    Raises:
        FormNotOurs: the jti is not one that a form of ours carries.
        MalformedQuestion: names the member that is wrong.
    """
    if not _FORM_ID.fullmatch(jti):
        raise FormNotOurs
    asker = officer(session)
    question = Question.parse(content)
    request = {"iss": asker.ledger_name, "jti": jti, "question": question.to_json()}
    canonical = json.dumps(request, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return OfficersQuestion(asker, question, jti, canonical.encode())


def officer(session: Session) -> Asker:
    """The asker that a session's officer is."""
    name = f"officer:{session.account_id}"
    return Asker(name, name, session.department)


class Registered:
    """Knows askers: an officer's session was opened before, a client is known by the signature of its request."""

    def __init__(self, audience: str, url: str) -> None:
        self._audience = audience
        self._url = url
        self._keys: dict[str, Key] = {}

    def know(self, work: Transaction, inquiries: Sequence[Inquiry], now: datetime) -> list[Known | Refused]:
        """Each inquiry's asker, or why it is not known; a client is looked up once for all of its requests."""
        issuers = sorted({each.issuer for each in inquiries if isinstance(each, SignedRequest)})
        registered = {issuer: clients.client_with_keys(work.conn, issuer) for issuer in issuers}
        return [
            Known(each.asker, each.question, each.jti, each.request, hashlib.sha256(each.request).digest())
            if isinstance(each, OfficersQuestion)
            else self._client(each, registered[each.issuer], now)
            for each in inquiries
        ]

    def _client(self, request: SignedRequest, client: clients.Client | None, now: datetime) -> Known | Refused:
        if client is None:
            return NotVerified("unknown client")
        keys = {kid: self._key(kid, jwk) for kid, jwk in client.keys.items()}
        try:
            read = read_request(request.token, keys, audience=self._audience, url=request.url or self._url, now=now)
        except VerificationError as error:
            return NotVerified(error.reason)
        except CertificatesError as error:
            return error
        asker = Asker(f"client:{client.id}", client.id, client.department, active=client.state == "active")
        return Known(asker, request.question, read.jti, request.token.encode(), read.digest)

    def _key(self, kid: str, jwk: Mapping[str, object]) -> Key:
        """A registered key, read once: its kid is its thumbprint, so that it can't change under its name."""
        if kid not in self._keys:
            self._keys[kid] = key_from_jwk(jwk)
        return self._keys[kid]
