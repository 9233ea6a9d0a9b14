"""The contracts of a scripted year: what departments agreed to deliver each day, they deliver on the fifth of a month.

    write_monthly_contracts(home)       # before the store is set up: they are the operator's, and taken up with it

Everything else in them is what the hub ships.
"""

import re
import shutil
from typing import Final

from registries.departments import BUILT_IN
from registries.home import HubHome
from registries.operators.folders import CONTRACT_PATTERN, DEPARTMENT_FILE, operators_folder

EVERY_DAYS, FRESH_FOR_DAYS = 31, 32
_DAILY: Final = re.compile(r'(property: frequency, value: )1(, unit: d\b.*schedule: "\d+ \d+ )\* (\* \*")')
_LATENCY: Final = re.compile(r"(property: latency, value: )\d+(, unit: d\b)")


def write_monthly_contracts(home: HubHome) -> None:
    """Put the departments that deliver daily into HUB_HOME/contracts, each whole, with a month between deliveries."""
    for department in sorted(path.parent for path in BUILT_IN.glob(f"*/{DEPARTMENT_FILE}")):
        contracts = {path: path.read_text("utf-8") for path in department.glob(CONTRACT_PATTERN)}
        told = {path: monthly(text) for path, text in contracts.items()}
        if told != contracts:
            folder = operators_folder(home) / department.name
            shutil.copytree(department, folder)
            for path, text in told.items():
                (folder / path.name).write_text(text, "utf-8")


def monthly(contract: str) -> str:
    """The text of a contract with a month between deliveries where there was a day.

    >>> print(monthly('''- {property: frequency, value: 1, unit: d, schedule: "40 2 * * *"}
    ... - {property: latency, value: 3, unit: d}'''))
    - {property: frequency, value: 31, unit: d, schedule: "40 2 5 * *"}
    - {property: latency, value: 32, unit: d}
    """
    told, daily = _DAILY.subn(rf"\g<1>{EVERY_DAYS}\g<2>5 \g<3>", contract)
    return _LATENCY.sub(rf"\g<1>{FRESH_FOR_DAYS}\g<2>", told) if daily else contract
