"""Answers with their JSON texts, made once: the receipt's payload and the response hold the same characters.

Example:
    >>> told = ToldAnswer({"code": "refused"}, {"code": '"refused"'}).beside("asked", {"as_of": "2024-01-01"})
    >>> told.text, told["code"]
    ('{"asked":{"as_of":"2024-01-01"},"code":"refused"}', 'refused')
"""

import json
from collections.abc import Mapping
from typing import Any, Final

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def json_text(value: object) -> str:
    """JSON in its one form here: sorted members, nothing between them, characters as they are."""
    return _ENCODER.encode(value)


class ToldAnswer(dict[str, Any]):
    """An answer's members and their text. It is not changed; whoever makes another mapping of it leaves the text."""

    def __init__(self, members: Mapping[str, Any], texts: Mapping[str, str]) -> None:
        super().__init__(members)
        self._texts = texts

    @property
    def text(self) -> str:
        """The same as `json_text` of the members."""
        return joined(self._texts)

    def beside(self, name: str, value: object) -> "ToldAnswer":
        """The same answer with one more member."""
        return ToldAnswer({**self, name: value}, {**self._texts, name: json_text(value)})


def joined(texts: Mapping[str, str]) -> str:
    """An object of these members, whose values are JSON already; sorted."""
    return "{" + ",".join([f'"{name}":{texts[name]}' for name in sorted(texts)]) + "}"
