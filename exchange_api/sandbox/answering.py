"""The sandbox answers as the hub does, from fixed numbers and in memory: same requests, rules, receipts and problems.

    sandbox = Sandbox("http://127.0.0.1:8490", ring, clock, types)
    sandbox.register("approval-1", key.to_jwk())
    sandbox.ask(token)["verdict"]["code"]

Its receipts are made out to `sandbox:<client>`, name an issuer of their own, and are signed with keys of their own, so
that none can be taken for a hub's.
"""

import secrets
import threading
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from certificates import compact
from certificates.china_time import CHINA
from certificates.jose import Key, VerificationError, key_from_jwk
from certificates.keys import KeyPurpose, KeyRing
from certificates.receipts import SALT_LENGTH, compose, draft_receipt, request_digest, sign_drafts
from certificates.records import Question
from certificates.requests import ClientRequest, read_request
from certificates.types import CertificateType
from certificates.verdicts import Verdict, judge, refuse
from exchange_api.askers import CLIENT_ID
from exchange_api.client import SANDBOX, VERIFICATIONS
from exchange_api.errors import NotASignedRequest, NotVerified, Overloaded, RequestReused
from exchange_api.sandbox.errors import BadClientName, SandboxFull
from exchange_api.sandbox.memory_log import MemoryLog
from exchange_api.sandbox.numbers import Numbers, load_numbers

MOST_CLIENTS = 1_000
MOST_REMEMBERED = 20_000
Body = dict[str, Any]


class Sandbox:
    """What a sandbox knows and answers; one for each process, forgotten when it ends."""

    def __init__(
        self,
        issuer: str,
        ring: KeyRing,
        clock: Callable[[], datetime],
        types: Mapping[str, CertificateType],
        numbers: Numbers | None = None,
    ) -> None:
        self.issuer = issuer.rstrip("/")
        self.numbers = numbers or load_numbers()
        self.log = MemoryLog(f"{self.issuer.partition('://')[2]}/sandbox-ledger", ring.active(KeyPurpose.CHECKPOINT))
        self._ring, self._clock, self._types = ring, clock, types
        self._clients: dict[str, Key] = {}
        self._answered: dict[tuple[str, str], tuple[bytes, Body]] = {}
        self._met_busy: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()

    def jwks(self) -> Body:
        """The sandbox's public keys."""
        return self._ring.jwks()

    def register(self, client_id: object, jwk: object) -> None:
        """Know a client by its public key, or by another one from now on; anybody may in a sandbox.

        Raises:
            BadClientName: it can't be a client's name.
            SandboxFull: too many are known.
            certificates.jose.BadKey: the key can't be used.
        """
        if not isinstance(client_id, str) or not CLIENT_ID.fullmatch(client_id):
            raise BadClientName
        key = key_from_jwk(jwk if isinstance(jwk, Mapping) else {})
        with self._lock:
            if client_id not in self._clients and len(self._clients) >= MOST_CLIENTS:
                raise SandboxFull
            self._clients[client_id] = key

    def ask(self, token: str) -> Body:
        """One signed request to one signed answer; the same request gets the same answer again.

        Raises:
            NotASignedRequest, NotVerified, RequestReused, Overloaded, certificates.records.MalformedQuestion,
            certificates.requests.RequestRefused: as the hub.
        """
        question = _question(token)
        request = self._know(token)
        key = (request.iss, request.jti)
        with self._lock:
            before = self._answered.get(key)
            if before is None:
                self._be_busy(key, question)
                before = self._remember(key, request.digest, self._answer(question, request, token))
        if before[0] != request.digest:
            raise RequestReused
        return before[1]

    def _know(self, token: str) -> ClientRequest:
        issuer = compact.parse(token).payload.get("iss")
        key = self._clients.get(str(issuer))
        if key is None:
            raise NotVerified("unknown client")
        url, now = self.issuer + VERIFICATIONS, self._clock()
        try:
            return read_request(token, {key.kid: key}, audience=self.issuer, url=url, now=now)
        except VerificationError as error:
            raise NotVerified(error.reason) from None

    def _be_busy(self, key: tuple[str, str], question: Question) -> None:
        met = self._met_busy.get(key, 0)
        if met < self.numbers.busy(question):
            self._met_busy[key] = met + 1
            raise Overloaded
        self._met_busy.pop(key, None)

    def _remember(self, key: tuple[str, str], digest: bytes, body: Body) -> tuple[bytes, Body]:
        if len(self._answered) >= MOST_REMEMBERED:
            self._answered.pop(next(iter(self._answered)))  # the oldest: its request has expired long ago
        self._answered[key] = (digest, body)
        return self._answered[key]

    def _answer(self, question: Question, request: ClientRequest, token: str) -> Body:
        now, key = self._clock(), self._ring.active(KeyPurpose.RECEIPT)
        today = now.astimezone(CHINA).date()
        verdict, as_of = self._judge(question, today)
        content = {**verdict.to_json(), "asked": _asked(question, today), "sandbox": True}
        payload = compose(
            issuer=self.issuer,
            audience=SANDBOX + request.iss,
            issued_at=int(now.timestamp()),
            jti=secrets.token_hex(16),
            request_digest=request_digest(token.encode(), key),
            salt=secrets.token_bytes(SALT_LENGTH),
            data_as_of=as_of,
            answer=content,
        )
        draft = draft_receipt(payload, key)
        proof = self.log.append(draft.leaf_data)
        return {"receipt": sign_drafts([draft], key)[0], "proof": proof, "verdict": content}

    def _judge(self, question: Question, today: date) -> tuple[Verdict, datetime | None]:
        reason = self.numbers.refusal(question)
        if reason is not None:
            return refuse(reason), None
        look_up = self.numbers.look_up(question, today)
        return judge(question, look_up, today, self._types), look_up.source.data_as_of


def _question(token: str) -> Question:
    try:
        claims = compact.parse(token).payload
    except compact.NotCompact as error:
        raise NotASignedRequest(str(error)) from None
    if not isinstance(claims.get("iss"), str) or not isinstance(claims.get("question"), Mapping):
        raise NotASignedRequest("claims")
    return Question.parse(claims["question"])


def _asked(question: Question, today: date) -> dict[str, str]:
    return {
        "certificate_type": question.certificate_type,
        "purpose": question.purpose,
        "service_item": question.service_item,
        "case": question.case,
        "as_of": (question.as_of or today).isoformat(),
        "department": "sandbox",
    }
