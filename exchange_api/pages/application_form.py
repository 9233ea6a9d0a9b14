"""The form of an application: what can be chosen, and what was filled in.

view = application_form(catalogue, types, {"resource": "dataset:tax.tax_clearances"}, "/applications", today)
"""

from collections.abc import Mapping
from datetime import date, timedelta

from starlette.datastructures import FormData

from certificates.types import CertificateType
from exchange_api.pages import rights_words as words
from exchange_api.pages.views.frame import Option, Words
from exchange_api.pages.views.rights import ApplicationForm
from exchange_api.sharing.forms import LABELS, LONGEST, MODES, MOST_ITEMS
from exchange_api.sharing.resources import Resource, resources
from registries.departments import Catalogue
from registries.service_items.model import service_items
from registries.store.applications import Wanted

_A_YEAR = timedelta(days=364)


def given_by(form: FormData) -> dict[str, str]:
    """The form's own members, trimmed; several of one name are put together."""
    sent = {name: [value for value in form.getlist(name) if isinstance(value, str)] for name in LABELS}
    return {name: "\n".join(values).strip()[: LONGEST * MOST_ITEMS] for name, values in sent.items()}


def fields_of(wanted: Wanted) -> dict[str, str]:
    """The form's members of a draft."""
    kind, name = ("type", wanted.certificate_type) if wanted.certificate_type else ("dataset", wanted.dataset)
    return {
        "resource": f"{kind}:{name}",
        "act": wanted.act,
        "fields": "\n".join(wanted.fields),
        "purpose": wanted.purpose,
        "service_items": "\n".join(wanted.service_items),
        "basis": wanted.basis,
        "scene": wanted.scene,
        "scope": wanted.scope,
        "mode": wanted.mode,
        "valid_from": wanted.valid_from.isoformat(),
        "valid_until": wanted.valid_until.isoformat(),
        "askers": "\n".join(wanted.askers or ()),
        "area_code": wanted.area_code or "",
        "per_hour": "" if wanted.per_hour is None else str(wanted.per_hour),
        "per_day": "" if wanted.per_day is None else str(wanted.per_day),
        "in_clear": "1" if wanted.in_clear else "",
    }


def application_form(
    catalogue: Catalogue,
    types: Mapping[str, CertificateType],
    given: Mapping[str, str],
    action: str,
    today: date,
    member: str = "",
    fault: Words | None = None,
) -> ApplicationForm:
    """The form's content; a period of a year from today on stands there at first."""
    filled = {"valid_from": today.isoformat(), "valid_until": (today + _A_YEAR).isoformat()} | {
        name: value for name, value in given.items() if value
    }
    return ApplicationForm(
        resources=tuple(Option(each.id, _label(each)) for each in resources(catalogue, types)),
        acts=tuple(Option(name, " ".join(said)) for name, said in words.ACTS.items()),
        modes=tuple(Option(name, " ".join(said)) for name, said in MODES.items()),
        service_items=tuple(
            Option(item.code, f"{item.name_zh} {item.name_en}")
            for item in service_items(catalogue)
            if item.in_force(today)
        ),
        given=filled,
        action=action,
        member=member,
        fault=fault,
    )


def _label(each: Resource) -> str:
    return f"{each.title_zh} {each.title_en}（{each.sharing.sharing_class}）"
