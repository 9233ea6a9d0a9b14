"""Needless paper (多余收件): taken although the hub could have answered, by service item and department.

board(counts, Asked(since="2026-03-01"), setting, since, until)
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from exchange_api.acts.receiving import PAPER_REASON_WORDS
from exchange_api.pages.boards.asked import Asked
from exchange_api.pages.boards.setting import Setting, count, days_fields, joined, named, share
from exchange_api.pages.views.board import Board, Cell, Chart, Head, Row
from exchange_api.pages.views.frame import Tile, Words
from registries.store import paper_counts
from registries.store.paper_counts import PaperCount

NAME: Final = "paper"
DAYS: Final = 30


def made(conn: Any, asked: Asked, setting: Setting) -> Board:  # noqa: ANN401 - the store's transaction
    """Where paper was taken in the last thirty days unless told, the most needless first."""
    until = asked.last_day(setting.today)
    since = asked.first_day(until - dt.timedelta(days=DAYS - 1))
    return board(paper_counts.paper_counts(conn, since, until), asked, setting, since, until)


def board(counts: Sequence[PaperCount], asked: Asked, setting: Setting, since: dt.date, until: dt.date) -> Board:
    """The dashboard of these counts."""
    wanted = [each for each in counts if _wanted(each, asked)]
    return Board(
        name=NAME,
        title=Words("多余收件", "Needless paper"),
        lede=Words(
            "枢纽已能回答、仍向群众收取的材料，按事项和部门统计；凡能共享的，不得要求提供。",
            "Materials that were taken although the hub had answered for them, by item and department.",
        ),
        heads=(
            Head(Words("事项", "Item")),
            Head(Words("收取单位", "Taken by")),
            Head(Words("枢纽已答", "Answered"), "number", "枢纽已答 answered", "blue"),
            Head(Words("收取", "Received"), "number"),
            Head(Words("多余", "Needless"), "number", "多余 needless", "red"),
            Head(Words("占已答", "Share"), "number"),
            Head(Words("理由", "Reasons")),
        ),
        rows=tuple(_row(each, setting) for each in wanted),
        chart=Chart("bars", Words("枢纽已答而仍收取的材料", "Taken although answered"), Words("份", "materials"), 12),
        selects=(setting.departments_select(asked.department),),
        fields=days_fields(since, until),
        tiles=_tiles(wanted),
        query=asked.query,
        empty=Words("这段时间没有核对或收件。", "Nothing was checked or received in this time."),
    )


def _wanted(each: PaperCount, asked: Asked) -> bool:
    of_item = not asked.item or each.item == asked.item
    return of_item and (not asked.department or each.department == asked.department)


def _row(each: PaperCount, setting: Setting) -> Row:
    item, department = setting.item(each.item), setting.department(each.department)
    told = [(PAPER_REASON_WORDS[reason], number) for reason, number in each.reasons]
    zh = "；".join(f"{words[0]} × {number}" for words, number in told) or "—"
    en = "; ".join(f"{words[1]} × {number}" for words, number in told)
    needless = Cell(f"{each.needless:,}", value=each.needless, tone="gold" if each.needless else "", mark="warn")
    return Row(
        joined(item, department),
        (
            named(item),
            named(department),
            count(each.answered),
            count(each.taken),
            needless,
            share(min(each.needless, each.answered), each.answered),
            Cell(zh, en, zh),
        ),
    )


def _tiles(counts: Sequence[PaperCount]) -> tuple[Tile, ...]:
    answered, needless = sum(each.answered for each in counts), sum(each.needless for each in counts)
    taken = sum(each.taken for each in counts)
    return (
        Tile(
            Words("枢纽已答", "Answered"), f"{answered:,}", Words("份材料无需提交", "materials need not be handed in")
        ),
        Tile(Words("收取", "Received"), f"{taken:,}", Words("份材料", "materials")),
        Tile(Words("多余", "Needless"), f"{needless:,}", Words("份枢纽已能回答", "although the hub had answered")),
        Tile(
            Words("占已答", "Share"),
            share(min(needless, answered), answered).text,
            Words("越低越好", "the lower the better"),
        ),
    )
