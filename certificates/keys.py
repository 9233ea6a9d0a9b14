"""The hub's own keys: made at the first start, encrypted at rest, rotated with overlap, published under a trust root.

A folder (``certificates.key_folder``) holds them; their states and moves are in ``certificates.key_states``. Several
processes may share it; ``refresh`` picks up what another process changed. Every change is signed by the trust root at
once, so that what is published is always a whole set with its signature.

After a rotation the old key verifies for good, and counts for receipts up to ``signs_until``, for processes that have
not noticed the rotation yet. An entry that was written down before the rotation is signed with the key that it names
(``signing_key``).

Example:
    >>> import tempfile
    >>> from datetime import UTC, datetime
    >>> from pathlib import Path
    >>> ring = KeyRing.open(Path(tempfile.mkdtemp()), "passphrase", now=datetime(2024, 1, 1, tzinfo=UTC))
    >>> ring.active(KeyPurpose.RECEIPT).alg, ring.active(KeyPurpose.CHECKPOINT).alg
    ('ES256', 'Ed25519')
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from certificates.errors import CertificatesError
from certificates.jose import Key, VerificationError
from certificates.key_alarms import KeyAlarm, key_alarms
from certificates.key_folder import Index, KeyFolder, KeyModule, KeysBroken, KeysLocked, ModuleMissing
from certificates.key_states import (
    ROTATION_OVERLAP,
    KeyPurpose,
    KeyRules,
    KeyState,
    KeyStatus,
    States,
    activated,
    compromised,
    of_purpose,
)
from certificates.trust_root import fingerprint_of, sign_key_set, verify_key_set

__all__ = [
    "ROTATION_OVERLAP", "KeyAlarm", "KeyModule", "KeyPurpose", "KeyRing", "KeyRules", "KeyState", "KeyStatus",
    "KeysBroken", "KeysLocked", "ModuleMissing", "NotYetCompromised", "UnknownKey",
]  # fmt: skip

_SIGNING_ROOTS = (KeyStatus.ACTIVE, KeyStatus.VERIFY_ONLY)


class UnknownKey(CertificatesError):
    """Raised when a key is asked for that the ring does not have."""

    def __init__(self) -> None:
        super().__init__(
            "没有这个密钥。请用 mianzheng keys list 查看现有密钥。",
            "There is no such key. See mianzheng keys list for those there are.",
        )


class NotYetCompromised(CertificatesError):
    """Raised when a key shall count as stolen from a moment that lies ahead."""

    def __init__(self) -> None:
        super().__init__(
            "失密时间晚于现在。请给出最早可能失密的时间。",
            "That moment lies ahead. Give the earliest one at which somebody else may have had the key.",
        )


class KeyRing:
    """All keys of one folder, loaded once."""

    def __init__(self, folder: KeyFolder, rules: KeyRules) -> None:
        self._folder = folder
        self._rules = rules
        self._keys: Mapping[str, Key] = {}
        self._states: States = ()
        self._signatures: Sequence[str] = ()
        self._active: Mapping[KeyPurpose, Key] = {}
        self._stamp: tuple[int, int, int] | None = None

    @classmethod
    def open(
        cls,
        folder: Path,
        passphrase: str,
        *,
        now: datetime,
        rules: KeyRules | None = None,
        module: KeyModule | None = None,
    ) -> "KeyRing":
        """Load the ring; on the first start make the folder (0700) and one key for each purpose.

        A purpose whose active key has another algorithm than the rules name (the profile was changed) gets a new one.
        Rules that name no algorithms change none. New private keys are kept in ``module``, or in files.

        Raises:
            KeysLocked: The passphrase is another one.
            KeysBroken: A file is missing or damaged.
            ModuleMissing: A key lies in a module, and none is given.
        """
        ring = cls(KeyFolder(folder, passphrase, module), rules or KeyRules())
        ring._folder.begin()
        with ring._changing(now) as states:  # a wrong passphrase shows here, before anything is made with it
            for purpose in ring._algorithms(states):
                ring._make_good(states, purpose, now)
        return ring

    def active(self, purpose: KeyPurpose) -> Key:
        """The key that signs for a purpose now."""
        return self._active[purpose]

    def checkpoint_keys(self) -> tuple[Key, ...]:
        """The keys that sign checkpoints now: one for Ed25519, and in the SM profile one for SM2."""
        both = (KeyPurpose.CHECKPOINT, KeyPurpose.CHECKPOINT_SM2)
        return tuple(self._active[purpose] for purpose in both if purpose in self._active)

    def signing_key(self, kid: str) -> Key:
        """The key that an entry names, to finish what was written down before a rotation.

        Raises:
            UnknownKey: The ring never had it.
        """
        try:
            return self._keys[kid]
        except KeyError:
            raise UnknownKey from None

    def public_keys(self, purpose: KeyPurpose, *, stolen: bool = False) -> Mapping[str, Key]:
        """The verifying keys of a purpose, by ``kid``, those of old rotations too, stolen ones if asked for."""
        return {
            state.kid: self._keys[state.kid].public_only()
            for state in self._states
            if state.purpose == purpose and (stolen or state.status != KeyStatus.COMPROMISED)
        }

    def states(self) -> tuple[KeyState, ...]:
        """Every key's state, oldest first."""
        return self._states

    def alarms(self, now: datetime) -> list[KeyAlarm]:
        """The keys that should be replaced soon, or should have been."""
        return key_alarms(self._states, self._rules, now)

    def fingerprint(self) -> str:
        """The trust root's fingerprint, as printed on receipts."""
        return fingerprint_of(self.active(KeyPurpose.ROOT))

    def jwks(self) -> dict[str, Any]:
        """The published JWK set (RFC 7517): every key but clients' with state and times, and the roots' signatures."""
        return {"keys": self._published(self._states), "signatures": list(self._signatures)}

    def prepare(self, purpose: KeyPurpose, now: datetime) -> Key:
        """Publish the key that will sign after the next rotation; the one that is coming already, if there is one."""
        with self._changing(now) as states:
            if of_purpose(tuple(states), purpose, KeyStatus.COMING) is None:
                states.append(self._make(purpose, self._algorithms(states)[purpose], now))
        coming = of_purpose(self._states, purpose, KeyStatus.COMING)
        if coming is None:
            raise UnknownKey
        return self._keys[coming.kid]

    def rotate(self, purpose: KeyPurpose, now: datetime) -> Key:
        """Let the prepared key of a purpose sign, or a new one; the one before only verifies from now on."""
        with self._changing(now) as states:
            self._activate(states, purpose, now)
        return self.active(purpose)

    def compromise(self, kid: str, since: datetime, now: datetime) -> Key:
        """Mark a key as known to others since a moment; if it signs now, another one takes over at once.

        Returns:
            The key that signs for its purpose from now on.

        Raises:
            UnknownKey: The ring never had it.
            NotYetCompromised: The moment lies ahead.
        """
        purpose = self._purpose_of(kid)
        if since > now:
            raise NotYetCompromised
        with self._changing(now) as states:
            states[:] = compromised(tuple(states), kid, since=int(since.timestamp()))
            if of_purpose(tuple(states), purpose, KeyStatus.ACTIVE) is None:
                self._activate(states, purpose, now)
        return self.active(purpose)

    def refresh(self) -> bool:
        """Pick up another process's change; one ``stat`` where nothing changed. Whether something did."""
        stamp = self._folder.stamp()
        if stamp == self._stamp:
            return False
        index = self._folder.read()
        keys = {state.kid: self._keys.get(state.kid) or self._folder.load(state) for state in index.states}
        self._keys, self._states, self._signatures = keys, index.states, index.signatures
        self._active = {state.purpose: keys[state.kid] for state in index.states if state.status == KeyStatus.ACTIVE}
        self._stamp = stamp
        return True

    # --- changes

    @contextmanager
    def _changing(self, now: datetime) -> Iterator[list[KeyState]]:
        """The states to change, under the lock; what the block leaves in the list is signed and written."""
        with self._folder.locked():
            self.refresh()
            states = list(self._states)
            yield states
            if tuple(states) != self._states or not self._is_signed():
                self._write(tuple(states), now)
        self.refresh()

    def _make_good(self, states: list[KeyState], purpose: KeyPurpose, now: datetime) -> None:
        active = of_purpose(tuple(states), purpose, KeyStatus.ACTIVE)
        if active is None or active.alg != self._algorithms(states)[purpose]:
            self._activate(states, purpose, now)
        elif active.expires_at is None:  # a folder from before keys had a time
            expiry = self._rules.expiry(purpose, active.made_at)
            states[states.index(active)] = replace(active, signs_from=active.made_at, expires_at=expiry)

    def _activate(self, states: list[KeyState], purpose: KeyPurpose, now: datetime) -> None:
        """The coming key of a purpose signs, if it is of the algorithm that is wanted; otherwise a new one."""
        coming, alg = of_purpose(tuple(states), purpose, KeyStatus.COMING), self._algorithms(states)[purpose]
        if coming is None or coming.alg != alg:
            coming = self._make(purpose, alg, now)
            states.append(coming)
        moment = int(now.timestamp())
        expiry = self._rules.expiry(purpose, moment)
        overlap = int(self._rules.overlap.total_seconds())
        states[:] = activated(tuple(states), coming.kid, now=moment, overlap=overlap, expires_at=expiry)

    def _algorithms(self, states: Sequence[KeyState]) -> Mapping[KeyPurpose, str]:
        return self._rules.algorithms_for(tuple(states))

    def _make(self, purpose: KeyPurpose, alg: str, now: datetime) -> KeyState:
        place, key = self._folder.make(purpose, alg)
        self._keys = {**self._keys, key.kid: key}
        return KeyState(key.kid, purpose, key.alg, KeyStatus.COMING, int(now.timestamp()), place=place)

    def _write(self, states: States, now: datetime) -> None:
        published = self._published(states)
        roots = [state for state in states if state.purpose == KeyPurpose.ROOT and state.status in _SIGNING_ROOTS]
        signatures = [sign_key_set(published, self._keys[root.kid], int(now.timestamp())) for root in roots]
        self._folder.write(Index(states, signatures))

    def _published(self, states: States) -> list[dict[str, Any]]:
        return [
            {**self._keys[state.kid].to_jwk(), **state.to_jwk_members()}
            for state in states
            if state.purpose != KeyPurpose.CLIENT
        ]

    def _is_signed(self) -> bool:
        """Whether the signatures that were kept fit the set as this version of the program publishes it."""
        try:
            verify_key_set(self.jwks(), self.fingerprint())
        except (VerificationError, KeyError):  # KeyError: a folder from before there was a root
            return False
        return True

    def _purpose_of(self, kid: str) -> KeyPurpose:
        self.refresh()
        found = next((state.purpose for state in self._states if state.kid == kid), None)
        if found is None:
            raise UnknownKey
        return found
