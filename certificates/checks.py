"""The nine checks behind a verdict: record, holder, status, validity, issuer, integrity, freshness, quality, disputes.

Each reads one aspect and says in one line what it found; ``certificates.verdicts`` draws the conclusion.

Example:
    >>> holder().en
    'Name and code are those of the holder.'
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from certificates.identifiers import CertificateIdentifier, MalformedIdentifier, check_uscc
from certificates.issuers import Issuer
from certificates.records import CertificateRecord, SourceState
from certificates.status import DayStatus, Status
from certificates.types import CertificateType, Validity

QUALITY_TO_EXPECT = 0.95
"""Below this score a dataset's quality is a warning. An assumption: GB/T 36344 prescribes no pass mark."""

_LOW_TRUST = frozenset({"C", "D"})
_USCC_LENGTH = 18


class Outcome(StrEnum):
    """What one check found."""

    PASS = "pass"  # noqa: S105 -- the outcome of a check, no password
    FAIL = "fail"
    WARN = "warn"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Line:
    """One check's line in a verdict. ``finding`` is for the conclusion only and leaves with no answer."""

    check: str
    outcome: Outcome
    zh: str
    en: str
    finding: str = ""

    def to_json(self) -> dict[str, str]:
        """The line as receipts hold it."""
        return {"check": self.check, "outcome": self.outcome.value, "zh": self.zh, "en": self.en}


def unmatched(*, no_match: bool) -> Line:
    """The record line without a record: the same for a number that does not exist and for another holder's."""
    if no_match:
        return Line("record", Outcome.FAIL, "编号和持证主体没有相符的记录。", "No record has this number and holder.")
    return Line("record", Outcome.UNKNOWN, "不能确定是否有相符的记录。", "Whether there is a record cannot be told.")


def record(found: CertificateRecord) -> Line:
    """That there is a record, and whether its identifier is right."""
    if found.identifier_ok is False:
        return Line(
            "record",
            Outcome.WARN,
            "找到记录；电子证照标识的校验位不符，已作为质量问题登记。",
            "Found; the check character of its identifier is wrong, which is a finding about quality.",
        )
    if found.identifier is None and found.internal_id:
        return Line(
            "record",
            Outcome.PASS,
            "找到证照信息；颁发机构未赋电子证照标识，以枢纽内部编号登记。",
            "Found; without an identifier from its issuer it is known by the hub's own number.",
        )
    return Line("record", Outcome.PASS, "找到证照记录。", "The record was found.")


def holder() -> Line:
    """That the holder matches; the store compared them."""
    return Line("holder", Outcome.PASS, "持证主体名称和代码相符。", "Name and code are those of the holder.")


UNCHECKED: Final = Line(
    "holder",
    Outcome.UNKNOWN,
    "有同编号、同名称的纸质时期记录，缺少持证主体号码，尚未核对。",
    "A record of the paper era has this number and name, and no number of its holder: it is not yet checked.",
)
"""In place of ``holder`` where only number and name could be compared."""


def status(on_day: DayStatus, found: CertificateRecord, day: date) -> Line:
    """The state on the day asked for. ``finding``: that state, or "" if it is not known."""
    if on_day.contested is not None:
        word, against = on_day.contested
        zh = f"来源报送的状态“{STATUS_ZH[word]}”不能由“{STATUS_ZH[against]}”依法变更而来，正在核对。"
        en = f"The source says {STATUS_EN[word]}; no lawful move leads there from {STATUS_EN[against]}. Being checked."
        return Line("status", Outcome.UNKNOWN, zh, en)
    if on_day.status is None:
        zh = f"{day} 的状态没有记载，其后状态为“{STATUS_ZH[on_day.later or found.status]}”。"
        en = f"The state on {day} is not recorded; later it was {STATUS_EN[on_day.later or found.status]}."
        return Line("status", Outcome.UNKNOWN, zh, en)
    state = _expiry_by_date(on_day, found, day)
    since_zh, since_en = (f"（自 {on_day.since} 起）", f" since {on_day.since}") if on_day.since else ("", "")
    zh, en = f"状态：{STATUS_ZH[state]}{since_zh}。", f"State: {STATUS_EN[state]}{since_en}."
    if state != Status.VALID:
        return Line("status", Outcome.FAIL, zh, en, state)
    if on_day.later is None or (on_day.later == Status.VALID and on_day.since is not None):
        return Line("status", Outcome.PASS, zh, en, state)
    zh, en = f"{zh}其后：{STATUS_ZH[on_day.later]}。", f"{en} Later: {STATUS_EN[on_day.later]}."
    if on_day.since is None:
        zh, en = f"{zh}当日状态由有效期推定。", f"{en} The state on that day is inferred from the dates."
    return Line("status", Outcome.WARN, zh, en, state)


