"""Scores by department, dataset, dimension or rule, month by month, with denominators and bands; the way down to rows.

Sums, means and maturity are those of `quality.grades`, and a month is what it is in `registries.store.monthly`. The
worst come first, and are drawn.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

from exchange_api.pages import words
from exchange_api.pages.boards.asked import BOARDS, Asked, last_of_month, months_before
from exchange_api.pages.boards.setting import Setting, by_select, months_fields, named, select
from exchange_api.pages.quality_views import rule_words
from exchange_api.pages.rendering import points
from exchange_api.pages.views.board import Board, Cell, Chart, Head, Row, Select
from exchange_api.pages.views.frame import Option, Tile, Words
from exchange_api.pages.views.scores import Score
from quality.grades import Cell as Judged
from quality.grades import Grade, department_grade, grade_of
from registries.store import dashboard_reads
from registries.store.dashboard_reads import MonthLine, Period

NAME: Final = "scores"
BY: Final[Mapping[str, Words]] = {
    "department": Words("部门", "Department"),
    "dataset": Words("数据资源", "Dataset"),
    "dimension": Words("维度", "Dimension"),
    "rule": Words("规则", "Rule"),
}
MONTHS: Final = 12
_DRAWN: Final = 8
_LONGEST: Final = 120
MATURITY: Final[tuple[tuple[Words, str], ...]] = (
    (Words("未达必达级", "below required"), "red"),
    (Words("必达级", "required"), "yellow"),
    (Words("应达级", "expected"), "blue"),
    (Words("优秀级", "excellent"), "green"),
)
"""GLEIF's three levels, and what reaches none."""
_CARRIED: Final = Words(
    "全量报送以当月最后一批为准，增量报送当月合计；当月没有报送的沿用上一次。与按月定格的分数口径一致。",
    "A month has its last snapshot, or all its change sets together; without a delivery the last one before holds. "
    "Closed months are counted so, too.",
)


def board(conn: Any, asked: Asked, setting: Setting) -> Board:  # noqa: ANN401 - the store's transaction
    """Scores of a time, the last twelve months unless told."""
    by = asked.by if asked.by in BY and (asked.by != "rule" or asked.dataset) else "department"
    until = asked.last_day(setting.today)
    since = asked.first_day(months_before(until, MONTHS - 1))
    months = months_between(since, until)
    found = dashboard_reads.months(conn, Period(since, last_of_month(until)), asked.dataset or None)
    lines = carried([line for line in found if _wanted(line, asked)], months)
    months = [month for month in months if any(line.month <= month for line in lines)]
    rows = _rows(lines, months, by, asked, setting)
    return Board(
        name=NAME,
        title=Words("质量分", "Quality scores"),
        lede=Words(
            "分数 = 符合 ÷ 已检查 × 100，下方为两数；资源为各维度、部门为各资源的不加权平均；无数据不计为满分。",
            "score = passed ÷ checked × 100, both shown; a dataset is the unweighted mean of its dimensions, "
            "a department of its datasets; no data is not 100.",
        ),
        heads=_heads(by, months),
        rows=rows,
        chart=Chart(
            "lines", Words("质量分随月份变化", "Scores by month"), Words("分", "points"), _DRAWN, low=98, high=100
        ),
        selects=_selects(found, by, asked, setting),
        fields=months_fields(since, until),
        tiles=_tiles(lines, months),
        notes=(_CARRIED,),
        steps=_steps(by, asked, setting),
        query=asked.query,
        legend=True,
    )


def _wanted(line: MonthLine, asked: Asked) -> bool:
    of_department = not asked.department or line.department == asked.department
    return of_department and (not asked.dimension or line.dimension == asked.dimension)


def months_between(since: dt.date, until: dt.date) -> list[dt.date]:
    """The first days of the months of a time, ten years of them at most.

    >>> [f"{one:%m}" for one in months_between(dt.date(2025, 12, 31), dt.date(2026, 1, 1))]
    ['12', '01']
    """
    found = [since.replace(day=1)]
    while len(found) < _LONGEST and months_before(found[-1], -1) <= until:
        found.append(months_before(found[-1], -1))
    return found


def carried(lines: Sequence[MonthLine], months: Sequence[dt.date]) -> list[MonthLine]:
    """The lines by month; in a month without any delivery a dataset stands as it stood before."""
    kept: dict[str, dict[dt.date, list[MonthLine]]] = defaultdict(lambda: defaultdict(list))
    for line in lines:
        kept[line.dataset][line.month].append(line)
    found = []
    for of_dataset in kept.values():
        for month in months:
            before = max((one for one in of_dataset if one <= month), default=None)
            found += [line._replace(month=month) for line in (of_dataset[before] if before else ())]
    return found


def _heads(by: str, months: Sequence[dt.date]) -> tuple[Head, ...]:
    """The newest month comes first, and beside it how mature that is."""
    scores = [Head(Words(f"{one:%Y-%m}", ""), "score", f"{one:%Y-%m}") for one in reversed(months)]
    reached = () if by in {"rule", "dimension"} else (Head(Words("成熟度", "Maturity"), "tag"),)
    return Head(BY[by]), *scores[:1], *reached, *scores[1:]


