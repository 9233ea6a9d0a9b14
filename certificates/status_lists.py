"""Token Status Lists (IETF): what became of credentials, two bits each, at random places of lists that anyone may read.

A list says nothing about whom or what a place belongs to; only the credential names its place. The fourth state, which
the standard leaves to applications, says here that the certificate is being checked: the hub never lets its own
ignorance pass for the citizen's fault.

Example:
    >>> from certificates.jose import ES256, new_key, sign, signing_input
    >>> key = new_key(ES256)
    >>> states = StatusList.of({7: State.SUSPENDED}, size=16)
    >>> payload = compose_list(states, "https://hub.example/v1/status-lists/1", issued_at=1704067200)
    >>> token = sign(signing_input(payload, key, TYP_STATUS_LIST), key)
    >>> opened = open_status_list(token, {key.kid: PublishedKey(key.public_only())}, at=1704067201)
    >>> opened.state(7), opened.state(8)
    (<State.SUSPENDED: 2>, <State.VALID: 0>)
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, Self

from certificates import compact
from certificates.jose import VerificationError
from certificates.published_keys import PublishedKey, verify_published
from certificates.status import Status

TYP_STATUS_LIST: Final = "statuslist+jwt"
MEDIA_TYPE: Final = "application/statuslist+jwt"

BITS: Final = 2
SIZE: Final = 65_536
"""Places of the hub's lists: a list with nothing but noise in it still is a token within the size that is read."""

TTL: Final = 300
"""Seconds after which a verifier with a network should fetch a list again."""

LIFETIME: Final = 86_400
"""Seconds for which a list counts: a day, for offices that lose their network."""

MOST_BYTES: Final = 1_048_576
"""Of an inflated list; larger ones are not read."""


class State(IntEnum):
    """The states of a place."""

    VALID = 0
    INVALID = 1
    SUSPENDED = 2
    BEING_CHECKED = 3  # "application specific" in the standard

    @classmethod
    def of(cls, status: Status | None, *, doubtful: bool = False) -> "State":
        """The state of a certificate's canonical status (None: unknown); doubtful while it is being checked.

        Bad news is told at once, whatever is being checked.
        """
        state = _STATES.get(status, cls.BEING_CHECKED) if status is not None else cls.BEING_CHECKED
        return cls.BEING_CHECKED if doubtful and state == cls.VALID else state


_STATES = {
    Status.VALID: State.VALID,
    Status.SUSPENDED: State.SUSPENDED,
    Status.EXPIRED: State.INVALID,
    Status.SUPERSEDED: State.INVALID,
    Status.CANCELLED: State.INVALID,
    Status.REVOKED_VOID: State.INVALID,
    Status.REVOKED_PENALTY: State.INVALID,
    Status.TRANSFERRED: State.INVALID,
}


