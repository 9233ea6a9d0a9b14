"""Applications (申请) for shared data: what a department asks a provider for, and how far it has come.

    number = applications.draft(conn_page, wanted, account_id, now)
    found = applications.locked(conn_page, number)           # for a step; the row is ours until the commit
    applications.change(conn_page, number, state="pending", due_on=day)
    applications.note(conn_page, Step("submitted", now, application=number, ...), salt)

Which state may follow which is guarded by the database, too (migration 0016). Each step is an entry of the ledger.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, Final, Literal

import sqlalchemy as sa

from registries.store import ledger
from registries.store.grants import Act
from registries.store.ledger import NewEntry
from registries.store.rights_tables import application, right_step
from registries.store.tables import grant_right

State = Literal["draft", "pending", "supplementing", "granted", "refused", "withdrawn"]
KIND: Final = "right"
ISSUER: Final = "rights"


@dataclass(frozen=True)
class Wanted:
    """What is asked for: the form of Decree 809, article 20, and what the grant will say.

    Attributes:
        provider: the department that decides.
        certificate_type, dataset: one of the two.
        fields: of it, for queries and matches.
        askers: `officer:<account>` and `client:<id>`; None: all of the department.
        basis, scene, scope, mode: 使用依据, 使用场景, 使用范围, 共享方式; the dates are 使用时限.
        in_clear: queries shall be answered unmasked.
        conditional: it is shared with conditions (有条件共享), so that the provider decides.
    """

    department: str
    provider: str
    act: Act
    purpose: str
    service_items: tuple[str, ...]
    basis: str
    scene: str
    scope: str
    valid_from: date
    valid_until: date
    conditional: bool
    mode: str = "service_interface"
    certificate_type: str | None = None
    dataset: str | None = None
    fields: tuple[str, ...] = ()
    askers: tuple[str, ...] | None = None
    area_code: str | None = None
    per_hour: int | None = None
    per_day: int | None = None
    in_clear: bool = False


@dataclass(frozen=True)
class Application:
    """An application as it stands.

    Attributes:
        made_by: the account that drafted it.
        consent, provider_consent: by which decision the heads of both units agreed.
        due_on: the provider's last day to answer; None while the clock stands, with `days_left` working days left.
        wanting, supplement: what the provider asked for, once, and what it got.
        longer_days, longer_because, longer_allowed: how much more time the provider asked the authority for.
        provide_by: the last day on which the data have to flow.
    """

    id: int
    wanted: Wanted
    state: State
    made_by: int
    made_at: datetime
    consent: str | None
    submitted_at: datetime | None
    due_on: date | None
    days_left: int | None
    wanting: str | None
    supplement: str | None
    longer_days: int | None
    longer_because: str | None
    longer_allowed: bool | None
    decided_at: datetime | None
    provider_consent: str | None
    refused_because: str | None
    provide_by: date | None
    provided_at: datetime | None


@dataclass(frozen=True)
class Step:
    """Something that was done to an application or a grant: who (an account and its department), when, and what else.

    `told` holds days, reasons and references; never the data of a person.
    """

    kind: str
    at: datetime
    application: int | None = None
    grant_id: int | None = None
    account_id: int | None = None
    department: str | None = None
    told: Mapping[str, Any] = field(default_factory=dict)


_WANTED = tuple(Wanted.__dataclass_fields__)
_OWN = tuple(name for name in Application.__dataclass_fields__ if name != "wanted")
_LISTS = ("fields", "service_items", "askers")


def draft(conn_page: sa.Connection, wanted: Wanted, account_id: int, now: datetime) -> int:
    """Write a draft down; its number."""
    values = {**_columns(wanted), "state": "draft", "made_by": account_id, "made_at": now}
    return int(conn_page.execute(sa.insert(application).values(values).returning(application.c.id)).scalar_one())


def rewrite(conn_page: sa.Connection, number: int, wanted: Wanted) -> None:
    """Change what a draft asks for; PostgreSQL refuses it for what was submitted."""
    conn_page.execute(sa.update(application).where(application.c.id == number).values(_columns(wanted)))


def change(conn_page: sa.Connection, number: int, **values: object) -> None:
    """Move an application on, by its columns; PostgreSQL refuses moves that there are not."""
    conn_page.execute(sa.update(application).where(application.c.id == number).values(values))


def locked(conn_page: sa.Connection, number: int) -> Application | None:
    """An application that is to move on, ours until the transaction ends; None if there is none of that number."""
    return _one(conn_page, sa.select(application).where(application.c.id == number).with_for_update())


def by_number(conn: sa.Connection, number: int) -> Application | None:
    """The application of that number, or None."""
    return _one(conn, sa.select(application).where(application.c.id == number))


def list_applications(
    conn: sa.Connection,
    *,
    department: str | None = None,
    provider: str | None = None,
    states: Sequence[State] = (),
    before: int | None = None,
    limit: int = 25,
) -> list[Application]:
    """Applications, the latest first: of a department, to a provider, or all. A department sees no other's drafts."""
    wanted = sa.select(application).order_by(application.c.id.desc()).limit(limit)
    if department is not None:
        wanted = wanted.where(application.c.department == department)
    if provider is not None:
        wanted = wanted.where(application.c.provider == provider, application.c.submitted_at.is_not(None))
    if states:
        wanted = wanted.where(application.c.state.in_(states))
    if before is not None:
        wanted = wanted.where(application.c.id < before)
    return [_application(row) for row in conn.execute(wanted)]


