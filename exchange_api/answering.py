"""The way of a question, in the order of the design; clients and officers differ only in step 2.

    1 parse   2 know   3 allow   4 find   5 judge   6 write down   7 sign     (8, verify: anywhere, offline)

    with Answering(store, keys, clock, settings, meters, live, memory) as answering:
        answer = answering.ask(parse_request(token, act)).result()
    answer.receipt, answer.proof, answer.content["code"]

What differs from act to act (step 1, and 4 and 5: finding and judging) is the act's own (`exchange_api.acts`).
Questions that arrive together take steps 2 to 6 in one transaction, with one look-up for each act and one ledger
commit; a signature by a key that was seen before is checked while they wait for it. No receipt is signed before that
commit; whatever happens afterwards, the stored payload can be signed again. A question whose source hands over no data
leaves its group in step 4, allowed and not answered; its source is asked outside any transaction, and with what it said
the question joins a later group, where its grant is looked at again.
"""

import secrets
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from datetime import date, datetime
from types import TracebackType
from typing import Any, Self

from certificates.answer_texts import ToldAnswer
from certificates.china_time import CHINA
from certificates.jose import Key
from certificates.keys import KeyPurpose, KeyRing
from certificates.receipts import (
    SALT_LENGTH,
    ReceiptDraft,
    answer_of,
    compose,
    draft_receipt,
    request_digest,
    resume,
    sign_drafts,
)
from certificates.told_verdicts import told_verdict
from certificates.verdicts import RefusalReason, refuse
from exchange_api.acts.act import Act, Answered, Asked, AskSource
from exchange_api.answers import Allowed, Answer, AnsweringSettings, Judged, Written
from exchange_api.askers import Inquiry, Known, Refused, Registered, SignedRequest
from exchange_api.committer import Committer
from exchange_api.errors import RequestReused
from exchange_api.inspection.guarding import Asking, Told, cut_off, spend
from exchange_api.ledger_head import LedgerHead
from exchange_api.live_questions import Found, LiveQuestions, ToAsk
from exchange_api.live_sources import Finding, LiveSources
from exchange_api.meters import Meters
from exchange_api.transactions import Transaction
from registries.errors import LedgerDamaged, StoreDown, StoreError
from registries.ledger_memory import LedgerMemory
from registries.store import asked, grants, ledger
from registries.store.engine import Store
from registries.store.grants import Claimant, Grant

KIND = ledger.IN_ORDER
BATCHES_AT_ONCE = 2
"""While the store looks up one batch, another is judged."""

MOST_BATCHES = 32
"""So many wait; who comes then is told to come again."""


