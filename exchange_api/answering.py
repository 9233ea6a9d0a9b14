"""The way of a question, in the order of the design; clients and officers differ only in step 2.

    1 parse   2 know   3 allow   4 find   5 judge   6 write down   7 sign     (8, verify: anywhere, offline)

    with Answering(store, keys, types, clock, settings, meters, live, memory) as answering:
        answer = answering.ask(parse_request(token)).result()
    answer.receipt, answer.proof, answer.verdict["code"]

Questions that arrive together take steps 2 to 6 in one transaction, with one look-up and one ledger commit. No receipt
is signed before that commit; whatever happens afterwards, the stored payload can be signed again. A question whose
source hands over no data leaves its group in step 4, allowed and not answered; its source is asked outside any
transaction, and with what it said the question joins a later group, where its grant is looked at again.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from certificates.holder_codes import subject_kind
from certificates.issuers import Issuer, no_issuers
from certificates.jose import Key
from certificates.keys import KeyPurpose, KeyRing
from certificates.receipts import SALT_LENGTH, ReceiptDraft, compose, draft_receipt, request_digest, resume, sign_drafts
from certificates.records import LookUp
from certificates.types import CertificateType
from certificates.verdicts import RefusalReason, Verdict, judge, refuse
from exchange_api.askers import Inquiry, Known, Refused, Registered
from exchange_api.committer import Committer
from exchange_api.errors import RequestReused
from exchange_api.ledger_head import LedgerHead
from exchange_api.live_questions import Found, LiveQuestions
from exchange_api.live_sources import Finding, LiveSources
from exchange_api.meters import Meters
from exchange_api.transactions import Transaction
from registries.errors import LedgerDamaged, StoreDown, StoreError
from registries.ledger_memory import LedgerMemory
from registries.live_records import together
from registries.store import asked, certificates, grants, ledger
from registries.store.engine import Store
from registries.store.grants import Grant

ACT: Final = "verification"
KIND = ledger.IN_ORDER
CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
"""The hub's time zone: one for the whole country, without summer time since 1992."""


@dataclass(frozen=True)
class AnsweringSettings:
    """What answers name: the hub, whom requests must be addressed to, the address they must be made for, the ledger."""

    issuer: str
    audience: str
    url: str
    ledger_name: str


@dataclass(frozen=True)
class Answer:
    """What leaves the hub.

    Attributes:
        receipt: compact JWS.
        proof: the receipt's place in the ledger, as a tlog-proof file.
        verdict: the receipt's verification member, readable.
        index: the place in the ledger.
    """

    receipt: str
    proof: str
    verdict: Mapping[str, Any]
    index: int


@dataclass(frozen=True)
class Allowed:
    """After step 3: the grant that covers the question, or why there is none."""

    known: Known
    grant: Grant | RefusalReason


@dataclass(frozen=True)
class Judged:
    """After step 5: the verdict, the time of the source's last delivery that it rests on, what a live source said."""

    known: Known
    verdict: Verdict
    data_as_of: datetime | None
    upstream: Mapping[str, str | None] | None = None


@dataclass(frozen=True)
class Written:
    """After step 6: what stands in the ledger and has to be signed, with the key that it names.

    Attributes:
        key: under which issuer and jti it stands there.
        digest: of the request that it answers.
    """

    key: tuple[str, str]
    digest: bytes
    entry_id: int
    kid: str
    draft: ReceiptDraft


