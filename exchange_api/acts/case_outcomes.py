"""What a case-check says of a material: 免交, 待校核 or 需提交, with the reason, and what to do next.

    >>> EXEMPT, REASONS["not_granted"].outcome
    ('exempt', 'to_submit')

The rule above all: the hub's own ignorance is never the applicant's fault. What was not looked at (no grant), what is
not collected and what is being checked are said as such, and none of them is a finding against anybody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

EXEMPT: Final = "exempt"
PENDING: Final = "pending"
TO_SUBMIT: Final = "to_submit"

OUTCOMES: Final[Mapping[str, tuple[str, str]]] = {
    EXEMPT: ("免交", "need not be handed in"),
    PENDING: ("待校核", "being checked"),
    TO_SUBMIT: ("需提交", "to be handed in"),
}


@dataclass(frozen=True)
class Reason:
    """Why a material has its outcome."""

    outcome: str
    zh: str
    en: str
    next_zh: str
    next_en: str


_KEEP = ("无需提交；回执归档。", "Nothing to hand in; keep the receipt on file.")
_SERVE = (
    "申请人持有有效材料的，应当照常办理，不得要求其先行更正；也可先行容缺受理。",
    "Who holds a valid paper must be served as usual; the case may be accepted meanwhile.",
)
_ASK_OR_SUBMIT = (
    "请核对所填信息；申请人知道证照编号的，填写编号再核对一次，仍查不到的请其提交。",
    "Compare what was typed; if the applicant knows the number, type it and check again; else let it be handed in.",
)

REASONS: Final[Mapping[str, Reason]] = {
    "certificate_valid": Reason(EXEMPT, "枢纽核验到有效证照。", "A valid certificate was verified.", *_KEEP),
    "register_agrees": Reason(EXEMPT, "登记信息与所填一致。", "The register says what was typed.", *_KEEP),
    "eligible": Reason(EXEMPT, "经核验符合条件。", "The condition is met.", *_KEEP),
    "received_this_case": Reason(
        EXEMPT,
        "本办件的上一环节已收取。",
        "It was received at an earlier step of this case.",
        "不得要求重复提交；请向收取的环节调取。",
        "Do not ask for it again; take it over from that step.",
    ),
    "received_before": Reason(
        EXEMPT,
        "本部门以往办件已收取，仍在可用期内。",
        "This department received it in an earlier case, and it still counts.",
        "不得要求重复提交；请从以往办件调取。",
        "Do not ask for it again; take it from the earlier case.",
    ),
    "pending_check": Reason(
        PENDING, "数据正在核对或有异议，暂时没有结论。", "The data is being checked or disputed.", *_SERVE
    ),
    "source_silent": Reason(
        PENDING, "数据来源超过约定的更新期限。", "The source has not been heard from in time.", *_SERVE
    ),
    "live_source": Reason(
        PENDING,
        "该类证照须凭编号向来源实时核验。",
        "Certificates of this kind are asked of their source, by number.",
        "请填写证照编号单独核验，或先行容缺受理。",
        "Verify it by its number, or accept the case meanwhile.",
    ),
    "party_not_named": Reason(
        PENDING,
        "没有填写该材料所涉人员，未核对。",
        "Whom it concerns was not given, so nothing was looked up.",
        "请补填后重新核对。",
        "Give name and code, and check again.",
    ),
    "claim_missing": Reason(
        PENDING,
        "没有填写用于比对的内容，未核对。",
        "What is to be compared was not given, so nothing was looked up.",
        "请补填后重新核对。",
        "Give it, and check again.",
    ),
    "not_granted": Reason(
        TO_SUBMIT,
        "本部门未获授权，枢纽没有查询；不表示没有该数据。",
        "No grant covers it: the hub did not look. This says nothing about the data.",
        "可容缺的先行受理，并向数据提供部门申请授权。",
        "Accept the case meanwhile where it may come later, and apply for a grant.",
    ),
    "not_covered": Reason(
        TO_SUBMIT,
        "枢纽尚未归集该数据，不表示材料无效。",
        "The hub does not collect it. This says nothing against the paper.",
        "请按原有方式收取并查验。",
        "Take it and look at it in the usual way.",
    ),
    "certificate_not_valid": Reason(
        TO_SUBMIT,
        "查到证照，但不是有效状态。",
        "There is a certificate, but it is not valid.",
        "请按回执所列状态告知申请人；有异议的可提出校核。",
        "Tell the applicant its state; if in doubt file a check with the provider.",
    ),
    "no_certificate": Reason(
        TO_SUBMIT, "没有查到该主体的此类证照。", "No certificate of this kind was found.", *_ASK_OR_SUBMIT
    ),
    "register_differs": Reason(
        TO_SUBMIT,
        "登记信息与所填不一致。",
        "The register says something else than what was typed.",
        "请核对所填内容后重新核对；仍不一致的，可请其提交或提出校核。",
        "Compare what was typed and check again; else let it be handed in, or file a check.",
    ),
    "not_found": Reason(
        TO_SUBMIT,
        "没有查到姓名与号码相符的登记。",
        "No entry of this name and number was found.",
        "请核对姓名和号码后重新核对；仍查不到的请申请人提交。",
        "Compare name and number and check again; else let it be handed in.",
    ),
    "not_eligible": Reason(
        TO_SUBMIT,
        "没有查到符合条件的登记。",
        "No entry was found that meets the condition.",
        "请核对姓名和号码；认为有误的，申请人可提交材料并提出校核。",
        "Compare name and number; who thinks that it is wrong may hand in a proof and have it checked.",
    ),
    "not_stated": Reason(
        TO_SUBMIT,
        "登记信息中没有记载该内容。",
        "The register does not say.",
        "请申请人提交。",
        "Let it be handed in.",
    ),
    "nothing_received": Reason(
        TO_SUBMIT,
        "以往没有收取过该材料。",
        "It was not received before.",
        "请申请人提交；收取后请登记，以后不再要求。",
        "Let it be handed in, and note that it was received, so that nobody asks again.",
    ),
    "paper_only": Reason(
        TO_SUBMIT,
        "该材料须由申请人提供。",
        "The applicant has to provide it.",
        "请申请人提交。",
        "Let it be handed in.",
    ),
}
"""Every reason; those under which the hub did not or could not look come before findings, see `PRECEDENCE`."""

PRECEDENCE: Final = ("pending_check", "source_silent", "live_source", "party_not_named", "claim_missing",
                     "not_granted", "not_covered")  # fmt: skip
"""Of several ways that did not hold, the first of these decides: what was not looked at may yet be in order."""


@dataclass(frozen=True)
class WayFound:
    """What came of one way to meet a material.

    Attributes:
        kind: `certificate`, `match`, `query`, `earlier` or `paper`.
        reason: a key of `REASONS`.
        source: the dataset or certificate type that was looked at.
        told: what is said beside the reason, such as the eligibility rule or the certificate.
        looked_up: whether anything was looked up for it; `found`: whether there was anything of the subject.
    """

    kind: str
    reason: str
    source: str = ""
    told: Mapping[str, Any] | None = None
    data_as_of: datetime | None = None
    looked_up: bool = False
    found: bool = False

    @property
    def outcome(self) -> str:
        """What it alone would come to."""
        return REASONS[self.reason].outcome

    def to_json(self) -> dict[str, Any]:
        """As the receipt tells it."""
        reason = REASONS[self.reason]
        return {
            "kind": self.kind,
            "source": self.source,
            "reason": self.reason,
            "zh": reason.zh,
            "en": reason.en,
            **(self.told or {}),
        }


def deciding(found: Sequence[WayFound]) -> WayFound:
    """Of the ways of one material, at least one, the one that decides: the first that holds; else what is not known."""
    for each in found:
        if each.outcome == EXEMPT:
            return each
    for reason in PRECEDENCE:
        for each in found:
            if each.reason == reason:
                return each
    return next((each for each in found if each.found), found[0])
