"""Replies to drop folders go by the rule of what was landed, wherever they are: they hold the same rows.

    keeper = ReplyKeeper(home, store, rules_of, now)
    for name in keeper.datasets(): keeper.due(name)
    keeper.finish(planned)                # removes the files of a plan, those that are still there

A folder that can't be reached keeps its files until the next run. Of batches in which somebody was erased the rows go
at once.
"""

from contextlib import suppress
from datetime import datetime

from certificates.sealing import sealing_key
from registries.connectors.faults import SourceFault
from registries.connectors.kinds import reply_place
from registries.departments import Catalogue
from registries.home import HubHome
from registries.outgoing import Outgoing, kept_as
from registries.store import delivery_replies, expiries
from registries.store.delivery_replies import Reply
from registries.store.engine import Store
from registries.store.expiries import Expiry


class ReplyKeeper:
    """Lets replies go; `now` is the moment that records name."""

    def __init__(self, home: HubHome, store: Store, catalogue: Catalogue, now: datetime) -> None:
        self._home = home
        self._store = store
        self._catalogue = catalogue
        self._now = now
        self._out = Outgoing(home.out, sealing_key(home.secret_or_new("landing_key")))

    def datasets(self) -> list[str]:
        """The datasets whose files were answered."""
        with self._store.begin() as conn:
            return delivery_replies.datasets(conn)

    def due(self, dataset: str, before: datetime) -> int:
        """How many replies were written before a moment."""
        with self._store.begin() as conn:
            return len(delivery_replies.due(conn, dataset, before))

    def finish(self, planned: Expiry) -> Expiry:
        """Remove the files of a plan; twice does no harm. LandingFailed if one of ours can't be removed."""
        count = 0
        with self._store.begin() as conn:
            due = delivery_replies.due(conn, planned.dataset or "", planned.before)
        for reply in due:
            count += self._remove(reply)
        with self._store.begin() as conn:
            return expiries.done(conn, planned, count, self._now)

    def forget_erased(self) -> int:
        """Remove the refused rows of batches in which somebody was erased; how many files."""
        with self._store.begin() as conn:
            found = delivery_replies.with_erased(conn)
        return sum(self._forget(reply) for reply in found)

    def _remove(self, reply: Reply) -> bool:
        for name in kept_as(reply.id, reply.identity):
            self._out.remove(name)
        try:
            self._remove_there(reply)
        except SourceFault:
            return False
        with self._store.begin() as conn:
            delivery_replies.expire(conn, reply)
        return True

    def _remove_there(self, reply: Reply) -> None:
        """At the place that it was written to, unless a later reply stands there."""
        if reply.state != "written" or reply.dataset not in self._catalogue:
            return
        dataset = self._catalogue.dataset(reply.dataset)
        with self._store.begin() as conn:
            outdated = delivery_replies.is_outdated(conn, reply)
        if dataset.server.answers is None or outdated:
            return
        place = reply_place(dataset, self._home.sources(), self._home.secret_or_none)
        for name in reply.written:
            place.remove(dataset.server.answers, name)

    def _forget(self, reply: Reply) -> bool:
        """Its receipt stays: it holds no value of a row."""
        _, refused, _ = kept_as(reply.id, reply.identity)
        self._out.remove(refused)
        with suppress(SourceFault):
            self._forget_there(reply)
            with self._store.begin() as conn:
                delivery_replies.keep_names(conn, reply, reply.written[:1])
            return True
        return False

    def _forget_there(self, reply: Reply) -> None:
        if reply.state != "written" or reply.dataset not in self._catalogue:
            return
        dataset = self._catalogue.dataset(reply.dataset)
        if dataset.server.answers is not None:
            place = reply_place(dataset, self._home.sources(), self._home.secret_or_none)
            for name in reply.written[1:]:
                place.remove(dataset.server.answers, name)
