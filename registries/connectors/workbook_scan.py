"""What a workbook's parser does not tell: looked for in a sheet's bytes, by the process that reads it.

    seen = scan(archive, "xl/worksheets/sheet1.xml")
    seen.error, seen.uncalculated, seen.hidden_rows, seen.hidden_columns

Regular expressions over blocks that overlap, each asked only where a block has the letters that it needs: a sheet of
two million cells takes less than a second.
"""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

_BLOCK: Final = 1 << 20
_OVERLAP: Final = 16 << 10
"""The longest formula has 8,192 characters."""

_TABLE: Final = 1 << 20
_ERROR: Final = re.compile(rb"""<(?:\w+:)?c\s(?=[^>]*\bt=["']e["'])[^>]*\br=["']([A-Z]{1,3}[0-9]{1,7})["']""")
_UNCALCULATED: Final = re.compile(
    rb"""<(?:\w+:)?c\s([^>]*)>\s*<(?:\w+:)?f\b[^<>]*(?:/>|>[^<]*</(?:\w+:)?f>)\s*"""
    rb"""(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"""
)
_EMPTY_TEXT: Final = re.compile(rb"""\bt=["']str["']""")
_NAME: Final = re.compile(rb"""\br=["']([A-Z]{1,3}[0-9]{1,7})["']""")
_HIDDEN_ROW: Final = re.compile(
    rb"""<(?:\w+:)?row\s(?=[^>]*\bhidden=["'](?:1|true)["'])[^>]*?\br=["']([0-9]{1,7})["']"""
)
_HIDDEN_COLUMNS: Final = re.compile(rb"""<(?:\w+:)?col\s(?=[^>]*\bhidden=["'](?:1|true)["'])([^>]*)>""")
_SPAN: Final = re.compile(rb"""\b(min|max)=["']([0-9]{1,5})["']""")
_DECLARED: Final = re.compile(rb"""<(?:\w+:)?dimension\s[^>]*\bref=["'](?:[A-Z]+[0-9]+:)?([A-Z]+)([0-9]+)["']""")
_VALUED: Final = re.compile(
    rb"""<(?:\w+:)?c\s[^>]*\br=["'](([A-Z]{1,3})([0-9]{1,7}))["'][^>/]*>\s*<(?:\w+:)?(?:v|is|f)\b"""
)
_LETTERS: Final = 26


@dataclass
class Seen:
    """What was seen in one sheet.

    Attributes:
        error: the name of the first cell that holds an error, such as D5.
        uncalculated: of the first formula without a value.
        far: of the first cell with a value beyond the bounds, where the sheet says that it reaches so far.
        hidden_rows: their numbers, from 1, unless a filter hides them; hidden_columns: first and last, from 1.
    """

    error: str = ""
    uncalculated: str = ""
    far: str = ""
    filtered: bool = False
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)

    def hides_column(self, number: int) -> bool:
        """Whether a column, from 1, can't be seen."""
        return any(first <= number <= last for first, last in self.hidden_columns)


def scan(archive: zipfile.ZipFile, part: str) -> Seen:
    """Look through a sheet once."""
    seen = Seen()
    for window in _windows(archive, part):
        _look(window, seen)
    if seen.filtered or (seen.hidden_rows and _tables_filter(archive)):
        seen.hidden_rows.clear()
    return seen


def far_cell(archive: zipfile.ZipFile, part: str, rows: int, columns: int) -> str:
    """The first cell with a value beyond the bounds; "" if there is none, or the sheet does not say it reaches so far.

    Cells that were only formatted reach to a sheet's end often, and mean nothing.
    """
    with archive.open(part) as file:
        declared = _DECLARED.search(file.read(_OVERLAP))
    if declared is None or (column_number(declared[1]) <= columns and int(declared[2]) <= rows):
        return ""
    for window in _windows(archive, part):
        for found in _VALUED.finditer(window):
            if int(found[3]) > rows or column_number(found[2]) > columns:
                return found[1].decode()
    return ""


def column_number(letters: bytes) -> int:
    """A column's place, from 1.

    >>> column_number(b"A"), column_number(b"XFD")
    (1, 16384)
    """
    number = 0
    for letter in letters:
        number = number * _LETTERS + letter - 64
    return number


def column_name(number: int) -> str:
    """A column's letters.

    >>> column_name(1), column_name(28)
    ('A', 'AB')
    """
    letters = ""
    while number:
        number, rest = divmod(number - 1, _LETTERS)
        letters = chr(65 + rest) + letters
    return letters


def _windows(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    with archive.open(part) as file:
        rest = b""
        while block := file.read(_BLOCK):
            window = rest + block
            yield window
            rest = window[-_OVERLAP:]


def _look(window: bytes, seen: Seen) -> None:
    if not seen.error and (b't="e"' in window or b"t='e'" in window):
        found = _ERROR.search(window)
        seen.error = found[1].decode() if found else ""
    if not seen.uncalculated and (b"<f>" in window or b"<f " in window or b":f>" in window or b"<f/>" in window):
        seen.uncalculated = _uncalculated(window)
    if b"hidden=" in window:
        seen.hidden_rows.update(int(found[1]) for found in _HIDDEN_ROW.finditer(window))
        seen.hidden_columns += [_span(found[1]) for found in _HIDDEN_COLUMNS.finditer(window)]
    seen.filtered = seen.filtered or b"filterColumn" in window


def _uncalculated(window: bytes) -> str:
    for found in _UNCALCULATED.finditer(window):
        name = _NAME.search(found[1])
        if name is not None and not _EMPTY_TEXT.search(found[1]):
            return name[1].decode()
    return ""


def _span(attributes: bytes) -> tuple[int, int]:
    told = {name: int(number) for name, number in _SPAN.findall(attributes)}
    return told.get(b"min", 0), told.get(b"max", 0)


def _tables_filter(archive: zipfile.ZipFile) -> bool:
    """Whether a table of the workbook filters rows: its filter stands in a part of its own."""
    for one in archive.namelist():
        if one.startswith("xl/tables/"):
            with archive.open(one) as file:
                if b"filterColumn" in file.read(_TABLE):
                    return True
    return False
