"""Civil affairs' HTTP API: marriages in numbered pages, social organisations behind a cursor.

    GET /marriages?pageNo=1&pageSize=400               {"code": 0, "data": {"total": ..., "records": [...]}}
    GET /social-organisations?limit=100&after=200      {"items": [...], "next": "300"}; next is null on the last page

Rows are made when the day is first asked for, from the city's marker alone.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any

from sample_city.city import City, found
from sample_city.holdings import Holding
from sample_city.web_server import Request

MOST = 1000
"""Rows of one page, whatever is asked for."""


class CivilAffairs:
    """Answers for the city in `home`, on whatever day it has reached."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def __call__(self, request: Request) -> Any:  # noqa: ANN401 - JSON
        """A page; None where there is no such path, or no city yet."""
        city = found(self._home)
        if city is None:
            return None
        match request.path:
            case "/marriages":
                return _page(_rows(city, "marriages"), request)
            case "/social-organisations":
                return _behind(_rows(city, "social_organisations"), request)
        return None


@lru_cache(maxsize=4)
def _rows(city: City, name: str) -> list[dict[str, str | None]]:
    holding: Holding = getattr(city, name)
    rows: list[dict[str, str | None]] = []
    for columns in holding.snapshot(city.days):
        values = zip(*(column.to_pylist() for column in columns.values()), strict=True)
        rows += [{name: value or None for name, value in zip(columns, row, strict=True)} for row in values]
    return rows


def _number(request: Request, name: str, default: int) -> int:
    text = request.parameters.get(name, "")
    return int(text) if text.isdecimal() else default


def _page(rows: list[dict[str, str | None]], request: Request) -> dict[str, Any]:
    size = min(max(_number(request, "pageSize", MOST), 1), MOST)
    first = (max(_number(request, "pageNo", 1), 1) - 1) * size
    return {"code": 0, "data": {"total": len(rows), "records": rows[first : first + size]}}


def _behind(rows: list[dict[str, str | None]], request: Request) -> dict[str, Any]:
    size, after = min(max(_number(request, "limit", MOST), 1), MOST), _number(request, "after", 0)
    end = after + size
    return {"items": rows[after:end], "next": str(end) if end < len(rows) else None}
