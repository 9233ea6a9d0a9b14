"""What people do with cases: each act checks who does it, changes the case, and takes its step, in one transaction.

    casework.assign(session, 17, "zhang_wei")
    casework.stop(session, 17, "proceedings", "")
    casework.answer(session, 17, "matches_archive", "已调取 1998 年档案核对")     # a steward approves, another person
    casework.approve(steward, 17, "")                                        # closes it, when all have approved

Words that are written go sealed into the step; who may do what stands in `standing`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from certificates.china_time import CHINA
from exchange_api.casework import reasons, standing
from exchange_api.casework.errors import ActIncomplete, NotNow
from exchange_api.casework.standing import Act, Who
from exchange_api.errors import NotFound
from exchange_api.people.signed_in import Session
from exchange_api.sealed_files import SealedFiles
from exchange_api.sealed_words import SealedWords
from exchange_api.transactions import Transaction
from registries.store import accounts, case_steps, cases, casework
from registries.store.case_steps import NewStep
from registries.store.cases import Card, Case, CaseEvidence, CaseStep
from registries.store.casework import NewEvidence, Settlement
from registries.store.engine import Store
from registries.working_days import WorkingDays

LONGEST_NOTE: Final = 2000


@dataclass(frozen=True)
class ToldStep:
    """A step with its words, opened."""

    step: CaseStep
    note: str


@dataclass(frozen=True)
class Told:
    """A case with all that a page shows of it to one person; `acts`: what that person may do."""

    case: Case
    card: Card | None
    days_left: int
    steps: tuple[ToldStep, ...]
    evidence: tuple[CaseEvidence, ...]
    row_states: dict[str, int]
    acts: frozenset[Act]
    standing: standing.Standing


class Casework:
    """The acts.

    Args:
        store_page: shows and changes cases.
        store_api: knows accounts.
        files: where evidence is kept, sealed.
        words: seals what people write.
        calendar: the operator's working days now.
    """

    def __init__(
        self,
        store_page: Store,
        store_api: Store,
        files: SealedFiles,
        words: SealedWords,
        clock: Callable[[], datetime],
        calendar: Callable[[], WorkingDays],
    ) -> None:
        self._store = store_page
        self._store_api = store_api
        self._files = files
        self._words = words
        self._clock = clock
        self._calendar = calendar

    # --- reading

    def today(self) -> date:
        """The day in China."""
        return self._clock().astimezone(CHINA).date()

    def listed(
        self,
        department: str | None,
        *,
        dataset: str | None = None,
        state: cases.State | None = "open",
        kind: str | None = None,
        cause: str | None = None,
        card: Card | None = None,
        assigned_to: str | None = None,
        before: int | None = None,
        limit: int = 25,
    ) -> list[Case]:
        """Cases of a department, or of all, latest first."""
        with Transaction(self._store) as work:
            return cases.list_cases(
                work.conn,
                department,
                dataset,
                state,
                before,
                limit,
                kind=kind,
                cause=cause,
                card=card,
                assigned_to=assigned_to,
                on=self.today(),
                calendar=self._calendar(),
            )

    def figures(self, department: str | None = None) -> list[cases.Figures]:
        """Cases counted by department."""
        with Transaction(self._store) as work:
            return cases.figures(work.conn, self.today(), self._calendar(), department=department)

    def card(self, case: Case) -> Card | None:
        """The card of a case today."""
        return cases.card(case, self.today(), self._calendar())

    def days_left(self, case: Case) -> int:
        """Working days to its last day; negative after it. A clock that stands counts from when it stopped."""
        day = self.today() if case.stopped_at is None else case.stopped_at.astimezone(CHINA).date()
        return self._calendar().between(day, case.due_on)

    def told(self, session: Session, number: int) -> Told:
        """One case. NotFound for one that is none of this person's."""
        with Transaction(self._store) as work:
            case, steps, evidence = self._one(work, session, number)
            states = cases.row_states(work.conn, number)
        acts = standing.allowed(Who.of(session), case, steps, has_evidence=bool(evidence))
        opened = tuple(ToldStep(step, self._words.opened(step.note)) for step in steps)
        now = standing.standing_of(steps)
        return Told(case, self.card(case), self.days_left(case), opened, tuple(evidence), states, acts, now)

    def open_evidence(self, session: Session, number: int, digest: bytes) -> tuple[CaseEvidence, Iterator[bytes]]:
        """A file for who may see the case. NotFound for anybody else."""
        with Transaction(self._store) as work:
            _, _, evidence = self._one(work, session, number)
        for each in evidence:
            if each.digest == digest:
                return each, self._files.pieces(each.path)
        raise NotFound("佐证材料", "evidence")

    def _one(self, work: Transaction, session: Session, number: int) -> tuple[Case, list[CaseStep], list[CaseEvidence]]:
        case = cases.one(work.conn, number)
        if case is None or not Who.of(session).sides(case):
            raise NotFound("工单", "case")
        return case, cases.steps_of(work.conn, number), cases.evidence_of(work.conn, number)

    # --- acts

    def assign(self, session: Session, number: int, login: str) -> None:
        """Give it to a person of the department; "" to nobody. ActIncomplete: there is no such person; NotNow."""
        wanted = login.strip() or None
        with Transaction(self._store) as work:
            case, _ = self._doing(work, session, number, "assign")
            if wanted is not None and not self._works_for(wanted, case):
                raise ActIncomplete("本部门在用账号的登录名", "the login of an open account of the department")
            casework.assign(work.conn, number, wanted)
            self._step(work, session, NewStep(number, "assigned", session.login, note=self._sealed(wanted or "")))

    def stop(self, session: Session, number: int, reason: str, note: str) -> None:
        """Stop its clock. ActIncomplete: without a reason; NotNow."""
        self._check(reason, note, reasons.STOP)
        with Transaction(self._store) as work:
            self._doing(work, session, number, "stop")
            casework.stop(work.conn, number, self._clock())
            self._step(work, session, NewStep(number, "stopped", session.login, reason=reason, note=self._sealed(note)))

    def resume(self, session: Session, number: int) -> None:
        """Let its clock run again; its last day moves by the working days that it stood. NotNow."""
        with Transaction(self._store) as work:
            case, _ = self._doing(work, session, number, "resume")
            stopped = case.stopped_at or self._clock()
            calendar = self._calendar()
            days = max(0, calendar.between(stopped.astimezone(CHINA).date(), self.today()))
            casework.resume(work.conn, case, days, calendar.after(case.due_on, days))
            self._step(work, session, NewStep(number, "resumed", session.login))

    def remind(self, session: Session, number: int) -> None:
        """Note that a letter of reminder goes out. NotNow."""
        with Transaction(self._store) as work:
            self._doing(work, session, number, "remind")
            casework.remind(work.conn, number)
            self._step(work, session, NewStep(number, "reminded", session.login))

    def add_evidence(self, session: Session, number: int, content: bytes, media_type: str) -> None:
        """Seal a file that speaks for an ending. NotNow; exchange_api.sealed_files.FileRefused."""
        with Transaction(self._store) as work:
            self._doing(work, session, number, "evidence")
        kept = self._files.keep(content, media_type)
        file = NewEvidence(kept.digest, kept.media_type, kept.size, kept.path)
        with Transaction(self._store) as work:
            self._doing(work, session, number, "evidence")
            if casework.add_evidence(work.conn, number, file, session.login, self._clock()):
                self._step(work, session, NewStep(number, "evidence", session.login))
                return
        self._files.discard(kept)

    def answer(self, session: Session, number: int, reason: str, note: str) -> None:
        """Say that the rows are right, with a reason; a steward approves it. ActIncomplete, NotNow."""
        self._propose(session, number, ("answer", "answered"), reason, note, reasons.RIGHT)

    def ask_beyond_mending(self, session: Session, number: int, reason: str, note: str) -> None:
        """Say that nobody can mend the rows any more; both sides approve it. ActIncomplete, NotNow: no evidence."""
        self._propose(session, number, ("ask_beyond_mending", "asked_beyond_mending"), reason, note, reasons.BEYOND)

    def approve(self, session: Session, number: int, note: str) -> None:
        """Approve what is proposed; with the last approval that is needed the case is closed. NotNow."""
        self._check("", note, {})
        with Transaction(self._store) as work:
            case, steps = self._doing(work, session, number, "approve")
            side = standing.approving_side(Who.of(session), case, standing.standing_of(steps))
            step = NewStep(number, "approved", session.login, reason=side, note=self._sealed(note))
            self._step(work, session, step)
            now = standing.standing_of(cases.steps_of(work.conn, number))
            if standing.complete(now):
                self._close(work, session, number, "found_right" if now.proposed == "answered" else "beyond_mending")

    def refuse(self, session: Session, number: int, reason: str, note: str) -> None:
        """Refuse what is proposed: the rows have to be mended. ActIncomplete, NotNow."""
        self._check(reason, note, reasons.REFUSE)
        with Transaction(self._store) as work:
            self._doing(work, session, number, "refuse")
            step = NewStep(number, "refused", session.login, reason=reason, note=self._sealed(note))
            self._step(work, session, step)

    def withdraw(self, session: Session, number: int, reason: str, note: str) -> None:
        """Take back what one has raised. ActIncomplete, NotNow."""
        self._check(reason, note, reasons.WITHDRAW)
        with Transaction(self._store) as work:
            self._doing(work, session, number, "withdraw")
            self._close(work, session, number, "withdrawn", reason, note)

    # --- what they share

    def _propose(
        self,
        session: Session,
        number: int,
        how: tuple[Act, case_steps.Act],
        reason: str,
        note: str,
        known: reasons.Reasons,
    ) -> None:
        self._check(reason, note, known)
        if not note.strip():
            raise ActIncomplete("核查情况说明", "what was found, in words")
        with Transaction(self._store) as work:
            self._doing(work, session, number, how[0])
            self._step(work, session, NewStep(number, how[1], session.login, reason=reason, note=self._sealed(note)))

    def _doing(self, work: Transaction, session: Session, number: int, act: Act) -> tuple[Case, list[CaseStep]]:
        """The case, which nobody else works on from now. NotFound, NotNow."""
        casework.lock(work.conn, number)
        case, steps, evidence = self._one(work, session, number)
        if act not in standing.allowed(Who.of(session), case, steps, has_evidence=bool(evidence)):
            raise NotNow
        return case, steps

    def _close(
        self, work: Transaction, session: Session, number: int, how: Settlement, reason: str = "", note: str = ""
    ) -> None:
        rows = casework.settle(work.conn, number, how, self._clock())
        step = NewStep(number, "closed", session.login, reason=reason or None, note=self._sealed(note), rows=rows)
        self._step(work, session, step)

    def _step(self, work: Transaction, session: Session, step: NewStep) -> None:
        own = NewStep(**{**step.__dict__, "department": session.department})
        case_steps.take(work.conn, [own], self._clock())

    def _check(self, reason: str, note: str, known: reasons.Reasons) -> None:
        if known and reason not in known:
            raise ActIncomplete("从列表中选择的理由", "a reason of the list")
        if len(note.strip()) > LONGEST_NOTE:
            raise ActIncomplete(f"说明不超过 {LONGEST_NOTE} 字", f"words of at most {LONGEST_NOTE} characters")

    def _sealed(self, note: str) -> bytes | None:
        return self._words.sealed(note.strip()) if note.strip() else None

    def _works_for(self, login: str, case: Case) -> bool:
        with Transaction(self._store_api) as work:
            found = accounts.account_by_login(work.conn, login)
        return found is not None and found.state == "open" and found.department in {case.department, case.against}
