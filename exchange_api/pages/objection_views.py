"""Objections as the pages show them."""

from collections.abc import Mapping
from datetime import date

from certificates.china_time import CHINA
from exchange_api.objecting import CHANNEL_WORDS, WHOLE, Told, shown_slip
from exchange_api.pages.batch_views import dataset_title
from exchange_api.pages.qr import qr_image
from exchange_api.pages.views.frame import Option, Words
from exchange_api.pages.views.windows import (
    FileRow,
    ObjectionForm,
    ObjectionRow,
    ObjectionView,
    SlipView,
    Standing,
    StandingView,
)
from exchange_api.parts import HubParts
from registries.departments import Catalogue
from registries.store.objections import Standing as Found

_ENDINGS = {
    "mended": Standing("green", "check", Words("已更正", "mended")),
    "found_right": Standing("blue", "info", Words("经核查无误", "checked, and right")),
    "beyond_mending": Standing("gold", "warn", Words("已无法更正，予以标注", "can't be mended any more, and marked")),
    "withdrawn": Standing("grey", "stop", Words("已撤回", "withdrawn")),
}
_OPEN = Standing("gold", "clock", Words("核查中", "being checked"))
_STOPPED = Standing("blue", "pause", Words("核查中，计时暂停", "being checked; the clock stands"))
_TAKEN = Standing("blue", "info", Words("已受理", "taken"))
_WHOLE = Words("整条记录", "the whole record")


def objection_row(found: Found, parts: HubParts, place: str) -> ObjectionRow:
    """An objection in a list."""
    catalogue, own = parts.catalogue, found.objection
    due = found.due_on or own.due_on
    return ObjectionRow(
        shown_slip(own.slip),
        f"{place}/{own.slip}",
        _about(own.dataset, own.attribute, catalogue),
        f"{_name(own.department, catalogue).zh} → {_name(own.provider, catalogue).zh}",
        own.filed_at,
        due,
        found.state == "open" and not found.stopped and due < _today(parts),
        _standing(found),
        own.case_number,
    )


def objection_view(told: Told, parts: HubParts, place: str) -> ObjectionView:
    """One objection; who took it may print its slip, who checks it sees its case and opens its evidence."""
    own, provider = told.standing.objection, place.startswith("/publisher")
    at = f"{place}/{own.slip}"
    return ObjectionView(
        objection_row(told.standing, parts, place),
        Words(*CHANNEL_WORDS[own.channel]),
        told.key,
        told.name,
        told.statement,
        tuple(
            FileRow(
                f"{each.media_type} · {each.digest.hex()[:12]}",
                each.size,
                f"{at}/evidence/{each.digest.hex()}" if provider else None,
            )
            for each in told.evidence
        ),
        f"/publisher/cases/{own.case_number}" if provider and own.case_number else None,
        None if provider else f"{at}/slip",
    )


def objection_form(parts: HubParts, given: Mapping[str, str], fault: Words | None) -> ObjectionForm:
    """The form; without a dataset only which one it is about."""
    known = {each.name: each for each in parts.objecting.datasets()}
    datasets = tuple(Option(each.name, f"{each.title_zh} {each.title_en}") for each in known.values())
    chosen = known.get(given.get("dataset", ""))
    attributes: tuple[Option, ...] = (Option(WHOLE, f"{_WHOLE.zh} {_WHOLE.en}"),)
    if chosen is not None:
        columns = (column for column in chosen.columns if column.name not in chosen.key)
        attributes += tuple(Option(column.name, f"{column.title_zh} {column.name}") for column in columns)
    return ObjectionForm(
        datasets,
        "" if chosen is None else chosen.name,
        "" if chosen is None else chosen.column(chosen.key[0]).title_zh,
        attributes,
        tuple(Option(code, f"{zh} {en}") for code, (zh, en) in CHANNEL_WORDS.items()),
        dict(given),
        fault,
    )


def slip_view(found: Found, parts: HubParts) -> SlipView:
    """The slip, with where to ask as a code to scan."""
    own = found.objection
    address = f"{parts.settings.issuer.rstrip('/')}/objections?slip={own.slip}"
    row = objection_row(found, parts, "/officer/objections")
    return SlipView(shown_slip(own.slip), row, _name(own.provider, parts.catalogue), address, qr_image(address))


def standing_view(slip: str, found: Found | None, parts: HubParts) -> StandingView:
    """What whoever has a slip is told."""
    if found is None:
        return StandingView(slip[:40], None, None, None, asked=bool(slip))
    row = objection_row(found, parts, "/objections")
    provider = _name(found.objection.provider, parts.catalogue)
    return StandingView(row.slip, row, provider, found.closed_at, asked=True)


def _standing(found: Found) -> Standing:
    if found.state is None:
        return _TAKEN
    if found.state == "open":
        return _STOPPED if found.stopped else _OPEN
    return _ENDINGS.get(found.ending or "", _TAKEN)


def _about(dataset: str, attribute: str, catalogue: Catalogue) -> Words:
    title = dataset_title(catalogue, dataset)
    if attribute == WHOLE or dataset not in catalogue:
        return Words(f"{title.zh}：{_WHOLE.zh}", f"{title.en}: {_WHOLE.en}")
    names = {column.name: column.title_zh for column in catalogue.dataset(dataset).columns}
    return Words(f"{title.zh}：{names.get(attribute, attribute)}", f"{title.en}: {attribute}")


def _name(department: str, catalogue: Catalogue) -> Words:
    known = {one.id: Words(one.name_zh, one.name_en) for one in catalogue.departments}
    return known.get(department, Words(department, department))


def _today(parts: HubParts) -> date:
    return parts.clock().astimezone(CHINA).date()
