"""From what an officer typed to a case question, and from its answer to rows with colour, word and shape."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from certificates.china_time import CHINA
from certificates.holder_codes import HOLDER_CODE_TYPES, code_types
from exchange_api.acts.case_outcomes import EXEMPT, PENDING
from exchange_api.acts.receiving import PAPER_REASON_WORDS
from exchange_api.pages.views.case import CaseForm, CaseResult, FormField, ItemChoice, MaterialRow, PersonFields
from exchange_api.pages.views.frame import Option, Words
from registries.departments import Catalogue
from registries.service_items.model import APPLICANT, CertificateWay, Party, ServiceItem

_TONES: Final[Mapping[str, tuple[str, str]]] = {
    "exempt": ("green", "check"),
    "pending": ("blue", "clock"),
    "to_submit": ("gold", "paper"),
    "refused": ("grey", "stop"),
}
_OUTCOMES: Final = {
    "exempt": Words("免交", "exempt"),
    "pending": Words("待校核", "pending"),
    "to_submit": Words("需提交", "needed"),
}
PERSON, CLAIM, NUMBER = "person", "claim", "number"
KEPT_FIELDS: Final = ("item", "purpose", "case", "step")


def choices(catalogue: Catalogue) -> tuple[ItemChoice, ...]:
    """Every item, in the catalogue's order."""
    return tuple(choice(item, catalogue) for item in catalogue.items)


def choice(item: ServiceItem, catalogue: Catalogue) -> ItemChoice:
    """An item as it is picked."""
    return ItemChoice(
        item.code,
        Words(item.name_zh, item.name_en),
        catalogue.department(item.department).name_zh,
        len(item.materials),
    )


def form_of(
    item: ServiceItem,
    catalogue: Catalogue,
    purposes: tuple[str, ...],
    values: Mapping[str, str] | None = None,
    fault: Words | None = None,
) -> CaseForm:
    """The form that an item asks for; `values` are what was typed before."""
    given = dict(values or {})
    if len(purposes) == 1:
        given.setdefault("purpose", purposes[0])
    return CaseForm(
        item=choice(item, catalogue),
        jti=given.get("jti") or secrets.token_hex(16),
        values=given,
        persons=tuple(_person(party, required=party.id == APPLICANT) for party in item.parties),
        claims=tuple(FormField(f"{CLAIM}-{name}", Words(zh, en), required=False) for name, zh, en in item.claims),
        numbers=tuple(
            FormField(f"{NUMBER}-{material.id}", Words(material.name_zh, material.name_en), required=False)
            for material in item.materials
            if any(isinstance(way, CertificateWay) for way in material.ways)
        ),
        purposes=purposes,
        fault=fault,
    )


def _person(party: Party, *, required: bool) -> PersonFields:
    fitting = [code for code, kind in code_types().items() if kind.subject == party.kind]
    usual = "111" if party.kind == "natural_person" else "001"
    ordered = sorted(fitting, key=lambda code: code != usual)
    options = tuple(Option(code, f"{code} {HOLDER_CODE_TYPES[code]}") for code in ordered)
    return PersonFields(f"{PERSON}-{party.id}", Words(party.name_zh, party.name_en), options, required)


def field_names(item: ServiceItem) -> tuple[str, ...]:
    """Every field that the item's form may carry."""
    persons = (f"{PERSON}-{party.id}-{part}" for party in item.parties for part in ("name", "code_type", "code"))
    claims = (f"{CLAIM}-{name}" for name, _, _ in item.claims)
    numbers = (f"{NUMBER}-{material.id}" for material in item.materials)
    return ("jti", *KEPT_FIELDS, *persons, *claims, *numbers)


def question_of(item: ServiceItem, fields: Mapping[str, str]) -> dict[str, Any]:
    """The question's members from the form's fields; what was left open is none."""
    people = {party.id: _typed_person(f"{PERSON}-{party.id}", fields) for party in item.parties}
    applicant = people.pop(APPLICANT)
    content: dict[str, Any] = {
        "item": item.code,
        "case": fields.get("case", ""),
        "purpose": fields.get("purpose", ""),
        "subject": applicant or {"name": "", "code": "", "code_type": ""},
        "parties": {name: given for name, given in people.items() if given},
        "claims": _typed(CLAIM, [name for name, _, _ in item.claims], fields),
        "certificates": _typed(NUMBER, [material.id for material in item.materials], fields),
        "step": fields.get("step", ""),
    }
    return {name: value for name, value in content.items() if value or name in {"case", "purpose"}}


