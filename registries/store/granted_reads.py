"""What a grant reaches of a subject: fields compared, fields told, and the certificates that the subject holds.

    ask = Ask(claimant, subject, "population", (Field("name", grant.id),), "行政许可审批", "食品经营许可新办")
    (told,) = granted_reads.query(conn, [ask], now, today)      # hub_api
    told["name"].value                                          # "林**": masked unless the grant says in clear

The functions of the database take act, grant, fields, purpose and service item, and check themselves that the grant
covers them for this asker today: what they do not find covered they do not look up. The subject's name has to be the
one that a register has for the code, or one that it records as a former name: otherwise nothing is found, as for a code
that nobody has.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa

from certificates.holder_codes import subject_kind
from certificates.status import Status
from registries.store.grants import Claimant

Outcome = Literal["match", "mismatch", "unknown"]
MOST_CERTIFICATES = 50
"""Of one type that are told at once: the latest."""


class Subject(NamedTuple):
    """Who is asked about: name and code, with the code's type (GB/T 36903 annex A)."""

    name: str
    code: str
    code_type: str


class Field(NamedTuple):
    """One field that is asked for, under which grant (None: there is none), and what is claimed of it, to match."""

    name: str
    grant: int | None
    claimed: str | None = None


@dataclass(frozen=True)
class Ask:
    """One question about a subject's fields.

    Attributes:
        source: a register, or a dataset of one; its fields are the register's attributes, or the dataset's columns.
    """

    claimant: Claimant
    subject: Subject
    source: str
    fields: tuple[Field, ...]
    purpose: str
    service_item: str


@dataclass(frozen=True)
class AskCertificates:
    """One question about which certificates a subject holds: certificate type -> grant (None: there is none)."""

    claimant: Claimant
    subject: Subject
    types: Mapping[str, int | None]
    purpose: str
    service_item: str


@dataclass(frozen=True)
class Standing:
    """How the source of an answer stands.

    Attributes:
        served: the contracts know such a field.
        covered: the hub has a delivery of it.
        dataset: the one that decided; None where no value was found.
        data_as_of: time of its last delivery, or of the oldest among those that could have decided.
        fresh: that is younger than the contract's bound.
        score: quality of the dataset, 0 to 1.
        mark: of the row: `update_refused` or `vanished`.
        in_doubt: a newer row is in quarantine, or departments disagree.
    """

    served: bool
    covered: bool
    dataset: str | None
    data_as_of: datetime | None
    fresh: bool
    score: float | None
    mark: str | None
    in_doubt: bool

    @property
    def sure(self) -> bool:
        """Whether nothing speaks against the value."""
        return self.fresh and self.mark is None and not self.in_doubt


@dataclass(frozen=True)
class Told:
    """A field's value; `found`: the subject is known, by this name. `masked`: only part of the value is shown."""

    granted: bool
    found: bool
    value: str | None
    masked: bool
    standing: Standing


@dataclass(frozen=True)
class Matched:
    """What a comparison came to; never the value."""

    granted: bool
    outcome: Outcome
    standing: Standing


@dataclass(frozen=True)
class HeldCertificate:
    """A certificate that the subject holds, as far as its number opens further questions about it."""

    number: str
    identifier: str | None
    internal_id: str | None
    issuing_authority: str | None
    issued_on: str | None
    valid_from: str | None
    valid_until: str | None
    long_term: bool
    status: Status | None
    in_doubt: bool


@dataclass(frozen=True)
class Holding:
    """The subject's certificates of one type, the latest first; `more`: there are others that are not told."""

    granted: bool
    standing: Standing
    certificates: tuple[HeldCertificate, ...] = field(default_factory=tuple)
    more: bool = False


_QUERY = sa.text("SELECT * FROM hub.query_fields(CAST(:asks AS jsonb), :asked_at, :asked_on)")
_MATCH = sa.text("SELECT * FROM hub.match_fields(CAST(:asks AS jsonb), :asked_at, :asked_on)")
_HELD = sa.text("SELECT * FROM hub.subject_certificates(CAST(:asks AS jsonb), :asked_at, :asked_on, :most)")


def query(conn: sa.Connection, asks: Sequence[Ask], now: datetime, today: date) -> list[dict[str, Told]]:
    """Fields with their values, of all questions by one statement; in their order, each by field.

    Args:
        conn: of the role hub_api.
        asks: the questions.
        now: against which the freshness of sources is judged.
        today: the day in China, on which the grants must be in force.
    """
    told: list[dict[str, Told]] = [{} for _ in asks]
    for row in conn.execute(_QUERY, _asked(asks, now, today)):
        told[row.place - 1][row.field] = Told(row.granted, row.found, row.value, row.masked, _standing(row))
    return told


def match(conn: sa.Connection, asks: Sequence[Ask], now: datetime, today: date) -> list[dict[str, Matched]]:
    """Fields compared with what is claimed of them; as `query`."""
    told: list[dict[str, Matched]] = [{} for _ in asks]
    for row in conn.execute(_MATCH, _asked(asks, now, today)):
        told[row.place - 1][row.field] = Matched(row.granted, row.outcome, _standing(row))
    return told


def certificates(
    conn: sa.Connection, asks: Sequence[AskCertificates], now: datetime, today: date
) -> list[dict[str, Holding]]:
    """Which certificates the subjects hold, by certificate type; as `query`."""
    sent = [{**_of(ask), "types": _types(ask)} for ask in asks]
    values = {"asks": _json(sent), "asked_at": now, "asked_on": today, "most": MOST_CERTIFICATES + 1}
    told: list[dict[str, Holding]] = [{} for _ in asks]
    for row in conn.execute(_HELD, values):
        standing = Standing(row.covered, row.covered, None, row.data_as_of, row.fresh, row.score, None, in_doubt=False)
        held = tuple(_certificate(one) for one in row.certificates[:MOST_CERTIFICATES])
        more = len(row.certificates) > MOST_CERTIFICATES
        told[row.place - 1][row.certificate_type] = Holding(row.granted, standing, held, more)
    return told


def _asked(asks: Sequence[Ask], now: datetime, today: date) -> dict[str, object]:
    sent = [{**_of(ask), "source": ask.source, "fields": [_field(one) for one in ask.fields]} for ask in asks]
    return {"asks": _json(sent), "asked_at": now, "asked_on": today}


def _of(ask: Ask | AskCertificates) -> dict[str, object]:
    return {
        **ask.claimant._asdict(),
        "purpose": ask.purpose,
        "service_item": ask.service_item,
        **ask.subject._asdict(),
        "subject_kind": subject_kind(ask.subject.code_type),
    }


def _field(one: Field) -> dict[str, object]:
    return {"field": one.name, "grant": one.grant, "claimed": one.claimed}


def _types(ask: AskCertificates) -> list[dict[str, object]]:
    return [{"certificate_type": kind, "grant": grant} for kind, grant in ask.types.items()]


def _json(sent: object) -> str:
    return json.dumps(sent, ensure_ascii=False)


def _standing(row: sa.Row[*tuple[Any, ...]]) -> Standing:
    return Standing(row.served, row.covered, row.dataset, row.data_as_of, row.fresh, row.score, row.mark, row.in_doubt)


def _certificate(found: Mapping[str, Any]) -> HeldCertificate:
    told = {name: found[name] for name in HeldCertificate.__dataclass_fields__ if name != "status"}
    return HeldCertificate(**told, status=None if found["status"] is None else Status(found["status"]))
