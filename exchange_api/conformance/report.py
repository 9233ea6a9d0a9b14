"""An acceptance report: each requirement, what was sent, what came, and whether it holds; as JSON and to print.

report.passed, report.to_json()["results"][0]["requirement"]
Path("report.html").write_text(as_page(report))
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

_HERE: Final = Path(__file__).parent


@dataclass(frozen=True)
class Exchange:
    """One request and its response, as the report shows them: no signature, and no value of a real question."""

    sent: Mapping[str, Any]
    status: int | None
    came: Mapping[str, Any]


@dataclass(frozen=True)
class Result:
    """What became of one requirement; `passed` is None where it does not apply here."""

    requirement: str
    zh: str
    en: str
    passed: bool | None
    why_zh: str
    why_en: str
    exchanges: tuple[Exchange, ...] = ()


@dataclass(frozen=True)
class Report:
    """All of it. `made_at` is ISO 8601."""

    hub: str
    client: str
    sandbox: bool
    made_at: str
    results: tuple[Result, ...] = field(default_factory=tuple)

    @property
    def passed(self) -> bool:
        """Whether every requirement that applies holds, and one at least does."""
        told = [one.passed for one in self.results if one.passed is not None]
        return bool(told) and all(told)

    def to_json(self) -> dict[str, Any]:
        """The report for programs."""
        return {"passed": self.passed, **asdict(self)}


def as_page(report: Report) -> str:
    """The report as one HTML file that needs nothing else, in both languages, to be printed on A4 and signed."""
    return _page().render(report=report, shown=_shown)


@cache
def _page() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("report.html")


def _shown(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, default=str)
