"""Answers with their JSON texts, made once: the receipt's payload and the response hold the same characters.

Most of a verdict is said over and over, to whomever asks: its conclusion, its advice, its checks' lines. Such parts are
rendered once and kept. None of them names a holder, a number or a certificate; what does is rendered each time.

Example:
    >>> from certificates.verdicts import RefusalReason, refuse
    >>> told = told_verdict(refuse(RefusalReason.NO_GRANT)).beside("asked", {"as_of": "2024-01-01"})
    >>> told.text[:52], told["code"]
    ('{"asked":{"as_of":"2024-01-01"},"certificate":null,"', 'refused')
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from certificates.checks import Line
from certificates.verdicts import Verdict, VerdictCode

_MOST_LINES: Final = 4_096
"""Lines that are kept: as many as checks, outcomes and days of delivery make in a while."""

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


def told_verdict(verdict: Verdict) -> ToldAnswer:
    """`Verdict.to_json` with its text."""
    return ToldAnswer(verdict.to_json(), verdict_texts(verdict))


def verdict_texts(verdict: Verdict) -> dict[str, str]:
    """The members of a verdict, each as JSON."""
    said = _said(verdict.code, verdict.zh, verdict.en, verdict.next_zh, verdict.next_en)
    lines = "[" + ",".join([_line(line) for line in verdict.lines]) + "]"
    return {**said, "lines": lines, "certificate": json_text(verdict.certificate)}


@lru_cache(len(VerdictCode) * 4)
def _said(code: VerdictCode, zh: str, en: str, next_zh: str, next_en: str) -> Mapping[str, str]:
    following = {"zh": next_zh, "en": next_en}
    members = {"code": code.value, "zh": zh, "en": en, "next": following}
    return {name: json_text(value) for name, value in members.items()}


@lru_cache(_MOST_LINES)
def _line(line: Line) -> str:
    return json_text(line.to_json())