def _rows(
    lines: Sequence[MonthLine], months: Sequence[dt.date], by: str, asked: Asked, setting: Setting
) -> tuple[Row, ...]:
    groups: dict[str, dict[dt.date, list[MonthLine]]] = defaultdict(lambda: defaultdict(list))
    for line in lines:
        groups[_key(line, by)][line.month].append(line)
    grades = {key: [grade(of_month.get(month, ()), by) for month in months] for key, of_month in groups.items()}
    worst_first = sorted(grades.items(), key=lambda one: (_latest(one[1]), one[0]))
    return tuple(_row(key, found, by, asked, setting) for key, found in worst_first)


def _key(line: MonthLine, by: str) -> str:
    return line.rule_id if by == "rule" else str(getattr(line, by))


def _latest(grades: Sequence[Grade]) -> Fraction:
    known = [one.total for one in grades if one.total is not None]
    return known[-1] if known else Fraction(2)


def grade(lines: Iterable[MonthLine], by: str) -> Grade:
    """The grade of some lines: pooled for a rule or dimension, a mean for a dataset, a department or all of them."""
    of_dataset: dict[str, list[Judged]] = defaultdict(list)
    for line in lines:
        of_dataset[line.dataset].append(Judged(line.dimension, line.level, line.checked, line.failed))
    if by in {"rule", "dimension"}:
        return grade_of(one for found in of_dataset.values() for one in found)
    return department_grade(list(of_dataset.values()))


def _row(key: str, grades: Sequence[Grade], by: str, asked: Asked, setting: Setting) -> Row:
    name, href = _name(key, by, asked, setting), _below(key, by, asked)
    reached = () if by in {"rule", "dimension"} else (_maturity(grades[-1]),)
    newest, *earlier = [score_cell(one) for one in reversed(grades)]
    return Row(name.zh, (named(name, href), newest, *reached, *earlier), href)


def _maturity(one: Grade) -> Cell:
    if one.total is None:
        return Cell("—")
    name, tone = MATURITY[one.maturity]
    return Cell(name.zh, name.en, one.maturity, tone=tone)


def score_of(one: Grade) -> Score:
    """A grade as pages show it: the mean, over how many judgements."""
    checked = sum(level.checked for level in one.levels.values())
    failed = sum(level.failed for level in one.levels.values())
    return Score(checked - failed, checked, None if one.total is None else float(one.total))


def score_cell(one: Grade) -> Cell:
    """A cell with a score; its value is in points of a hundred."""
    score = score_of(one)
    if one.total is None:
        return Cell("无数据", "no data", score=score)
    return Cell(points(float(one.total)), value=round(float(one.total) * 100, 4), score=score)


def _name(key: str, by: str, asked: Asked, setting: Setting) -> Words:
    if by == "rule":
        return rule_words(asked.dataset, key, setting.catalogue)
    if by == "dimension":
        return words.DIMENSIONS.get(key, Words(key, key))
    return setting.department(key) if by == "department" else setting.dataset(key)


def _below(key: str, by: str, asked: Asked) -> str:
    """What a row leads to: one step further down."""
    if by == "department":
        return asked.to(NAME, by="dataset", department=key)
    if by == "dataset":
        return asked.to(NAME, by="rule", dataset=key, department="")
    if by == "dimension":
        return asked.to(NAME, by="rule" if asked.dataset else "dataset", dimension=key)
    return f"{BOARDS}/rows?{Asked(dataset=asked.dataset, rule=key).query}"


def _selects(lines: Sequence[MonthLine], by: str, asked: Asked, setting: Setting) -> tuple[Select, ...]:
    known = sorted({line.dataset for line in lines if not asked.department or line.department == asked.department})
    datasets = [Option(name, setting.dataset(name).zh) for name in known]
    dimensions = [Option(name, f"{one.zh} {one.en}") for name, one in words.DIMENSIONS.items()]
    choices = BY if asked.dataset else {name: one for name, one in BY.items() if name != "rule"}
    return (
        by_select(choices, by),
        setting.departments_select(asked.department),
        select("dataset", Words("数据资源", "Dataset"), datasets, asked.dataset),
        select("dimension", Words("维度", "Dimension"), dimensions, asked.dimension),
    )


def _tiles(lines: Sequence[MonthLine], months: Sequence[dt.date]) -> tuple[Tile, ...]:
    if not months:
        return ()
    latest = [line for line in lines if line.month == months[-1]]
    now = score_of(grade(latest, "department"))
    share, failed = now.share, now.checked - now.passed
    month = Words(f"{months[-1].year} 年 {months[-1].month} 月", f"{months[-1]:%Y-%m}")
    return (
        Tile(Words("最近一月总分", "Latest month"), "—" if share is None else points(share), month, "/ 100"),
        Tile(Words("检查", "Checked"), f"{now.checked:,}", Words("次判断", "judgements")),
        Tile(Words("不符", "Failed"), f"{failed:,}", Words("次判断", "judgements")),
        Tile(Words("有数据的资源", "Datasets"), f"{len({line.dataset for line in latest})}", month),
    )


def _steps(by: str, asked: Asked, setting: Setting) -> tuple[tuple[Words, str], ...]:
    """The way back up: the city, the department, the dataset."""
    time = Asked(since=asked.since, until=asked.until)
    steps = [(Words("全市", "City"), time.to(NAME))]
    department = asked.department or (setting.department_of(asked.dataset) if asked.dataset else "")
    if department:
        up = time.to(NAME, by="dataset", department=department)
        steps.append((setting.department(department), up))
    if asked.dataset:
        steps.append((setting.dataset(asked.dataset), time.to(NAME, by="rule", dataset=asked.dataset)))
    return tuple(steps) if len(steps) > 1 or by != "department" else ()
