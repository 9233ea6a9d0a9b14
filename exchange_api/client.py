"""A client of the hub, for approval systems: signs questions, sends them safely, verifies every receipt and its proof.

It imports httpx and `certificates` and nothing else of this project, so that both can be taken away together.

    key = from_pem(Path("client.pem").read_bytes(), passphrase, "ES256")       # certificates.key_files
    with Client("https://hub.example", "approval-1", key, root="A1B2 C3D4 …") as hub:
        answer = hub.verify(certificate_type="11100000MB0143028R001", certificate_number="4405…", …)
    answer.code, answer.receipt                                               # "valid", a compact JWS for the archive

A question that got no answer is sent again byte for byte, under the same `jti`, until it expires: the hub gives the
same answer again and never a second one. What stays unanswered raises `Unanswered`, which holds the signed question.
"""

import json
import random
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Self

import httpx

from certificates import compact
from certificates.batches import MemberAnswer, holds
from certificates.checkpoints import verify_proof
from certificates.errors import CertificatesError
from certificates.jose import Key, sign, signing_input
from certificates.message_signatures import Signed as Signature
from certificates.message_signatures import digest_matches, verify_message
from certificates.published_keys import published_keys
from certificates.receipts import TYP_REQUEST, Receipt, open_receipt, receipt_keys, request_digest
from certificates.requests import common_claims, make_request
from certificates.sd_jwt import reveal
from certificates.trust_root import verify_key_set

VERIFICATIONS: Final = "/v1/verifications"
BATCHES: Final = "/v1/verifications/batch"
MATCHES: Final = "/v1/matches"
QUERIES: Final = "/v1/queries"
CERTIFICATES: Final = "/v1/subjects/certificates"
RETRIEVALS: Final = "/v1/retrievals"
CASE_CHECKS: Final = "/v1/case-checks"
DISPUTES: Final = "/v1/disputes"
WATCHES: Final = "/v1/watches"
FEED: Final = "/v1/watches/feed"
FEED_TAG: Final = "hub-feed"
"""For what the feed's signatures are."""
SANDBOX: Final = "sandbox:"
"""With this the audience of a sandbox's receipts begins: they prove nothing about any certificate."""

_AGAIN = frozenset({429, 502, 503, 504})
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 8.0
_MEDIA_TYPE = "application/jwt"
_LARGEST_ANSWER = 64 * 1024 * 1024


class ClientError(CertificatesError):
    """Anything that keeps a client from an answer it can rely on."""


class Refused(ClientError):
    """Raised when the hub answers with a problem document (RFC 9457) instead of a receipt.

    Attributes:
        code: the problem's stable code, such as `malformed-question`.
        status: of HTTP.
        problem: the whole document.
    """

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.problem = dict(problem)
        self.code = str(problem.get("code", ""))
        super().__init__(str(problem.get("detail", "枢纽未受理")), str(problem.get("detail_en", "the hub refused")))


class Unanswered(ClientError):
    """Raised when no answer came in time; the hub may have one. `signed` can be sent again until it expires."""

    def __init__(self, signed: "Signed") -> None:
        self.signed = signed
        super().__init__(
            "枢纽暂无回应。请稍后以同一请求重发；过期后以同一 jti 重新签名，枢纽不会重复作答。",
            "The hub gave no answer. Send the same request again, or sign it again under the same jti once it has "
            "expired: the hub never answers twice.",
        )


class Untrusted(ClientError):
    """Raised when what came is not the hub's answer to this question; `reason` names the check that failed."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            "收到的回执未通过验证，不得据以办理。请核对枢纽地址与信任根指纹，并联系平台管理员。",
            "The receipt that came does not verify; rely on nothing in it. Compare the hub's address and the trust "
            "root's fingerprint, and tell the hub's operator.",
        )


def utc_now() -> datetime:
    """The time now: a vendor's program that gives no clock has this one."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Signed:
    """A question on its way: the token that is sent, the same bytes each time, up to `expires` (Unix time)."""

    path: str
    token: str = field(repr=False)
    jti: str
    expires: int


