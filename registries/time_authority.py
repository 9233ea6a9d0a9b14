"""The time authority of a hub: its ledger's latest checkpoint is stamped there (RFC 3161), off the way of answers.

    authority = TimeAuthority.of(home)         # HUB_TSA_URL, HUB_TSA_CERTIFICATE; None if there is none
    stamped = stamp_latest(store, authority)   # None if nothing is new

An outage of the authority stops nothing: entries wait for the next stamp, which covers them all. Only digests leave the
hub. Nothing that the authority sends is kept unless it verifies under the certificate that the operator named.
"""

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import httpx

from certificates.proven_times import stamped_bytes
from certificates.time_stamps import request_for
from certificates.trusted_time import TrustedTime, open_response, read_anchors
from registries.errors import HomeError, RegistriesError
from registries.home import HubHome, Role
from registries.store import time_stamps
from registries.store.engine import Store
from registries.store.time_stamps import Stamped

logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs whole addresses, and those may hold a password

OVERDUE: timedelta = timedelta(hours=1)
"""How long entries may wait for a time stamp before an alarm."""

_SECONDS = 30
_MOST = 65_536
_NONCE_BITS = 64


class AuthorityDown(RegistriesError):
    """Raised when the time authority can't be reached, or answers with something else than a time stamp."""

    def __init__(self) -> None:
        super().__init__(
            "时间戳机构没有应答或应答有误。作答不受影响，稍后会自动重试；持续如此请检查 HUB_TSA_URL 和网络。",
            "The time authority doesn't answer, or not with a time stamp. Answers go on, and it is asked again later; "
            "if that lasts, check HUB_TSA_URL and the network.",
        )


@dataclass(frozen=True)
class TimeAuthority:
    """Where time stamps come from.

    Attributes:
        url: its address, https or http: tokens prove themselves.
        certificate: PEM: its own certificate, or that of the authority which issued it.
    """

    url: str
    certificate: bytes

    @classmethod
    def of(cls, home: HubHome) -> "TimeAuthority | None":
        """The one that this hub was told of; None without one.

        HUB_TSA_CERTIFICATE names a file; without it `HUB_HOME/secrets/tsa_certificate` holds the PEM itself.

        Raises:
            HomeError: there is an address and no certificate that can be read.
        """
        url, given = home.secret_or_none("tsa_url"), home.secret_or_none("tsa_certificate")
        if not url:
            return None
        if given is None:
            raise _no_certificate()
        if given.lstrip().startswith("-----"):
            return cls(url, given.encode())
        try:
            return cls(url, Path(given).read_bytes())
        except OSError as error:
            raise _no_certificate() from error

    def stamp(self, data: bytes) -> tuple[bytes, TrustedTime]:
        """A token over these bytes, verified, and what it proves.

        Raises:
            AuthorityDown: no answer, or no time stamp.
            certificates.trusted_time.BadTimeStamp, certificates.trusted_time.BadAnchor
        """
        anchors, nonce = read_anchors(self.certificate), secrets.randbits(_NONCE_BITS)
        return open_response(self._ask(request_for(sha256(data).digest(), nonce)), data, nonce, anchors)

    def _ask(self, request: bytes) -> bytes:
        headers = {"content-type": "application/timestamp-query", "accept-encoding": "identity"}
        try:
            with (
                httpx.Client(timeout=_SECONDS, trust_env=False, follow_redirects=False) as client,
                client.stream("POST", self.url, content=request, headers=headers) as response,
            ):
                parts, size = [], 0
                for part in response.iter_raw():
                    parts.append(part)
                    size += len(part)
                    if size > _MOST:
                        raise AuthorityDown
        except (httpx.HTTPError, httpx.InvalidURL):  # its message may hold the address, and that a password
            raise AuthorityDown from None
        if response.status_code != httpx.codes.OK:
            raise AuthorityDown
        return b"".join(parts)


def stamp_latest(store: Store, authority: TimeAuthority) -> Stamped | None:
    """Have the latest checkpoint stamped and keep the token; None if there is nothing new.

    No transaction is open while the authority is asked.

    Raises:
        AuthorityDown, certificates.trusted_time.BadTimeStamp, certificates.trusted_time.BadAnchor
    """
    with store.begin() as conn:
        due = time_stamps.unstamped(conn)
    if due is None:
        return None
    token, proven = authority.stamp(stamped_bytes(due.note))
    with store.begin() as conn:
        time_stamps.keep(conn, due.size, token, proven.at)
    return Stamped(due, token, proven.at)


def stamp_of_home(home: HubHome) -> Stamped | None:
    """As `stamp_latest`, for the hub of a folder; None too if it was told of no authority."""
    authority = TimeAuthority.of(home)
    if authority is None:
        return None
    with Store(home.store_url(Role.LOAD)) as store:
        return stamp_latest(store, authority)


def is_overdue(since: datetime | None, now: datetime) -> bool:
    """Whether entries have waited too long for a time stamp; `since` is `time_stamps.waiting_since`."""
    return since is not None and now - since > OVERDUE


def _no_certificate() -> HomeError:
    return HomeError(
        "设置了 HUB_TSA_URL，但没有可读的时间戳机构证书。请在 HUB_TSA_CERTIFICATE 中给出 PEM 文件的路径",
        "HUB_TSA_URL is set, but there is no readable certificate; give the path of a PEM file in HUB_TSA_CERTIFICATE",
    )