def _expiry_by_date(on_day: DayStatus, found: CertificateRecord, day: date) -> Status:
    """A source's "expired" without a day counts from the day after the end date."""
    undated = on_day.status == Status.EXPIRED and on_day.since is None
    if undated and found.valid_until is not None and day <= found.valid_until:
        return Status.VALID
    return on_day.status or found.status


def validity(found: CertificateRecord, kind: CertificateType, day: date, today: date) -> Line:
    """The dates against the day asked for; an end date is inclusive. ``finding``: "", "not_begun" or "ended"."""
    begins = found.valid_from or found.issued_on
    if begins is not None and day < begins:
        return Line("validity", Outcome.FAIL, f"自 {begins} 起有效。", f"Valid from {begins}.", "not_begun")
    if found.valid_until is not None and not found.long_term:
        return _against_end(found.valid_until, found.renewal_applied_on, kind, day, today)
    if found.long_term or kind.validity in {Validity.NONE, Validity.LONG_TERM}:
        return Line("validity", Outcome.PASS, "长期有效。", "Valid without an end date.")
    return Line(
        "validity",
        Outcome.UNKNOWN,
        "记录缺少截止日期，也未标明长期。",
        "The record has no end date and does not say 长期.",
    )


def _against_end(end: date, applied_on: date | None, kind: CertificateType, day: date, today: date) -> Line:
    what_zh, what_en = (
        ("签注至", "Endorsed until") if kind.validity == Validity.ENDORSEMENT else ("有效期至", "Valid until")
    )
    zh, en = f"{what_zh} {end}（含当日）。", f"{what_en} {end}, inclusive."
    if day > end:
        return _after_end(Line("validity", Outcome.FAIL, zh, en, "ended"), end, applied_on, kind)
    if day > today:
        return Line(
            "validity",
            Outcome.WARN,
            f"{zh}所问日期在将来，按目前登记推定。",
            f"{en} The day lies ahead: as registered today.",
        )
    return Line("validity", Outcome.PASS, zh, en)


def _after_end(ended: Line, end: date, applied_on: date | None, kind: CertificateType) -> Line:
    """行政许可法 art. 50: a renewal that was applied for in time counts as granted while nobody has decided."""
    if applied_on is None:
        return ended
    zh, en = f"{ended.zh}已于 {applied_on} 申请延续", f"{ended.en} A renewal was applied for on {applied_on}"
    days = kind.timely_renewal_days
    if days is not None and (end - applied_on).days >= days:
        return Line(
            "validity",
            Outcome.WARN,
            f"{zh}，逾期未作决定，依行政许可法第五十条视为准予延续。",
            f"{en}, in time, and is undecided: it counts as granted (administrative licence law, art. 50).",
        )
    return Line("validity", Outcome.FAIL, f"{zh}，尚未决定。", f"{en} and is undecided.", "ended")


def may_have_been_renewed(found: CertificateRecord, source: SourceState) -> bool:
    """Whether the end date fell after the source's last word, so that a renewal would not have reached the hub."""
    if source.fresh or found.valid_until is None:
        return False
    return source.data_as_of is None or found.valid_until >= source.data_as_of.date()


def issuer(found: CertificateRecord, issuers: Mapping[str, Issuer], today: date) -> Line:
    """The issuing authority's code, by itself, against the identifier, and against those that the hub knows by it.

    Paper-era records often lack it. What an authority issued stays good when its work has gone to a successor.
    """
    code = found.issuing_authority_code
    if not code:
        return Line("issuer", Outcome.UNKNOWN, "记录没有颁发机构代码。", "The record has no code of its issuer.")
    if len(code) == _USCC_LENGTH and not check_uscc(code):
        return Line(
            "issuer", Outcome.WARN, "颁发机构代码的校验位不符。", "The check character of the issuer's code is wrong."
        )
    if _issuer_in_identifier(found) not in {None, code}:
        return Line(
            "issuer", Outcome.WARN, "颁发机构与电子证照标识中的不一致。", "The identifier names another issuer."
        )
    known = issuers.get(code)
    if known is None or not known.ended_before(today):
        return Line("issuer", Outcome.PASS, "颁发机构代码正确。", "The issuer's code is right.")
    return _former_issuer(known, found)


def _former_issuer(known: Issuer, found: CertificateRecord) -> Line:
    until = known.valid_until
    if found.issued_on is not None and known.ended_before(found.issued_on):
        return Line(
            "issuer",
            Outcome.WARN,
            f"{known.name_zh}已于 {until} 撤并，颁发日期却在其后。",
            f"{known.name_en} ended on {until}, before the day of issue.",
        )
    heirs = "、".join(known.successors)
    zh = f"由{known.name_zh}（至 {until}）颁发，其职责由{heirs or '上级机关'}承接，原证照继续有效。"
    en = f"Issued by {known.name_en}, until {until}; its successor answers for it and it stays good."
    return Line("issuer", Outcome.PASS, zh, en)


