"""What a file is verified with: keys, the day to judge by, and the files that stand beside it.

Example:
    >>> Given({"keys": []}).moment
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Given:
    """Everything beside the file itself; only the keys are always needed.

    Attributes:
        jwks: The hub's published keys, a JWK set.
        at: The moment to judge by, with zone; None leaves open what depends on it.
        proof: A tlog-proof file's text.
        receipt: A receipt's token, which a proof is about.
        root: The fingerprint of the trust root, as printed on receipts.
        typ: The ``typ`` that a JWS must have; None takes any.
        status_list: The token of a status list, which a credential names.
        lists: Further status lists by their addresses, as bundles hold them.
        index: The place to read in a status list.
        uri: The address that a status list must be of.
        audience: For whom a credential's holder must have signed.
        nonce: What a credential's holder must have signed over.
        time_stamp: An RFC 3161 token over the checkpoint, where it is not in the proof itself.
        anchors: Certificates of time authorities that are trusted, in PEM.
        witnesses: Verifier keys (vkey) of the witnesses that must have cosigned.
    """

    jwks: Mapping[str, Any]
    at: datetime | None = None
    proof: str | None = None
    receipt: str | None = None
    root: str | None = None
    typ: str | None = None
    status_list: str | None = None
    lists: Mapping[str, str] = field(default_factory=dict)
    index: int | None = None
    uri: str | None = None
    audience: str | None = None
    nonce: str | None = None
    time_stamp: bytes | None = None
    anchors: bytes | None = None
    witnesses: tuple[str, ...] = ()

    @property
    def moment(self) -> int | None:
        """``at`` in Unix seconds."""
        return None if self.at is None else int(self.at.timestamp())
