"""The way of a pushed delivery, in its order; what came of it is told by `push_results`.

    1 know   2 allow   3 compare   4 receive   5 write down     (the intake worker takes it in; then: tell)

    with Pushing(store_api, landing, catalogue, clock, place) as pushing:
        admitted = pushing.admit(token, "housing.deeds", "/v1/datasets/housing.deeds/batches")
        delivery = pushing.receive(admitted, body)          # a file, or whatever has read(size)

The web process only lands the body, sealed, while its digest is made; it judges no row. A delivery is named by client,
dataset and sequence: the same again is the same delivery, whoever asks twice, and however many at once.
"""

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import BinaryIO, Final, Protocol, Self, cast

from certificates.china_time import CHINA
from certificates.jose import VerificationError, parse_unverified_issuer
from certificates.pushes import BodyCount, MalformedDelivery, PushedDelivery, PushRequest, read_push
from exchange_api.askers import registered
from exchange_api.errors import (
    BodyDiffers,
    BodyTooLarge,
    MayNotPush,
    NotASignedPush,
    NotFound,
    NotPushed,
    NotVerified,
    RequestReused,
    SequenceTaken,
    TooLate,
    TooManyRows,
    TooManyWaiting,
)
from exchange_api.transactions import Transaction
from registries.contracts.model import Dataset
from registries.departments import Catalogue
from registries.landing import UPLOAD_LIMIT, Landing
from registries.store import push_trials, pushes
from registries.store.clients import Client
from registries.store.engine import Store
from registries.store.pushes import NewPush

MOST_ROWS: Final = 200_000
"""Rows of one push; more come as several."""
MOST_WAITING: Final = 64
"""Deliveries of one client that may wait to be taken in."""
RECEIVING: Final = 8
"""Bodies that are received at the same time; slow senders keep nobody else from being answered."""


@dataclass(frozen=True)
class Place:
    """Where this hub is: its address, which every signed `url` begins with, and what requests are addressed to."""

    address: str
    audience: str


