"""Cases by age: how many working days open cases have been waiting, of which department and cause, and what is overdue.

A case is one cause with all its rows; days on which its clock stood are not counted.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from certificates.china_time import CHINA
from exchange_api.pages import words
from exchange_api.pages.boards.asked import Asked
from exchange_api.pages.boards.setting import Setting, by_select, count, named, select
from exchange_api.pages.views.board import Board, Cell, Chart, Head, Row
from exchange_api.pages.views.frame import Option, Tile, Words
from registries.store import dashboard_reads
from registries.store.dashboard_reads import CaseLine

NAME: Final = "cases"
BY: Final[Mapping[str, Words]] = {
    "department": Words("部门", "Department"),
    "dataset": Words("数据资源", "Dataset"),
    "cause": Words("起因", "Cause"),
}
KINDS: Final = ("rectification", "verification")
_SOON: Final = 2
"""Working days that are left when the card is yellow."""


class Age(NamedTuple):
    """A class of ages in working days; the last one has no end."""

    words: Words
    until: int | None
    tone: str


AGES: Final = (
    Age(Words("5 天内", "up to 5 days"), 5, "green"),
    Age(Words("6–10 天", "6 to 10 days"), 10, "blue"),
    Age(Words("11–20 天", "11 to 20 days"), 20, "yellow"),
    Age(Words("21–60 天", "21 to 60 days"), 60, "orange"),
    Age(Words("超过 60 天", "over 60 days"), None, "red"),
)


class Aged(NamedTuple):
    """An open case with its age in working days, and its card."""

    line: CaseLine
    days: int
    card: str

    @property
    def place(self) -> int:
        """Which class of ages it is in."""
        return next(place for place, age in enumerate(AGES) if age.until is None or self.days <= age.until)


def board(conn: Any, asked: Asked, setting: Setting) -> Board:  # noqa: ANN401 - the store's transaction
    """Open cases by department unless told otherwise, those with most overdue first."""
    by = asked.by if asked.by in BY else "department"
    aged = [aged_of(line, setting) for line in dashboard_reads.open_cases(conn)]
    shown = [one for one in aged if _wanted(one.line, asked)]
    groups: dict[str, list[Aged]] = defaultdict(list)
    for one in shown:
        groups[str(getattr(one.line, by))].append(one)
    ordered = sorted(groups.items(), key=lambda one: (-_cards(one[1], "red"), -len(one[1]), one[0]))
    return Board(
        name=NAME,
        title=Words("工单时长", "Cases by age"),
        lede=Words(
            "未办结的工单已有几个工作日（停表的日子不计），多少已超期；一个起因一张工单，行数另计。",
            "How many working days open cases have been waiting (days with a stopped clock are not counted), and how "
            "many are overdue; one cause is one case, its rows are counted apart.",
        ),
        heads=(
            Head(BY[by]),
            Head(Words("未结工单", "Open"), "number"),
            *(Head(age.words, "number", f"{age.words.zh} {age.words.en}", age.tone) for age in AGES),
            Head(Words("红牌", "Overdue"), "number"),
            Head(Words("黄牌", "Due soon"), "number"),
            Head(Words("停表", "Stopped"), "number"),
            Head(Words("待改行数", "Rows to mend"), "number"),
            Head(Words("最长", "Oldest"), "number"),
        ),
        rows=tuple(_row(key, found, by, setting) for key, found in ordered),
        chart=Chart("stacked", Words("未结工单，按已有工作日分", "Open cases by age"), Words("件", "cases"), 15),
        selects=(
            by_select(BY, by),
            setting.departments_select(asked.department),
            select("state", Words("类别", "Kind"), _kinds(), asked.state),
        ),
        tiles=_tiles(shown),
        query=asked.query,
        empty=Words("没有未办结的工单。", "No case is open."),
    )


def aged_of(line: CaseLine, setting: Setting) -> Aged:
    """How old a case is today, and its card: red when it is overdue, yellow when two days at most are left."""
    opened = line.opened_at.astimezone(CHINA).date()
    days = max(0, setting.calendar.between(opened, setting.today) - line.stopped_days)
    left = setting.calendar.between(setting.today, line.due_on)
    card = "" if line.stopped else "red" if setting.today > line.due_on else "yellow" if left <= _SOON else ""
    return Aged(line, days, card)


def _wanted(line: CaseLine, asked: Asked) -> bool:
    of_kind = not asked.state or line.kind == asked.state
    of_department = not asked.department or line.department == asked.department
    return of_kind and of_department and (not asked.dataset or line.dataset == asked.dataset)


def _cards(found: Sequence[Aged], card: str) -> int:
    return sum(one.card == card for one in found)


def _row(key: str, found: Sequence[Aged], by: str, setting: Setting) -> Row:
    href = f"/steward/cases?{by}={key}"
    reds, yellows = _cards(found, "red"), _cards(found, "yellow")
    return Row(
        _name(key, by, setting).zh,
        (
            named(_name(key, by, setting), href),
            count(len(found)),
            *(count(sum(one.place == place for one in found)) for place in range(len(AGES))),
            Cell(f"{reds}", value=reds, tone="red" if reds else "", mark="warn"),
            Cell(f"{yellows}", value=yellows, tone="yellow" if yellows else "", mark="clock"),
            count(sum(one.line.stopped for one in found)),
            count(sum(one.line.rows_open for one in found)),
            count(max(one.days for one in found)),
        ),
        href,
    )


def _name(key: str, by: str, setting: Setting) -> Words:
    if by == "cause":
        return words.CASE_CAUSES.get(key, Words(key, key))
    return setting.department(key) if by == "department" else setting.dataset(key)


def _kinds() -> list[Option]:
    return [Option(kind, f"{words.CASE_KINDS[kind].zh} {words.CASE_KINDS[kind].en}") for kind in KINDS]


def _tiles(found: Sequence[Aged]) -> tuple[Tile, ...]:
    rows = sum(one.line.rows_open for one in found)
    return (
        Tile(Words("未结工单", "Open cases"), f"{len(found):,}", Words("件", "one for each cause")),
        Tile(Words("红牌", "Overdue"), f"{_cards(found, 'red'):,}", Words("件已超期", "past their last day")),
        Tile(
            Words("黄牌", "Due soon"),
            f"{_cards(found, 'yellow'):,}",
            Words("件两个工作日内到期", "within two working days"),
        ),
        Tile(Words("待改行数", "Rows to mend"), f"{rows:,}", Words("行", "in all of them")),
    )
