"""Applications and grants as their pages show them: with names, states in colour and word, and what can be done next.

view = application_view(found, given, steps, catalogue, types, actor, today)
"""

from collections.abc import Mapping, Sequence
from datetime import date

from certificates.types import CertificateType
from exchange_api.pages import rights_words as words
from exchange_api.pages.batch_views import dataset_title
from exchange_api.pages.rendering import NOTHING
from exchange_api.pages.rights_moves import application_moves, grant_moves
from exchange_api.pages.views.frame import Item, Words
from exchange_api.pages.views.rights import (
    ApplicationRow,
    ApplicationView,
    CardView,
    GrantRow,
    GrantView,
    StateTag,
    StepLine,
)
from exchange_api.sharing.applying import AT_ONCE
from exchange_api.sharing.deadlines import Card
from exchange_api.sharing.forms import MODES
from exchange_api.sharing.steps import Actor
from registries.departments import Catalogue
from registries.store.applications import Application, Step, Wanted
from registries.store.grants import Grant
from registries.store.held_grants import StopNotice

_NEITHER = Words("全部", "all")


class Names:
    """What departments, certificate types and datasets are called."""

    def __init__(self, catalogue: Catalogue, types: Mapping[str, CertificateType]) -> None:
        self._catalogue = catalogue
        self._types = types
        self._departments = {one.id: one.name_zh for one in catalogue.departments}

    def department(self, name: str | None) -> str:
        """A department's name; an account may be of one that publishes nothing."""
        return self._departments.get(name, name) if name is not None else NOTHING

    def resource(self, of: Wanted | Grant) -> Words:
        """The certificate type or dataset that an application or grant is for."""
        if of.certificate_type is not None:
            kind = self._types.get(of.certificate_type)
            return Words(kind.name_zh, kind.name_en) if kind else Words(of.certificate_type, of.certificate_type)
        return _NEITHER if of.dataset is None else dataset_title(self._catalogue, of.dataset)


def application_row(found: Application, names: Names) -> ApplicationRow:
    """An application in a list."""
    wanted = found.wanted
    return ApplicationRow(
        found.id,
        names.resource(wanted),
        words.ACTS[wanted.act],
        names.department(wanted.department),
        names.department(wanted.provider),
        words.STATES[found.state],
        found.due_on,
        found.submitted_at,
    )


def application_view(
    found: Application,
    given: Sequence[Grant],
    steps: Sequence[Step],
    names: Names,
    actor: Actor,
    today: date,
    fault: Words | None = None,
) -> ApplicationView:
    """One application in full, for somebody whom it concerns."""
    return ApplicationView(
        number=found.id,
        state=words.STATES[found.state],
        facts=tuple(_wanted_facts(found.wanted, names)),
        standing=tuple(_standing(found)),
        moves=application_moves(found, actor),
        grants=tuple(grant_row(one, names, today) for one in given),
        steps=tuple(step_line(one, names) for one in steps),
        fault=fault,
        may_change=found.state == "draft" and actor.department == found.wanted.department,
    )


def _wanted_facts(wanted: Wanted, names: Names) -> list[Item]:
    title, mode = names.resource(wanted), MODES[wanted.mode]
    act, sharing = words.ACTS[wanted.act], ("有条件共享" if wanted.conditional else "无条件共享")
    return [
        Item(Words("申请的数据", "Asked for"), f"{title.zh} {title.en}"),
        Item(Words("使用方式", "Act"), f"{act.zh} {act.en}"),
        Item(Words("申请部门", "Asked by"), names.department(wanted.department)),
        Item(Words("提供部门", "Provider"), names.department(wanted.provider)),
        Item(Words("共享属性", "Sharing class"), sharing),
        Item(Words("使用依据", "Basis"), wanted.basis),
        Item(Words("使用场景", "Scene"), wanted.scene),
        Item(Words("使用范围", "Scope"), wanted.scope),
        Item(Words("共享方式", "Mode"), f"{mode[0]} {mode[1]}"),
        Item(Words("使用时限", "Period"), f"{wanted.valid_from} — {wanted.valid_until}"),
        Item(Words("用途", "Purpose"), wanted.purpose),
        Item(Words("政务服务事项", "Service items"), "、".join(wanted.service_items)),
        *_bounds(wanted),
    ]


def _bounds(of: Wanted | Grant) -> list[Item]:
    return [
        Item(Words("数据项", "Items"), "、".join(of.fields) or NOTHING, mono=True),
        Item(Words("使用人员或系统", "Who may use it"), "、".join(of.askers) if of.askers else "本部门全部 all"),
        Item(Words("区域", "Area"), of.area_code or "不限 any"),
        Item(Words("次数上限", "Budget"), _budget(of.per_hour, of.per_day)),
        Item(Words("脱敏", "Masking"), "不脱敏 in clear" if of.in_clear else "脱敏 masked"),
    ]


def _budget(per_hour: int | None, per_day: int | None) -> str:
    parts = [f"{per_hour} 次/小时 per hour" if per_hour else "", f"{per_day} 次/日 per day" if per_day else ""]
    return "、".join(part for part in parts if part) or "按枢纽规定 as the hub has it"


