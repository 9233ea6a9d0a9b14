"""The departments' drop folders: files appear whole (written as `.part`, then renamed), dated, in their encoding."""

import io
import json
import shutil
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pyarrow as pa
from pyarrow import csv

from sample_city.columns import Columns

FOLDER = "drops"
MARKET_REGULATION = "market_regulation"
LISTS = {
    "divisions/divisions_2023.csv": "statistics_bureau",
    "divisions/divisions_2026.csv": "civil_affairs",
    "divisions/divisions_1980_2019.csv": "standards_administration",
    "sheets/economic_indicators_2025.csv": "statistics_bureau",
    "sheets/public_credit_202603.csv": "development_and_reform",
}
"""Files that are given out as they stand here -> the department whose folder they are for."""
SHEETS = Path(__file__).parent / "sheets"


def drop_name(table: str, day: date, part: int | None = None) -> str:
    """`enterprises_20260630.csv`, or `..._20260630_1.csv` for the first part of a day."""
    return f"{table}_{day:%Y%m%d}{'' if part is None else f'_{part}'}.csv"


def clear(home: Path) -> None:
    """Remove all drops of a former city."""
    if (home / FOLDER).exists():
        shutil.rmtree(home / FOLDER)


def drop_list(home: Path, name: str, department: str) -> None:
    """Give a file that doesn't change to the folder of its publisher, as it stands."""
    source = Path(__file__).parent / name
    folder = folder_of(home, department)
    part = folder / f"{source.name}.part"
    shutil.copyfile(source, part)
    part.replace(folder / source.name)


def drop_table(folder: Path, name: str, encoding: str, chunks: Iterable[Columns]) -> None:
    """Write one CSV file in its encoding."""
    part = folder / f"{name}.part"
    with part.open("wb") as file:
        for number, columns in enumerate(chunks):
            file.write(_lines(columns, encoding, header=number == 0))
    part.replace(folder / name)


def drop_json_lines(folder: Path, name: str, chunks: Iterable[Columns]) -> None:
    """Write one file of JSON objects, a line each; empty values are null."""
    part = folder / f"{name}.part"
    with part.open("w", encoding="utf-8") as file:
        for columns in chunks:
            file.writelines(json_lines(columns))
    part.replace(folder / name)


def json_lines(columns: Columns) -> Iterable[str]:
    """Each row as one line of JSON."""
    for values in zip(*(column.to_pylist() for column in columns.values()), strict=True):
        row = {name: value or None for name, value in zip(columns, values, strict=True)}
        yield json.dumps(row, ensure_ascii=False) + "\n"


def folder_of(home: Path, department: str) -> Path:
    """A department's drop folder, made if it isn't there."""
    folder = home / FOLDER / department
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _lines(columns: Columns, encoding: str, *, header: bool) -> bytes:
    buffer = io.BytesIO()
    options = csv.WriteOptions(include_header=header, quoting_style="needed")
    csv.write_csv(pa.table(columns), buffer, options)
    return buffer.getvalue().decode("utf-8").encode(encoding)