class Answering:
    """Answers questions; one for each API process."""

    def __init__(
        self,
        store: Store,
        keys: KeyRing,
        types: Mapping[str, CertificateType],
        clock: Callable[[], datetime],
        settings: AnsweringSettings,
        meters: Meters,
        live: LiveSources,
        memory: LedgerMemory,
        issuers: Callable[[date], Mapping[str, Issuer]] = no_issuers,
    ) -> None:
        self._issuers = issuers
        self._live = live
        self._store = store
        self._keys = keys
        self._types = types
        self._clock = clock
        self._settings = settings
        self._meters = meters
        self._registered = Registered(settings.audience, settings.url)
        self.ledger_head = LedgerHead(store, keys, settings.ledger_name, memory)
        self._committer: Committer[Inquiry | Found, Answer | Known] = Committer(self._answer_together, self.tend_ledger)
        self._live_questions: LiveQuestions[Answer] = LiveQuestions(live, self._committer.submit)

    def __enter__(self) -> Self:
        self._committer.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._committer.__exit__(kind, error, at)

    @property
    def alive(self) -> bool:
        """Whether questions are being answered."""
        return self._committer.alive

    def ask(self, inquiry: Inquiry) -> "Future[Answer]":
        """Send a question, parsed in step 1, on its way.

        Raises:
            Overloaded: too many are waiting. The future raises what stopped the question: NotVerified,
            RequestReused, certificates.requests.RequestRefused, or the store's errors.
        """
        return self._live_questions.follow(self._committer.submit(inquiry))

    def tend_ledger(self) -> None:
        """Give places to what other processes wrote down, so that the checkpoint covers batches too."""
        with Transaction(self._store) as work:
            head = self.ledger_head.move(work, self._clock())
        self._meters.set_ledger_size(head.size)

    # --- the way, for questions that arrived together

    def _answer_group(self, inquiries: Sequence[Inquiry | Found]) -> list[Answer | Known | Exception]:
        """Steps 2 to 7 in their order; a question whose source has to be asked first comes back as it is known."""
        now = self._clock()
        self._keys.refresh()
        with Transaction(self._store) as work:
            known, before = self._know(work, inquiries, now)
            allowed = self._allow(work, _not_answered(known, before), now)
            found = self._find(work, allowed, now)
            told = {each.known.key: each.finding for each in inquiries if isinstance(each, Found)}
            to_ask = self._to_ask(found, told)
            judged = self._judge([each for each in allowed if each.known.key not in to_ask], found, told, now)
            written = [*before, *self._write_down(work, judged, now)]
            places, proofs = self._prove(work, written, now)
        answers = self._sign(written, places, proofs)
        for answer in answers.values():
            self._meters.note_answer(answer.verdict["code"])
        digests = {each.key: each.digest for each in written} | {key: each.digest for key, each in to_ask.items()}
        return [_outcome(each, {**answers, **to_ask}, digests) for each in known]

    def _know(
        self, work: Transaction, inquiries: Sequence[Inquiry | Found], now: datetime
    ) -> tuple[list[Known | Refused], list[Written]]:
        """Step 2: who asks; and what was answered before, which is given again as it was written down then."""
        new = iter(self._registered.know(work, [each for each in inquiries if not isinstance(each, Found)], now))
        known = [each.known if isinstance(each, Found) else next(new) for each in inquiries]
        asked = sorted({each.key for each in known if isinstance(each, Known)})
        stored = ledger.stored(work.conn, asked)
        return known, _restored(stored)

    def _allow(self, work: Transaction, questions: Sequence[Known], now: datetime) -> list[Allowed]:
        """Step 3: a grant covers the act, or the question is refused before any look-up. Equal wishes ask once."""
        today = now.astimezone(CHINA).date()
        grant_of = {
            wish: grants.covering_grant(work.conn, wish.department, ACT, *wish[1:], today)
            for wish in sorted({_wish(each) for each in questions if each.asker.active})
        }
        return [
            Allowed(each, grant_of[_wish(each)] or RefusalReason.NO_GRANT)
            if each.asker.active
            else Allowed(each, RefusalReason.CLIENT_SUSPENDED)
            for each in questions
        ]

    def _find(self, work: Transaction, allowed: Sequence[Allowed], now: datetime) -> dict[Allowed, LookUp]:
        """Step 4: records, quarantined and held keys of all questions in one statement; none for what was refused."""
        covered = {each: each.grant for each in allowed if isinstance(each.grant, Grant)}
        if not covered:
            return {}
        asked = [(each.known.question, grant) for each, grant in covered.items()]
        look_ups = certificates.find_certificates(work.conn, asked, now, now.astimezone(CHINA).date())
        return dict(zip(covered, look_ups, strict=True))

    def _to_ask(
        self, found: Mapping[Allowed, LookUp], told: Mapping[tuple[str, str], Finding]
    ) -> dict[tuple[str, str], Known]:
        """Still step 4: the questions whose source is asked at the moment of a question, and has not been yet."""
        missing = [each.known for each, look_up in found.items() if look_up.record is None]
        serves = {kind: self._live.serves(kind) for kind in {known.question.certificate_type for known in missing}}
        return {
            known.key: known for known in missing if serves[known.question.certificate_type] and known.key not in told
        }

    def _judge(
        self,
        allowed: Sequence[Allowed],
        found: Mapping[Allowed, LookUp],
        told: Mapping[tuple[str, str], Finding],
        now: datetime,
    ) -> list[Judged]:
        """Step 5: each question's verdict, or its refusal."""
        today = now.astimezone(CHINA).date()
        issuers = self._issuers(today)
        judged = []
        for each in allowed:
            if isinstance(each.grant, RefusalReason):
                judged.append(Judged(each.known, refuse(each.grant), None))
                continue
            finding = told.get(each.known.key)
            look_up = found[each] if finding is None else together(found[each], finding.look_up)
            verdict = judge(each.known.question, look_up, today, self._types, issuers)
            upstream = None if finding is None else finding.upstream
            judged.append(Judged(each.known, verdict, look_up.source.data_as_of, upstream))
        return judged

    def _write_down(self, work: Transaction, judged: Sequence[Judged], now: datetime) -> list[Written]:
        """Step 6: the ledger entries; who writes down the same request at the same time finds ours, or we theirs."""
        if not judged:
            return []
        key = self._keys.active(KeyPurpose.RECEIPT)
        drafts = [draft_receipt(self._payload(each, key, now), key) for each in judged]
        entries = [_entry(each.known, draft) for each, draft in zip(judged, drafts, strict=True)]
        outcomes = ledger.append(work.conn, entries, now)
        asked.note(work.conn, [*_about(judged, outcomes)])
        new = [
            Written(each.known.key, each.known.digest, outcome.entry_id, key.kid, draft)
            for each, draft, outcome in zip(judged, drafts, outcomes, strict=True)
            if isinstance(outcome, ledger.Appended)
        ]
        theirs = zip(judged, outcomes, strict=True)
        return new + _restored({each.known.key: row for each, row in theirs if isinstance(row, ledger.Stored)})

    def _prove(
        self, work: Transaction, written: Sequence[Written], now: datetime
    ) -> tuple[Mapping[int, int], Mapping[int, str]]:
        """Still step 6: places in the tree by entry, and the proofs by place, under one checkpoint for all."""
        if not written:
            return {}, {}
        head = self.ledger_head.move(work, now)
        self._meters.set_ledger_size(head.size)
        places = ledger.positions(work.conn, [each.entry_id for each in written])
        return places, self.ledger_head.prove(work, head, list(places.values()))

    def _sign(
        self, written: Sequence[Written], places: Mapping[int, int], proofs: Mapping[int, str]
    ) -> dict[tuple[str, str], Answer]:
        """Step 7, after the commit: sign what was written down, with the key that it names; SM2 signs all at once."""
        answers = {}
        for kid in sorted({each.kid for each in written}):
            group = [each for each in written if each.kid == kid]
            receipts = sign_drafts([each.draft for each in group], self._keys.signing_key(kid))
            for each, receipt in zip(group, receipts, strict=True):
                place = places[each.entry_id]
                answers[each.key] = Answer(receipt, proofs[place], each.draft.payload["verification"], place)
        return answers

    def _payload(self, judged: Judged, key: Key, now: datetime) -> dict[str, Any]:
        """The receipt's payload: the verdict, and of the question what is not the holder's: no number, no name."""
        question, asker = judged.known.question, judged.known.asker
        asked = {
            "certificate_type": question.certificate_type,
            "purpose": question.purpose,
            "service_item": question.service_item,
            "case": question.case,
            "as_of": (question.as_of or now.astimezone(CHINA).date()).isoformat(),
            "department": asker.department,
        }
        return compose(
            issuer=self._settings.issuer,
            audience=asker.audience,
            issued_at=int(now.timestamp()),
            jti=secrets.token_hex(16),
            request_digest=request_digest(judged.known.request, key),
            salt=secrets.token_bytes(SALT_LENGTH),
            data_as_of=judged.data_as_of,
            verification={**judged.verdict.to_json(), "asked": asked, **_upstream(judged)},
        )

    # --- groups

    def _answer_together(self, inquiries: Sequence[Inquiry | Found]) -> list[Answer | Known | Exception]:
        """Answer a group; if the store refuses something about one of them, each is answered by itself."""
        self._meters.note_group(len(inquiries))
        try:
            return self._answer_group(inquiries)
        except (StoreDown, LedgerDamaged):
            raise
        except StoreError:
            if len(inquiries) == 1:
                raise
        return [self._answer_alone(inquiry) for inquiry in inquiries]

    def _answer_alone(self, inquiry: Inquiry | Found) -> Answer | Known | Exception:
        try:
            return self._answer_group([inquiry])[0]
        except StoreError as error:
            return error


