"""What the way of a question works with: its settings, and what a question has become after each step.

>>> AnsweringSettings("https://hub.example", "https://hub.example", "hub.example/ledger").ledger_name
'hub.example/ledger'
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from certificates.receipts import ReceiptDraft
from certificates.verdicts import RefusalReason
from exchange_api.acts.act import Answered
from exchange_api.askers import Known
from registries.store.grants import Grant


@dataclass(frozen=True)
class AnsweringSettings:
    """What answers name: the hub (without a slash at its end), whom requests must be addressed to, the ledger."""

    issuer: str
    audience: str
    ledger_name: str


@dataclass(frozen=True)
class Answer:
    """What leaves the hub.

    Attributes:
        receipt: compact JWS.
        proof: the receipt's place in the ledger, as a tlog-proof file.
        content: the receipt's nested member, readable.
        index: the place in the ledger.
        beside: what the act sends along, as it was kept.
        text: the content as JSON, where it was composed just now; "" where it comes from the ledger.
    """

    receipt: str
    proof: str
    content: Mapping[str, Any]
    index: int
    beside: bytes | None = None
    text: str = ""


@dataclass(frozen=True)
class Allowed:
    """After step 3: the grants that cover the question's wishes, or why there are none."""

    known: Known
    grants: tuple[Grant | None, ...] | RefusalReason


@dataclass(frozen=True)
class Judged:
    """After step 5: what the receipt will say."""

    known: Known
    answered: Answered


@dataclass(frozen=True)
class Written:
    """After step 6: what stands in the ledger and has to be signed, with the key that it names.

    Attributes:
        key: under which issuer and jti it stands there.
        digest: of the request that it answers.
    """

    key: tuple[str, str]
    digest: bytes
    entry_id: int
    kid: str
    draft: ReceiptDraft
    beside: bytes | None = None
