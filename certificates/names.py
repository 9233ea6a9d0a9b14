"""Names as people have them: one form for what registers and people write differently.

Width, blanks, the dots inside transliterated names (·, •, ．), shapes of brackets, traditional and variant characters
(龑 and 䶮) and what old systems kept in the private area of GBK are data: ``certificates/names.yaml``, with a version.
Two names are one if their forms are equal. How near two names are is told to nobody: a name that is almost right
gets the answer of any other name.

Example:
    >>> name_form("阿卜杜拉·买买提") == name_form("阿卜杜拉 • 买买提"), name_form("刘䶮") == name_form("劉龑")
    (True, True)
    >>> name_form("ｓｈａｎｔｏｕ（贸易）"), name_form("闫明") == name_form("阎明")
    ('SHANTOU(贸易)', False)
    >>> former_names("李小三、李三（乳名）")
    ('李小三', '李三(乳名)')
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import ascii_lowercase
from types import MappingProxyType
from typing import Any, Final

import yaml

from certificates.errors import CertificatesError

PARTS: Final = "[、,;/|]"
"""What stands between several names in one column, after NFKC; a regular expression of PostgreSQL and Python alike."""

_LETTERS: Final = ((0xE0, 0x17F), (0x3AC, 0x3CE), (0x430, 0x45F))
"""Small letters beside ASCII that have one capital: Latin, Greek, Cyrillic. No locale has a say in them."""

_ASCII: Final = {one: one.upper() for one in ascii_lowercase}


class BadNameTable(CertificatesError):
    """Raised when the table of names contradicts itself: a character stands in two lines, or a line has one only."""

    def __init__(self, character: str) -> None:
        self.character = character
        super().__init__(
            f"姓名折叠表中“{character}”重复出现或单独成行。请改正 certificates/names.yaml。",
            f'the table of names has "{character}" twice, or alone. Mend certificates/names.yaml.',
        )


@dataclass(frozen=True)
class NameTable:
    """How names are folded.

    Attributes:
        version: grows when a name's form changes.
        blanks: ranges of code points that are left out, both ends included.
        dots: characters that are left out likewise.
        same: character -> the one that counts for it, small letters of ASCII aside. What counts stands for itself, so
            that folding twice is once.
    """

    version: int
    blanks: tuple[tuple[int, int], ...]
    dots: str
    same: Mapping[str, str]

    @property
    def left_out(self) -> str:
        """Blanks and dots as the inside of a character class of PostgreSQL and Python alike."""
        ranges = "".join(f"{_escaped(first)}-{_escaped(last)}" for first, last in self.blanks)
        return ranges + "".join(_escaped(ord(dot)) for dot in self.dots)

    @property
    def digest(self) -> str:
        """SHA-256 of what the table says, by which a store knows that its digests were made with this one."""
        said = [self.version, self.blanks, self.dots, sorted(self.same.items()), PARTS]
        return hashlib.sha256(json.dumps(said, ensure_ascii=True).encode("ascii")).hexdigest()


@cache
def name_table() -> NameTable:
    """The table in force.

    Raises:
        BadNameTable: it contradicts itself.
    """
    return read_table(yaml.safe_load((files("certificates") / "names.yaml").read_text(encoding="utf-8")))


def read_table(content: Mapping[str, Any]) -> NameTable:
    """The table that a YAML file says. Raises BadNameTable."""
    lines = [*content["brackets"], *content["same"]]
    same = _letters() | _folded(lines)
    for place, character in content["private"].items():
        same[chr(int(place, 16))] = same.get(character, character)
    ranges = (each.split("-") for each in content["blanks"])
    blanks = tuple((int(first, 16), int(last, 16)) for first, last in ranges)
    return NameTable(int(content["version"]), blanks, content["dots"], MappingProxyType(same))


def name_form(name: str) -> str:
    """A name as matching takes it; the store's ``hub.name_form`` gives the same."""
    left_out, same = _folding()
    return left_out.sub("", unicodedata.normalize("NFKC", name)).translate(same)


def former_names(text: str) -> tuple[str, ...]:
    """The names that a register's column of former names holds: one, or several with 、 or the like between them."""
    parts = re.split(PARTS, unicodedata.normalize("NFKC", text))
    return tuple(part.strip() for part in parts if part.strip())


@cache
def _folding() -> tuple[re.Pattern[str], dict[int, str]]:
    table = name_table()
    return re.compile(f"[{table.left_out}]"), str.maketrans({**table.same, **_ASCII})


def _letters() -> dict[str, str]:
    small = [chr(code) for first, last in _LETTERS for code in range(first, last + 1)]
    return {one: one.upper() for one in small if one.upper() != one and len(one.upper()) == 1}


def _folded(lines: list[str]) -> dict[str, str]:
    """Every character after its line's first one -> that."""
    seen: set[str] = set()
    same: dict[str, str] = {}
    for line in lines:
        if len(line) == 1 or len(set(line)) < len(line) or seen & set(line):
            raise BadNameTable(line[:1])
        seen |= set(line)
        same |= dict.fromkeys(line[1:], line[0])
    return same


def _escaped(code: int) -> str:
    return f"\\U{code:08X}"
