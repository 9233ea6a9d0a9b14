"""Service items as JSON: what each asks for, by which law, and how the hub meets it. Nothing in it is about anybody.

>>> from registries.departments import Catalogue
>>> items_json(Catalogue((), ()))
{'items': []}
"""

from typing import Any

from registries.departments import Catalogue
from registries.service_items.model import (
    CertificateWay,
    EarlierWay,
    MatchWay,
    Material,
    ServiceItem,
    Way,
    item_of,
    service_items,
)


def items_json(catalogue: Catalogue) -> dict[str, Any]:
    """All items."""
    return {"items": [_item(item) for item in service_items(catalogue)]}


def item_json(catalogue: Catalogue, code: str) -> dict[str, Any] | None:
    """One item; None if there is none of that code."""
    item = item_of(catalogue, code)
    return None if item is None else _item(item)


def _item(item: ServiceItem) -> dict[str, Any]:
    return {
        "code": item.code,
        "version": item.version,
        "zh": item.name_zh,
        "en": item.name_en,
        "department": item.department,
        "area_code": item.area_code,
        "basis": list(item.basis),
        "results": list(item.results),
        "steps": [_named(*step) for step in item.steps],
        "parties": [{**_named(each.id, each.name_zh, each.name_en), "kind": each.kind} for each in item.parties],
        "claims": [_named(*claim) for claim in item.claims],
        "materials": [_material(material) for material in item.materials],
    }


def _named(name: str, zh: str, en: str) -> dict[str, str]:
    return {"id": name, "zh": zh, "en": en}


def _material(material: Material) -> dict[str, Any]:
    return {
        **_named(material.id, material.name_zh, material.name_en),
        "basis": list(material.basis),
        "issued_by": material.issued_by or None,
        "about": material.about,
        "step": material.step,
        "later_days": material.later_days,
        "met_by": [_way(way) for way in material.ways] or [{"kind": "paper"}],
    }


def _way(way: Way) -> dict[str, Any]:
    if isinstance(way, CertificateWay):
        return {"kind": way.kind, "types": list(way.types)}
    if isinstance(way, EarlierWay):
        return {"kind": way.kind, "within_days": way.within_days}
    told: dict[str, Any] = {"kind": way.kind, "dataset": way.dataset, "fields": list(way.columns)}
    if isinstance(way, MatchWay):
        return {**told, "compared_with": dict(way.pairs)}
    return {**told, "zh": way.zh, "en": way.en}
