"""All dashboards by name, in the order of their tabs.

EVERY["coverage"].make(conn, asked, setting)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from exchange_api.pages.boards import case_ages, causes, conflict_map, coverage, freshness, lag, paper, scores, usage
from exchange_api.pages.boards.asked import BOARDS, Asked
from exchange_api.pages.boards.setting import Setting
from exchange_api.pages.views.board import Board, BoardTab
from exchange_api.pages.views.frame import Words

Make = Callable[[Any, Asked, Setting], Board]


@dataclass(frozen=True)
class Made:
    """How a dashboard is made, and what its tab says."""

    make: Make
    tab: BoardTab


def _one(make: Make, name: str, words: Words, what: Words, icon: str) -> Made:
    return Made(make, BoardTab(f"{BOARDS}/{name}", words, what, icon))


EVERY: Final[Mapping[str, Made]] = {
    scores.NAME: _one(
        scores.board,
        scores.NAME,
        Words("质量分", "Scores"),
        Words("按部门、资源、维度和时间，一路点到一行", "By department, dataset, dimension and time, down to a row"),
        "chart",
    ),
    causes.NAME: _one(
        causes.board,
        causes.NAME,
        Words("主要问题", "Top causes"),
        Words("哪几条规则不符最多，先改哪里", "Which rules fail most, and what to mend first"),
        "warn",
    ),
    freshness.NAME: _one(
        freshness.board,
        freshness.NAME,
        Words("新鲜度", "Freshness"),
        Words("谁该报了、谁已超期", "Who is due, and who is overdue"),
        "clock",
    ),
    case_ages.NAME: _one(
        case_ages.board,
        case_ages.NAME,
        Words("工单时长", "Cases by age"),
        Words("没办结的工单拖了多久", "How long open cases have been waiting"),
        "mend",
    ),
    conflict_map.NAME: _one(
        conflict_map.board,
        conflict_map.NAME,
        Words("冲突图", "Conflicts"),
        Words("哪两个部门的数据对不上", "Which departments contradict each other"),
        "cross",
    ),
    coverage.NAME: _one(
        coverage.board,
        coverage.NAME,
        Words("归集率", "Coverage"),
        Words("签发的证照有多少在枢纽里", "How many of the issued certificates are here"),
        "shield",
    ),
    lag.NAME: _one(
        lag.board,
        lag.NAME,
        Words("归集时长", "Lag"),
        Words("签发后几天到枢纽", "Days from issue to the hub"),
        "download",
    ),
    usage.NAME: _one(
        usage.board,
        usage.NAME,
        Words("证照使用", "Use"),
        Words("哪些事项在用哪些证照", "Which items use which certificates"),
        "list",
    ),
    paper.NAME: _one(
        paper.made,
        paper.NAME,
        Words("多余收件", "Needless paper"),
        Words("枢纽能回答、仍收了纸的", "Paper taken although the hub could have answered"),
        "paper",
    ),
}


def tabs(current: str = "") -> tuple[BoardTab, ...]:
    """The way to every dashboard; `current` is the one that is open."""
    return tuple(made.tab._replace(current=name == current) for name, made in EVERY.items())
