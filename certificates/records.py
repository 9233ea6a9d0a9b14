"""What is known of a certificate, what is asked about it, and what the look-up brought.

Example:
    >>> question = Question.parse({
    ...     "certificate_type": "11100000MB0143028R001", "certificate_number": " 4405080001234 ",
    ...     "holder_name": "汕头示例有限公司", "holder_code": "91110000600037341l", "holder_code_type": "001",
    ...     "purpose": "办理食品经营许可", "service_item": "食品经营许可新办", "case": "ST-2024-0001"})
    >>> question.certificate_number, question.holder_code, question.as_of
    ('4405080001234', '91110000600037341L', None)
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from certificates.errors import CertificatesError
from certificates.holder_codes import HOLDER_CODE_TYPES, normal_holder_code
from certificates.status import Status, StatusEvent

Mark = Literal["update_refused", "vanished"]

__all__ = [
    "CertificateObject",
    "CertificateRecord",
    "Holder",
    "LookUp",
    "MalformedQuestion",
    "Mark",
    "Question",
    "SourceState",
    "StatusEvent",
]


@dataclass(frozen=True)
class Holder:
    """持证主体: one of those a certificate is for.

    Attributes:
        code_type: A key of ``HOLDER_CODE_TYPES``.
        role: What the holder is in this certificate, such as 男方 or 共有人; "" where it has no such word.
        asked: The question named this one.
    """

    name: str
    code: str
    code_type: str
    role: str = ""
    asked: bool = False


@dataclass(frozen=True)
class CertificateObject:
    """What a certificate is about besides its holders: a vehicle, a real-estate unit.

    Attributes:
        kind: The kind itself, as the contract names it, such as ``vehicle``.
    """

    kind: str
    number: str
    name: str = ""


@dataclass(frozen=True)
class CertificateRecord:
    """One certificate as its source's last accepted row gives it.

    Attributes:
        identifier_ok: Whether the identifier's check character is right; None without an identifier.
        valid_until: Last day of validity, inclusive; None without one.
        long_term: 长期, told by a declared sentinel.
        events: Statements of the source about the status, in the order in which the hub learnt of them.
        mark: A newer row was refused, or the number was absent from the last complete delivery.
        digest_ok: The stored row still has the digest that it was stored with.
        trust_level: A to D, as its publisher grades it; "" if not graded.
        dataset: Name of the dataset that it came from.
        objects: In the order of the source.
        principal: On behalf of whom it was issued (代签发 names the 委托机关); "" where its issuer acted for itself.
        renewal_applied_on: When a renewal was applied for that nobody has decided on.
        internal_id: The hub's own name for it, by which it is known without an identifier from its issuer (证照信息).
    """

    type_code: str
    number: str
    identifier: str | None
    identifier_ok: bool | None
    issuing_authority_name: str
    issuing_authority_code: str
    issued_on: date | None
    valid_from: date | None
    valid_until: date | None
    long_term: bool
    status: Status
    events: tuple[StatusEvent, ...]
    holders: tuple[Holder, ...]
    mark: Mark | None
    digest_ok: bool
    trust_level: str
    dataset: str
    objects: tuple[CertificateObject, ...] = ()
    principal: str = ""
    renewal_applied_on: date | None = None
    internal_id: str = ""


@dataclass(frozen=True)
class SourceState:
    """How the source of a certificate type stands.

    Attributes:
        covered: The hub collects this type, issuer and year.
        data_as_of: Time, with zone, of the last delivery that was taken over; None before the first.
        fresh: That delivery is younger than the contract's ``fresh_for_days``.
        score: Quality of the dataset from 0 to 1; None if nothing was scored.
        live: The source is asked at the moment of the question; ``fresh`` says then that it answered.
    """

    covered: bool
    data_as_of: datetime | None
    fresh: bool
    score: float | None
    live: bool = False


@dataclass(frozen=True)
class LookUp:
    """What the store found. ``record`` is None alike for a number that does not exist and for another holder's.

    ``being_checked``: the number stands in a row that is quarantined or held. ``disputed``: somebody says that what the
    hub has of just this number and holder is wrong, and its source has not answered yet. ``unchecked``: the state of a
    certificate with this number and name whose holder has no number, as records of the paper era lack it; "" if its
    state is not known. ``in_case``: its department was handed a case about it that is not settled.
    """

    record: CertificateRecord | None
    being_checked: bool
    source: SourceState
    disputed: bool = False
    unchecked: str | None = None
    in_case: bool = False


class MalformedQuestion(CertificatesError):
    """Raised when a question lacks a member, has one that is unknown, or one of the wrong form.

    Attributes:
        member: The member's name; never its value. "" where the question as a whole is meant.
    """

    def __init__(self, member: str, cause_zh: str, cause_en: str) -> None:
        self.member = member
        self._cause = (cause_zh, cause_en)
        name_zh, name_en = (f"“{member}”", f'"{member}"') if member else ("整体", "as a whole")
        super().__init__(
            f"核验请求{name_zh}{cause_zh}。请按接口说明修改后重新发送。",
            f"The question's member {name_en} {cause_en}. Mend it after the API's description and send it again.",
        )

    def inside(self, place: str) -> "MalformedQuestion":
        """The same about a question that is part of another, such as ``questions[3]``."""
        return MalformedQuestion(f"{place}.{self.member}" if self.member else place, *self._cause)


_LENGTHS: Mapping[str, int] = {
    "certificate_type": 21,
    "certificate_number": 128,
    "holder_name": 200,
    "holder_code": 64,
    "holder_code_type": 3,
    "purpose": 200,
    "service_item": 200,
    "case": 128,
}
_CODES = frozenset({"certificate_type", "certificate_number", "holder_code", "holder_code_type"})
_UNSEEN = frozenset({"Cc", "Cf", "Cs"})  # not Co and Cn: names have characters that Python's Unicode does not know yet
_MEMBERS = _LENGTHS.keys() | {"as_of"}
_TYPE_CODE = re.compile(r"[0-9A-Z]{21}", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


@dataclass(frozen=True)
class Question:
    """One question about one certificate. Every member but ``as_of`` is mandatory.

    Attributes:
        purpose, service_item, case: Why it is asked: 使用事由, 事项, 办件编号 (decree 809 art. 20, 29).
        as_of: The day the answer is for; None means the day of asking.
    """

    certificate_type: str
    certificate_number: str
    holder_name: str
    holder_code: str
    holder_code_type: str
    purpose: str
    service_item: str
    case: str
    as_of: date | None = None

    @classmethod
    def parse(cls, content: object) -> "Question":
        """Read a question, a JSON object, strictly.

        Codes are trimmed, narrowed (NFKC) and upper-cased, the holder's code by its type as sources' codes are
        (``normal_holder_code``); other texts are trimmed.

        Raises:
            MalformedQuestion: Names the member at fault.
        """
        if not isinstance(content, Mapping):
            raise MalformedQuestion("", "不是 JSON 对象", "is not a JSON object")
        if not content.keys() <= _MEMBERS:
            raise MalformedQuestion("", "含有未知成员", "has a member that is not known")
        texts = {member: _text(content, member, limit) for member, limit in _LENGTHS.items()}
        if _TYPE_CODE.fullmatch(texts["certificate_type"]) is None:
            raise MalformedQuestion("certificate_type", "不是 21 位证照类型代码", "is not a type code of 21 characters")
        if texts["holder_code_type"] not in HOLDER_CODE_TYPES:
            raise MalformedQuestion("holder_code_type", "不是已知的代码类型", "is not a known code type")
        texts["holder_code"] = normal_holder_code(texts["holder_code_type"], texts["holder_code"])
        return cls(**texts, as_of=_day(content.get("as_of")))

    def to_json(self) -> dict[str, str]:
        """The question's JSON members; ``as_of`` only if a day was asked for."""
        members = {member: str(getattr(self, member)) for member in _LENGTHS}
        return members if self.as_of is None else {**members, "as_of": self.as_of.isoformat()}

    def canonical(self) -> bytes:
        """The one byte form of this question: sorted compact JSON in UTF-8 (for these members the same as RFC 8785)."""
        return json.dumps(self.to_json(), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _text(content: Mapping[str, object], member: str, limit: int) -> str:
    value = content.get(member)
    if value is None:
        raise MalformedQuestion(member, "缺失", "is missing")
    if not isinstance(value, str):
        raise MalformedQuestion(member, "不是文本", "is not a text")
    if len(value) > 4 * limit:  # before any work is done on it
        raise MalformedQuestion(member, "过长", "is too long")
    text = _narrowed(value) if member in _CODES else value.strip()
    if not text or len(text) > limit:
        raise MalformedQuestion(member, "为空或过长", "is empty or too long")
    # Whatever is not to be seen is not printable, and nearly every text is: one look is enough then
    if not text.isprintable() and any(unicodedata.category(character) in _UNSEEN for character in text):
        raise MalformedQuestion(member, "含有控制字符", "has control characters")
    return text


def _narrowed(code: str) -> str:
    """A code trimmed, half-width (NFKC) and upper-cased; one of ASCII alone is as narrow as it gets."""
    return (code if code.isascii() else unicodedata.normalize("NFKC", code)).strip().upper()


def _day(value: object) -> date | None:
    if value is None:
        return None
    if not isinstance(value, str) or _DAY.fullmatch(value) is None:
        raise MalformedQuestion("as_of", "不是 YYYY-MM-DD 日期", "is not a date of the form YYYY-MM-DD")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise MalformedQuestion("as_of", "不是存在的日期", "is not a date that exists") from None
