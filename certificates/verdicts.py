"""From a question and what the look-up brought to a verdict: nine checks, each a line, and a next step.

The rule above all: the hub never mistakes its own ignorance for the citizen's fault. Not collected, being checked,
source down and truly invalid are different verdicts.

Example:
    >>> verdict = refuse(RefusalReason.NO_GRANT)
    >>> verdict.code, verdict.en
    (<VerdictCode.REFUSED: 'refused'>, 'Not allowed: no grant covers this question.')
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, Final

from certificates import checks
from certificates.checks import Line, Outcome
from certificates.holder_codes import ORGANISATION_CODE_TYPES
from certificates.issuers import Issuer
from certificates.records import CertificateObject, CertificateRecord, Holder, LookUp, Question
from certificates.status import BAD_NEWS, Status, status_on
from certificates.terms import term_on
from certificates.types import CertificateType, Validity

__all__ = ["Line", "Outcome", "RefusalReason", "Verdict", "VerdictCode", "judge", "mask_name", "refuse"]


NO_ISSUERS: Final[Mapping[str, Issuer]] = {}


class VerdictCode(StrEnum):
    """The answers, as the design lists them."""

    VALID = "valid"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    ENDORSEMENT_DUE = "endorsement_due"
    SUSPENDED = "suspended"
    CANCELLED = "cancelled"
    REVOKED_VOID = "revoked_void"
    REVOKED_PENALTY = "revoked_penalty"
    SUPERSEDED = "superseded"
    TRANSFERRED = "transferred"
    PENDING_CHECK = "pending_check"
    NOT_COVERED = "not_covered"
    NO_MATCH = "no_match"
    UNAVAILABLE = "unavailable"
    REFUSED = "refused"


class RefusalReason(StrEnum):
    """Why a question is refused before any look-up."""

    NO_GRANT = "no_grant"
    BUDGET_SPENT = "budget_spent"
    TOO_MANY_MISSES = "too_many_misses"
    CLIENT_SUSPENDED = "client_suspended"


@dataclass(frozen=True)
class Verdict:
    """An answer: its code, what it says, what to do next, the checks behind it, and the certificate if one matched."""

    code: VerdictCode
    zh: str
    en: str
    next_zh: str
    next_en: str
    lines: tuple[Line, ...]
    certificate: Mapping[str, Any] | None

    def to_json(self) -> dict[str, Any]:
        """The verdict as the receipt's nested member holds it."""
        return {
            "code": self.code.value,
            "zh": self.zh,
            "en": self.en,
            "next": {"zh": self.next_zh, "en": self.next_en},
            "lines": [line.to_json() for line in self.lines],
            "certificate": dict(self.certificate) if self.certificate is not None else None,
        }


def refuse(reason: RefusalReason) -> Verdict:
    """A signed refusal, given before any look-up: it can tell nothing about any certificate."""
    zh, en, next_zh, next_en = _REFUSALS[reason]
    return Verdict(VerdictCode.REFUSED, zh, en, next_zh, next_en, (), None)


def judge(
    question: Question,
    look_up: LookUp,
    today: date,
    types: Mapping[str, CertificateType],
    issuers: Mapping[str, Issuer] = NO_ISSUERS,
) -> Verdict:
    """Judge one look-up.

    Args:
        question: Says which day is asked for; without one it is today.
        look_up: The store has matched the holder already: its record is the holder's, or None.
        today: The day of asking, in the hub's time zone.
        types: The certificate types by code; a type that is not among them is not covered.
        issuers: Issuing authorities by their unified social credit codes.

    Without a matched record, "no such number" and "another holder" give equal verdicts: nothing but the source's state
    is read then.
    """
    kind = types.get(question.certificate_type)
    if look_up.record is None or kind is None:
        return _judge_unmatched(look_up, known=kind is not None)
    day = question.as_of or today
    lines = (
        *_about_time(look_up.record, kind, day, today),
        checks.issuer(look_up.record, issuers, today),
        *_about_trust(look_up.record, look_up),
    )
    code = _code(look_up.record, kind, look_up, lines)
    return _verdict(code, lines, _describe(look_up.record))


