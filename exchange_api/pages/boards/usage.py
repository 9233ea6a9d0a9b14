"""Use of certificates: what was asked, for which service item, about which type, by whom, and how it was answered.

Counted from the ledger's answers; of nobody's person or case. An answer that the hub could not give (待校核, 未归集,
来源中断) is the hub's own gap and stands apart from what was found. Matches, queries and case checks have no verdict:
they are counted by themselves, and the share of valid ones is one of verdicts.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from exchange_api.pages import words
from exchange_api.pages.boards.asked import Asked
from exchange_api.pages.boards.setting import (
    NOTHING,
    Setting,
    by_select,
    count,
    days_fields,
    joined,
    named,
    select,
    share,
)
from exchange_api.pages.views.board import Board, Cell, Chart, Head, Row
from exchange_api.pages.views.frame import Option, Tile, Words
from registries.store import dashboard_reads
from registries.store.dashboard_reads import Period, UseLine

NAME: Final = "usage"
BY: Final[Mapping[str, Words]] = {
    "item": Words("办理事项", "Service item"),
    "type": Words("证照类型", "Certificate type"),
    "department": Words("使用部门", "Asked by"),
    "each": Words("事项与类型", "Item and type"),
    "act": Words("使用方式", "Act"),
}
DAYS: Final = 30
GAPS: Final = frozenset({"pending_check", "not_covered", "unavailable"})
_OTHERS: Final = frozenset({"no_match", "refused", "valid", ""})
CLASSES: Final[Mapping[str, tuple[Words, str]]] = {
    "valid": (Words("有效", "valid"), "green"),
    "ended": (Words("无效、到期等", "not in force"), "red"),
    "no_match": (Words("不相符", "no match"), "orange"),
    "gap": (Words("枢纽未能回答", "the hub's gaps"), "blue"),
    "refused": (Words("未获授权", "refused"), "grey"),
    "other": (Words("比对、查询等", "other acts"), "purple"),
}


def board(conn: Any, asked: Asked, setting: Setting) -> Board:  # noqa: ANN401 - the store's transaction
    """What was asked in the last thirty days unless told."""
    by, until = asked.by if asked.by in BY else "item", asked.last_day(setting.today)
    since = asked.first_day(until - dt.timedelta(days=DAYS - 1))
    every = dashboard_reads.uses(conn, Period(since, until))
    lines = [line for line in every if _wanted(line, asked)]
    groups: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for line in lines:
        groups[_key(line, by)][class_of(line)] += line.questions
    ordered = sorted(groups.items(), key=lambda one: (-one[1].total(), one[0]))
    return Board(
        name=NAME,
        title=Words("证照使用", "Use of certificates"),
        lede=Words(
            "按办理事项和证照类型统计的提问与答复，取自存证日志；不含任何人的信息。",
            "Questions and answers by service item and certificate type, counted from the ledger; of nobody's person.",
        ),
        heads=_heads(by),
        rows=tuple(_row(key, found, by, asked, setting) for key, found in ordered),
        chart=Chart("stacked", Words("提问最多的，按答复分", "Most asked, by answer"), Words("次", "questions"), 12),
        selects=(
            by_select(BY, by),
            select("item", BY["item"], _items(every, setting), asked.item),
            select("type", BY["type"], _types(every, setting), asked.type),
            setting.departments_select(asked.department),
        ),
        fields=days_fields(since, until),
        tiles=_tiles(lines),
        query=asked.query,
        empty=Words("这段时间没有提问。", "Nothing was asked in this time."),
    )


def _wanted(line: UseLine, asked: Asked) -> bool:
    kept = not asked.item or line.service_item == asked.item
    kept = kept and (not asked.type or line.certificate_type == asked.type)
    return kept and (not asked.department or line.department == asked.department)


def class_of(line: UseLine) -> str:
    """Which class of answers it is.

    >>> class_of(UseLine("", "", "", "verification", "not_covered", 1))
    'gap'
    """
    if line.code in GAPS:
        return "gap"
    if line.code in _OTHERS:
        return line.code or "other"
    return "ended" if line.code in words.VERDICTS else "other"


def _key(line: UseLine, by: str) -> tuple[str, ...]:
    item, kind = line.service_item, line.certificate_type
    return {
        "item": (item,),
        "type": (kind,),
        "department": (line.department,),
        "each": (item, kind),
        "act": (line.act,),
    }[by]


def _heads(by: str) -> tuple[Head, ...]:
    first = (BY["item"], BY["type"]) if by == "each" else (BY[by],)
    classes = (Head(one, "number", f"{one.zh} {one.en}", tone) for one, tone in CLASSES.values())
    return (
        *(Head(one) for one in first),
        Head(Words("提问", "Questions"), "number"),
        Head(Words("有效占比", "Valid share"), "number"),
        *classes,
    )


def _row(key: tuple[str, ...], found: Counter[str], by: str, asked: Asked, setting: Setting) -> Row:
    names = _names(key, by, setting)
    narrowed = {by: key[0], "by": "type" if by == "item" else "item"}
    href = asked.to(NAME, **narrowed) if by in {"item", "type", "department"} and key[0] else ""
    first, *more = names
    return Row(
        joined(first, more[0]) if more else first.zh,
        (
            named(first, href),
            *(named(one) for one in more),
            count(found.total()),
            _valid_share(found),
            *(count(found[name]) for name in CLASSES),
        ),
        href,
    )


def _valid_share(found: Counter[str]) -> Cell:
    """Of the answers that are verdicts."""
    return share(found["valid"], found.total() - found["other"])


def _names(key: tuple[str, ...], by: str, setting: Setting) -> list[Words]:
    if by == "act":
        return [words.ACTS.get(key[0], Words(key[0], key[0]))]
    if by == "each":
        return [_item(key[0], setting), _kind(key[1], setting)]
    return [{"item": _item, "type": _kind, "department": _department}[by](key[0], setting)]


def _item(code: str, setting: Setting) -> Words:
    found = setting.item(code)
    return Words("未注明事项", "no item given") if found == NOTHING else found


def _kind(code: str, setting: Setting) -> Words:
    found = setting.kind(code)
    return Words("不涉及单一证照", "no single certificate") if found == NOTHING else found


def _department(code: str, setting: Setting) -> Words:
    return setting.department(code)


def _items(lines: Sequence[UseLine], setting: Setting) -> list[Option]:
    return [Option(one, setting.item(one).zh) for one in sorted({line.service_item for line in lines})]


def _types(lines: Sequence[UseLine], setting: Setting) -> list[Option]:
    return [Option(one, setting.kind(one).zh) for one in sorted({line.certificate_type for line in lines})]


def _tiles(lines: Sequence[UseLine]) -> tuple[Tile, ...]:
    found: Counter[str] = Counter()
    for line in lines:
        found[class_of(line)] += line.questions
    asked = found.total()
    return (
        Tile(Words("提问", "Questions"), f"{asked:,}", Words("次", "in this time")),
        Tile(
            Words("有效", "Valid"),
            _valid_share(found).text,
            Words("占核验结论，无需纸质证照", "of verdicts; no paper is needed"),
        ),
        Tile(
            Words("枢纽未能回答", "The hub's gaps"),
            f"{found['gap']:,}",
            Words("待校核、未归集、来源中断", "being checked, not collected, down"),
        ),
        Tile(
            Words("证照类型", "Types"),
            f"{len({one.certificate_type for one in lines if one.certificate_type})}",
            Words("种被用到", "in use"),
        ),
    )
