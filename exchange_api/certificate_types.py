"""The catalogue of certificate types (电子证照通用目录) as anybody may read it: no row, and demo codes said to be such.

described_types(parts.types, parts.catalogue)["types"][0]["code"]
"""

from collections.abc import Mapping
from typing import Any, Final

from certificates.checks import STATUS_EN, STATUS_ZH
from certificates.types import CertificateType, HolderKind, Validity
from registries.departments import Catalogue
from registries.service_items.model import items_using

Described = dict[str, Any]

VALIDITIES: Final[Mapping[Validity, tuple[str, str]]] = {
    Validity.FIXED_END: ("有截止日期，或载明长期", "an end date, or 长期"),
    Validity.LONG_TERM: ("长期，载明截止日期的除外", "长期 unless an end date is given"),
    Validity.NONE: ("不因期限届满失效", "never ends by time"),
    Validity.ENDORSEMENT: ("按期签注", "goes on by endorsement"),
}
HOLDERS: Final[Mapping[HolderKind, tuple[str, str]]] = {
    HolderKind.PERSON: ("自然人", "person"),
    HolderKind.LEGAL_ENTITY: ("法人及其他组织", "organisation"),
    HolderKind.VEHICLE: ("车辆", "vehicle"),
}


def described_types(types: Mapping[str, CertificateType], catalogue: Catalogue) -> Described:
    """All types that the hub knows, by code."""
    return {"types": [described_type(types[code], catalogue) for code in sorted(types)]}


def described_type(kind: CertificateType, catalogue: Catalogue) -> Described:
    """One type: who defines and issues it, for whom, how long it counts, what it shows, which service items use it."""
    return {
        "code": kind.code,
        "demo_code": kind.demo,
        "name": {"zh": kind.name_zh, "en": kind.name_en},
        "defined_by": {"zh": kind.definer_zh, "en": kind.definer_en, "code": kind.definer_code},
        "issued_by": {"zh": kind.issuers_zh, "en": kind.issuers_en},
        "holders": [str(one) for one in kind.holder_kinds],
        "objects": list(kind.object_kinds),
        "validity": str(kind.validity),
        "long_term": list(kind.sentinels),
        "timely_renewal_days": kind.timely_renewal_days,
        "fields": [
            {"name": one.name, "title": {"zh": one.zh, "en": one.en}, "kind": str(one.kind), "required": one.required}
            for one in kind.fields
        ],
        "status_codes_of": kind.status_codes_of or None,
        "status_codes": [
            {"code": code, "state": str(state), "zh": STATUS_ZH[state], "en": STATUS_EN[state]}
            for code, state in kind.status_map.items()
        ],
        "collected_in": collected_in(kind, catalogue),
        "used_by": [
            {"code": item.code, "zh": item.name_zh, "en": item.name_en, "department": item.department}
            for item in items_using(catalogue, kind.code)
        ],
        "source": kind.source,
    }


def collected_in(kind: CertificateType, catalogue: Catalogue) -> list[str]:
    """The datasets that hold certificates of the type."""
    return [
        one.name for one in catalogue.datasets if one.certificate is not None and one.certificate.type_code == kind.code
    ]
