"""An application's form, read strictly: every member that is wrong is named, in the words of the page.

wanted = read_form(form, session.department, catalogue, types, today)
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Final, cast

from certificates.types import CertificateType
from exchange_api.sharing.errors import MalformedApplication
from exchange_api.sharing.resources import Resource, resource_of
from registries.departments import Catalogue
from registries.store.applications import Wanted
from registries.store.grants import Act

LABELS: Final[Mapping[str, tuple[str, str]]] = {
    "resource": ("申请的数据", "What is asked for"),
    "act": ("使用方式", "Act"),
    "fields": ("数据项", "Items"),
    "purpose": ("用途", "Purpose"),
    "service_items": ("政务服务事项", "Service items"),
    "basis": ("使用依据", "Legal basis"),
    "scene": ("使用场景", "Scene"),
    "scope": ("使用范围", "Scope"),
    "mode": ("共享方式", "Mode"),
    "valid_from": ("使用时限起", "From"),
    "valid_until": ("使用时限止", "Until"),
    "askers": ("使用人员或系统", "Officers or clients"),
    "area_code": ("区域", "Area"),
    "per_hour": ("每小时次数", "Per hour"),
    "per_day": ("每日次数", "Per day"),
    "in_clear": ("不脱敏", "In clear"),
}
"""What Decree 809, article 20, asks of an application, and what the grant will say beside it."""
ACTS: Final = ("verification", "matching", "query", "retrieval")
MODES: Final[Mapping[str, tuple[str, str]]] = {
    "service_interface": ("服务接口", "Service interface"),
    "batch_exchange": ("批量交换", "Batch exchange"),
    "file_download": ("文件下载", "File download"),
}
_OF_TYPES, _OF_FIELDS = ("verification", "retrieval"), ("matching", "query")
LONGEST, MOST_ITEMS, MOST_QUESTIONS = 500, 20, 1_000_000
_ASKER: Final = re.compile(r"officer:[1-9][0-9]{0,17}|client:[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", re.ASCII)
_AREA: Final = re.compile(r"[0-9]{6}", re.ASCII)
_SPLIT: Final = re.compile(r"[\n,，、;；]+")


def read_form(
    form: Mapping[str, str],
    department: str,
    catalogue: Catalogue,
    types: Mapping[str, CertificateType],
    today: date,
) -> Wanted:
    """What a form asks for.

    Args:
        form: members by the names of LABELS; lists are split at commas and line ends.
        department: whose administrator or officer fills it in.
        catalogue: what is published.
        types: certificate types by code.
        today: the first day that a grant may begin on.

    Raises:
        MalformedApplication: names the member.
        NotShared: what is asked for is not shared.
    """
    resource = _resource(form, catalogue, types)
    act = _one_of(form, "act", _OF_TYPES + _OF_FIELDS if resource.certificate_type else _OF_FIELDS)
    since, until = _day(form, "valid_from", today), _day(form, "valid_until", today)
    if until < since:
        raise _fault("valid_until")
    hour, day = _count(form, "per_hour"), _count(form, "per_day")
    return Wanted(
        department=department,
        provider=resource.provider,
        act=cast("Act", act),
        certificate_type=resource.certificate_type,
        dataset=resource.dataset,
        fields=_fields(form, resource, act),
        purpose=_text(form, "purpose"),
        service_items=_list(form, "service_items", needed=True),
        basis=_text(form, "basis"),
        scene=_text(form, "scene"),
        scope=_text(form, "scope"),
        mode=_one_of(form, "mode", tuple(MODES)),
        valid_from=since,
        valid_until=until,
        askers=_askers(form),
        area_code=_area(form),
        per_hour=hour,
        per_day=day,
        in_clear=form.get("in_clear", "") in {"1", "true", "on"},
        # what a department holds itself is its own; nobody else has to agree
        conditional=resource.conditional and resource.provider != department,
    )


def _resource(form: Mapping[str, str], catalogue: Catalogue, types: Mapping[str, CertificateType]) -> Resource:
    kind, _, name = form.get("resource", "").partition(":")
    if kind not in {"type", "dataset"} or not name:
        raise _fault("resource")
    if kind == "type":
        return resource_of(catalogue, types, certificate_type=name)
    return resource_of(catalogue, types, dataset=name)


def _fields(form: Mapping[str, str], resource: Resource, act: str) -> tuple[str, ...]:
    """For queries and matches the least that the purpose needs, by name; the others see no fields."""
    given = _list(form, "fields", needed=act in _OF_FIELDS)
    if not set(given) <= set(resource.fields):
        raise _fault("fields")
    return given


def _askers(form: Mapping[str, str]) -> tuple[str, ...] | None:
    given = _list(form, "askers")
    if not all(_ASKER.fullmatch(each) for each in given):
        raise _fault("askers")
    return given or None


def _area(form: Mapping[str, str]) -> str | None:
    given = form.get("area_code", "").strip()
    if given and not _AREA.fullmatch(given):
        raise _fault("area_code")
    return given or None


def _text(form: Mapping[str, str], name: str) -> str:
    given = form.get(name, "").strip()
    if not 0 < len(given) <= LONGEST or not given.replace("\n", "").replace("\r", "").isprintable():
        raise _fault(name)
    return given


def _list(form: Mapping[str, str], name: str, *, needed: bool = False) -> tuple[str, ...]:
    given = tuple(dict.fromkeys(each.strip() for each in _SPLIT.split(form.get(name, "")) if each.strip()))
    fits = all(len(each) <= LONGEST and each.isprintable() for each in given)
    if not fits or len(given) > (MOST_ITEMS if name != "fields" else LONGEST) or (needed and not given):
        raise _fault(name)
    return given


def _one_of(form: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    given = form.get(name, "")
    if given not in allowed:
        raise _fault(name)
    return given


def _day(form: Mapping[str, str], name: str, first: date) -> date:
    try:
        given = date.fromisoformat(form.get(name, "").strip())
    except ValueError:
        raise _fault(name) from None
    if given < first:
        raise _fault(name)
    return given


def _count(form: Mapping[str, str], name: str) -> int | None:
    given = form.get(name, "").strip()
    if not given:
        return None
    if not (given.isascii() and given.isdecimal()) or not 0 < int(given[:9]) <= MOST_QUESTIONS or len(given) > 7:  # noqa: PLR2004 - digits of the most
        raise _fault(name)
    return int(given)


def _fault(name: str) -> MalformedApplication:
    return MalformedApplication(name, *LABELS[name])
