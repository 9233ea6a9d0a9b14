"""The words of words.yaml, as lists.

>>> words("roads")[:2], len(towns("440523"))
(['长平路', '金砂路'], 3)
"""

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_suffix(".yaml")


@lru_cache(maxsize=1)
def _file() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return loaded


def words(name: str) -> list[str]:
    """One list."""
    return str(_file()[name]).split()


def generations(name: str) -> list[list[str]]:
    """One list for each generation."""
    return [line.split() for line in _file()[name]]


def towns(division: str) -> list[str]:
    """The towns and streets of one district."""
    return str(_file()["towns"][division]).split()
