"""Lag: how many days certificates take from issue to the hub, of those issued since their dataset was connected.

Percentiles are exact: the hub keeps how many certificates took how many days, not samples.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from exchange_api.pages.boards.asked import Asked, last_of_month, months_before
from exchange_api.pages.boards.setting import Setting, by_select, count, months_fields, named, select, share
from exchange_api.pages.views.board import Board, Chart, Head, Row
from exchange_api.pages.views.frame import Option, Tile, Words
from registries.store import dashboard_reads
from registries.store.dashboard_reads import LagLine, Period

NAME: Final = "lag"
BY: Final[Mapping[str, Words]] = {
    "type": Words("证照类型", "Certificate type"),
    "department": Words("部门", "Department"),
    "dataset": Words("数据资源", "Dataset"),
    "month": Words("签发月份", "Month of issue"),
}
MONTHS: Final = 12


def board(conn: Any, asked: Asked, setting: Setting) -> Board:  # noqa: ANN401 - the store's transaction
    """Days from issue to the hub, of certificates issued in the last twelve months unless told."""
    by = asked.by if asked.by in BY else "type"
    until = asked.last_day(setting.today)
    since = asked.first_day(months_before(until, MONTHS - 1))
    every = dashboard_reads.lags(conn, Period(since, last_of_month(until)))
    lines = [line for line in every if _wanted(line, asked)]
    groups: dict[str, list[LagLine]] = defaultdict(list)
    for line in lines:
        groups[_key(line, by)].append(line)
    return Board(
        name=NAME,
        title=Words("签发到归集", "From issue to the hub"),
        lede=Words(
            "证照自签发之日到首次进入枢纽用了几天；只计数据资源接入之后签发的证照。新增证照应同步签发、次日到枢纽。",
            "Days from issue to the first batch that brought the certificate, of those issued since the dataset was "
            "connected. New ones should be here the next day.",
        ),
        heads=(
            Head(BY[by]),
            Head(Words("证照数", "Certificates"), "number"),
            Head(Words("次日内", "Within a day"), "number"),
            Head(Words("中位数", "Median"), "number", "中位数 median", "blue"),
            Head(Words("90% 在几天内", "90 % within"), "number", "90%", "orange"),
            Head(Words("99% 在几天内", "99 % within"), "number"),
            Head(Words("最长", "Longest"), "number"),
        ),
        rows=tuple(_row(key, _days(groups[key]), by, asked, setting) for key in sorted(groups)),
        chart=Chart("bars", Words("签发到归集的天数", "Days from issue to the hub"), Words("天", "days"), 20),
        selects=(
            by_select(BY, by),
            select("type", BY["type"], _types(every, setting), asked.type),
            setting.departments_select(asked.department),
        ),
        fields=months_fields(since, until, Words("签发自", "Issued from")),
        tiles=_tiles(_days(lines)),
        query=asked.query,
        empty=Words("接入之后还没有新签发的证照。", "No certificate was issued since its dataset was connected."),
    )


def _wanted(line: LagLine, asked: Asked) -> bool:
    of_type = not asked.type or line.certificate_type == asked.type
    return of_type and (not asked.department or line.department == asked.department)


def _key(line: LagLine, by: str) -> str:
    month, kind = f"{line.month:%Y-%m}", line.certificate_type
    return {"month": month, "type": kind, "dataset": line.dataset, "department": line.department}[by]


def _days(lines: Sequence[LagLine]) -> Counter[int]:
    days: Counter[int] = Counter()
    for line in lines:
        days[line.days] += line.certificates
    return days


def within(days: Counter[int], percent: int) -> int | None:
    """The least number of days in which so many of a hundred arrived.

    >>> within(Counter({0: 5, 3: 4, 40: 1}), 90), within(Counter(), 50)
    (3, None)
    """
    here = 0
    for number in sorted(days):
        here += days[number]
        if here * 100 >= days.total() * percent:
            return number
    return None


def _row(key: str, days: Counter[int], by: str, asked: Asked, setting: Setting) -> Row:
    names = {"type": setting.kind, "department": setting.department, "dataset": setting.dataset}
    name = names[by](key) if by in names else Words(key, "")
    href = asked.to(NAME, by="month", **{by: key}) if by in {"type", "department"} else ""
    return Row(
        name.zh,
        (
            named(name, href),
            count(days.total()),
            share(days[0] + days[1], days.total()),
            *(count(within(days, percent)) for percent in (50, 90, 99)),
            count(max(days, default=None)),
        ),
        href,
    )


def _types(lines: Sequence[LagLine], setting: Setting) -> list[Option]:
    return [Option(code, setting.kind(code).zh) for code in sorted({line.certificate_type for line in lines})]


def _tiles(days: Counter[int]) -> tuple[Tile, ...]:
    median, most = within(days, 50), within(days, 90)
    return (
        Tile(Words("证照数", "Certificates"), f"{days.total():,}", Words("接入后签发", "issued since connected")),
        Tile(
            Words("次日内", "Within a day"), share(days[0] + days[1], days.total()).text, Words("到枢纽", "in the hub")
        ),
        Tile(Words("中位数", "Median"), "—" if median is None else f"{median}", Words("天", "days")),
        Tile(Words("90% 在几天内", "90 % within"), "—" if most is None else f"{most}", Words("天", "days")),
    )