def _judge_unmatched(look_up: LookUp, *, known: bool) -> Verdict:
    source = look_up.source
    if known and look_up.unchecked is not None:
        return _judge_unchecked(look_up, look_up.unchecked)
    if known and (look_up.being_checked or look_up.disputed):
        code = VerdictCode.PENDING_CHECK
    elif not known or not source.covered:
        code = VerdictCode.NOT_COVERED
    elif not source.fresh:
        code = VerdictCode.UNAVAILABLE
    else:
        code = VerdictCode.NO_MATCH
    found = checks.unmatched(no_match=code == VerdictCode.NO_MATCH)
    lines = (found, checks.freshness(source), checks.quality(source, ""))
    return _verdict(code, (*lines, checks.DISPUTED) if look_up.disputed else lines, None)


def _judge_unchecked(look_up: LookUp, state: str) -> Verdict:
    """A record of the paper era: bad news about a certificate never waits, all else is said without describing it."""
    lines = (checks.UNCHECKED, checks.freshness(look_up.source), checks.quality(look_up.source, "D"))
    if state in BAD_NEWS:
        return _verdict(VerdictCode(Status(state).value), lines, None)
    zh, en, next_zh, next_en = _NOT_YET_CHECKED
    return Verdict(VerdictCode.PENDING_CHECK, zh, en, next_zh, next_en, lines, None)


def _about_time(record: CertificateRecord, kind: CertificateType, day: date, today: date) -> tuple[Line, ...]:
    then = _as_of(record, day, today)
    return (
        checks.record(record),
        checks.holder(),
        checks.status(status_on(record.status, record.events, day, today=today), then, day),
        checks.validity(then, kind, day, today),
    )


def _as_of(record: CertificateRecord, day: date, today: date) -> CertificateRecord:
    """The record with the dates that counted on a past day: a renewal leaves the days before it as they were."""
    if day >= today:
        return record
    term = term_on((event.term for event in record.events if event.lawful and event.term is not None), day)
    if term is None:
        return record
    return replace(record, valid_from=term.valid_from, valid_until=term.valid_until, long_term=term.long_term)


def _about_trust(record: CertificateRecord, look_up: LookUp) -> tuple[Line, ...]:
    return (
        checks.integrity(record),
        checks.freshness(look_up.source),
        checks.quality(look_up.source, record.trust_level),
        _about_checks(record, look_up),
    )


def _about_checks(record: CertificateRecord, look_up: LookUp) -> Line:
    if look_up.disputed:
        return checks.DISPUTED
    return checks.disputes(record, being_checked=look_up.being_checked, in_case=look_up.in_case)


def _code(record: CertificateRecord, kind: CertificateType, look_up: LookUp, lines: tuple[Line, ...]) -> VerdictCode:
    by_check = {line.check: line for line in lines}
    status, validity = by_check["status"], by_check["validity"]
    if status.finding in BAD_NEWS:  # bad news never waits
        return VerdictCode(Status(status.finding).value)
    unknown = Outcome.UNKNOWN in {status.outcome, validity.outcome}
    if record.mark is not None or look_up.disputed or by_check["integrity"].outcome == Outcome.FAIL or unknown:
        return VerdictCode.PENDING_CHECK
    if status.finding == Status.DRAFT or validity.finding == "not_begun":
        return VerdictCode.NOT_YET_VALID
    if validity.finding == "ended" and checks.may_have_been_renewed(record, look_up.source):
        return VerdictCode.UNAVAILABLE
    if status.finding == Status.EXPIRED or validity.finding == "ended":
        return VerdictCode.ENDORSEMENT_DUE if kind.validity == Validity.ENDORSEMENT else VerdictCode.EXPIRED
    return VerdictCode.VALID


def _verdict(code: VerdictCode, lines: tuple[Line, ...], certificate: Mapping[str, Any] | None) -> Verdict:
    zh, en, next_zh, next_en = _TEXTS[code]
    return Verdict(code, zh, en, next_zh, next_en, lines, certificate)


