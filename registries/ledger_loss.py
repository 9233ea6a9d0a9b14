"""The way out when a ledger was set back and what is lost can't be brought back: said openly, in the ledger itself.

    accept_loss(store_owner, LedgerMemory.of(home), "the disk of host 3 broke", "operator", now)

The entry names the checkpoint that was signed last, with its note: whoever holds a receipt of what is lost finds there
that the hub once had it. Witnesses go on refusing until their own operators have looked.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from certificates import merkle
from registries.errors import LedgerDamaged, LedgerSetBack, RegistriesError
from registries.ledger_memory import LedgerMemory, Remembered
from registries.store import ledger
from registries.store.engine import Store
from registries.store.ledger_tables import ledger_body, ledger_entry

KIND = "loss"
ISSUER = "operator"
_SALT = 16


class NothingLost(RegistriesError):
    """Raised when a loss is to be accepted, and the ledger is the one that was signed last."""

    def __init__(self) -> None:
        super().__init__(
            "存证日志与最后签发的检查点一致,没有需要确认的损失。",
            "the ledger goes on from the checkpoint that was signed last; there is no loss to accept",
        )


class ReasonMissing(RegistriesError):
    """Raised when a loss is to be accepted without saying why, or by whom."""

    def __init__(self) -> None:
        super().__init__(
            "须写明理由和经办人。请补充后重试", "a reason and who accepts are needed; say both, then try again"
        )


@dataclass(frozen=True)
class Loss:
    """What was accepted as lost: the checkpoint that was signed last, and the tree that is left."""

    why: str
    last_size: int
    last_note: str
    size: int


def accept_loss(store: Store, memory: LedgerMemory, reason: str, by: str, now: datetime) -> Loss:
    """Go on from what is there.

    Args:
        store: as the owner sees it.
        memory: what was signed last.
        reason: for the record; it stays in the ledger for ever and names no person it is about.
        by: who accepts.
        now: the time.

    Raises:
        LedgerDamaged: the ledger contradicts itself, which is no loss that can be accepted.
        NothingLost: it goes on from what was signed last.
        ReasonMissing: nobody says why, or who.
    """
    if not reason.strip() or not by.strip():
        raise ReasonMissing
    with store.begin() as conn:
        if ledger.check(conn).faults:
            raise LedgerDamaged(ledger.head(conn).size)
        known, kept = _recalled(memory), _kept(conn)
        loss = Loss(_why(conn, known, kept), known.size, known.note, kept.size)
        _write_down(conn, loss, {"reason": reason, "by": by, "at": now.isoformat()}, now)
    memory.accept(kept)
    return loss


def set_back(conn: sa.Connection, memory: LedgerMemory) -> LedgerSetBack | None:
    """Why nothing may be signed: the ledger is not the one that was signed last; None if it is."""
    try:
        known = memory.recall()
        if known is None:
            return None
        return LedgerSetBack(_why(conn, known, _kept(conn)), ledger.head(conn).size)
    except LedgerSetBack as gone:
        return gone
    except NothingLost:
        return None


def losses(conn: sa.Connection) -> list[dict[str, Any]]:
    """Every loss that was accepted, oldest first, as the ledger has it."""
    wanted = sa.select(ledger_body.c.payload).join(ledger_entry, ledger_entry.c.id == ledger_body.c.entry_id)
    rows = conn.execute(wanted.where(ledger_entry.c.kind == KIND).order_by(ledger_entry.c.id)).scalars()
    return [json.loads(payload) for payload in rows]


def _recalled(memory: LedgerMemory) -> Remembered:
    """What was signed last; where that record itself is gone, a doubt about nothing in particular."""
    try:
        known = memory.recall()
    except LedgerSetBack as gone:
        return Remembered(0, merkle.EMPTY_ROOT, "", gone.reason)
    if known is None:
        raise NothingLost
    return known


def _kept(conn: sa.Connection) -> Remembered:
    found = ledger.latest_checkpoint(conn)
    return Remembered(0, merkle.EMPTY_ROOT, "") if found is None else Remembered(found.size, found.root, found.note)


def _why(conn: sa.Connection, known: Remembered, kept: Remembered) -> str:
    if known.doubt:
        return known.doubt
    if known.size > kept.size:
        return "behind"
    if ledger.root_at(conn, known.size) != known.root:
        return "forked"
    raise NothingLost


def _write_down(conn: sa.Connection, loss: Loss, said: Mapping[str, str], now: datetime) -> None:
    number = len(losses(conn)) + 1
    members = {
        "act": "accept-loss",
        "why": loss.why,
        "last": {"size": loss.last_size, "note": loss.last_note},
        "size": loss.size,
        "salt": base64.urlsafe_b64encode(secrets.token_bytes(_SALT)).rstrip(b"=").decode(),
        **said,
    }
    body = json.dumps(members, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    entry = ledger.NewEntry(KIND, ISSUER, f"{KIND}:{number}", hashlib.sha256(body).digest(), body)
    ledger.append(conn, [entry], now)
    ledger.sequence(conn)
