"""Shantou's real districts: their codes, the codes they had before, their towns, and who issues licences there.

Codes follow GB/T 2260 (see divisions/); shares of people are rounded from the census of 2020; the bureaus' codes are
made up, with right check characters.

    >>> [district.name for district in DISTRICTS][:2]
    ['龙湖区', '金平区']
    >>> CITY_BUREAU.name
    '汕头市市场监督管理局'
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sample_city.check_characters import organisation_code_check, uscc_check
from sample_city.draws import Index
from sample_city.words import towns

CITY_CODE = "440500"


@dataclass(frozen=True)
class District:
    """One district: its code, its share of the city's people, and codes given at birth as (first year, code)."""

    code: str
    name: str
    share: float
    birth_codes: tuple[tuple[int, str], ...]

    @property
    def towns(self) -> list[str]:
        """Its towns and streets."""
        return towns(self.code)


@dataclass(frozen=True)
class Bureau:
    """An authority that issues licences; its unified social credit code is made up."""

    name: str
    code: str


DISTRICTS = (
    District(
        "440507",
        "龙湖区",
        11.5,
        ((0, "440502"), (1995, "440507")),
    ),
    District(
        "440511",
        "金平区",
        14.1,
        ((0, "440503"), (1995, "440508"), (2003, "440511")),
    ),
    District(
        "440512",
        "濠江区",
        4.9,
        ((0, "440506"), (2003, "440512")),
    ),
    District(
        "440513",
        "潮阳区",
        30.1,
        ((0, "440524"), (1995, "440582"), (2003, "440513")),
    ),
    District(
        "440514",
        "潮南区",
        22.4,
        ((2003, "440514"),),
    ),
    District(
        "440515",
        "澄海区",
        15.9,
        ((0, "440521"), (1995, "440583"), (2003, "440515")),
    ),
    District("440523", "南澳县", 1.1, ((0, "440523"),)),
)
COUNT = len(DISTRICTS)
SHARES = np.array([district.share for district in DISTRICTS])
CODES = np.array([int(district.code) for district in DISTRICTS])

# Chaonan was parted from Chaoyang in 2003; until then both gave Chaoyang's codes.
PARTED_IN, CHAOYANG, CHAONAN = 2003, 3, 4

# Where people who moved to Shantou were born: neighbours first.
ELSEWHERE = {
    445121: 2.0,  # 潮安
    445122: 1.2,  # 饶平
    445281: 2.0,  # 普宁
    445224: 1.6,  # 惠来
    441581: 1.0,  # 陆丰
    350624: 0.6,  # 诏安
    440106: 0.4,  # 广州天河
    362131: 0.7,  # 宁都
    430481: 0.6,  # 耒阳
    512222: 0.6,  # 开县
}
ELSEWHERE_SHARE = 0.10

# Codes that no list ever gave to anybody: what a clerk's slip of the finger makes of a district's code.
NEVER_GIVEN = ("440516", "440519", "440533", "440538", "440550", "440557", "440561", "440570", "440590", "440599")

FIRST_YEAR = 1880
LAST_YEAR = 2199


def _code_in(district: District, year: int) -> int:
    given = [int(code) for since, code in district.birth_codes if since <= year]
    return given[-1] if given else 0


@lru_cache(maxsize=1)
def birth_codes() -> Index:
    """The code that each district (then each place elsewhere) gave at birth, by year from 1880: (years, places)."""
    elsewhere = list(ELSEWHERE)
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    return np.array([[_code_in(district, year) for district in DISTRICTS] + elsewhere for year in years])


@lru_cache(maxsize=1)
def birth_weights() -> NDArray[np.float64]:
    """How many of a year's people were born in each of these places: (years, places), rows sum to 1."""
    local = SHARES / SHARES.sum() * (1 - ELSEWHERE_SHARE)
    abroad = np.array(list(ELSEWHERE.values()))
    row = np.concatenate([local, abroad / abroad.sum() * ELSEWHERE_SHARE])
    table = np.tile(row, (LAST_YEAR - FIRST_YEAR + 1, 1))
    table[: PARTED_IN - FIRST_YEAR, CHAOYANG] += row[CHAONAN]
    table[: PARTED_IN - FIRST_YEAR, CHAONAN] = 0
    return table


def _bureau_code(division: str, mark: str) -> str:
    organisation = np.frombuffer(f"{mark}{division[2:]}".encode(), dtype=np.uint8).reshape(1, 8)
    body = f"11{division}{bytes(organisation[0]).decode()}{bytes(organisation_code_check(organisation)).decode()}"
    return body + bytes(uscc_check(np.frombuffer(body.encode(), dtype=np.uint8).reshape(1, 17))).decode()


def bureaus(title: str, mark: str) -> tuple[Bureau, ...]:
    """One authority called `title` for each district, then the city's; `mark`, four characters, is part of their codes.

    >>> bureaus("民政局", "MB3C")[0]
    Bureau(name='汕头市龙湖区民政局', code='11440507MB3C050781')
    """
    districts = [Bureau(f"汕头市{district.name}{title}", _bureau_code(district.code, mark)) for district in DISTRICTS]
    return (*districts, Bureau(f"汕头市{title}", _bureau_code(CITY_CODE, mark)))


BUREAUS = bureaus("市场监督管理局", "MB2C")
CITY_BUREAU = BUREAUS[-1]
