"""Certificate numbers worth trying, with one holder each: `numbers_to_try.json`.

    {"valid": {"certificate_type": ..., "certificate_number": ..., "holder_name": ..., "holder_code": ...,
               "holder_code_type": "001"}, "revoked": {...}, "quarantined": {...}}

The row of the quarantined one has a status code that no list knows; all others are clean on all of the next days.
Those of other departments than market regulation (a marriage asked by the wife, real estate by its co-owner, a driver,
a disability, a tax clearance) are valid on every day.
"""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sample_city import tax_api
from sample_city.business_licences import HOLDER_CODE_TYPE, NO_SUCH_STATUS, TYPE_CODE
from sample_city.city import City
from sample_city.companies import REVOKED_PENALTY, STATUSES, VALID
from sample_city.draws import Index
from sample_city.holders import PERSON_CODE
from sample_city.holdings import Holding
from sample_city.lanes import CLEAN

FILE = "numbers_to_try.json"
AHEAD = 7  # days on which the numbers shall stay as they are
LOOKED_AT = 20_000
MARRIAGE, DISABILITY = "DEMO00000000000000003", "DEMO00000000000000005"
REAL_ESTATE, DRIVER = "11100000MB03271699001", "11100000000019713D072"


def keep(home: Path, city: City) -> None:
    """Write the numbers of the city's day."""
    chosen = {
        "valid": _clean_with(city, VALID),
        "revoked": _clean_with(city, REVOKED_PENALTY),
        "quarantined": _refused(city),
    }
    numbers = {name: _question(city, index) for name, index in chosen.items()} | _of_others(city)
    part = home / f"{FILE}.part"
    part.write_text(json.dumps(numbers, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    part.replace(home / FILE)


def _of_others(city: City) -> dict[str, dict[str, str]]:
    return {
        "marriage": _first(city.marriages, MARRIAGE, "certificateNumber", "womanName", "womanCode"),
        "real_estate": _first(city.real_estate, REAL_ESTATE, "certificate_number", "owner_name", "owner_code", row=1),
        "driver": _first(city.driver_permits, DRIVER, "证照编号", "姓名", "公民身份号码"),
        "disability": _first(
            city.disability_certificates, DISABILITY, "certificate_number", "holder_name", "holder_code"
        ),
        "tax": _tax(city),
    }


def _first(holding: Holding, kind: str, number: str, name: str, code: str, row: int = 0) -> dict[str, str]:
    """The holder in the given row of the first certificate that is good on every day and has so many rows."""
    index = np.arange(min(holding.count, LOOKED_AT))
    good = index[holding.plan.spares(index) & holding.lasts(index)]
    for each in good:
        rows, _ = holding.rows(np.array([each]), 0)
        if len(rows[number]) > row:
            told = [rows[column][row].as_py() for column in (number, name, code)]
            return _asked(kind, told[0], told[1], told[2], PERSON_CODE)
    raise ValueError(f"no certificate of {holding.dataset} stays good")


def _tax(city: City) -> dict[str, str]:
    rows = tax_api.clearances(city, np.array([_clean_with(city, VALID)]))
    told = [rows[column][0].as_py() for column in ("zmbh", "nsrmc", "nsrsbh")]
    return _asked(tax_api.TYPE_CODE, told[0], told[1], told[2], HOLDER_CODE_TYPE)


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
    return _asked(
        TYPE_CODE, bytes(number).decode(), company.name[0].as_py(), bytes(company.uscc).decode(), HOLDER_CODE_TYPE
    )


def _asked(certificate_type: str, number: str, name: str, code: str, code_type: str) -> dict[str, str]:
    return {
        "certificate_type": certificate_type,
        "certificate_number": number,
        "holder_name": name,
        "holder_code": code,
        "holder_code_type": code_type,
    }
