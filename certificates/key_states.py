"""What a key is for, the states it goes through, and the legal moves between them: pure, on tuples of states.

coming → active → verify only; any of them → compromised since a moment, and from there nowhere.

- **coming**: published, so that everybody may know it before it signs.
- **active**: signs; one for each purpose.
- **verify only**: what it signed up to ``signs_until`` stays good for ever.
- **compromised**: what it signed counts only where something else proves that it was there before
  ``compromised_since``: for receipts a trusted time over a checkpoint that holds them.

Example:
    >>> first = KeyState("a", KeyPurpose.RECEIPT, "ES256", KeyStatus.ACTIVE, made_at=0)
    >>> coming = KeyState("b", KeyPurpose.RECEIPT, "ES256", KeyStatus.COMING, made_at=5)
    >>> [state.status.value for state in activated((first, coming), "b", now=10, overlap=600)]
    ['verify_only', 'active']
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from certificates.jose import ED25519, ES256, SM2_SM3

IN_FILE: Final = "file"
"""``place`` of a key that lies in the folder as encrypted PEM."""

ROTATION_OVERLAP: Final = timedelta(minutes=10)
"""How long after a rotation the old key still counts for new receipts of processes that have not refreshed yet."""


class KeyPurpose(StrEnum):
    """What a key is for; no key serves two purposes."""

    RECEIPT = "receipt"
    CHECKPOINT = "checkpoint"
    CHECKPOINT_SM2 = "checkpoint_sm2"  # the second signature of checkpoints, in the SM profile
    CLIENT = "client"
    CREDENTIAL = "credential"
    STATUS = "status"  # status lists, and the offline bundles that hold them
    DOCUMENT = "document"  # marks on copies, and manifests of archive packages
    MESSAGE = "message"  # what the hub sends by itself (webhooks), and the answers of their feed
    ROOT = "root"  # signs the published key set, and nothing else; its fingerprint is printed on receipts


class KeyStatus(StrEnum):
    """Whether a key signs, and whether what it signed counts."""

    COMING = "coming"
    ACTIVE = "active"
    VERIFY_ONLY = "verify_only"
    COMPROMISED = "compromised"


@dataclass(frozen=True)
class KeyState:
    """One key's entry in ``keys.json``. Times are Unix seconds.

    Attributes:
        signs_from: When it became active; None while it is coming.
        signs_until: The moment after which nothing that the key signs counts any more; None while it is active.
        compromised_since: The earliest moment at which somebody else may have had the key.
        expires_at: When it should have been replaced; alarms begin before. It goes on signing: a date stops no answer.
        place: ``file``, or the label under which a module (PKCS#11) holds it.
    """

    kid: str
    purpose: KeyPurpose
    alg: str
    status: KeyStatus
    made_at: int
    signs_from: int | None = None
    signs_until: int | None = None
    compromised_since: int | None = None
    expires_at: int | None = None
    place: str = IN_FILE

    def to_jwk_members(self) -> dict[str, Any]:
        """What the published key set says of the key beside its JWK; times that are not set are left out."""
        times = {
            "made_at": self.made_at,
            "signs_from": self.signs_from,
            "signs_until": self.signs_until,
            "compromised_since": self.compromised_since,
            "expires_at": self.expires_at,
        }
        told = {name: value for name, value in times.items() if value is not None}
        return {"purpose": self.purpose.value, "status": self.status.value, **told}


_SM: Mapping[KeyPurpose, str] = {
    **dict.fromkeys(KeyPurpose, SM2_SM3),
    KeyPurpose.CHECKPOINT: ED25519,
    KeyPurpose.CLIENT: ES256,
}
_STANDARD: Mapping[KeyPurpose, str] = {
    purpose: ED25519 if purpose == KeyPurpose.CHECKPOINT else ES256
    for purpose in KeyPurpose
    if purpose != KeyPurpose.CHECKPOINT_SM2
}
PROFILES: Final[Mapping[str, Mapping[KeyPurpose, str]]] = MappingProxyType({"standard": _STANDARD, "sm": _SM})
"""The algorithm of each purpose, by the name of a profile. Clients choose theirs themselves."""


@dataclass(frozen=True)
class KeyRules:
    """How keys are made and how long they should serve.

    Attributes:
        algorithms: One of ``PROFILES``; None keeps to the algorithms of the keys that are there (standard for a new
            folder), so that a command that knows of no profile changes none.
        lifetime: From becoming active to when the key should have been replaced.
        root_lifetime: The same for the trust root, whose fingerprint is on paper.
        warn_before: How long before that alarms begin.
        overlap: After a rotation, how long the old key still counts for processes that have not noticed.
    """

    algorithms: Mapping[KeyPurpose, str] | None = None
    lifetime: timedelta = timedelta(days=730)
    root_lifetime: timedelta = timedelta(days=7300)
    warn_before: timedelta = timedelta(days=60)
    overlap: timedelta = ROTATION_OVERLAP

    def algorithms_for(self, states: "States") -> Mapping[KeyPurpose, str]:
        """The algorithm of each purpose, where these keys are there."""
        if self.algorithms is not None:
            return self.algorithms
        in_use = {state.purpose: state.alg for state in states if state.status != KeyStatus.COMING}  # the last counts
        return {**PROFILES["standard"], **in_use}

    def expiry(self, purpose: KeyPurpose, signs_from: int) -> int:
        """Unix time at which a key should have been replaced."""
        life = self.root_lifetime if purpose == KeyPurpose.ROOT else self.lifetime
        return signs_from + int(life.total_seconds())


States = tuple[KeyState, ...]


def of_purpose(states: States, purpose: KeyPurpose, status: KeyStatus) -> KeyState | None:
    """The first key of a purpose in a state, if there is one."""
    return next((state for state in states if (state.purpose, state.status) == (purpose, status)), None)


def activated(states: States, kid: str, *, now: int, overlap: int, expires_at: int | None = None) -> States:
    """Let a coming key sign from now on; the one before it of its purpose only verifies.

    ``now`` and ``expires_at`` are Unix times; ``overlap`` is the seconds for which the one before it still counts.
    """
    chosen = next(state for state in states if state.kid == kid)

    def moved(state: KeyState) -> KeyState:
        if state.kid == kid:
            return replace(state, status=KeyStatus.ACTIVE, signs_from=now, expires_at=expires_at)
        if (state.purpose, state.status) == (chosen.purpose, KeyStatus.ACTIVE):
            return replace(state, status=KeyStatus.VERIFY_ONLY, signs_until=now + overlap)
        return state

    return tuple(map(moved, states))


def compromised(states: States, kid: str, *, since: int) -> States:
    """Mark a key as known to others since a moment; a later report only makes the moment earlier."""

    def moved(state: KeyState) -> KeyState:
        if state.kid != kid:
            return state
        known = state.compromised_since
        return replace(
            state, status=KeyStatus.COMPROMISED, compromised_since=since if known is None else min(since, known)
        )

    return tuple(map(moved, states))


def read_state(entry: Mapping[str, Any]) -> KeyState:
    """A state from its entry in ``keys.json``, those written before there were so many members, too.

    Raises:
        KeyError, TypeError, ValueError: It is none.
    """
    times = ("signs_from", "signs_until", "compromised_since", "expires_at")
    return KeyState(
        kid=str(entry["kid"]),
        purpose=KeyPurpose(entry["purpose"]),
        alg=str(entry["alg"]),
        status=KeyStatus(entry["status"]),
        made_at=int(entry["made_at"]),
        place=str(entry.get("place", IN_FILE)),
        **{name: None if entry.get(name) is None else int(entry[name]) for name in times},
    )
