"""Questions whose source is asked first: out of their group, to the source, and back into a later group.

    live = LiveQuestions(sources, committer.submit)
    ToAsk(known, question, live)        # as an outcome of a group: its asker is told when the source has answered

A group's transaction never waits for a source: it gives a question back as `ToAsk`, allowed but not answered. When the
source has answered, or has not in time, the question comes again as `Found`, and goes the rest of its way. Copies of
one request that arrive meanwhile wait for the same answer: the source is asked once.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

from certificates.records import Question
from exchange_api.askers import Known
from exchange_api.committer import Later
from exchange_api.errors import Overloaded
from exchange_api.live_sources import Finding, LiveSources

Answer = TypeVar("Answer")


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

    def __init__(self, sources: LiveSources, submit: "Callable[[Found], Future[Answer]]") -> None:
        self._sources = sources
        self._submit = submit
        self._waiting: dict[tuple[tuple[str, str], bytes], list[Future[Answer]]] = {}
        self._door = threading.Lock()

    def ask(self, known: Known, question: Question, answer: "Future[Answer]") -> None:
        """Have a question's source asked, unless it is being asked by the same request, and end the future then."""
        with self._door:
            others = self._waiting.setdefault((known.key, known.digest), [])
            others.append(answer)
            is_first = len(others) == 1
        if is_first:
            self._sources.ask(question).add_done_callback(lambda told: self._told(known, told))

    def _told(self, known: Known, told: "Future[Finding]") -> None:
        last: Future[Answer] = Future()
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

    def _done(self, known: Known, last: "Future[Answer]") -> None:
        with self._door:
            waiting = self._waiting.pop((known.key, known.digest))
        for answer in waiting:
            if (error := last.exception()) is not None:
                answer.set_exception(error)
            else:
                answer.set_result(last.result())


@dataclass(frozen=True)
class ToAsk(Later[Answer]):
    """A question that is known and allowed, and what its source has to be asked first."""

    known: Known
    question: Question
    live: LiveQuestions[Answer]

    def follow(self, answer: "Future[Answer]") -> None:
        """Have the source asked."""
        self.live.ask(self.known, self.question, answer)
