"""Relying systems as their department's administrator manages them: registered, given keys with proof, suspended.

    clients.register(session, "approval-1", "审批系统")
    challenge = clients.challenge(session, "approval-1")      # to be signed with the new key, once, within 15 minutes
    clients.add_key(session, "approval-1", jwk_text, proof)

A key is registered by value, with proof that the department's system holds its private half; nothing is ever fetched.
Each act is written down.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from certificates.errors import CertificatesError
from certificates.jose import BadKey, Key, key_from_jwk
from certificates.key_proofs import LIFETIME, KeyProofRefused, check_key_proof
from exchange_api.errors import NotFound
from exchange_api.people.accounts import bounds
from exchange_api.people.errors import BadKeyProof, ClientIdTaken, KeyKnown, MalformedClient, SuspendedForInspection
from exchange_api.people.signed_in import Session
from exchange_api.transactions import Transaction
from registries.store import clients, people_acts
from registries.store.clients import ClientLine
from registries.store.engine import Store
from registries.store.people_acts import Act

PAGE = 50
LONGEST_NAME, LONGEST_TEXT = 64, 8192
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{2,63}", re.ASCII)
BY_DEPARTMENT = "department"
_LIVES = timedelta(seconds=LIFETIME)


class Clients:
    """The use cases of administrators for client systems; `audience` is what clients call this hub."""

    def __init__(self, store: Store, clock: Callable[[], datetime], audience: str) -> None:
        self._store = store
        self._clock = clock
        self.audience = audience

    def page(self, session: Session, after: str = "") -> list[ClientLine]:
        """A page of the clients that this administrator reaches, by id."""
        with Transaction(self._store) as work:
            return clients.list_clients(work.conn, bounds(session), after=after, limit=PAGE)

    def one(self, session: Session, client_id: str) -> ClientLine:
        """One client with its keys.

        Raises:
            NotFound: there is none, or it is of another department.
        """
        with Transaction(self._store) as work:
            return _reached(session, clients.client_line(work.conn, client_id))

    def register(self, session: Session, client_id: str, name: str) -> None:
        """Register a client of one's own department; it can ask once it has a key, and what a grant covers.

        Raises:
            MalformedClient, ClientIdTaken.
        """
        shown = name.strip()
        if not _ID.fullmatch(client_id) or not 0 < len(shown) <= LONGEST_NAME or not shown.isprintable():
            raise MalformedClient
        now = self._clock()
        with Transaction(self._store) as work:
            if not clients.new_client(work.conn, client_id, session.department, shown, now):
                raise ClientIdTaken
            people_acts.write(work.conn, _act("client-made", session, session.department, client_id), now)

    def challenge(self, session: Session, client_id: str) -> str:
        """A challenge for a new key of this client: 256 random bits, for fifteen minutes, kept by digest.

        Raises:
            NotFound: there is no such client, or it is of another department.
        """
        text, now = secrets.token_urlsafe(32), self._clock()
        with Transaction(self._store) as work:
            _reached(session, clients.client_line(work.conn, client_id))
            clients.keep_challenge(work.conn, _digest(text), client_id, session.account_id, now + _LIVES)
        return text

    def add_key(self, session: Session, client_id: str, jwk: str, proof: str, *, replaces: str = "") -> str:
        """Register a key for whose private half there is proof, and revoke the one that it replaces; its thumbprint.

        Raises:
            NotFound: there is no such client or no such key to replace.
            BadKeyProof: the key can't be used, or its proof does not hold.
            KeyKnown: it was registered before. SuspendedForInspection: the client is revoked.
        """
        now, key = self._clock(), _key(jwk)
        challenge = self._challenge_in(proof, key, client_id, now)
        with Transaction(self._store) as work:
            if not clients.take_challenge(work.conn, _digest(challenge), client_id, session.account_id, now):
                raise BadKeyProof
            client = _reached(session, clients.client_line(work.conn, client_id, lock=True))
            if client.state == "revoked":
                raise SuspendedForInspection
            if clients.new_client_key(work.conn, client_id, key.to_jwk(), now) is None:
                raise KeyKnown
            people_acts.write(work.conn, _act("key-added", session, client.department, client_id, key.kid), now)
            if replaces:
                self._end_key(work, session, client, replaces, now)
        return key.kid

    def revoke_key(self, session: Session, client_id: str, thumbprint: str) -> None:
        """Revoke a key for good: what it signs is refused from now on.

        Raises:
            NotFound: there is no such key in use.
        """
        with Transaction(self._store) as work:
            client = _reached(session, clients.client_line(work.conn, client_id, lock=True))
            self._end_key(work, session, client, thumbprint, self._clock())

    def suspend(self, session: Session, client_id: str) -> None:
        """Let a client ask no more, until `resume`.

        Raises:
            NotFound; SuspendedForInspection: it is stopped by an inspection, or revoked.
        """
        self._set_state(session, client_id, "suspended", "client-suspended")

    def resume(self, session: Session, client_id: str) -> None:
        """Let a client ask again that its own department suspended.

        Raises:
            NotFound; SuspendedForInspection: an inspection stopped it, or it is revoked.
        """
        self._set_state(session, client_id, "active", "client-resumed")

    def revoke(self, session: Session, client_id: str) -> None:
        """Revoke a client for good, with all its keys.

        Raises:
            NotFound; SuspendedForInspection: it is revoked already.
        """
        now = self._clock()
        with Transaction(self._store) as work:
            client = _reached(session, clients.client_line(work.conn, client_id, lock=True))
            if client.state == "revoked":
                raise SuspendedForInspection
            clients.set_client_state(work.conn, client_id, "revoked")
            for key in client.keys:
                clients.end_client_key(work.conn, client_id, key.thumbprint, now)
            people_acts.write(work.conn, _act("client-revoked", session, client.department, client_id), now)

    def _set_state(self, session: Session, client_id: str, state: str, act: str) -> None:
        with Transaction(self._store) as work:
            client = _reached(session, clients.client_line(work.conn, client_id, lock=True))
            ours = client.suspended_because == BY_DEPARTMENT
            if client.state == "revoked" or (client.state == "suspended" and not ours):
                raise SuspendedForInspection
            clients.set_client_state(work.conn, client_id, state, BY_DEPARTMENT if state == "suspended" else None)
            people_acts.write(work.conn, _act(act, session, client.department, client_id), self._clock())

    def _challenge_in(self, proof: str, key: Key, client_id: str, now: datetime) -> str:
        try:
            return check_key_proof(proof.strip(), key, client=client_id, audience=self.audience, now=now)
        except KeyProofRefused:
            raise BadKeyProof from None

    def _end_key(self, work: Transaction, session: Session, client: ClientLine, thumbprint: str, now: datetime) -> None:
        if not clients.end_client_key(work.conn, client.id, thumbprint, now):
            raise NotFound("公钥", "key")
        people_acts.write(work.conn, _act("key-revoked", session, client.department, client.id, thumbprint), now)


def _reached(session: Session, client: ClientLine | None) -> ClientLine:
    if client is None or bounds(session) not in {None, client.department}:
        raise NotFound("客户端", "client")
    return client


def _key(text: str) -> Key:
    """The public key in a text; a private one is refused, so that nobody gets used to pasting it."""
    if len(text) > LONGEST_TEXT:
        raise BadKeyProof
    try:
        jwk: Mapping[str, Any] = json.loads(text)
        if not isinstance(jwk, dict) or "d" in jwk:
            raise BadKeyProof
        return key_from_jwk(jwk)
    except (ValueError, RecursionError, BadKey, CertificatesError):
        raise BadKeyProof from None


def _act(act: str, session: Session, department: str, client_id: str, *details: str) -> Act:
    return Act(act, session.actor, department, client_id=client_id, details=details)


def _digest(challenge: str) -> bytes:
    return hashlib.sha256(challenge.encode()).digest()
