"""A receipt as a page shows and prints it: read from what was signed, with what was asked beside it.

The receipt itself names neither the number that was asked for nor the holder. Where the officer has just asked, the
page adds them from the form, so that the paper in the archive says what it is about; the receipt's `req` binds them.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from certificates import compact, offline_code
from certificates.checks import UNCHECKED
from certificates.china_time import CHINA
from certificates.holder_codes import ORGANISATION_CODE_TYPES
from certificates.receipts import answer_of, leaf_data
from certificates.records import Question
from certificates.types import CertificateType
from certificates.verdicts import VerdictCode, mask_name
from exchange_api.pages import words
from exchange_api.pages.qr import qr_image
from exchange_api.pages.rendering import NOTHING
from exchange_api.pages.views.frame import Item, Words
from exchange_api.pages.views.officer import CheckLine, ReceiptRow, ReceiptView
from exchange_api.receipts_kept import KeptReceipt, PrintableReceipt

Types = Mapping[str, CertificateType]


def receipt_row(kept: KeptReceipt, types: Types) -> ReceiptRow:
    """One receipt in the list: the verdict and the case, no number and no holder."""
    member, verification = answer_of(kept.payload)
    asked: Mapping[str, str] = verification.get("asked") or {}
    shown = words.VERDICTS.get(verification["code"], words.ANSWERED)
    name = _type_name(asked.get("certificate_type", ""), types) if "certificate_type" in asked else _act(member)
    case = asked.get("case", "")
    code = str(verification["code"])
    return ReceiptRow(kept.jti, kept.made_at, shown.tone, shown.icon, shown.name, name, case, kept.place, code)


def receipt_view(
    receipt: PrintableReceipt, types: Types, fingerprint: str, question: Question | None = None
) -> ReceiptView:
    """A receipt's page; `question` is what its officer has just asked, `fingerprint` the trust root's."""
    _, verification = answer_of(receipt.payload)
    shown = words.VERDICTS.get(verification["code"], words.ANSWERED)
    issuer = str(receipt.payload["iss"])
    return ReceiptView(
        jti=receipt.jti,
        issuer=urlsplit(issuer).netloc or issuer,
        tone=shown.tone,
        icon=shown.icon,
        name=shown.name,
        says=_words(verification),
        next=_words(verification["next"]),
        lines=tuple(_line(line) for line in verification.get("lines") or ()),
        certificate=_certificate(verification.get("certificate"), types),
        asked=_asked(verification.get("asked") or {}, types, question),
        evidence=_evidence(receipt, fingerprint),
        codes=_codes(receipt),
        proof_ready=bool(receipt.proof),
        case=(verification.get("asked") or {}).get("case", ""),
        request=_request(receipt, question) if verification["code"] == VerdictCode.VALID else (),
        dispute=_dispute(receipt, question, str(verification["code"])),
        to_complete=_to_complete(verification.get("lines") or ()),
    )


def _act(member: str) -> str:
    known = words.ACTS.get(member)
    return known.zh if known else NOTHING


def _words(member: Mapping[str, Any]) -> Words:
    return Words(member["zh"], member["en"])


def _line(line: Mapping[str, str]) -> CheckLine:
    outcome = words.OUTCOMES[line["outcome"]]
    name = words.CHECKS.get(line["check"], Words(line["check"], ""))
    return CheckLine(outcome.tone, outcome.icon, outcome.name, name, Words(line["zh"], line["en"]))


def _certificate(member: Mapping[str, Any] | None, types: Types) -> tuple[Item, ...]:
    if member is None:
        return ()
    until = "长期 long term" if member["long_term"] else member["valid_until"] or NOTHING
    return (
        Item(Words("证照类型", "Type"), _type_name(member["type"], types)),
        Item(Words("证照编号", "Number"), member["number"], mono=True),
        *_holders(member["holders"]),
        *(_object(one) for one in member.get("objects") or ()),
        *_names(member),
        Item(Words("颁发机构", "Issuer"), _issuer(member)),
        Item(Words("颁发日期", "Issued on"), member["issued_on"] or NOTHING),
        Item(Words("有效期", "Validity"), f"{member['valid_from'] or NOTHING} 至 to {until}"),
    )


def _names(member: Mapping[str, Any]) -> tuple[Item, ...]:
    """The certificate's identifier, or the hub's own number; receipts made before there were such members have none."""
    if member.get("identifier"):
        return (Item(Words("电子证照标识", "Identifier"), member["identifier"], mono=True),)
    if member.get("internal_id"):
        return (Item(Words("证照信息内部编号", "Hub's number"), member["internal_id"], mono=True),)
    return ()


def _issuer(member: Mapping[str, Any]) -> str:
    name = member["issuing_authority"] or NOTHING
    principal = member.get("principal")
    return f"{name}（受{principal}委托 on its behalf）" if principal else name


def _holders(members: Sequence[str | Mapping[str, Any]]) -> tuple[Item, ...]:
    """Each holder with the role; receipts made before there were roles hold names alone."""
    if not members:
        return (Item(Words("持证主体", "Holder"), NOTHING),)
    known: list[Mapping[str, Any]] = [
        {"name": one, "role": "", "asked": False} if isinstance(one, str) else one for one in members
    ]
    several = len(known) > 1
    return tuple(
        Item(
            Words(f"持证主体（{one['role']}）" if one["role"] else "持证主体", "Holder"),
            f"{one['name']}（所问 asked for）" if several and one["asked"] else one["name"] or NOTHING,
        )
        for one in known
    )


def _object(member: Mapping[str, str]) -> Item:
    name = words.OBJECT_KINDS.get(member["kind"], Words(member["kind"], "Object"))
    return Item(name, " ".join(filter(None, (member["number"], member["name"]))) or NOTHING, mono=not member["name"])


def _asked(member: Mapping[str, str], types: Types, question: Question | None) -> tuple[Item, ...]:
    of_holder = () if question is None else _asked_holder(question)
    return (
        Item(Words("证照类型", "Type"), _type_name(member.get("certificate_type", ""), types)),
        *of_holder,
        Item(Words("核验日期", "Day asked for"), member.get("as_of", NOTHING)),
        Item(Words("用途", "Purpose"), member.get("purpose", NOTHING)),
        Item(Words("事项", "Service item"), member.get("service_item", NOTHING)),
        Item(Words("办件编号", "Case"), member.get("case", NOTHING)),
    )


def _asked_holder(question: Question) -> tuple[Item, ...]:
    organisation = question.holder_code_type in ORGANISATION_CODE_TYPES
    return (
        Item(Words("证照编号", "Number"), question.certificate_number, mono=True),
        Item(Words("持证主体", "Holder"), question.holder_name if organisation else mask_name(question.holder_name)),
    )


def _evidence(receipt: PrintableReceipt, fingerprint: str) -> tuple[Item, ...]:
    payload = receipt.payload
    token = compact.parse(receipt.token)
    as_of = payload["data_as_of"]
    return (
        Item(Words("回执编号", "Receipt id"), payload["jti"], mono=True),
        Item(Words("出具时间", "Made at"), _moment(payload["iat"])),
        Item(Words("数据截至", "Data as of"), NOTHING if as_of is None else _moment(as_of)),
        Item(Words("存证序号", "Ledger index"), str(receipt.place), mono=True),
        Item(Words("存证叶值", "Ledger leaf"), leaf_data(token.signing_input).hex(), mono=True),
        Item(Words("请求摘要", "Request digest"), payload["req"], mono=True),
        Item(Words("签发与密钥", "Issuer and key"), f"{payload['iss']} · {token.header['kid']}", mono=True),
        Item(Words("信任根指纹", "Trust root"), fingerprint, mono=True),
    )


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, CHINA).strftime("%Y-%m-%d %H:%M:%S")


def _codes(receipt: PrintableReceipt) -> tuple[str, ...]:
    """The offline code: no address, which would be dead on a telephone outside of the government's network."""
    try:
        return tuple(qr_image(line) for line in offline_code.pages(receipt.token, receipt.proof))
    except offline_code.BadCode:  # too large for paper; the files are there
        return ()


