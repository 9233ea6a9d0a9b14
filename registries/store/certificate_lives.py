"""The life of one certificate, event by event, for whoever has written down the look at it.

    access = subject_versions.open_access(conn, register, number, looking)       # hub_page, hub_load
    for life in certificate_lives.read(conn, access, Moment(known_at=then)):
        life.on(day, today).status

Nobody's name is told, and of reasons only that there is one: they may say whose certificate it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

import sqlalchemy as sa

from certificates.life import Event, Life, Move, Standing
from certificates.status import Status
from certificates.terms import Term
from registries.contracts.model import Register
from registries.departments import Catalogue
from registries.store.points_in_time import Moment
from registries.store.subject_versions import Access

_LIFE = sa.text("SELECT * FROM hub.certificate_life(:access, :key, :known_at)")
_RENEWALS = frozenset({Move.RENEW, Move.ENDORSE})


@dataclass(frozen=True)
class Step:
    """One event with the batch that brought it; `reason` says whether one was named."""

    event: Event
    batch: int
    taken_over_at: datetime | None
    version: str | None
    reason: bool


@dataclass(frozen=True)
class CertificateLife:
    """What a dataset has told of one certificate, oldest first; `internal_id` where its issuer gave no identifier."""

    dataset: str
    type_code: str
    internal_id: str | None
    issued_on: date | None
    steps: tuple[Step, ...]

    def on(self, day: date, today: date) -> Standing:
        """The certificate on one day, by these events."""
        return Life(tuple(step.event for step in self.steps)).on(day, today=today)


def of_certificates(catalogue: Catalogue, register: Register) -> bool:
    """Whether the register's subjects are certificates, named by their numbers."""
    return any(
        one.certificate is not None and one.register is not None and one.register.subject_key == one.certificate.number
        for one in catalogue.of_register(register.id)
    )


def read(conn: sa.Connection, access: Access, moment: Moment) -> list[CertificateLife]:
    """The lives of all certificates of that number, one for each dataset that has it, as known at the moment."""
    given = {"access": access.number, "key": access.key, "known_at": moment.known_at}
    rows = conn.execute(_LIFE, given).all()
    return [_life(name, list(group)) for name, group in groupby(rows, key=lambda row: str(row.dataset))]


def _life(dataset: str, rows: Sequence[sa.Row[tuple[object, ...]]]) -> CertificateLife:
    first = rows[0]
    return CertificateLife(
        dataset, first.type_code, first.internal_id, first.issued_on, tuple(_step(row) for row in rows)
    )


def _step(row: sa.Row[tuple[object, ...]]) -> Step:
    move = Move(row.move)
    event = Event(
        Status(row.status),
        row.since,
        learnt_on=row.learnt_on,
        lawful=row.lawful,
        term=Term(row.valid_from, row.valid_until, row.long_term, renewal=move in _RENEWALS),
        move=move,
        by=row.authority or "",
        at=row.taken_over_at,
        trust_level=row.trust_level or "",
        principal=row.principal or "",
        renewal_applied_on=row.renewal_applied_on,
    )
    return Step(event, row.batch, row.taken_over_at, row.version, row.has_reason)
