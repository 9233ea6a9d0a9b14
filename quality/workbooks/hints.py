"""What most probably happened to one value that a rule refused: said beside the rule's own words.

>>> from registries.contracts.model import Column
>>> hint(Column("day", "日期", "date"), "45678")[0]
'“日期”像是日期的内部序号, 请把单元格格式改为“日期”'
"""

import re
from typing import Final

from registries.contracts.model import Column

Hint = tuple[str, str]

_SERIAL: Final = range(10_000, 80_000)
"""Days since 1899-12-31 that are days of 1927 to 2118."""

_DIGITS: Final = re.compile(r"\[0-9\]\{([0-9]{1,2})\}")
_SHORT: Final = 20


def hint(column: Column, text: str | None) -> Hint | None:
    """None where nothing is known that the rule does not say."""
    if text is None or not text or len(text) > _SHORT:
        return None
    return _serial(column, text) or _zeros(column, text) or _label(column, text)


def _serial(column: Column, text: str) -> Hint | None:
    """A day that a spreadsheet shows as the number which it keeps."""
    whole = text.partition(".")[0]
    if column.logical_type not in {"date", "timestamp"} or not whole.isdecimal() or int(whole) not in _SERIAL:
        return None
    return (
        f"“{column.title_zh}”像是日期的内部序号, 请把单元格格式改为“日期”",
        f"{column.name} looks like a spreadsheet's inner number of a day; give the cell a date format",
    )


def _zeros(column: Column, text: str) -> Hint | None:
    """A code that was typed as a number: zeros in front are gone."""
    if not text.isdecimal():
        return None
    digits = _DIGITS.fullmatch(column.pattern or "")
    widths = {len(code) for code in column.codes} | ({int(digits[1])} if digits else set())
    restored = {text.zfill(width) for width in widths if width > len(text)}
    if not restored or (column.codes and restored.isdisjoint(column.codes)):
        return None
    return (
        f"“{column.title_zh}”可能丢失了前面的 0, 请把该列设为文本格式后重新录入",
        f"{column.name} may have lost zeros in front; make the column text and enter it again",
    )


def _label(column: Column, text: str) -> Hint | None:
    """A code's name, or code and name together, where the code is wanted."""
    for code in column.code_table or ():
        if code.zh and text.replace(" ", "") in {code.zh, f"{code.value}{code.zh}"}:
            return (
                f"“{column.title_zh}”请只填代码 {code.value}",
                f"{column.name} wants the code alone: {code.value}",
            )
    return None
