"""Credentials for valid answers: the same way as a question, and one step more.

    issued = credentials.issue(inquiry)          # a client's request for this address, or an officer's question
    issued.credential, issued.answer.receipt

The question is asked first, so that grants, budgets and the ledger are those of every question, and the same request
gets the same credential again. Only an answer that is valid, about a certificate that is in the store and in no doubt,
leads to a credential; it gets a place in a status list, is written down, and is then signed. What is kept holds nothing
personal: salts come from a secret, and the question is what the asker brings.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from certificates import compact
from certificates.china_time import CHINA
from certificates.credentials import LIFETIME, BadCredential, CredentialDraft, draft_credential, keyed_salts
from certificates.jose import sign
from certificates.keys import KeyPurpose, KeyRing
from certificates.types import CertificateType
from certificates.verdicts import VerdictCode
from exchange_api.answering import Answering
from exchange_api.answers import Answer
from exchange_api.askers import Inquiry, SignedRequest
from exchange_api.errors import NoCredential, RequestReused
from exchange_api.status_lists import StatusLists
from exchange_api.transactions import Transaction
from registries.store import clients, grants, ledger
from registries.store.certificates import Sought
from registries.store.engine import Store
from registries.store.grants import Claimant

PATH = "/v1/credentials"
KIND = "credential"
_SUFFIX = "#credential"  # no jti of an asker has this character


@dataclass(frozen=True)
class Issued:
    """A credential, and the answer that it states."""

    credential: str
    answer: Answer


class Credentials:
    """Issues credentials; one for each API process."""

    def __init__(
        self,
        store: Store,
        keys: KeyRing,
        types: Mapping[str, CertificateType],
        clock: Callable[[], datetime],
        answering: Answering,
        lists: StatusLists,
        issuer: str,
        secret: bytes,
    ) -> None:
        self._store = store
        self._keys = keys
        self._types = types
        self._clock = clock
        self._answering = answering
        self._lists = lists
        self._issuer = issuer
        self._secret = secret

    def issue(self, inquiry: Inquiry) -> Issued:
        """Ask, and issue a credential for the answer.

        Raises:
            NoCredential: The answer is not valid, or its certificate can have no status here.
            RequestReused: The request was asked with another question before.
            Everything that asking raises.
        """
        answer = self._answering.ask(inquiry).result()
        if answer.content["code"] != VerdictCode.VALID:
            raise NoCredential
        now = self._clock()
        self._keys.refresh()
        with Transaction(self._store) as work:
            kid, draft = self._write_down(work, inquiry, answer, now)
        return Issued(draft.signed(sign(draft.signing_input, self._keys.signing_key(kid))), answer)

    def _write_down(
        self, work: Transaction, inquiry: Inquiry, answer: Answer, now: datetime
    ) -> tuple[str, CredentialDraft]:
        name, department, jti = _asker(work, inquiry)
        salts = keyed_salts(self._secret, f"{name}\n{jti}")
        about = self._about(inquiry, answer)
        before = ledger.stored(work.conn, [(name, jti + _SUFFIX)]).get((name, jti + _SUFFIX))
        if before is not None:
            if before.payload is None:
                raise NoCredential
            try:
                return CredentialDraft.resume(before.payload, about, salts)
            except BadCredential:
                raise RequestReused from None
        today = now.astimezone(CHINA).date()
        question = inquiry.question
        wishes = [(Claimant(department, name), wish) for wish in inquiry.act.wishes(question)]
        (grant,) = grants.covering_grants(work.conn, wishes, today)
        place = None
        if grant is not None:
            sought = Sought(question, grant, Claimant(department, name))
            place = self._lists.take_place(work, sought, f"{name}\n{jti}", now)
        if place is None:
            raise NoCredential
        receipt = compact.parse(answer.receipt).payload
        key = self._keys.active(KeyPurpose.CREDENTIAL)
        draft = draft_credential(
            about,
            key,
            issuer=self._issuer,
            issued_at=int(now.timestamp()),
            expires=_expires(now, answer.content["certificate"]),
            receipt=str(receipt["jti"]),
            status=place,
            salts=salts,
        )
        entry = ledger.NewEntry(KIND, name, jti + _SUFFIX, draft.leaf_data, draft.signing_input, b"")
        ledger.append(work.conn, [entry], now)
        return key.kid, draft

    def _about(self, inquiry: Inquiry, answer: Answer) -> dict[str, Any]:
        """What a holder may disclose: what was asked for, which matched, and what the answer told."""
        question, certificate = inquiry.question, answer.content["certificate"]
        kind = self._types.get(question.certificate_type)
        return {
            "certificate_type": question.certificate_type,
            "certificate_type_name": kind.name_zh if kind else question.certificate_type,
            "certificate_number": question.certificate_number,
            "holder_name": question.holder_name,
            "holder_code": question.holder_code,
            "holder_code_type": question.holder_code_type,
            **{name: certificate[name] for name in ("issuing_authority", "issued_on", "valid_from", "valid_until")},
            "long_term": certificate["long_term"],
            "valid_on": answer.content["asked"]["as_of"],
        }


def _asker(work: Transaction, inquiry: Inquiry) -> tuple[str, str, str]:
    """Under which name and id the answer stands in the ledger, and whose grants cover it; the asker is known by now."""
    if not isinstance(inquiry, SignedRequest):
        return inquiry.asker.ledger_name, inquiry.asker.department, inquiry.jti
    client = clients.client_with_keys(work.conn, inquiry.issuer)
    if client is None:
        raise NoCredential
    return f"client:{client.id}", client.department, str(compact.parse(inquiry.token).payload["jti"])


def _expires(now: datetime, certificate: Mapping[str, Any]) -> int:
    """After LIFETIME, or when the certificate's last day ends in China."""
    latest = int(now.timestamp()) + LIFETIME
    until = certificate["valid_until"]
    if until is None or certificate["long_term"]:
        return latest
    ends = datetime.combine(date.fromisoformat(until) + timedelta(days=1), datetime.min.time(), CHINA)
    return min(latest, int(ends.timestamp()))
