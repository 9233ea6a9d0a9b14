"""A certificate's life as the steward's page shows it: a line of events, and the state on the day asked for.

views = life_views(lives, parts.types, catalogue, day=None, today=today)
"""

from collections.abc import Mapping, Sequence
from datetime import date

from certificates.checks import STATUS_EN, STATUS_ZH
from certificates.life import Event, is_paper_era
from certificates.status import BAD_NEWS, Status
from certificates.types import CertificateType
from exchange_api.pages import words
from exchange_api.pages.batch_views import dataset_title
from exchange_api.pages.rendering import NOTHING
from exchange_api.pages.views.frame import Words
from exchange_api.pages.views.lives import LifeStep, LifeView
from registries.departments import Catalogue
from registries.store.certificate_lives import CertificateLife, Step

_UNKNOWN = Words("没有记载", "not recorded")
_CONTESTED = Words("待校核", "being checked")


def life_views(
    lives: Sequence[CertificateLife],
    types: Mapping[str, CertificateType],
    catalogue: Catalogue,
    *,
    day: date | None,
    today: date,
) -> tuple[LifeView, ...]:
    """One for each dataset that has the certificate; ``day``: the one asked for, by default today."""
    return tuple(_view(life, types, catalogue, day or today, today) for life in lives)


def _view(
    life: CertificateLife, types: Mapping[str, CertificateType], catalogue: Catalogue, day: date, today: date
) -> LifeView:
    kind = types.get(life.type_code)
    standing = life.on(day, today)
    tone, state = _state(standing.status.status, contested=standing.status.contested is not None)
    name = Words(life.type_code, life.type_code) if kind is None else Words(kind.name_zh, kind.name_en)
    return LifeView(
        type=name,
        type_code=life.type_code if kind is None else kind.shown_code,
        dataset=dataset_title(catalogue, life.dataset),
        internal_id=life.internal_id,
        issued_on=NOTHING if life.issued_on is None else life.issued_on.isoformat(),
        day=day.isoformat(),
        tone=tone,
        state=state,
        steps=tuple(_step(step) for step in life.steps),
    )


def _state(status: Status | None, *, contested: bool) -> tuple[str, Words]:
    if status is None:
        return "blue", _CONTESTED if contested else _UNKNOWN
    if status == Status.VALID:
        return "green", _words(status)
    return "red" if status in BAD_NEWS else "gold", _words(status)


def _words(status: Status) -> Words:
    return Words(STATUS_ZH[status], STATUS_EN[status])


def _step(step: Step) -> LifeStep:
    event = step.event
    move = words.MOVES[event.move.value]
    return LifeStep(
        tone=move.tone if event.lawful else "blue",
        icon=move.icon if event.lawful else "question",
        move=move.name,
        lawful=event.lawful,
        since=None if event.since is None else event.since.isoformat(),
        state=_words(event.status),
        dates=_dates(event),
        version=step.version or NOTHING,
        by=event.by or NOTHING,
        principal=event.principal,
        reason=step.reason,
        applied_on=None if event.renewal_applied_on is None else event.renewal_applied_on.isoformat(),
        trust_level=event.trust_level,
        paper_era=is_paper_era(event.trust_level),
        batch=step.batch,
        learnt_at=step.taken_over_at,
    )


def _dates(event: Event) -> str:
    if event.term is None:
        return NOTHING
    begin, end = event.term.valid_from, event.term.valid_until
    until = "长期 long term" if event.term.long_term else NOTHING if end is None else end.isoformat()
    return f"{NOTHING if begin is None else begin.isoformat()} 至 to {until}"
