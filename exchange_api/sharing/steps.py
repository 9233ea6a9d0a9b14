"""Who takes a step, and that each is written down: in the application's history and in the ledger.

note(work, actor, "submitted", now, application=12, told={"due_on": "2026-03-16"})
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Self

from exchange_api.people.roles import Role
from exchange_api.sharing.errors import ConsentMissing
from exchange_api.transactions import Transaction
from registries.store import applications
from registries.store.applications import Step

LONGEST = 500
_SALT = 16


@dataclass(frozen=True)
class Actor:
    """Who acts: an account, its department and roles."""

    account_id: int
    department: str
    roles: frozenset[str]

    @property
    def administers(self) -> bool:
        """Whether it speaks for its department."""
        return Role.DEPARTMENT_ADMINISTRATOR in self.roles

    @property
    def is_authority(self) -> bool:
        """Whether it is the data authority (数据主管部门)."""
        return Role.HUB_ADMINISTRATOR in self.roles

    def speaks_for(self, department: str) -> bool:
        """Whether it administers this very department."""
        return self.administers and self.department == department

    @classmethod
    def of(cls, account_id: int, department: str, roles: frozenset[str]) -> Self:
        """The actor that a session's account is."""
        return cls(account_id, department, roles)


def note(
    work: Transaction,
    actor: Actor,
    kind: str,
    now: datetime,
    *,
    application: int | None = None,
    grant_id: int | None = None,
    told: Mapping[str, object] = MappingProxyType({}),
) -> None:
    """Write a step down, in the transaction that takes it; `told`: days, reasons, references."""
    step = Step(kind, now, application, grant_id, actor.account_id, actor.department, dict(told))
    applications.note(work.conn, step, secrets.token_bytes(_SALT))


def reasoned(text: str) -> str:
    """A reason or the reference of a consent, trimmed.

    Raises:
        ConsentMissing: there is none, or it is longer than 500 characters.
    """
    given = text.strip()
    if not 0 < len(given) <= LONGEST:
        raise ConsentMissing
    return given