class Answering:
    """Answers questions; one for each API process."""

    def __init__(
        self,
        store: Store,
        keys: KeyRing,
        clock: Callable[[], datetime],
        settings: AnsweringSettings,
        meters: Meters,
        live: LiveSources,
        memory: LedgerMemory,
        used: Callable[[str, datetime], None] | None = None,
    ) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._settings = settings
        self._meters = meters
        self._registered = Registered(settings.audience, settings.issuer.rstrip("/"), used)
        self.ledger_head = LedgerHead(store, keys, settings.ledger_name, memory)
        self._committer: Committer[Inquiry | Found, Answer] = Committer(self._answer_together, self.tend_ledger)
        # a batch takes half a second: nobody at a counter waits behind one
        self._batches: Committer[Inquiry | Found, Answer] = Committer(
            self._answer_together, _nothing, group_size=1, most_waiting=MOST_BATCHES, workers=BATCHES_AT_ONCE
        )
        self._live_questions: LiveQuestions[Answer] = LiveQuestions(live, self._committer.submit)
        self._running = ExitStack()

    def __enter__(self) -> Self:
        for committer in (self._committer, self._batches):
            self._running.enter_context(committer)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._running.__exit__(kind, error, at)

    @property
    def alive(self) -> bool:
        """Whether questions are being answered."""
        return self._committer.alive and self._batches.alive

    def ask(self, inquiry: Inquiry) -> "Future[Answer]":
        """Send a question, parsed in step 1, on its way.

        Raises:
            Overloaded: too many are waiting. The future raises what stopped the question: NotVerified,
            RequestReused, certificates.requests.RequestRefused, or the store's errors.
        """
        if isinstance(inquiry, SignedRequest):
            inquiry = self._registered.before_its_turn(inquiry)
        committer = self._batches if inquiry.act.count(inquiry.question) > 1 else self._committer
        return committer.submit(inquiry)

    def tend_ledger(self) -> None:
        """Give places to what other processes wrote down, so that the checkpoint covers batches too."""
        with Transaction(self._store) as work:
            moved = self.ledger_head.move(work, self._clock())
        self._meters.set_ledger_size(moved.checkpoint.size)

    # --- the way, for questions that arrived together

    def _answer_group(self, inquiries: Sequence[Inquiry | Found]) -> list[Answer | ToAsk[Answer] | Exception]:
        """Steps 2 to 7 in their order; a question whose source has to be asked first comes back as it is known."""
        now = self._clock()
        self._keys.refresh()
        stage = self._meters.stage
        with stage("together"), Transaction(self._store) as work:
            with stage("know"):
                known, before = self._know(work, inquiries, now)
            with stage("allow"):
                told = {each.known.key: each.finding for each in inquiries if isinstance(each, Found)}
                allowed = self._allow(work, _not_answered(known, before), told, now)
            with stage("find_and_judge"):
                judged, to_ask = self._find_and_judge(work, allowed, told, now)
                judged = self._without_guesses(work, judged, now)
            with stage("write_down"):
                written = [*before, *self._write_down(work, judged, now)]
            with stage("prove"):
                places, proofs = self._prove(work, written, now, locked=bool(judged))
        with stage("sign"):
            answers = self._sign(written, places, proofs)
        for answer in answers.values():
            self._meters.note_answer(answer.content["code"])
        digests = {each.key: each.digest for each in written} | {key: each.known.digest for key, each in to_ask.items()}
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

    def _allow(
        self, work: Transaction, questions: Sequence[Known], told: Container[tuple[str, str]], now: datetime
    ) -> list[Allowed]:
        """Step 3: grants cover the act, and budgets have room for it, or it is refused before any look-up."""
        active = [each for each in questions if each.asker.active]
        wishes = {each.key: each.act.wishes(each.question) for each in active}
        wanted = [(_claimant(each), wish) for each in active for wish in wishes[each.key]]
        covering = iter(grants.covering_grants(work.conn, wanted, _day(now)) if wanted else ())
        found = {each.key: tuple(next(covering) for _ in wishes[each.key]) for each in active}
        allowed = [Allowed(each, _right(found.get(each.key))) for each in questions]
        # what comes back from its source has been counted
        spent = spend(work, [_asking(each) for each in _may_be_asked(allowed) if each.known.key not in told], now)
        return [Allowed(each.known, spent.get(each.known.key, each.grants)) for each in allowed]

    def _find_and_judge(
        self,
        work: Transaction,
        allowed: Sequence[Allowed],
        told: Mapping[tuple[str, str], Finding],
        now: datetime,
    ) -> tuple[list[Judged], dict[tuple[str, str], ToAsk[Answer]]]:
        """Steps 4 and 5, by each act for all of its questions; and the questions whose source is asked first."""
        outcomes: dict[tuple[str, str], Answered | AskSource] = {
            each.known.key: _refused(each.grants) for each in allowed if isinstance(each.grants, RefusalReason)
        }
        for act, group in _by_act(allowed):
            asked = [_asked(each, told) for each in group]
            found = act.answer(work, asked, _day(now), now)
            outcomes |= {each.known.key: outcome for each, outcome in zip(group, found, strict=True)}
        judged, to_ask = [], {}
        for known in (each.known for each in allowed):
            outcome = outcomes[known.key]
            if isinstance(outcome, AskSource):
                to_ask[known.key] = ToAsk(known, outcome.question, self._live_questions)
            else:
                judged.append(Judged(known, outcome))
        return judged, to_ask

    def _without_guesses(self, work: Transaction, judged: Sequence[Judged], now: datetime) -> list[Judged]:
        """Still step 5: who guessed too often is told nothing more, from the look-up on that was one too many."""
        told = [Told(each.known.key, each.known.asker.ledger_name, each.answered.misses) for each in judged]
        cut = cut_off(work, told, now) if any(each.misses for each in told) else {}
        refused = _refused(RefusalReason.TOO_MANY_MISSES)
        return [Judged(each.known, refused) if each.known.key in cut else each for each in judged]

    def _write_down(self, work: Transaction, judged: Sequence[Judged], now: datetime) -> list[Written]:
        """Step 6: the ledger entries; who writes down the same request at the same time finds ours, or we theirs."""
        if not judged:
            return []
        key = self._keys.active(KeyPurpose.RECEIPT)
        drafts = [draft_receipt(self._payload(each, key, now), key) for each in judged]
        entries = [_entry(each.known, draft, each.answered.beside) for each, draft in zip(judged, drafts, strict=True)]
        outcomes = ledger.append(work.conn, entries, now)
        asked.note(work.conn, [*_about(judged, outcomes)])
        new = [
            Written(each.known.key, each.known.digest, outcome.entry_id, key.kid, draft, each.answered.beside)
            for each, draft, outcome in zip(judged, drafts, outcomes, strict=True)
            if isinstance(outcome, ledger.Appended)
        ]
        theirs = zip(judged, outcomes, strict=True)
        return new + _restored({each.known.key: row for each, row in theirs if isinstance(row, ledger.Stored)})

    def _prove(
        self, work: Transaction, written: Sequence[Written], now: datetime, *, locked: bool
    ) -> tuple[Mapping[int, int], Mapping[int, str]]:
        """Still step 6: places in the tree by entry, and the proofs by place, under one checkpoint for all.

        `locked`: something was appended in this transaction.
        """
        if not written:
            return {}, {}
        moved = self.ledger_head.move(work, now, locked=locked)
        self._meters.set_ledger_size(moved.checkpoint.size)
        places = {each.entry_id: moved.places[each.entry_id] for each in written if each.entry_id in moved.places}
        before = [each.entry_id for each in written if each.entry_id not in places]
        if before:
            places |= ledger.positions(work.conn, before)
        return places, self.ledger_head.prove(work, moved.checkpoint, list(places.values()), moved.nodes)

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
                content, text = answer_of(each.draft.payload)[1], each.draft.answer_text
                answers[each.key] = Answer(receipt, proofs[place], content, place, each.beside, text)
        return answers

    def _payload(self, judged: Judged, key: Key, now: datetime) -> dict[str, Any]:
        """The receipt's payload: the answer, and of the question what is not the subject's: no number, no name."""
        known, answered = judged.known, judged.answered
        asked = {
            **known.act.shown(known.question, _day(now)),
            "purpose": known.question.purpose,
            "service_item": known.question.service_item,
            "case": known.question.case,
            "department": known.asker.department,
        }
        return compose(
            issuer=self._settings.issuer,
            audience=known.asker.audience,
            issued_at=int(now.timestamp()),
            jti=secrets.token_hex(16),
            request_digest=request_digest(known.request, key),
            salt=secrets.token_bytes(SALT_LENGTH),
            data_as_of=answered.data_as_of,
            member=known.act.member,
            answer=_with_asked(answered.content, asked),
        )

    # --- groups

    def _answer_together(self, inquiries: Sequence[Inquiry | Found]) -> list[Answer | ToAsk[Answer] | Exception]:
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

    def _answer_alone(self, inquiry: Inquiry | Found) -> Answer | ToAsk[Answer] | Exception:
        try:
            return self._answer_group([inquiry])[0]
        except StoreError as error:
            return error


