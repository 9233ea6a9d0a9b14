"""Who asked about somebody, for that person: at a counter, after the identity document was shown.

    told = tellings.tell(conn, register, number, Shown("chen", 12, "居民身份证", now))      # hub_page
    told.questions[0].department, told.withheld      # the laws by which something is not told

What a law withholds is left out by PostgreSQL, and which law that is comes instead. Telling is itself a look at a
subject: it stands in the ledger, about that subject, and each account may do it so often.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from registries.contracts.model import Register
from registries.inspection_faults import InspectionRefused
from registries.store import subject_versions
from registries.store.inspections import called
from registries.store.subject_versions import Looking


@dataclass(frozen=True)
class Shown:
    """Who prints it (login and account), what document the person showed, and when."""

    by: str
    account_id: int
    document: str
    now: datetime


class Question(NamedTuple):
    """One question: `act` is `verification`, `matching`, ..., `access` (a look at the data) or `inspection`."""

    at: datetime
    act: str
    department: str | None
    certificate_type: str | None
    purpose: str | None
    service_item: str | None
    case_number: str | None
    code: str | None


@dataclass(frozen=True)
class Told:
    """Everything that may be told, the latest first; `access` is the number of this look in the records."""

    questions: tuple[Question, ...]
    withheld: tuple[str, ...]
    access: int


def tell(conn: sa.Connection, register: Register, key: str, shown: Shown) -> Told:
    """Who asked about a subject, by any of its keys.

    Raises:
        InspectionRefused: nothing is left of the key, no document was shown, or the account's budget is spent.
    """
    if not shown.document.strip():
        raise InspectionRefused("reason")
    if not subject_versions.key_form(register, key):
        raise InspectionRefused("subject")
    called(conn, "take_telling", shown.account_id, shown.now)
    looking = Looking(shown.by, f"本人查询被查询记录；核验证件：{shown.document.strip()}", shown.now)
    access = subject_versions.open_access(conn, register, key, looking)
    rows = called(conn, "asked_about", access.number, access.key).all()
    questions = tuple(Question(*row[:-1]) for row in rows if row.withheld is None)
    return Told(questions, tuple(sorted({row.withheld for row in rows if row.withheld})), access.number)
