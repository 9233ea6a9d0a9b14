"""Who is signed in, as pages and use cases may know it, and the steps that may be left before somebody is.

>>> Session(7, "zhang", "张三", "civil_affairs", frozenset({"steward"})).actor
'account:7'
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

OPERATOR_ID = 0
"""No account has it: it stands for who works at the hub's own command line."""
CONFIRMED_FOR = timedelta(minutes=10)
"""How long a password or code that was given counts for acts that need its person confirmed."""


class Step(StrEnum):
    """What is left to do before a session opens anything."""

    CODE = "code"
    PASSWORD = "password"  # noqa: S105 - the step's name
    ENROL = "enrol"


@dataclass(frozen=True)
class Session:
    """A signed-in account: what pages and use cases may know of it.

    Attributes:
        roles: values of `people.roles.Role`.
        digest: of the session's token; names it in the store.
        confirmed_at: when its person was last known for certain, by password, code or provider.
        step: what is left to do; only the pages of signing in ever see a session with one.
    """

    account_id: int
    login: str
    name: str
    department: str
    roles: frozenset[str]
    digest: bytes = field(default=b"", repr=False)
    confirmed_at: datetime | None = None
    step: Step | None = None

    @property
    def actor(self) -> str:
        """Under which name its acts are written down."""
        return "operator" if self.account_id == OPERATOR_ID else f"account:{self.account_id}"

    def is_confirmed(self, now: datetime) -> bool:
        """Whether its person was known for certain within the last ten minutes."""
        return self.confirmed_at is not None and now - self.confirmed_at < CONFIRMED_FOR
