"""Many questions, one commit: gathers what is asked at the same time into groups and has each group answered at once.

A commit costs the same for one ledger entry as for 256 (design: 135,000 appends a second at 256 a commit), so the
questions that arrive while a group is being answered form the next group; nobody waits for a timer.

    with Committer(answer_group, tend, most_waiting=2048) as committer:
        answer = committer.submit(inquiry).result()

`answer_group` gets 1 to `group_size` inquiries and returns as many outcomes, in order; an outcome that is an
exception is raised to its asker alone, and one that is `Later` tells it when there is something to tell. What
`answer_group` raises is raised to everybody in the group. With several workers groups are answered side by side.
"""

import logging
import queue
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Generic, Self, TypeVar

from exchange_api.errors import Overloaded

GROUP_SIZE = 256
MOST_WAITING = 2048
TEND_EVERY = 1.0
"""Seconds of rest after which the ledger is tended: entries of batches get their places."""

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")
_log = logging.getLogger("mianzheng.committer")


class Later(ABC, Generic[Answered]):
    """An outcome that is not there yet."""

    @abstractmethod
    def follow(self, answer: "Future[Answered]") -> None:
        """See to it that the asker's future ends; in the worker's thread, and without waiting."""


Outcomes = Sequence[Answered | Later[Answered] | Exception]
"""What became of a group, in the order of its inquiries."""


class Committer(Generic[Asked, Answered]):
    """A queue, a thread that gathers groups, and workers, each of which answers one group after the other."""

    def __init__(
        self,
        answer_group: Callable[[Sequence[Asked]], Outcomes[Answered]],
        tend: Callable[[], None],
        *,
        group_size: int = GROUP_SIZE,
        most_waiting: int = MOST_WAITING,
        tend_every: float = TEND_EVERY,
        workers: int = 1,
    ) -> None:
        self._answer_group = answer_group
        self._tend = tend
        self._group_size = group_size
        self._tend_every = tend_every
        self._waiting: queue.Queue[tuple[Asked, Future[Answered]] | None] = queue.Queue(most_waiting)
        self._closing = threading.Event()
        self._door = threading.Lock()  # nobody gets in behind whoever closes
        # A worker's own future carries whatever a group raised, so that no error ends the gathering thread
        self._worker = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="committer-worker")
        self._free = threading.Semaphore(workers)  # no group is gathered before somebody can answer it
        self._thread = threading.Thread(target=self._gather_until_closed, name="committer", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Answer what is waiting, then end."""
        with self._door:
            self._closing.set()
        with suppress(queue.Full):  # a full queue wakes the thread by itself
            self._waiting.put_nowait(None)
        self._thread.join()
        self._worker.shutdown()

    @property
    def alive(self) -> bool:
        """Whether questions are being answered; part of readiness."""
        return self._thread.is_alive() and not self._closing.is_set()

    def submit(self, asked: Asked) -> Future[Answered]:
        """Put an inquiry in the queue; the future ends with its answer or its error.

        Raises:
            Overloaded: too many are waiting, or the committer is closing.
        """
        answer: Future[Answered] = Future()
        with self._door:
            if self._closing.is_set():
                raise Overloaded
            try:
                self._waiting.put_nowait((asked, answer))
            except queue.Full:
                raise Overloaded from None
        return answer

    def _gather_until_closed(self) -> None:
        while not (self._closing.is_set() and self._waiting.empty()):
            self._free.acquire()
            group = self._next_group()
            if group:
                answered = self._worker.submit(self._answer_group, [asked for asked, _ in group])
                answered.add_done_callback(partial(self._answered, group))
                continue
            if not self._closing.is_set():
                self._report(self._worker.submit(self._tend).exception())
            self._free.release()

    def _next_group(self) -> list[tuple[Asked, Future[Answered]]]:
        """Wait for one inquiry, then take all that are there; empty after a rest, or to close."""
        group: list[tuple[Asked, Future[Answered]] | None] = []
        with suppress(queue.Empty):
            group.append(self._waiting.get(timeout=self._tend_every))
            while len(group) < self._group_size:
                group.append(self._waiting.get_nowait())
        # An asker who has gone away is not answered; from here on nobody can go away
        return [one for one in group if one is not None and one[1].set_running_or_notify_cancel()]

    def _answered(self, group: list[tuple[Asked, Future[Answered]]], answered: "Future[Outcomes[Answered]]") -> None:
        """In the worker's thread: tell everybody, and be free again."""
        try:
            self._tell(group, answered)
        finally:
            self._free.release()

    def _tell(self, group: list[tuple[Asked, Future[Answered]]], answered: "Future[Outcomes[Answered]]") -> None:
        error = answered.exception()
        if error is not None:
            self._report(error)
            for _, answer in group:
                answer.set_exception(error)
            return
        for (_, answer), outcome in zip(group, answered.result(), strict=True):
            if isinstance(outcome, Exception):
                answer.set_exception(outcome)
            elif isinstance(outcome, Later):
                outcome.follow(answer)
            else:
                answer.set_result(outcome)

    @staticmethod
    def _report(error: BaseException | None) -> None:
        """Name what went wrong; the kind only, since messages of other libraries may quote what was asked."""
        if error is not None:
            _log.error("group failed: %s", type(error).__name__)
