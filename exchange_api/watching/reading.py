"""A client's watches and their feed: read and ended by requests that it signs for the whole address.

    page = reading.feed(token, "/v1/watches/feed?after=41", after=41, limit=100)
    page.body, page.headers        # JSON, signed as a message (RFC 9421)

Nothing here looks at a certificate; what is read are the client's own watches, and events without personal data. A
request that is sent again gives the same again, so that none is remembered.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from certificates.jose import VerificationError, parse_unverified_issuer
from certificates.keys import KeyPurpose, KeyRing
from certificates.receipts import TYP_REQUEST
from certificates.requests import read_claims
from exchange_api.askers import registered
from exchange_api.errors import NotVerified
from exchange_api.pushing import Place
from exchange_api.transactions import Transaction
from exchange_api.watching.errors import ClientRests, NoSuchWatch
from exchange_api.watching.messages import as_bytes, event_json, signed_answer
from exchange_api.watching.opening import WATCHES_PATH
from registries.store import watches
from registries.store.clients import Client
from registries.store.engine import Store
from registries.store.watches import Watch

A_PAGE: Final = 100
MOST_ON_A_PAGE: Final = 1_000


@dataclass(frozen=True)
class SignedPage:
    """An answer's bytes, and the fields that sign them."""

    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Reading:
    """Reads and ends watches; `place` is where the hub is, as clients sign it."""

    store: Store
    keys: KeyRing
    clock: Callable[[], datetime]
    place: Place

    def feed(self, token: str, path: str, *, after: int, limit: int = A_PAGE) -> SignedPage:
        """The events behind `after`, in their order; `first` is the first that is still kept. Errors as `known`."""
        with Transaction(self.store) as work:
            client = self.known(work, token, path)
            events = watches.feed(work.conn, client.id, after=after, limit=limit)
            first, last = watches.feed_bounds(work.conn, client.id)
        end = events[-1].place if events else after
        body = {
            "events": [event_json(event) for event in events],
            "first": first,
            "last": last,
            "more": end < last,
            "next": f"{WATCHES_PATH}/feed?after={end}",
        }
        return self._signed(path, body)

    def listed(self, token: str, path: str, *, after: str = "", case: str | None = None) -> SignedPage:
        """The client's watches by id, open and ended ones. Errors as `known`."""
        with Transaction(self.store) as work:
            client = self.known(work, token, path)
            found = watches.list_watches(work.conn, client.id, after=after, limit=A_PAGE + 1, case_number=case)
        shown = found[:A_PAGE]
        more = {"after": shown[-1].id} if len(found) > A_PAGE else {}
        return self._signed(path, {"watches": [_json(one) for one in shown], **more})

    def end(self, token: str, path: str, watch_id: str) -> SignedPage:
        """End a watch; one that has ended stays as it is.

        Raises:
            NoSuchWatch: the client has none of that id. Other errors as `known`.
        """
        with Transaction(self.store) as work:
            client = self.known(work, token, path)
            watches.end_watch(work.conn, watch_id, client.id, self.clock())
            found = watches.watch_of(work.conn, watch_id, client.id)
        if found is None:
            raise NoSuchWatch
        return self._signed(path, _json(found))

    def known(self, work: Transaction, token: str, path: str) -> Client:
        """Whose signature it is, over a request without a question for this address.

        Raises:
            NotVerified, certificates.requests.RequestRefused: it is not known who asks.
            ClientRests: it may not ask at present.
        """
        client, keys = registered(work, _issuer(token))
        audience, url = self.place.audience, self.place.address + path
        try:
            read_claims(token, keys, TYP_REQUEST, None, audience=audience, url=url, now=self.clock())
        except VerificationError as error:
            raise NotVerified(error.reason) from None
        if client.state != "active":
            raise ClientRests
        return client

    def _signed(self, path: str, members: Mapping[str, Any]) -> SignedPage:
        self.keys.refresh()
        body, key = as_bytes(members), self.keys.active(KeyPurpose.MESSAGE)
        return SignedPage(body, signed_answer(self.place.address + path, body, key, self.clock()))


def _issuer(token: str) -> str:
    """Who a request says it is from."""
    try:
        return parse_unverified_issuer(token)
    except VerificationError as error:
        raise NotVerified(error.reason) from None


def _json(watch: Watch) -> dict[str, Any]:
    """A watch as its client sees it."""
    return {
        "id": watch.id,
        "state": watch.state,
        "certificate_type": watch.certificate_type,
        "purpose": watch.purpose,
        "service_item": watch.service_item,
        "case": watch.case_number,
        "webhook": watch.webhook,
        "expiry_days": watch.expiry_days,
        "until": watch.until.isoformat(),
        "opened_at": _moment(watch.opened_at),
        "ended_at": None if watch.ended_at is None else _moment(watch.ended_at),
        "ended_because": watch.ended_because,
    }


def _moment(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds")
