"""Freshness: how old each dataset is against its contract's SLA, and when its department has to deliver next.

Days are working days where the contract says so, by the operator's calendar. A source that only confirmed that it has
nothing new is fresh, too. What is asked live at its source is never late.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from certificates.china_time import CHINA
from exchange_api.pages.boards.asked import Asked
from exchange_api.pages.boards.setting import Setting, count, named, select
from exchange_api.pages.views.board import Board, Cell, Chart, Head, Row
from exchange_api.pages.views.frame import Option, Tile, Words
from registries.contracts.model import Sla
from registries.store import dashboard_reads
from registries.store.dashboard_reads import StandingLine
from registries.working_days import WorkingDays

NAME: Final = "freshness"


class State(NamedTuple):
    """How a dataset stands."""

    words: Words
    tone: str
    mark: str


STATES: Final[Mapping[str, State]] = {
    "overdue": State(Words("已超期", "overdue"), "red", "warn"),
    "due": State(Words("将到期", "due soon"), "yellow", "clock"),
    "never": State(Words("从未报送", "never delivered"), "orange", "question"),
    "fresh": State(Words("及时", "fresh"), "green", "check"),
    "live": State(Words("实时查询", "asked live"), "blue", "info"),
}
_SOON: Final = 1
"""Days that are left when the card is yellow."""


class Age(NamedTuple):
    """A dataset's age: days in its SLA's own count; None before the first delivery."""

    state: str
    as_of: dt.date | None = None
    days: int | None = None
    next_on: dt.date | None = None
    due_on: dt.date | None = None
    over: int = 0


def board(conn: Any, asked: Asked, setting: Setting) -> Board:  # noqa: ANN401 - the store's transaction
    """All datasets, what is overdue first."""
    lines = [line for line in dashboard_reads.standings(conn) if line.dataset in setting.catalogue]
    aged = [(line, age_of(line, setting)) for line in lines]
    wanted = [one for one in aged if not asked.department or one[0].department == asked.department]
    shown = [one for one in wanted if not asked.state or one[1].state == asked.state]
    order = {name: place for place, name in enumerate(STATES)}
    shown.sort(key=lambda one: (order[one[1].state], -one[1].over, -(one[1].days or 0), one[0].dataset))
    return Board(
        name=NAME,
        title=Words("数据新鲜度", "Freshness"),
        lede=Words(
            "各数据资源的数据截至何日、按契约约定何时应再报送、何时算超期；工作日按运营方日历计算。",
            "How old each dataset is, when its contract expects the next delivery, and when it is overdue; "
            "working days are those of the operator's calendar.",
        ),
        heads=_HEADS,
        rows=tuple(_row(line, age, setting) for line, age in shown),
        chart=Chart("bars", Words("已用去允许时限的百分之几", "Share of the allowed age used"), Words("%", "%")),
        selects=(
            setting.departments_select(asked.department),
            select("state", Words("状态", "State"), _options(), asked.state),
        ),
        tiles=tuple(_tile(name, wanted) for name in ("overdue", "due", "never", "fresh")),
        query=asked.query,
    )


_HEADS: Final = (
    Head(Words("数据资源", "Dataset")),
    Head(Words("部门", "Department")),
    Head(Words("状态", "State"), "tag"),
    Head(Words("已有天数", "Age"), "number"),
    Head(Words("允许天数", "Allowed"), "number"),
    Head(Words("已用时限 %", "Used, %"), "number", "已用时限 used", "blue"),
    Head(Words("数据截至", "As of")),
    Head(Words("下次应报", "Next expected")),
    Head(Words("最迟", "Overdue after")),
    Head(Words("最近批次", "Last batch")),
    Head(Words("行数", "Rows"), "number"),
    Head(Words("未接收", "Refused"), "number"),
)


def age_of(line: StandingLine, setting: Setting) -> Age:
    """How old a dataset is today."""
    dataset = setting.catalogue.dataset(line.dataset)
    if dataset.server.kind == "live_query":
        return Age("live")
    if line.data_as_of is None:
        return Age("never")
    as_of = line.data_as_of.astimezone(CHINA).date()
    sla = dataset.sla
    due_on = _after(as_of, sla.fresh_for_days, sla, setting.calendar)
    left = _between(setting.today, due_on, sla, setting.calendar)
    state = "overdue" if setting.today > due_on else "due" if left <= _SOON < sla.fresh_for_days else "fresh"
    days = _between(as_of, setting.today, sla, setting.calendar)
    next_on = _after(as_of, sla.update_every_days, sla, setting.calendar)
    return Age(state, as_of, days, next_on, due_on, max(0, -left))


def _after(day: dt.date, days: int, sla: Sla, calendar: WorkingDays) -> dt.date:
    return calendar.after(day, days) if sla.working_days else day + dt.timedelta(days=days)


def _between(day: dt.date, last: dt.date, sla: Sla, calendar: WorkingDays) -> int:
    return calendar.between(day, last) if sla.working_days else (last - day).days


def _row(line: StandingLine, age: Age, setting: Setting) -> Row:
    state, sla = STATES[age.state], setting.catalogue.dataset(line.dataset).sla
    href = f"/steward/datasets/{line.dataset}"
    over = Words(f"超 {age.over} 天", f"by {age.over} days") if age.over else state.words
    tag = Cell(state.words.zh, state.words.en, state.words.zh, tone=state.tone, mark=state.mark)
    if age.over:
        tag = Cell(f"{state.words.zh} {age.over} 天", f"overdue {over.en}", state.words.zh, tone="red", mark="warn")
    counted = Words("工作日", "working days") if sla.working_days else Words("自然日", "calendar days")
    return Row(
        setting.dataset(line.dataset).zh,
        (
            named(setting.dataset(line.dataset), href),
            named(setting.department(line.department)),
            tag,
            count(age.days),
            Cell(f"{sla.fresh_for_days} {counted.zh}", counted.en, sla.fresh_for_days),
            _used(age, sla),
            _day(age.as_of),
            _day(age.next_on),
            _day(age.due_on),
            Cell(
                "—" if line.batch is None else f"第 {line.batch} 批",
                "" if line.at is None else _short(line.at),
                line.batch,
            ),
            count(line.pulled),
            count(line.refused),
        ),
        href,
    )


def _used(age: Age, sla: Sla) -> Cell:
    """The share of the allowed time that is used, red in table and picture once it is over."""
    used = count(None if age.days is None else age.days * 100 // sla.fresh_for_days)
    return Cell(used.text, value=used.value, tone="red") if age.over else used


def _short(at: dt.datetime) -> str:
    return f"{at.astimezone(CHINA):%Y-%m-%d %H:%M}"


def _day(day: dt.date | None) -> Cell:
    return Cell("—") if day is None else Cell(day.isoformat(), value=day)


def _options() -> list[Option]:
    return [Option(name, f"{one.words.zh} {one.words.en}") for name, one in STATES.items()]


def _tile(name: str, aged: list[tuple[StandingLine, Age]]) -> Tile:
    found = sum(age.state == name for _, age in aged)
    return Tile(STATES[name].words, f"{found}", Words("个数据资源", "datasets"), f"/ {len(aged)}")