def _typed_person(prefix: str, fields: Mapping[str, str]) -> dict[str, str] | None:
    name, code = (fields.get(f"{prefix}-{part}", "").strip() for part in ("name", "code"))
    if not name and not code:
        return None
    return {"name": name, "code": code, "code_type": fields.get(f"{prefix}-code_type", "")}


def _typed(prefix: str, names: Sequence[str], fields: Mapping[str, str]) -> dict[str, str]:
    return {name: given for name in names if (given := fields.get(f"{prefix}-{name}", "").strip())}


# --- what came of it


def result_of(
    answer: Mapping[str, Any],
    fields: Mapping[str, str],
    jti: str,
    facts: Sequence[tuple[Words, str]],
    received: frozenset[str] = frozenset(),
    notice: tuple[Words, str] | None = None,
) -> CaseResult:
    """An answer as the page shows it; `received`: materials that were written down as received just now."""
    tone, icon = _TONES.get(answer["code"], ("grey", "info"))
    return CaseResult(
        says=Words(answer["zh"], answer["en"]),
        next=Words(answer["next"]["zh"], answer["next"]["en"]),
        tone=tone,
        icon=icon,
        rows=tuple(_row(each, received) for each in answer.get("materials", ())),
        facts=tuple(facts),
        jti=jti,
        request=tuple((name, value) for name, value in fields.items() if value and name != "jti"),
        reasons=tuple(Option(code, f"{zh} {en}") for code, (zh, en) in PAPER_REASON_WORDS.items()),
        notice=None if notice is None else notice[0],
        notice_tone="" if notice is None else notice[1],
    )


def _row(told: Mapping[str, Any], received: frozenset[str]) -> MaterialRow:
    tone, icon = _TONES[told["outcome"]]
    days = told["later_days"]
    return MaterialRow(
        id=told["id"],
        name=Words(told["zh"], told["en"]),
        step=Words(told["step"]["zh"], told["step"]["en"]),
        tone=tone,
        icon=icon,
        outcome=_OUTCOMES[told["outcome"]],
        why=Words(told["why"]["zh"], told["why"]["en"]),
        next=Words(told["next"]["zh"], told["next"]["en"]),
        detail=tuple(_detail(way) for way in told["ways"] if _telling(told, way)),
        later=Words(f"可容缺 {days} 日", f"{days} days") if told["later"] else None,
        answered=told["outcome"] == EXEMPT,
        received=told["id"] in received,
    )


def _telling(told: Mapping[str, Any], way: Mapping[str, Any]) -> bool:
    """The way that decides, if it says more than its reason; and where nothing holds, what came of each."""
    if told["outcome"] in {EXEMPT, PENDING}:
        return way["reason"] == told["reason"] and bool(way.keys() & {"certificate", "rule_zh", "received_on"})
    return len(told["ways"]) > 1


def _detail(way: Mapping[str, Any]) -> str:
    if "certificate" in way:
        certificate = way["certificate"]
        until = certificate["valid_until"]
        ends = f"，有效期至 {until}" if until else ""
        return f"{way.get('source_zh', '')} {certificate['number']}，{certificate['issuing_authority']}{ends}"
    if "rule_zh" in way:
        return f"{way['rule_zh']}：{way['zh']}"
    if "received_on" in way:
        return f"收取日期 {way['received_on']}"
    return f"{way.get('source_zh') or way['source']}：{way['zh']}".lstrip("：")


def facts_of(fields: Mapping[str, str], item: ServiceItem, department: str, made_at: int) -> list[tuple[Words, str]]:
    """What stands above the list on paper: nobody's number."""
    at = datetime.fromtimestamp(made_at, UTC).astimezone(CHINA)
    return [
        (Words("事项", "Item"), f"{item.name_zh}（{item.code}）"),
        (Words("办件编号", "Case"), fields.get("case", "")),
        (Words("核对单位", "Department"), department),
        (Words("时间", "Time"), at.strftime("%Y-%m-%d %H:%M")),
    ]


def received_jti(jti: str, material: str, form: str, reason: str) -> str:
    """The name of the request that notes a material as received: the same button twice is the same request."""
    return hashlib.sha256(f"{jti}|{material}|{form}|{reason}".encode()).hexdigest()