@dataclass(frozen=True)
class Answer:
    """A verified answer.

    Attributes:
        receipt: compact JWS, for the archive.
        proof: the receipt's place in the ledger, a tlog-proof file; "" where a sandbox keeps none.
        told: the receipt's claims, verified.
        content: its nested member: `code`, `zh`, `en`, `next` and what belongs to the act.
        body: everything that the hub sent, such as the answers of a batch.
    """

    receipt: str
    proof: str
    told: Receipt = field(repr=False)
    body: Mapping[str, Any] = field(repr=False)

    @property
    def content(self) -> Mapping[str, Any]:
        """What the receipt says, to be shown and acted on."""
        return self.told.answer

    @property
    def code(self) -> str:
        """The answer in one word, such as `valid`, `no_match` or `refused`."""
        return str(self.content.get("code", ""))

    @property
    def answers(self) -> list[Mapping[str, Any]]:
        """A batch's answers in the order of its questions, each proven by its path to the root in the receipt.

        Raises:
            Untrusted: one is missing, or is not the batch's.
        """
        given = self.body.get("answers") or []
        if len(given) != self.content.get("size", 0):
            raise Untrusted("answers")
        members = [MemberAnswer(str(one.get("content")), str(one.get("path"))) for one in given]
        if not all(holds(one, place, self.content) for place, one in enumerate(members)):
            raise Untrusted("answers")
        return [one.members() for one in members]

    @property
    def values(self) -> Mapping[str, Any]:
        """Values that travelled beside the receipt, each proven by its digest in it; empty where there are none.

        Raises:
            Untrusted: one is not what the receipt holds a digest of.
        """
        given = self.body.get("disclosures") or []
        if not given:
            return {}
        try:
            return reveal(self.content["values"], given)
        except (CertificatesError, KeyError, TypeError):
            raise Untrusted("values") from None


