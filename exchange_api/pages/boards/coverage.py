"""Coverage: which share of the certificates that issuers say they have issued is in the hub, by year of issue.

What was issued in a year is the issuer's own word (`/publisher/declared-totals`); where it said nothing there is no
share, since the hub can't know what it does not have.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from exchange_api.pages.boards.asked import Asked
from exchange_api.pages.boards.setting import Setting, by_select, count, joined, named, select, share
from exchange_api.pages.views.board import Board, Cell, Chart, Field, Head, Row
from exchange_api.pages.views.frame import Option, Tile, Words
from exchange_api.pages.views.scores import Score
from registries.store import dashboard_reads
from registries.store.dashboard_reads import CoverageLine

NAME: Final = "coverage"
BY: Final[Mapping[str, Words]] = {
    "year": Words("签发年份", "Year of issue"),
    "type": Words("证照类型", "Certificate type"),
    "department": Words("部门", "Department"),
    "each": Words("类型与年份", "Type and year"),
}
SINCE: Final = 2013
"""The policies ask for all certificates since then (穗府办 2019, 二(四)12)."""


class Sum(NamedTuple):
    """Certificates of some lines; `expected` of those that are declared, `of_them` of these in the hub."""

    held: int
    doubtful: int
    expected: int
    of_them: int

    @property
    def undeclared(self) -> int:
        """Held, and nobody said how many there should be."""
        return self.held - self.of_them


def board(conn: Any, asked: Asked, setting: Setting) -> Board:  # noqa: ANN401 - the store's transaction
    """Held and declared, by year unless told otherwise."""
    by, since = asked.by if asked.by in BY else "year", _year(asked.since)
    every = dashboard_reads.coverage(conn, since)
    lines = [line for line in every if _wanted(line, asked)]
    groups: dict[tuple[str, ...], list[CoverageLine]] = defaultdict(list)
    for line in lines:
        groups[_key(line, by)].append(line)
    return Board(
        name=NAME,
        title=Words("证照归集率", "Coverage"),
        lede=Words(
            "颁发单位申报的签发数中，已归集到枢纽的比例；没有申报的年份不计比例。",
            "Of the certificates that issuers declare as issued, the share that is in the hub; "
            "where nothing is declared there is no share.",
        ),
        heads=_heads(by),
        rows=tuple(_row(key, total(found), by, asked, setting) for key, found in _ordered(groups, by)),
        chart=Chart("bars", Words("归集率", "Coverage"), Words("%", "%"), 20, high=100),
        selects=(
            by_select(BY, by),
            select("type", BY["type"], _types(every, setting), asked.type),
            setting.departments_select(asked.department),
        ),
        fields=(Field("since", Words("自年份", "Since year"), "number", f"{since}"),),
        tiles=_tiles(total(lines)),
        query=asked.query,
        legend=True,
    )


def _year(text: str) -> int:
    year = text[:4]
    return int(year) if len(year) == len("2013") and year.isdecimal() and year.isascii() else SINCE


def _wanted(line: CoverageLine, asked: Asked) -> bool:
    of_type = not asked.type or line.certificate_type == asked.type
    return of_type and (not asked.department or line.department == asked.department)


def _key(line: CoverageLine, by: str) -> tuple[str, ...]:
    year = f"{line.year}"
    return {
        "year": (year,),
        "type": (line.certificate_type,),
        "department": (line.department,),
        "each": (line.certificate_type, line.department, year),
    }[by]


def _ordered(
    groups: Mapping[tuple[str, ...], list[CoverageLine]], by: str
) -> list[tuple[tuple[str, ...], list[CoverageLine]]]:
    if by in {"year", "each"}:
        return sorted(groups.items(), key=lambda one: (*one[0][:-1], -int(one[0][-1])))
    return sorted(groups.items(), key=lambda one: (-total(one[1]).held, one[0]))


def total(lines: Sequence[CoverageLine]) -> Sum:
    """The sum of some lines; what is held beyond what is declared counts as all of it, and no more."""
    told = [(min(line.held, line.declared), line.declared) for line in lines if line.declared is not None]
    return Sum(
        sum(line.held for line in lines),
        sum(line.doubtful for line in lines),
        sum(declared for _, declared in told),
        sum(held for held, _ in told),
    )


def _heads(by: str) -> tuple[Head, ...]:
    first = (BY["type"], BY["department"], BY["year"]) if by == "each" else (BY[by],)
    return (
        *(Head(one) for one in first),
        Head(Words("已归集", "In the hub"), "number"),
        Head(Words("待校核", "Being checked"), "number"),
        Head(Words("申报签发", "Declared as issued"), "number"),
        Head(Words("其中已归集", "Of these in the hub"), "number"),
        Head(Words("缺", "Missing"), "number"),
        Head(Words("归集率", "Coverage"), "score", "归集率 coverage", "blue"),
        Head(Words("未申报的", "Not declared"), "number"),
    )


def _row(key: tuple[str, ...], found: Sum, by: str, asked: Asked, setting: Setting) -> Row:
    names = _names(key, by, setting)
    href = asked.to(NAME, **_below(key, by)) if by != "each" else ""
    first, *more = names
    label = joined(names[0], names[-1]) if len(names) > 1 else first.zh
    declared = found.expected or None
    return Row(
        label,
        (
            named(first, href),
            *(named(one) for one in more),
            count(found.held),
            count(found.doubtful),
            count(declared),
            count(found.of_them if declared else None),
            count(found.expected - found.of_them if declared else None),
            covered(found),
            count(found.undeclared),
        ),
        href,
    )


def covered(found: Sum) -> Cell:
    """A cell with the share in its band; without a declaration there is none."""
    score = Score(found.of_them, found.expected)
    text = share(found.of_them, found.expected).text
    return Cell(text, "", None if score.share is None else round(score.share * 100, 4), score=score)


def _names(key: tuple[str, ...], by: str, setting: Setting) -> list[Words]:
    if by == "each":
        return [setting.kind(key[0]), setting.department(key[1]), _year_words(key[2])]
    one = {"type": setting.kind, "department": setting.department, "year": _year_words}[by]
    return [one(key[0])]


def _year_words(year: str) -> Words:
    return Words("年份不明", "year not told") if year == "0" else Words(f"{year} 年", year)


def _below(key: tuple[str, ...], by: str) -> dict[str, str]:
    if by == "year":
        return {"by": "each", "since": key[0] if key[0] != "0" else ""}
    return {"by": "year", by: key[0]}


def _types(lines: Sequence[CoverageLine], setting: Setting) -> list[Option]:
    return [Option(code, setting.kind(code).zh) for code in sorted({line.certificate_type for line in lines})]


def _tiles(found: Sum) -> tuple[Tile, ...]:
    rate = share(found.of_them, found.expected).text
    missing = found.expected - found.of_them
    return (
        Tile(Words("归集率", "Coverage"), rate, Words("其中已归集 ÷ 申报签发", "of what is declared")),
        Tile(Words("已归集", "In the hub"), f"{found.held:,}", Words("张证照", "certificates")),
        Tile(Words("缺", "Missing"), f"{missing:,}", Words("张已申报而未归集", "declared and not here")),
        Tile(
            Words("未申报的", "Not declared"),
            f"{found.undeclared:,}",
            Words("张，颁发单位未报年度签发数", "by their issuers"),
        ),
    )
