"""Documents of receipts that were given: to print and keep, marked copies to hand on, the archive package of a case.

    made = documents.document(session, jti, "pdf", A4)
    made.name, made.media_type, made.data

Only of one's own receipts. A copy's mark and a package's manifest are signed: what will be signed is written into the
ledger first, so that there is no signature that nobody recorded. Everything is made in memory and kept nowhere.
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from certificates import compact
from certificates.checkpoints import parse_checkpoint, parse_proof
from certificates.documents.case_package import Case, draft_package
from certificates.documents.drawing import Paper
from certificates.documents.errors import CaseTooLarge, EmptyCase
from certificates.documents.making import FORMATS, Evidence, draft_copy, make_document
from certificates.documents.marks import Mark
from certificates.keys import KeyPurpose, KeyRing
from certificates.receipts import answer_of, resume, sign_drafts
from certificates.types import CertificateType
from exchange_api.answers import Answer
from exchange_api.askers import officer
from exchange_api.ledger_head import LedgerHead
from exchange_api.receipts_kept import ReceiptsKept
from exchange_api.sessions import Session
from exchange_api.transactions import Transaction
from registries.store import answers_kept, ledger, time_stamps
from registries.store.answers_kept import AnswerKept
from registries.store.engine import Store

MOST_RECEIPTS = 100
"""In one package, which is made in memory, half a megabyte each; a case has a handful."""


@dataclass(frozen=True)
class MadeFile:
    """A file to hand out. The name is ASCII."""

    name: str
    media_type: str
    data: bytes


class DocumentsMade:
    """Makes documents."""

    def __init__(
        self,
        store: Store,
        keys: KeyRing,
        receipts: ReceiptsKept,
        head: LedgerHead,
        types: Mapping[str, CertificateType],
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._keys = keys
        self._receipts = receipts
        self._head = head
        self._types = types
        self._clock = clock

    def document(self, session: Session, jti: str, kind: str, paper: Paper) -> MadeFile:
        """A plain document of a receipt that the session's officer was given.

        Raises:
            NotFound: there is no such receipt, it is somebody else's, or its body was erased.
            DocumentsMissing: what draws documents is not installed.
        """
        evidence = self._own(session, jti)
        return _file("receipt", _id(evidence.token), kind, make_document(evidence, kind, paper))

    def copy(self, session: Session, jti: str, kind: str, paper: Paper, mark: Mark) -> MadeFile:
        """A marked copy (加注件), recorded in the ledger before it is signed. Raises as `document`."""
        return self._marked(self._own(session, jti), officer(session).ledger_name, kind, paper, mark)

    def copy_of(self, answer: Answer, asker: str, kind: str, paper: Paper, mark: Mark) -> MadeFile:
        """A marked copy of an answer that a client was given just now; likewise. Raises as `document`."""
        return self._marked(self._evidence(answer.receipt, answer.proof), asker, kind, paper, mark)

    def package(self, session: Session, case: str) -> MadeFile:
        """The archive package of the officer's own receipts of a case.

        Raises:
            EmptyCase, CaseTooLarge: there is none; there are too many.
            DocumentsMissing: what draws documents is not installed.
        """
        return self.package_of(case, officer(session).ledger_name)

    def package_of(self, case: str, asker: str | None = None, department: str | None = None) -> MadeFile:
        """The archive package of a case: of one asker, of one department, or of all that asked. Raises as `package`."""
        now, key = self._clock(), self._keys.active(KeyPurpose.DOCUMENT)
        receipts, checkpoint, stamp = self._of_case(case, asker, department)
        issuer = str(compact.parse(receipts[0].token).payload["iss"])
        about = Case(case, issuer, self._keys.fingerprint(), self._keys.jwks(), checkpoint, int(now.timestamp()), stamp)
        own = secrets.token_hex(16)
        draft = draft_package(about, receipts, jti=own, key=key)
        self._record("package", asker or department or "operator", own, draft.signing_input, now)
        return MadeFile(f"case-package-{own}.zip", "application/zip", draft.signed(key))

    def _marked(self, evidence: Evidence, asker: str, kind: str, paper: Paper, mark: Mark) -> MadeFile:
        now, key = self._clock(), self._keys.active(KeyPurpose.DOCUMENT)
        own = secrets.token_hex(16)
        draft = draft_copy(evidence, kind, mark, made_at=int(now.timestamp()), jti=own, key=key, paper=paper)
        self._record("copy", asker, own, draft.signing_input, now)
        return _file("copy", own, kind, draft.signed(key))

    def _own(self, session: Session, jti: str) -> Evidence:
        receipt = self._receipts.one(session, jti)
        return self._evidence(receipt.token, receipt.proof)

    def _of_case(self, case: str, asker: str | None, department: str | None) -> tuple[list[Evidence], str, bytes]:
        """Receipts with their proofs under one checkpoint, oldest first; that checkpoint; the time stamp over it."""
        with Transaction(self._store) as work:
            rows = answers_kept.answers_in_case(work.conn, case, asker, department, MOST_RECEIPTS + 1)
            if len(rows) > MOST_RECEIPTS:
                raise CaseTooLarge(MOST_RECEIPTS)
            places = [row.place for row in rows if row.place is not None]
            if not places:
                raise EmptyCase
            proofs = self._head.proofs_in(work, places)
            checkpoint = parse_proof(proofs[places[0]]).checkpoint
            stamped = time_stamps.of_size(work.conn, parse_checkpoint(checkpoint).size)
        self._keys.refresh()
        receipts = [self._evidence(self._signed(row), proofs[row.place]) for row in rows if row.place is not None]
        return receipts, checkpoint, stamped.token if stamped else b""

    def _signed(self, row: AnswerKept) -> str:
        kid, draft = resume(row.payload or b"")
        (token,) = sign_drafts([draft], self._keys.signing_key(kid))
        return token

    def _evidence(self, token: str, proof: str) -> Evidence:
        asked: Mapping[str, str] = answer_of(compact.parse(token).payload)[1].get("asked") or {}
        kind = self._types.get(asked.get("certificate_type", ""))
        return Evidence(token, proof, self._keys.fingerprint(), _name(kind))

    def _record(self, kind: str, asker: str, jti: str, signing_input: bytes, now: datetime) -> None:
        """Write down what will be signed. LedgerDamaged, LedgerSetBack: nothing is signed on such a ledger."""
        entry = ledger.NewEntry(kind, f"{kind}:{asker}", jti, hashlib.sha256(signing_input).digest(), signing_input)
        with Transaction(self._store) as work:
            self._head.check(work)
            ledger.append(work.conn, [entry], now)


def _name(kind: CertificateType | None) -> str:
    """What a type is called; one with a code of our own says so."""
    if kind is None:
        return ""
    return f"{kind.name_zh}（演示代码）" if kind.demo else kind.name_zh


def _id(token: str) -> str:
    return str(compact.parse(token).payload["jti"])


def _file(what: str, name: str, kind: str, data: bytes) -> MadeFile:
    made = FORMATS[kind]
    return MadeFile(f"{what}-{name}.{made.extension}", made.media_type, data)