class Client:
    """Asks one hub as one registered client. Safe to share between threads."""

    def __init__(
        self,
        hub: str,
        client_id: str,
        key: Key,
        *,
        audience: str = "",
        root: str = "",
        sandbox: bool = False,
        clock: Callable[[], datetime] = utc_now,
        pause: Callable[[float], None] = time.sleep,
        tries: int = 6,
        timeout: float = 30.0,
    ) -> None:
        """A client of the hub at an address.

        Args:
            hub: its address, `https://hub.example`; receipts name it as their issuer.
            client_id: as registered.
            key: the signing key whose public half is registered.
            audience: the hub's name in requests, where it is not its address.
            root: the fingerprint of the hub's trust root as printed on its receipts; without it keys are taken as the
                hub's TLS certificate vouches for them.
            sandbox: ask a sandbox; its receipts are then the only ones accepted, and otherwise never.
            clock: gives the time, with zone.
            pause: waits for seconds.
            tries: how often one question is sent at most.
            timeout: seconds for one try.
        """
        self.hub = hub.rstrip("/")
        self.client_id = client_id
        self._key = key
        self._audience = audience or self.hub
        self._root = root
        self._for = f"{SANDBOX}{client_id}" if sandbox else client_id
        self._clock, self._pause, self._tries = clock, pause, tries
        self._jwks: Mapping[str, Any] = {}
        # No proxy of the environment, no redirects: a signed question goes where it was signed for
        self._http = httpx.Client(timeout=timeout, trust_env=False, follow_redirects=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    # --- the acts

    def verify(self, **question: str) -> Answer:
        """核验: a verdict on one certificate. The members are those of `certificates.records.Question`."""
        return self.ask(VERIFICATIONS, question)

    def batch(self, questions: Sequence[Mapping[str, Any]], **common: str) -> Answer:
        """Many verdicts under one signature; at most 1,000 questions. `common`: purpose, service_item, case."""
        return self.ask(BATCHES, {**common, "questions": [dict(one) for one in questions]})

    def match(self, **question: object) -> Answer:
        """比对: match, mismatch or unknown for each value that is claimed; never the value itself."""
        return self.ask(MATCHES, question)

    def query(self, **question: object) -> Answer:
        """查询: the fields of a subject that a grant covers."""
        return self.ask(QUERIES, question)

    def certificates(self, **question: object) -> Answer:
        """The certificates of a subject that a grant covers."""
        return self.ask(CERTIFICATES, question)

    def retrieve(self, **question: object) -> Answer:
        """调阅: a marked copy."""
        return self.ask(RETRIEVALS, question)

    def case_check(self, **question: object) -> Answer:
        """One item, one check: which materials of a case need not be brought."""
        return self.ask(CASE_CHECKS, question)

    def watch(self, **question: object) -> Answer:
        """A verdict now, and told when the certificate changes; the receipt's `opened` names the watch."""
        return self.ask(WATCHES, question)

    def dispute(self, **question: object) -> Answer:
        """校核: what the hub holds is doubted."""
        return self.ask(DISPUTES, question)

    def feed(self, after: int = 0) -> Iterator[Mapping[str, Any]]:
        """What happened to watched certificates behind a sequence, oldest first, page by page up to now.

        Keep the last event's `sequence`: the next reading goes on behind it, and nothing is missed or told twice.

        Raises:
            Refused, Unreachable, Untrusted: as `ask`; the page's signature (RFC 9421) is verified.
        """
        while True:
            events = self._page(f"{FEED}?after={after}").get("events", [])
            yield from events
            if not events:
                return
            after = int(events[-1]["sequence"])

    def ask(self, path: str, question: Mapping[str, Any], jti: str = "") -> Answer:
        """Any act, by its path: sign, send until answered, verify.

        Raises:
            Refused: the hub says why.
            Unanswered: it says nothing.
            Untrusted: what came does not verify.
        """
        return self.send(self.sign(path, question, jti))

    # --- the steps

    def sign(self, path: str, question: Mapping[str, Any], jti: str = "") -> Signed:
        """A signed question that lives for 60 s; `jti` is a new random one unless given."""
        now, jti = self._clock(), jti or secrets.token_urlsafe(24)
        place = {"audience": self._audience, "url": self.hub + path, "jti": jti}
        token = make_request(question, self._key, issuer=self.client_id, now=now, **place)
        return Signed(path, token, jti, int(now.timestamp()) + 60)

    def send(self, signed: Signed) -> Answer:
        """Send a signed question, again and again if need be, and verify what comes; errors as `ask`."""
        for number in range(self._tries):
            response = self._post(signed)
            if response is not None and response.status_code not in _AGAIN:
                return self._read(signed, response)
            wait = max(_backoff(number), _asked_to_wait(response))
            if number + 1 == self._tries or self._clock().timestamp() + wait >= signed.expires:
                break
            self._pause(wait)
        if response is not None:
            raise Refused(response.status_code, _json(response))
        raise Unanswered(signed)

    def keys(self, *, anew: bool = False) -> Mapping[str, Any]:
        """The hub's published keys; under `root`, only a set that it signed.

        Raises:
            Unreachable: the hub does not give them.
            Untrusted: the trust root did not sign them.
        """
        if anew or not self._jwks:
            try:
                found = self._http.get(self.hub + "/v1/keys.jwks").raise_for_status().json()
                if self._root:
                    verify_key_set(found, self._root)
            except (httpx.HTTPError, ValueError) as error:
                raise Unreachable from error
            except CertificatesError:
                raise Untrusted("keys") from None
            self._jwks = found
        return self._jwks

    def _page(self, path: str) -> Mapping[str, Any]:
        """A signed answer to a signed reading."""
        now, url = self._clock(), self.hub + path
        claims = common_claims(self.client_id, self._audience, url, now, secrets.token_urlsafe(24))
        token = sign(signing_input(claims, self._key, TYP_REQUEST), self._key)
        try:
            response = self._http.get(url, headers={"hub-request": token})
        except httpx.TransportError as error:
            raise Unreachable from error
        if response.status_code != httpx.codes.OK:
            raise Refused(response.status_code, _json(response))
        self._check_message(url, response, int(now.timestamp()))
        return _json(response)

    def _check_message(self, url: str, response: httpx.Response, now: int) -> None:
        """That the hub signed this answer, for this address (RFC 9421, RFC 9530)."""
        fields = {name: response.headers.get(name, "") for name in ("content-type", "content-digest")}
        if not digest_matches(fields["content-digest"], response.content):
            raise Untrusted("digest")
        told = {"@status": str(response.status_code), **fields, "@target-uri;req": url}
        signed = Signature(response.headers.get("signature-input", ""), response.headers.get("signature", ""))
        known = published_keys(self.keys(), "message")
        if not any(kid in signed.signature_input for kid in known):
            known = published_keys(self.keys(anew=True), "message")
        try:
            verify_message(told, signed, {kid: one.key for kid, one in known.items()}, tag=FEED_TAG, now=now)
        except CertificatesError:
            raise Untrusted("signature") from None

    def _post(self, signed: Signed) -> httpx.Response | None:
        headers = {"content-type": _MEDIA_TYPE, "accept": "application/json"}
        try:
            return self._http.post(self.hub + signed.path, content=signed.token, headers=headers)
        except httpx.TransportError:
            return None

    def _read(self, signed: Signed, response: httpx.Response) -> Answer:
        body = _json(response)
        if response.status_code >= httpx.codes.BAD_REQUEST:
            raise Refused(response.status_code, body)
        return self.check(signed, body)

    def check(self, signed: Signed, body: Mapping[str, Any]) -> Answer:
        """What the hub sent for a question, verified: signature, proof, issuer, audience, and that it is the answer.

        Raises:
            Untrusted: one of them does not hold.
        """
        receipt, proof = body.get("receipt"), body.get("proof")
        if not isinstance(receipt, str) or not isinstance(proof, str):
            raise Untrusted("form")
        return Answer(receipt, proof, self._verified(signed, receipt, proof), body)

    def _verified(self, signed: Signed, receipt: str, proof: str) -> Receipt:
        kid = _kid(receipt)
        known = receipt_keys(self.keys())
        if kid not in known:  # the hub has rotated its keys
            known = receipt_keys(self.keys(anew=True))
        try:
            told = open_receipt(receipt, known)
            logs = [one.key for one in published_keys(self.keys(), "checkpoint").values()]
            verify_proof(proof, told.leaf_data, logs)
        except CertificatesError:
            raise Untrusted("signature or proof") from None
        if (told.iss.rstrip("/"), told.aud) != (self.hub, self._for):
            raise Untrusted("issuer or audience")
        if told.req != compact.encode(request_digest(signed.token.encode(), known[kid].key)):
            raise Untrusted("another question")
        return told


class Unreachable(ClientError):
    """Raised when the hub's public keys can't be had."""

    def __init__(self) -> None:
        super().__init__(
            "无法取得枢纽公钥。请检查网络和枢纽地址后重试。",
            "The hub's public keys can't be had. Check the network and the hub's address, and try again.",
        )


def _kid(token: str) -> str:
    try:
        return str(compact.parse(token).header["kid"])
    except compact.NotCompact:
        raise Untrusted("form") from None


def _json(response: httpx.Response) -> Mapping[str, Any]:
    """The body as an object; empty if it is none."""
    if len(response.content) > _LARGEST_ANSWER:
        return {}
    try:
        found = json.loads(response.content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _backoff(number: int) -> float:
    """Seconds before the next try: doubling, and spread so that clients do not come back all at once."""
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * float(2**number)) * random.uniform(0.5, 1.0)  # noqa: S311 - nothing secret


def _asked_to_wait(response: httpx.Response | None) -> float:
    """What the hub asks for in Retry-After, in seconds."""
    given = "" if response is None else response.headers.get("retry-after", "")
    return float(given) if given.isdecimal() else 0.0
