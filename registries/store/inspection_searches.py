"""Who asked about one subject: one inspector asks with a reason, another approves, and there is one look.

    search = ask(conn, register, key, 12, Act("zhao", "群众投诉", now))     # hub_page; 12 is an account
    decide(conn, search, 15, True, Act("qian", "", now))                  # another inspector, within a day
    for line in look(conn, search, 12, Act("zhao", "", now)): line.department, line.purpose

The number itself is not kept: digests of it and of what is joined to it, and a masked form for whoever decides. Each
step is an entry of the ledger, and the subject is told of the look (`tellings`).
"""

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from registries.contracts.model import Register
from registries.inspection_faults import InspectionRefused
from registries.store.inspections import Act, called, reasoned, write_down
from registries.store.subject_versions import key_form


class Search(NamedTuple):
    """A search that was asked for; `shown` is the key, masked. `own`: by who looks at the list."""

    id: int
    subject_kind: str
    shown: str
    reason: str
    asked_by: str | None
    asked_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    approved: bool | None
    looked_at: datetime | None
    own: bool
    expired: bool


class AskedLine(NamedTuple):
    """One question about the subject; `act` tells what it was."""

    entry_id: int
    at: datetime
    asker: str
    asker_name: str | None
    department: str | None
    act: str
    purpose: str | None
    service_item: str | None
    case_number: str | None
    code: str | None
    certificate_type: str | None


def ask(conn: sa.Connection, register: Register, key: str, inspector: int, act: Act) -> int:
    """Ask to search for who asked about a subject; the search's number.

    Raises:
        InspectionRefused: no reason, or nothing is left of the key.
    """
    reasoned(act)
    form = key_form(register, key)
    if not form:
        raise InspectionRefused("subject")
    given = (inspector, register.subject_kind.id, form, act.reason.strip(), act.now)
    number = int(called(conn, "ask_search", *given).scalar_one())
    write_down(conn, f"search:{number}:asked", {"act": "search_asked", "search": number}, act)
    return number


def decide(conn: sa.Connection, search: int, inspector: int, agree: bool, act: Act) -> None:  # noqa: FBT001 - what is decided
    """Approve a search of another inspector, or not. Raises InspectionRefused: it is one's own, or waits no more."""
    called(conn, "decide_search", inspector, search, agree, act.now)
    what = "search_approved" if agree else "search_declined"
    write_down(conn, f"search:{search}:decided", {"act": what, "search": search}, act)


def look(conn: sa.Connection, search: int, inspector: int, act: Act) -> list[AskedLine]:
    """Look, once, the latest question first; at most a thousand.

    Raises:
        InspectionRefused: it is not approved, another's, a day old, or was looked at.
    """
    found = [AskedLine(*row) for row in called(conn, "look_search", inspector, search, act.now)]
    write_down(conn, f"search:{search}:looked", {"act": "search_looked", "search": search}, act)
    return found


def searches(conn: sa.Connection, inspector: int, now: datetime, most: int = 20) -> list[Search]:
    """The latest searches."""
    return [Search(*row) for row in called(conn, "inspect_searches", inspector, now, most)]
