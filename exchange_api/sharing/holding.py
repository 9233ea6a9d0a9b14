"""Grants in use (授权): suspended, resumed, ended, extended; and a provider that wants to stop asks first.

    holding = Holding(store_page, clock)
    holding.suspend(provider, grant_id, "超范围使用")        # at once; the authority may, too
    holding.announce_stop(provider, grant_id, "系统改造", stop_on)
    holding.answer_stop(consumer, grant_id, agreed=True, answer="同意")
    holding.file_stop(authority, grant_id)
    holding.end(provider, grant_id, "已备案")                 # from that day on

Decree 809, article 27: who uses data ends its grant when the purpose ends; misuse suspends it and then ends it; else a
provider may not stop without consultation and without the authority having it on file. Each step is in the ledger.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from certificates.china_time import CHINA
from exchange_api.errors import NotFound
from exchange_api.sharing.errors import ConsultFirst, MalformedApplication, NoLongerThanBefore, WrongStep
from exchange_api.sharing.steps import Actor, note, reasoned
from exchange_api.transactions import Transaction
from registries.store import held_grants
from registries.store.engine import Store
from registries.store.grants import Grant
from registries.store.held_grants import StopNotice


@dataclass(frozen=True)
class _Taken:
    """A step that is being taken; whether the actor provides what the grant is for, or uses it."""

    work: Transaction
    found: Grant
    provides: bool
    uses: bool
    now: datetime
    today: date


class Holding:
    """Changes grants; one for each API process."""

    def __init__(self, store_page: Store, clock: Callable[[], datetime]) -> None:
        self._store = store_page
        self._clock = clock

    def suspend(self, actor: Actor, grant_id: int, reason: str) -> None:
        """Let a grant rest at once, for misuse or an incident: by its provider or the authority."""
        because = reasoned(reason)
        with self._step(grant_id, actor) as taken:
            self._need(taken.provides or actor.is_authority)
            if taken.found.suspended_at is not None:
                raise WrongStep
            held_grants.suspend(taken.work.conn, grant_id, because, taken.now)
            note(taken.work, actor, "grant_suspended", taken.now, grant_id=grant_id, told={"reason": because})

    def resume(self, actor: Actor, grant_id: int, reason: str) -> None:
        """Let it go on."""
        because = reasoned(reason)
        with self._step(grant_id, actor) as taken:
            self._need(taken.provides or actor.is_authority)
            if taken.found.suspended_at is None:
                raise WrongStep
            held_grants.resume(taken.work.conn, grant_id)
            note(taken.work, actor, "grant_resumed", taken.now, grant_id=grant_id, told={"reason": because})

    def end(self, actor: Actor, grant_id: int, reason: str) -> None:
        """End it for good.

        Raises:
            ConsultFirst: its provider wants to, and it neither rests for misuse nor was the stop announced and filed.
        """
        because = reasoned(reason)
        with self._step(grant_id, actor) as taken:
            self._need(taken.provides or taken.uses or actor.is_authority)
            if not (taken.uses or actor.is_authority or self._may_stop(taken)):
                raise ConsultFirst
            held_grants.end(taken.work.conn, grant_id, because, taken.now)
            open_notice = held_grants.open_notice(taken.work.conn, grant_id)
            if open_notice is not None:
                held_grants.move_notice(taken.work.conn, open_notice.id, "dropped")
            note(taken.work, actor, "grant_ended", taken.now, grant_id=grant_id, told={"reason": because})

    def extend(self, actor: Actor, grant_id: int, last_day: str, reason: str) -> None:
        """Let it last longer: by its provider or the authority.

        Raises:
            MalformedApplication: the day is none.
            NoLongerThanBefore: the day is not later than the present last day.
        """
        because, until = reasoned(reason), _parsed(last_day)
        with self._step(grant_id, actor) as taken:
            self._need(taken.provides or actor.is_authority)
            present = taken.found.valid_until
            if present is None or until <= present or until < taken.today:
                raise NoLongerThanBefore
            held_grants.extend(taken.work.conn, grant_id, until)
            told = {"reason": because, "until": until.isoformat(), "before": present.isoformat()}
            note(taken.work, actor, "grant_extended", taken.now, grant_id=grant_id, told=told)

    # --- a provider that wants to stop

    def announce_stop(self, actor: Actor, grant_id: int, reason: str, stop_on: str) -> None:
        """Tell who uses a grant, and the authority, that it shall stop on a later day."""
        because, day = reasoned(reason), _parsed(stop_on)
        with self._step(grant_id, actor) as taken:
            self._need(taken.provides)
            if day <= taken.today:
                raise MalformedApplication("stop_on", "停止日期", "last day")
            if held_grants.open_notice(taken.work.conn, grant_id) is not None:
                raise WrongStep
            held_grants.announce_stop(taken.work.conn, grant_id, because, day, taken.now)
            told = {"reason": because, "stop_on": day.isoformat()}
            note(taken.work, actor, "stop_announced", taken.now, grant_id=grant_id, told=told)

    def answer_stop(self, actor: Actor, grant_id: int, answer: str, *, agreed: bool) -> None:
        """What who uses the grant says to it."""
        said = reasoned(answer)
        with self._step(grant_id, actor) as taken:
            self._need(taken.uses)
            notice = self._notice(taken, "asking")
            held_grants.move_notice(taken.work.conn, notice.id, "agreed" if agreed else "objected", taken.now, said)
            kind = "stop_agreed" if agreed else "stop_objected"
            note(taken.work, actor, kind, taken.now, grant_id=grant_id, told={"answer": said})

    def file_stop(self, actor: Actor, grant_id: int) -> None:
        """Put it on file: by the authority, once who uses the grant has answered."""
        with self._step(grant_id, actor) as taken:
            self._need(actor.is_authority)
            held_grants.move_notice(taken.work.conn, self._notice(taken, "agreed", "objected").id, "filed")
            note(taken.work, actor, "stop_filed", taken.now, grant_id=grant_id)

    def drop_stop(self, actor: Actor, grant_id: int, reason: str) -> None:
        """Take a notice back: by its provider, or the authority that finds against it."""
        because = reasoned(reason)
        with self._step(grant_id, actor) as taken:
            self._need(taken.provides or actor.is_authority)
            notice = self._notice(taken, *held_grants.OPEN_NOTICES)
            held_grants.move_notice(taken.work.conn, notice.id, "dropped")
            note(taken.work, actor, "stop_dropped", taken.now, grant_id=grant_id, told={"reason": because})

    # ---

    @contextmanager
    def _step(self, grant_id: int, actor: Actor) -> Iterator[_Taken]:
        """A transaction with a grant in it that has not ended; for whom it does not concern there is none."""
        now = self._clock()
        with Transaction(self._store) as work:
            found = held_grants.locked(work.conn, grant_id)
            if found is None:
                raise NotFound("授权", "grant")
            provides = actor.administers and held_grants.is_provider(work.conn, found, actor.department)
            uses = actor.speaks_for(found.department)
            if not (provides or uses or actor.is_authority):
                raise NotFound("授权", "grant")
            if found.ended_at is not None:
                raise WrongStep
            yield _Taken(work, found, provides, uses, now, now.astimezone(CHINA).date())

    def _may_stop(self, taken: _Taken) -> bool:
        filed = held_grants.filed_by(taken.work.conn, taken.found.id, taken.today)
        return taken.found.suspended_at is not None or filed

    @staticmethod
    def _notice(taken: _Taken, *states: str) -> StopNotice:
        notice = held_grants.open_notice(taken.work.conn, taken.found.id)
        if notice is None or notice.state not in states:
            raise WrongStep
        return notice

    @staticmethod
    def _need(allowed: bool) -> None:  # noqa: FBT001 - what is needed
        """A step that is not this actor's looks as if there were no such grant."""
        if not allowed:
            raise NotFound("授权", "grant")


def _parsed(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise MalformedApplication("until", "日期", "day") from None
