"""Templates to HTML: one environment, strict about names, escaping always.

render("fault.html", frame, view, status=404)
"""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from certificates.china_time import CHINA
from exchange_api.pages.views.frame import Frame

HERE = Path(__file__).parent
STATIC = HERE / "static"
STATIC_PLACE = "/static"
NOTHING = "—"


def thousands(count: int | None) -> str:
    """A count with separators; a dash for none."""
    return NOTHING if count is None else f"{count:,}"


def moment(time: datetime) -> str:
    """A time to the minute."""
    return time.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")


def clock(time: datetime) -> str:
    """The time of day alone."""
    return time.astimezone(CHINA).strftime("%H:%M")


def points(share: float) -> str:
    """A share as points of a hundred, cut rather than rounded: 99.999 % is never shown as 100."""
    return f"{int(share * 10_000 + 1e-6) / 100:.2f}"


def percent(share: float) -> str:
    """A share as a percentage with one decimal."""
    return f"{share:.1%}"


@cache
def asset(name: str) -> str:
    """The address of a static file; it changes with its content, so that browsers may keep it for long."""
    place = STATIC / name
    mark = sha256(place.read_bytes()).hexdigest()[:12] if place.is_file() else "missing"
    return f"{STATIC_PLACE}/{name}?v={mark}"


@cache
def environment() -> Environment:
    """The one environment of the pages."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., Any]] = {
        "thousands": thousands,
        "moment": moment,
        "clock": clock,
        "points": points,
        "percent": percent,
    }
    made.filters.update(filters)
    made.globals["asset"] = asset
    return made


def render(template: str, frame: Frame, view: object, status: int = 200, **more: object) -> HTMLResponse:
    """A page, or a part of one, as a response."""
    text = environment().get_template(template).render(frame=frame, view=view, **more)
    return HTMLResponse(text, status)
