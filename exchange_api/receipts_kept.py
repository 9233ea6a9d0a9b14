"""The receipts that an officer was given, kept in the ledger: the list, and each one signed again to print or hand on.

    for kept in receipts.latest(session): kept.made_at, kept.verification["code"]
    receipts.one(session, jti).token

Only one's own: an officer's receipts stand in the ledger under that officer's name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from certificates.keys import KeyRing
from certificates.receipts import answer_of, resume, sign_drafts
from exchange_api.askers import FORM_ID, officer
from exchange_api.errors import NotFound
from exchange_api.ledger_head import LedgerHead
from exchange_api.sessions import Session
from exchange_api.transactions import Transaction
from registries.store import answers_kept, ledger
from registries.store.answers_kept import AnswerKept
from registries.store.engine import Store

PAGE = 20
MANY = 200


@dataclass(frozen=True)
class KeptReceipt:
    """One receipt in the list.

    Attributes:
        number: grows with time; `latest(before=number)` is the next page.
        jti: of the form that asked; its page's address.
        payload: the receipt's members (iss aud iat jti req salt data_as_of, and the answer).
        place: in the ledger; None until it has one.
    """

    number: int
    jti: str
    made_at: datetime
    payload: Mapping[str, Any]
    place: int | None

    @property
    def verification(self) -> Mapping[str, Any]:
        """The verdict, and what was asked."""
        return answer_of(self.payload)[1]


@dataclass(frozen=True)
class PrintableReceipt:
    """One receipt with its signature and its proof (a tlog-proof file)."""

    jti: str
    payload: Mapping[str, Any]
    token: str
    proof: str
    place: int


class ReceiptsKept:
    """Reads officers' receipts."""

    def __init__(self, store: Store, keys: KeyRing, head: LedgerHead) -> None:
        self._store = store
        self._keys = keys
        self._head = head

    def latest(self, session: Session, before: int | None = None, limit: int = PAGE) -> list[KeptReceipt]:
        """The session's own receipts, newest first; without those whose bodies were erased."""
        with Transaction(self._store) as work:
            rows = answers_kept.answers_of(work.conn, officer(session).ledger_name, before, limit)
        return [kept for row in rows if (kept := _kept(row)) is not None]

    def since(self, session: Session, moment: datetime, most: int) -> list[KeptReceipt]:
        """The session's own receipts made at `moment` or later, newest first, at most so many."""
        rows: list[AnswerKept] = []
        with Transaction(self._store) as work:
            while len(rows) < most:
                before = rows[-1].entry_id if rows else None
                page = answers_kept.answers_of(work.conn, officer(session).ledger_name, before, MANY)
                rows += [row for row in page if row.made_at >= moment]
                if len(page) < MANY or page[-1].made_at < moment:
                    break
        return [kept for row in rows[:most] if (kept := _kept(row)) is not None]

    def one(self, session: Session, jti: str) -> PrintableReceipt:
        """The receipt that was given for this form, signed again with the key that its entry names.

        Raises:
            NotFound: there is none, it is somebody else's, or its body was erased.
        """
        if not FORM_ID.fullmatch(jti):  # no form of ours is called so; nothing is looked up for it
            raise NotFound("回执", "receipt")
        name = officer(session).ledger_name
        with Transaction(self._store) as work:
            row = ledger.stored(work.conn, [(name, jti)]).get((name, jti))
            place = ledger.position(work.conn, row.entry_id) if row is not None else None
            if row is None or row.payload is None or place is None:
                raise NotFound("回执", "receipt")
            proof = self._head.proof_in(work, place)
        kid, draft = resume(row.payload)
        self._keys.refresh()
        (token,) = sign_drafts([draft], self._keys.signing_key(kid))
        return PrintableReceipt(jti, draft.payload, token, proof, place)


def _kept(row: AnswerKept) -> KeptReceipt | None:
    if row.payload is None:
        return None
    _, draft = resume(row.payload)
    return KeptReceipt(row.entry_id, row.jti, row.made_at, draft.payload, row.place)