def _nothing() -> None:
    """Tending the ledger is the other committer's."""


def _day(now: datetime) -> date:
    return now.astimezone(CHINA).date()


def _claimant(known: Known) -> Claimant:
    return Claimant(known.asker.department, known.asker.ledger_name)


def _right(found: tuple[Grant | None, ...] | None) -> tuple[Grant | None, ...] | RefusalReason:
    """The grants of a question, of which some may be missing; a reason if it may not be asked at all."""
    if found is None:
        return RefusalReason.CLIENT_SUSPENDED
    return found if not found or any(found) else RefusalReason.NO_GRANT


def _refused(reason: RefusalReason) -> Answered:
    return Answered(told_verdict(refuse(reason)), None)


def _with_asked(content: Mapping[str, Any], asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is answered, with what was asked; if it has its text already, that grows and is not made again."""
    return content.beside("asked", asked) if isinstance(content, ToldAnswer) else {**content, "asked": asked}


def _by_act(allowed: Sequence[Allowed]) -> Iterator[tuple[Act[Any], list[Allowed]]]:
    may_be_asked = _may_be_asked(allowed)
    for act in dict.fromkeys(each.known.act for each in may_be_asked):
        yield act, [each for each in may_be_asked if each.known.act is act]


def _may_be_asked(allowed: Sequence[Allowed]) -> list[Allowed]:
    return [each for each in allowed if not isinstance(each.grants, RefusalReason)]


def _asking(allowed: Allowed) -> Asking:
    """What a question takes from budgets."""
    known, question = allowed.known, allowed.known.question
    granted = () if isinstance(allowed.grants, RefusalReason) else allowed.grants
    count = known.act.count(question)
    return Asking(known.key, known.asker.ledger_name, known.asker.department, question.purpose, granted, count)


def _asked(allowed: Allowed, told: Mapping[tuple[str, str], Finding]) -> Asked[Any]:
    known = allowed.known
    granted = () if isinstance(allowed.grants, RefusalReason) else allowed.grants
    return Asked(known.question, known.asker.ledger_name, known.asker.department, granted, told.get(known.key))


def _not_answered(known: Sequence[Known | Refused], before: Sequence[Written]) -> list[Known]:
    """Each new request once, in one order everywhere, so that two processes never wait for each other in a circle."""
    answered = {each.key for each in before}
    new = {each.key: each for each in reversed(known) if isinstance(each, Known) and each.key not in answered}
    return [new[key] for key in sorted(new)]


def _entry(known: Known, draft: ReceiptDraft, beside: bytes | None) -> ledger.NewEntry:
    return ledger.NewEntry(KIND, *known.key, draft.leaf_data, draft.signing_input, known.digest, beside or b"")


def _about(judged: Sequence[Judged], outcomes: Sequence[ledger.Appended | ledger.Stored]) -> Iterator[asked.About]:
    """Of whom the new entries speak: the receipts themselves do not name the subject."""
    for each, outcome in zip(judged, outcomes, strict=True):
        if isinstance(outcome, ledger.Appended):
            for subject in each.known.act.about(each.known.question):
                yield asked.About(outcome.entry_id, *subject)


def _restored(stored: Mapping[tuple[str, str], ledger.Stored]) -> list[Written]:
    """What was written down before. An answer whose body was erased is not among it: it can't be signed again."""
    return [
        Written(key, row.request_digest, row.entry_id, *resume(row.payload), row.beside)
        for key, row in stored.items()
        if row.payload is not None and row.request_digest is not None
    ]


def _outcome(
    known: Known | Refused,
    answers: Mapping[tuple[str, str], Answer | ToAsk[Answer]],
    digests: Mapping[tuple[str, str], bytes],
) -> Answer | ToAsk[Answer] | Exception:
    """The same request gets the same answer again; another one under its name gets none."""
    if not isinstance(known, Known):
        return known
    return answers[known.key] if digests.get(known.key) == known.digest else RequestReused()
