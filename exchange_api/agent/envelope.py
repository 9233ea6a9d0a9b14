"""The envelope and field names of the deployed interfaces, and what they are in the hub's words.

call = read_call("/verifyCertInfo", {"head": {...}, "data": {"certNo": "4405…", "useCause": "…", ...}})
call.question["certificate_number"]
answered("valid", call.request_id, {...})["head"]["status"]         # 0
"""

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from certificates.holder_codes import HOLDER_CODE_TYPES
from certificates.identifiers import CertificateIdentifier, MalformedIdentifier
from exchange_api.agent.errors import NotTaken

_FILE: Final = Path(__file__).with_name("mapping.yaml")
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._~-]{1,128}", re.ASCII)
_TYPE_CODE: Final = re.compile(r"[0-9A-Z]{21}", re.ASCII)
_COMPACT_DAY: Final = re.compile(r"[0-9]{8}", re.ASCII)
_LONGEST_CAUSE: Final = 200
_WHY: Final = ("purpose", "service_item", "case")
_CERTIFICATE: Final = (
    *("certificate_type", "certificate_number", "holder_name", "holder_code", "holder_code_type"),
    *_WHY,
)
_MANDATORY: Final = {
    "verification": _CERTIFICATE,
    "certificates": ("certificate_type", "holder_name", "holder_code", "holder_code_type", *_WHY),
    "retrieval": (*_CERTIFICATE, "expires_on"),
}
Json = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """A call that was understood.

    Attributes:
        act: `verification`, `certificates` or `retrieval`.
        request_id: the vendor's name for it, or "" without one.
        question: members of the hub's question.
        asked_by: who asked, for the agent's own record.
    """

    act: str
    request_id: str
    question: Mapping[str, Any] = field(repr=False)
    asked_by: Mapping[str, str] = field(repr=False)


@cache
def mapping() -> Mapping[str, Any]:
    """The content of `mapping.yaml`."""
    found: Mapping[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return found


def admitted(body: object, access_id: str, access_token: str) -> bool:
    """Whether a call's head shows the agent's own id and token; compared in constant time."""
    head = _member(body, "head")
    given = (str(head.get("accessId", "")).encode(), str(head.get("accessToken", "")).encode())
    right = [hmac.compare_digest(given[0], access_id.encode()), hmac.compare_digest(given[1], access_token.encode())]
    return all(right)


def read_call(place: str, body: object) -> Call:
    """What a call asks.

    Raises:
        NotTaken: "missing", "malformed", "holder_code_type" or "certificate_type", with the members' names as given.
    """
    act, data = str(mapping()["interfaces"][place]), _member(body, "data")
    request_id = str(_member(body, "head").get("requestId", ""))
    if request_id and not _REQUEST_ID.fullmatch(request_id):
        raise NotTaken("malformed", ["requestId"])
    question = {name: text for name in mapping()["fields"] if (text := _given(data, mapping()["fields"][name]))}
    question = {**_of_identifier(data), **question}
    missing = [mapping()["fields"][name][0] for name in _MANDATORY[act] if name not in question]
    if missing:
        raise NotTaken("missing", missing)
    _check(question)
    asked_by = {name: text for name in mapping()["asked_by"] if (text := _given(data, [name]))}
    return Call(act, request_id, _QUESTIONS[act](question), asked_by)


def answered(code: str, request_id: str, data: Mapping[str, Any] | None = None, names: tuple[str, ...] = ()) -> Json:
    """The envelope of an answer; `names` are the members at fault."""
    told = mapping()["statuses"].get(code, mapping()["statuses"]["answered"])
    of_members = f": {', '.join(names)}" if names else ""
    head = {
        "status": told["status"],
        "message": told["zh"] + of_members,
        "message_en": told["en"] + of_members,
        "requestId": request_id,
    }
    return {"head": head, "data": None if data is None else dict(data)}


def shown(content: Mapping[str, Any], beside: Mapping[str, Any], receipt: str, proof: str) -> Json:
    """What the hub said, in the names of the deployed interfaces; receipt and proof are for the archive.

    `beside` is what travelled beside the receipt: `values`, proven by it, and a `copy` (name, media type, base64).
    """
    copy = beside.get("copy") or {}
    certificate = content.get("certificate") or {}
    return {
        "certState": content.get("code"),
        "conclusion": content.get("zh"),
        "conclusionEn": content.get("en"),
        "nextStep": (content.get("next") or {}).get("zh"),
        "nextStepEn": (content.get("next") or {}).get("en"),
        "certTypeCode": certificate.get("type"),
        "certNo": certificate.get("number"),
        "certIdentifier": certificate.get("identifier"),
        "issueOrgName": certificate.get("issuing_authority"),
        "issueDate": _compact_day(certificate.get("issued_on")),
        "validBeginDate": _compact_day(certificate.get("valid_from")),
        "validEndDate": "长期" if certificate.get("long_term") else _compact_day(certificate.get("valid_until")),
        "holders": certificate.get("holders"),
        "certificates": beside.get("values"),
        "fileName": copy.get("name"),
        "fileType": copy.get("media_type"),
        "fileContent": copy.get("content"),
        "receipt": receipt,
        "proof": proof,
    }


def _of_certificate(given: Mapping[str, str]) -> Json:
    return {name: given[name] for name in (*_CERTIFICATE, "as_of") if name in given}


def _of_holder(given: Mapping[str, str]) -> Json:
    subject = {name: given[f"holder_{name}"] for name in ("name", "code", "code_type")}
    why = {name: given[name] for name in _WHY}
    return {"subject": subject, "certificate_types": [given["certificate_type"]], **why}


def _of_copy(given: Mapping[str, str]) -> Json:
    day = given["expires_on"]
    if _COMPACT_DAY.fullmatch(day):
        day = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    copy = {"cause": given["purpose"], "purpose": given["service_item"], "expires_on": day}
    return {**_of_certificate(given), "copy": copy}


_QUESTIONS: Final[Mapping[str, Callable[[Mapping[str, str]], Json]]] = {
    "verification": _of_certificate,
    "certificates": _of_holder,
    "retrieval": _of_copy,
}


def _member(body: object, name: str) -> Mapping[str, Any]:
    found = body.get(name) if isinstance(body, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _given(data: Mapping[str, Any], names: list[str]) -> str:
    """The first of these members that says something."""
    texts = (str(data[name]).strip() for name in names if isinstance(data.get(name), str | int))
    return next((text for text in texts if text), "")


def _of_identifier(data: Mapping[str, Any]) -> dict[str, str]:
    text = _given(data, mapping()["identifier"])
    if not text:
        return {}
    try:
        found = CertificateIdentifier.parse(text)
    except MalformedIdentifier:
        raise NotTaken("malformed", ["certIdentifier"]) from None
    return {"certificate_type": found.type_code, "certificate_number": found.serial}


def _check(question: Mapping[str, str]) -> None:
    """What has a status of its own in the deployed interfaces; all else is the hub's to refuse."""
    if question["holder_code_type"] not in HOLDER_CODE_TYPES:
        raise NotTaken("holder_code_type", ["holderTypeCode"])
    if "certificate_type" in question and not _TYPE_CODE.fullmatch(question["certificate_type"]):
        raise NotTaken("certificate_type", ["certTypeCode"])
    if len(question["purpose"]) > _LONGEST_CAUSE:
        raise NotTaken("malformed", ["useCause"])


def _compact_day(day: object) -> str | None:
    """A day as GB/T 36903 writes it, yyyymmdd."""
    return day.replace("-", "") if isinstance(day, str) else None
