"""What every part of a contract is asked: is it a name, is it on the list, and how to mend it if not."""

import re
from collections.abc import Iterable
from typing import Final

from registries.contracts.yaml_page import Page, Place

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,47}")
FILL: Final = ("请按 departments/README.md 填写", "give it as departments/README.md says")
"""The mend of faults that the README explains."""


def check_name(page: Page, place: Place, name: str | None) -> None:
    """Note a fault unless it is a name that every part of the hub can use."""
    if not _NAME.fullmatch(name or ""):
        page.note(
            place,
            f"名称 {name} 不合规",
            f"{name} is not a name",
            "请用小写字母、数字和下划线, 以字母开头, 至多 48 个字符",
            "use lower-case letters, digits and underscores, a letter first, at most 48 characters",
        )


def one_of(page: Page, place: Place, value: object, known: Iterable[str], zh: str = "取值", en: str = "value") -> str:
    """The value as text; a fault is noted unless it is on the list."""
    names = tuple(known)
    if value not in names:
        page.note_unknown(place, zh, en, value, names)
    return str(value)