def _describe(record: CertificateRecord) -> dict[str, Any]:
    return {
        "type": record.type_code,
        "number": record.number,
        "identifier": record.identifier,
        "internal_id": None if record.identifier else record.internal_id or None,
        "issuing_authority": record.issuing_authority_name,
        "principal": record.principal or None,
        "issued_on": _iso(record.issued_on),
        "valid_from": _iso(record.valid_from),
        "valid_until": _iso(record.valid_until),
        "long_term": record.long_term,
        "holders": [_shown_holder(holder, alone=len(record.holders) == 1) for holder in record.holders],
        "objects": _shown_objects(record),
    }


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _shown_holder(holder: Holder, *, alone: bool) -> dict[str, Any]:
    """The holder who was asked for is shown as far as the asker knows the name; of others only the surname."""
    asked = holder.asked or alone
    return {"name": _shown_name(holder, asked=asked), "role": holder.role, "asked": asked}


def _shown_name(holder: Holder, *, asked: bool) -> str:
    if holder.code_type in ORGANISATION_CODE_TYPES:
        return holder.name
    return mask_name(holder.name) if asked else holder.name[:1] + "**"


def _shown_objects(record: CertificateRecord) -> list[dict[str, str]]:
    """Objects of organisations are public as their holders are; people's are masked."""
    public = all(holder.code_type in ORGANISATION_CODE_TYPES for holder in record.holders)
    return [
        {"kind": one.kind, "number": one.number, "name": one.name} if public else _masked_object(one)
        for one in record.objects
    ]


def _masked_object(one: CertificateObject) -> dict[str, str]:
    return {"kind": one.kind, "number": mask_number(one.number), "name": one.name[:6] + "*" * len(one.name[6:])}


_LONG_ENOUGH_FOR_BOTH_ENDS = 3


def mask_name(name: str) -> str:
    """A person's name with its middle hidden: 张* and 张*三; longer names keep their first and last character."""
    if len(name) < _LONG_ENOUGH_FOR_BOTH_ENDS:
        return name[:1] + "*" * (len(name) - 1)
    return name[0] + "*" * (len(name) - 2) + name[-1]


_LONG_NUMBER = 12


