r"""Answers of HTTP interfaces: strict JSON whose numbers stay the texts they were written as.

    >>> parsed(b'{"data": {"rows": [{"amount": 1.50}]}}')["data"]["rows"][0]["amount"]
    '1.50'
    >>> at(parsed(b'{"a/b": [1, 2]}'), "/a~1b/1")
    '2'

Standards: RFC 8259, RFC 7493 (no duplicate members), RFC 6901 (pointers).
"""

import json
from collections.abc import Sequence
from typing import Any


class NotStrictJson(Exception):
    """Raised for bytes that are no strict JSON; says what is wrong, never which value."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def parsed(content: bytes) -> Any:  # noqa: ANN401 - any JSON
    """The document; every number is a text.

    Raises:
        NotStrictJson: not UTF-8, cut, a member twice, NaN, nested too deeply, an escape that is no character.
    """
    try:
        document = json.loads(
            content.decode(),
            parse_int=str,
            parse_float=str,
            parse_constant=_no_constant,
            object_pairs_hook=_members,
        )
        if rb"\u" in content:
            _check_characters(document)
    except UnicodeError:
        raise NotStrictJson("不是 UTF-8 文本", "is no text in UTF-8") from None
    except RecursionError:
        raise NotStrictJson("嵌套过深", "is nested too deeply") from None
    except ValueError:
        raise NotStrictJson("不是完整的 JSON", "is no whole JSON") from None
    return document


def at(document: object, pointer: str) -> Any:  # noqa: ANN401 - any JSON
    """What an RFC 6901 pointer points at; None if nothing is there, as for null."""
    found = document
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict):
            found = found.get(name)
        elif isinstance(found, list) and name.isdecimal() and int(name) < len(found):
            found = found[int(name)]
        else:
            return None
    return found


def _members(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise NotStrictJson("有重复的成员", "has a member twice")
    return members


def _no_constant(_name: str) -> object:
    raise NotStrictJson("有 JSON 没有的数 (NaN 或 Infinity)", "has a number that JSON lacks (NaN or Infinity)")


def _check_characters(document: object) -> None:
    """Escapes may stand for halves of characters, and for NUL, which no database takes."""
    text = json.dumps(document, ensure_ascii=False)
    text.encode()
    if "\\u0000" in text:
        raise NotStrictJson("有空字符", "has a NUL character")
