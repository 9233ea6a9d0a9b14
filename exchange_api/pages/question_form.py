"""The form of one question: what can be chosen, what stays filled in, and what was wrong with it.

form = blank_form(parts, session)                 # a new question, with a new id
form = refilled(parts, session, fields, malformed) # the same question again, with the fault named
form = prefilled(parts, session, fields, notice)   # a new question, with what was scanned in it
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace

from certificates.china_time import CHINA
from certificates.holder_codes import HOLDER_CODE_TYPES
from certificates.records import MalformedQuestion
from certificates.types import CertificateType
from exchange_api.acts.verification import Verification
from exchange_api.askers import officer
from exchange_api.pages.views.frame import Option, Words
from exchange_api.pages.views.officer import FormFault, VerifyForm
from exchange_api.parts import HubParts
from exchange_api.sessions import Session
from exchange_api.transactions import Transaction
from registries.store import grants
from registries.store.grants import Grant

FIELDS = (
    "certificate_type",
    "certificate_number",
    "holder_name",
    "holder_code",
    "holder_code_type",
    "purpose",
    "service_item",
    "case",
    "as_of",
)
KEPT = ("certificate_type", "holder_code_type", "purpose", "service_item")
"""What stays for the next question at the same counter; nothing of it names a person."""

LABELS: Mapping[str, Words] = {
    "certificate_type": Words("证照类型", "Type"),
    "certificate_number": Words("证照编号", "Number"),
    "holder_name": Words("姓名或名称", "Name"),
    "holder_code": Words("证件号码", "Code"),
    "holder_code_type": Words("证件类型", "Code type"),
    "purpose": Words("用途", "Purpose"),
    "service_item": Words("政务服务事项", "Service item"),
    "case": Words("办件编号", "Case number"),
    "as_of": Words("核验日期", "Day asked for"),
}


def question_of(fields: Mapping[str, str]) -> dict[str, object]:
    """The question's members from the form's fields; a day that was left open is no member."""
    return {name: fields.get(name, "") for name in FIELDS if name != "as_of" or fields.get(name)}


def blank_form(
    parts: HubParts, session: Session, last: Mapping[str, str] | None = None, *, whole: bool = False
) -> VerifyForm:
    """A form for a new question. Of the `last` stays what names no person, or all of it to be mended."""
    values = {name: value for name, value in (last or {}).items() if whole or name in KEPT}
    return _form(parts, session, secrets.token_hex(16), values, None)


def refilled(parts: HubParts, session: Session, fields: Mapping[str, str], malformed: MalformedQuestion) -> VerifyForm:
    """The form as it was sent, with what is wrong in the words of its own labels."""
    return _form(parts, session, fields.get("jti", ""), dict(fields), _fault(malformed))


def prefilled(
    parts: HubParts, session: Session, fields: Mapping[str, str], notice: Words | None, fault: Words | None = None
) -> VerifyForm:
    """A form for a new question with some of it filled in, and where that came from; or what could not be read."""
    values = {name: value for name, value in fields.items() if name in FIELDS and value}
    form = _form(parts, session, secrets.token_hex(16), values, None if fault is None else FormFault("", fault))
    return replace(form, notice=notice)


def _form(parts: HubParts, session: Session, jti: str, values: dict[str, str], fault: FormFault | None) -> VerifyForm:
    given = _grants(parts, session)
    purposes = tuple(dict.fromkeys(grant.purpose for grant in given))
    items = tuple(dict.fromkeys(grant.service_item for grant in given if grant.service_item))
    if len(purposes) == 1:
        values.setdefault("purpose", purposes[0])
    return VerifyForm(jti, _types(parts, given), _code_types(), values, fault, purposes, items)


def _grants(parts: HubParts, session: Session) -> list[Grant]:
    """What the officer's department may ask for today: the purposes on offer are the ones that will be allowed."""
    today = parts.clock().astimezone(CHINA).date()
    with Transaction(parts.store_api) as work:
        known = grants.list_grants(work.conn, session.department)
    name = officer(session).ledger_name
    return [one for one in known if one.act == Verification.name and one.holds(today) and one.is_for(name)]


def _fault(malformed: MalformedQuestion) -> FormFault:
    label = LABELS.get(malformed.member)
    if label is None:
        return FormFault("", Words(malformed.zh, malformed.en))
    zh = f"请检查“{label.zh}”：不能为空，也不能过长或含有不可见字符。改好后再次核验。"
    en = f"Check “{label.en}”: it must not be empty, too long or hold invisible characters; mend it and verify again."
    return FormFault(malformed.member, Words(zh, en))


def _types(parts: HubParts, given: Sequence[Grant]) -> tuple[Option, ...]:
    """Certificate types: those that the department may ask about first, then those that the hub collects."""
    granted = {kind: place for place, kind in reversed(list(enumerate(grant.certificate_type for grant in given)))}
    collected = {dataset.certificate.type_code for dataset in parts.catalogue.datasets if dataset.certificate}
    ordered = sorted(
        parts.types.values(),
        key=lambda kind: (granted.get(kind.code, len(given)), kind.code not in collected, kind.demo, kind.code),
    )
    return tuple(Option(kind.code, _type_label(kind, collected=kind.code in collected)) for kind in ordered)


def _type_label(kind: CertificateType, *, collected: bool) -> str:
    marks = [*(["示例代码 demo code"] if kind.demo else []), *([] if collected else ["未归集 not collected"])]
    return f"{kind.name_zh} {kind.name_en}" + "".join(f"（{mark}）" for mark in marks)


def _code_types() -> tuple[Option, ...]:
    return tuple(Option(code, f"{code} {name}") for code, name in HOLDER_CODE_TYPES.items())
