"""The way of an application (申请), step by step, within the terms of Decree 809, articles 20 to 22.

    draft -> submit -> granted at once                                   what is shared without conditions
                    -> pending -> granted | refused (with reasons)       10 working days
                       pending -> supplementing -> pending               asked once; the clock stands
                       pending: longer, by at most 10 working days       asked once; the authority allows it
    draft, pending, supplementing -> withdrawn
    granted -> provided                                                  20 working days

    applying = Applying(store_page, contracts.catalogue, types, clock, lambda: working_days(home))
    number = applying.draft(actor, form)
    applying.submit(actor, number, "局长办公会 2026-03-02 同意")

Both heads agree by reference. Each step is an entry of the ledger, in the transaction that takes it. What is another
department's is not found.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from certificates.china_time import CHINA
from certificates.types import CertificateType
from exchange_api.errors import NotFound
from exchange_api.sharing.errors import AlreadyAsked, TooLongAsked, WrongStep
from exchange_api.sharing.forms import read_form
from exchange_api.sharing.steps import Actor, note, reasoned
from exchange_api.transactions import Transaction
from registries.departments import Catalogue
from registries.store import applications
from registries.store.applications import Application, State
from registries.store.engine import Store
from registries.working_days import WorkingDays

ANSWER_DAYS: Final = 10
LONGER_DAYS: Final = 10
PROVIDE_DAYS: Final = 20
"""Working days: Decree 809, articles 21 and 22."""
AT_ONCE: Final = "枢纽即时授权 at once"
OPEN: Final[tuple[State, ...]] = ("pending", "supplementing")


@dataclass(frozen=True)
class _Taken:
    """A step that is being taken."""

    work: Transaction
    found: Application
    now: datetime
    today: date


class Applying:
    """Takes applications on their way; one for each API process."""

    def __init__(
        self,
        store_page: Store,
        catalogue: Callable[[], Catalogue],
        types: Mapping[str, CertificateType],
        clock: Callable[[], datetime],
        calendar: Callable[[], WorkingDays],
    ) -> None:
        self._store = store_page
        self._catalogue = catalogue
        self._types = types
        self._clock = clock
        self._calendar = calendar

    # --- the department that asks

    def draft(self, actor: Actor, form: Mapping[str, str]) -> int:
        """Write an application down for the actor's department; its number.

        Raises:
            MalformedApplication: names the member at fault.
            NotShared: what is asked for is not shared.
        """
        now = self._clock()
        wanted = read_form(form, actor.department, self._catalogue(), self._types, _day(now))
        with Transaction(self._store) as work:
            number = applications.draft(work.conn, wanted, actor.account_id, now)
            note(work, actor, "drafted", now, application=number)
        return number

    def rewrite(self, actor: Actor, number: int, form: Mapping[str, str]) -> None:
        """Change a draft; raises as `draft`, NotFound and WrongStep."""
        with self._step(number, actor, "draft", of="department", administers=False) as taken:
            wanted = read_form(form, actor.department, self._catalogue(), self._types, taken.today)
            applications.rewrite(taken.work.conn, number, wanted)
            note(taken.work, actor, "changed", taken.now, application=number)

    def submit(self, actor: Actor, number: int, consent: str) -> Application:
        """Send a draft to its provider, with its own head's consent; what needs nobody's decision is granted at once.

        Raises:
            ConsentMissing: nobody says by which decision the head agreed.
            NotFound, WrongStep: as all steps.
        """
        agreed = reasoned(consent)
        with self._step(number, actor, "draft", of="department") as taken:
            sent: dict[str, object] = {"consent": agreed, "submitted_at": taken.now}
            if not taken.found.wanted.conditional:
                note(taken.work, actor, "submitted", taken.now, application=number, told={"consent": agreed})
                self._grant(taken, actor, AT_ONCE, sent)
            else:
                due = self._calendar().after(taken.today, ANSWER_DAYS)
                applications.change(taken.work.conn, number, state="pending", due_on=due, **sent)
                told = {"consent": agreed, "due_on": due.isoformat()}
                note(taken.work, actor, "submitted", taken.now, application=number, told=told)
        return self._found(number)

    def withdraw(self, actor: Actor, number: int, reason: str) -> None:
        """Take an application back that nobody decided on."""
        because = reasoned(reason)
        with self._step(number, actor, "draft", *OPEN, of="department") as taken:
            cleared = {"due_on": None, "days_left": None}
            applications.change(taken.work.conn, number, state="withdrawn", **cleared)
            note(taken.work, actor, "withdrawn", taken.now, application=number, told={"reason": because})

    def supplement(self, actor: Actor, number: int, text: str) -> None:
        """Give what was missing; the provider's clock goes on with the days that were left, at least one."""
        given = reasoned(text)
        with self._step(number, actor, "supplementing", of="department") as taken:
            due = self._calendar().after(taken.today, max(taken.found.days_left or 0, 1))
            moved = {"state": "pending", "supplement": given, "due_on": due, "days_left": None}
            applications.change(taken.work.conn, number, **moved)
            told = {"supplement": given, "due_on": due.isoformat()}
            note(taken.work, actor, "supplemented", taken.now, application=number, told=told)

    # --- the provider

    def ask_missing(self, actor: Actor, number: int, what: str) -> None:
        """Say, once, what is missing; the clock stands until it comes.

        Raises:
            AlreadyAsked: it was asked for before.
        """
        missing = reasoned(what)
        with self._step(number, actor, "pending", of="provider") as taken:
            if taken.found.wanting is not None:
                raise AlreadyAsked
            left = self._calendar().between(taken.today, taken.found.due_on or taken.today)
            moved = {"state": "supplementing", "wanting": missing, "due_on": None, "days_left": max(left, 0)}
            applications.change(taken.work.conn, number, **moved)
            note(taken.work, actor, "supplement_asked", taken.now, application=number, told={"wanting": missing})

    def ask_longer(self, actor: Actor, number: int, days: int, reason: str) -> None:
        """Ask the authority, once, for at most ten working days more; who applied sees it.

        Raises:
            TooLongAsked: not between one day and ten.
            AlreadyAsked: it was asked for before.
        """
        because = reasoned(reason)
        if not 0 < days <= LONGER_DAYS:
            raise TooLongAsked(LONGER_DAYS)
        with self._step(number, actor, *OPEN, of="provider") as taken:
            if taken.found.longer_days is not None:
                raise AlreadyAsked
            applications.change(taken.work.conn, number, longer_days=days, longer_because=because)
            note(
                taken.work, actor, "longer_asked", taken.now, application=number, told={"days": days, "reason": because}
            )

    def grant(self, actor: Actor, number: int, consent: str) -> Application:
        """Grant it, with the consent of the provider's head; the grants hold from then on."""
        agreed = reasoned(consent)
        with self._step(number, actor, "pending", of="provider") as taken:
            self._grant(taken, actor, agreed, {})
        return self._found(number)

    def refuse(self, actor: Actor, number: int, reasons: str) -> None:
        """Refuse it, with reasons."""
        because = reasoned(reasons)
        with self._step(number, actor, "pending", of="provider") as taken:
            refused = {"state": "refused", "refused_because": because, "decided_at": taken.now, "due_on": None}
            applications.change(taken.work.conn, number, **refused)
            note(taken.work, actor, "refused", taken.now, application=number, told={"reason": because})

    def provided(self, actor: Actor, number: int) -> None:
        """Say that the data flow, where they do not go through the hub's own interface."""
        with self._step(number, actor, "granted", of="provider") as taken:
            if taken.found.provided_at is not None:
                raise WrongStep
            applications.change(taken.work.conn, number, provided_at=taken.now)
            note(taken.work, actor, "provided", taken.now, application=number)

    # --- the authority

    def decide_longer(self, actor: Actor, number: int, *, allowed: bool) -> None:
        """Allow the provider its further days, or not."""
        with self._step(number, actor, *OPEN, of="authority") as taken:
            found = taken.found
            if found.longer_days is None or found.longer_allowed is not None:
                raise WrongStep
            moved: dict[str, object] = {"longer_allowed": allowed}
            if allowed and found.due_on is not None:
                moved["due_on"] = self._calendar().after(found.due_on, found.longer_days)
            elif allowed:
                moved["days_left"] = (found.days_left or 0) + found.longer_days
            applications.change(taken.work.conn, number, **moved)
            kind = "longer_allowed" if allowed else "longer_denied"
            note(taken.work, actor, kind, taken.now, application=number, told={"days": found.longer_days})

    # ---

    def _grant(self, taken: _Taken, actor: Actor, consent: str, sent: Mapping[str, object]) -> None:
        """What goes through the hub's own interface flows at once; the rest within twenty working days."""
        at_once = taken.found.wanted.mode == "service_interface"
        provide_by = self._calendar().after(taken.today, PROVIDE_DAYS)
        granted = {
            "state": "granted",
            "decided_at": taken.now,
            "provider_consent": consent,
            "due_on": None,
            "provide_by": provide_by,
            "provided_at": taken.now if at_once else None,
        }
        applications.change(taken.work.conn, taken.found.id, **sent, **granted)
        made = applications.give(taken.work.conn, taken.found, consent)
        told = {"consent": consent, "grants": made, "provide_by": provide_by.isoformat()}
        note(taken.work, actor, "granted", taken.now, application=taken.found.id, told=told)

    @contextmanager
    def _step(self, number: int, actor: Actor, *states: State, of: str, administers: bool = True) -> Iterator[_Taken]:
        """A transaction with the application in it, for whom it concerns, in one of these states."""
        now = self._clock()
        with Transaction(self._store) as work:
            found = applications.locked(work.conn, number)
            if found is None or not _concerns(actor, found, of, administers=administers):
                raise NotFound("申请", "application")
            if found.state not in states:
                raise WrongStep
            yield _Taken(work, found, now, _day(now))

    def _found(self, number: int) -> Application:
        with Transaction(self._store) as work:
            found = applications.by_number(work.conn, number)
        if found is None:
            raise NotFound("申请", "application")
        return found


def _concerns(actor: Actor, found: Application, of: str, *, administers: bool) -> bool:
    if of == "authority":
        return actor.is_authority
    department = found.wanted.department if of == "department" else found.wanted.provider
    if of == "provider" and found.submitted_at is None:
        return False  # a draft is its department's own
    return actor.department == department and (actor.administers or not administers)


def _day(now: datetime) -> date:
    return now.astimezone(CHINA).date()