def _standing(found: Application) -> list[Item]:
    longer = None
    if found.longer_days is not None:
        outcome = {None: "待主管部门决定 waiting", True: "同意 allowed", False: "不同意 denied"}[found.longer_allowed]
        longer = f"{found.longer_days} 个工作日 working days：{outcome}"
    told = (
        ("申请单位同意依据", "Consent of the unit that asks", found.consent),
        ("答复期限", "Answer due", found.due_on and str(found.due_on)),
        ("补正期间剩余工作日", "Working days left", None if found.days_left is None else str(found.days_left)),
        ("需补正", "Missing", found.wanting),
        ("补正内容", "Given", found.supplement),
        ("延长答复", "More time", longer),
        ("提供单位同意依据", "Consent of the provider", found.provider_consent),
        ("不同意的理由", "Reasons of the refusal", found.refused_because),
        ("提供期限", "Provide by", found.provide_by and str(found.provide_by)),
        ("提供", "Provided", _provided(found)),
    )
    return [Item(Words(zh, en), text) for zh, en, text in told if text]


def _provided(found: Application) -> str | None:
    if found.state != "granted":
        return None
    if found.provided_at is None:
        return "尚未提供 not yet"
    return f"{found.provided_at.date()}" + (f"（{AT_ONCE}）" if found.provider_consent == AT_ONCE else "")


def grant_state(grant: Grant, today: date) -> StateTag:
    """How a grant stands today."""
    if grant.ended_at is not None:
        return words.ENDED
    if grant.suspended_at is not None:
        return words.RESTS
    if grant.valid_until is not None and grant.valid_until < today:
        return words.OVER
    return words.HOLDS if grant.valid_from <= today else words.NOT_YET


def grant_row(grant: Grant, names: Names, today: date) -> GrantRow:
    """A grant in a list."""
    return GrantRow(
        grant.id,
        names.resource(grant),
        words.ACTS[grant.act],
        names.department(grant.department),
        grant.purpose,
        grant.service_item or "全部事项 any",
        grant_state(grant, today),
        grant.valid_until,
    )


def grant_view(
    grant: Grant,
    notices: Sequence[StopNotice],
    steps: Sequence[Step],
    names: Names,
    actor: Actor,
    today: date,
    *,
    provides: bool,
    fault: Words | None = None,
) -> GrantView:
    """One grant in full, for somebody whom it concerns."""
    return GrantView(
        id=grant.id,
        state=grant_state(grant, today),
        facts=tuple(_grant_facts(grant, names)),
        application=grant.application,
        notices=tuple(_notice(one) for one in notices),
        moves=grant_moves(grant, notices, actor, provides=provides),
        steps=tuple(step_line(one, names) for one in steps),
        fault=fault,
    )


def _grant_facts(grant: Grant, names: Names) -> list[Item]:
    title, act = names.resource(grant), words.ACTS[grant.act]
    facts = [
        Item(Words("数据", "Data"), f"{title.zh} {title.en}"),
        Item(Words("使用方式", "Act"), f"{act.zh} {act.en}"),
        Item(Words("使用部门", "Used by"), names.department(grant.department)),
        Item(Words("用途", "Purpose"), grant.purpose),
        Item(Words("政务服务事项", "Service item"), grant.service_item or "全部事项 any"),
        Item(Words("有效期", "Period"), f"{grant.valid_from} — {grant.valid_until or '长期 no end'}"),
        Item(Words("授权依据", "Granted by"), grant.granted_by),
        *_bounds(grant),
    ]
    for label, because in (
        (Words("暂停理由", "Suspended because"), grant.suspended_because),
        (Words("终止理由", "Ended because"), grant.ended_because),
        (Words("不告知主体的依据", "Subjects are not told by"), grant.withheld_because),
    ):
        facts += [Item(label, because)] if because else []
    return facts


def _notice(one: StopNotice) -> Item:
    answer = f"；意见 answer：{one.answer}" if one.answer else ""
    state = words.NOTICES[one.state]
    return Item(state, f"拟于 {one.stop_on} 停止 to stop，理由 reason：{one.reason}{answer}")


def step_line(step: Step, names: Names) -> StepLine:
    """One step, with what it tells in words."""
    told = [
        f"{words.TOLD[name].zh} {words.TOLD[name].en}：{_told(value)}"
        for name, value in step.told.items()
        if name in words.TOLD
    ]
    account = "" if step.account_id is None else f"account:{step.account_id}"
    grant = f"#{step.grant_id} " if step.grant_id is not None else ""
    return StepLine(
        step.at, words.STEPS[step.kind], names.department(step.department), account, grant + "；".join(told)
    )


def _told(value: object) -> str:
    return "、".join(str(one) for one in value) if isinstance(value, list) else str(value)


def card_view(card: Card, names: Names, reachable: Mapping[str, str]) -> CardView:
    """A card; `reachable`: the place of what it is about, by what it is."""
    tone, icon, colour = words.COLOURS[card.colour]
    left = (
        Words(f"剩 {card.days} 个工作日", f"{card.days} working days left")
        if card.colour == "yellow"
        else Words(f"超期 {-card.days} 个工作日", f"{-card.days} working days late")
    )
    place = reachable.get(card.what)
    href = None if place is None else f"{place}/{card.number}"
    name = names.department(card.department)
    return CardView(tone, icon, colour, words.CARDS[card.what], card.number, href, name, card.due_on, left)
