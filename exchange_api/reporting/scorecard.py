"""A department's monthly scorecard (数据质量评分卡): its grade, its peers, its five most frequent failures, its cases.

report = scorecard(months, "transport", names)       # the last of the months is told of, those before as the trend

Peers stay nameless: a rank of how many, and medians. What is counted, and how, stands on the card.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final

from exchange_api.reporting.figures import (
    DIMENSIONS,
    MOST_FAILURES,
    DatasetMonth,
    DepartmentMonth,
    MonthFigures,
    Standing,
    criterion_median,
    standing_of,
)
from exchange_api.reporting.naming import DIMENSION_WORDS, LEVEL_WORDS, Names, both
from exchange_api.reporting.sections import NOTHING, Column, Report, Section, graded, points
from quality.grades import LEVELS
from registries.store.monthly import Bounds

METHOD: Final = (
    "总分为各维度（GB/T 36344）得分的算术平均，部门总分为各数据资源的平均，不加权；必达项须为 100。"
    "等级：红 ≤ 90，橙 ≤ 95，黄 ≤ 98，绿 > 98（GLEIF 方法）。无法再更正的行不计入得分，另行公开计数。"
    " Unweighted means over criteria and datasets; required is 100. What is beyond mending is out of the score, and "
    "counted openly."
)


def scorecard(months: Sequence[MonthFigures], department: str, names: Names) -> Report:
    """The card of the last of these months, which has the department."""
    month = months[-1]
    own, standing = month.departments[department], standing_of(month, department)
    before = months[-2].totals.get(department) if len(months) > 1 else None
    return Report(
        name=f"scorecard-{department}-{month.month:%Y-%m}",
        zh=f"数据质量月度评分卡：{names.department(department)}",
        en="Monthly data quality scorecard",
        about=(
            ("月份 Month", f"{month.month:%Y-%m}"),
            ("部门 Department", names.department(department)),
            ("评分方法 Method", METHOD),
        ),
        lead=tuple(_lead(own, standing, before)),
        sections=tuple(_sections(months, own, standing, names)),
        made_at=Bounds(month.month).until,
    )


def _lead(own: DepartmentMonth, standing: Standing, before: Fraction | None) -> Iterator[str]:
    total = own.grade.total
    yield graded(total) if total is not None else "本月没有可评分的数据 No data to score this month"
    if standing.rank is not None:
        median = _or_nothing(standing.median)
        yield f"排名 {standing.rank} / {standing.of}，其他部门中位数 {median} rank, and peers' median"
    if total is not None and before is not None:
        yield f"比上月 {'+' if total >= before else '-'}{points(abs(total - before))} since the month before"
    met = own.grade.levels[1].met
    yield "必达项全部达到 all that is required is met" if met else "必达项未全部达到 not all that is required is met"


def _sections(
    months: Sequence[MonthFigures], own: DepartmentMonth, standing: Standing, names: Names
) -> Iterator[Section]:
    yield _trend(months, own.department, standing)
    yield _criteria(months[-1], own)
    yield _levels(own)
    yield _datasets(own, names)
    yield _failures(own, names)
    yield _cases(own, names)


def _trend(months: Sequence[MonthFigures], department: str, standing: Standing) -> Section:
    rows: list[tuple[str, Fraction | None]] = [
        (f"{month.month:%Y-%m}", month.totals.get(department)) for month in months
    ]
    rows.append((f"{months[-1].month:%Y-%m} 其他部门中位数 peers' median", standing.median))
    columns = (Column("月份", "Month", 60), Column("总分", "Total", 120, "share"))
    return Section("总分与走势", "Total, month by month", columns, tuple(rows))


def _criteria(month: MonthFigures, own: DepartmentMonth) -> Section:
    rows = []
    for name in DIMENSIONS:
        share = own.grade.criteria.get(name)
        median = criterion_median(month, own.department, name)
        exact, checked, failed = (None, 0, 0) if share is None else (share.exact, share.checked, share.failed)
        rows.append((both(DIMENSION_WORDS[name]), exact, checked, failed, median))
    columns = (
        Column("维度", "Criterion", 40),
        Column("得分", "Score", 56, "share"),
        Column("判定数", "Judged", 22, "count"),
        Column("不合格", "Failed", 22, "count"),
        Column("他部门中位数", "Peers' median", 40, "share"),
    )
    return Section("各维度", "Criteria", columns, tuple(rows))


def _levels(own: DepartmentMonth) -> Section:
    rows = []
    for level in LEVELS:
        share = own.grade.levels[level]
        state = NOTHING if not share.checked else "达到 met" if share.met else "未达到 not met"
        rows.append((both(LEVEL_WORDS[level]), share.exact, share.checked, share.failed, state))
    columns = (
        Column("级别", "Level", 40),
        Column("得分", "Score", 56, "share"),
        Column("判定数", "Judged", 22, "count"),
        Column("不合格", "Failed", 22, "count"),
        Column("是否达到", "Met", 40),
    )
    note = f"成熟度 {own.grade.maturity} / 3 maturity; 无法再更正 {own.grade.beyond_mending:,} 处不计入 beyond mending"
    return Section("三级成熟度", "Maturity", columns, tuple(rows), note)


def _datasets(own: DepartmentMonth, names: Names) -> Section:
    rows = tuple(
        (
            names.dataset(one.kept.dataset),
            one.grade.total,
            one.kept.delivered,
            one.kept.pulled,
            one.kept.quarantined,
            one.kept.held,
            _freshness(one),
        )
        for one in own.datasets
    )
    columns = (
        Column("数据资源", "Dataset", 46),
        Column("总分", "Total", 46, "share"),
        Column("批次", "Batches", 16, "count"),
        Column("行数", "Rows", 20, "count"),
        Column("退回行", "Refused", 18, "count"),
        Column("挂起批", "Held", 14, "count"),
        Column("更新", "Freshness", 20),
    )
    return Section("数据资源", "Datasets", columns, rows)


def _freshness(one: DatasetMonth) -> str:
    if one.kept.data_as_of is None:
        return "从未交付 never delivered"
    return "按期 in time" if one.fresh else "逾期 late"


def _failures(own: DepartmentMonth, names: Names) -> Section:
    rows = tuple(
        (
            names.dataset(one.dataset),
            names.rule(one.dataset, one.rule_id),
            LEVEL_WORDS[one.level][0],
            one.failed,
            one.checked,
        )
        for one in own.failures[:MOST_FAILURES]
    )
    columns = (
        Column("数据资源", "Dataset", 38),
        Column("问题与改法", "What is wrong, and how to mend it", 90),
        Column("级别", "Level", 14),
        Column("不合格", "Failed", 18, "count"),
        Column("判定数", "Judged", 20, "count"),
    )
    rest = len(own.failures) - len(rows)
    note = f"另有 {rest} 条规则发现问题 and {rest} more rules found something" if rest > 0 else ""
    return Section("最常见的五个问题", "The five most frequent failures", columns, rows, note)


def _cases(own: DepartmentMonth, names: Names) -> Section:
    rows = tuple(
        (
            names.dataset(one.kept.dataset),
            one.kept.cases_opened,
            one.kept.cases_closed,
            one.kept.closed_in_time,
            one.kept.cases_open,
            one.kept.cases_overdue,
            one.kept.beyond_mending,
        )
        for one in own.datasets
    )
    columns = (
        Column("数据资源", "Dataset", 54),
        Column("新开工单", "Opened", 20, "count"),
        Column("办结", "Closed", 20, "count"),
        Column("按期办结", "In time", 20, "count"),
        Column("月末在办", "Open", 20, "count"),
        Column("其中超期", "Overdue", 20, "count"),
        Column("无法更正", "Beyond mending", 26, "count"),
    )
    return Section("工单", "Cases", columns, rows)


def _or_nothing(share: Fraction | None) -> str:
    return NOTHING if share is None else points(share)
