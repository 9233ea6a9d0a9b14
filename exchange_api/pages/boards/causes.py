"""Top causes: the rules that found most rows in the latest batch of each dataset; where mending pays most."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any, Final

from exchange_api.pages import words
from exchange_api.pages.boards.asked import BOARDS, Asked
from exchange_api.pages.boards.setting import Setting, count, named, select, share
from exchange_api.pages.quality_views import rule_words
from exchange_api.pages.views.board import Board, Cell, Chart, Head, Row
from exchange_api.pages.views.frame import Option, Tile, Words
from registries.store import dashboard_reads
from registries.store.dashboard_reads import CauseLine

NAME: Final = "causes"
_MOST: Final = 100


def board(conn: Any, asked: Asked, setting: Setting) -> Board:  # noqa: ANN401 - the store's transaction
    """The rules that found most rows."""
    wanted = [line for line in dashboard_reads.causes(conn) if _wanted(line, asked)]
    total = sum(line.failed for line in wanted)
    running = accumulate(line.failed for line in wanted)
    rows = [_row(line, so_far, total, setting) for line, so_far in zip(wanted, running, strict=True)]
    return Board(
        name=NAME,
        title=Words("主要问题", "Top causes"),
        lede=Words(
            "各数据资源最近一批中，不符行数最多的规则；累计占比说明先改哪几项最有用。",
            "The rules that found most rows in each dataset's latest batch; the running share says what to mend first.",
        ),
        heads=(
            Head(Words("问题与改法", "What fails, and how to mend it")),
            Head(Words("数据资源", "Dataset")),
            Head(Words("部门", "Department")),
            Head(Words("维度", "Dimension")),
            Head(Words("级别", "Level"), "tag"),
            Head(Words("不符行数", "Rows"), "number", "不符行数 rows", "red"),
            Head(Words("已检查", "Checked"), "number"),
            Head(Words("不符率", "Share"), "number"),
            Head(Words("累计占比", "Running share"), "number"),
        ),
        rows=tuple(rows[:_MOST]),
        chart=Chart("bars", Words("不符行数最多的规则", "Rules that find most rows"), Words("行", "rows"), 10),
        selects=(
            setting.departments_select(asked.department),
            select("dimension", Words("维度", "Dimension"), _dimensions(), asked.dimension),
            select("state", Words("级别", "Level"), _levels(), asked.state),
        ),
        tiles=_tiles(wanted, total),
        notes=() if len(rows) <= _MOST else (Words(f"共 {len(rows)} 项，显示前 {_MOST} 项。", f"The first {_MOST}."),),
        query=asked.query,
        empty=Words("最近一批没有发现问题。", "The latest batches show no failure."),
    )


def _wanted(line: CauseLine, asked: Asked) -> bool:
    kept = not asked.department or line.department == asked.department
    kept = kept and (not asked.dimension or line.dimension == asked.dimension)
    return kept and (not asked.state or str(line.level) == asked.state)


def _row(line: CauseLine, so_far: int, total: int, setting: Setting) -> Row:
    said = rule_words(line.dataset, line.rule_id, setting.catalogue)
    href = f"{BOARDS}/rows?{Asked(dataset=line.dataset, rule=line.rule_id).query}"
    level = words.LEVELS[line.level]
    return Row(
        f"{setting.dataset(line.dataset).zh}：{said.zh}",
        (
            named(said, href),
            named(setting.dataset(line.dataset)),
            named(setting.department(line.department)),
            named(words.DIMENSIONS.get(line.dimension, Words(line.dimension, ""))),
            Cell(level.words.zh, level.words.en, line.level, tone=level.tone),
            count(line.failed),
            count(line.checked),
            share(line.failed, line.checked),
            share(so_far, total),
        ),
        href,
    )


def _dimensions() -> list[Option]:
    return [Option(name, f"{one.zh} {one.en}") for name, one in words.DIMENSIONS.items()]


def _levels() -> list[Option]:
    return [Option(str(level), f"{one.words.zh} {one.words.en}") for level, one in words.LEVELS.items()]


def _tiles(lines: Sequence[CauseLine], total: int) -> tuple[Tile, ...]:
    required = sum(line.failed for line in lines if line.level == 1)
    datasets = len({line.dataset for line in lines})
    return (
        Tile(Words("不符", "Failures"), f"{total:,}", Words("行次，最近一批", "in the latest batches")),
        Tile(Words("其中必达", "Required"), f"{required:,}", Words("行次，拒收", "refused")),
        Tile(Words("涉及规则", "Rules"), f"{len(lines)}", Words("条", "that found something")),
        Tile(Words("涉及资源", "Datasets"), f"{datasets}", Words("个", "concerned")),
    )
