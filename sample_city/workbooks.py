"""Workbooks (.xlsx) as clerks keep them: text cells, a heading, and now and then a number that should have been text.

A spreadsheet keeps numbers in 64-bit floating point: of an 18-digit number it rounds the last digits away for good.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

import numpy as np
import xlsxwriter
from numpy.typing import NDArray

from sample_city.columns import Columns

Chunk = tuple[Columns, Mapping[str, NDArray[np.bool_]]]
"""Columns of text, and for some of them the rows in which a number was typed instead."""


def write_workbook(path: Path, sheet: str, made_at: datetime, chunks: Iterable[Chunk]) -> None:
    """Write one sheet whole, row after row; the same rows and time give the same bytes."""
    part = path.with_name(f"{path.name}.part")
    with xlsxwriter.Workbook(part, {"constant_memory": True, "strings_to_numbers": False}) as book:
        book.set_properties({"created": made_at})
        page = book.add_worksheet(sheet)
        row = 0
        for columns, typed in chunks:
            if row == 0:
                page.write_row(0, 0, list(columns))
            rows = zip(*(column.to_pylist() for column in columns.values()), strict=True)
            numbers = np.column_stack([typed.get(name, np.zeros(len(columns[name]), bool)) for name in columns])
            for values, as_numbers in zip(rows, numbers.tolist(), strict=True):
                row += 1
                for place, (value, as_number) in enumerate(zip(values, as_numbers, strict=True)):
                    if as_number:
                        page.write_number(row, place, float(value))
                    elif value:
                        page.write_string(row, place, value)
    part.replace(path)