class Wish(NamedTuple):
    """What a grant has to cover."""

    department: str
    certificate_type: str
    purpose: str
    service_item: str


def _wish(known: Known) -> Wish:
    question = known.question
    return Wish(known.asker.department, question.certificate_type, question.purpose, question.service_item)


def _not_answered(known: Sequence[Known | Refused], before: Sequence[Written]) -> list[Known]:
    """Each new request once, in one order everywhere, so that two processes never wait for each other in a circle."""
    answered = {each.key for each in before}
    new = {each.key: each for each in reversed(known) if isinstance(each, Known) and each.key not in answered}
    return [new[key] for key in sorted(new)]


def _entry(known: Known, draft: ReceiptDraft) -> ledger.NewEntry:
    return ledger.NewEntry(KIND, *known.key, draft.leaf_data, draft.signing_input, known.digest)


def _about(judged: Sequence[Judged], outcomes: Sequence[ledger.Appended | ledger.Stored]) -> Iterator[asked.About]:
    """Of whom the new entries speak: the receipts themselves do not name the holder."""
    for each, outcome in zip(judged, outcomes, strict=True):
        if isinstance(outcome, ledger.Appended):
            question = each.known.question
            kind = subject_kind(question.holder_code_type)
            yield asked.About(outcome.entry_id, kind, question.holder_code, question.certificate_type)


def _restored(stored: Mapping[tuple[str, str], ledger.Stored]) -> list[Written]:
    """What was written down before. An answer whose body was erased is not among it: it can't be signed again."""
    return [
        Written(key, row.request_digest, row.entry_id, *resume(row.payload))
        for key, row in stored.items()
        if row.payload is not None and row.request_digest is not None
    ]


def _upstream(judged: Judged) -> dict[str, Any]:
    return {} if judged.upstream is None else {"upstream": dict(judged.upstream)}


def _outcome(
    known: Known | Refused, answers: Mapping[tuple[str, str], Answer | Known], digests: Mapping[tuple[str, str], bytes]
) -> Answer | Known | Exception:
    """The same request gets the same answer again; another one under its name gets none."""
    if not isinstance(known, Known):
        return known
    return answers[known.key] if digests.get(known.key) == known.digest else RequestReused()
