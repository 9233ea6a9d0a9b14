"""The conflict map: which department differs from which authority, about what, and how often.

Each conflict has two sides: the department whose value differs, and the 数源部门 whose value decides. The map says
whom to bring to one table; the register's page shows the values, masked.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from exchange_api.pages.boards.asked import Asked
from exchange_api.pages.boards.setting import Setting, count, named, select
from exchange_api.pages.views.board import Board, Cell, Chart, Head, Row, Select
from exchange_api.pages.views.frame import Option, Tile, Words
from registries.store import dashboard_reads
from registries.store.dashboard_reads import ConflictLine

NAME: Final = "conflicts"
Group = tuple[str, str, str]
"""The department that differs, the authority's department, the register."""


def board(conn: Any, asked: Asked, setting: Setting) -> Board:  # noqa: ANN401 - the store's transaction
    """Both sides of all conflicts, the most first."""
    every = dashboard_reads.conflicts(conn)
    wanted = [line for line in every if _wanted(line, asked, setting)]
    groups: dict[Group, list[ConflictLine]] = defaultdict(list)
    for line in wanted:
        groups[_group(line, setting)].append(line)
    ordered = sorted(groups.items(), key=lambda one: (-_sum(one[1]), one[0]))
    return Board(
        name=NAME,
        title=Words("部门冲突图", "Conflict map"),
        lede=Words(
            "横向是数源部门，纵向是与之不一致的部门；数字是不一致的处数。一数一源：以数源部门为准，双方核对。",
            "Across: whose value decides; down: who differs from it; the number says how often. Both sides check.",
        ),
        heads=(
            Head(Words("不一致的部门", "Department that differs")),
            Head(Words("数源部门", "Authority")),
            Head(Words("基础库", "Register")),
            Head(Words("处数", "Conflicts"), "number", "处数 conflicts", "red"),
            Head(Words("数据项", "Attributes")),
        ),
        rows=tuple(_row(group, lines, setting) for group, lines in ordered),
        chart=Chart(
            "matrix", Words("部门之间不一致的处数", "Conflicts between departments"), Words("处", "values"), 200
        ),
        selects=(_registers(asked, setting), setting.departments_select(asked.department)),
        tiles=_tiles(wanted, groups),
        query=asked.query,
        empty=Words("各来源一致。", "The publishers agree."),
    )


def _wanted(line: ConflictLine, asked: Asked, setting: Setting) -> bool:
    if asked.register and line.register != asked.register:
        return False
    sides = {setting.department_of(line.dataset), setting.department_of(line.authority)}
    return not asked.department or asked.department in sides


def _group(line: ConflictLine, setting: Setting) -> Group:
    return setting.department_of(line.dataset), setting.department_of(line.authority), line.register


def _sum(lines: Sequence[ConflictLine]) -> int:
    return sum(line.found for line in lines)


def _row(group: Group, lines: Sequence[ConflictLine], setting: Setting) -> Row:
    differs, authority, register = group
    by_attribute: dict[str, int] = defaultdict(int)
    for line in lines:
        by_attribute[setting.attribute(line.dataset, line.attribute).zh] += line.found
    told = sorted(by_attribute.items(), key=lambda one: -one[1])
    text = "、".join(f"{name} {found:,}" for name, found in told)
    href = f"/steward/conflicts/{register}"
    return Row(
        setting.department(differs).zh,
        (
            named(setting.department(differs)),
            named(setting.department(authority)),
            named(setting.register(register), href),
            count(_sum(lines)),
            Cell(text, value=text),
        ),
        href,
        across=setting.department(authority).zh,
    )


def _registers(asked: Asked, setting: Setting) -> Select:
    options = [Option(one.id, one.title_zh) for one in setting.catalogue.registers if one.merged]
    return select("register", Words("基础库", "Register"), options, asked.register)


def _tiles(lines: Sequence[ConflictLine], groups: dict[Group, list[ConflictLine]]) -> tuple[Tile, ...]:
    pairs = len({group[:2] for group in groups})
    return (
        Tile(Words("不一致", "Conflicts"), f"{_sum(lines):,}", Words("处", "values")),
        Tile(Words("部门对", "Pairs"), f"{pairs}", Words("对部门要核对", "of departments have to check")),
        Tile(
            Words("数据项", "Attributes"),
            f"{len({(one.register, one.attribute) for one in lines})}",
            Words("项", "that differ"),
        ),
    )
