"""Completing paper-era certificates (存量证照补全): a window files, a second person types again, the issuer confirms.

    reference = completing.file(session, Typed(...), scan)          # FileRefused, NothingToComplete, ...
    completing.second(other, reference, Typed(...))                 # blind: what was typed first is not shown
    completing.decide(issuer, reference, refusal=None)              # from then on it is served with its holder, at C

Nobody acts twice on one certificate, and nothing typed by one person alone is ever served. The scan is opened by those
who have to compare it, each time written down.
"""

import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple

from certificates.china_time import CHINA
from certificates.holder_codes import check_holder_code, code_types, normal_holder_code, subject_kind
from exchange_api.askers import officer
from exchange_api.casework.raising import Filing, Objection, raise_objection
from exchange_api.completing_errors import (
    CompletionGone,
    DiffersFromFirst,
    NothingToComplete,
    NotYours,
    SamePerson,
    TypedRefused,
    UnderWay,
)
from exchange_api.errors import ExchangeApiError, NotFound
from exchange_api.people.signed_in import Session
from exchange_api.sealed_files import KeptFile, SealedFiles
from exchange_api.sealed_words import SealedWords
from exchange_api.transactions import Transaction
from registries.departments import Catalogue
from registries.masking import mask_text
from registries.store import completions
from registries.store.completions import Completion, Filed, NewStep, State, Step
from registries.store.engine import Store
from registries.store.window_tables import REFUSAL_REASONS

LONGEST: Final = {"certificate_number": 128, "holder_name": 200, "holder_code": 64}
WAITING: Final[tuple[State, ...]] = ("filed", "seconded")
REFUSAL_WORDS: Final = {
    "scan_unreadable": ("扫描件不清晰或不完整", "the scan can't be read"),
    "other_holder": ("持证主体与存档不符", "the archive has another holder"),
    "not_issued": ("查无颁发记录", "no such certificate was issued"),
    "paper_invalid": ("纸质证照已失效或被换发", "the paper is no longer valid"),
    "already_numbered": ("来源数据已补充号码", "the source has the number by now"),
    "keyed_differently": ("两次录入三次不一致", "typed differently three times"),
}
GIVEN_REASONS: Final = tuple(reason for reason in REFUSAL_REASONS if reason != "keyed_differently")


class Typed(NamedTuple):
    """What a person typed from the paper."""

    certificate_type: str
    certificate_number: str
    holder_name: str
    holder_code_type: str
    holder_code: str


@dataclass(frozen=True)
class Told:
    """A completion as its two departments see it; holder masked. `number` is "" for who has to type it blind."""

    completion: Completion
    number: str
    holder: str
    steps: tuple[Step, ...]


