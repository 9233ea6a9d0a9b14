"""Questions whose source is asked first: out of their group, to the source, and back into a later group.

    live = LiveQuestions(sources, committer.submit)
    answer = live.follow(committer.submit(inquiry))

A group's transaction never waits for a source: it gives a question back as `ToAsk`, allowed but not answered. When the
source has answered, or has not in time, the question comes again as `Found`, and goes the rest of its way. Copies of
one request that arrive meanwhile wait for the same answer: the source is asked once.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from certificates.records import Question
from exchange_api.askers import Inquiry, Known
from exchange_api.errors import Overloaded
from exchange_api.live_sources import Finding, LiveSources

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class ToAsk:
    """A question that is known and allowed, and what its source has to be asked first."""

    known: Known
    question: Question


@dataclass(frozen=True)
class Found:
    """A question that is known and allowed, with what its source said."""

    known: Known
    finding: Finding


class LiveQuestions(Generic[Answer]):
    """Carries questions to their sources and back.

    Args:
        sources: which are asked.
        submit: puts a question into a group again; raises Overloaded.
    """

    def __init__(self, sources: LiveSources, submit: "Callable[[Inquiry | Found], Future[Answer | ToAsk]]") -> None:
        self._sources = sources
        self._submit = submit
        self._waiting: dict[tuple[tuple[str, str], bytes], list[Future[Answer]]] = {}
        self._door = threading.Lock()

    def follow(self, first: "Future[Answer | ToAsk]") -> "Future[Answer]":
        """The answer, at once or after its source was asked; cancelled, nobody waits for it any more."""
        answer: Future[Answer] = Future()
        answer.add_done_callback(lambda done: done.cancelled() and first.cancel())
        first.add_done_callback(lambda done: self._first_done(done, answer))
        return answer

    def _first_done(self, first: "Future[Answer | ToAsk]", answer: "Future[Answer]") -> None:
        result = None if first.cancelled() or first.exception() is not None else first.result()
        if isinstance(result, ToAsk):
            self._ask(result, answer)
        else:
            _pass_on(first, [answer])

    def _ask(self, to_ask: ToAsk, answer: "Future[Answer]") -> None:
        known = to_ask.known
        request = (known.key, known.digest)
        with self._door:
            others = self._waiting.setdefault(request, [])
            others.append(answer)
            is_first = len(others) == 1
        if is_first:
            self._sources.ask(to_ask.question).add_done_callback(lambda told: self._told(known, told))

    def _told(self, known: Known, told: "Future[Finding]") -> None:
        last: Future[Answer | ToAsk] = Future()
        if told.cancelled():  # the hub is closing
            last.set_exception(Overloaded())
        elif (error := told.exception()) is not None:
            last.set_exception(error)
        else:
            try:
                last = self._submit(Found(known, told.result()))
            except Overloaded as overloaded:
                last.set_exception(overloaded)
        last.add_done_callback(lambda done: self._done(known, done))

    def _done(self, known: Known, last: "Future[Answer | ToAsk]") -> None:
        with self._door:
            waiting = self._waiting.pop((known.key, known.digest))
        _pass_on(last, waiting)


def _pass_on(done: "Future[Answer | ToAsk]", answers: "list[Future[Answer]]") -> None:
    for answer in answers:
        with suppress(InvalidStateError):  # who asked has gone away
            if done.cancelled():
                answer.cancel()
            elif (error := done.exception()) is not None:
                answer.set_exception(error)
            else:
                answer.set_result(cast("Answer", done.result()))
