"""The agent's use case: one call of a vendor's system to one answer of the hub, whatever happens in between.

    desk = Desk(client, queue, clock)
    desk.answer(call)["head"]["status"]
    desk.deliver()                     # those that wait, oldest first; called now and then

A question is written down before it is sent. It is sent again with the same bytes as long as they live; after that it
is signed again under the same `jti`: if the hub has answered the earlier bytes, it says so (`request-reused`) and gives
no second answer.
"""

import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from exchange_api.agent.envelope import Call, answered, shown
from exchange_api.agent.errors import NotTaken
from exchange_api.agent.queue import Entry, Queue
from exchange_api.client import (
    CERTIFICATES,
    RETRIEVALS,
    VERIFICATIONS,
    Answer,
    Client,
    Refused,
    Signed,
    Unanswered,
    Unreachable,
    Untrusted,
)

MOST_WAITING: Final = 10_000
KEPT_SECONDS: Final = 86_400
"""How long an answer can be fetched again."""
GIVEN_UP_SECONDS: Final = 7 * 86_400
"""After so long a question is no longer sent: nobody waits at that counter."""
PATHS: Final[Mapping[str, str]] = {
    "verification": VERIFICATIONS,
    "certificates": CERTIFICATES,
    "retrieval": RETRIEVALS,
}
_BUSY: Final = frozenset({429, 502, 503, 504})
_NO_SUCH_ACT: Final = frozenset({"no-such-address", "method-not-allowed"})
Json = dict[str, Any]


class Desk:
    """Takes calls; one for each agent."""

    def __init__(self, client: Client, queue: Queue, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._queue = queue
        self._clock = clock
        self._under_way: dict[str, tuple[threading.Lock, int]] = {}
        self._lock = threading.Lock()

    def answer(self, call: Call) -> Json:
        """The envelope for a call.

        Raises:
            QueueDamaged: what was written down of it can't be opened.
        """
        request_id = call.request_id or secrets.token_urlsafe(24)
        with self._alone(request_id):
            entry = self._queue.find(request_id)
            if entry is None:
                entry = self._new(call, request_id)
            elif (entry.path, entry.question) != (PATHS[call.act], dict(call.question)):
                raise NotTaken("reused", ["requestId"])
            return self._asked(entry) if entry.state == "waiting" else _told(entry)

    def deliver(self, most: int = 200) -> int:
        """Ask again what waits, oldest first, until the hub is silent; how many were answered."""
        done = 0
        for number, entry in enumerate(self._queue.waiting()):
            if number >= most:
                break
            with self._alone(entry.request_id):
                found = self._queue.find(entry.request_id)
                if found is None or found.state != "waiting":
                    continue
                if self._asked(found)["head"]["status"] == answered("queued", "")["head"]["status"]:
                    break
            done += 1
        now = self._clock().timestamp()
        self._queue.forget_older(now - KEPT_SECONDS, now - GIVEN_UP_SECONDS)
        return done

    def waiting(self) -> int:
        """How many questions wait for the hub."""
        return self._queue.count()

    def _new(self, call: Call, request_id: str) -> Entry:
        if self._queue.count() >= MOST_WAITING:
            raise NotTaken("full")
        at = int(self._clock().timestamp())
        entry = Entry(
            request_id, PATHS[call.act], dict(call.question), dict(call.asked_by), secrets.token_urlsafe(24), at
        )
        self._queue.keep(entry)
        return entry

    def _asked(self, entry: Entry) -> Json:
        first = not entry.expires
        entry, signed = self._signed(entry)
        try:
            return self._done(entry, self._client.send(signed))
        except (Unanswered, Unreachable):
            return answered("queued", entry.request_id)
        except Untrusted:
            return answered("untrusted", entry.request_id)
        except Refused as refused:
            return self._refused(entry, refused, first=first)

    def _signed(self, entry: Entry) -> tuple[Entry, Signed]:
        """The bytes that were sent before, or new ones under the same name; kept before they are sent."""
        if self._clock().timestamp() < entry.expires:
            return entry, Signed(entry.path, entry.token, entry.jti, entry.expires)
        signed = self._client.sign(entry.path, entry.question, entry.jti)
        kept = entry.sent(signed.token, signed.expires)
        self._queue.keep(kept)
        return kept, signed

    def _done(self, entry: Entry, answer: Answer) -> Json:
        done = replace(
            entry,
            state="answered",
            token="",
            receipt=answer.receipt,
            proof=answer.proof,
            content=dict(answer.content),
            beside={"values": dict(answer.values), "copy": answer.body.get("copy")},
        )
        self._queue.keep(done)
        return _told(done)

    def _refused(self, entry: Entry, refused: Refused, *, first: bool) -> Json:
        if refused.status in _BUSY:
            return answered("queued", entry.request_id)
        if refused.code == "request-reused":
            lost = replace(entry, state="lost", token="")
            self._queue.keep(lost)
            return _told(lost)
        if first:  # the hub has not answered; of one that was sent before, it may have
            self._queue.forget(entry.request_id)
        code = "not_offered" if refused.code in _NO_SUCH_ACT else "rejected"
        if refused.code == "malformed-question":
            code = "malformed"
        told = {"code": refused.code, "detail": refused.zh, "detailEn": refused.en}
        return answered(code, entry.request_id, told)

    @contextmanager
    def _alone(self, request_id: str) -> Iterator[None]:
        """One call about a question at a time: a second one waits, and finds the answer."""
        with self._lock:
            own, others = self._under_way.get(request_id, (threading.Lock(), 0))
            self._under_way[request_id] = (own, others + 1)
        try:
            with own:
                yield
        finally:
            with self._lock:
                _, here = self._under_way[request_id]
                if here > 1:
                    self._under_way[request_id] = (own, here - 1)
                else:
                    del self._under_way[request_id]


def _told(entry: Entry) -> Json:
    if entry.state == "lost" or entry.content is None:
        return answered("lost", entry.request_id)
    data = shown(entry.content, entry.beside, entry.receipt, entry.proof)
    return answered(str(entry.content.get("code", "answered")), entry.request_id, data)