class BadStatusList(VerificationError):
    """Raised when a status list is not one that the hub signed, does not count at the time, or lacks the place.

    Attributes:
        reason: A code for counting and for tests.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.zh = "状态列表未通过验证，或不适用于所问时间。请向平台重新获取状态列表。"
        self.en = "The status list is not the hub's, or not for this time. Get it from the hub again."
        self.args = (f"{self.zh} | {self.en}",)


@dataclass(frozen=True)
class StatusReference:
    """Where a credential's status stands: the list's address and the place in it, from 0."""

    uri: str
    idx: int

    def to_json(self) -> dict[str, Any]:
        """The member ``status`` of a credential."""
        return {"status_list": {"idx": self.idx, "uri": self.uri}}

    @classmethod
    def parse(cls, status: object) -> Self:
        """From a credential's member ``status``.

        Raises:
            BadStatusList: It is no reference to a status list.
        """
        reference = status.get("status_list") if isinstance(status, Mapping) else None
        if not isinstance(reference, Mapping):
            raise BadStatusList("reference")
        idx, uri = reference.get("idx"), reference.get("uri")
        if type(idx) is not int or idx < 0 or not isinstance(uri, str) or not uri:
            raise BadStatusList("reference")
        return cls(uri, idx)


@dataclass(frozen=True)
class StatusList:
    """States, packed: the first place in the lowest bits of the first byte.

    Attributes:
        bits: 1, 2, 4 or 8 for each place.
        data: The packed places.
    """

    bits: int
    data: bytes

    @classmethod
    def of(cls, states: Mapping[int, int], size: int = SIZE) -> Self:
        """A list of two bits with these states at these places, and VALID everywhere else."""
        data = bytearray(size * BITS // 8)
        for place, state in states.items():
            data[place * BITS // 8] |= state << place * BITS % 8
        return cls(BITS, bytes(data))

    @property
    def size(self) -> int:
        """How many places there are."""
        return len(self.data) * 8 // self.bits

    def __getitem__(self, place: int) -> int:
        """The value at a place. Raises BadStatusList beyond the end."""
        if not 0 <= place < self.size:
            raise BadStatusList("place")
        at = place * self.bits
        return self.data[at // 8] >> at % 8 & (1 << self.bits) - 1

    def encode(self) -> str:
        """The member ``lst``: ZLIB (RFC 1950), base64url."""
        return compact.encode(zlib.compress(self.data, 9))


def decode_list(bits: object, lst: object) -> StatusList:
    """A list from the members ``bits`` and ``lst``; nothing larger than MOST_BYTES is inflated.

    Raises:
        BadStatusList: They are none.
    """
    if type(bits) is not int or bits not in {1, 2, 4, 8} or not isinstance(lst, str):
        raise BadStatusList("list")
    inflating = zlib.decompressobj()
    try:
        data = inflating.decompress(compact.decode(lst), MOST_BYTES)
    except (zlib.error, compact.NotCompact):
        raise BadStatusList("list") from None
    if not inflating.eof or inflating.unused_data:
        raise BadStatusList("list")
    return StatusList(bits, data)


@dataclass(frozen=True)
class StatusListToken:
    """A verified list.

    Attributes:
        uri: Its address.
        issued_at: Unix time.
        expires: Unix time from which it counts no more, if told.
        ttl: Seconds after which to fetch it again, if told.
    """

    uri: str
    issued_at: int
    expires: int | None
    ttl: int | None
    states: StatusList
    kid: str

    def state(self, place: int) -> State:
        """The state at a place of a list of one or two bits; BadStatusList for what is no state."""
        value = self.states[place]
        if value > max(State):
            raise BadStatusList("state")
        return State(value)

    def stale_at(self, moment: int) -> bool:
        """Whether it should have been fetched again by this Unix time; it may still count."""
        return self.ttl is not None and moment > self.issued_at + self.ttl


def compose_list(
    states: StatusList,
    uri: str,
    *,
    issued_at: int,
    lifetime: int = LIFETIME,
    ttl: int = TTL,
    aggregation_uri: str | None = None,
) -> dict[str, Any]:
    """The payload of a list's token, of ``typ`` ``statuslist+jwt``; times in seconds."""
    members: dict[str, Any] = {"bits": states.bits, "lst": states.encode()}
    if aggregation_uri is not None:
        members["aggregation_uri"] = aggregation_uri
    return {"sub": uri, "iat": issued_at, "exp": issued_at + lifetime, "ttl": ttl, "status_list": members}


def open_status_list(
    token: str, keys: Mapping[str, PublishedKey], *, uri: str | None = None, at: int | None = None
) -> StatusListToken:
    """Verify a list's token.

    Args:
        token: Compact JWS.
        keys: Published keys for statuses (``published_keys(jwks, "status")``).
        uri: The address that a credential names; None accepts the one that the list names itself.
        at: Unix time for which the list must count; None leaves that to the caller.

    Raises:
        BadStatusList: With a ``reason``.
    """
    try:
        verified = verify_published(token, keys, TYP_STATUS_LIST)
    except VerificationError as error:
        raise BadStatusList(error.reason) from None
    opened = _opened(verified.payload, verified.header["kid"])
    if uri is not None and opened.uri != uri:
        raise BadStatusList("sub")
    if at is not None:
        _check_time(opened, at)
    return opened


def _opened(claims: Mapping[str, Any], kid: str) -> StatusListToken:
    uri, expires, ttl, members = (claims.get(name) for name in ("sub", "exp", "ttl", "status_list"))
    if not isinstance(uri, str) or not uri or not isinstance(members, Mapping):
        raise BadStatusList("claims")
    if not all(value is None or (type(value) is int and value > 0) for value in (expires, ttl)):
        raise BadStatusList("claims")
    states = decode_list(members.get("bits"), members.get("lst"))
    return StatusListToken(uri, claims["iat"], expires, ttl, states, kid)


def _check_time(opened: StatusListToken, at: int) -> None:
    if at < opened.issued_at:
        raise BadStatusList("not yet")
    if opened.expires is not None and at >= opened.expires:
        raise BadStatusList("expired")
