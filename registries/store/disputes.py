"""Disputes (异议): what somebody says against a certificate's data, with its evidence, until its source has answered.

    opened = disputes.open_dispute(conn, New(...), sought, today, now, due)     # hub_api; a case goes to the provider
    disputes.note_evidence(conn, reference, digest, path, now)                  # only what was announced
    for each in disputes.listed(conn, provider="market_regulation"): ...        # hub_page
    disputes.close(conn, reference, department, "corrected", sealed, now)       # and an entry in the ledger

Which certificate it is about, and what is said, comes here sealed; by a digest the look-up knows that it is disputed.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import sqlalchemy as sa

from registries.store import case_steps
from registries.store.case_steps import NewStep
from registries.store.case_tables import dispute, dispute_evidence
from registries.store.certificates import Sought, wanted
from registries.store.ledger_rows import body_digest, entry_digest

Outcome = Literal["corrected", "confirmed", "not_ours", "withdrawn"]
KIND, ISSUER = "dispute", "disputes"


@dataclass(frozen=True)
class Evidence:
    """A file that speaks for a dispute: SHA-256 of its bytes, what it is, how many bytes; `path` once it has come."""

    digest: bytes
    media_type: str
    size: int
    path: str | None = None


@dataclass(frozen=True)
class New:
    """A dispute to be opened; `reference` is random, `statement` sealed."""

    reference: str
    kind: str
    statement: bytes
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class Opened:
    """What came of it: the case, and who has to answer until when; no case where nobody publishes such certificates."""

    granted: bool
    case_number: int | None
    dataset: str | None
    provider: str | None
    due_on: date | None


@dataclass(frozen=True)
class Dispute:
    """A dispute; `statement` and `answer` are sealed."""

    id: int
    reference: str
    case_number: int
    dataset: str
    provider: str
    certificate_type: str
    department: str
    asker: str
    kind: str
    statement: bytes
    state: Literal["open", "closed"]
    outcome: Outcome | None
    answer: bytes | None
    opened_at: datetime
    due_on: date
    closed_at: datetime | None


_OPEN = sa.text(
    "SELECT * FROM hub.open_dispute(CAST(:given AS jsonb), :department, :asker, :asked_on, :at, CAST(:due AS date))"
)
_EXPECTED = sa.text("SELECT hub.expected_evidence(:reference, :digest)")
_NOTE_EVIDENCE = sa.text("SELECT hub.note_evidence(:reference, :digest, :path, :at)")
_CLOSE = sa.text("SELECT * FROM hub.close_dispute(:reference, :department, :outcome, :answer, :at)")
_APPEND = sa.text("SELECT hub.append_dispute_entry(:id, :leaf, :entry_digest, :body, :body_digest)")
_SHOWN = tuple(column for column in dispute.c if column.name != "match_digest")


def open_dispute(conn: sa.Connection, new: New, sought: Sought, today: date, now: datetime, due: date) -> Opened:
    """Open a dispute about the certificate that `sought` asks for, under its grant."""
    given = {
        **wanted(*sought),
        "reference": new.reference,
        "kind": new.kind,
        "statement": base64.b64encode(new.statement).decode("ascii"),
        "evidence": [
            {"digest": each.digest.hex(), "media_type": each.media_type, "size": each.size} for each in new.evidence
        ],
    }
    parameters = {
        "given": json.dumps(given, ensure_ascii=False),
        "department": sought.claimant.department,
        "asker": sought.claimant.asker,
        "asked_on": today,
        "at": now,
        "due": due,
    }
    row = conn.execute(_OPEN, parameters).one()
    if row.is_new:
        step = NewStep(row.case_number, "opened", sought.claimant.asker, sought.claimant.department, new.kind, rows=1)
        case_steps.take(conn, [step], now)
    return Opened(row.granted, row.case_number, row.dataset, row.provider, row.due_on)


def expected_evidence(conn: sa.Connection, reference: str, digest: bytes) -> int | None:
    """How many bytes were announced under this digest and have not come; None: nothing is expected."""
    return conn.execute(_EXPECTED, {"reference": reference, "digest": digest}).scalar()


def note_evidence(conn: sa.Connection, reference: str, digest: bytes, path: str, now: datetime) -> bool:
    """Note that evidence has come; False if it had come before, or was not expected."""
    parameters = {"reference": reference, "digest": digest, "path": path, "at": now}
    return bool(conn.execute(_NOTE_EVIDENCE, parameters).scalar())


def listed(
    conn: sa.Connection,
    *,
    provider: str | None = None,
    department: str | None = None,
    state: Literal["open", "closed"] | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Dispute]:
    """Disputes, latest first: those that a provider has to answer, or that a department filed."""
    found = sa.select(*_SHOWN).order_by(dispute.c.id.desc()).limit(limit)
    for column, value in ((dispute.c.provider, provider), (dispute.c.department, department), (dispute.c.state, state)):
        if value is not None:
            found = found.where(column == value)
    if before is not None:
        found = found.where(dispute.c.id < before)
    return [Dispute(*row) for row in conn.execute(found)]


def one(conn: sa.Connection, reference: str) -> Dispute | None:
    """The dispute of a reference."""
    row = conn.execute(sa.select(*_SHOWN).where(dispute.c.reference == reference)).first()
    return None if row is None else Dispute(*row)


def evidence_of(conn: sa.Connection, dispute_id: int) -> Sequence[Evidence]:
    """What was announced for a dispute, in the order of its digests."""
    found = dispute_evidence.c
    wanted_rows = sa.select(found.digest, found.media_type, found.size, found.path).where(
        found.dispute_id == dispute_id
    )
    return [Evidence(bytes(row.digest), *row[1:]) for row in conn.execute(wanted_rows.order_by(found.digest))]


def close(conn: sa.Connection, reference: str, department: str, outcome: Outcome, answer: bytes, now: datetime) -> bool:
    """Close an open dispute, by its provider, or by who filed it (`withdrawn`); False for anybody else's.

    Its case closes with the last open dispute; the ledger keeps that it was closed, how, by which department.
    """
    given = {"reference": reference, "department": department, "outcome": outcome, "answer": answer, "at": now}
    row = conn.execute(_CLOSE, given).first()
    if row is None:
        return False
    told = {
        "act": "dispute_closed",
        "dispute": row.id,
        "case_number": row.case_number,
        "dataset": row.dataset,
        "by": department,
        "outcome": outcome,
        "at": int(now.timestamp()),
    }
    body = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    leaf = hashlib.sha256(body).digest()
    parameters = {
        "id": row.id,
        "leaf": leaf,
        "entry_digest": entry_digest(KIND, ISSUER, f"closed:{row.id}", leaf, now),
        "body": body,
        "body_digest": body_digest(body, b""),
    }
    conn.execute(_APPEND, parameters)
    if row.case_closed:
        case_steps.take(conn, [NewStep(row.case_number, "closed", case_steps.HUB, department, outcome, rows=1)], now)
    return True
