"""The lines of the inspector's desk: what is unusual, who was stopped, which answers and looks stand behind it.

>>> Stop._fields[:3]
('id', 'asker', 'asker_name')
"""

from datetime import datetime
from typing import NamedTuple


class Caseless(NamedTuple):
    """Questions whose case number none of the systems gives."""

    asker: str
    asker_name: str | None
    department: str
    service_item: str | None
    case_number: str | None
    questions: int
    first_at: datetime
    last_at: datetime


class Crowded(NamedTuple):
    """One case for many subjects."""

    department: str
    case_number: str
    service_item: str | None
    subjects: int
    askers: int
    questions: int
    last_at: datetime


class AfterHours(NamedTuple):
    """An officer's questions outside office hours."""

    asker: str
    asker_name: str | None
    department: str
    questions: int
    days: int
    last_at: datetime


class Repeated(NamedTuple):
    """One asker's many questions about one subject, which `entry` stands for."""

    asker: str
    asker_name: str | None
    department: str
    entry: int
    questions: int
    cases: int
    first_at: datetime
    last_at: datetime


class Outlier(NamedTuple):
    """An officer far above those who do the same; `score` in robust standard deviations."""

    asker: str
    asker_name: str | None
    department: str
    service_item: str | None
    amount: int
    median: float
    peers: int
    score: float


class AnswerLine(NamedTuple):
    """One answer; `place` is where it stands in the ledger."""

    entry_id: int
    at: datetime
    asker: str
    asker_name: str | None
    department: str
    act: str
    purpose: str | None
    service_item: str | None
    case_number: str | None
    code: str | None
    questions: int
    misses: int
    place: int | None


class Stop(NamedTuple):
    """Somebody who guessed, and was let in again or not."""

    id: int
    asker: str
    asker_name: str | None
    department: str | None
    misses: int
    first_miss_at: datetime
    stopped_at: datetime
    lifted_at: datetime | None
    lifted_by: str | None
    reason: str | None


class AccessLine(NamedTuple):
    """A look at one subject's data: by whom, why, and whether in clear."""

    id: int
    at: datetime
    by_whom: str
    register: str
    reason: str
    values_shown: bool


class KeptReceipt(NamedTuple):
    """A receipt's signing input, and who got it."""

    asker: str
    asker_name: str | None
    at: datetime
    payload: bytes
    place: int | None