def _request(receipt: PrintableReceipt, question: Question | None) -> tuple[tuple[str, str], ...]:
    return () if question is None else (("jti", receipt.jti), *question.to_json().items())


_WRONG = {
    "no_match": "missing",
    **dict.fromkeys(("expired", "endorsement_due", "not_yet_valid"), "validity"),
    **dict.fromkeys(("suspended", "cancelled", "revoked_void", "revoked_penalty"), "status"),
    **dict.fromkeys(("superseded", "transferred", "pending_check"), "status"),
    "valid": "content",
}
"""Verdicts that can be disputed, and what is wrong then as a rule; the officer may choose another kind."""


def _dispute(receipt: PrintableReceipt, question: Question | None, code: str) -> tuple[tuple[str, str], ...]:
    """The fields of a dispute, with words to begin with: whoever has nothing to add sends them as they are."""
    if question is None or code not in _WRONG:
        return ()
    verdict, jti = words.VERDICTS[code].name.zh, receipt.payload["jti"]
    said = f"窗口核验结论为“{verdict}”（回执 {jti}），与申请人所持证照不一致，请核查。"
    return (*_request(receipt, question), ("kind", _WRONG[code]), ("statement", said))


def _to_complete(lines: Iterable[Mapping[str, str]]) -> bool:
    """Whether only number and name could be compared: a record of the paper era, which a window can complete."""
    return any((line["check"], line["outcome"]) == (UNCHECKED.check, UNCHECKED.outcome.value) for line in lines)


def _type_name(code: str, types: Types) -> str:
    known = types.get(code)
    return known.name_zh if known else code or NOTHING