class Completing:
    """What windows and issuers do about them.

    Args:
        due: the day by which an issuer has to answer what is filed on a day.
    """

    def __init__(
        self,
        store_page: Store,
        catalogue: Callable[[], Catalogue],
        files: SealedFiles,
        words: SealedWords,
        clock: Callable[[], datetime],
        due: Callable[[date], date],
    ) -> None:
        self._store_page = store_page
        self._catalogue = catalogue
        self._files = files
        self._words = words
        self._clock = clock
        self._due = due

    # --- the window

    def file(self, session: Session, typed: Typed, content: bytes, media_type: str) -> str:
        """File one with its scan; the reference.

        Raises:
            TypedRefused: something is missing, or the holder's number can't be right.
            FileRefused: the scan is none that is taken.
            NothingToComplete, UnderWay: nothing was kept.
        """
        right = checked(typed)
        scan = self._files.keep(content, media_type)
        reference = secrets.token_hex(16)
        try:
            with Transaction(self._store_page) as work:
                filed = completions.file(
                    work.conn,
                    self._filing(session, right, scan, reference),
                    self._words.sealed(json.dumps(right._asdict(), ensure_ascii=False)),
                    self._today(),
                    self._clock(),
                )
                number = _filed(filed)
                self._note(work, number, "filed", session)
        except ExchangeApiError:
            self._files.discard(scan)
            raise
        return reference

    def second(self, session: Session, reference: str, typed: Typed) -> None:
        """Another person of the same department types the same from the scan.

        Raises:
            TypedRefused, DiffersFromFirst: it still waits, unless it was the third that differs.
            SamePerson, CompletionGone
        """
        right = checked(typed)
        who = {"reference": reference, "department": session.department, "login": session.login}
        with Transaction(self._store_page) as work:
            moved = completions.second(work.conn, {**right._asdict(), **who})
            if moved.id is not None and moved.outcome != "same_person":
                act = "keyed_differently" if moved.outcome == "differs" else moved.outcome
                self._note(work, moved.id, act, session)
        _passed(moved.outcome, {"seconded"})

    # --- the issuer

    def decide(self, session: Session, reference: str, refusal: str | None) -> Completion:
        """Confirm it, or refuse it with a reason of the list.

        Raises:
            TypedRefused: the reason is none of the list.
            SamePerson, CompletionGone
        """
        if refusal is not None and refusal not in GIVEN_REASONS:
            raise TypedRefused("refusal")
        with Transaction(self._store_page) as work:
            found = self._of(session, completions.one(work.conn, reference), provider=True)
            typed = self._typed(found)._asdict() if refusal is None else {}
            who = {"reference": reference, "department": session.department, "login": session.login}
            moved = completions.decide(work.conn, {**typed, **who, "refusal": refusal})
            if moved.id is not None and moved.outcome != "same_person":
                self._note(work, moved.id, moved.outcome, session, refusal)
            if moved.outcome == "in_force":
                self._ask_source(work, session, found)
        _passed(moved.outcome, {"in_force", "refused", "replaced"})
        return found

    def end(self, session: Session, reference: str) -> None:
        """Take it back: the issuer what it confirmed, the window what nobody has confirmed. Raises CompletionGone."""
        with Transaction(self._store_page) as work:
            who = {"reference": reference, "department": session.department}
            moved = completions.end(work.conn, who)
            if moved.id is not None:
                self._note(work, moved.id, moved.outcome, session)
        _passed(moved.outcome, {"ended", "withdrawn"})

    # --- both

    def listed(
        self, session: Session, *, provider: bool, before: int | None = None, limit: int = 25
    ) -> Sequence[Completion]:
        """What the session's department has to confirm, or has filed, latest first."""
        mine = session.department
        sides = (None, mine) if provider else (mine, None)
        with Transaction(self._store_page) as work:
            return completions.listed(work.conn, *sides, before=before or completions.FAR, limit=limit)

    def told(self, session: Session, reference: str, *, provider: bool) -> Told:
        """One of them. NotFound for anybody else's."""
        with Transaction(self._store_page) as work:
            found = self._of(session, completions.one(work.conn, reference), provider=provider)
            steps = tuple(completions.steps_of(work.conn, found.id))
        if not provider and found.state == "filed" and session.login != found.filed_by:
            return Told(found, "", "", steps)  # the second person types from the scan
        typed = self._typed(found)
        kind = subject_kind(typed.holder_code_type)
        masked = mask_text(typed.holder_name, "person_name") if kind == "natural_person" else typed.holder_name
        holder = f"{masked} {mask_text(typed.holder_code, 'citizen_number')}"
        return Told(found, typed.certificate_number, holder, steps)

    def scan(self, session: Session, reference: str, *, provider: bool) -> tuple[Completion, Iterator[bytes]]:
        """The scan in clear; written down before it is given. NotFound for anybody else's."""
        with Transaction(self._store_page) as work:
            found = self._of(session, completions.one(work.conn, reference), provider=provider)
            self._note(work, found.id, "scan_opened", session)
        return found, self._files.pieces(found.scan_path)

    # --- how

    def _filing(self, session: Session, typed: Typed, scan: KeptFile, reference: str) -> dict[str, str | int]:
        return {
            **typed._asdict(),
            "subject_kind": subject_kind(typed.holder_code_type),
            "reference": reference,
            "department": session.department,
            "asker": officer(session).ledger_name,
            "login": session.login,
            "due_on": self._due(self._today()).isoformat(),
            "scan_digest": scan.digest.hex(),
            "scan_media_type": scan.media_type,
            "scan_size": scan.size,
            "scan_path": scan.path,
        }

    def _ask_source(self, work: Transaction, session: Session, found: Completion) -> None:
        """A case asks the source to mend its own row; it closes when the row comes with a number."""
        dataset = self._catalogue().dataset(found.dataset)
        mapping = dataset.certificate
        if mapping is None or dataset.key != (mapping.number,):
            return  # of several rows of a number nobody knows which one it is
        number = self._typed(found).certificate_number
        about = Objection(dataset.name, mapping.holders[0].code, key=(number,), certificate_number=number)
        filing = Filing(session.login, session.department)
        made = raise_objection(work, about, filing, self._clock(), self._due(self._today()))
        completions.note_case(work.conn, found.id, made.number)

    def _of(self, session: Session, found: Completion | None, *, provider: bool) -> Completion:
        own = found is not None and session.department == (found.provider if provider else found.department)
        if found is None or not own:
            raise NotFound("补全申请", "completion")
        return found

    def _typed(self, found: Completion) -> Typed:
        return Typed(**json.loads(self._words.opened(found.holder)))

    def _note(self, work: Transaction, number: int, act: str, session: Session, reason: str | None = None) -> None:
        step = NewStep(number, act, session.login, session.department, reason)
        completions.note(work.conn, [step], self._clock())

    def _today(self) -> date:
        return self._clock().astimezone(CHINA).date()


def checked(typed: Typed) -> Typed:
    """What was typed, in the one form that numbers have.

    Raises:
        TypedRefused: names the member that is missing, too long, or fails its own check.
    """
    known = code_types()
    right = Typed(
        typed.certificate_type.strip(),
        typed.certificate_number.strip().upper(),
        typed.holder_name.strip(),
        typed.holder_code_type.strip(),
        normal_holder_code(typed.holder_code_type.strip(), typed.holder_code),
    )
    for member, longest in LONGEST.items():
        value = getattr(right, member)
        if not 0 < len(value) <= longest or not value.isprintable():
            raise TypedRefused(member)
    if right.holder_code_type not in known:
        raise TypedRefused("holder_code_type")
    if check_holder_code(right.holder_code_type, right.holder_code) is False:
        raise TypedRefused("holder_code")
    return right


def _filed(filed: Filed) -> int:
    if filed.outcome == "not_granted":
        raise NotYours
    if filed.outcome == "under_way":
        raise UnderWay
    if filed.id is None:
        raise NothingToComplete
    return filed.id


def _passed(outcome: str, good: set[str]) -> None:
    if outcome in good:
        return
    if outcome == "same_person":
        raise SamePerson
    if outcome in {"differs", "refused"}:
        raise DiffersFromFirst(last=outcome == "refused")
    raise CompletionGone
