"""Holders' codes by their type (GB/T 36903 annex A): one form for what people write differently, and its check.

The types are data: ``certificates/holder_codes.yaml``. What is certain is brought into form (full-width digits, a small
x, blanks and hyphens inside, 15 digits of a citizen number); the rest stays as it came, for rules to judge.

Example:
    >>> normal_holder_code("111", "110105 491231002"), normal_holder_code("516", "h-12345678")
    ('11010519491231002X', 'H12345678')
    >>> check_holder_code("111", "110105194912310021"), check_holder_code("999", "whatever")
    (False, None)
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

import yaml

from certificates.identifiers import (
    MalformedIdentifier,
    check_citizen_number,
    check_foreign_permanent_resident_number,
    check_uscc,
    widen_citizen_number,
)

LOOSE: Final = r"[ \t·•‐‑‒–—-]"
"""Blanks, hyphens and dots that people put inside a number; a regular expression of RE2 and of Python alike."""

WIDENED: Final = "citizen_number"
"""The check whose numbers have an old form of 15 digits."""

_CHECKS: Final[Mapping[str, Callable[[str], bool]]] = {
    "citizen_number": check_citizen_number,
    "uscc": check_uscc,
    "foreign_permanent_resident_number": check_foreign_permanent_resident_number,
}
_DIGITS_BEFORE = 15


@dataclass(frozen=True)
class HolderCodeType:
    """持证主体代码类型.

    Attributes:
        subject: ``natural_person`` or ``legal_entity``.
        check: Name of the number's own rule; "" without one.
        pattern: The form of the whole value; "" where every text may be one.
        loose: Whether blanks and hyphens inside mean nothing.
    """

    code: str
    zh: str
    en: str
    subject: str
    check: str = ""
    pattern: str = ""
    loose: bool = False


@cache
def code_types() -> Mapping[str, HolderCodeType]:
    """All code types, by code, in their order."""
    content = yaml.safe_load((files("certificates") / "holder_codes.yaml").read_text(encoding="utf-8"))
    return MappingProxyType({entry["code"]: HolderCodeType(**entry) for entry in content})


HOLDER_CODE_TYPES: Final[Mapping[str, str]] = MappingProxyType({code: kind.zh for code, kind in code_types().items()})
"""持证主体代码类型代码 and its name."""

ORGANISATION_CODE_TYPES: Final = frozenset(
    code for code, kind in code_types().items() if kind.subject != "natural_person"
)
"""Holder code types of organisations: their names are public, people's are not."""


def check_holder_code(code_type: str, code: str) -> bool | None:
    """Whether a code in normal form is one of its type; None where nothing can be judged."""
    kind = code_types().get(code_type)
    if kind is None or not (kind.check or kind.pattern):
        return None
    return _CHECKS[kind.check](code) if kind.check else re.fullmatch(kind.pattern, code) is not None


def normal_holder_code(code_type: str, code: str) -> str:
    """A code in its one form: trimmed, half-width (NFKC), upper case, and by its type what is certain beyond that."""
    form = (code if code.isascii() else unicodedata.normalize("NFKC", code.strip())).strip().upper()
    kind = code_types().get(code_type)
    if kind is not None and kind.loose:
        form = _without_loose(form, kind.pattern)
    if kind is not None and kind.check == WIDENED and len(form) == _DIGITS_BEFORE:
        form = _widened(form)
    return form


def subject_kind(code_type: str) -> str:
    """The kind of subject that such a code names; a natural person where the type is not known."""
    kind = code_types().get(code_type)
    return "natural_person" if kind is None else kind.subject


def _without_loose(form: str, pattern: str) -> str:
    joined = re.sub(LOOSE, "", form)
    return joined if re.fullmatch(pattern, joined) else form


def _widened(form: str) -> str:
    try:
        return widen_citizen_number(form)
    except MalformedIdentifier:
        return form
