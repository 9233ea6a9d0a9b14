"""Three certificate numbers worth trying, with their holders: `numbers_to_try.json`.

    {"valid": {"certificate_type": ..., "certificate_number": ..., "holder_name": ..., "holder_code": ...,
               "holder_code_type": "001"}, "revoked": {...}, "quarantined": {...}}

The row of the quarantined one has a status code that no list knows; the two others are clean on all of the next days.
"""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sample_city.business_licences import HOLDER_CODE_TYPE, NO_SUCH_STATUS, TYPE_CODE
from sample_city.city import City
from sample_city.companies import REVOKED_PENALTY, STATUSES, VALID
from sample_city.draws import Index
from sample_city.lanes import CLEAN

FILE = "numbers_to_try.json"
AHEAD = 7  # days on which the numbers shall stay as they are
LOOKED_AT = 20_000


def keep(home: Path, city: City) -> None:
    """Write the three numbers of the city's day."""
    chosen = {
        "valid": _clean_with(city, VALID),
        "revoked": _clean_with(city, REVOKED_PENALTY),
        "quarantined": _refused(city),
    }
    numbers = {name: _question(city, index) for name, index in chosen.items()}
    part = home / f"{FILE}.part"
    part.write_text(json.dumps(numbers, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    part.replace(home / FILE)


def _refused(city: City) -> int:
    """The latest licence whose row is refused, of the valid ones: a former row of another would answer for it."""
    struck = city.licence_defects.struck(NO_SUCH_STATUS, city.days)
    valid = np.all(
        [city.economy.at(struck, day).status == STATUSES.index(VALID) for day in range(city.days + 1)], axis=0
    )
    return int((struck[valid] if valid.any() else struck)[-1])


def _clean_with(city: City, status: str) -> int:
    """The first company whose rows stay clean, and whose licence stays in this status, for the longest time."""
    index = np.arange(min(city.economy.companies, LOOKED_AT))
    fit = np.stack([_fits(city, index, status, day) for day in range(city.days, city.days + AHEAD + 1)])
    lasting = np.cumprod(fit, axis=0).sum(axis=0)
    return int(index[np.argmax(lasting)])


def _fits(city: City, index: Index, status: str, day: int) -> NDArray[np.bool_]:
    state = city.economy.at(index, day).status
    plans = (city.licence_defects, city.enterprise_defects)
    clean = [plan.kinds_of(index, day) == CLEAN for plan in plans]
    fit: NDArray[np.bool_] = np.all([state == STATUSES.index(status), *clean], axis=0)
    return fit


def _question(city: City, index: int) -> dict[str, str]:
    at = np.array([index])
    company = city.economy.at(at, city.days)
    number = city.economy.licence_numbers(at, company.district, company.founded_on)
    return {
        "certificate_type": TYPE_CODE,
        "certificate_number": bytes(number).decode(),
        "holder_name": company.name[0].as_py(),
        "holder_code": bytes(company.uscc).decode(),
        "holder_code_type": HOLDER_CODE_TYPE,
    }