class Body(Protocol):
    """What a body is read from."""

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes; none at its end."""


@dataclass(frozen=True)
class Admitted:
    """A delivery that may come: who sends it, and what is known of it beforehand.

    Attributes:
        before: id of the same delivery, if it came before.
        trial: it is only to be tried: its ids are of another kind.
    """

    client: Client
    dataset: Dataset
    delivery: PushedDelivery
    request: PushRequest
    before: int | None
    trial: bool = False


class Pushing:
    """Receives what departments' own systems push; one for each API process.

    `catalogue` gives the contracts as they are now. `threads` receive bodies.
    """

    def __init__(
        self,
        store_api: Store,
        landing: Landing,
        catalogue: Callable[[], Catalogue],
        clock: Callable[[], datetime],
        place: Place,
    ) -> None:
        self._store = store_api
        self._landing = landing
        self._catalogue = catalogue
        self._clock = clock
        self._place = place
        self.threads = ThreadPoolExecutor(RECEIVING, thread_name_prefix="push")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.threads.shutdown(wait=False, cancel_futures=True)

    def admit(self, token: str, dataset_name: str, path: str, *, trial: bool = False) -> Admitted:
        """Steps 1 to 3, before anything of the body is read.

        Args:
            token: the header Hub-Request.
            dataset_name: from the address that the request was sent to.
            path: of that address.
            trial: it is only to be tried, and fits whatever came before; it takes no sequence.

        Raises:
            NotASignedPush, NotVerified, certificates.requests.RequestRefused: it is not known who sends.
            MayNotPush, NotFound, NotPushed: it may not come.
            TooManyRows, RequestReused, SequenceTaken, TooLate, TooManyWaiting: it does not fit.
        """
        with Transaction(self._store) as work:
            client, request = self._know(work, token, path, asks_only=False)
            dataset = self._allow(work, client, dataset_name)
            delivery = _delivery_of(request, dataset)
            compare = self._compare_trial if trial else self._compare
            before = compare(work, dataset, _new(client, delivery, request, ""))
        return Admitted(client, dataset, delivery, request, before, trial)

    def receive(self, admitted: Admitted, body: Body) -> int:
        """Steps 4 and 5: the delivery's id once it is landed and written down, or that of the same one before.

        Raises:
            BodyTooLarge, BodyDiffers: nothing was kept. And whatever `body.read` raises.
            registries.landing_faults.LandingFailed: the folder can't be written.
        """
        arriving = _Arriving(body, admitted.delivery)
        if admitted.before is not None:
            arriving.pass_by()
            return admitted.before
        upload_id, path = self._land(arriving)
        new = _new(admitted.client, admitted.delivery, admitted.request, path)
        with ExitStack() as undo:
            undo.callback(self._landing.discard_upload, upload_id)
            with Transaction(self._store) as work:
                pushes.lock(work.conn, admitted.client.id, admitted.dataset.name)
                compare = self._compare_trial if admitted.trial else self._compare
                before = compare(work, admitted.dataset, new)
                if before is not None:
                    return before
                add = push_trials.add_trial if admitted.trial else pushes.add_push
                number = add(work.conn, new, self._clock())
                undo.pop_all()  # if the commit fails, nobody knows whether it was made: the body stays
        return number

    def look(self, token: str, dataset_name: str, path: str) -> Dataset:
        """Steps 1 and 2 for a request that asks what came of deliveries; errors as `admit`."""
        with Transaction(self._store) as work:
            client, _ = self._know(work, token, path, asks_only=True)
            return self._allow(work, client, dataset_name)

    # --- the steps

    def _know(self, work: Transaction, token: str, path: str, *, asks_only: bool) -> tuple[Client, PushRequest]:
        """Step 1: whose signature it is, over a request of this type for this address."""
        try:
            issuer = parse_unverified_issuer(token)
        except VerificationError as error:
            raise NotASignedPush(error.reason) from None
        client, keys = registered(work, issuer)
        here = {"audience": self._place.audience, "url": self._place.address + path}
        try:
            return client, read_push(token, keys, **here, now=self._clock(), asks_only=asks_only)
        except VerificationError as error:
            raise NotVerified(error.reason) from None

    def _allow(self, work: Transaction, client: Client, dataset_name: str) -> Dataset:
        """Step 2: the client may push, and the dataset is its own department's; any other does not exist for it."""
        today = self._clock().astimezone(CHINA).date()
        if client.state != "active" or not pushes.may_push(work.conn, client.id, today):
            raise MayNotPush
        catalogue = self._catalogue()
        if dataset_name not in catalogue or catalogue.dataset(dataset_name).department != client.department:
            raise NotFound("数据资源", "dataset")
        dataset = catalogue.dataset(dataset_name)
        if dataset.server.kind != "push":
            raise NotPushed
        return dataset

    def _compare(self, work: Transaction, dataset: Dataset, new: NewPush) -> int | None:
        """Step 3, and again in step 5: the same delivery's id if it came before; else nothing speaks against it."""
        found = pushes.before(work.conn, new)
        if found.jti_used:
            raise RequestReused
        if found.same_place is not None:
            if not found.same_body:
                raise SequenceTaken(found.last_sequence + 1)
            return found.same_place
        if new.sequence <= found.last_sequence and dataset.watermark is None:
            raise TooLate(found.last_sequence + 1)
        if found.waiting >= MOST_WAITING:
            raise TooManyWaiting
        return None

    def _compare_trial(self, work: Transaction, _dataset: Dataset, new: NewPush) -> int | None:
        """Step 3 of a trial: only the same request again is the same trial."""
        found = push_trials.before(work.conn, new)
        if found.jti_used:
            raise RequestReused
        if found.same is None and found.waiting >= MOST_WAITING:
            raise TooManyWaiting
        return found.same

    def _land(self, arriving: "_Arriving") -> tuple[str, str]:
        """Step 4: the body's bytes, sealed; nothing stays of one that is not what was signed."""
        upload_id = f"push-{secrets.token_hex(16)}"
        with ExitStack() as undo:
            undo.callback(self._landing.discard_upload, upload_id)
            path = self._landing.land_upload(upload_id, cast("BinaryIO", arriving))
            undo.pop_all()
        return upload_id, str(path)


class _Arriving:
    """A body on its way: counted block by block, and at its end compared with what was signed."""

    def __init__(self, body: Body, delivery: PushedDelivery) -> None:
        self._body = body
        self._delivery = delivery
        self._count = BodyCount()

    def read(self, size: int = -1, /) -> bytes:
        """The next block; BodyTooLarge past the limit, BodyDiffers at the end."""
        block = self._body.read(size)
        self._count.add(block)
        if self._count.bytes > UPLOAD_LIMIT:
            raise BodyTooLarge
        if not block and (self._count.digest, self._count.rows) != (self._delivery.body_digest, self._delivery.rows):
            raise BodyDiffers
        return block

    def pass_by(self) -> None:
        """Read it to its end and keep nothing."""
        while self.read():
            pass


def _delivery_of(request: PushRequest, dataset: Dataset) -> PushedDelivery:
    delivery = request.delivery
    if delivery is None or delivery.dataset != dataset.name:
        raise MalformedDelivery("dataset")
    if delivery.rows > MOST_ROWS:
        raise TooManyRows(MOST_ROWS)
    return delivery


def _new(client: Client, delivery: PushedDelivery, request: PushRequest, path: str) -> NewPush:
    return NewPush(
        client_id=client.id,
        dataset=delivery.dataset,
        sequence=delivery.sequence,
        body_digest=delivery.body_digest,
        rows=delivery.rows,
        jti=request.jti,
        request_digest=request.digest,
        path=path,
    )
