"""What the officer's pages show: a form, a verdict, receipts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from exchange_api.pages.views.frame import Item, Option, Words


class FormFault(NamedTuple):
    """What is wrong with a form, and in which field; "" if in no single one."""

    field: str
    words: Words


@dataclass(frozen=True)
class VerifyForm:
    """The form of one question. `jti` is made with the form, so that a form sent twice is one question.

    Attributes:
        notice: where what stands in it came from: a scan, or another system's link.
        action: where it is sent to.
    """

    jti: str
    types: tuple[Option, ...]
    code_types: tuple[Option, ...]
    values: Mapping[str, str] = field(default_factory=dict)
    fault: FormFault | None = None
    purposes: tuple[str, ...] = ()
    service_items: tuple[str, ...] = ()
    notice: Words | None = None
    action: str = "/officer"


class CheckLine(NamedTuple):
    """One check of a verdict."""

    tone: str
    icon: str
    outcome: Words
    name: Words
    says: Words


class ReceiptRow(NamedTuple):
    """One receipt in a list; no number and no holder."""

    jti: str
    made_at: datetime
    tone: str
    icon: str
    verdict: Words
    type_name: str
    case: str
    place: int | None
    code: str = ""


@dataclass(frozen=True)
class ReceiptView:
    """A verdict with everything that its receipt says.

    Attributes:
        codes: The offline code as QR images, which hold receipt and proof whole.
        request: The form's fields, where a credential can be asked for: names and values.
        dispute: The fields of a dispute of this answer, where there can be one.
        to_complete: It is about a record of the paper era that is not yet checked, which the window can complete.
    """

    jti: str
    issuer: str
    tone: str
    icon: str
    name: Words
    says: Words
    next: Words
    lines: tuple[CheckLine, ...]
    certificate: tuple[Item, ...]
    asked: tuple[Item, ...]
    evidence: tuple[Item, ...]
    codes: tuple[str, ...]
    proof_ready: bool
    request: tuple[tuple[str, str], ...] = ()
    dispute: tuple[tuple[str, str], ...] = ()
    case: str = ""
    to_complete: bool = False


@dataclass(frozen=True)
class OfficerView:
    """The officer's form and what was verified lately."""

    form: VerifyForm
    recent: tuple[ReceiptRow, ...]


@dataclass(frozen=True)
class ReceiptPageView:
    """A receipt, and the form for the next question."""

    receipt: ReceiptView
    form: VerifyForm


@dataclass(frozen=True)
class ReceiptsView:
    """An officer's own receipts, newest first; `older` is where the next page starts."""

    receipts: tuple[ReceiptRow, ...]
    older: int | None
