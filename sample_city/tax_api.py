"""Tax's live query: whether a clearance with this number and holder exists. It hands over no bulk data.

    POST /live/tax_clearance    {"certificate_number", "holder_name", "holder_code", "holder_code_type"}
    {"found": true, "record": {"zmbh": ..., "nsrmc": ..., ...}}

Each clearance belongs to a company: an index makes its number, and its number gives the index back.
"""

from pathlib import Path
from typing import Any

import numpy as np

from sample_city.city import City, found
from sample_city.columns import Columns, dates, digits, joined, pick, text
from sample_city.districts import CODES, bureaus
from sample_city.draws import Index
from sample_city.holders import COMPANY_CODE
from sample_city.web_server import Request

DATASET = "tax.tax_clearances"
PATH = "/live/tax_clearance"
TYPE_CODE = "DEMO00000000000000008"
PREFIX = "SZ4405"
OFFICES = bureaus("税务局", "MBCC")
VALID_DAYS = 180


class Tax:
    """Answers for the city in `home`, on whatever day it has reached."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def __call__(self, request: Request) -> Any:  # noqa: ANN401 - JSON
        """The record if number, name and code are those of one clearance; None where there is no such path."""
        city, asked = found(self._home), request.body
        if city is None or request.path != PATH or not isinstance(asked, dict):
            return None
        record = _record(city, str(asked.get("certificate_number", "")))
        same = record is not None and (record["nsrmc"], record["nsrsbh"]) == (
            asked.get("holder_name"),
            asked.get("holder_code"),
        )
        return {"found": True, "record": record} if same else {"found": False, "record": None}


def clearances(city: City, index: Index) -> Columns:
    """The clearances of these companies, as tax writes them."""
    companies = city.economy.at(index, 0)
    issued = np.full(len(index), city.day_number - 20)
    return {
        "zmbh": joined(PREFIX, text(digits(index, 8))),
        "nsrmc": companies.name,
        "zjlxdm": pick([COMPANY_CODE], index * 0),
        "nsrsbh": text(companies.uscc),
        "kjrq": dates(issued),
        "yxqq": dates(issued),
        "yxqz": dates(issued + VALID_DAYS),
        "zt": pick(["valid"], index * 0),
        "kjjg": pick([office.name for office in OFFICES], companies.district),
        "kjjgdm": pick([office.code for office in OFFICES], companies.district),
        "xzqhdm": text(digits(CODES[companies.district], 6)),
    }


def _record(city: City, number: str) -> dict[str, str] | None:
    index = number.removeprefix(PREFIX)
    if not number.startswith(PREFIX) or not index.isdecimal() or int(index) >= city.economy.companies:
        return None
    columns = clearances(city, np.array([int(index)]))
    record: dict[str, str] = {name: column[0].as_py() for name, column in columns.items()}
    return record if record["zmbh"] == number else None
