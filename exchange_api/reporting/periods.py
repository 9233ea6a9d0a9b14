"""The hub's monthly and quarterly reports (工作进展月报, 季度通报): departments by grade, deliveries, cases, and use.

    report = period_report([october], names)                       # a month
    report = period_report([july, august, september], names)       # a quarter

Plans ask for the month's by the 5th of the next one, and for the quarter's within ten working days of its end. Names
stand here: it is the authority's report, and not a department's.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Final

from exchange_api.reporting.figures import MonthFigures, totals_over
from exchange_api.reporting.naming import ACT_WORDS, APPLICATION_WORDS, Names, both
from exchange_api.reporting.scorecard import METHOD
from exchange_api.reporting.sections import BANDS, NOTHING, Cell, Column, Report, Rows, Section, graded
from quality.grades import band_of, mean, rank_of
from registries.store.monthly import Bounds

QUARTER: Final = 3
MOST_FAILURES: Final = 10


def period_report(months: Sequence[MonthFigures], names: Names) -> Report:
    """The report of one closed month or of a quarter's three, in their order."""
    last, quarterly = months[-1], len(months) == QUARTER
    period = f"{last.month:%Y} 年第 {(last.month.month + 2) // 3} 季度" if quarterly else f"{last.month:%Y-%m}"
    code = f"{last.month:%Y}-Q{(last.month.month + 2) // 3}" if quarterly else f"{last.month:%Y-%m}"
    return Report(
        name=f"{'quarterly' if quarterly else 'monthly'}-{code}",
        zh=f"政务数据共享{'季度通报' if quarterly else '工作月报'}：{period}",
        en="Quarterly circular" if quarterly else "Monthly progress report",
        about=(("报告期 Period", code), ("评分方法 Method", METHOD)),
        lead=tuple(_lead(months)),
        sections=tuple(_sections(months, names)),
        made_at=Bounds(last.month).until,
    )


def ranking(months: Sequence[MonthFigures]) -> list[tuple[str, Fraction | None]]:
    """Departments by the mean of their months' totals, the best first; those without data last."""
    names = sorted({name for month in months for name in month.departments})
    means = [(name, mean(totals_over(months, name))) for name in names]
    return sorted(means, key=lambda one: (one[1] is None, -(one[1] or Fraction(0)), one[0]))


def _lead(months: Sequence[MonthFigures]) -> Iterator[str]:
    ranked = [total for _, total in ranking(months) if total is not None]
    yield f"{graded(mean(ranked))}" if ranked else "报告期内没有可评分的数据 no data to score"
    bands = Counter(band_of(total) for total in ranked)
    yield "，".join(f"{zh} {en} {bands[band]}" for band, (zh, en) in BANDS.items()) + "（部门数 departments）"
    overdue, opened = months[-1].sum_of("cases_overdue"), months[-1].sum_of("cases_open")
    yield f"期末在办工单 {opened:,}，其中超期 {overdue:,} open cases at the end, overdue"


def _sections(months: Sequence[MonthFigures], names: Names) -> Iterator[Section]:
    yield _departments(months, names)
    yield _work(months)
    yield _cases(months, names)
    yield _failures(months, names)
    yield _questions(months)
    yield _applications(months, names)
    yield _paper(months, names)


def _departments(months: Sequence[MonthFigures], names: Names) -> Section:
    ranked = ranking(months)
    totals = [total for _, total in ranked if total is not None]
    rows: list[tuple[Cell, ...]] = []
    for name, total in ranked:
        own = months[-1].departments.get(name)
        rank = NOTHING if total is None else str(rank_of(total, totals))
        of_months = totals_over(months, name) if len(months) > 1 else []
        maturity = NOTHING if own is None or own.grade.total is None else f"{own.grade.maturity} / 3"
        rows.append((rank, names.department(name), total, *of_months, maturity))
    by_month = tuple(Column(f"{month.month:%Y-%m}", "", 26, "share") for month in months) if len(months) > 1 else ()
    columns = (
        Column("名次", "Rank", 12),
        Column("部门", "Department", 50),
        Column("总分", "Total", 50 if by_month else 90, "share"),
        *by_month,
        Column("成熟度", "Maturity", 18),
    )
    return Section("部门评分", "Departments by grade", columns, tuple(rows))