def waiting(conn: sa.Connection) -> list[Application]:
    """Applications with something that has a last day: an answer, or the provision of what was granted."""
    open_ = sa.or_(
        application.c.state.in_(("pending", "supplementing")),
        sa.and_(application.c.state == "granted", application.c.provided_at.is_(None)),
    )
    return [_application(row) for row in conn.execute(sa.select(application).where(open_).order_by(application.c.id))]


def give(conn_page: sa.Connection, found: Application, granted_by: str) -> list[int]:
    """The grants that a granted application leads to, one for each service item; their ids.

    PostgreSQL refuses whatever goes beyond what was asked for.
    """
    wanted = found.wanted
    one = {
        "department": wanted.department,
        "act": wanted.act,
        "certificate_type": wanted.certificate_type,
        "dataset": wanted.dataset,
        "fields": list(wanted.fields),
        "purpose": wanted.purpose,
        "granted_by": granted_by,
        "valid_from": wanted.valid_from,
        "valid_until": wanted.valid_until,
        "application": found.id,
        "askers": None if wanted.askers is None else list(wanted.askers),
        "area_code": wanted.area_code,
        "per_hour": wanted.per_hour,
        "per_day": wanted.per_day,
        "in_clear": wanted.in_clear,
    }
    rows = [{**one, "service_item": item} for item in dict.fromkeys(wanted.service_items)]
    return list(conn_page.execute(sa.insert(grant_right).returning(grant_right.c.id), rows).scalars())


def note(conn_page: sa.Connection, step: Step, salt: bytes) -> int:
    """Write a step down, here and in the ledger; its number.

    The ledger's payload is canonical JSON (sorted members, no spaces, UTF-8) with a salt of 128 bits.
    """
    values = {**asdict(step), "told": dict(step.told)}
    number = int(conn_page.execute(sa.insert(right_step).values(values).returning(right_step.c.id)).scalar_one())
    told = {
        "step": number,
        **{name: value for name, value in values.items() if value is not None},
        "at": step.at.isoformat(),
        "salt": base64.urlsafe_b64encode(salt).rstrip(b"=").decode(),
    }
    body = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    entry = NewEntry(KIND, ISSUER, f"{KIND}:{number}", hashlib.sha256(body).digest(), body)
    ledger.append(conn_page, [entry], step.at)
    return number


def steps(conn: sa.Connection, *, application_number: int | None = None, grant_id: int | None = None) -> list[Step]:
    """What was done to an application with its grants, or to a grant, in order."""
    of_grants = sa.select(grant_right.c.id).where(grant_right.c.application == application_number)
    of = (
        right_step.c.grant_id == grant_id
        if grant_id is not None
        else sa.or_(right_step.c.application == application_number, right_step.c.grant_id.in_(of_grants))
    )
    rows = conn.execute(sa.select(right_step).where(of).order_by(right_step.c.id))
    return [
        Step(row.kind, row.at, row.application, row.grant_id, row.account_id, row.department, row.told) for row in rows
    ]


def _columns(wanted: Wanted) -> dict[str, Any]:
    values = {name: getattr(wanted, name) for name in _WANTED}
    return values | {name: list(values[name]) for name in _LISTS if values[name] is not None}


def _one(conn: sa.Connection, wanted: sa.Select[*tuple[Any, ...]]) -> Application | None:
    row = conn.execute(wanted).first()
    return None if row is None else _application(row)


def _application(row: sa.Row[*tuple[Any, ...]]) -> Application:
    values = {name: getattr(row, name) for name in _WANTED}
    lists = {name: tuple(values[name]) for name in _LISTS if values[name] is not None}
    wanted = Wanted(**{**values, **lists})
    return Application(wanted=wanted, **{name: getattr(row, name) for name in _OWN})
