"""Verdicts with their JSON texts. Most of a verdict is said over and over, to whomever asks.

Its conclusion, its advice and its checks' lines are rendered once and kept. None of them names a holder, a number or a
certificate; what does is rendered each time.

Example:
    >>> from certificates.verdicts import RefusalReason, refuse
    >>> told_verdict(refuse(RefusalReason.NO_GRANT)).text[:34]
    '{"certificate":null,"code":"refuse'
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from certificates.answer_texts import ToldAnswer, json_text
from certificates.checks import Line
from certificates.verdicts import Verdict, VerdictCode

_MOST_LINES: Final = 4_096
"""Lines that are kept: as many as checks, outcomes and days of delivery make in a while."""


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
