"""Certificate types as their pages show them.

view = types_view(parts.types, parts.catalogue)
"""

from collections.abc import Mapping

from certificates.checks import STATUS_EN, STATUS_ZH
from certificates.types import CertificateType
from exchange_api.certificate_types import HOLDERS, VALIDITIES, collected_in
from exchange_api.pages import words
from exchange_api.pages.rendering import NOTHING
from exchange_api.pages.views.frame import Item, Words
from exchange_api.pages.views.types import CodeLine, FieldLine, TypeLine, TypesView, TypeView
from registries.departments import Catalogue
from registries.service_items.model import items_using


def types_view(types: Mapping[str, CertificateType], catalogue: Catalogue) -> TypesView:
    """All types: those with an official code first."""
    ordered = sorted(types.values(), key=lambda kind: (kind.demo, kind.code))
    return TypesView(tuple(_line(kind, catalogue) for kind in ordered))


def _line(kind: CertificateType, catalogue: Catalogue) -> TypeLine:
    return TypeLine(
        kind.code,
        kind.demo,
        Words(kind.name_zh, kind.name_en),
        Words(kind.definer_zh, kind.definer_en),
        _holders(kind),
        Words(*VALIDITIES[kind.validity]),
        len(collected_in(kind, catalogue)),
    )


def _holders(kind: CertificateType) -> Words:
    zh, en = zip(*(HOLDERS[one] for one in kind.holder_kinds), strict=True)
    return Words("、".join(zh), ", ".join(en))


def type_view(kind: CertificateType, catalogue: Catalogue) -> TypeView:
    """One type."""
    found = [catalogue.dataset(name) for name in collected_in(kind, catalogue)]
    return TypeView(
        code=kind.code,
        demo=kind.demo,
        facts=tuple(_facts(kind)),
        fields=tuple(
            FieldLine(one.name, Words(one.zh, one.en), words.FIELD_KINDS[one.kind.value], one.required)
            for one in kind.fields
        ),
        codes=tuple(CodeLine(code, Words(STATUS_ZH[one], STATUS_EN[one])) for code, one in kind.status_map.items()),
        codes_of=kind.status_codes_of,
        datasets=tuple((one.name, Words(one.title_zh, one.title_en)) for one in found),
        used_by=tuple(
            (item.code, Words(item.name_zh, item.name_en), _department(catalogue, item.department))
            for item in items_using(catalogue, kind.code)
        ),
        source=kind.source,
    )


def _department(catalogue: Catalogue, name: str) -> Words:
    found = {one.id: Words(one.name_zh, one.name_en) for one in catalogue.departments}
    return found.get(name, Words(name, name))


def _facts(kind: CertificateType) -> list[Item]:
    holders, validity = _holders(kind), VALIDITIES[kind.validity]
    objects = "、".join(words.OBJECT_KINDS[one].zh if one in words.OBJECT_KINDS else one for one in kind.object_kinds)
    days = kind.timely_renewal_days
    renewal = NOTHING if days is None else f"届满前 {days} 日 {days} days before its end（行政许可法第五十条）"
    return [
        Item(Words("证照类型代码", "Code"), kind.shown_code, mono=True),
        Item(Words("证照定义机构", "Defined by"), f"{kind.definer_zh} {kind.definer_en}".strip()),
        Item(Words("证照颁发机构", "Issued by"), f"{kind.issuers_zh} {kind.issuers_en}".strip() or NOTHING),
        Item(Words("持证主体", "Holders"), f"{holders.zh} {holders.en}"),
        Item(Words("证照所载对象", "Objects"), objects or NOTHING),
        Item(Words("有效期", "Validity"), f"{validity[0]} {validity[1]}"),
        Item(Words("长期的写法", "Written for no end"), "、".join(kind.sentinels) or NOTHING),
        Item(Words("按期申请延续", "Timely renewal"), renewal),
    ]
