"""Status lists, published: kept up with what the store knows, signed, and given again as they were at a moment.

    with StatusLists(store, keys, clock, "https://hub.example") as lists:
        served = lists.token(1)                     # served.token, served.etag
        served = lists.token(1, at=1704067200)      # as it was then
        lists.addresses()

A list is looked at whenever a batch was taken over or a place was given out, by a thread of its own within LOOK_EVERY
seconds and whenever somebody fetches it, so that what it says of a past moment is what the hub knew then.
"""

import hashlib
import logging
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self

from certificates import compact
from certificates.china_time import CHINA
from certificates.jose import Key, sign, signing_input
from certificates.keys import KeyPurpose, KeyRing
from certificates.status_lists import (
    BITS,
    LIFETIME,
    SIZE,
    TTL,
    TYP_STATUS_LIST,
    StatusList,
    StatusReference,
    compose_list,
)
from exchange_api.errors import NotAtThatTime, NotFound
from exchange_api.transactions import Transaction
from registries.errors import StoreError
from registries.store import status_lists
from registries.store.certificates import Sought
from registries.store.engine import Store
from registries.store.status_lists import Published

PATH = "/v1/status-lists"
LOOK_EVERY = 15.0
"""Seconds between looks at what changed."""

LOOK_WHOLLY = timedelta(minutes=10)
"""After this time states are looked at whatever changed: an erasure or a suspended source leaves no other trace."""

SIGNED_EVERY = 60
"""Seconds for which one signed token serves everybody."""

_CANDIDATES = 64
_log = logging.getLogger("mianzheng.status_lists")


@dataclass(frozen=True)
class SignedList:
    """A list as it leaves the hub.

    Attributes:
        etag: Of what was signed; equal in every process.
        fresh_for: Seconds for which a copy may be kept.
    """

    token: str
    etag: str
    fresh_for: int


class StatusLists:
    """The lists of one hub; one for each API process."""

    def __init__(self, store: Store, keys: KeyRing, clock: Callable[[], datetime], issuer: str) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._address = issuer.rstrip("/") + PATH
        self._seen: tuple[tuple[int, int], str, datetime] | None = None
        self._signed: dict[tuple[int, int, int], SignedList] = {}
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._keep_up, name="status-lists", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closing.set()
        self._thread.join()

    def address(self, list_id: int) -> str:
        """Where a list is."""
        return f"{self._address}/{list_id}"

    def addresses(self) -> list[str]:
        """Where every list is, for those who want all of them (Status List Aggregation)."""
        with Transaction(self._store) as work:
            return [self.address(each) for each in status_lists.lists(work.conn)]

    def take_place(self, work: Transaction, sought: Sought, credential: str, now: datetime) -> StatusReference | None:
        """A random place for a credential; None if its certificate is not valid beyond doubt, or not in the store."""
        candidates = [secrets.randbelow(SIZE) for _ in range(_CANDIDATES)]
        today = now.astimezone(CHINA).date()
        place = status_lists.take_place(work.conn, sought, credential, candidates, now, today)
        return None if place is None else StatusReference(self.address(place.list_id), place.place)

    def token(self, list_id: int, at: int | None = None) -> SignedList:
        """A list's signed token: the present one, or the one that counted at a Unix time.

        Raises:
            NotFound: There is no such list.
            NotAtThatTime: The time lies ahead, or before the list.
        """
        now = self._clock()
        self.look(now)
        moment = now if at is None else datetime.fromtimestamp(at, UTC)
        with Transaction(self._store) as work:
            known = list_id in status_lists.lists(work.conn)
            version = status_lists.published(work.conn, list_id, moment) if known else None
        if not known:
            raise NotFound("状态列表", "status list")
        if version is None or moment > now:
            raise NotAtThatTime
        return self._serve(list_id, version, int(moment.timestamp()))

    def everything(self, lifetime: int) -> Sequence[str]:
        """A token of every list that counts for so many seconds from now on, for an offline bundle."""
        now = self._clock()
        self.look(now)
        with Transaction(self._store) as work:
            known = [(each, status_lists.published(work.conn, each, now)) for each in status_lists.lists(work.conn)]
        issued = int(now.timestamp())
        return [self._sign(each, version, issued, lifetime).token for each, version in known if version is not None]

    def look(self, now: datetime) -> None:
        """Publish what changed since the last look."""
        self._keys.refresh()
        kid = self._keys.active(KeyPurpose.STATUS).kid
        with Transaction(self._store) as work:
            mark = status_lists.mark(work.conn)
            if self._seen is not None and self._is_seen(mark, kid, now):
                return
            for each in status_lists.lists(work.conn):
                today = now.astimezone(CHINA).date()
                states = {known.place: known.state(today) for known in status_lists.states(work.conn, each)}
                status_lists.publish(work.conn, each, StatusList.of(states).data, kid, now)
        self._seen = (mark, kid, now)

    def _is_seen(self, mark: tuple[int, int], kid: str, now: datetime) -> bool:
        return self._seen is not None and self._seen[:2] == (mark, kid) and now - self._seen[2] < LOOK_WHOLLY

    def _keep_up(self) -> None:
        while not self._closing.wait(LOOK_EVERY):
            try:
                self.look(self._clock())
            except StoreError as error:  # readiness tells of the store; the next look makes it good
                _log.warning("status lists were not looked at: %s", type(error).__name__)

    def _serve(self, list_id: int, version: Published, moment: int) -> SignedList:
        issued = max(int(version.from_at.timestamp()), moment - moment % SIGNED_EVERY)
        kept = self._signed.get((list_id, version.number, issued))
        if kept is not None:
            return kept
        made = self._sign(list_id, version, issued)
        self._signed = {key: each for key, each in self._signed.items() if key[2] > issued - 2 * SIGNED_EVERY}
        self._signed[list_id, version.number, issued] = made
        return made

    def _sign(self, list_id: int, version: Published, issued: int, lifetime: int = LIFETIME) -> SignedList:
        states, uri = StatusList(BITS, version.data), self.address(list_id)
        payload = compose_list(states, uri, issued_at=issued, lifetime=lifetime, aggregation_uri=self._address)
        key = self._key(version.kid)
        data = signing_input(payload, key, TYP_STATUS_LIST)
        etag = compact.encode(hashlib.sha256(data).digest())
        return SignedList(sign(data, key), f'W/"{etag}"', min(TTL, SIGNED_EVERY))

    def _key(self, kid: str) -> Key:
        """The key that signed this version; the present one where that has become known to others."""
        if kid in self._keys.public_keys(KeyPurpose.STATUS):
            return self._keys.signing_key(kid)
        return self._keys.active(KeyPurpose.STATUS)
