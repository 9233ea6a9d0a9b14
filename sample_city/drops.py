"""The departments' drop folders: files appear whole (written as `.part`, then renamed), dated, in their encoding."""

import io
import shutil
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pyarrow as pa
from pyarrow import csv

from sample_city.columns import Columns

FOLDER = "drops"
MARKET_REGULATION = "market_regulation"
ENCODING = "gb18030"
LISTS = {
    "divisions_2023.csv": "statistics_bureau",
    "divisions_2026.csv": "civil_affairs",
    "divisions_1980_2019.csv": "standards_administration",
}
DIVISIONS = Path(__file__).parent / "divisions"


def drop_name(table: str, day: date) -> str:
    """`enterprises_20260630.csv`."""
    return f"{table}_{day:%Y%m%d}.csv"


def clear(home: Path) -> None:
    """Remove all drops of a former city."""
    if (home / FOLDER).exists():
        shutil.rmtree(home / FOLDER)


def drop_divisions(home: Path) -> None:
    """Give the real lists of divisions to the folders of their three publishers, as they came."""
    for name, department in LISTS.items():
        folder = _folder(home, department)
        part = folder / f"{name}.part"
        shutil.copyfile(DIVISIONS / name, part)
        part.replace(folder / name)


def drop_table(home: Path, table: str, day: date, chunks: Iterable[Columns]) -> Path:
    """Write one market regulation file in GB18030; returns its path."""
    path = _folder(home, MARKET_REGULATION) / drop_name(table, day)
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as file:
        for number, columns in enumerate(chunks):
            file.write(_lines(columns, header=number == 0))
    part.replace(path)
    return path


def _folder(home: Path, department: str) -> Path:
    folder = home / FOLDER / department
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _lines(columns: Columns, *, header: bool) -> bytes:
    buffer = io.BytesIO()
    options = csv.WriteOptions(include_header=header, quoting_style="needed")
    csv.write_csv(pa.table(columns), buffer, options)
    return buffer.getvalue().decode("utf-8").encode(ENCODING)
