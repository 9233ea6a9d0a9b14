"""What happens once in a scripted year, beside the defects of single rows; months count from 0, the first delivery.

4    the two lists of figures are given out, as they stand
6    drift: every enterprise in business is exported under another word that means the same (market regulation)
7    the statistics bureau takes over the list of divisions of 2026: its conflicts with civil affairs end
8    human resources' table of insured persons is empty: a job that failed half-way; the batch is held
9    health delivers nothing: it is late, and the next month's delivery ends that
"""

import csv
import io
from pathlib import Path
from typing import Final

import numpy as np

from sample_city import drops
from sample_city.city import City
from sample_city.columns import Columns, pick

SHEETS, DRIFT, NEWER_LIST, EMPTY, LATE = 4, 6, 7, 8, 9
STATISTICS: Final = "statistics_bureau"
OF_STATISTICS: Final = ("code", "name", "level", "parent")
STATE, IN_BUSINESS, ALSO_IN_BUSINESS = "登记状态", "存续", "在业"
EVENTS: Final = {
    "drift": (DRIFT, "market_regulation.enterprises"),
    "newer_list": (NEWER_LIST, f"{STATISTICS}.divisions"),
    "held": (EMPTY, "human_resources.insured_persons"),
    "late": (LATE, "health.birth_certificates"),
}
"""Event -> its month and dataset."""


def happens(city: City, event: str) -> bool:
    """Whether this is the month of an event in a scripted year."""
    return city.year and city.days == EVENTS[event][0]


def sheets_are_out(city: City) -> bool:
    """Whether the lists of figures have been given out; on ordinary days they always have."""
    return not city.year or city.days >= SHEETS


def not_yet(city: City) -> tuple[str, ...]:
    """Kinds of the lists that are no defects yet: in a scripted year they come while they are new."""
    return ("stale_batch",) if city.year else ()


def drop_lists(home: Path, city: City) -> None:
    """Give the files that don't change to their publishers' folders, each when it is its time."""
    for name, department in drops.LISTS.items():
        drops.folder_of(home, department)
        later = city.year and not name.startswith("divisions/")
        if city.days == (SHEETS if later else 0):
            drops.drop_list(home, name, department)
    if happens(city, "newer_list"):
        _drop_newer_divisions(home)


def with_other_word(city: City, enterprises: Columns) -> Columns:
    """The rows with the word of the month of drift."""
    words = enterprises[STATE].to_pylist()
    others = [ALSO_IN_BUSINESS if word == IN_BUSINESS else word for word in words]
    return enterprises | {STATE: pick(others, np.arange(len(others)))} if happens(city, "drift") else enterprises


def _drop_newer_divisions(home: Path) -> None:
    """Civil affairs' list of 2026 in the columns of the statistics bureau."""
    source = Path(drops.__file__).parent / "divisions" / "divisions_2026.csv"
    with source.open(encoding="utf-8-sig", newline="") as file:
        rows = [{name: row[name] for name in OF_STATISTICS} for row in csv.DictReader(file)]
    told = io.StringIO(newline="")
    writer = csv.DictWriter(told, OF_STATISTICS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path = drops.folder_of(home, STATISTICS) / source.name
    part = path.with_suffix(".part")
    part.write_text(told.getvalue(), encoding="utf-8")
    part.replace(path)