def mask_number(number: str) -> str:
    """An object's number with its middle hidden: four characters at both ends of long ones, two of short ones."""
    ends = 4 if len(number) >= _LONG_NUMBER else min(2, len(number) // 3)
    return number[:ends] + "*" * (len(number) - 2 * ends) + number[len(number) - ends :]


_SERVE = (
    "申请人持有有效证照的，应当照常办理，不得要求其先行更正。",
    "Whoever holds a valid paper must be served as usual.",
)

_NOT_YET_CHECKED: Final = (
    "该证照为纸质时期记录，缺少持证主体号码，尚未核对。",
    "The certificate is on record from the paper era without its holder's number; it is not yet checked.",
    f"{_SERVE[0]}可在窗口扫描原件、补全持证主体号码，以后即可在线核验。",
    f"{_SERVE[1]} A window can scan it and complete the record, so that it can be verified from then on.",
)

_TEXTS: Mapping[VerdictCode, tuple[str, str, str, str]] = {
    VerdictCode.VALID: (
        "证照有效。",
        "The certificate is valid.",
        "可以办理，无需提交纸质证照；回执归档。",
        "Proceed; no paper is needed. Keep the receipt on file.",
    ),
    VerdictCode.NOT_YET_VALID: (
        "证照尚未生效。",
        "The certificate is not valid yet.",
        "请在有效期开始后再办，或请申请人说明情况。",
        "Wait until its first day of validity, or ask the applicant.",
    ),
    VerdictCode.EXPIRED: (
        "证照已过有效期。",
        "The certificate has expired.",
        "请申请人向颁发机构办理延续；有在办延续凭证的按规定受理。",
        "The applicant should renew it with the issuer; accept proof of a timely renewal as the rules say.",
    ),
    VerdictCode.ENDORSEMENT_DUE: (
        "证照应当签注，目前未见签注。",
        "The certificate is due for endorsement.",
        "请申请人到颁发机构办理签注。",
        "The applicant should have it endorsed by the issuer.",
    ),
    VerdictCode.SUSPENDED: (
        "证照已被暂扣。",
        "The certificate is suspended.",
        "暂扣期间不得作为有效证照使用；请与颁发机构联系。",
        "It does not count while suspended; contact the issuer.",
    ),
    VerdictCode.CANCELLED: (
        "证照已注销。",
        "The certificate has been cancelled.",
        "不得作为有效证照使用；有异议的，请与颁发机构联系。",
        "It does not count as valid; if in doubt contact the issuer.",
    ),
    VerdictCode.REVOKED_VOID: (
        "证照已被撤销，自始无效。",
        "The certificate has been revoked as void from the beginning.",
        "不得作为有效证照使用；有异议的，请与颁发机构联系。",
        "It does not count as valid; if in doubt contact the issuer.",
    ),
    VerdictCode.REVOKED_PENALTY: (
        "证照已被吊销。",
        "The certificate has been revoked as a penalty.",
        "不得作为有效证照使用；有异议的，请与颁发机构联系。",
        "It does not count as valid; if in doubt contact the issuer.",
    ),
    VerdictCode.SUPERSEDED: (
        "证照已换发，此号不再使用。",
        "The certificate has been superseded by a newer one.",
        "请按新证照的编号再次核验。",
        "Verify again with the new certificate's number.",
    ),
    VerdictCode.TRANSFERRED: (
        "证照已办理转出。",
        "The certificate has been transferred out.",
        "请向转入地的颁发机构核验。",
        "Verify with the issuer it was transferred to.",
    ),
    VerdictCode.PENDING_CHECK: (
        "该证照的数据正在核对，暂时不能给出结论。",
        "The data of this certificate is being checked; there is no conclusion yet.",
        *_SERVE,
    ),
    VerdictCode.NOT_COVERED: (
        "此类证照尚未归集。",
        "Certificates of this kind are not collected by the hub.",
        "不得据此认定证照无效；请按原有方式核验。",
        "This says nothing against the certificate; verify it in the usual way.",
    ),
    VerdictCode.NO_MATCH: (
        "没有与所填编号和持证主体相符的证照。",
        "No certificate matches this number and holder.",
        "请核对证照编号、持证主体名称和代码后再次核验；仍不相符的，可提出校核申请。",
        "Compare number, name and code and ask again; if they still do not match, file a check with the provider.",
    ),
    VerdictCode.UNAVAILABLE: (
        "数据来源暂时中断，不能给出结论。",
        "The source has not been heard from in time; there is no conclusion.",
        *_SERVE,
    ),
}

_REFUSALS: Mapping[RefusalReason, tuple[str, str, str, str]] = {
    RefusalReason.NO_GRANT: (
        "未获授权，不能核验。",
        "Not allowed: no grant covers this question.",
        "请核对证照类型、使用事由和事项；确需使用的，请向数据提供部门申请授权。",
        "Compare type, purpose and service item; if it is needed, apply to the providing department for a grant.",
    ),
    RefusalReason.BUDGET_SPENT: (
        "核验次数已超过限额。",
        "Not allowed: the budget of questions is spent.",
        "请稍后再试；确需提高限额的，请与平台管理员联系。",
        "Try later; ask the hub's operator if the budget is too small.",
    ),
    RefusalReason.TOO_MANY_MISSES: (
        "短时间内查无结果过多，已停止作答。",
        "Not allowed: too many questions found nothing within ten minutes.",
        "请核对号码来源；由监督检查人员核实原因后恢复。",
        "Check where the numbers come from; an inspector lifts this once the cause is known.",
    ),
    RefusalReason.CLIENT_SUSPENDED: (
        "调用方已被暂停使用。",
        "Not allowed: this client is suspended.",
        "请与平台管理员联系。",
        "Contact the hub's operator.",
    ),
}
