r"""What is wrong with a block of JSON Lines, found line by line: only for blocks that were refused, never on the way.

>>> named_fault("x.jsonl", 0, b'{"a": 1}\n{"a": [1]}\n').line
2
"""

import json
from collections.abc import Sequence

from registries.connectors.file_faults import NotJsonLines


class _Wrong(Exception):
    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def named_fault(source: str, lines_before: int, block: bytes) -> NotJsonLines:
    """The fault of the first line that is wrong; of the block's first one if each line alone looks well."""
    for number, line in enumerate(block.split(b"\n"), start=lines_before + 1):
        try:
            _check(line)
        except _Wrong as wrong:
            return NotJsonLines(source, number, wrong.zh, wrong.en)
    return NotJsonLines(source, lines_before + 1, "起的一段无法解析", "and what follows can't be parsed")


def member_names(block: bytes) -> set[str]:
    """The member names of the block's first object."""
    line = next((line for line in block.split(b"\n", 64) if line.strip()), b"{}")
    return set(json.loads(line))


def _check(line: bytes) -> None:
    if not line.strip():
        return
    try:
        found = json.loads(
            line, parse_int=str, parse_float=str, parse_constant=_no_constant, object_pairs_hook=_members
        )
    except ValueError:
        raise _Wrong("不是完整的 JSON", "is no whole JSON") from None
    except RecursionError:
        raise _Wrong("有嵌套的值", "has a nested value") from None
    if not isinstance(found, dict):
        raise _Wrong("不是 JSON 对象", "is no JSON object")
    if any(isinstance(value, dict | list) for value in found.values()):
        raise _Wrong("有嵌套的值", "has a nested value")
    text = "".join(value for pair in found.items() for value in pair if isinstance(value, str))
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise _Wrong("有不成字符的转义", "has an escape that is no character")


def _members(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _Wrong("有重复的成员", "has a member twice")
    return members


def _no_constant(_name: str) -> object:
    raise _Wrong("有 JSON 没有的数 (NaN 或 Infinity)", "has a number that JSON lacks (NaN or Infinity)")
