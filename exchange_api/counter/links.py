"""Links from a hall's own system: each fills in the officer's form once, and that it did stands in the ledger.

    opened = links.open(session, token, "/officer")
    opened.fields, opened.from_system

The client's key has to be one that counts now; a link followed twice is refused in every process, because its name is
unique in the ledger. What it filled in is kept nowhere.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from certificates.compact import NotCompact, parse
from certificates.errors import CertificatesError
from certificates.jose import key_from_jwk
from certificates.links import Link, read_link
from exchange_api.askers import CLIENT_ID, officer
from exchange_api.counter.errors import LinkRefused, LinkUsed
from exchange_api.sessions import Session
from exchange_api.transactions import Transaction
from registries.store import clients, ledger
from registries.store.clients import Client
from registries.store.engine import Store

KIND = "link"
"""Of entries in the ledger: whose link opened whose form."""


@dataclass(frozen=True)
class Opened:
    """A link that was followed.

    Attributes:
        fields: of the question's form.
        from_system: what its client is called.
    """

    fields: Mapping[str, str]
    from_system: str


class Links:
    """Opens links; `issuer` is the hub's address, `audience` whom clients' requests are addressed to."""

    def __init__(self, store: Store, clock: Callable[[], datetime], issuer: str, audience: str) -> None:
        self._store = store
        self._clock = clock
        self._issuer = issuer.rstrip("/")
        self._audience = audience

    def open(self, session: Session, token: str, place: str) -> Opened:
        """Fill in a form from a link, once.

        Args:
            session: the officer's who followed it.
            token: what stood behind `?link=`.
            place: the page's path.

        Raises:
            LinkRefused: it was not signed for this page by a registered system, or has expired.
            LinkUsed: it was followed before.
        """
        now = self._clock()
        with Transaction(self._store) as work:
            client = clients.client_with_keys(work.conn, _issuer_of(token))
            if client is None or client.state != "active":
                raise LinkRefused
            link = self._read(token, client, place, now)
            (outcome,) = ledger.append(work.conn, [_entry(link, session)], now)
            if isinstance(outcome, ledger.Stored):
                raise LinkUsed
        return Opened(link.fields, client.name)

    def _read(self, token: str, client: Client, place: str, now: datetime) -> Link:
        try:
            keys = {kid: key_from_jwk(jwk) for kid, jwk in client.keys.items()}
            return read_link(token, keys, audience=self._audience, url=self._issuer + place, now=now)
        except CertificatesError:
            raise LinkRefused from None


def _issuer_of(token: str) -> str:
    try:
        issuer = parse(token).payload.get("iss")
    except NotCompact:
        raise LinkRefused from None
    if not isinstance(issuer, str) or not CLIENT_ID.fullmatch(issuer):
        raise LinkRefused
    return issuer


def _entry(link: Link, session: Session) -> ledger.NewEntry:
    told = {"client": link.iss, "officer": officer(session).ledger_name, "link": link.digest.hex()}
    body = json.dumps(told, sort_keys=True).encode()
    return ledger.NewEntry(KIND, f"{KIND}:{link.iss}", link.jti, hashlib.sha256(body).digest(), body, link.digest)
