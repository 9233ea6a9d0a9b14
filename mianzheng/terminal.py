"""How the command line talks: one language under the other for people, JSON for programs, errors with a next step."""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console

from certificates.errors import CertificatesError
from mianzheng.errors import MianzhengError
from mianzheng.settings import Settings
from quality.errors import QualityError
from registries.errors import RegistriesError
from registries.home import HubHome

console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)

Json = Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="不显示进度 / show no progress")]


def clock() -> datetime:
    """The time now, UTC; the only place of the command line that reads it."""
    return datetime.now(UTC)


def hub_home() -> HubHome:
    """The hub's folder, as the settings have it."""
    return HubHome(Settings().hub_home(), os.environ)


def say(zh: str, en: str) -> None:
    """One line for the person at the terminal."""
    console.print(f"{zh}  [dim]{en}[/dim]")


def print_json(value: Any) -> None:  # noqa: ANN401 - whatever a command found
    """Print `value` as JSON: dataclasses as objects, times in ISO 8601."""
    typer.echo(as_text(value))


def as_text(value: Any) -> str:  # noqa: ANN401 - as above
    """`value` as JSON."""
    return json.dumps(plain(value), ensure_ascii=False, indent=2, default=str)


def plain(value: Any) -> Any:  # noqa: ANN401 - JSON has no narrower type
    """Dataclasses, anywhere inside, as dictionaries."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Print the rooms' errors, cause and next step in both languages, and exit with 2."""
    try:
        yield
    except (CertificatesError, MianzhengError, QualityError, RegistriesError) as error:
        errors.print(f"错误 [red]{error.zh}[/red]\nError: {error.en}", markup=True)
        raise typer.Exit(2) from error
