"""People who don't exist, as columns: any number of them, each made from its own ordinal, the same for the same seed.

Ordinals become citizen numbers one to one: GB 11643 with a right check character, under division codes that nobody was
ever given, so that none is a real person's. Nothing here depends on how the ordinals are cut into chunks.

    >>> import numpy as np
    >>> people(np.arange(2), seed=1).column("citizen_number").to_pylist()
    ['449901193501010012', '449902193501010000']
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Ordinals = NDArray[np.int64]
Texts = Any  # a pyarrow string array; pyarrow ships no types

COLUMNS: Final = (
    "citizen_number", "name", "sex", "birth_date", "ethnicity", "division_code", "address", "household_number",
    "phone", "marital_status", "life_status", "updated_at",
)  # fmt: skip
"""The source table's columns, in its order."""

_DIVISIONS: Final = 7
_FIRST_DIVISION: Final = 449901  # 4499 is no prefecture: the codes of GB/T 2260 end at 4453
_DAYS: Final = 32_850
FIRST_BIRTH: Final = np.datetime64("1935-01-01")
_FIRST_UPDATE: Final = np.datetime64("2015-01-01T00:00:00")
_UPDATES: Final = 300_000_000  # seconds: until the middle of 2024
CHANGED_AT: Final = np.datetime64("2025-06-01T08:00:00")
"""When the rows of a delta were changed: later than any other row."""

_WEIGHTS: Final = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], np.uint16)
_CHECKS: Final = np.frombuffer(b"10X98765432", np.uint8)
_SURNAMES: Final = "陈林李黄张郑王吴蔡刘许谢杨洪郭曾周姚庄方纪魏余翁杜沈彭卢詹罗"
_GIVEN: Final = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰建国志文海燕晓东春梅佳欣子涵宇轩梓浩然诗雨"
_ROADS: Final = (
    "中山",
    "人民",
    "长平",
    "金砂",
    "海滨",
    "外马",
    "同平",
    "护堤",
    "大学",
    "潮汕",
    "黄河",
    "韩江",
    "泰山",
    "嵩山",
)
_ETHNICITIES: Final = ("01",) * 500 + tuple(f"{code:02}" for code in range(2, 57))
_STATUSES: Final = ("10", "20", "20", "20", "30", "40", "90")
_LIVES: Final = ("1",) * 18 + ("2", "3")


def people(ordinals: Ordinals, seed: int, personas: Ordinals | None = None) -> pa.RecordBatch:
    """One row per ordinal.

    Args:
        ordinals: from 0, below 100 million; they decide everything but what `personas` decide.
        seed: of the town.
        personas: whose number, birth, sex and time of change each row has; the ordinals' own unless told.
    """
    who = ordinals if personas is None else personas
    columns = [
        citizen_numbers(who, births(who), seed),
        _joined(_letters(_SURNAMES, ordinals, seed, 1), *(_letters(_GIVEN, ordinals, seed, salt) for salt in (2, 3))),
        _picked(("2", "1"), sexes(who, seed)),
        pa.array(births(who)).cast(pa.string()),
        _picked(_ETHNICITIES, _drawn(ordinals, seed, 5, len(_ETHNICITIES))),
        divisions(who),
        addresses(ordinals, seed),
        _numbers(_drawn(ordinals, seed, 9, 10**8) + 10**8),
        _numbers(_drawn(ordinals, seed, 10, 10**9) + 13_000_000_000),
        _picked(_STATUSES, _drawn(ordinals, seed, 11, len(_STATUSES))),
        _picked(_LIVES, _drawn(ordinals, seed, 12, len(_LIVES))),
        pa.array(_FIRST_UPDATE + _drawn(who, seed, 13, _UPDATES)),
    ]
    return pa.RecordBatch.from_arrays(columns, names=list(COLUMNS))