def _work(months: Sequence[MonthFigures]) -> Section:
    figures: tuple[tuple[str, Callable[[MonthFigures], int]], ...] = (
        ("发布数据的部门 Departments that publish", lambda month: len(month.departments)),
        ("数据资源 Datasets", lambda month: sum(len(one.datasets) for one in month.departments.values())),
        ("按期更新的资源 Of them fresh", _fresh),
        ("入库批次 Batches taken over", lambda month: month.sum_of("delivered")),
        ("挂起批次 Batches held", lambda month: month.sum_of("held")),
        ("读不出的批次 Batches that failed", lambda month: month.sum_of("failed")),
        ("收到行数 Rows delivered", lambda month: month.sum_of("pulled")),
        ("退回行数 Rows refused", lambda month: month.sum_of("quarantined")),
        ("无法再更正的行 Rows beyond mending", lambda month: month.sum_of("beyond_mending")),
        ("答复的询问 Questions answered", lambda month: month.used("asked")),
        ("免交材料 Materials nobody had to hand in", lambda month: month.used("exempt")),
        ("多余收取的纸质材料 Paper that was needless", lambda month: month.used("needless_paper")),
    )
    rows: Rows = tuple((words, *(figure(month) for month in months)) for words, figure in figures)
    columns = (Column("指标", "Figure", 90), *(Column(f"{month.month:%Y-%m}", "", 30, "count") for month in months))
    return Section("归集与使用", "Deliveries and use", columns, rows)


def _fresh(month: MonthFigures) -> int:
    return sum(each.fresh for one in month.departments.values() for each in one.datasets)


def _cases(months: Sequence[MonthFigures], names: Names) -> Section:
    rows: list[tuple[str, int, int, Fraction | None, int, int]] = []
    for name, own in months[-1].departments.items():
        found = [month.departments[name] for month in months if name in month.departments]
        opened, closed, in_time = (
            sum(one.sum_of(figure) for one in found) for figure in ("cases_opened", "cases_closed", "closed_in_time")
        )
        share = Fraction(in_time, closed) if closed else None
        rows.append(
            (names.department(name), opened, closed, share, own.sum_of("cases_open"), own.sum_of("cases_overdue"))
        )
    columns = (
        Column("部门", "Department", 50),
        Column("新开", "Opened", 20, "count"),
        Column("办结", "Closed", 20, "count"),
        Column("按期办结率", "In time", 50, "share"),
        Column("期末在办", "Open", 20, "count"),
        Column("其中超期", "Overdue", 20, "count"),
    )
    ordered = sorted(rows, key=lambda row: (-row[5], -row[4], row[0]))
    return Section("督办台账", "Cases to be urged", columns, tuple(ordered), "超期最多的在前 the most overdue first")


def _failures(months: Sequence[MonthFigures], names: Names) -> Section:
    every = [failure for own in months[-1].departments.values() for failure in own.failures]
    ordered = sorted(every, key=lambda one: (-one.failed, one.dataset, one.rule_id))[:MOST_FAILURES]
    rows = tuple(
        (names.dataset(one.dataset), names.rule(one.dataset, one.rule_id), one.failed, one.checked) for one in ordered
    )
    columns = (
        Column("数据资源", "Dataset", 44),
        Column("问题与改法", "What is wrong, and how to mend it", 96),
        Column("不合格", "Failed", 20, "count"),
        Column("判定数", "Judged", 20, "count"),
    )
    return Section("最常见的问题", "The most frequent failures", columns, rows, f"{months[-1].month:%Y-%m}")


def _questions(months: Sequence[MonthFigures]) -> Section:
    counts = [Counter[str]() for _ in months]
    for month, count in zip(months, counts, strict=True):
        for use in month.uses:
            if use.figure == "asked":
                count[use.name.partition("/")[0]] += use.amount
    acts = sorted(set().union(*counts))
    rows: Rows = tuple((_named(ACT_WORDS, act), *(count[act] for count in counts)) for act in acts)
    columns = (Column("类别", "Act", 90), *(Column(f"{month.month:%Y-%m}", "", 30, "count") for month in months))
    return Section("询问", "Questions", columns, rows)


def _applications(months: Sequence[MonthFigures], names: Names) -> Section:
    count: Counter[tuple[str, str]] = Counter()
    for month in months:
        count.update({(use.department, use.name): use.amount for use in month.uses if use.figure == "applications"})
    rows = tuple(
        (names.department(department), _named(APPLICATION_WORDS, what), count[department, what])
        for department, what in sorted(count)
    )
    columns = (
        Column("提供部门", "Provider", 80),
        Column("共享申请", "Application", 60),
        Column("件数", "Number", 40, "count"),
    )
    return Section("共享申请", "Applications for data", columns, rows)


def _paper(months: Sequence[MonthFigures], names: Names) -> Section:
    count: Counter[tuple[str, str]] = Counter()
    for month in months:
        count.update({(use.department, use.name): use.amount for use in month.uses if use.figure == "needless_paper"})
    rows = tuple((names.department(department), item, number) for (department, item), number in count.most_common())
    columns = (
        Column("收取部门", "Department", 80),
        Column("事项", "Service item", 60),
        Column("份数", "Papers", 40, "count"),
    )
    return Section("平台已有而仍收取的纸质材料", "Paper that the hub held", columns, rows)


def _named(words: object, name: str) -> str:
    known = words.get(name) if isinstance(words, dict) else None
    return both(known) if known else name
