"""Surnames as common as they are in Chaoshan, and given names as each generation gave them.

All persons of the sample city are made up; a name that somebody bears is chance.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sample_city.columns import Column, joined, pick, where
from sample_city.draws import Index, bits, choose, stream, unit
from sample_city.words import generations

SURNAMES = {
    "陈": 150, "林": 110, "黄": 75, "郑": 62, "李": 55, "吴": 52, "张": 46, "蔡": 45, "许": 34, "杨": 30,
    "王": 29, "谢": 25, "郭": 22, "刘": 22, "洪": 18, "庄": 17, "姚": 15, "周": 15, "马": 14, "曾": 13,
    "肖": 13, "方": 12, "翁": 11, "罗": 10, "余": 10, "朱": 9, "赵": 9, "彭": 8, "魏": 8, "邱": 8,
    "卢": 8, "徐": 8, "何": 7, "胡": 7, "江": 7, "纪": 7, "温": 6, "连": 6, "詹": 6, "沈": 6,
    "佘": 5, "辜": 4, "柯": 4, "高": 4, "孙": 4, "梁": 4, "叶": 4, "苏": 4, "唐": 3, "廖": 3,
    "范": 3, "丁": 3, "池": 3, "蚁": 2, "欧阳": 2, "蓝": 2, "钟": 2, "赖": 2, "游": 2, "严": 2,
    "金": 1, "芮": 1, "㛃": 0.1, "䶮": 0.1, "上官": 0.1,
}  # fmt: skip

GENERATIONS = (1970, 2000)
"""The first years of the second and third generation of words.yaml."""
SINGLE_CHARACTERS = (0.04, 0.11)
"""The share of given names of one character, in the first generation and later."""

SKEW = 1.6  # how much commoner the first characters of a list are than the last


@lru_cache(maxsize=1)
def _characters() -> tuple[list[str], NDArray[np.int64], NDArray[np.int64]]:
    lists = [*generations("male"), *generations("female")]
    sizes = np.array([len(characters) for characters in lists])
    return [character for characters in lists for character in characters], np.cumsum(sizes) - sizes, sizes


def surnames(seed: int, index: Index) -> Column:
    """A surname for each index."""
    return pick(list(SURNAMES), choose(stream(seed, "surname"), index, np.array(list(SURNAMES.values()))))


def given_names(seed: int, index: Index, birth_years: Index, female: NDArray[np.bool_]) -> Column:
    """A given name, mostly of two characters, for each index."""
    characters, starts, sizes = _characters()
    group = np.searchsorted(GENERATIONS, birth_years, side="right") + 3 * female
    first, second = (_drawn(seed, part, index, starts[group], sizes[group]) for part in ("first", "second"))
    single = unit(stream(seed, "single character"), index) < np.where(birth_years < GENERATIONS[0], *SINGLE_CHARACTERS)
    return joined(pick(characters, first), where(single, "", pick(characters, second)))


def _drawn(seed: int, part: str, index: Index, start: Index, size: Index) -> Index:
    return start + (size * unit(stream(seed, f"given name, {part}"), index) ** SKEW).astype(np.int64)


def another(index: Index) -> Index:
    """The index under which a person who changed names draws the new one."""
    return (bits(0, index) >> np.uint64(2)).astype(np.int64)