def _issuer_in_identifier(found: CertificateRecord) -> str | None:
    if not found.identifier:
        return None
    try:
        return CertificateIdentifier.parse(found.identifier).issuer_code
    except MalformedIdentifier:
        return None


def integrity(found: CertificateRecord) -> Line:
    """Whether the stored row is the one that was taken over."""
    if found.digest_ok:
        return Line("integrity", Outcome.PASS, "记录与归集时一致。", "The record is as it was taken over.")
    return Line(
        "integrity", Outcome.FAIL, "记录与归集时不一致，正在核查。", "The record differs from what was taken over."
    )


def freshness(source: SourceState) -> Line:
    """How old the source's last delivery is, told by its day; or whether a source that is asked each time answered."""
    if source.live:
        return _answered(fresh=source.fresh)
    if source.data_as_of is None:
        return Line("freshness", Outcome.UNKNOWN, "尚无数据送达。", "Nothing has been delivered yet.")
    day = source.data_as_of.date()
    if source.fresh:
        return Line("freshness", Outcome.PASS, f"数据截至 {day}。", f"Data as of {day}.")
    return Line(
        "freshness", Outcome.WARN, f"数据截至 {day}，已超过约定更新期限。", f"Data as of {day}, older than agreed."
    )


def _answered(*, fresh: bool) -> Line:
    if fresh:
        return Line("freshness", Outcome.PASS, "向来源实时查询。", "Asked of its source for this answer.")
    return Line("freshness", Outcome.UNKNOWN, "来源未能及时应答。", "Its source did not answer in time.")


def quality(source: SourceState, trust_level: str) -> Line:
    """The dataset's score and the record's trust level."""
    if source.score is None:
        return Line("quality", Outcome.UNKNOWN, "数据集尚未评分。", "The dataset has not been scored.")
    share = f"{int(source.score * 1000) / 10}%"  # cut, never rounded up: 99.99 % is not 100 %
    if trust_level in _LOW_TRUST:
        return Line(
            "quality",
            Outcome.WARN,
            f"数据集质量 {share}，该记录可信等级 {trust_level}。",
            f"Quality {share}; trust level {trust_level}.",
        )
    outcome = Outcome.PASS if source.score >= QUALITY_TO_EXPECT else Outcome.WARN
    return Line("quality", outcome, f"数据集质量 {share}。", f"Quality of the dataset: {share}.")


DISPUTED: Final = Line(
    "disputes",
    Outcome.WARN,
    "有单位对该证照的数据提出异议，数源部门正在校核。",
    "Somebody disputes what is held of this certificate; its source is checking.",
)
"""In place of ``disputes`` while a dispute (校核) about just this certificate and holder is open."""


IN_CASE: Final = Line(
    "disputes",
    Outcome.WARN,
    "该证照有数据问题正由责任部门核对；申请人持有有效证照的，应当照常办理，不得要求其先行更正。",
    "Its department is checking or mending a point of its data; whoever holds a valid paper must be served as usual.",
)
"""While a case (工单) about it is open: it is said, and turns no verdict (the rule of 2016 and of Decree 809)."""


def disputes(found: CertificateRecord, *, being_checked: bool, in_case: bool = False) -> Line:
    """Whether something about this certificate waits to be checked, or to be mended by its department."""
    if found.mark == "update_refused":
        return Line(
            "disputes",
            Outcome.WARN,
            "最近一次更新未通过检查，正在核对。",
            "Its last update was not accepted and is being checked.",
        )
    if found.mark == "vanished":
        return Line(
            "disputes",
            Outcome.WARN,
            "最近一次数据中没有此证照，正在核对。",
            "It was absent from the last delivery; this is being checked.",
        )
    if in_case:
        return IN_CASE
    if being_checked:
        return Line(
            "disputes", Outcome.WARN, "同一编号有数据正在核对。", "Another row with its number is being checked."
        )
    return Line("disputes", Outcome.PASS, "没有未决的核对。", "Nothing is being checked.")


STATUS_EN = {status: str(status) for status in Status} | {
    Status.REVOKED_VOID: "revoked as void",
    Status.REVOKED_PENALTY: "revoked as a penalty",
}
STATUS_ZH = {
    Status.DRAFT: "未签发",
    Status.VALID: "有效",
    Status.SUSPENDED: "暂扣",
    Status.EXPIRED: "过期",
    Status.SUPERSEDED: "换发",
    Status.CANCELLED: "注销",
    Status.REVOKED_VOID: "撤销",
    Status.REVOKED_PENALTY: "吊销",
    Status.TRANSFERRED: "转出",
}
"""How the states are called."""