def births(ordinals: Ordinals) -> NDArray[np.datetime64]:
    """The day of birth."""
    return FIRST_BIRTH + _cells(ordinals) // _DIVISIONS


def sexes(ordinals: Ordinals, seed: int) -> Ordinals:
    """1 male, 0 female: whether the number's 17th digit is odd."""
    return _drawn(ordinals, seed, 4, 2)


def divisions(ordinals: Ordinals) -> Texts:
    """Six digits."""
    return _picked([str(_FIRST_DIVISION + place) for place in range(_DIVISIONS)], _cells(ordinals) % _DIVISIONS)


def citizen_numbers(ordinals: Ordinals, born: NDArray[np.datetime64], seed: int) -> Texts:
    """Division, birth, a running number whose last digit tells the sex, and the check character."""
    division = _FIRST_DIVISION + _cells(ordinals) % _DIVISIONS
    running = ordinals // (_DIVISIONS * _DAYS) * 2 + sexes(ordinals, seed)
    digits = np.concatenate([_digits(division, 6), _digits(_calendar(born), 8), _digits(running, 3)])
    checks = _CHECKS[(digits.astype(np.uint16) * _WEIGHTS[:, None]).sum(axis=0) % 11]
    characters = np.concatenate([digits + np.uint8(ord("0")), checks[None, :]]).T
    return _of_width(np.ascontiguousarray(characters))


def _calendar(days: NDArray[np.datetime64]) -> Ordinals:
    """20260131 for 2026-01-31."""
    months = days.astype("datetime64[M]")
    month = months.astype(np.int64)
    day = (days - months.astype("datetime64[D]")).astype(np.int64) + 1
    found: Ordinals = (1970 + month // 12) * 10_000 + (month % 12 + 1) * 100 + day
    return found


def _digits(values: Ordinals, width: int) -> NDArray[np.uint8]:
    """Decimal digits, the first in row 0."""
    places = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    return (values // places[:, None] % 10).astype(np.uint8)


def _of_width(characters: NDArray[np.uint8]) -> Texts:
    """ASCII characters, a row each, as texts."""
    rows, width = characters.shape
    offsets = pa.py_buffer(np.arange(0, (rows + 1) * width, width, dtype=np.int32))
    return pa.Array.from_buffers(pa.string(), rows, [None, offsets, pa.py_buffer(characters)])


def _cells(ordinals: Ordinals) -> Ordinals:
    """Each pair of division and day of birth once, then again."""
    return ordinals % (_DIVISIONS * _DAYS)


def addresses(ordinals: Ordinals, seed: int) -> Texts:
    """Road, number and flat."""
    roads = _picked(_ROADS, _drawn(ordinals, seed, 6, len(_ROADS)))
    houses, flats = (_numbers(_drawn(ordinals, seed, salt, 900) + 1) for salt in (7, 8))
    return pc.binary_join_element_wise("测速市虚构区", roads, "路", houses, "号", flats, "房", "")


def _joined(*parts: Texts) -> Texts:
    return pc.binary_join_element_wise(*parts, "")


def _letters(letters: str, ordinals: Ordinals, seed: int, salt: int) -> Texts:
    return _picked(list(letters), _drawn(ordinals, seed, salt, len(letters)))


def _picked(values: Sequence[str], places: Ordinals) -> Texts:
    return pa.array(list(values), pa.string()).take(pa.array(places))


def _numbers(values: Ordinals) -> Texts:
    return pa.array(values).cast(pa.string())


def _drawn(ordinals: Ordinals, seed: int, salt: int, below: int) -> Ordinals:
    """A number from 0 to `below` for each ordinal: splitmix64, so that any row can be made alone."""
    start = (seed * 1_000_003 + salt) * 0x9E3779B97F4A7C15 % 2**64
    mixed = ordinals.astype(np.uint64) + np.uint64(start)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    drawn: Ordinals = (mixed % np.uint64(below)).astype(np.int64)
    return drawn
